use std::collections::BTreeSet;

use casebook_kernel::ids::{CaseId, LeadId, OrderId};
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, AgencyId, AgencyKind, OfficerId, Timestamp};
use casebook_policy::{Instrument, LegalBasisId, MeasureId, PolicyRefusal, ViolationId};

use super::state::{Advice, AppealKind, CaseOutcome, EvidenceKind, OrderEnd, Service, ServiceMethod};
use crate::domain::ids::{AppealId, DecisionId};
use crate::domain::measure::{AccountRef, Measure};

/// What can be asked of a case.
#[derive(Debug, Clone)]
pub enum CaseCommand {
    Open(Box<OpenCase>),
    AddEvidence {
        by: Actor,
        kind: EvidenceKind,
        sha256: String,
        captured_at: Timestamp,
        description: String,
        now: Timestamp,
    },
    ServeNotice(Box<ServeNotice>),
    RecordStatement {
        by: Actor,
        /// Whose operator speaks: needs to be said where the token does not say it and the case is about several.
        account: Option<AccountRef>,
        summary: String,
        sha256: Option<String>,
        stated_at: Timestamp,
    },
    WaiveStatement {
        by: Actor,
        account: Option<AccountRef>,
        reasons: String,
        sha256: Option<String>,
        now: Timestamp,
    },
    ProposeDecision(Box<ProposeDecision>),
    ConfirmDecision {
        by: Actor,
        decision_id: DecisionId,
        irreversible_confirmed: bool,
        now: Timestamp,
    },
    RejectProposal {
        by: Actor,
        decision_id: DecisionId,
        reasons: String,
    },
    RecordService {
        by: Actor,
        service: Service,
        now: Timestamp,
    },
    /// By the reaction on an order's end.
    SettleOrder(OrderReport),
    FileAppeal(Box<FileAppeal>),
    WithdrawAppeal {
        by: Actor,
        appeal_id: AppealId,
        reasons: String,
        sha256: Option<String>,
        now: Timestamp,
    },
    /// By the deadline of the decision on an appeal.
    MarkAppealsOverdue {
        now: Timestamp,
    },
    DecideAppeal {
        by: Actor,
        appeal_id: AppealId,
        ruling: AppealRuling,
        reasons: String,
        remedies: Vec<RemedyText>,
        now: Timestamp,
    },
    RecordExternalOutcome {
        by: Actor,
        outcome: Box<ExternalOutcome>,
        remedies: Vec<RemedyText>,
        now: Timestamp,
    },
    OfferTransfer {
        by: Actor,
        to: Addressee,
        competence: Competence,
        reasons: String,
        lapse_at: Timestamp,
        now: Timestamp,
    },
    AcceptTransfer {
        by: Actor,
        officers: Vec<OfficerId>,
        competence: Competence,
        now: Timestamp,
    },
    DeclineTransfer {
        by: Actor,
        reasons: String,
        now: Timestamp,
    },
    /// By the deadline of the offer.
    LapseTransfer {
        now: Timestamp,
    },
    Close {
        by: Actor,
        outcome: CaseOutcome,
        summary: String,
        /// Why it is closed though a measure of a void decision is not lifted.
        unlifted_reasons: Option<String>,
        now: Timestamp,
    },
    Reopen {
        by: Actor,
        reasons: String,
    },
}

/// Who is competent for the violation (R93).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Competence {
    pub kinds: Vec<AgencyKind>,
}

/// The agency that a case is offered to, as the policy pack knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    pub agency: AgencyId,
    pub kind: AgencyKind,
    pub region: Region,
}

/// A lead that an officer took up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedLead {
    pub agency: AgencyId,
    pub screened_by: OfficerId,
    pub raised_by: BTreeSet<OfficerId>,
    pub region: Region,
    /// For the violation that the lead names; the case may be about another one.
    pub competence: Competence,
}

#[derive(Debug, Clone)]
pub struct OpenCase {
    pub case_id: CaseId,
    pub lead_id: LeadId,
    /// None: no officer has taken the lead up.
    pub lead: Option<AcceptedLead>,
    pub by: Actor,
    pub instrument: Instrument,
    pub accounts: Vec<AccountRef>,
    pub violation: ViolationId,
    pub competence: Competence,
    pub officers: Vec<OfficerId>,
    pub region: Region,
    pub conduct_at: Timestamp,
    pub discovered_at: Timestamp,
    pub harm_to_health: bool,
    /// The exclusive end of the limitation, counted from the act; only penalties have one (行政处罚法 art. 36).
    pub limitation_until: Option<Timestamp>,
    pub now: Timestamp,
}

#[derive(Debug, Clone)]
pub struct ServeNotice {
    pub by: Actor,
    pub facts: String,
    pub instrument: Instrument,
    pub measures: Vec<Measure>,
    pub legal_bases: Vec<LegalBasisId>,
    /// What the policy pack says of these bases and measures under the instrument, on the day of the act.
    pub admission: Result<(), PolicyRefusal>,
    pub method: ServiceMethod,
    pub served_at: Timestamp,
    /// The exclusive end of the subject's window.
    pub answer_until: Timestamp,
    pub now: Timestamp,
}

#[derive(Debug, Clone)]
pub struct ProposeDecision {
    pub by: Actor,
    pub instrument: Instrument,
    pub measures: Vec<Measure>,
    pub legal_bases: Vec<LegalBasisId>,
    /// What the policy pack says of these bases and measures under the instrument, on the day of the act
    /// (行政处罚法 art. 37).
    pub admission: Result<(), PolicyRefusal>,
    pub reasons: String,
    /// What the ladder recommends for each account that the measures meet.
    pub recommended: Vec<Advice>,
    pub departure_reason: Option<String>,
    pub irreversible_confirmed: bool,
    /// Where, and within which time from service, one can disagree.
    pub redress: String,
    pub now: Timestamp,
}

/// How an order ended, as its stream says.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderReport {
    pub order_id: OrderId,
    pub end: OrderEnd,
    /// The revision of the order's stream that says so; none where another stream does.
    pub revision: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct FileAppeal {
    pub by: Actor,
    /// Whose operator appeals: needs to be said where the token does not say it and the case is about several.
    pub account: Option<AccountRef>,
    pub kind: AppealKind,
    pub grounds: String,
    pub sha256: Option<String>,
    /// The end of a provisional window as today's calendars tell it; none: they still do not.
    pub window_until: Option<Timestamp>,
    pub decide_until: Option<Timestamp>,
    pub now: Timestamp,
}

/// What becomes of an appeal.
#[derive(Debug, Clone, PartialEq)]
pub enum AppealRuling {
    Upheld,
    /// These measures remain.
    UpheldInPart(Vec<Measure>),
    Rejected,
}

/// What a reconsideration body or a court decided.
#[derive(Debug, Clone)]
pub struct ExternalOutcome {
    pub kind: AppealKind,
    pub ruling: AppealRuling,
    pub reasons: String,
    pub body: String,
    pub document_number: String,
    pub decided_at: Timestamp,
}

/// What is done for somebody whose measure cannot be undone, from the policy pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemedyText {
    pub measure: MeasureId,
    pub text: String,
}
