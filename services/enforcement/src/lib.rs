//! Enforcement.

pub mod domain;
