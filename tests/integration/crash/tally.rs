//! What a kill left behind, and the sum of it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use casebook::system::Layout;
use casebook_eventlog::embedded::EmbeddedLog;
use casebook_eventlog::{EventLog as _, Filter, Position, READ_EVENTS_MAX, RecordedEvent, StreamName};
use casebook_execution::Metadata;
use casebook_kernel::Timestamp;
use tokio::process::Command;

use crate::Failure;
use crate::load::{Acknowledged, Load};
use crate::method::Method;

/// How long `casebook verify` may take. It waits until all reactions are done.
const VERIFY_PATIENCE: Duration = Duration::from_secs(180);
/// Streams that a request writes beside the one that it decides on: a claim, the record of a read, a batch's beginning.
const BESIDE: [&str; 3] = ["claim", "access", "batch"];
/// What reactions bring to an end: an event of the first type in a stream is followed by one of the others.
const ENDS: [(&str, &[&str]); 2] = [
    (
        "casebook.enforcement.v1.OrderIssued",
        &[
            "casebook.enforcement.v1.ReceiptRecorded",
            "casebook.enforcement.v1.OrderCancelled",
            "casebook.enforcement.v1.OrderCountered",
        ],
    ),
    ("casebook.review.v1.ReportAccepted", &["casebook.review.v1.ReportConcluded"]),
];

/// What is wrong in a data folder.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Acknowledged commands that are not in the log where they were said to be.
    pub lost: u64,
    /// Requests that had more than one effect.
    pub twice: u64,
    /// Rows that differ from the state folded from the log, and events that a reaction has parked.
    pub mismatches: u64,
    /// Matters, orders and reports that did not come to their end, though the last server had the time for it.
    pub stuck: u64,
}

#[derive(Debug, Default)]
pub struct Tally {
    pub kills: u64,
    acknowledged: BTreeMap<Method, u64>,
    left: Left,
}

impl Tally {
    pub fn add(&mut self, acknowledged: &[Acknowledged], left: Left) {
        for Acknowledged { method, .. } in acknowledged {
            *self.acknowledged.entry(*method).or_default() += 1;
        }
        self.left.lost += left.lost;
        self.left.twice += left.twice;
        self.left.mismatches += left.mismatches;
        self.left.stuck += left.stuck;
    }

    pub fn is_clean(&self) -> bool {
        self.left == Left::default()
    }

    fn total(&self) -> u64 {
        self.acknowledged.values().sum()
    }

    pub fn json(&self) -> serde_json::Value {
        let Left { lost, twice, mismatches, stuck } = self.left;
        let by_method: BTreeMap<String, u64> =
            self.acknowledged.iter().map(|(method, count)| (method.to_string(), *count)).collect();
        serde_json::json!({
            "kills": self.kills,
            "acknowledged": self.total(),
            "acknowledged_by_method": by_method,
            "lost": lost,
            "twice": twice,
            "row_mismatches": mismatches,
            "stuck": stuck,
        })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (method, count) in &self.acknowledged {
            writeln!(f, "{count:8} {method}")?;
        }
        let Left { lost, twice, mismatches, stuck } = self.left;
        write!(
            f,
            "{} kills, {} acknowledged, {lost} lost, {twice} with two effects, {mismatches} rows that differ, {stuck} stuck",
            self.kills,
            self.total()
        )
    }
}

/// What a look at a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    Kill,
    /// The last server had the time to end everything.
    End,
}

/// Looks at a folder that no server runs on.
///
/// It looks at a copy: what verifies brings everything to rest, and the next server must find what the killed one left.
pub async fn look(casebook: &Path, data_dir: &Path, load: &Load, after: After) -> Result<Left, Failure> {
    if after == After::End {
        for matter in load.under_way() {
            eprintln!("stuck: {matter}");
        }
    }
    let copy = tempfile::tempdir()?;
    copy_files(data_dir, copy.path())?;
    let mismatches = verify(casebook, copy.path()).await?;
    let written = Written::read(copy.path()).await?;
    let stuck = match after {
        After::Kill => 0,
        After::End => stuck(load, &written),
    };
    Ok(Left { mismatches, lost: written.lost(&load.acknowledged), twice: written.twice(), stuck })
}

/// A receipt that the end cut off is not stuck: its order would be.
fn stuck(load: &Load, written: &Written) -> u64 {
    let unfinished = written.unfinished();
    for stream in &unfinished {
        eprintln!("stuck: {stream} waits for a reaction or a platform");
    }
    (load.under_way().len() + load.unanswered_signals() + unfinished.len()) as u64
}

fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_files(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// `casebook verify` brings rows to rest and compares each with the log.
async fn verify(casebook: &Path, data_dir: &Path) -> Result<u64, Failure> {
    let mut command = Command::new(casebook);
    command.args(["verify", "--json", "--data-dir"]).arg(data_dir).env("RUST_LOG", "error").stdin(Stdio::null());
    command.stderr(Stdio::inherit()).kill_on_drop(true);
    let output = tokio::time::timeout(VERIFY_PATIENCE, command.output())
        .await
        .map_err(|_| "casebook verify does not come to rest: a reaction tries again and again")??;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("casebook verify ended with {} and said no JSON: {error}", output.status))?;
    let mismatches = report["mismatches"].as_u64().ok_or("casebook verify counts mismatches")?;
    if !output.status.success() && mismatches == 0 {
        return Err(format!("casebook verify ended with {}", output.status).into());
    }
    Ok(mismatches)
}

/// One event of a request.
#[derive(Debug)]
struct Effect {
    stream: StreamName,
    position: u64,
    /// When it was decided: all events of one decision say the same moment.
    at: Timestamp,
}

/// What the log has.
#[derive(Default)]
struct Written {
    /// By the request that caused them.
    effects: HashMap<String, Vec<Effect>>,
    /// The types of a stream's events.
    types: HashMap<StreamName, Vec<Box<str>>>,
}

impl Written {
    async fn read(data_dir: &Path) -> Result<Self, Failure> {
        let log = EmbeddedLog::open_read_only(&Layout::of(data_dir).log)?;
        let mut written = Self::default();
        let mut after = Position::START;
        loop {
            let batch = log.read_all(after, &Filter::all(), READ_EVENTS_MAX).await?;
            for event in &batch.events {
                written.note(event)?;
            }
            if batch.at_head {
                log.close().await;
                return Ok(written);
            }
            after = batch.through;
        }
    }

    fn note(&mut self, event: &RecordedEvent) -> Result<(), Failure> {
        if BESIDE.contains(&event.stream.category()) {
            return Ok(());
        }
        let Metadata { request_id, at, .. } = Metadata::parse(&event.metadata)?;
        let effect = Effect { stream: event.stream.clone(), position: event.position.0, at };
        self.effects.entry(request_id).or_default().push(effect);
        self.types.entry(event.stream.clone()).or_default().push((&*event.event_type).into());
        Ok(())
    }

    /// How many acknowledged commands are not where they were said to be.
    fn lost(&self, acknowledged: &[Acknowledged]) -> u64 {
        let mut lost = 0;
        for command in acknowledged {
            let found = self.effects.get(&command.request_id.to_string()).map(Vec::as_slice).unwrap_or_default();
            let named = |it: &Effect| it.stream.as_str() == command.stream && it.position == command.position;
            if !found.iter().any(named) {
                eprintln!("lost: {command:?}; the log has {found:?}");
                lost += 1;
            }
        }
        lost
    }

    /// How many requests were decided more than once.
    fn twice(&self) -> u64 {
        let mut twice = 0;
        for (request_id, effects) in &self.effects {
            let first = &effects[0];
            if effects.iter().any(|it| (&it.stream, it.at) != (&first.stream, first.at)) {
                eprintln!("two effects: {request_id} has {effects:?}");
                twice += 1;
            }
        }
        twice
    }

    /// Streams in which something was begun that a reaction or a platform has to end, and did not.
    fn unfinished(&self) -> Vec<&StreamName> {
        let lacks = |types: &[Box<str>]| {
            ENDS.iter().any(|(begun, ends)| {
                types.iter().any(|it| **it == **begun) && !types.iter().any(|it| ends.contains(&&**it))
            })
        };
        self.types.iter().filter(|(_, types)| lacks(types)).map(|(stream, _)| stream).collect()
    }
}
