//! What becomes of an order is told to its case; what must be lifted becomes a counter-order.

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::Aggregate as _;
use casebook_execution::reaction::{Reaction, Undone};
use casebook_kernel::ids::OrderId;
use casebook_policy::DeadlineName;

use super::Reacting;
use crate::domain::case::{CaseRefusal, OrderEnd, OrderEndOutcome, OrderReport};
use crate::domain::ids::counter_order_id;
use crate::domain::order::{
    Order, OrderChange, OrderCommand, OrderFile, OrderRefusal, OrderTerms, Outcome, Receipt, Validity,
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
            | OrderChange::Escalated { .. }
            | OrderChange::MeasureEnded { .. } => Ok(()),
            OrderChange::ReceiptRecorded(receipt) => self.receipted(event, order_id, &receipt).await,
            OrderChange::Cancelled { .. } => {
                self.settle(event, order_id, order_id, ended(OrderEndOutcome::Cancelled)).await
            }
            OrderChange::Undeliverable { .. } => {
                self.settle(event, order_id, order_id, ended(OrderEndOutcome::Undeliverable)).await
            }
            OrderChange::Countered { counter, .. } => self.countered(event, order_id, counter).await,
            // Whether a counter-order was waited for, the case knows.
            OrderChange::Voided { .. } => {
                self.settle(event, order_id, counter_order_id(order_id), ended(OrderEndOutcome::NotNeeded)).await
            }
        }
    }
}

fn ended(outcome: OrderEndOutcome) -> OrderEnd {
    OrderEnd { outcome, cause: None, effective_from: None, late: false }
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
                tracing::error!(%order, case = %case_id, "a case does not know its order");
                Ok(())
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn receipted(&self, event: &RecordedEvent, order: OrderId, receipt: &Receipt) -> Result<(), Undone> {
        let end = OrderEnd {
            outcome: match receipt.answer.outcome {
                Outcome::Executed => OrderEndOutcome::Executed,
                Outcome::Partly => OrderEndOutcome::Partly,
                Outcome::Refused => OrderEndOutcome::Refused,
            },
            cause: receipt.answer.cause,
            effective_from: receipt.effect.map(|effect| effect.from),
            late: receipt.late,
        };
        self.settle(event, order, order, end).await?;
        let void = receipt.after_cancellation || self.file(order).await?.validity == Validity::Voided;
        if void && receipt.effect.is_some() {
            let context = self.0.context(event, "lift what was taken back")?;
            let command = OrderCommand::Undo {
                reversal: None,
                reasons: "executed after it had been taken back or was void".to_owned(),
                by: self.0.reactor.system.officer.clone(),
            };
            // Over by itself: no counter-order is waited for.
            if self.0.order(&context, order, command).await? == Some(OrderRefusal::NothingInForce) {
                self.settle(event, order, counter_order_id(order), ended(OrderEndOutcome::NotNeeded)).await?;
            }
        }
        Ok(())
    }

    /// Issues the counter-order. An order that was not answered is not waited for any more.
    async fn countered(&self, event: &RecordedEvent, order: OrderId, counter: OrderId) -> Result<(), Undone> {
        let file = self.file(order).await?;
        let context = self.0.context(event, "counter")?;
        let due_at = self.0.terms.end(DeadlineName::OrderReceipt, context.now).map_err(Undone::never)?;
        let escalate_at = self.0.terms.end(DeadlineName::OrderReceipt, due_at).map_err(Undone::never)?;
        let terms = OrderTerms {
            order_id: counter,
            issued_at: context.now,
            due_at,
            escalate_at,
            counters: Some(order),
            ..file.terms.clone()
        };
        self.0.order(&context, counter, OrderCommand::Issue(Box::new(terms))).await?;
        if file.standing.receipt().is_none() {
            self.settle(event, order, order, ended(OrderEndOutcome::Countered)).await?;
        }
        Ok(())
    }
}
