//! The pure part: which bytes are hashed, how hashes are chained, and what a difference means.

pub mod chain;
pub mod difference;
