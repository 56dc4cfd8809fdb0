use casebook_kernel::{Actor, OfficerId, Timestamp};

use super::state::{Answer, OrderTerms};
use crate::domain::ids::DecisionId;
use crate::domain::measure::Measure;

/// What can be asked of an order.
#[derive(Debug, Clone)]
pub enum OrderCommand {
    Issue(Box<OrderTerms>),
    /// The order was handed to the platform's stream.
    MarkDelivered {
        now: Timestamp,
    },
    /// The platform answers. `corrects`: this replaces its earlier answer.
    RecordReceipt {
        answer: Answer,
        corrects: bool,
        now: Timestamp,
    },
    /// By the deadline of the first term.
    MarkOverdue {
        now: Timestamp,
    },
    /// By the deadline of the second term.
    Escalate {
        now: Timestamp,
    },
    /// By the deadline of the measure.
    EndMeasure {
        now: Timestamp,
    },
    /// What a counter-order lifts came into force at `began_at`, by its platform's clock.
    RaiseUnlifted {
        began_at: Timestamp,
        now: Timestamp,
    },
    Cancel {
        by: Actor,
        reasons: String,
    },
    MarkUndeliverable {
        by: Actor,
        reasons: String,
    },
    /// The decision behind it was voided, or it was executed after it had been taken back. `served`: this remains of it and is
    /// served already.
    Undo {
        reversal: Option<DecisionId>,
        served: Option<Box<Measure>>,
        reasons: String,
        by: OfficerId,
    },
}
