//! The audit over a real log in a folder.

mod cases;
mod chain;
mod program;
mod reads;
mod rebuild;
mod support;
mod tamper;
