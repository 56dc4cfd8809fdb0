//! The rules of the registry, as pure functions: no clock, no log, no rows.

pub mod account;
pub mod authority;
pub mod census;
pub mod form;
pub mod institution;
pub mod measure;
pub mod visibility;
