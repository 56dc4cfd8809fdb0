//! Questions. What is asked as of a moment is folded from the log; lists come from rows.

use casebook_bootstrap::{history, invalid, list_status, store_status};
use casebook_kernel::ids::{AccountId, InstitutionId};
use casebook_proto::accounts::v1 as pb;
use tonic::{Request, Response, Status};

use super::known::sight;
use super::parse::{field, read, region_filter, some_field};
use super::{Calls, refusal};
use crate::codec::values::{grade, kind, level, time};
use crate::domain::{institution, measure};
use crate::readmodel::{
    AccountFilter, AccountOrder, InstitutionFilter, InstitutionOrder, list_accounts, list_institutions, orders_on,
};
use crate::resource;

macro_rules! path {
    ($method:literal) => {
        concat!("/casebook.accounts.v1.AccountsService/", $method)
    };
}

impl Calls {
    pub(super) async fn get_institution(
        &self,
        request: Request<pb::GetInstitutionRequest>,
    ) -> Result<Response<pb::GetInstitutionResponse>, Status> {
        let request = self.gate.read(request)?.request;
        let named: Option<InstitutionId> = some_field("institution_id", &request.institution_id)?;
        let id = match (named, request.uscc.as_str()) {
            (Some(id), "") => id,
            (None, "") => return Err(invalid("institution_id", "is required where uscc is not given")),
            (None, uscc) => institution::id_of(uscc),
            (Some(_), _) => return Err(invalid("uscc", "is given beside institution_id: one of them is enough")),
        };
        let as_of = self.gate.as_of(request.as_of_time.as_ref(), request.as_of_position).await?;
        let loaded = self.institutions.load_as_of(id.uuid(), as_of).await.map_err(store_status)?;
        let institution = loaded
            .state
            .registered()
            .zip(loaded.head)
            .map(|(registered, head)| resource::institution(registered, &head))
            .ok_or_else(refusal::unknown_institution)?;
        Ok(Response::new(pb::GetInstitutionResponse { institution: Some(institution) }))
    }

    pub(super) async fn list_institutions(
        &self,
        request: Request<pb::ListInstitutionsRequest>,
    ) -> Result<Response<pb::ListInstitutionsResponse>, Status> {
        let request = self.gate.read(request)?.request;
        let filter = InstitutionFilter {
            region: some_field("region", &request.region)?,
            kind: chosen(request.kind, |number| read(kind("kind", number)))?,
            grade: read(grade("grade", request.grade))?,
            order: match request.order_by.as_str() {
                "" | "create_time" => InstitutionOrder::Created,
                "create_time desc" => InstitutionOrder::CreatedDescending,
                "name" => InstitutionOrder::Name,
                _ => return Err(invalid("order_by", "is `name`, `create_time` or `create_time desc`")),
            },
        };
        self.gate.at_least(&self.read_model, request.at_least_position).await?;
        let page = list_institutions(self.read_model.reader(), filter, request.page_size, &request.page_token);
        let (institutions, next_page_token) = page.await.map_err(list_status)?;
        Ok(Response::new(pb::ListInstitutionsResponse { institutions, next_page_token }))
    }

    pub(super) async fn list_institution_history(
        &self,
        request: Request<pb::ListInstitutionHistoryRequest>,
    ) -> Result<Response<pb::ListInstitutionHistoryResponse>, Status> {
        let request = self.gate.read(request)?.request;
        let id: InstitutionId = field("institution_id", &request.institution_id)?;
        let page = history(&self.institutions, id.uuid(), request.page_size, &request.page_token).await?;
        let (entries, next_page_token) = page.ok_or_else(refusal::unknown_institution)?;
        Ok(Response::new(pb::ListInstitutionHistoryResponse { entries, next_page_token }))
    }

    pub(super) async fn get_account(
        &self,
        request: Request<pb::GetAccountRequest>,
    ) -> Result<Response<pb::GetAccountResponse>, Status> {
        let read = self.gate.recorded_read(request, path!("GetAccount"), asked_account).await?;
        let request = read.request;
        let named: Option<AccountId> = some_field("account_id", &request.account_id)?;
        let id = match (named, request.platform.as_str(), request.platform_uid.as_str()) {
            (Some(id), "", "") => id,
            (Some(_), ..) => return Err(invalid("account_id", "is given beside platform and platform_uid")),
            (None, "", _) => {
                return Err(invalid("account_id", "is required where platform and platform_uid are not given"));
            }
            (None, _, "") => return Err(invalid("platform_uid", "is required beside platform")),
            (None, platform, platform_uid) => AccountId::of(platform, platform_uid),
        };
        let as_of = self.gate.as_of(request.as_of_time.as_ref(), request.as_of_position).await?;
        // What they may know is a matter of now, what they are shown is as of then.
        self.known_account(&sight(&read.principal), id).await?;
        let loaded = self.accounts.load_as_of(id.uuid(), as_of).await.map_err(store_status)?;
        let account = loaded
            .state
            .account()
            .zip(loaded.head)
            .map(|(account, head)| resource::account(account, &head))
            .ok_or_else(refusal::unknown_account)?;
        Ok(Response::new(pb::GetAccountResponse { account: Some(account) }))
    }

    pub(super) async fn list_accounts(
        &self,
        request: Request<pb::ListAccountsRequest>,
    ) -> Result<Response<pb::ListAccountsResponse>, Status> {
        let listed = self.gate.recorded_read(request, path!("ListAccounts"), |request| format!("{request:?}")).await?;
        let request = listed.request;
        let filter = AccountFilter {
            sight: sight(&listed.principal),
            institution_id: some_field("institution_id", &request.institution_id)?,
            platform: Some(request.platform).filter(|platform| !platform.is_empty()),
            state: chosen(request.state, Ok)?,
            level: chosen(request.level, |number| read(level("level", number)))?,
            head_only: request.head_only,
            region: some_field("region", &request.region)?,
            order: match request.order_by.as_str() {
                "" | "create_time" => AccountOrder::Created,
                "create_time desc" => AccountOrder::CreatedDescending,
                "followers desc" => AccountOrder::FollowersDescending,
                "handle" => AccountOrder::Handle,
                _ => {
                    return Err(invalid(
                        "order_by",
                        "is `create_time`, `create_time desc`, `followers desc` or `handle`",
                    ));
                }
            },
        };
        self.gate.at_least(&self.read_model, request.at_least_position).await?;
        let page = list_accounts(self.read_model.reader(), filter, request.page_size, &request.page_token);
        let (accounts, next_page_token) = page.await.map_err(list_status)?;
        Ok(Response::new(pb::ListAccountsResponse { accounts, next_page_token }))
    }

    pub(super) async fn list_account_history(
        &self,
        request: Request<pb::ListAccountHistoryRequest>,
    ) -> Result<Response<pb::ListAccountHistoryResponse>, Status> {
        let resource = |request: &pb::ListAccountHistoryRequest| format!("account-{}", request.account_id);
        let read = self.gate.recorded_read(request, path!("ListAccountHistory"), resource).await?;
        let request = read.request;
        let id: AccountId = field("account_id", &request.account_id)?;
        self.known_account(&sight(&read.principal), id).await?;
        let page = history(&self.accounts, id.uuid(), request.page_size, &request.page_token).await?;
        let (entries, next_page_token) = page.ok_or_else(refusal::unknown_account)?;
        Ok(Response::new(pb::ListAccountHistoryResponse { entries, next_page_token }))
    }

    pub(super) async fn get_figures(
        &self,
        request: Request<pb::GetFiguresRequest>,
    ) -> Result<Response<pb::GetFiguresResponse>, Status> {
        let request = self.gate.read(request)?.request;
        let as_of = self.gate.as_of(request.as_of_time.as_ref(), request.as_of_position).await?;
        let region = region_filter(&request.region)?;
        let counted = self.figures.figures(as_of, region).await.map_err(store_status)?;
        let (position, counted_at) = counted.last.map_or((0, None), |(position, at)| (position.0, Some(at)));
        let figures = resource::figures(&counted.figures, position, counted_at);
        Ok(Response::new(pb::GetFiguresResponse { figures: Some(figures) }))
    }

    pub(super) async fn list_measures_in_force(
        &self,
        request: Request<pb::ListMeasuresInForceRequest>,
    ) -> Result<Response<pb::ListMeasuresInForceResponse>, Status> {
        let resource = |request: &pb::ListMeasuresInForceRequest| {
            format!("measures of account-{}", AccountId::of(&request.platform, &request.platform_uid))
        };
        let read = self.gate.recorded_read(request, path!("ListMeasuresInForce"), resource).await?;
        let request = read.request;
        let account_id = AccountId::of(&request.platform, &request.platform_uid);
        let sight = sight(&read.principal);
        self.gate.at_least(&self.read_model, request.at_least_position).await?;
        if !sight.reaches_undeclared(&request.platform, account_id) {
            self.known_account(&sight, account_id).await?;
        }
        let orders = orders_on(self.read_model.reader(), account_id).await.map_err(list_status)?;
        let in_force = measure::in_force(&orders, read.now);
        Ok(Response::new(pb::ListMeasuresInForceResponse {
            muted_until: measure::muted_until(&in_force).and_then(time),
            measures: in_force.into_iter().map(resource::measure).collect(),
        }))
    }
}

/// The account that is asked for, for the record of reads.
fn asked_account(request: &pb::GetAccountRequest) -> String {
    match request.account_id.as_str() {
        "" => format!("account-{}", AccountId::of(&request.platform, &request.platform_uid)),
        id => format!("account-{id}"),
    }
}

/// A filter's choice; the unspecified value is none.
fn chosen<T>(number: i32, read: impl FnOnce(i32) -> Result<T, Status>) -> Result<Option<T>, Status> {
    if number == 0 { Ok(None) } else { read(number).map(Some) }
}
