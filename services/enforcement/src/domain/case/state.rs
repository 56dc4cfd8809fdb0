use std::collections::{BTreeMap, BTreeSet};

use casebook_kernel::ids::{CaseId, LeadId, OrderId};
use casebook_kernel::region::Region;
use casebook_kernel::{AgencyId, AgencyKind, OfficerId, Timestamp};
use casebook_policy::{Instrument, LegalBasisId, Recommendation, ViolationId};

pub use super::told::{Answer, Author, Defence, Notice, Statement, Told, Waiver};
use crate::domain::ids::{AppealId, DecisionId, EvidenceId, StatementId, TransferId};
use crate::domain::measure::{AccountRef, Measure};
use crate::domain::order::Cause;

#[derive(Debug, Clone, Default, PartialEq)]
pub enum CaseState {
    #[default]
    Absent,
    Existing(Box<CaseFile>),
}

impl CaseState {
    pub fn file(&self) -> Option<&CaseFile> {
        match self {
            Self::Absent => None,
            Self::Existing(file) => Some(file),
        }
    }
}

/// Everything in a case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseFile {
    pub opening: Opening,
    /// Who holds the case: the opening agency, until a transfer is accepted.
    pub agency: AgencyId,
    pub agency_kind: AgencyKind,
    pub officers: Vec<OfficerId>,
    pub evidence: Vec<Evidence>,
    /// Every officer who had a hand in it, or in the finding and the lead that it goes back to: none of them hears the
    /// appeal.
    pub participants: BTreeSet<OfficerId>,
    /// How many notices, statements, proposals (with reversals) and appeals there were: their ids count on.
    pub notices: usize,
    pub statements: usize,
    pub decisions: usize,
    pub appeals: usize,
    pub stage: Stage,
    pub transfers: Vec<Transfer>,
}

impl CaseFile {
    pub fn pending_transfer(&self) -> Option<&Transfer> {
        self.transfers.last().filter(|transfer| transfer.standing == TransferStanding::Offered)
    }

    pub fn ruling(&self) -> Option<&Ruling> {
        match &self.stage {
            Stage::Decided(ruling) | Stage::UnderAppeal { ruling, .. } => Some(ruling),
            Stage::Closed { before: Ended::Decided(ruling), .. } => Some(&**ruling),
            Stage::Investigating | Stage::Told(_) | Stage::Proposed { .. } | Stage::Closed { .. } => None,
        }
    }

    pub(super) fn ruling_mut(&mut self) -> Option<&mut Ruling> {
        match &mut self.stage {
            Stage::Decided(ruling) | Stage::UnderAppeal { ruling, .. } => Some(ruling),
            Stage::Closed { before: Ended::Decided(ruling), .. } => Some(&mut **ruling),
            Stage::Investigating | Stage::Told(_) | Stage::Proposed { .. } | Stage::Closed { .. } => None,
        }
    }

    /// What the subject was told and answered.
    pub fn told(&self) -> Option<&Told> {
        match &self.stage {
            Stage::Investigating => None,
            Stage::Told(told) | Stage::Proposed { told, .. } => Some(told),
            Stage::Closed { before: Ended::Undecided(told), .. } => told.as_deref(),
            Stage::Decided(_) | Stage::UnderAppeal { .. } | Stage::Closed { .. } => {
                self.ruling().map(|ruling| &ruling.told)
            }
        }
    }
}

/// Where a case is.
// One a case, and boxed with it: a box inside would save nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    Investigating,
    Told(Told),
    Proposed { told: Told, proposal: Proposal },
    Decided(Ruling),
    UnderAppeal { ruling: Ruling, appeal: Appeal },
    Closed { before: Ended, closure: Closure },
}

impl Stage {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Investigating => "under investigation",
            Self::Told(_) => "with the subject",
            Self::Proposed { .. } => "waiting for the second officer",
            Self::Decided(_) => "decided",
            Self::UnderAppeal { .. } => "under appeal",
            Self::Closed { .. } => "closed",
        }
    }
}

/// What was there when a case was closed.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    Undecided(Option<Box<Told>>),
    Decided(Box<Ruling>),
}

/// What the case is about, as it was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    pub case_id: CaseId,
    pub lead_id: LeadId,
    pub instrument: Instrument,
    pub accounts: Vec<AccountRef>,
    pub violation: ViolationId,
    pub agency: AgencyId,
    pub agency_kind: AgencyKind,
    pub region: Region,
    pub officers: Vec<OfficerId>,
    pub opened_by: OfficerId,
    /// Who took the lead up; none in cases that were opened before it was written down.
    pub screened_by: Option<OfficerId>,
    /// The officers behind the lead, as it names them.
    pub raised_by: BTreeSet<OfficerId>,
    pub conduct_at: Timestamp,
    pub discovered_at: Timestamp,
    pub harm_to_health: bool,
    pub opened_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceKind {
    Screenshot,
    Recording,
    PageCapture,
    PlatformRecord,
    RegistryResult,
    Document,
    Testimony,
}

/// A piece of evidence, by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub evidence_id: EvidenceId,
    pub kind: EvidenceKind,
    /// Hexadecimal SHA-256 of its bytes.
    pub sha256: String,
    pub captured_at: Timestamp,
    pub description: String,
    pub added_by: OfficerId,
    pub added_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceMethod {
    InPerson,
    Electronic,
    PlatformInbox,
    Post,
    Announcement,
    LeftBehind,
}

/// What the ladder recommends for one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    pub account: AccountRef,
    pub recommendation: Recommendation,
}

/// What one officer proposes.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The decision's id, if it is confirmed.
    pub decision_id: DecisionId,
    pub instrument: Instrument,
    pub measures: Vec<Measure>,
    pub legal_bases: Vec<LegalBasisId>,
    pub reasons: String,
    pub recommended: Vec<Advice>,
    pub departure_reason: Option<String>,
    pub irreversible_confirmed: bool,
    pub proposer: OfficerId,
    /// The last statement that was weighed.
    pub statement_id: Option<StatementId>,
    pub redress: String,
    pub proposed_at: Timestamp,
}

/// What two officers decided. Immutable but for its service.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub proposal: Proposal,
    pub confirmer: OfficerId,
    pub agency: AgencyId,
    pub issued_at: Timestamp,
    pub service: Option<Service>,
}

/// How a decision reached its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub method: ServiceMethod,
    pub served_at: Timestamp,
    /// The exclusive end of the window for an internal review.
    pub appeal_until: Timestamp,
    /// The calendar of a year that the window reaches into was not published: it ends then at the earliest.
    pub provisional: bool,
}

/// A decision and everything that follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruling {
    pub told: Told,
    pub decision: Decision,
    /// Every order that follows from the decision and its reversals.
    pub orders: BTreeMap<OrderId, OrderTrack>,
    /// The measures of the decision that no reversal took away, and those that took their place.
    pub standing: BTreeMap<OrderId, Measure>,
    /// Decided ones, oldest first.
    pub appeals: Vec<Appeal>,
    pub reversals: Vec<Reversal>,
}

/// An order as its case sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderTrack {
    pub measure: Measure,
    /// The order that it lifts.
    pub counters: Option<OrderId>,
    /// None while the platform has not answered.
    pub end: Option<OrderEnd>,
    /// The latest revision of the order's stream that the case was told of.
    pub revision: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderEndOutcome {
    Executed,
    Partly,
    Refused,
    Cancelled,
    Undeliverable,
    /// A counter-order that there was no need for.
    NotNeeded,
    /// Unanswered when a counter-order lifted whatever came of it.
    Countered,
}

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderEnd {
    pub outcome: OrderEndOutcome,
    pub cause: Option<Cause>,
    /// Since when the measure is in force; none: it did not come into force.
    pub effective_from: Option<Timestamp>,
    pub late: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppealKind {
    InternalReview,
    Reconsideration,
    Litigation,
}

/// A way of redress that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Appeal {
    pub appeal_id: AppealId,
    pub kind: AppealKind,
    pub decision_id: DecisionId,
    pub grounds: String,
    /// None where it was filed elsewhere.
    pub filed: Option<(OfficerId, Timestamp)>,
    pub decide_until: Option<Timestamp>,
    pub verdict: Option<AppealVerdict>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppealResult {
    Upheld,
    UpheldInPart,
    Rejected,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AppealVerdict {
    pub result: AppealResult,
    pub remaining: Vec<Measure>,
    pub reasons: String,
    /// An officer, or the body outside.
    pub decided_by: String,
    pub document_number: Option<String>,
    pub decided_at: Timestamp,
}

/// A new decision that voids an earlier one, or a part of it. It edits nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Reversal {
    pub reversal_id: DecisionId,
    pub voids: DecisionId,
    pub appeal_id: AppealId,
    pub undoings: Vec<Undoing>,
    pub irreversible: Vec<Irreversible>,
    /// Orders of the measures gone that had no effect: void all the same, should a platform execute them yet.
    pub voided: Vec<OrderId>,
    pub replacements: Vec<Replacement>,
    /// What remains of the decision, replacements among it; none: it is void as a whole.
    pub remaining: Vec<Measure>,
    pub reasons: String,
    pub instrument: Instrument,
    pub legal_bases: Vec<LegalBasisId>,
    pub agency: AgencyId,
    pub issued_at: Timestamp,
}

/// An order that is taken back or countered.
#[derive(Debug, Clone, PartialEq)]
pub struct Undoing {
    pub order_id: OrderId,
    pub counter_order_id: OrderId,
    pub measure: Measure,
}

/// A measure that nothing undoes: it was executed or, while the order is unanswered, may be executed yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Irreversible {
    pub order_id: OrderId,
    pub measure: Measure,
    pub remedy: String,
}

/// A lighter measure in place of one that is undone.
#[derive(Debug, Clone, PartialEq)]
pub struct Replacement {
    pub order_id: OrderId,
    /// With the days that are left of it.
    pub measure: Measure,
    pub days_served: u32,
}

/// How an offer to another agency stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferStanding {
    Offered,
    Accepted,
    Declined { reasons: String },
    Lapsed,
}

/// An offer to hand the case to another agency: the evidence and every running clock go along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    pub transfer_id: TransferId,
    pub from_agency: AgencyId,
    pub to_agency: AgencyId,
    pub reasons: String,
    pub evidence: Vec<EvidenceId>,
    pub clocks: Vec<RunningClock>,
    pub offered_by: OfficerId,
    pub offered_at: Timestamp,
    /// The exclusive end of the offer.
    pub lapse_at: Timestamp,
    pub standing: TransferStanding,
}

/// A time that runs on during a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningClock {
    pub name: String,
    pub due_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseOutcome {
    MeasuresTaken,
    NotEstablished,
    NoMeasure,
    ReferredToJustice,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    pub outcome: CaseOutcome,
    pub summary: String,
    pub closed_by: OfficerId,
    pub closed_at: Timestamp,
}
