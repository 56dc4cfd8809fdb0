//! What is due: an order unanswered, twice; a measure over; an offer to another agency lapsed; an
//! appeal not decided.

use async_trait::async_trait;
use casebook_execution::Aggregate as _;
use casebook_execution::reaction::{Undone, carry_out};
use casebook_execution::timer::{DueTimer, OnDue};
use casebook_kernel::Timestamp;

use super::Reacting;
use crate::domain::case::{APPEAL_DECISION, Case, CaseCommand, TRANSFER_LAPSE};
use crate::domain::order::{Order, OrderCommand, OrderTimer};

#[derive(Debug)]
pub struct Deadlines(pub Reacting);

#[async_trait]
impl OnDue for Deadlines {
    /// The decider has the last word: a timer that fires early or too late changes nothing.
    async fn fire(&self, timer: &DueTimer, now: Timestamp) -> Result<(), Undone> {
        let Some(id) = timer.stream.id() else { return Ok(()) };
        let context = self.0.reactor.context_of(timer, now);
        match timer.stream.category() {
            Order::CATEGORY => {
                let Some(kind) = OrderTimer::ALL.into_iter().find(|kind| kind.kind() == timer.kind) else {
                    return unknown(timer);
                };
                let command = match kind {
                    OrderTimer::Overdue => OrderCommand::MarkOverdue { now },
                    OrderTimer::Escalation => OrderCommand::Escalate { now },
                    OrderTimer::MeasureEnd => OrderCommand::EndMeasure { now },
                };
                carry_out(&self.0.orders, id, &context, command).await.map(|_| ())
            }
            Case::CATEGORY => {
                let command = match &*timer.kind {
                    TRANSFER_LAPSE => CaseCommand::LapseTransfer { now },
                    APPEAL_DECISION => CaseCommand::MarkAppealsOverdue { now },
                    _ => return unknown(timer),
                };
                carry_out(&self.0.cases, id, &context, command).await.map(|_| ())
            }
            _ => unknown(timer),
        }
    }
}

/// Of a later version: the row goes when its stream goes on.
fn unknown(timer: &DueTimer) -> Result<(), Undone> {
    tracing::error!(stream = %timer.stream, kind = timer.kind, "a deadline that this version does not know");
    Ok(())
}
