//! Running other programs.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, io};

#[derive(Debug)]
pub enum Failure {
    /// The program could not be started.
    Start { program: String, source: io::Error },
    /// The program says that it failed.
    Exit { command: String, code: Option<i32> },
    /// Something that a program would have to do and that none can.
    Impossible(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { program, source } => write!(f, "`{program}` cannot be started: {source}"),
            Self::Exit { command, code: Some(code) } => write!(f, "`{command}` ended with {code}"),
            Self::Exit { command, code: None } => write!(f, "`{command}` was killed"),
            Self::Impossible(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Failure {}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The folder that cargo builds into.
pub fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from))
}

/// The folder of the tools that the checks bring along.
pub fn tools() -> PathBuf {
    target().join("tools")
}

/// A program that starts in the folder of the workspace.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Cargo, the one that runs this. What it says about the package of xtask is kept from it: build scripts that look at those
/// variables would build everything again.
pub fn cargo() -> Command {
    let mut command = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let own = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"];
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| own.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs to the end, with its output on the terminal.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|source| Failure::Start { program, source })?;
    if status.success() { Ok(()) } else { Err(Failure::Exit { command: line(command), code: status.code() }) }
}

/// Whether it runs to the end without a complaint; what it says is not shown.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The command as one would type it.
pub fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
