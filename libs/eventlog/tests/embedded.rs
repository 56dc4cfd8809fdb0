//! The embedded engine keeps the contract, and what only an engine with files of its own can promise.

#[path = "embedded/access.rs"]
mod access;
#[path = "embedded/backup.rs"]
mod backup;
#[path = "embedded/check.rs"]
mod check;
#[path = "embedded/contract.rs"]
mod contract;
#[path = "embedded/damage.rs"]
mod damage;
#[path = "embedded/faults.rs"]
mod faults;
#[path = "embedded/given.rs"]
mod given;
#[path = "embedded/model.rs"]
mod model;
#[path = "embedded/pages.rs"]
mod pages;
#[path = "embedded/restart.rs"]
mod restart;
