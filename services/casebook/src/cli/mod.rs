//! The commands of the binary.

mod bench;
mod demo;
mod import;
mod log;
mod replay;
mod token;
mod up;
mod verify;

use std::error::Error;

use casebook_bootstrap::{DataDir, say};
use clap::{Parser, Subcommand};

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
    /// The event log as a file: check it, back it up.
    Log(log::Log),
    /// Measure, each time next to a floor measured in the same run.
    Bench(bench::Bench),
    /// Mint a token for local use.
    Token(token::Token),
}

impl Arguments {
    /// What is logged where `RUST_LOG` does not say.
    pub fn log_level(&self) -> &'static str {
        match self.command {
            None | Some(Command::Up(_)) => casebook_bootstrap::SERVING_LOG_LEVEL,
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
        Command::Log(log) => log.run().await,
        Command::Bench(bench) => bench.run().await,
        Command::Token(token) => token.run(),
    }
}
