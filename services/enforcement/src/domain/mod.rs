//! What enforcement decides, as pure functions over three kinds of stream: leads, cases, orders.
//!
//! No clock, no randomness, no I/O: the time, looked-up facts and what the policy pack says arrive inside the
//! commands; ids of what a case brings about derive from the case, so that replaying it finds the same.

pub mod case;
pub mod ids;
pub mod lead;
pub mod measure;
pub mod order;
pub mod visibility;

#[cfg(test)]
pub(crate) mod samples;
