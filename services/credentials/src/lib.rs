//! Verification of claimed medical qualifications, and what the public may see of it.

pub mod codec;
pub mod domain;
