//! The one binary most people run: everything in one process, and what one does with it from a shell.
//!
//! The library half exists so that tests start the same system that the binary starts.

pub mod bench;
pub mod client;
pub mod demo;
pub mod history;
pub mod import;
pub mod log_server;
pub mod matter;
pub mod system;
pub mod timeline;
pub mod verification;
