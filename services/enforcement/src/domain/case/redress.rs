//! What speaks against a decision, and what becomes of it: appeals and reversals.

use casebook_kernel::ids::OrderId;
use casebook_kernel::{AgencyId, OfficerId, Timestamp};
use casebook_policy::{Instrument, LegalBasisId};

use super::told::Author;
use crate::domain::ids::{AppealId, DecisionId};
use crate::domain::measure::{AccountRef, Measure};

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
    /// Whose operator appeals; none: the whole decision, as in older events and before a body outside.
    pub account: Option<AccountRef>,
    pub author: Author,
    /// Hexadecimal SHA-256 of the subject's document; none where it filed the appeal itself.
    pub sha256: Option<String>,
    pub withdrawn: bool,
    /// It was not decided in time, and waits still.
    pub overdue: bool,
    pub verdict: Option<AppealVerdict>,
}

impl Appeal {
    /// Whether it is the internal review that whoever runs `account` has a right to.
    pub fn is_review_for(&self, account: &AccountRef) -> bool {
        self.kind == AppealKind::InternalReview && self.account.as_ref().is_none_or(|of| of == account)
    }
}

/// An appeal that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    pub reasons: String,
    /// Hexadecimal SHA-256 of the subject's document; none where it took the appeal back itself.
    pub sha256: Option<String>,
    pub by: OfficerId,
    pub at: Timestamp,
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
    /// What remains and is served already.
    pub served: Vec<Served>,
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

/// A lighter measure of which nothing is left: the days under the measure that it replaces cover it.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// Of the measure that it replaces.
    pub order_id: OrderId,
    pub measure: Measure,
    pub days_served: u32,
}
