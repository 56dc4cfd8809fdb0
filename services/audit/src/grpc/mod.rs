//! The methods of the audit: who may see what, and what it is answered.

mod case;
mod log;
mod reads;

use std::sync::Arc;

use casebook_bootstrap::{Explained, Foundation, Gate, Read, operation_status, store_status};
use casebook_eventlog::{EventLog, ReadError};
use casebook_proto::audit::v1::audit_service_server::AuditService;
use casebook_proto::audit::v1::{
    CaseHead, ChainHead, DiffCaseRequest, DiffCaseResponse, GetCaseHeadRequest, GetCaseHeadResponse,
    GetChainHeadRequest, GetChainHeadResponse, GetDossierRequest, GetDossierResponse, GetRawEventRequest,
    GetRawEventResponse, ListAccessLogRequest, ListAccessLogResponse, VerifyRangeRequest, VerifyRangeResponse,
};
use casebook_proto::common::v1::Role;
use casebook_proto::timestamp;
use casebook_readmodel::{ProjectionError, ReadModel};
use chrono::DateTime;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::domain::chain::Tip;
use crate::readmodel::{Kept, KeptEvent};
use crate::shown::Shown;

/// The most cases of one matter that are looked at: an item has 64 findings at most, and a lead becomes one case.
const CASES_MAX: u64 = 256;
const CASE_NOT_FOUND: Explained = Explained::not_found("CASE_NOT_FOUND");

/// Answers for the audit.
#[derive(Debug)]
pub struct Audit {
    gate: Gate,
    log: Arc<dyn EventLog>,
    model: Arc<ReadModel>,
}

impl Audit {
    pub fn new(foundation: &Foundation, model: Arc<ReadModel>) -> Self {
        Self { gate: foundation.gate.clone(), log: foundation.log.clone(), model }
    }

    fn kept(&self) -> Kept<'_> {
        Kept(&self.model)
    }

    /// The position of the log's last event, reached by the rows too: what is answered from here on lacks nothing that
    /// was in the log when the call came.
    async fn settled(&self) -> Result<u64, Status> {
        let head = self.log.head().await.map_err(log_status)?;
        self.gate.at_least(&self.model, head.0).await?;
        Ok(head.0)
    }

    /// The correlation of a case that the caller may see, and what they see of it. What a case officer may not see does not
    /// exist for them: an agency sees the cases that it holds, held or is offered.
    async fn visible_case<R>(&self, read: &Read<R>, case_id: &str) -> Result<(Uuid, Option<Shown>), Status> {
        let absent = || CASE_NOT_FOUND.status(format!("there is no case {case_id} that you may see"));
        let stream = case_stream(case_id);
        let correlation =
            self.kept().correlation_of(&stream).await.map_err(|error| operation_status(&error))?.ok_or_else(absent)?;
        let shown = self.shown(read, correlation).await?;
        match &shown {
            Some(shown) if !shown.case(case_id) => Err(absent()),
            Some(_) | None => Ok((correlation, shown)),
        }
    }

    /// What the caller may see of a matter; none: an auditor, who sees everything.
    async fn shown<R>(&self, read: &Read<R>, correlation: Uuid) -> Result<Option<Shown>, Status> {
        if read.principal.has(Role::Auditor) {
            return Ok(None);
        }
        let cases = self.kept().case_streams(correlation, CASES_MAX).await;
        let cases = cases.map_err(|error| operation_status(&error))?;
        let agency = read.principal.actor.agency.as_str();
        Shown::to(agency, &self.log, &cases).await.map(Some).map_err(log_status)
    }
}

fn case_stream(case_id: &str) -> String {
    format!("case-{case_id}")
}

fn log_status(error: ReadError) -> Status {
    store_status(error.into())
}

fn projection_status(error: ProjectionError) -> Status {
    match error {
        ProjectionError::Store(error) => store_status(error),
        ProjectionError::Database(error) => operation_status(&error),
    }
}

/// The case at its last event up to some moment.
fn case_head(correlation: Uuid, last: Option<&KeptEvent>) -> CaseHead {
    let tip = last.map_or_else(|| Tip::of_case(correlation), KeptEvent::case_tip);
    CaseHead {
        correlation: correlation.to_string(),
        events: tip.events,
        position: last.map_or(0, |last| last.position.cast_unsigned()),
        chain_sha256: tip.hash.to_string(),
    }
}

/// The log's chain at an event.
fn chain_head(last: Option<&KeptEvent>) -> ChainHead {
    let tip = last.map_or(Tip::GENESIS, KeptEvent::whole_tip);
    ChainHead {
        position: last.map_or(0, |last| last.position.cast_unsigned()),
        events: tip.events,
        chain_sha256: tip.hash.to_string(),
        recorded_at: last.and_then(|last| DateTime::from_timestamp_micros(last.recorded_us)).map(timestamp),
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn get_dossier(&self, request: Request<GetDossierRequest>) -> Result<Response<GetDossierResponse>, Status> {
        self.dossier(request).await.map(Response::new)
    }

    async fn get_case_head(
        &self,
        request: Request<GetCaseHeadRequest>,
    ) -> Result<Response<GetCaseHeadResponse>, Status> {
        self.head_of_case(request).await.map(Response::new)
    }

    async fn diff_case(&self, request: Request<DiffCaseRequest>) -> Result<Response<DiffCaseResponse>, Status> {
        self.difference_of_case(request).await.map(Response::new)
    }

    async fn get_raw_event(
        &self,
        request: Request<GetRawEventRequest>,
    ) -> Result<Response<GetRawEventResponse>, Status> {
        self.raw_event(request).await.map(Response::new)
    }

    async fn get_chain_head(
        &self,
        request: Request<GetChainHeadRequest>,
    ) -> Result<Response<GetChainHeadResponse>, Status> {
        self.head_of_chain(request).await.map(Response::new)
    }

    async fn verify_range(
        &self,
        request: Request<VerifyRangeRequest>,
    ) -> Result<Response<VerifyRangeResponse>, Status> {
        self.verified_range(request).await.map(Response::new)
    }

    async fn list_access_log(
        &self,
        request: Request<ListAccessLogRequest>,
    ) -> Result<Response<ListAccessLogResponse>, Status> {
        self.reads(request).await.map(Response::new)
    }
}
