//! The event log: one port, engines behind it, one contract suite for all of them.
//!
//! The log is the truth. A stream is an ordered history of one thing; `$all` is the history of everything,
//! in commit order. Everything else in Casebook (rows, caches, deadlines, statistics) can be thrown away
//! and made again from here.
//!
//! * [`embedded`]: SQLite in WAL mode with `synchronous=FULL` and one writer with group commit.
//! * `kurrent` (with the feature of that name): a KurrentDB cluster, or eventlog-server, behind a connection string.

pub mod contract;
pub mod embedded;
#[cfg(feature = "kurrent")]
pub mod kurrent;
mod limits;
mod port;

pub use port::*;
