//! The measures in force on an account, by what platforms answered to orders (R92).
//!
//! Orders are enforcement's: the registry folds what it needs of their streams and adds nothing to them.

use std::convert::Infallible;

use casebook_kernel::ids::{AccountId, CaseId, OrderId};
use casebook_kernel::{Decider, Timestamp};
use casebook_policy::measures::{ACCOUNT_CLOSED, MUTED, MUTED_PERMANENTLY};

/// What a platform says it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptOutcome {
    Executed,
    Partly,
    Refused,
}

/// What the registry needs of a platform's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub outcome: ReceiptOutcome,
    /// By the platform's clock.
    pub executed_at: Option<Timestamp>,
    /// Since when the measure holds through this order; none: it does not.
    pub effective_from: Option<Timestamp>,
    /// When it ends by itself: the exclusive end.
    pub until: Option<Timestamp>,
}

/// An order as the registry sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureOrder {
    pub order_id: OrderId,
    pub case_id: CaseId,
    pub account_id: AccountId,
    pub platform: String,
    pub platform_uid: String,
    pub measure: String,
    pub reasons: String,
    /// The order whose effect this one lifts.
    pub counters: Option<OrderId>,
    /// The last answer: a correction takes the place of the one before.
    pub receipt: Option<Receipt>,
    pub ended_at: Option<Timestamp>,
    /// The order that is to lift this one's effect.
    pub countered_by: Option<OrderId>,
    /// The decision behind it is void, and nothing of the order was to be undone.
    pub voided: bool,
}

impl MeasureOrder {
    /// Whether a platform has lifted by this order what `original` brought about. What came into force only afterwards, by
    /// the clock of the platform that did both, it has not.
    pub fn has_lifted(&self, original: &Self) -> bool {
        let carried_out = self.receipt.as_ref().filter(|receipt| receipt.outcome == ReceiptOutcome::Executed);
        let Some(lifted_at) = carried_out.map(|receipt| receipt.executed_at) else { return false };
        let began_at = original.receipt.as_ref().and_then(|receipt| receipt.executed_at);
        let behind = lifted_at.zip(began_at).is_some_and(|(lifted_at, began_at)| lifted_at < began_at);
        self.counters == Some(original.order_id) && !behind
    }

    /// Whether it asks for the account to be closed.
    pub fn closes_account(&self) -> bool {
        self.counters.is_none() && self.measure == ACCOUNT_CLOSED
    }

    pub fn effective_from(&self) -> Option<Timestamp> {
        self.receipt.as_ref().and_then(|receipt| receipt.effective_from)
    }

    fn holds(&self, now: Timestamp) -> bool {
        let runs =
            |receipt: &Receipt| receipt.effective_from.is_some() && receipt.until.is_none_or(|until| now < until);
        // A void order that is executed after all is in force only where a counter-order is to lift it: what cannot be undone
        // is answered with a remedy, and not held against the account.
        let void = self.voided && self.countered_by.is_none();
        self.counters.is_none()
            && !void
            && self.ended_at.is_none_or(|ended| now < ended)
            && self.receipt.as_ref().is_some_and(runs)
    }

    pub fn is_mute(&self) -> bool {
        self.measure == MUTED || self.measure == MUTED_PERMANENTLY
    }
}

/// What happened to an order, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderEvent {
    Issued(Box<MeasureOrder>),
    Answered(Receipt),
    Ended {
        ended_at: Timestamp,
    },
    Countered {
        by: OrderId,
    },
    Voided,
    /// Delivery, escalation and whatever else does not change a measure.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OrderState {
    #[default]
    Absent,
    Issued(Box<MeasureOrder>),
}

impl OrderState {
    pub fn order(&self) -> Option<&MeasureOrder> {
        match self {
            Self::Absent => None,
            Self::Issued(order) => Some(order),
        }
    }
}

/// A reader of order streams: there is no command that it knows.
#[derive(Debug, Clone, Copy)]
pub struct OrderReader;

impl Decider for OrderReader {
    type State = OrderState;
    type Command = Infallible;
    type Event = OrderEvent;
    type Refusal = Infallible;

    fn decide(_: &OrderState, command: Infallible) -> Result<Vec<OrderEvent>, Infallible> {
        match command {}
    }

    fn evolve(state: OrderState, event: &OrderEvent) -> OrderState {
        match (state, event) {
            (OrderState::Absent, OrderEvent::Issued(order)) => OrderState::Issued(order.clone()),
            (OrderState::Issued(mut order), OrderEvent::Answered(receipt)) => {
                // A correction after the end may move the end on: the measure runs again, and ends anew.
                let still_over = |ended: &Timestamp| receipt.until.is_some_and(|until| until <= *ended);
                order.ended_at = order.ended_at.filter(still_over);
                order.receipt = Some(receipt.clone());
                OrderState::Issued(order)
            }
            (OrderState::Issued(mut order), OrderEvent::Ended { ended_at }) => {
                order.ended_at = Some(*ended_at);
                OrderState::Issued(order)
            }
            (OrderState::Issued(mut order), OrderEvent::Countered { by }) => {
                order.countered_by = Some(*by);
                OrderState::Issued(order)
            }
            (OrderState::Issued(mut order), OrderEvent::Voided) => {
                order.voided = true;
                OrderState::Issued(order)
            }
            (state, _) => state,
        }
    }
}

/// Of the orders on one account, those whose measure holds at `now`, the earliest first.
pub fn in_force(orders: &[MeasureOrder], now: Timestamp) -> Vec<&MeasureOrder> {
    let counters: Vec<&MeasureOrder> = orders.iter().filter(|order| order.counters.is_some()).collect();
    let lifted = |order: &MeasureOrder| counters.iter().any(|counter| counter.has_lifted(order));
    let mut holding: Vec<&MeasureOrder> = orders.iter().filter(|order| order.holds(now) && !lifted(order)).collect();
    holding.sort_by_key(|order| (order.effective_from(), order.order_id));
    holding
}

/// Until when an account with these measures in force is muted: of overlapping mutes the latest end counts. None where it
/// is not muted, or muted without an end.
pub fn muted_until(in_force: &[&MeasureOrder]) -> Option<Timestamp> {
    let mut latest = None;
    for mute in in_force.iter().filter(|order| order.is_mute()) {
        latest = latest.max(Some(mute.receipt.as_ref().and_then(|receipt| receipt.until)?));
    }
    latest
}
