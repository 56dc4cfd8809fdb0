//! A case (案件): from its opening through notice, statement and a decision by two officers to its end, with
//! the appeals against the decision and its reversal.
//!
//! The platform-measure track of the domain: it claims none of the articles on penalties that it borrows its
//! fairness from. A penalty procedure adds stages between hearing and proposal; nothing here has to move for it.

mod appeal;
mod closing;
mod command;
mod deciding;
mod event;
mod evolve;
mod filing;
mod hearing;
mod opening;
mod redress;
mod refusal;
mod state;
mod told;
mod transfer;

use casebook_kernel::{Actor, Decider, Timestamp};
use chrono::TimeDelta;

use super::ids::EvidenceId;
pub use command::{
    AcceptedLead, Addressee, AppealRuling, CaseCommand, Competence, ExternalOutcome, FileAppeal, OpenCase, OrderReport,
    ProposeDecision, RemedyText, ServeNotice,
};
pub use event::{CaseChange, CaseEvent, DecisionIssued};
pub use refusal::CaseRefusal;
pub use state::{
    Advice, Appeal, AppealKind, AppealResult, AppealVerdict, Author, CaseFile, CaseOutcome, CaseState, Closure,
    Decision, Defence, Ended, Evidence, EvidenceKind, Irreversible, Notice, Opening, OrderEnd, OrderEndOutcome,
    OrderTrack, Proposal, Replacement, Reversal, Ruling, RunningClock, Served, Service, ServiceMethod, Stage,
    Statement, Told, Transfer, TransferStanding, Undoing, Waiver, Withdrawal,
};

/// The fewest officers who conduct a case (行政处罚法 art. 42).
pub const OFFICERS_MIN: usize = 2;
/// The most officers who conduct a case.
pub const OFFICERS_MAX: usize = 8;
/// The most accounts that one case is about.
pub const ACCOUNTS_MAX: usize = 20;
/// The most pieces of evidence of one case.
pub const EVIDENCE_MAX: usize = 200;
/// The most statements for one account of a case by the subject itself, and the most that officers record: nobody uses up
/// another one's.
pub const STATEMENTS_MAX: usize = 20;
/// The most appeals of one account's operator in a case by itself, and the most that officers file, those that were withdrawn
/// included.
pub const APPEALS_EACH_MAX: usize = 5;
/// The most offers of one case to other agencies.
pub const TRANSFERS_MAX: usize = 20;
/// The most proposals of one case.
pub const PROPOSALS_MAX: usize = 50;

/// The longest time that the service of a notice or a decision lies back when it is recorded: dated earlier, it would
/// have eaten the subject's time to answer or to appeal.
pub const SERVED_AGO_MAX: TimeDelta = TimeDelta::days(1);

/// The deadline of an offer to another agency.
pub const TRANSFER_LAPSE: &str = "transfer_lapse";
/// The deadline of the decision on an appeal.
pub const APPEAL_DECISION: &str = "appeal_decision";

/// The decider of cases.
#[derive(Debug, Clone, Copy)]
pub struct Case;

impl CaseState {
    /// The deadlines that run, at most one of a kind.
    pub fn timers(&self) -> Vec<(&'static str, Timestamp)> {
        let Some(file) = self.file() else { return Vec::new() };
        let lapse = file.pending_transfer().map(|transfer| (TRANSFER_LAPSE, transfer.lapse_at));
        let waiting = file.pending_appeals().iter().filter(|appeal| !appeal.overdue);
        let decision = waiting.filter_map(|appeal| appeal.decide_until).min().map(|due| (APPEAL_DECISION, due));
        lapse.into_iter().chain(decision).collect()
    }
}

impl Decider for Case {
    type State = CaseState;
    type Command = CaseCommand;
    type Event = CaseEvent;
    type Refusal = CaseRefusal;

    fn decide(state: &CaseState, command: CaseCommand) -> Result<Vec<CaseEvent>, CaseRefusal> {
        let command = match command {
            CaseCommand::Open(open) => return opening::open(state, *open),
            command => command,
        };
        let file = state.file().ok_or(CaseRefusal::UnknownCase)?;
        let changes = match command {
            CaseCommand::Open(_) => return Err(CaseRefusal::CaseAlreadyOpened),
            CaseCommand::AddEvidence { by, kind, sha256, captured_at, description, now } => {
                let evidence_id = EvidenceId::nth(file.opening.case_id, file.evidence.len());
                let added_by = by.officer.clone();
                let evidence =
                    Evidence { evidence_id, kind, sha256, captured_at, description, added_by, added_at: now };
                opening::add_evidence(file, &by, evidence)?
            }
            CaseCommand::ServeNotice(notice) => hearing::serve_notice(file, *notice)?,
            CaseCommand::RecordStatement { by, account, summary, sha256, stated_at } => {
                hearing::record_statement(file, by, account, summary, sha256, stated_at)?
            }
            CaseCommand::WaiveStatement { by, account, reasons, sha256, now } => {
                hearing::waive_statement(file, by, account, reasons, sha256, now)?
            }
            CaseCommand::ProposeDecision(proposal) => deciding::propose(file, *proposal)?,
            CaseCommand::ConfirmDecision { by, decision_id, irreversible_confirmed, now } => {
                deciding::confirm(file, by, decision_id, irreversible_confirmed, now)?
            }
            CaseCommand::RejectProposal { by, decision_id, reasons } => {
                deciding::reject(file, by, decision_id, reasons)?
            }
            CaseCommand::RecordService { by, service, now } => deciding::record_service(file, by, service, now)?,
            CaseCommand::SettleOrder(report) => closing::settle_order(file, report)?,
            CaseCommand::FileAppeal(filing) => filing::file_appeal(file, *filing)?,
            CaseCommand::WithdrawAppeal { by, appeal_id, reasons, sha256, now } => {
                filing::withdraw_appeal(file, by, appeal_id, reasons, sha256, now)?
            }
            CaseCommand::MarkAppealsOverdue { now } => filing::mark_overdue(file, now)?,
            CaseCommand::DecideAppeal { by, appeal_id, ruling, reasons, remedies, now } => {
                appeal::decide_appeal(file, by, appeal_id, ruling, reasons, &remedies, now)?
            }
            CaseCommand::RecordExternalOutcome { by, outcome, remedies, now } => {
                appeal::record_external(file, by, *outcome, &remedies, now)?
            }
            CaseCommand::OfferTransfer { by, to, competence, reasons, lapse_at, now } => {
                transfer::competent(file, &to, &competence)?;
                transfer::offer(file, by, to.agency, reasons, lapse_at, now)?
            }
            CaseCommand::AcceptTransfer { by, officers, competence, now } => {
                transfer::accept(file, by, officers, &competence, now)?
            }
            CaseCommand::DeclineTransfer { by, reasons, now } => transfer::decline(file, by, reasons, now)?,
            CaseCommand::LapseTransfer { now } => transfer::lapse(file, now)?,
            CaseCommand::Close { by, outcome, summary, unlifted_reasons, now } => {
                closing::close(file, by, outcome, summary, unlifted_reasons, now)?
            }
            CaseCommand::Reopen { by, reasons } => closing::reopen(file, by, reasons)?,
        };
        let case_id = file.opening.case_id;
        Ok(changes.into_iter().map(|change| CaseEvent { case_id, change }).collect())
    }

    fn evolve(state: CaseState, event: &CaseEvent) -> CaseState {
        evolve::evolve(state, event)
    }
}

/// The case is with the agency of `by`, and no offer to another one is open.
fn held_by(file: &CaseFile, by: &Actor) -> Result<(), CaseRefusal> {
    if by.agency != file.agency {
        return Err(CaseRefusal::NotHoldingAgency { agency: file.agency.clone() });
    }
    match file.pending_transfer() {
        Some(transfer) => Err(CaseRefusal::TransferPending { to: transfer.to_agency.clone() }),
        None => Ok(()),
    }
}

/// Times of the subject run from service: it is recorded while it is fresh.
fn served_lately(served_at: Timestamp, now: Timestamp) -> Result<(), CaseRefusal> {
    let earliest = now - SERVED_AGO_MAX;
    if served_at < earliest { Err(CaseRefusal::ServedTooLongAgo { earliest }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
