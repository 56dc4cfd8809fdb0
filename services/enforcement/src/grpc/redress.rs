use casebook_bootstrap::invalid;
use casebook_policy::DeadlineName;
use casebook_proto::enforcement::v1;
use tonic::{Request, Status};

use super::desk::{Desk, calendar_status, id, required_time, set};
use crate::codec::words::Word as _;
use crate::domain::case::{AppealKind, AppealResult, AppealRuling, CaseCommand, ExternalOutcome, FileAppeal};

impl Desk {
    pub(super) async fn file_appeal(
        &self,
        request: Request<v1::FileAppealRequest>,
    ) -> Result<v1::FileAppealResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let case_id = id("case_id", &request.case_id)?;
        let file = self.known_case(&sight, case_id).await?;
        // A window that was provisional when the decision was served may be known by now.
        let service = file.ruling().and_then(|ruling| ruling.decision.service.as_ref());
        let window = service.map(|service| self.terms.window(DeadlineName::AppealWindow, service.served_at));
        let window = window.transpose().map_err(calendar_status)?;
        let decision = self.terms.window(DeadlineName::AppealDecision, context.now).map_err(calendar_status)?;
        let command = FileAppeal {
            by: context.actor.clone(),
            account: self.optional_account("account", request.account.as_ref())?,
            kind: AppealKind::read(request.kind).ok_or_else(|| invalid("kind", "is required"))?,
            grounds: request.grounds,
            sha256: set(request.sha256),
            window_until: window.filter(|window| !window.provisional).map(|window| window.until),
            // Counted without a calendar it would be too early: the superior is not called upon before it is time.
            decide_until: (!decision.provisional).then_some(decision.until),
            now: context.now,
        };
        let (case, position) =
            self.on_case(&context, &sight, case_id, CaseCommand::FileAppeal(Box::new(command))).await?;
        Ok(v1::FileAppealResponse { case: Some(case), position })
    }

    pub(super) async fn withdraw_appeal(
        &self,
        request: Request<v1::WithdrawAppealRequest>,
    ) -> Result<v1::WithdrawAppealResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command = CaseCommand::WithdrawAppeal {
            by: context.actor.clone(),
            appeal_id: id("appeal_id", &request.appeal_id)?,
            reasons: request.reasons,
            sha256: set(request.sha256),
            now: context.now,
        };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::WithdrawAppealResponse { case: Some(case), position })
    }

    /// What becomes of an appeal: what remains belongs to an appeal that is upheld in part, and to no other.
    fn ruling(&self, outcome: i32, remaining: &[v1::MeasureChoice]) -> Result<AppealRuling, Status> {
        let result = AppealResult::read(outcome).ok_or_else(|| invalid("outcome", "is required"))?;
        match result {
            AppealResult::UpheldInPart => Ok(AppealRuling::UpheldInPart(self.measures("remaining", remaining)?)),
            _ if !remaining.is_empty() => Err(invalid("remaining", "is for UPHELD_IN_PART only")),
            AppealResult::Upheld => Ok(AppealRuling::Upheld),
            AppealResult::Rejected => Ok(AppealRuling::Rejected),
        }
    }

    pub(super) async fn decide_appeal(
        &self,
        request: Request<v1::DecideAppealRequest>,
    ) -> Result<v1::DecideAppealResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command = CaseCommand::DecideAppeal {
            by: context.actor.clone(),
            appeal_id: id("appeal_id", &request.appeal_id)?,
            ruling: self.ruling(request.outcome, &request.remaining)?,
            reasons: request.reasons,
            remedies: self.remedies(),
            now: context.now,
        };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::DecideAppealResponse { case: Some(case), position })
    }

    pub(super) async fn record_external_outcome(
        &self,
        request: Request<v1::RecordExternalOutcomeRequest>,
    ) -> Result<v1::RecordExternalOutcomeResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let outcome = ExternalOutcome {
            kind: AppealKind::read(request.kind).ok_or_else(|| invalid("kind", "is required"))?,
            ruling: self.ruling(request.outcome, &request.remaining)?,
            reasons: request.reasons,
            body: request.body,
            document_number: request.document_number,
            decided_at: required_time("decided_at", request.decided_at.as_ref())?,
        };
        let command = CaseCommand::RecordExternalOutcome {
            by: context.actor.clone(),
            outcome: Box::new(outcome),
            remedies: self.remedies(),
            now: context.now,
        };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::RecordExternalOutcomeResponse { case: Some(case), position })
    }
}
