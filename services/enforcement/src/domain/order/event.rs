use casebook_kernel::ids::OrderId;
use casebook_kernel::{OfficerId, Timestamp};
use casebook_policy::PlatformId;

use super::state::{OrderTerms, Receipt};
use crate::domain::ids::DecisionId;
use crate::domain::measure::Measure;

#[derive(Debug, Clone, PartialEq)]
pub struct OrderEvent {
    pub order_id: OrderId,
    pub change: OrderChange,
}

#[derive(Debug, Clone, PartialEq)]
pub enum OrderChange {
    Issued(Box<OrderTerms>),
    Delivered {
        at: Timestamp,
    },
    ReceiptRecorded(Box<Receipt>),
    Overdue {
        due_at: Timestamp,
    },
    Escalated {
        at: Timestamp,
    },
    /// Names the platform: its stream of orders carries the news.
    Cancelled {
        platform: PlatformId,
        reasons: String,
        by: OfficerId,
        reversal: Option<DecisionId>,
    },
    Undeliverable {
        reasons: String,
        by: OfficerId,
    },
    Countered {
        counter: OrderId,
        reversal: Option<DecisionId>,
        /// What counts of it as served; none: nothing.
        served: Option<Box<Measure>>,
        reasons: String,
    },
    MeasureEnded {
        at: Timestamp,
    },
    /// The decision behind it is void, and nothing of it can be undone.
    Voided {
        reversal: Option<DecisionId>,
        /// What counts of it as served; none: nothing.
        served: Option<Box<Measure>>,
    },
}
