//! Domain events and their stored form, and the knowledge that other services' events give.

pub mod item;
mod knowledge;
pub mod report;
pub(crate) mod values;

pub(crate) use casebook_execution::codec::{Reading, Unreadable, read, stored};
