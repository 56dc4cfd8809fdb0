//! What tests share: given/when/then over deciders, and a throw-away PostgreSQL.

pub mod scenario;

pub use scenario::{Given, given};
