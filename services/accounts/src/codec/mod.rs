//! Domain events and their stored form.

mod account;
mod institution;
mod order;
pub(crate) mod values;

pub(crate) use casebook_execution::codec::{Reading, Unreadable, parse, read, stored};

/// The package of this service's messages, as event types begin.
pub(crate) const PACKAGE: &str = "casebook.accounts.v1.";
