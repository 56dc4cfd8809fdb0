//! A platform's answer to an order that closes an account closes the declared account, and its answer to the
//! counter-order opens it again (R92).

use std::sync::Arc;

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::reaction::{Reaction, Undone};
use casebook_execution::{Aggregate as _, AsOf, Store};
use casebook_kernel::ids::OrderId;

use super::Reacting;
use crate::domain::account::AccountCommand;
use crate::domain::measure::{MeasureOrder, OrderReader};

const ANSWERED: &str = "casebook.enforcement.v1.ReceiptRecorded";

pub struct CloseAccount {
    pub reacting: Reacting,
    pub orders: Arc<Store<OrderReader>>,
}

#[async_trait]
impl Reaction for CloseAccount {
    fn name(&self) -> &'static str {
        "accounts.close_account"
    }

    fn filter(&self) -> Filter {
        Filter::categories([OrderReader::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        if &*event.event_type != ANSWERED {
            return Ok(());
        }
        let Some(id) = event.stream.id() else { return Ok(()) };
        let Some(answered) = self.order(id.into()).await? else { return Ok(()) };
        match answered.counters {
            Some(countered) => match self.order(countered).await? {
                Some(closing) => self.settle(event, &closing, Some(&answered)).await,
                None => Ok(()),
            },
            // Streams are read side by side: the counter-order may have been answered before this event is met.
            None => {
                let counter = match answered.countered_by {
                    Some(counter) => self.order(counter).await?,
                    None => None,
                };
                self.settle(event, &answered, counter.as_ref()).await
            }
        }
    }
}

impl CloseAccount {
    async fn order(&self, id: OrderId) -> Result<Option<MeasureOrder>, Undone> {
        Ok(self.orders.load(id.uuid()).await?.state.order().cloned())
    }

    /// Brings the account to where `closing` and its counter-order leave it.
    ///
    /// An order that is undone closes nothing: met a second time, an event would close again what was opened since.
    async fn settle(
        &self,
        event: &RecordedEvent,
        closing: &MeasureOrder,
        counter: Option<&MeasureOrder>,
    ) -> Result<(), Undone> {
        if !closing.closes_account() {
            return Ok(());
        }
        let (order_id, account_id) = (closing.order_id, closing.account_id);
        let undone_by = counter.filter(|counter| counter.has_lifted(closing));
        if let (Some(executed_at), None) = (closing.effective_from(), undone_by) {
            // Whoever declares an account after the platform has answered declares what it is now. Asked as of the answer, this
            // comes to the same whenever the event is met.
            let as_of = AsOf::Position(event.position);
            let declared = self.reacting.accounts.load_as_of(account_id.uuid(), as_of).await?;
            if declared.state.account().is_none() {
                return Ok(());
            }
            let (case_id, reasons) = (closing.case_id, closing.reasons.clone());
            let command = AccountCommand::CloseByOrder { order_id, case_id, reasons, executed_at };
            return self.reacting.command(event, "close account", account_id, command).await;
        }
        let undone_at = undone_by.and_then(|counter| counter.receipt.as_ref()).and_then(|receipt| receipt.executed_at);
        let command = AccountCommand::UndoClosure {
            order_id,
            counter_order_id: undone_by.map(|counter| counter.order_id),
            undone_at: undone_at.unwrap_or_else(|| self.reacting.reactor.now()),
        };
        self.reacting.command(event, "undo closure", account_id, command).await
    }
}
