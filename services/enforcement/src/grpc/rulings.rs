use std::collections::BTreeSet;

use casebook_bootstrap::invalid;
use casebook_kernel::calendar::CalendarError;
use casebook_policy::{DeadlineName, Instrument};
use casebook_proto::enforcement::v1;
use tonic::{Request, Status};

use super::desk::{Desk, calendar_status, id, required_time, set};
use crate::codec::words::Word as _;
use crate::domain::case::{CaseCommand, ProposeDecision, Service, ServiceMethod};

impl Desk {
    pub(super) async fn propose_decision(
        &self,
        request: Request<v1::ProposeDecisionRequest>,
    ) -> Result<v1::ProposeDecisionResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let case_id = id("case_id", &request.case_id)?;
        let file = self.known_case(&sight, case_id).await?;
        let instrument = Instrument::read(request.instrument).unwrap_or(file.opening.instrument);
        let measures = self.measures("measures", &request.measures)?;
        let legal_bases = self.bases(&request.legal_bases)?;
        let accounts: BTreeSet<_> = measures.iter().map(|measure| measure.account.clone()).collect();
        let violation = file.opening.violation.as_str();
        let command = ProposeDecision {
            by: context.actor.clone(),
            instrument,
            admission: self.admission(&file, instrument, &legal_bases, &measures),
            recommended: self.advice(violation, accounts.into_iter().collect(), context.now).await?,
            measures,
            legal_bases,
            reasons: request.reasons,
            departure_reason: set(request.departure_reason),
            irreversible_confirmed: request.irreversible_confirmed,
            redress: self.policy.pack.instrument(instrument).redress.zh.clone(),
            now: context.now,
        };
        let (case, position) =
            self.on_case(&context, &sight, case_id, CaseCommand::ProposeDecision(Box::new(command))).await?;
        Ok(v1::ProposeDecisionResponse { case: Some(case), position })
    }

    pub(super) async fn confirm_decision(
        &self,
        request: Request<v1::ConfirmDecisionRequest>,
    ) -> Result<v1::ConfirmDecisionResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command = CaseCommand::ConfirmDecision {
            by: context.actor.clone(),
            decision_id: id("decision_id", &request.decision_id)?,
            irreversible_confirmed: request.irreversible_confirmed,
            now: context.now,
        };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::ConfirmDecisionResponse { case: Some(case), position })
    }

    pub(super) async fn reject_proposal(
        &self,
        request: Request<v1::RejectProposalRequest>,
    ) -> Result<v1::RejectProposalResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command = CaseCommand::RejectProposal {
            by: context.actor.clone(),
            decision_id: id("decision_id", &request.decision_id)?,
            reasons: request.reasons,
        };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::RejectProposalResponse { case: Some(case), position })
    }

    pub(super) async fn record_service(
        &self,
        request: Request<v1::RecordServiceRequest>,
    ) -> Result<v1::RecordServiceResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let served_at = required_time("served_at", request.served_at.as_ref())?;
        let window = self.terms.window(DeadlineName::AppealWindow, served_at).map_err(|error| match error {
            CalendarError::OutOfRange => invalid("served_at", &error),
            CalendarError::YearMissing { .. } => calendar_status(error),
        })?;
        let service = Service {
            method: ServiceMethod::read(request.method).ok_or_else(|| invalid("method", "is required"))?,
            served_at,
            appeal_until: window.until,
            provisional: window.provisional,
        };
        let command = CaseCommand::RecordService { by: context.actor.clone(), service, now: context.now };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::RecordServiceResponse { case: Some(case), position })
    }
}
