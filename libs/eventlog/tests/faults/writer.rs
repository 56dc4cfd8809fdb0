//! The program that is disturbed, and the judgement over what it leaves.

use std::collections::HashMap;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use casebook_eventlog::embedded::{EmbeddedLog, Options, check};
use casebook_eventlog::{Appended, EventLog, Expected, Filter, NewEvent, Position, READ_EVENTS_MAX, StreamName};
use uuid::Uuid;

/// The appends of one run, `EVENTS` events each, two at a time so that they share transactions.
const APPENDS: u64 = 24;
const EVENTS: u64 = 3;
const STREAMS: u64 = 5;
/// The log is closed and opened again so often.
const SESSIONS: u64 = 2;
/// Who hears that the log is unavailable asks again, with the same ids.
const ATTEMPTS: u32 = 3;
/// Small, so that commits move pages into the database in a short run, too.
const CHECKPOINT_PAGES: u32 = 16;

/// How the writer says that an append is durable; the number of the append and the position follow.
const ACKNOWLEDGED: &str = "acknowledged";
/// How it says that the log did not do what it was asked.
const REFUSED: &str = "refused";

fn options() -> Options {
    Options { checkpoint_pages: CHECKPOINT_PAGES, ..Options::default() }
}

fn stream(append: u64) -> StreamName {
    StreamName::of("case", Uuid::from_u128(u128::from(append % STREAMS)))
}

/// All bytes follow from the numbers: whoever judges needs no more than these.
fn events(append: u64) -> Vec<NewEvent> {
    let event = |number: u64| {
        let seed = (append * EVENTS + number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let length = usize::try_from(seed >> 51).unwrap_or(0);
        NewEvent {
            id: Uuid::from_u64_pair(seed, append),
            event_type: format!("Type{}", seed % 4).into(),
            data: seed.to_be_bytes().into_iter().cycle().take(length).collect::<Vec<_>>().into(),
            metadata: Bytes::from(format!("{{\"append\":{append}}}")),
        }
    };
    (0..EVENTS).map(event).collect()
}

/// Appends everything, and says of each append when it is acknowledged. Whatever fails, it goes on, or ends on the
/// spot.
pub async fn write(folder: &Path, until_refused: bool) {
    for session in 0..SESSIONS {
        let Some(log) = (0..ATTEMPTS).find_map(|_| open(folder)) else { continue };
        let appends = APPENDS / SESSIONS * session..APPENDS / SESSIONS * (session + 1);
        for pair in appends.step_by(2) {
            tokio::join!(append(&log, pair, until_refused), append(&log, pair + 1, until_refused));
        }
        log.close().await;
    }
}

fn open(folder: &Path) -> Option<EmbeddedLog> {
    EmbeddedLog::open(folder, options()).map_err(|error| say(format_args!("{REFUSED} {error}"))).ok()
}

/// Nobody who reads it may be left: then the run is over anyway.
fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

async fn append(log: &EmbeddedLog, number: u64, until_refused: bool) {
    for _ in 0..ATTEMPTS {
        match log.append(&stream(number), Expected::Any, events(number)).await {
            Ok(Appended { position, .. }) => return say(format_args!("{ACKNOWLEDGED} {number} {position}")),
            Err(error) => say(format_args!("{REFUSED} {error}")),
        }
        if until_refused {
            std::process::abort();
        }
    }
}

/// The acknowledgements in what a writer has said: append, and position of its last event.
pub fn acknowledgements(said: &str) -> Vec<(u64, Position)> {
    let acknowledgement = |line: &str| {
        let mut words = line.strip_prefix(ACKNOWLEDGED)?.split_whitespace();
        Some((words.next()?.parse().ok()?, Position(words.next()?.parse().ok()?)))
    };
    said.lines().filter_map(acknowledgement).collect()
}

/// Whether a writer has said that it was refused anything.
pub fn refused(said: &str) -> bool {
    said.lines().any(|line| line.starts_with(REFUSED))
}

/// What is left of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Judgement {
    pub acknowledged: u64,
    /// Acknowledged events that are not there, or not where the acknowledgement said.
    pub lost: u64,
    /// Other bytes than were written, half appends, findings of a check: everything that no error told of.
    pub corrupt: u64,
}

impl Judgement {
    pub fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.lost += other.lost;
        self.corrupt += other.corrupt;
    }
}

/// Opens what a writer left, and holds it against what the writer said. A log that cannot be opened has lost
/// everything.
pub async fn judge(folder: &Path, acknowledged: &[(u64, Position)]) -> Judgement {
    let mut judgement = Judgement { acknowledged: acknowledged.len() as u64 * EVENTS, ..Judgement::default() };
    let log = match EmbeddedLog::open(folder, options()) {
        Ok(log) => log,
        Err(error) => {
            eprintln!("the log cannot be opened again: {error}");
            judgement.lost = judgement.acknowledged;
            return judgement;
        }
    };
    let Some(stored) = everything(&log).await else {
        judgement.corrupt += 1;
        return judgement;
    };
    for number in 0..APPENDS {
        let given = events(number);
        let found: Vec<_> = given.iter().filter_map(|event| stored.get(&event.id)).collect();
        let whole = found.len() == given.len()
            && found.windows(2).all(|pair| pair[0].position.0 + 1 == pair[1].position.0)
            && found.iter().zip(&given).all(|(found, given)| {
                found.stream == stream(number)
                    && found.event_type == given.event_type
                    && found.data == given.data
                    && found.metadata == given.metadata
            });
        if !found.is_empty() && !whole {
            judgement.corrupt += 1;
        }
        if let Some((_, position)) = acknowledged.iter().find(|(acknowledged, _)| *acknowledged == number)
            && found.last().is_none_or(|last| last.position != *position)
        {
            judgement.lost += EVENTS;
        }
    }
    // It goes on, from where it says that it is.
    let more = log.append(&stream(APPENDS), Expected::Any, events(APPENDS)).await;
    if more.is_ok_and(|more| more.position.0 != stored.len() as u64 + EVENTS || more.repeated) {
        judgement.corrupt += 1;
    }
    log.close().await;
    match check(folder) {
        Ok(checked) if checked.is_clean() && checked.events == stored.len() as u64 + EVENTS => {}
        checked => {
            eprintln!("{checked:?}");
            judgement.corrupt += 1;
        }
    }
    judgement
}

async fn everything(log: &EmbeddedLog) -> Option<HashMap<Uuid, Arc<casebook_eventlog::RecordedEvent>>> {
    let (mut after, mut events) = (Position::START, HashMap::new());
    loop {
        match log.read_all(after, &Filter::all(), READ_EVENTS_MAX).await {
            Ok(batch) => {
                events.extend(batch.events.into_iter().map(|event| (event.id, event)));
                after = batch.through;
                if batch.at_head {
                    return Some(events);
                }
            }
            Err(error) => {
                eprintln!("the log cannot be read again: {error}");
                return None;
            }
        }
    }
}
