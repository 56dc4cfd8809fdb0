//! All the checks, one after the other, with the time that each takes.

use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::process::{Failure, cargo, run};
use crate::{protos, tools};

/// The page of a module may lead into its private parts: whoever reads it reads the code next.
const RUSTDOC_FLAGS: &str = "-D warnings -A rustdoc::private_intra_doc_links";

#[derive(clap::Args)]
pub struct Options {
    /// Only these checks (may be given several times); without it, all of them
    #[arg(long, value_name = "CHECK")]
    only: Vec<Check>,
    /// Stop at the first check that fails
    #[arg(long)]
    fail_fast: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Check {
    Format,
    Clippy,
    ProtoLint,
    ProtoBreaking,
    Tests,
    Docs,
}

impl Check {
    const fn title(self) -> &'static str {
        match self {
            Self::Format => "cargo fmt --all --check",
            Self::Clippy => "cargo clippy --workspace --all-targets -- -D warnings",
            Self::ProtoLint => "buf lint",
            Self::ProtoBreaking => "buf breaking, against proto/released.binpb",
            Self::Tests => "cargo test --workspace --no-fail-fast",
            Self::Docs => "cargo doc --workspace --no-deps, warnings denied",
        }
    }

    /// Says what had to be left out, if anything.
    fn run(self) -> Result<Option<String>, Failure> {
        let passed = match self {
            Self::Format => run(cargo().args(["fmt", "--all", "--check"])),
            Self::Clippy => run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
            Self::ProtoLint => protos::lint(),
            Self::ProtoBreaking => protos::breaking(),
            Self::Tests => return tests(),
            Self::Docs => run(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", RUSTDOC_FLAGS)),
        };
        passed.map(|()| None)
    }
}

fn tests() -> Result<Option<String>, Failure> {
    tools::postgresql()?;
    tools::strace()?;
    let python = tools::kurrent_python()?;
    let mut test = cargo();
    test.args(["test", "--workspace", "--no-fail-fast"]).env("CASEBOOK_TEST_PYTHON", python);
    // npm's registry is one that nothing else needs: a machine that does not reach it still runs all the rest.
    let left_out = match tools::kurrent_node() {
        Ok(node) => {
            test.env("CASEBOOK_TEST_NODE", node.program).env("CASEBOOK_TEST_NODE_MODULES", node.modules);
            None
        }
        Err(failure) => Some(format!("KurrentDB's client for Node, which cannot be installed: {failure}")),
    };
    run(&mut test).map(|()| left_out)
}

struct Outcome {
    check: Check,
    took: Duration,
    failure: Option<Failure>,
    left_out: Option<String>,
}

pub fn check_all(options: &Options) -> Result<(), Failure> {
    let wanted = |check: &Check| options.only.is_empty() || options.only.contains(check);
    let checks: Vec<Check> = Check::value_variants().iter().copied().filter(wanted).collect();
    let mut outcomes = Vec::with_capacity(checks.len());
    for (index, check) in checks.iter().enumerate() {
        println!("\n━━━ {}/{}  {}", index + 1, checks.len(), check.title());
        let start = Instant::now();
        let (left_out, failure) = match check.run() {
            Ok(left_out) => (left_out, None),
            Err(failure) => (None, Some(failure)),
        };
        let took = start.elapsed();
        match &failure {
            None => println!("passed in {}", seconds(took)),
            Some(failure) => println!("failed in {}: {failure}", seconds(took)),
        }
        let stop = failure.is_some() && options.fail_fast;
        outcomes.push(Outcome { check: *check, took, failure, left_out });
        if stop {
            break;
        }
    }
    summary(&outcomes, checks.len())
}

fn summary(outcomes: &[Outcome], planned: usize) -> Result<(), Failure> {
    println!("\n━━━ summary");
    for Outcome { check, took, failure, left_out } in outcomes {
        println!("{:6} {:>8}  {}", if failure.is_none() { "passed" } else { "FAILED" }, seconds(*took), check.title());
        if let Some(left_out) = left_out {
            println!("LEFT OUT         {left_out}");
        }
    }
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let total = seconds(outcomes.iter().map(|outcome| outcome.took).sum());
    let skipped = planned - outcomes.len();
    if failed == 0 && skipped == 0 {
        println!("all {planned} checks passed in {total}");
        return Ok(());
    }
    Err(Failure::Impossible(format!("{failed} of {planned} checks failed, {skipped} were not run; {total}")))
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// The test that compares the generated documents writes them where it is told to.
pub fn write_documents() -> Result<(), Failure> {
    let test = ["test", "--package", "casebook-integration", "--test", "it", "documents"];
    run(cargo().args(test).env("CASEBOOK_WRITE_DOCUMENTS", "1"))
}

#[derive(clap::Args)]
pub struct Contract {
    /// Where the log is: kurrentdb://…
    #[arg(long, value_name = "CONNECTION_STRING")]
    log: String,
}

/// The checks write events of their own, in streams that begin with `contract`, and delete nothing.
pub fn contract(options: &Contract) -> Result<(), Failure> {
    let example =
        ["run", "--quiet", "--package", "casebook-eventlog", "--features", "kurrent", "--example", "contract"];
    run(cargo().args(example).env("CASEBOOK_LOG", &options.log))
}
