//! The commands of the binary.

mod bench;
mod demo;
mod import;
mod replay;
mod token;
mod up;
mod verify;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

type Done = Result<(), Box<dyn Error>>;

/// Event-sourced case management for the supervision of medical accounts on social platforms.
#[derive(Debug, Parser)]
#[command(name = "casebook", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Without a command, everything is served.
    #[command(flatten)]
    up: up::Up,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until stopped (what happens without a command, too).
    Up(up::Up),
    /// Play the main job on an empty folder and end.
    Demo(demo::Demo),
    /// Bring lines of JSON into a running Casebook.
    Import(import::Import),
    /// Print a case from the log as of any moment.
    Replay(replay::Replay),
    /// Replay every stream and hold every row and the hash chain against it.
    Verify(verify::Verify),
    /// Measure, each time next to a floor measured in the same run.
    Bench(bench::Bench),
    /// Mint a token for local use.
    Token(token::Token),
}

/// Where a deployment keeps what it must not lose.
#[derive(Debug, Args)]
struct DataDir {
    /// The folder with log, read models and keys.
    #[arg(long, env = "CASEBOOK_DATA_DIR", default_value = "casebook-data")]
    data_dir: PathBuf,
}

impl Arguments {
    /// What is logged where `RUST_LOG` does not say.
    pub fn log_level(&self) -> &'static str {
        match self.command {
            None | Some(Command::Up(_)) => "info,sea_orm_migration=warn",
            _ => "warn",
        }
    }
}

pub async fn run(arguments: Arguments) -> Done {
    match arguments.command.unwrap_or(Command::Up(arguments.up)) {
        Command::Up(up) => up.run().await,
        Command::Demo(demo) => demo.run().await,
        Command::Import(import) => import.run().await,
        Command::Replay(replay) => replay.run().await,
        Command::Verify(verify) => verify.run().await,
        Command::Bench(bench) => bench.run().await,
        Command::Token(token) => token.run(),
    }
}

/// Prints a line. Whoever reads may stop reading (`casebook replay … | head`): that is no failure.
fn say(line: impl std::fmt::Display) -> std::io::Result<()> {
    use std::io::Write as _;
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Says why, with all the reasons behind it.
pub fn failed(error: &dyn Error) -> ExitCode {
    eprint!("casebook: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprint!(": {error}");
        cause = error.source();
    }
    eprintln!();
    ExitCode::FAILURE
}
