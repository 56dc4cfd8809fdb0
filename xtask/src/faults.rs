//! `cargo xtask faults`: the event log's writer, while its system calls fail, its writes are cut short and the power
//! goes.

use crate::process::{Failure, cargo, run};
use crate::tools;

#[derive(clap::Args)]
pub struct Options {
    /// Only samples, as `cargo test` takes them
    #[arg(long)]
    quick: bool,
    /// The last line is one JSON object
    #[arg(long)]
    json: bool,
}

pub fn check(options: &Options) -> Result<(), Failure> {
    tools::strace()?;
    let mut harness = cargo();
    harness.args(["test", "--quiet", "--package", "casebook-eventlog", "--test", "faults", "--"]);
    harness.arg(if options.quick { "samples" } else { "every-call" });
    if options.json {
        harness.arg("--json");
    }
    run(&mut harness)
}
