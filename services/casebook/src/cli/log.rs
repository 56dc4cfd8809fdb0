//! `casebook log`: the event log by itself, as a file: whether it is whole, and copies of it. Works beside a server.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use casebook::system::Layout;
use casebook_bootstrap::EndWith;
use casebook_eventlog::embedded::{BackupError, Checked, back_up, check, check_file};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use super::{DataDir, Done, say};

/// The exit status where the log could not be looked at, so that this is not taken for a damaged one, which ends with
/// 1.
const UNCHECKED: u8 = 2;

#[derive(Debug, Args)]
pub struct Log {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Walk the whole log: pages, checksums, positions, revisions, names, ids, times.
    Check(Check),
    /// Copy the log as it is now to a new file, and check the copy.
    Backup(Backup),
}

#[derive(Debug, Args)]
struct Check {
    /// A backup to check in place of the log in the data folder.
    file: Option<PathBuf>,
    #[command(flatten)]
    data: DataDir,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Backup {
    /// The file to make; it must not exist.
    file: PathBuf,
    #[command(flatten)]
    data: DataDir,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

impl Log {
    pub async fn run(self) -> Done {
        match self.command {
            Command::Check(check) => check.run().await,
            Command::Backup(backup) => backup.run().await,
        }
    }
}

impl Check {
    async fn run(self) -> Done {
        let folder = Layout::of(&self.data.data_dir).log;
        let file = self.file;
        let checking = tokio::task::spawn_blocking(move || match file {
            Some(file) => check_file(&file),
            None => check(&folder),
        });
        let checked = checking.await?.map_err(|error| EndWith { status: UNCHECKED, why: error.into() })?;
        tell(&checked, self.json)?;
        match checked.findings_total {
            0 => Ok(()),
            found => Err(format!("{found} findings: this is not the log as it was written").into()),
        }
    }
}

impl Backup {
    async fn run(self) -> Done {
        let folder = Layout::of(&self.data.data_dir).log;
        let (file, json) = (self.file, self.json);
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        bar.set_style(ProgressStyle::with_template("{bar:40} {percent:>3} % of {len} pages")?);
        let copying = tokio::task::spawn_blocking(move || {
            let backup = back_up(&folder, &file, |done, all| {
                bar.set_length(all);
                bar.set_position(done);
            });
            bar.finish_and_clear();
            backup
        });
        match copying.await? {
            Ok(checked) => tell(&checked, json),
            Err(BackupError::Damaged(checked)) => {
                tell(&checked, json)?;
                Err(BackupError::Damaged(checked).into())
            }
            Err(error) => Err(EndWith { status: UNCHECKED, why: error.into() }.into()),
        }
    }
}

fn tell(checked: &Checked, json: bool) -> Done {
    if json {
        let findings: Vec<_> = checked
            .findings
            .iter()
            .map(|found| serde_json::json!({ "position": found.position.map(|at| at.0), "what": found.what }))
            .collect();
        say(serde_json::json!({
            "head": checked.head.0,
            "events": checked.events,
            "streams": checked.streams,
            "bytes": checked.bytes,
            "findings": findings,
            "findings_total": checked.findings_total,
        }))?;
        return Ok(());
    }
    let Checked { head, events, streams, bytes, .. } = checked;
    say(format!("{events} events in {streams} streams, {bytes} bytes of data and metadata, head at position {head}"))?;
    for found in &checked.findings {
        say(format!("    {found}"))?;
    }
    let untold = checked.findings_total - checked.findings.len() as u64;
    if untold > 0 {
        say(format!("    and {untold} more"))?;
    }
    Ok(())
}
