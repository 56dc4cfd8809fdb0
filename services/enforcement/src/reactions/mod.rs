//! What enforcement does because of what happened elsewhere, in its own streams, or because time passed.

mod deadlines;
mod follow_orders;
mod issue_orders;
mod open_leads;

pub use deadlines::Deadlines;
pub use follow_orders::FollowOrders;
pub use issue_orders::IssueOrders;
pub use open_leads::OpenLeads;

use std::sync::Arc;

use casebook_eventlog::RecordedEvent;
use casebook_execution::reaction::NotNow;
use casebook_execution::{Aggregate, Clock, Context, ExecuteError, Metadata, Store};
use casebook_kernel::Actor;
use casebook_kernel::ids::{CaseId, OrderId};
use uuid::Uuid;

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
    pub system: Actor,
    pub policy_version: Arc<str>,
    pub clock: Arc<dyn Clock>,
}

impl Reacting {
    /// The context of a command that follows from `event`: `what` tells it from others that do.
    fn context(&self, event: &RecordedEvent, what: &str) -> Result<Context, NotNow> {
        let metadata = Metadata::parse(&event.metadata).map_err(NotNow)?;
        let now = self.clock.now();
        Ok(Context::following(event.id, metadata.correlation, what, &self.system, &self.policy_version, now))
    }

    /// Gives an order a command. A refusal is an answer, and is given back.
    async fn order(
        &self,
        context: &Context,
        order: OrderId,
        command: OrderCommand,
    ) -> Result<Option<OrderRefusal>, NotNow> {
        execute(&self.orders, order.uuid(), context, command).await
    }

    /// Tells a case how one of its orders ended. What the case knows already is no news.
    async fn settle(
        &self,
        context: &Context,
        case: CaseId,
        report: OrderReport,
    ) -> Result<Option<CaseRefusal>, NotNow> {
        execute(&self.cases, case.uuid(), context, CaseCommand::SettleOrder(report)).await
    }
}

/// Carries a command out. It is tried again if it cannot be done now; a refusal is an answer.
async fn execute<A: Aggregate>(
    store: &Store<A>,
    id: Uuid,
    context: &Context,
    command: A::Command,
) -> Result<Option<A::Refusal>, NotNow> {
    match store.execute(id, context, command).await {
        Ok(_) => Ok(None),
        Err(ExecuteError::Refused(refusal)) => {
            tracing::debug!(category = A::CATEGORY, %id, %refusal, "a reaction changes nothing");
            Ok(Some(refusal))
        }
        Err(error) => Err(NotNow(error.to_string())),
    }
}

/// Anything that went wrong on the way to an answer.
fn not_now(error: impl std::fmt::Display) -> NotNow {
    NotNow(error.to_string())
}
