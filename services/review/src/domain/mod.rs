//! What content review decides. Pure: time, ids, looked-up facts and the policy arrive in the command.

pub mod capture;
pub mod finding;
pub mod item;
pub mod report;
pub mod screening;
pub mod standing;
pub mod visibility;

pub use capture::{Capture, Content, Snapshot, TextHash};
pub use finding::{Finding, FindingId, FindingStage, OfficerReference};

#[cfg(test)]
mod fixtures;
