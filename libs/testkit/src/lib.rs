//! What tests share: given/when/then over deciders, and a throw-away PostgreSQL.

pub mod postgres;
pub mod scenario;

pub use postgres::{Postgres, PostgresError};
pub use scenario::{Given, given};
