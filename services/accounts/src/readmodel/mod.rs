//! Rows for lists: institutions, accounts, and what orders came to.

mod account;
mod institution;
mod migrations;
mod order;

use std::sync::Arc;

use casebook_eventlog::EventLog;
use casebook_kernel::region::Region;
use casebook_readmodel::{PageError, Projection, VerifyView, ViewProjection, verify_reactions, verify_view};
use prost::Message;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, DbErr};

pub use account::{AccountFilter, AccountOrder, AccountView, list_accounts};
pub use institution::{InstitutionFilter, InstitutionOrder, InstitutionView, list_institutions};
pub use migrations::Migrations;
pub use order::{ORDERS_OF_ACCOUNT_MAX, OrderView, orders_on};

/// The projections that keep the rows.
pub fn projections(log: &Arc<dyn EventLog>) -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(ViewProjection::<InstitutionView>::new(log.clone())),
        Box::new(ViewProjection::<AccountView>::new(log.clone())),
        Box::new(ViewProjection::<OrderView>::new(log.clone())),
    ]
}

/// The tables, to be held against the log.
pub fn views() -> Vec<Box<dyn VerifyView>> {
    vec![verify_view::<InstitutionView>(), verify_view::<AccountView>(), verify_reactions(), verify_view::<OrderView>()]
}

/// A position as a column holds it.
fn column_of(position: casebook_eventlog::Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

/// The resource that a row's body holds.
fn body<M: Message + Default>(bytes: &[u8]) -> Result<M, PageError> {
    M::decode(bytes).map_err(|error| DbErr::Custom(format!("a row's body: {error}")).into())
}

/// Rows whose region is `region` or lies in it; none where that is no restriction.
fn within<C: ColumnTrait>(column: C, region: Region) -> Option<SimpleExpr> {
    if region == Region::NATIONAL {
        return None;
    }
    let (first, last) = region.codes();
    Some(column.between(first, last))
}
