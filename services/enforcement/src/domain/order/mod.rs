//! An order (处置指令): an instruction to one platform that arises from a decision, and what became of it.
//!
//! A platform may answer late, wrongly, twice, with a fast clock, or never; may do only a part; may have done
//! more before. Each is an event with a name of its own. That an order was handed over proves nothing: only a
//! receipt says what was done.

mod answer;
mod command;
mod event;
mod refusal;
mod state;

use casebook_kernel::{Decider, Timestamp};

pub use command::OrderCommand;
pub use event::{OrderChange, OrderEvent};
pub use refusal::OrderRefusal;
pub use state::{
    Answer, Cause, Effect, Lateness, OrderFile, OrderState, OrderTerms, Outcome, Receipt, Standing, Validity,
};

use super::ids::{DecisionId, counter_order_id};
use super::measure::Measure;

/// The decider of orders.
#[derive(Debug, Clone, Copy)]
pub struct Order;

/// A deadline of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderTimer {
    /// The platform has not answered within its term.
    Overdue,
    /// It has not answered within the second term either.
    Escalation,
    /// The measure's time is over.
    MeasureEnd,
}

impl OrderTimer {
    pub const ALL: [Self; 3] = [Self::Overdue, Self::Escalation, Self::MeasureEnd];

    pub fn kind(self) -> &'static str {
        match self {
            Self::Overdue => "order_overdue",
            Self::Escalation => "order_escalation",
            Self::MeasureEnd => "measure_end",
        }
    }
}

impl OrderState {
    /// The deadline that runs, if one does: at most one does at a time. Nobody waits for an answer to a void order.
    pub fn timer(&self) -> Option<(OrderTimer, Timestamp)> {
        let file = self.file()?;
        match (&file.standing, file.lateness) {
            (Standing::Issued | Standing::Delivered { .. }, _) if file.validity == Validity::Voided => None,
            (Standing::Issued | Standing::Delivered { .. }, Lateness::InTime) => {
                Some((OrderTimer::Overdue, file.terms.due_at))
            }
            (Standing::Issued | Standing::Delivered { .. }, Lateness::Overdue) => {
                Some((OrderTimer::Escalation, file.terms.escalate_at))
            }
            (Standing::Receipted(receipt), _) => Some((OrderTimer::MeasureEnd, receipt.effect?.until?)),
            _ => None,
        }
    }
}

impl Decider for Order {
    type State = OrderState;
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Refusal = OrderRefusal;

    fn decide(state: &OrderState, command: OrderCommand) -> Result<Vec<OrderEvent>, OrderRefusal> {
        if let OrderCommand::Issue(terms) = command {
            return match state {
                OrderState::Absent => {
                    Ok(vec![OrderEvent { order_id: terms.order_id, change: OrderChange::Issued(terms) }])
                }
                OrderState::Existing(_) => Err(OrderRefusal::OrderAlreadyIssued),
            };
        }
        let file = state.file().ok_or(OrderRefusal::UnknownOrder)?;
        let change = match command {
            OrderCommand::Issue(_) => return Err(OrderRefusal::OrderAlreadyIssued),
            OrderCommand::MarkDelivered { now } => deliver(file, now)?,
            OrderCommand::RecordReceipt { answer, corrects, now } => {
                let order_id = file.terms.order_id;
                let changes = answer::record(file, answer, corrects, now)?;
                return Ok(changes.into_iter().map(|change| OrderEvent { order_id, change }).collect());
            }
            OrderCommand::MarkOverdue { now } => overdue(file, now)?,
            OrderCommand::Escalate { now } => escalate(file, now)?,
            OrderCommand::EndMeasure { now } => end_measure(file, now)?,
            OrderCommand::RaiseUnlifted { began_at, now } => raise_unlifted(file, began_at, now)?,
            OrderCommand::Cancel { by, reasons } => {
                if by.agency != file.terms.agency {
                    return Err(OrderRefusal::NotIssuingAgency { agency: file.terms.agency.clone() });
                }
                counters_nothing(file)?;
                unanswered(file)?;
                OrderChange::Cancelled { platform: platform(file), reasons, by: by.officer, reversal: None }
            }
            OrderCommand::MarkUndeliverable { by, reasons } => {
                if by.agency != file.terms.agency {
                    return Err(OrderRefusal::NotIssuingAgency { agency: file.terms.agency.clone() });
                }
                counters_nothing(file)?;
                unanswered(file)?;
                OrderChange::Undeliverable { reasons, by: by.officer }
            }
            OrderCommand::Undo { reversal, served, reasons, by } => undo(file, reversal, served, reasons, by)?,
        };
        Ok(vec![OrderEvent { order_id: file.terms.order_id, change }])
    }

    fn evolve(state: OrderState, event: &OrderEvent) -> OrderState {
        state::evolve(state, &event.change)
    }
}

fn platform(file: &OrderFile) -> casebook_policy::PlatformId {
    file.terms.measure.account.platform.clone()
}

/// The subject has a right to a counter-order once a decision was voided: no officer takes it back or gives it up.
fn counters_nothing(file: &OrderFile) -> Result<(), OrderRefusal> {
    if file.terms.counters.is_some() { Err(OrderRefusal::CounterOrderStands) } else { Ok(()) }
}

fn unanswered(file: &OrderFile) -> Result<(), OrderRefusal> {
    match file.standing {
        Standing::Issued | Standing::Delivered { .. } => Ok(()),
        _ => Err(OrderRefusal::OrderNotOutstanding { standing: file.standing.name() }),
    }
}

fn deliver(file: &OrderFile, now: Timestamp) -> Result<OrderChange, OrderRefusal> {
    match file.standing {
        Standing::Issued => Ok(OrderChange::Delivered { at: now }),
        _ => Err(OrderRefusal::NothingToDeliver { standing: file.standing.name() }),
    }
}

fn overdue(file: &OrderFile, now: Timestamp) -> Result<OrderChange, OrderRefusal> {
    unanswered(file)?;
    match file.lateness {
        Lateness::InTime if now < file.terms.due_at => Err(OrderRefusal::NotYetDue { due: file.terms.due_at }),
        Lateness::InTime => Ok(OrderChange::Overdue { due_at: file.terms.due_at }),
        Lateness::Overdue | Lateness::Escalated => Err(OrderRefusal::AlreadyLate),
    }
}

fn escalate(file: &OrderFile, now: Timestamp) -> Result<OrderChange, OrderRefusal> {
    unanswered(file)?;
    match file.lateness {
        Lateness::Escalated => Err(OrderRefusal::AlreadyLate),
        // An escalation follows an overdue term, never precedes it.
        Lateness::InTime => Err(OrderRefusal::NotYetDue { due: file.terms.due_at }),
        Lateness::Overdue if now < file.terms.escalate_at => {
            Err(OrderRefusal::NotYetDue { due: file.terms.escalate_at })
        }
        Lateness::Overdue => Ok(OrderChange::Escalated { at: now }),
    }
}

/// A counter-order that came too early lifted nothing, whatever its platform says of it: somebody has to see to it.
fn raise_unlifted(file: &OrderFile, began_at: Timestamp, now: Timestamp) -> Result<OrderChange, OrderRefusal> {
    match file.lateness {
        _ if !file.was_too_early_for(began_at) => Err(OrderRefusal::NothingInForce),
        Lateness::Escalated => Err(OrderRefusal::AlreadyLate),
        Lateness::InTime | Lateness::Overdue => Ok(OrderChange::Escalated { at: now }),
    }
}

fn end_measure(file: &OrderFile, now: Timestamp) -> Result<OrderChange, OrderRefusal> {
    let until = match &file.standing {
        Standing::Receipted(receipt) => receipt.effect.and_then(|effect| effect.until),
        _ => None,
    };
    match until {
        None => Err(OrderRefusal::NothingInForce),
        Some(due) if now < due => Err(OrderRefusal::NotYetDue { due }),
        Some(until) => Ok(OrderChange::MeasureEnded { at: until }),
    }
}

/// Takes the order back while the platform does not have it, or has it and could only do what nothing undoes; asks for a
/// counter-order while it has an effect; and where nothing can be undone any more, says that it is void, so that it is not held
/// against the account.
fn undo(
    file: &OrderFile,
    reversal: Option<DecisionId>,
    served: Option<Box<Measure>>,
    reasons: String,
    by: casebook_kernel::OfficerId,
) -> Result<OrderChange, OrderRefusal> {
    counters_nothing(file)?;
    let reversible = !file.terms.measure.irreversible;
    let counter = counter_order_id(file.terms.order_id);
    match &file.standing {
        Standing::Issued => Ok(OrderChange::Cancelled { platform: platform(file), reasons, by, reversal }),
        // No counter-order would give back what nothing undoes: the platform is told not to take it.
        Standing::Delivered { .. } if !reversible => {
            Ok(OrderChange::Cancelled { platform: platform(file), reasons, by, reversal })
        }
        // The platform has it and may be carrying it out at this moment.
        Standing::Delivered { .. } => Ok(OrderChange::Countered { counter, reversal, served, reasons }),
        // Executed, and void already or not: it is lifted.
        Standing::Receipted(receipt) if receipt.effect.is_some() && reversible => {
            Ok(OrderChange::Countered { counter, reversal, served, reasons })
        }
        // What an appeal left of it as served, a later one takes as well.
        Standing::Countered { .. } if !matches!(file.validity, Validity::Served(_)) => {
            Err(OrderRefusal::AlreadyCountered)
        }
        // Nothing gives back what it took (the reversal names a remedy instead), or it took nothing: void it is, whatever its
        // platform may still do.
        Standing::Receipted(_)
        | Standing::Ended { .. }
        | Standing::Cancelled { .. }
        | Standing::Undeliverable { .. }
        | Standing::Countered { .. } => match (&file.validity, &served) {
            (Validity::Voided, _) => Err(OrderRefusal::NothingInForce),
            (Validity::Served(known), Some(served)) if known == served => Err(OrderRefusal::NothingInForce),
            (Validity::Standing | Validity::Served(_), _) => Ok(OrderChange::Voided { reversal, served }),
        },
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
