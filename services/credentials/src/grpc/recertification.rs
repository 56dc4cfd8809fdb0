//! Notices to accounts that are not verified.

use casebook_bootstrap::{execute_status, history, invalid, list_status, store_status};
use casebook_execution::Head;
use casebook_policy::DeadlineName;
use casebook_proto::credentials::v1::*;
use tonic::{Request, Status};

use super::{Credentials, parse, refusals};
use crate::codec::values::at;
use crate::domain::badge::BadgeState;
use crate::domain::recertification::{Notice, RecertificationCommand, RecertificationState as State};
use crate::messages::recertification_message;
use crate::reactions::deadlines::due;
use crate::readmodel::{NoticeFilter, list_notices};

const GET: &str = "/casebook.credentials.v1.CredentialsService/GetRecertification";
const LIST: &str = "/casebook.credentials.v1.CredentialsService/ListRecertifications";
const LIST_HISTORY: &str = "/casebook.credentials.v1.CredentialsService/ListRecertificationHistory";

fn shown(state: &State, head: Option<&Head>) -> Result<Recertification, Status> {
    head.and_then(|head| recertification_message(state, head)).ok_or_else(refusals::no_notice)
}

fn stream_of(platform: &str, platform_uid: &str) -> String {
    format!("recertification-{}", casebook_kernel::ids::AccountId::of(platform, platform_uid))
}

impl Credentials {
    pub(super) async fn issue_recertification_notice(
        &self,
        request: Request<IssueRecertificationNoticeRequest>,
    ) -> Result<IssueRecertificationNoticeResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let account = parse::account(&request.platform, &request.platform_uid, &self.policy.pack)?;
        if write.principal.platform().is_some_and(|own| own != account.platform) {
            return Err(invalid("platform", "is not the platform that you act for"));
        }
        let served_at = at("served_at", request.served_at).map_err(parse::field)?;
        let certified = self.badge_of(&account, write.context.now).await?.state == BadgeState::Verified;
        let id = account.id.uuid();
        let command = RecertificationCommand::Issue {
            notice: Notice { account, served_at, service_proof_sha256: request.service_proof_sha256 },
            due: due(&self.policy, DeadlineName::Recertification, served_at).map_err(refusals::calendar)?,
            certified,
            now: write.context.now,
        };
        let executed = self
            .recertifications
            .execute(id, &write.context, command)
            .await
            .map_err(|error| execute_status(error, refusals::recertification))?;
        let notice = shown(&executed.state, Some(&executed.head))?;
        Ok(IssueRecertificationNoticeResponse { recertification: Some(notice), position: executed.head.position.0 })
    }

    pub(super) async fn get_recertification(
        &self,
        request: Request<GetRecertificationRequest>,
    ) -> Result<GetRecertificationResponse, Status> {
        let resource = |request: &GetRecertificationRequest| stream_of(&request.platform, &request.platform_uid);
        let read = self.gate.recorded_read(request, GET, resource).await?;
        let request = read.request;
        let account = parse::account(&request.platform, &request.platform_uid, &self.policy.pack)?;
        if read.principal.platform().is_some_and(|own| own != account.platform) {
            return Err(refusals::no_notice());
        }
        let as_of = self.gate.as_of(request.as_of_time.as_ref(), request.as_of_position).await?;
        let loaded = self.recertifications.load_as_of(account.id.uuid(), as_of).await.map_err(store_status)?;
        Ok(GetRecertificationResponse { recertification: Some(shown(&loaded.state, loaded.head.as_ref())?) })
    }

    pub(super) async fn list_recertifications(
        &self,
        request: Request<ListRecertificationsRequest>,
    ) -> Result<ListRecertificationsResponse, Status> {
        let read = self.gate.recorded_read(request, LIST, |_| "recertifications".to_owned()).await?;
        let request = read.request;
        let descending = match request.order_by.as_str() {
            "" | "due_at" => false,
            "due_at desc" => true,
            _ => return Err(invalid("order_by", "is none of `due_at`, `due_at desc`")),
        };
        let state = Some(request.state()).filter(|state| *state != RecertificationState::Unspecified);
        let platform = Some(request.platform).filter(|platform| !platform.is_empty());
        let filter = NoticeFilter { state, platform, descending };
        self.gate.at_least(&self.model, request.at_least_position).await?;
        let (recertifications, next_page_token) =
            list_notices(&self.model, &filter, request.page_size, &request.page_token).await.map_err(list_status)?;
        Ok(ListRecertificationsResponse { recertifications, next_page_token })
    }

    pub(super) async fn list_recertification_history(
        &self,
        request: Request<ListRecertificationHistoryRequest>,
    ) -> Result<ListRecertificationHistoryResponse, Status> {
        let resource =
            |request: &ListRecertificationHistoryRequest| stream_of(&request.platform, &request.platform_uid);
        let read = self.gate.recorded_read(request, LIST_HISTORY, resource).await?;
        let request = read.request;
        let account = parse::account(&request.platform, &request.platform_uid, &self.policy.pack)?;
        let loaded = self.recertifications.load(account.id.uuid()).await.map_err(store_status)?;
        shown(&loaded.state, loaded.head.as_ref())?;
        let (entries, next_page_token) =
            history(&self.recertifications, account.id.uuid(), request.page_size, &request.page_token)
                .await?
                .unwrap_or_default();
        Ok(ListRecertificationHistoryResponse { entries, next_page_token })
    }
}
