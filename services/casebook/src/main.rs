//! `casebook`: serve, demonstrate, import, replay, verify, measure.

use std::process::ExitCode;

use clap::Parser;

mod cli;

/// A seventh of the time of a command went to the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    casebook_bootstrap::start_telemetry(arguments.log_level());
    casebook_bootstrap::run_to_end("casebook", cli::run(arguments))
}
