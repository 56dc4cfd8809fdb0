//! Rows for lists, and the measures that came into force on an account.

mod case;
mod lead;
mod migrations;
mod order;
mod sight;

use std::sync::Arc;

use casebook_eventlog::{EventLog, Position};
use casebook_readmodel::{PageError, Projection, VerifyView, ViewProjection, verify_reactions, verify_view};
use prost::Message;
use sea_orm::DbErr;

pub use case::{CaseFilter, CaseView, list_cases};
pub use lead::{LeadFilter, LeadView, list_leads};
pub use migrations::Migrations;
pub use order::{HISTORY_MAX, OrderFilter, OrderView, ladder_history, list_orders, shown_history};

/// How a list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sorting {
    pub by: SortKey,
    pub descending: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SortKey {
    #[default]
    Created,
    Updated,
}

/// The projections that keep the rows.
pub fn projections(log: &Arc<dyn EventLog>) -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(ViewProjection::<LeadView>::new(log.clone())),
        Box::new(ViewProjection::<CaseView>::new(log.clone())),
        Box::new(ViewProjection::<OrderView>::new(log.clone())),
    ]
}

/// The tables, to be held against the log.
pub fn views() -> Vec<Box<dyn VerifyView>> {
    vec![verify_view::<LeadView>(), verify_view::<CaseView>(), verify_reactions(), verify_view::<OrderView>()]
}

/// A position as a column holds it.
fn column_of(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

/// The resource that a row's body holds.
fn body<M: Message + Default>(bytes: &[u8]) -> Result<M, PageError> {
    M::decode(bytes).map_err(|error| DbErr::Custom(format!("a row's body: {error}")).into())
}
