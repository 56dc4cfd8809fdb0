//! What enforcement does because of what happened elsewhere, in its own streams, or because time passed.

mod deadlines;
mod follow_orders;
mod issue_orders;
mod open_fraud_leads;
mod open_leads;

pub use deadlines::Deadlines;
pub use follow_orders::FollowOrders;
pub use issue_orders::IssueOrders;
pub use open_fraud_leads::{OpenFraudLeads, POSING};
pub use open_leads::OpenLeads;

use std::sync::Arc;

use casebook_eventlog::RecordedEvent;
use casebook_execution::reaction::{Reactor, Undone, carry_out};
use casebook_execution::{Context, Store};
use casebook_kernel::ids::{CaseId, OrderId};

use crate::domain::case::{Case, CaseCommand, CaseRefusal, OrderReport};
use crate::domain::lead::Lead;
use crate::domain::order::{Order, OrderCommand, OrderRefusal};
use crate::terms::Terms;

/// What reactions work with.
#[derive(Debug, Clone)]
pub struct Reacting {
    pub leads: Arc<Store<Lead>>,
    pub cases: Arc<Store<Case>>,
    pub orders: Arc<Store<Order>>,
    pub terms: Terms,
    pub reactor: Reactor,
}

impl Reacting {
    /// The context of a command that follows from `event`: `what` tells it from others that do.
    fn context(&self, event: &RecordedEvent, what: &str) -> Result<Context, Undone> {
        self.reactor.context(event, what)
    }

    /// Gives an order a command. A refusal is an answer, and is given back.
    async fn order(
        &self,
        context: &Context,
        order: OrderId,
        command: OrderCommand,
    ) -> Result<Option<OrderRefusal>, Undone> {
        Ok(carry_out(&self.orders, order.uuid(), context, command).await?.err())
    }

    /// Tells a case how one of its orders ended. What the case knows already is no news.
    async fn settle(
        &self,
        context: &Context,
        case: CaseId,
        report: OrderReport,
    ) -> Result<Option<CaseRefusal>, Undone> {
        Ok(carry_out(&self.cases, case.uuid(), context, CaseCommand::SettleOrder(report)).await?.err())
    }
}
