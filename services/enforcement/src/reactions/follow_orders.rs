//! What becomes of an order is told to its case; what must be lifted becomes a counter-order.

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::Aggregate as _;
use casebook_execution::reaction::{Reaction, Undone};
use casebook_kernel::ids::{CaseId, OrderId};
use casebook_policy::{DeadlineName, MeasureParameters};

use super::Reacting;
use crate::domain::case::{CaseRefusal, OrderEnd, OrderEndOutcome, OrderReport, Reversal};
use crate::domain::ids::{DecisionId, counter_order_id};
use crate::domain::measure::Measure;
use crate::domain::order::{
    Cause, Order, OrderChange, OrderCommand, OrderFile, OrderRefusal, OrderTerms, Outcome, Receipt, Standing, Validity,
};

#[derive(Debug)]
pub struct FollowOrders(pub Reacting);

#[async_trait]
impl Reaction for FollowOrders {
    fn name(&self) -> &'static str {
        "enforcement.follow_orders"
    }

    fn filter(&self) -> Filter {
        Filter::categories([Order::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        let happened = Order::decode(&event.event_type, &event.data)?;
        let order_id = happened.order_id;
        match happened.change {
            OrderChange::Issued(_)
            | OrderChange::Delivered { .. }
            | OrderChange::Overdue { .. }
            | OrderChange::Escalated { .. } => Ok(()),
            OrderChange::MeasureEnded { .. } => match self.file(order_id).await?.standing.receipt() {
                Some(receipt) => self.settle(event, order_id, order_id, answered(receipt, true)).await,
                None => Ok(()),
            },
            OrderChange::ReceiptRecorded(receipt) => self.receipted(event, order_id, &receipt).await,
            OrderChange::Cancelled { .. } => {
                self.settle(event, order_id, order_id, OrderEnd::without_effect(OrderEndOutcome::Cancelled)).await
            }
            OrderChange::Undeliverable { .. } => {
                self.settle(event, order_id, order_id, OrderEnd::without_effect(OrderEndOutcome::Undeliverable)).await
            }
            OrderChange::Countered { counter, reversal, reasons, .. } => {
                self.countered(event, order_id, counter, reversal, reasons).await
            }
            // Whether a counter-order was waited for, the case knows.
            OrderChange::Voided { .. } => {
                self.settle(
                    event,
                    order_id,
                    counter_order_id(order_id),
                    OrderEnd::without_effect(OrderEndOutcome::NotNeeded),
                )
                .await
            }
        }
    }
}

/// An end that the platform's answer makes.
fn answered(receipt: &Receipt, over: bool) -> OrderEnd {
    OrderEnd {
        outcome: match receipt.answer.outcome {
            Outcome::Executed => OrderEndOutcome::Executed,
            Outcome::Partly => OrderEndOutcome::Partly,
            Outcome::Refused => OrderEndOutcome::Refused,
        },
        cause: receipt.answer.cause,
        effective_from: receipt.effect.map(|effect| effect.from),
        late: receipt.late,
        over,
    }
}

impl FollowOrders {
    async fn file(&self, order: OrderId) -> Result<OrderFile, Undone> {
        let loaded = self.0.orders.load(order.uuid()).await?;
        loaded.state.file().cloned().ok_or_else(|| Undone::NotNow(format!("the order {order} is not there yet")))
    }

    /// Tells the case of `of` how `order` ended.
    async fn settle(&self, event: &RecordedEvent, of: OrderId, order: OrderId, end: OrderEnd) -> Result<(), Undone> {
        let case_id = self.file(of).await?.terms.case_id;
        let context = self.0.context(event, &format!("settle {order}"))?;
        // Only the order's own stream says which report is the newer.
        let revision = (of == order).then_some(event.revision);
        let report = OrderReport { order_id: order, end, revision };
        match self.0.settle(&context, case_id, report).await? {
            // A case knows an order from its decision on, and a counter-order from the reversal on or from the receipt
            // that made it necessary. Only a void order had no counter-order to wait for.
            Some(CaseRefusal::NoSuchOrder { order }) if of == order => {
                Err(Undone::never(format!("the case {case_id} does not know its order {order}")))
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn receipted(&self, event: &RecordedEvent, order: OrderId, receipt: &Receipt) -> Result<(), Undone> {
        let file = self.file(order).await?;
        if let Some(original) = file.terms.counters {
            return self.lifted(event, order, original, order).await;
        }
        let over = matches!(file.standing, Standing::Ended { .. });
        self.settle(event, order, order, answered(receipt, over)).await?;
        let void = receipt.after_cancellation || file.validity == Validity::Voided;
        if void && receipt.effect.is_some() {
            let context = self.0.context(event, "lift what was taken back")?;
            let reversal = self.reversal_of(file.terms.case_id, order).await?;
            let command = OrderCommand::Undo {
                reversal,
                served: None,
                reasons: "已撤回或已失效的指令仍被执行，现予恢复".to_owned(),
                by: self.0.reactor.system.officer.clone(),
            };
            // Over by itself: no counter-order is waited for.
            if self.0.order(&context, order, command).await? == Some(OrderRefusal::NothingInForce) {
                self.settle(
                    event,
                    order,
                    counter_order_id(order),
                    OrderEnd::without_effect(OrderEndOutcome::NotNeeded),
                )
                .await?;
            }
        }
        match file.standing {
            // It may have come into force behind what was to lift it.
            Standing::Countered { counter, .. } => self.lifted(event, order, order, counter).await,
            _ => Ok(()),
        }
    }

    /// Tells the case what came of a counter-order. Carried out before its original was, it lifted nothing: the case has it as
    /// done in part until the platform lifts the measure and corrects itself, and the order is raised.
    ///
    /// `of` is the one of the two that was answered: which of the answers comes last tells nothing.
    async fn lifted(
        &self,
        event: &RecordedEvent,
        of: OrderId,
        original: OrderId,
        counter: OrderId,
    ) -> Result<(), Undone> {
        let loaded = self.0.orders.load(counter.uuid()).await?;
        let Some(lifts) = loaded.state.file() else { return Ok(()) };
        let Some(receipt) = lifts.standing.receipt() else { return Ok(()) };
        let lifted = self.file(original).await?;
        let end = answered(receipt, false);
        let Some(began_at) = lifted.began_at().filter(|began_at| lifts.was_too_early_for(*began_at)) else {
            return self.settle(event, of, counter, end).await;
        };
        let in_part = OrderEnd { outcome: OrderEndOutcome::Partly, cause: Some(Cause::Other), ..end };
        self.settle(event, of, counter, in_part).await?;
        let context = self.0.context(event, "raise what is not lifted")?;
        let until = lifted.standing.receipt().and_then(|receipt| receipt.effect?.until);
        if until.is_none_or(|until| context.now < until) {
            let command = OrderCommand::RaiseUnlifted { began_at, now: context.now };
            self.0.order(&context, counter, command).await?;
        }
        Ok(())
    }

    /// The reversal that voids an order; none: an officer took it back.
    async fn reversal_of(&self, case: CaseId, order: OrderId) -> Result<Option<DecisionId>, Undone> {
        let loaded = self.0.cases.load(case.uuid()).await?;
        let reversals = loaded.state.file().and_then(|file| file.ruling()).map(|ruling| ruling.reversals.as_slice());
        let voids = |reversal: &&Reversal| {
            reversal.voided.contains(&order) || reversal.undoings.iter().any(|undoing| undoing.order_id == order)
        };
        Ok(reversals.unwrap_or_default().iter().rev().find(voids).map(|reversal| reversal.reversal_id))
    }

    /// Issues the counter-order. An order that was not answered is not waited for any more.
    ///
    /// It follows from the reversal and says why in the reversal's words; and it names the measure that restores: a platform
    /// that overlooks what it counters is not told to mute once more.
    async fn countered(
        &self,
        event: &RecordedEvent,
        order: OrderId,
        counter: OrderId,
        reversal: Option<DecisionId>,
        reasons: String,
    ) -> Result<(), Undone> {
        let file = self.file(order).await?;
        let context = self.0.context(event, "counter")?;
        let due_at = self.0.terms.end(DeadlineName::OrderReceipt, context.now).map_err(Undone::never)?;
        let escalate_at = self.0.terms.end(DeadlineName::OrderReceipt, due_at).map_err(Undone::never)?;
        let lifted = &file.terms;
        let terms = OrderTerms {
            order_id: counter,
            decision_id: reversal.unwrap_or(lifted.decision_id),
            measure: Measure {
                account: lifted.measure.account.clone(),
                id: self.0.terms.counter_measure(&lifted.measure.id).unwrap_or_else(|| lifted.measure.id.clone()),
                parameters: MeasureParameters::default(),
                rung: None,
                irreversible: false,
            },
            reasons: if reasons.is_empty() { lifted.reasons.clone() } else { reasons },
            issued_at: context.now,
            due_at,
            escalate_at,
            counters: Some(order),
            ..lifted.clone()
        };
        self.0.order(&context, counter, OrderCommand::Issue(Box::new(terms))).await?;
        if file.standing.receipt().is_none() {
            self.settle(event, order, order, OrderEnd::without_effect(OrderEndOutcome::Countered)).await?;
        }
        Ok(())
    }
}
