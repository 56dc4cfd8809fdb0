//! What is done with the project besides building it: `cargo xtask test` checks all of it, on a machine where nothing but
//! Rust is installed.

mod crash;
mod faults;
mod process;
mod protos;
mod suite;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Checks Casebook and makes what is generated")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Format, lints, protos, tests and documentation; installs the tools it needs under target/tools
    Test(suite::Options),
    /// Kills the release binary at random moments under load and counts what is lost: nothing may be
    Crash(crash::Options),
    /// Lets each system call of the event log's writer fail in turn and counts what is lost: nothing may be
    Faults(faults::Options),
    /// Holds a log behind a connection string to the contract of `libs/eventlog`; it may hold other events
    Contract(suite::Contract),
    /// Takes the protos as they are as released: from now on `buf breaking` holds them to it
    ReleaseProtos,
    /// Writes docs/api.md and docs/access-matrix.md anew, from the protos
    Docs,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Test(options) => suite::check_all(&options),
        Task::Crash(options) => crash::check(&options),
        Task::Faults(options) => faults::check(&options),
        Task::Contract(options) => suite::contract(&options),
        Task::ReleaseProtos => protos::release(),
        Task::Docs => suite::write_documents(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
