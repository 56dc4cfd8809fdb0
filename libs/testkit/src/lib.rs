//! What tests share: given/when/then over deciders, a log that fails when told to, and a throw-away PostgreSQL.

pub mod faulty_log;
pub mod postgres;
pub mod scenario;

pub use faulty_log::{Fault, FaultyLog};
pub use postgres::{Postgres, PostgresError};
pub use scenario::{Given, given};
