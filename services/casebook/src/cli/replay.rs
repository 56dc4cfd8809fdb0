//! `casebook replay`: a case as the log tells it, with or without a server.

use std::str::FromStr as _;

use casebook::history::History;
use casebook::system::{Layout, LogAt, policy};
use casebook::timeline::{self, Language};
use casebook_eventlog::Position;
use casebook_execution::AsOf;
use casebook_kernel::Timestamp;
use casebook_kernel::ids::CaseId;
use clap::Args;

use super::{DataDir, Done, say};

#[derive(Debug, Args)]
pub struct Replay {
    /// The case.
    case: String,
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    log: LogAt,
    /// A moment (2026-03-02T09:00:00+08:00), a day (its end, in Asia/Shanghai), or a position of the log.
    #[arg(long)]
    as_of: Option<String>,
    /// One JSON object: the case, and its events with their stored bytes.
    #[arg(long)]
    json: bool,
    /// The language of the time line.
    #[arg(long, default_value = "zh")]
    lang: Language,
}

impl Replay {
    pub async fn run(self) -> Done {
        let case = CaseId::from_str(&self.case)?;
        let as_of = self.as_of.as_deref().map(parse_as_of).transpose()?.unwrap_or_default();
        let history = History::read(self.log.read(&Layout::of(&self.data.data_dir).log).await?, case, as_of).await?;
        let Some(resource) = history.case()? else {
            return Err(format!("there is no case {case} at that point").into());
        };
        if self.json {
            let object = serde_json::json!({ "case": resource, "events": history.entries });
            say(object)?;
        } else {
            say(timeline::render(&history.entries, &policy(None)?, self.lang))?;
            say(serde_json::to_string_pretty(&resource)?)?;
        }
        Ok(())
    }
}

fn parse_as_of(text: &str) -> Result<AsOf, String> {
    if let Ok(position) = text.parse() {
        return Ok(AsOf::Position(Position(position)));
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(AsOf::Time(moment));
    }
    let day = chrono::NaiveDate::from_str(text)
        .map_err(|_| format!("--as-of: `{text}` is no moment, no day and no position"))?;
    let end = casebook_kernel::calendar::end_of_day(day).map_err(|error| format!("--as-of: {error}"))?;
    // The end of a day is the first moment of the next: what happened before it is what counts.
    Ok(AsOf::Time(end - chrono::TimeDelta::microseconds(1)))
}
