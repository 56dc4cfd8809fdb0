//! `casebook demo`: the main job, played through.

use std::path::PathBuf;
use std::str::FromStr as _;

use casebook::demo::{self, DemoOptions};
use casebook::history::History;
use casebook::system::{Layout, LogAt, policy};
use casebook::timeline::{self, Language};
use casebook_execution::AsOf;
use casebook_kernel::ids::CaseId;
use clap::Args;

use super::{Done, say};

#[derive(Debug, Args)]
pub struct Demo {
    /// Lines of JSON to play; without it, the shipped sample.
    #[arg(long)]
    input: Option<PathBuf>,
    /// An empty folder, or one that does not exist yet; without it, a temporary one.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    log: LogAt,
    /// The last line of output is one JSON object.
    #[arg(long)]
    json: bool,
    /// The language of the time line.
    #[arg(long, default_value = "zh")]
    lang: Language,
}

impl Demo {
    pub async fn run(self) -> Done {
        let data_dir = match self.data_dir {
            Some(folder) => folder,
            None => temporary_folder()?,
        };
        let log = self.log.clone();
        let options = DemoOptions { input: self.input, data_dir: data_dir.clone(), log, quiet: self.json };
        let summary = demo::run(options).await?;
        if let Ok(case) = CaseId::from_str(&summary.shown_case) {
            let history = History::read(self.log.read(&Layout::of(&data_dir).log).await?, case, AsOf::Now).await?;
            say(timeline::render(&history.entries, &policy(None)?, self.lang))?;
        }
        for line in summary.unreadable.iter().chain(&summary.refused) {
            say(format!("not taken: {line}"))?;
        }
        say(&summary)?;
        say(format!("kept in {0}; more: casebook replay {1} --data-dir {0}", data_dir.display(), summary.shown_case))?;
        if self.json {
            say(serde_json::to_string(&summary)?)?;
        }
        summary.failure().map_or(Ok(()), |failure| Err(failure.into()))
    }
}

fn temporary_folder() -> std::io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("casebook-demo-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
