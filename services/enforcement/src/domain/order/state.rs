use casebook_kernel::ids::{CaseId, OrderId};
use casebook_kernel::region::Region;
use casebook_kernel::{AgencyId, OfficerId, Timestamp};
use casebook_policy::{Instrument, LegalBasisId, ViolationId};

use super::event::OrderChange;
use crate::domain::ids::DecisionId;
use crate::domain::measure::Measure;

/// What an order asks for, of whom, on what basis, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderTerms {
    pub order_id: OrderId,
    pub case_id: CaseId,
    /// The decision or the reversal that it follows from.
    pub decision_id: DecisionId,
    pub measure: Measure,
    pub instrument: Instrument,
    pub violation: ViolationId,
    pub legal_bases: Vec<LegalBasisId>,
    pub reasons: String,
    pub agency: AgencyId,
    pub region: Region,
    pub issued_at: Timestamp,
    /// The exclusive end of the platform's term.
    pub due_at: Timestamp,
    /// The exclusive end of the second term.
    pub escalate_at: Timestamp,
    /// The order whose effect this one lifts.
    pub counters: Option<OrderId>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum OrderState {
    #[default]
    Absent,
    Existing(Box<OrderFile>),
}

impl OrderState {
    pub fn file(&self) -> Option<&OrderFile> {
        match self {
            Self::Absent => None,
            Self::Existing(file) => Some(file),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct OrderFile {
    pub terms: OrderTerms,
    pub lateness: Lateness,
    pub standing: Standing,
    pub validity: Validity,
}

impl OrderFile {
    /// What counts of the order as the account's history: it came into force, and nobody voided it.
    pub fn counts_as(&self) -> Option<&Measure> {
        self.standing.receipt()?.effect?;
        match (&self.validity, &self.standing) {
            (Validity::Served(measure), _) => Some(measure),
            (Validity::Voided, _) | (Validity::Standing, Standing::Countered { .. }) => None,
            (Validity::Standing, _) => Some(&self.terms.measure),
        }
    }

    /// When its platform brought the measure into force, by the platform's own clock; none: it did not.
    pub fn began_at(&self) -> Option<Timestamp> {
        let receipt = self.standing.receipt()?;
        receipt.effect?;
        receipt.answer.executed_at
    }

    /// Whether it is a counter-order that was carried out before what it lifts came into force: that is in force still. One
    /// platform does both, so that its own clock says which was first, right or wrong as it may be.
    pub fn was_too_early_for(&self, began_at: Timestamp) -> bool {
        let answer = self.standing.receipt().map(|receipt| &receipt.answer);
        let carried_out = answer.filter(|answer| answer.outcome == Outcome::Executed);
        let lifted_at = carried_out.and_then(|answer| answer.executed_at);
        self.terms.counters.is_some() && lifted_at.is_some_and(|lifted_at| lifted_at < began_at)
    }
}

/// Whether the decision behind an order still stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validity {
    Standing,
    /// Eased to this measure, which is served: it counts as this.
    Served(Box<Measure>),
    /// Void, though nothing of the order could be undone.
    Voided,
}

impl Validity {
    fn after(served: Option<&Measure>) -> Self {
        served.map_or(Self::Voided, |measure| Self::Served(Box::new(measure.clone())))
    }
}

/// Whether the platform's answer came, or is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lateness {
    InTime,
    Overdue,
    Escalated,
}

/// Where an order is.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    Issued,
    Delivered {
        at: Timestamp,
    },
    Receipted(Receipt),
    Cancelled {
        reasons: String,
        by: OfficerId,
        reversal: Option<DecisionId>,
    },
    Undeliverable {
        reasons: String,
        by: OfficerId,
    },
    /// The counter-order exists or is about to; a receipt may have come before or may come still.
    Countered {
        counter: OrderId,
        receipt: Option<Receipt>,
    },
    /// The measure's time is over.
    Ended {
        receipt: Receipt,
        at: Timestamp,
    },
}

impl Standing {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Delivered { .. } => "delivered",
            Self::Receipted(_) => "receipted",
            Self::Cancelled { .. } => "cancelled",
            Self::Undeliverable { .. } => "undeliverable",
            Self::Countered { .. } => "countered",
            Self::Ended { .. } => "ended",
        }
    }

    pub fn receipt(&self) -> Option<&Receipt> {
        match self {
            Self::Receipted(receipt) | Self::Ended { receipt, .. } => Some(receipt),
            Self::Countered { receipt, .. } => receipt.as_ref(),
            Self::Issued | Self::Delivered { .. } | Self::Cancelled { .. } | Self::Undeliverable { .. } => None,
        }
    }
}

/// What a platform says it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Executed,
    Partly,
    Refused,
}

/// Why a platform did not do all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    AccountNotFound,
    ClosedByOwner,
    MeasureUnsupported,
    /// The platform had gone further before: of ours, nothing came into force.
    AlreadyStricter,
    DeclinedUnderAgreement,
    Irreversible,
    TechnicalFault,
    Other,
}

/// A platform's words. Two answers are the same if all of this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub outcome: Outcome,
    pub cause: Option<Cause>,
    pub detail: String,
    /// By the platform's clock.
    pub executed_at: Option<Timestamp>,
    /// Hexadecimal SHA-256.
    pub evidence_sha256: Option<String>,
}

/// A platform's answer, and what we make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub answer: Answer,
    pub late: bool,
    /// The platform's clock was ahead of ours: the effect counts from our time.
    pub clock_ahead: bool,
    pub after_cancellation: bool,
    /// It replaced an earlier answer.
    pub corrects: bool,
    pub received_at: Timestamp,
    /// None where nothing came into force through this order.
    pub effect: Option<Effect>,
}

/// A measure in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    pub from: Timestamp,
    /// The exclusive end; none for a measure without one.
    pub until: Option<Timestamp>,
}

pub(super) fn evolve(state: OrderState, change: &OrderChange) -> OrderState {
    let mut file = match (state, change) {
        (OrderState::Absent, OrderChange::Issued(terms)) => {
            let terms = (**terms).clone();
            return OrderState::Existing(Box::new(OrderFile {
                terms,
                lateness: Lateness::InTime,
                standing: Standing::Issued,
                validity: Validity::Standing,
            }));
        }
        (OrderState::Absent, _) => return OrderState::Absent,
        (OrderState::Existing(file), _) => file,
    };
    match change {
        OrderChange::Issued(_) => {}
        OrderChange::Overdue { .. } => file.lateness = Lateness::Overdue,
        OrderChange::Escalated { .. } => file.lateness = Lateness::Escalated,
        OrderChange::Voided { served, .. } => file.validity = Validity::after(served.as_deref()),
        OrderChange::Countered { served: Some(measure), .. } => {
            file.validity = Validity::Served(measure.clone());
            file.standing = standing_after(file.standing, change);
        }
        change => file.standing = standing_after(file.standing, change),
    }
    OrderState::Existing(file)
}

fn standing_after(standing: Standing, change: &OrderChange) -> Standing {
    match (standing, change) {
        (Standing::Issued, OrderChange::Delivered { at }) => Standing::Delivered { at: *at },
        // A countered order stays countered, whatever the platform says of it afterwards.
        (Standing::Countered { counter, .. }, OrderChange::ReceiptRecorded(receipt)) => {
            Standing::Countered { counter, receipt: Some((**receipt).clone()) }
        }
        // A correction brings nothing back whose time is over.
        (Standing::Ended { .. }, OrderChange::ReceiptRecorded(receipt)) => match receipt.effect.and_then(|it| it.until)
        {
            Some(until) if until <= receipt.received_at => Standing::Ended { receipt: (**receipt).clone(), at: until },
            Some(_) | None => Standing::Receipted((**receipt).clone()),
        },
        (_, OrderChange::ReceiptRecorded(receipt)) => Standing::Receipted((**receipt).clone()),
        (Standing::Issued | Standing::Delivered { .. }, OrderChange::Cancelled { reasons, by, reversal, .. }) => {
            Standing::Cancelled { reasons: reasons.clone(), by: by.clone(), reversal: *reversal }
        }
        (Standing::Issued | Standing::Delivered { .. }, OrderChange::Undeliverable { reasons, by }) => {
            Standing::Undeliverable { reasons: reasons.clone(), by: by.clone() }
        }
        (Standing::Delivered { .. }, OrderChange::Countered { counter, .. }) => {
            Standing::Countered { counter: *counter, receipt: None }
        }
        (Standing::Receipted(receipt), OrderChange::Countered { counter, .. }) => {
            Standing::Countered { counter: *counter, receipt: Some(receipt) }
        }
        (Standing::Receipted(receipt), OrderChange::MeasureEnded { at }) => Standing::Ended { receipt, at: *at },
        (standing, _) => standing,
    }
}
