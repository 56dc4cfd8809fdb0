//! Credentials and badges as they are read.

use casebook_bootstrap::{history, invalid, list_status, operation_status, store_status};
use casebook_kernel::Timestamp;
use casebook_kernel::ids::CredentialId;
use casebook_proto::credentials::v1::*;
use tonic::{Request, Status};

use super::{Credentials, parse, sight, visible_in};
use crate::codec::values::{category, cohort, id, some_text};
use crate::domain::applicant::Account;
use crate::domain::badge::Badge as AccountBadge;
use crate::domain::credential::CredentialState as State;
use crate::domain::visibility::Sight;
use crate::messages::{badge_message, credential_message};
use crate::readmodel::{CredentialFilter, CredentialOrder, credentials_of_account, list_credentials};

const GET: &str = "/casebook.credentials.v1.CredentialsService/GetCredential";
const LIST: &str = "/casebook.credentials.v1.CredentialsService/ListCredentials";
const LIST_HISTORY: &str = "/casebook.credentials.v1.CredentialsService/ListCredentialHistory";

impl Credentials {
    pub(super) async fn get_credential(
        &self,
        request: Request<GetCredentialRequest>,
    ) -> Result<GetCredentialResponse, Status> {
        let read =
            self.gate.recorded_read(request, GET, |request| format!("credential-{}", request.credential_id)).await?;
        let request = read.request;
        let id: CredentialId = id("credential_id", &request.credential_id).map_err(parse::field)?;
        let as_of = self.gate.as_of(request.as_of_time.as_ref(), request.as_of_position).await?;
        // What they may know is a matter of now, what they are shown is as of then.
        self.visible(id, &read.principal).await?;
        let loaded = self.credentials.load_as_of(id.uuid(), as_of).await.map_err(store_status)?;
        let (application, head) = visible_in(loaded, &read.principal)?;
        Ok(GetCredentialResponse { credential: Some(credential_message(&application, &head)) })
    }

    pub(super) async fn list_credentials(
        &self,
        request: Request<ListCredentialsRequest>,
    ) -> Result<ListCredentialsResponse, Status> {
        let read = self.gate.recorded_read(request, LIST, what_is_listed).await?;
        let request = read.request;
        let filter = filter(&request, sight(&read.principal))?;
        self.gate.at_least(&self.model, request.at_least_position).await?;
        let (credentials, next_page_token) =
            list_credentials(&self.model, &filter, request.page_size, &request.page_token)
                .await
                .map_err(list_status)?;
        Ok(ListCredentialsResponse { credentials, next_page_token })
    }

    pub(super) async fn list_credential_history(
        &self,
        request: Request<ListCredentialHistoryRequest>,
    ) -> Result<ListCredentialHistoryResponse, Status> {
        let read = self
            .gate
            .recorded_read(request, LIST_HISTORY, |request| format!("credential-{}", request.credential_id))
            .await?;
        let request = read.request;
        let id: CredentialId = id("credential_id", &request.credential_id).map_err(parse::field)?;
        self.visible(id, &read.principal).await?;
        let (entries, next_page_token) =
            history(&self.credentials, id.uuid(), request.page_size, &request.page_token).await?.unwrap_or_default();
        Ok(ListCredentialHistoryResponse { entries, next_page_token })
    }

    pub(super) async fn get_badge(&self, request: Request<GetBadgeRequest>) -> Result<GetBadgeResponse, Status> {
        let read = self.gate.read(request)?;
        let account = parse::account(&read.request.platform, &read.request.platform_uid, &self.policy.pack)?;
        self.gate.at_least(&self.model, read.request.at_least_position).await?;
        let badge = self.badge_of(&account, read.now).await?;
        Ok(GetBadgeResponse { badge: Some(badge_message(&account, badge, &self.policy.pack)) })
    }

    /// The badge of an account: rows tell which credentials it has, the log what they are.
    pub(super) async fn badge_of(&self, account: &Account, now: Timestamp) -> Result<AccountBadge, Status> {
        let ids = credentials_of_account(&self.model, account.id).await.map_err(|error| operation_status(&error))?;
        let mut states = Vec::with_capacity(ids.len());
        for id in ids {
            states.push(self.credentials.load(id.uuid()).await.map_err(store_status)?.state);
        }
        Ok(AccountBadge::of_account(states.iter().filter_map(State::application), now))
    }
}

/// What a list was of, for the record of reads.
fn what_is_listed(request: &ListCredentialsRequest) -> String {
    match (request.account_id.as_str(), request.institution_id.as_str()) {
        ("", "") => "credentials".to_owned(),
        ("", institution) => format!("credentials of institution-{institution}"),
        (account, _) => format!("credentials of account-{account}"),
    }
}

fn filter(request: &ListCredentialsRequest, sight: Sight) -> Result<CredentialFilter, Status> {
    let (order, descending) = match request.order_by.as_str() {
        "" | "create_time" => (CredentialOrder::Created, false),
        "create_time desc" => (CredentialOrder::Created, true),
        "update_time" => (CredentialOrder::Updated, false),
        "update_time desc" => (CredentialOrder::Updated, true),
        "valid_until" => (CredentialOrder::ValidUntil, false),
        "valid_until desc" => (CredentialOrder::ValidUntil, true),
        _ => {
            return Err(invalid("order_by", "is none of create_time, update_time, valid_until, alone or with ` desc`"));
        }
    };
    let some = |number: i32| (number != 0).then_some(number);
    Ok(CredentialFilter {
        sight,
        account: some_text("account_id", &request.account_id).map_err(parse::field)?,
        institution: some_text("institution_id", &request.institution_id).map_err(parse::field)?,
        states: request.states().collect(),
        category: some(request.category)
            .map(|number| category("category", number))
            .transpose()
            .map_err(parse::field)?,
        cohort: some(request.cohort).map(|number| cohort("cohort", number)).transpose().map_err(parse::field)?,
        order,
        descending,
    })
}
