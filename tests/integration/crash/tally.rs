//! What a kill left behind, and the sum of it.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::process::Stdio;

use casebook::system::Layout;
use casebook_eventlog::embedded::EmbeddedLog;
use casebook_eventlog::{EventLog as _, Filter, Position, READ_EVENTS_MAX};
use casebook_execution::Metadata;
use tokio::process::Command;

use crate::Failure;
use crate::load::Load;

/// What is wrong in a data folder.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Acknowledged commands that are not in the log where they were said to be.
    pub lost: u64,
    /// Requests that had more than one effect.
    pub twice: u64,
    /// Rows that differ from the state folded from the log.
    pub mismatches: u64,
}

#[derive(Debug, Default)]
pub struct Tally {
    pub kills: u64,
    pub acknowledged: u64,
    /// Requests that no later server was asked about.
    pub in_doubt: u64,
    left: Left,
}

impl Tally {
    pub fn add(&mut self, left: Left) {
        self.left.lost += left.lost;
        self.left.twice += left.twice;
        self.left.mismatches += left.mismatches;
    }

    pub fn is_clean(&self) -> bool {
        self.left == Left::default()
    }

    pub fn json(&self) -> serde_json::Value {
        let Left { lost, twice, mismatches } = self.left;
        serde_json::json!({
            "kills": self.kills, "acknowledged": self.acknowledged, "lost": lost, "twice": twice, "row_mismatches": mismatches
        })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Left { lost, twice, mismatches } = self.left;
        let Self { kills, acknowledged, in_doubt, .. } = self;
        write!(
            f,
            "{kills} kills, {acknowledged} acknowledged, {lost} lost, {twice} with two effects, {mismatches} rows that differ \
             ({in_doubt} unanswered at the last kill of a folder)"
        )
    }
}

/// Looks at a folder that no server runs on.
pub async fn look(casebook: &Path, data_dir: &Path, load: &Load) -> Result<Left, Failure> {
    let mismatches = verify(casebook, data_dir).await?;
    let effects = effects(data_dir).await?;
    let mut left = Left { mismatches, ..Left::default() };
    for acknowledged in &load.acknowledged {
        let found = effects.get(&acknowledged.asked.request_id().to_string()).map(Vec::as_slice).unwrap_or_default();
        let there =
            found.iter().any(|effect| effect.stream == acknowledged.stream && effect.position == acknowledged.position);
        if !there {
            eprintln!("lost: {acknowledged:?}; the log has {found:?}");
            left.lost += 1;
        }
    }
    left.twice =
        effects.values().filter(|effects| effects.iter().any(|it| it.stream != effects[0].stream)).count() as u64;
    Ok(left)
}

/// `casebook verify` brings rows to rest and compares each with the log.
async fn verify(casebook: &Path, data_dir: &Path) -> Result<u64, Failure> {
    let mut command = Command::new(casebook);
    command.args(["verify", "--json", "--data-dir"]).arg(data_dir).env("RUST_LOG", "error").stdin(Stdio::null());
    let output = command.stderr(Stdio::inherit()).output().await?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("casebook verify ended with {} and said no JSON: {error}", output.status))?;
    let mismatches = report["mismatches"].as_u64().ok_or("casebook verify counts mismatches")?;
    if !output.status.success() && mismatches == 0 {
        return Err(format!("casebook verify ended with {}", output.status).into());
    }
    Ok(mismatches)
}

#[derive(Debug)]
struct Effect {
    stream: String,
    position: u64,
}

/// The events of reports and leads by the request that caused them.
async fn effects(data_dir: &Path) -> Result<HashMap<String, Vec<Effect>>, Failure> {
    let log = EmbeddedLog::open_read_only(&Layout::of(data_dir).log)?;
    let mut effects: HashMap<String, Vec<Effect>> = HashMap::new();
    let mut after = Position::START;
    loop {
        let batch = log.read_all(after, &Filter::categories(["report", "lead"]), READ_EVENTS_MAX).await?;
        for event in &batch.events {
            let request_id = Metadata::parse(&event.metadata)?.request_id;
            let effect = Effect { stream: event.stream.as_str().to_owned(), position: event.position.0 };
            effects.entry(request_id).or_default().push(effect);
        }
        if batch.at_head {
            log.close().await;
            return Ok(effects);
        }
        after = batch.through;
    }
}
