//! The audit over a real log in a folder.

mod cases;
mod chain;
mod reads;
mod rebuild;
mod support;
mod tamper;
