//! The pure core that every room of Casebook shares: what a decider is, what an id is, who acts,
//! which region an agency answers for, and how the law counts days.
//!
//! Nothing here reads a clock, a file or a socket: time and looked-up facts arrive as arguments.

pub mod actor;
pub mod calendar;
pub mod certificate;
pub mod decider;
pub mod ids;
pub mod region;
pub mod uscc;

pub use actor::{Actor, AgencyId, AgencyKind, OfficerId};
pub use decider::Decider;

/// A moment in UTC. Days are counted in Asia/Shanghai (see [`calendar`]), moments are stored in UTC.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
