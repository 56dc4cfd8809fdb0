//! The embedded engine keeps the contract, and what only an engine with files of its own can promise.

#[path = "embedded/contract.rs"]
mod contract;
