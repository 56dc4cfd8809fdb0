//! `casebook verify`: every row against the log, and the log against the hash chain over it.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use casebook::system::{self, Layout, LogAt, Options};
use casebook_eventlog::{Filter, Position};
use casebook_execution::TurnedClock;
use casebook_kernel::Timestamp;
use clap::Args;

use super::{DataDir, Done, say};

const CATCH_UP_PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    log: LogAt,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// To be run while nothing serves the folder: the log has one writer, and rows must come to rest.
    pub async fn run(self) -> Done {
        if !self.data.data_dir.exists() {
            return Err(format!("there is no folder `{}`", self.data.data_dir.display()).into());
        }
        // The clock stands where the log ends: to verify must not let deadlines pass.
        let clock = Arc::new(TurnedClock::at(last_moment(&self.log, &Layout::of(&self.data.data_dir).log).await?));
        let system = system::start(Options {
            data_dir: self.data.data_dir,
            log: self.log,
            listen: ([127, 0, 0, 1], 0).into(),
            clock,
            policy_dir: None,
            registry_file: None,
        })
        .await?;
        let head = system.at_rest(CATCH_UP_PATIENCE).await?;
        let views = system.verify().await?;
        system.stop().await;
        let mismatches: u64 = views.iter().map(|view| view.mismatches).sum();
        let streams: u64 = views.iter().map(|view| view.streams).sum();
        if self.json {
            say(serde_json::json!({ "position": head.0, "streams": streams, "mismatches": mismatches }))?;
        } else {
            for view in &views {
                say(format!(
                    "{:12} {:8} streams {:8} events {:8} rows {:4} mismatches",
                    view.view, view.streams, view.events, view.rows, view.mismatches
                ))?;
                for words in &view.named {
                    say(format!("    {words}"))?;
                }
            }
        }
        if mismatches > 0 {
            return Err(format!("{mismatches} rows differ from the log").into());
        }
        Ok(())
    }
}

/// When the last event was recorded.
async fn last_moment(at: &LogAt, folder: &Path) -> Result<Timestamp, Box<dyn Error>> {
    let log = at.read(folder).await?;
    let before_last = Position(log.head().await?.0.saturating_sub(1));
    let last = log.read_all(before_last, &Filter::all(), 1).await?;
    Ok(last.events.last().map(|event| event.recorded_at).unwrap_or_default())
}
