use std::collections::{BTreeMap, BTreeSet};

use casebook_kernel::ids::{CaseId, LeadId, OrderId};
use casebook_kernel::region::Region;
use casebook_kernel::{AgencyId, AgencyKind, OfficerId, Timestamp};
use casebook_policy::{Instrument, LegalBasisId, Recommendation, ViolationId};

pub use super::redress::{
    Appeal, AppealKind, AppealResult, AppealVerdict, Irreversible, Replacement, Reversal, Served, Undoing, Withdrawal,
};
pub use super::told::{Author, Defence, Notice, Statement, Told, Waiver};
use crate::domain::ids::{DecisionId, EvidenceId, StatementId, TransferId};
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
    /// Who decided an appeal here: they may hear the other accounts' appeals with it, and have no hand in what follows.
    pub reviewers: BTreeSet<OfficerId>,
    /// How many notices, statements, proposals (with reversals) and appeals there were: their ids count on.
    pub notices: usize,
    pub statements: usize,
    pub decisions: usize,
    pub appeals: usize,
    pub stage: Stage,
    pub transfers: Vec<Transfer>,
}

impl CaseFile {
    /// Whether an officer had any hand in the case, hearing an appeal included.
    pub fn had_a_hand(&self, officer: &OfficerId) -> bool {
        self.participants.contains(officer) || self.reviewers.contains(officer)
    }

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

    /// Appeals that wait for their decision, oldest first.
    pub fn pending_appeals(&self) -> &[Appeal] {
        match &self.stage {
            Stage::UnderAppeal { pending, .. } => pending,
            _ => &[],
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
    Proposed {
        told: Told,
        proposal: Proposal,
    },
    Decided(Ruling),
    /// At least one appeal is pending, of each account at most one.
    UnderAppeal {
        ruling: Ruling,
        pending: Vec<Appeal>,
    },
    Closed {
        before: Ended,
        closure: Closure,
    },
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
    /// The measures of the decision that no reversal took away, and those that took their place. What is served already stands
    /// under the order that served it.
    pub standing: BTreeMap<OrderId, Measure>,
    /// Decided ones, oldest first.
    pub appeals: Vec<Appeal>,
    pub reversals: Vec<Reversal>,
}

impl Ruling {
    /// Whether a platform has lifted what an order brought about.
    pub fn has_lifted(&self, order_id: OrderId) -> bool {
        let lifted = |end: OrderEnd| end.outcome == OrderEndOutcome::Executed;
        self.orders.values().any(|track| track.counters == Some(order_id) && track.end.is_some_and(lifted))
    }

    /// Counter-orders that still have something to lift, as far as the case was told: neither executed nor without need, and what
    /// they lift came into force, or may have, and is not over.
    pub fn unlifted(&self, now: Timestamp) -> impl Iterator<Item = &OrderTrack> {
        self.orders.values().filter(move |track| {
            let done = |end: OrderEnd| matches!(end.outcome, OrderEndOutcome::Executed | OrderEndOutcome::NotNeeded);
            track.counters.is_some() && !track.end.is_some_and(done) && !self.lifts_nothing(track, now)
        })
    }

    /// Whether an order is a counter-order that nothing is left for: what it lifts never came into force, or is over.
    pub fn lifts_nothing(&self, track: &OrderTrack, now: Timestamp) -> bool {
        let lifted = track.counters.and_then(|lifts| self.orders.get(&lifts));
        lifted.is_some_and(|lifted| !lifted.may_be_in_force(now))
    }
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

impl OrderTrack {
    fn may_be_in_force(&self, now: Timestamp) -> bool {
        match self.end {
            // Whatever came of it unanswered.
            None | Some(OrderEnd { outcome: OrderEndOutcome::Countered, .. }) => true,
            Some(end) => end.effective_from.is_some_and(|from| !end.over && !self.measure.is_over(from, now)),
        }
    }
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
    /// The measure's time is over.
    pub over: bool,
}

impl OrderEnd {
    /// An end through which nothing came into force.
    pub fn without_effect(outcome: OrderEndOutcome) -> Self {
        Self { outcome, cause: None, effective_from: None, late: false, over: false }
    }
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
    /// Why it was closed though a measure of a void decision is not lifted; none: all are.
    pub unlifted_reasons: Option<String>,
    pub closed_by: OfficerId,
    pub closed_at: Timestamp,
}
