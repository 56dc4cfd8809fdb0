//! `cargo xtask crash`: the binary that most people run, killed at random moments while whole matters are conducted.

use crate::process::{Failure, cargo, run, target};

#[derive(clap::Args)]
pub struct Options {
    /// How often it is killed
    #[arg(long, default_value_t = 100)]
    times: u32,
    /// Chooses the moments; the same seed chooses the same ones
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The last line is one JSON object
    #[arg(long)]
    json: bool,
}

pub fn check(options: &Options) -> Result<(), Failure> {
    run(cargo().args(["build", "--release", "--package", "casebook"]))?;
    let mut harness = cargo();
    harness.args(["run", "--quiet", "--package", "casebook-integration", "--example", "crash", "--", "--casebook"]);
    harness.arg(target().join("release/casebook"));
    harness.args(["--times", &options.times.to_string(), "--seed", &options.seed.to_string()]);
    if options.json {
        harness.arg("--json");
    }
    run(&mut harness)
}
