//! What tests share: given/when/then over deciders, a log that fails when told to, a throw-away PostgreSQL, and a
//! program that is started and stopped.

pub mod faulty_log;
pub mod postgres;
pub mod program;
pub mod scenario;

pub use faulty_log::{Fault, FaultyLog};
pub use postgres::{Postgres, PostgresError};
pub use scenario::{Given, given};
