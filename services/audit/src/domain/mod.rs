//! The pure part: which bytes are hashed, how hashes are chained, what a difference means, whom a case concerns.

pub mod chain;
pub mod difference;
pub mod parties;
