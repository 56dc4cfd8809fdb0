//! Enforcement.

pub mod codec;
pub mod domain;
