//! Rows for lists, and what review knows of accounts.

mod item;
mod knowledge;
mod migrations;
mod report;
mod sight;

use std::sync::Arc;

use casebook_eventlog::{EventLog, Position};
use casebook_readmodel::{PageError, Projection, VerifyView, ViewProjection, verify_reactions, verify_view};
use prost::Message;
use sea_orm::DbErr;

pub(crate) use item::{ItemFilter, ItemOrder, list_items};
pub(crate) use knowledge::{Knowledge, KnowledgeError};
pub use migrations::Migrations;
pub(crate) use report::{REPORTS_A_PAGE, ReportFilter, ReportOrder, ReportsOf, list_reports, report_ids};

/// The projections that keep the rows.
pub(crate) fn projections(log: &Arc<dyn EventLog>) -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(ViewProjection::<report::ReportView>::new(log.clone())),
        Box::new(ViewProjection::<item::ItemView>::new(log.clone())),
        Box::new(ViewProjection::<knowledge::AccountView>::new(log.clone())),
        Box::new(ViewProjection::<knowledge::CredentialView>::new(log.clone())),
    ]
}

/// The tables, to be held against the log.
pub(crate) fn views() -> Vec<Box<dyn VerifyView>> {
    vec![
        verify_view::<report::ReportView>(),
        verify_view::<item::ItemView>(),
        verify_view::<knowledge::AccountView>(),
        verify_view::<knowledge::CredentialView>(),
        verify_reactions(),
    ]
}

/// A position as a column holds it.
fn column_of(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

/// The resource that a row's body holds.
fn body<M: Message + Default>(bytes: &[u8]) -> Result<M, PageError> {
    M::decode(bytes).map_err(|error| DbErr::Custom(format!("a row's body: {error}")).into())
}
