use casebook_bootstrap::invalid;
use casebook_execution::Context;
use casebook_kernel::calendar::shanghai_date;
use casebook_kernel::ids::LeadId;
use casebook_policy::{DeadlineName, Instrument, LegalBasisId, MeasureId, PolicyRefusal};
use casebook_proto::enforcement::v1;
use casebook_proto::moment;
use tonic::{Request, Status};

use super::desk::{Desk, calendar_status, id, officers, required_time, set, value};
use super::unknown;
use crate::codec::words::Word as _;
use crate::domain::case::{
    AcceptedLead, CaseCommand, CaseFile, CaseOutcome, Competence, EvidenceKind, OpenCase, ServeNotice, ServiceMethod,
};
use crate::domain::lead::{LeadState, Signal, case_id_of};
use crate::domain::measure::{AccountRef, Measure};

impl Desk {
    pub(super) async fn open_case(
        &self,
        request: Request<v1::OpenCaseRequest>,
    ) -> Result<v1::OpenCaseResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let lead_id: LeadId = id("lead_id", &request.lead_id)?;
        let lead = self.known_lead(&sight, lead_id.uuid()).await?;
        let (signal, head) = match (lead.state.file(), lead.head) {
            (Some(file), Some(head)) => (&file.signal, head),
            _ => return Err(unknown::lead()),
        };
        let accepted = match &lead.state {
            LeadState::Accepted(_, screening) => Some(AcceptedLead {
                agency: screening.agency.clone(),
                screened_by: screening.officer.clone(),
                raised_by: signal.raised_by.clone(),
                region: signal.region,
                competence: self.competence(signal.violation.as_str())?,
            }),
            LeadState::Absent | LeadState::Received(_) | LeadState::Declined(..) => None,
        };
        let command = self.opening(&request, &context, lead_id, accepted, signal)?;
        // The case belongs to the same matter as the lead and the report behind it.
        let context = Context { correlation: Some(head.correlation), ..context };
        let case_id = command.case_id.uuid();
        let (case, position) =
            self.execute_case(&context, &sight, case_id, CaseCommand::Open(Box::new(command))).await?;
        Ok(v1::OpenCaseResponse { case: Some(case), position })
    }

    fn opening(
        &self,
        request: &v1::OpenCaseRequest,
        context: &Context,
        lead_id: LeadId,
        lead: Option<AcceptedLead>,
        signal: &Signal,
    ) -> Result<OpenCase, Status> {
        let instrument = Instrument::read(request.instrument).ok_or_else(|| invalid("instrument", "is required"))?;
        let violation = match request.violation.as_str() {
            "" => signal.violation.clone(),
            text => value("violation", text)?,
        };
        let region = if request.region.is_empty() { signal.region } else { value("region", &request.region)? };
        let limitation_until = match instrument {
            Instrument::AdministrativePenalty => {
                let term =
                    if request.harm_to_health { DeadlineName::LimitationHealth } else { DeadlineName::Limitation };
                Some(self.terms.end(term, signal.published_at).map_err(calendar_status)?)
            }
            _ => None,
        };
        Ok(OpenCase {
            case_id: case_id_of(lead_id),
            lead_id,
            lead,
            by: context.actor.clone(),
            instrument,
            accounts: self.accounts(&signal.account, &request.further_accounts)?,
            competence: self.competence(violation.as_str())?,
            violation,
            officers: officers(&request.officers)?,
            region,
            conduct_at: signal.published_at,
            discovered_at: signal.discovered_at,
            harm_to_health: request.harm_to_health,
            limitation_until,
            now: context.now,
        })
    }

    fn accounts(&self, first: &AccountRef, further: &[v1::AccountRef]) -> Result<Vec<AccountRef>, Status> {
        let one = |(index, account)| self.account(&format!("further_accounts[{index}]"), Some(account));
        std::iter::once(Ok(first.clone())).chain(further.iter().enumerate().map(one)).collect()
    }

    /// Who may conduct a case on this violation (R93).
    pub(super) fn competence(&self, violation: &str) -> Result<Competence, Status> {
        match self.policy.pack.violation(violation) {
            Some(violation) => Ok(Competence { kinds: violation.agencies.clone() }),
            None => Err(invalid("violation", "is no violation of the policy pack")),
        }
    }

    /// What the policy pack says of these bases and measures, by the rules of the day of the act (行政处罚法 art. 37).
    pub(super) fn admission(
        &self,
        file: &CaseFile,
        instrument: Instrument,
        bases: &[LegalBasisId],
        measures: &[Measure],
    ) -> Result<(), PolicyRefusal> {
        let ids: Vec<MeasureId> = measures.iter().map(|measure| measure.id.clone()).collect();
        self.policy.pack.admits(instrument, bases, &ids, shanghai_date(file.opening.conduct_at))
    }

    pub(super) async fn add_evidence(
        &self,
        request: Request<v1::AddEvidenceRequest>,
    ) -> Result<v1::AddEvidenceResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command = CaseCommand::AddEvidence {
            by: context.actor.clone(),
            kind: EvidenceKind::read(request.kind).ok_or_else(|| invalid("kind", "is required"))?,
            sha256: request.sha256,
            captured_at: required_time("captured_at", request.captured_at.as_ref())?,
            description: request.description,
            now: context.now,
        };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::AddEvidenceResponse { case: Some(case), position })
    }

    pub(super) async fn serve_notice(
        &self,
        request: Request<v1::ServeNoticeRequest>,
    ) -> Result<v1::ServeNoticeResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let case_id = id("case_id", &request.case_id)?;
        // What the case is about never changes: it may be looked at before the command is decided.
        let file = self.known_case(&sight, case_id).await?;
        let measures = self.measures("measures", &request.measures)?;
        let legal_bases = self.bases(&request.legal_bases)?;
        let served_at = required_time("served_at", request.served_at.as_ref())?;
        let command = ServeNotice {
            by: context.actor.clone(),
            facts: request.facts,
            admission: self.admission(&file, file.opening.instrument, &legal_bases, &measures),
            measures,
            legal_bases,
            method: ServiceMethod::read(request.method).ok_or_else(|| invalid("method", "is required"))?,
            served_at,
            answer_until: self.terms.end(DeadlineName::Statement, served_at).map_err(calendar_status)?,
            now: context.now,
        };
        let (case, position) =
            self.on_case(&context, &sight, case_id, CaseCommand::ServeNotice(Box::new(command))).await?;
        Ok(v1::ServeNoticeResponse { case: Some(case), position })
    }

    pub(super) async fn record_statement(
        &self,
        request: Request<v1::RecordStatementRequest>,
    ) -> Result<v1::RecordStatementResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command = CaseCommand::RecordStatement {
            by: context.actor.clone(),
            summary: request.summary,
            sha256: set(request.sha256),
            stated_at: request.stated_at.as_ref().and_then(moment).unwrap_or(context.now),
        };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::RecordStatementResponse { case: Some(case), position })
    }

    pub(super) async fn waive_statement(
        &self,
        request: Request<v1::WaiveStatementRequest>,
    ) -> Result<v1::WaiveStatementResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command = CaseCommand::WaiveStatement {
            by: context.actor.clone(),
            reasons: request.reasons,
            sha256: set(request.sha256),
            now: context.now,
        };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::WaiveStatementResponse { case: Some(case), position })
    }

    pub(super) async fn close_case(
        &self,
        request: Request<v1::CloseCaseRequest>,
    ) -> Result<v1::CloseCaseResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command = CaseCommand::Close {
            by: context.actor.clone(),
            outcome: CaseOutcome::read(request.outcome).ok_or_else(|| invalid("outcome", "is required"))?,
            summary: request.summary,
            now: context.now,
        };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::CloseCaseResponse { case: Some(case), position })
    }

    pub(super) async fn reopen_case(
        &self,
        request: Request<v1::ReopenCaseRequest>,
    ) -> Result<v1::ReopenCaseResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command = CaseCommand::Reopen { by: context.actor.clone(), reasons: request.reasons };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::ReopenCaseResponse { case: Some(case), position })
    }
}
