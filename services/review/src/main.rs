//! The review service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    casebook_bootstrap::run_service(env!("CARGO_PKG_NAME"), casebook_review::start)
}
