//! Walks everything in a log and says what is not as the writer leaves it.
//!
//! All of it in one snapshot, so that a writer beside it is no matter, and in bounded memory: positions are walked in
//! the table, revisions in the index, and what has to be sorted is sorted by SQLite, on the disk where it is much.

use std::fmt;
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::reader::{ALL, RowDecoder, unreadable};
use super::schema::{Folder, OpenError, open_reader};
use crate::port::{Position, ReadError, RecordedEvent, StreamName};

/// Findings that are told one by one; the others are counted.
pub const FINDINGS_MAX: usize = 100;

/// What a walk through a log has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    pub head: Position,
    pub events: u64,
    pub streams: u64,
    /// Of data and metadata.
    pub bytes: u64,
    /// The first `FINDINGS_MAX`.
    pub findings: Vec<Finding>,
    pub findings_total: u64,
}

/// One thing that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where it is about one event.
    pub position: Option<Position>,
    pub what: String,
}

impl Checked {
    pub fn is_clean(&self) -> bool {
        self.findings_total == 0
    }

    fn find(&mut self, position: impl Into<Option<u64>>, what: impl fmt::Display) {
        self.findings_total += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { position: position.into().map(Position), what: what.to_string() });
        }
    }

    fn unreadable(&mut self, position: impl Into<Option<u64>>, what: &str, error: impl fmt::Display) {
        self.find(position, format!("{what} cannot be read: {error}"));
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "position {position}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// Checks the log in this folder; another process may be writing it. Blocks for as long as reading all of it takes,
/// and for as long the write-ahead log grows.
pub fn check(folder: &Path) -> Result<Checked, OpenError> {
    Folder::of(folder).open_reader().map(|connection| walk(&connection))
}

/// Checks a log that is one file by itself: a backup.
pub fn check_file(file: &Path) -> Result<Checked, OpenError> {
    open_reader(file).map(|connection| walk(&connection))
}

fn walk(connection: &Connection) -> Checked {
    let mut checked = Checked::default();
    // The snapshot is taken by the first read. It ends with the connection, which does nothing else.
    if let Err(error) = connection.execute_batch("BEGIN") {
        checked.unreadable(None, "the log", error);
        return checked;
    }
    if let Err(error) = integrity(connection, &mut checked) {
        checked.unreadable(None, "the database", error);
    }
    match Known::read(connection) {
        Ok(known) => {
            checked.head = Position(known.head);
            if known.indexed_through > known.head {
                checked.find(None, format!("the index of event ids claims position {}", known.indexed_through));
            }
            let found = events(connection, &known, &mut checked);
            if let Err(error) = event_ids(connection, &known, found, &mut checked) {
                checked.unreadable(None, "the index of event ids", error);
            }
        }
        Err(error) => checked.unreadable(None, "the end of the log", error),
    }
    if let Err(error) = streams(connection, &mut checked) {
        checked.unreadable(None, "the index of streams", error);
    }
    checked
}

/// What SQLite itself can tell: pages, order of keys, types, and every index against its table.
fn integrity(connection: &Connection, checked: &mut Checked) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({FINDINGS_MAX})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            checked.find(None, said);
        }
    }
    Ok(())
}

/// What the log says about itself as a whole.
struct Known {
    head: u64,
    /// The index of event ids holds at least those of the events up to here.
    indexed_through: u64,
}

impl Known {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let number = |query: &str| connection.query_row(query, [], |row| row.get(0).map(i64::cast_unsigned));
        Ok(Self {
            head: number("SELECT coalesce(max(position), 0) FROM events")?,
            indexed_through: number("SELECT through FROM indexed")?,
        })
    }
}

/// Walks `$all`. Where a page cannot be read, it goes on behind it. Says how many ids the index knows as it should.
fn events(connection: &Connection, known: &Known, checked: &mut Checked) -> u64 {
    let mut walk = EventWalk { known, last: 0, recorded_at: None, ids_indexed: 0, decoder: RowDecoder::new() };
    let (mut after, mut step) = (0, 1);
    while let Err(error) = walk.go_on(connection, after, checked) {
        if walk.last > after || step == 1 {
            checked.unreadable(walk.last + 1, "the event", error);
            step = 1;
        }
        // Doubling: damage may reach over many rows, and each attempt costs a search.
        after = after.max(walk.last) + step;
        step *= 2;
        if after >= known.head {
            break;
        }
    }
    if walk.last < known.head {
        let (from, through) = (walk.last + 1, known.head);
        checked.find(from, format!("the events up to position {through} are missing"));
    }
    walk.ids_indexed
}

struct EventWalk<'a> {
    known: &'a Known,
    /// The position of the last row that could be read.
    last: u64,
    recorded_at: Option<DateTime<Utc>>,
    ids_indexed: u64,
    decoder: RowDecoder,
}

impl EventWalk<'_> {
    fn go_on(&mut self, connection: &Connection, after: u64, checked: &mut Checked) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(ALL)?;
        let mut rows = statement.query([after.cast_signed()])?;
        while let Some(row) = rows.next()? {
            let position = row.get::<_, i64>(0)?.cast_unsigned();
            match position.checked_sub(self.last + 1) {
                Some(0) => {}
                Some(1) => checked.find(self.last + 1, "the event is missing"),
                Some(_) => checked
                    .find(self.last + 1, format!("the events from here to position {} are missing", position - 1)),
                None => checked.find(position, "it comes after a higher position"),
            }
            self.last = position;
            checked.events += 1;
            match self.decode(connection, row) {
                Ok(event) => self.hold(connection, &event, checked)?,
                Err(ReadError::Corrupt(what)) => checked.find(position, format!("it is not what was written: {what}")),
                Err(error @ ReadError::Unavailable(_)) => checked.unreadable(position, "it", error),
            }
        }
        Ok(())
    }

    fn decode(&mut self, connection: &Connection, row: &Row<'_>) -> Result<RecordedEvent, ReadError> {
        let stream = self.decoder.stream(connection, row.get(1).map_err(unreadable)?)?;
        self.decoder.event(connection, row, stream)
    }

    /// Holds an event whose bytes are right against the one before it and against the index of ids.
    fn hold(&mut self, connection: &Connection, event: &RecordedEvent, checked: &mut Checked) -> rusqlite::Result<()> {
        let position = event.position.0;
        checked.bytes += (event.data.len() + event.metadata.len()) as u64;
        if self.recorded_at.is_some_and(|before| before > event.recorded_at) {
            checked.find(position, "it was recorded earlier than the event before it");
        }
        self.recorded_at = Some(event.recorded_at);
        let indexed: Option<i64> = connection
            .prepare_cached("SELECT position FROM event_ids WHERE id = ?1")?
            .query_row([event.id.as_bytes().as_slice()], |row| row.get(0))
            .optional()?;
        match indexed.map(i64::cast_unsigned) {
            Some(found) if found == position => self.ids_indexed += 1,
            Some(found) => checked.find(position, format!("its id {} stands for position {found}", event.id)),
            None if position <= self.known.indexed_through => {
                checked.find(position, format!("its id {} is not in the index", event.id));
            }
            // The newest ids come into the index later.
            None => {}
        }
        Ok(())
    }
}

/// Ids that are not in the index yet must differ from each other, and the index must hold no others than the events'.
fn event_ids(connection: &Connection, known: &Known, expected: u64, checked: &mut Checked) -> rusqlite::Result<()> {
    let mut twice = connection.prepare(
        "SELECT id, min(position), max(position) FROM events WHERE position > ?1
         GROUP BY id HAVING count(*) > 1 ORDER BY min(position)",
    )?;
    let mut rows = twice.query([known.indexed_through.cast_signed()])?;
    while let Some(row) = rows.next()? {
        let (id, first, last) = (named(row)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?);
        checked.find(last.cast_unsigned(), format!("its id {id} stands at position {first} already"));
    }
    let entries: i64 = connection.query_row("SELECT count(*) FROM event_ids", [], |row| row.get(0))?;
    if entries.cast_unsigned() == expected {
        return Ok(());
    }
    let mut orphans = connection.prepare(
        "SELECT id, position FROM event_ids AS entry
         WHERE NOT EXISTS (SELECT 1 FROM events WHERE position = entry.position AND id = entry.id)",
    )?;
    let mut rows = orphans.query(params![])?;
    while let Some(row) = rows.next()? {
        let (id, position) = (named(row)?, row.get::<_, i64>(1)?);
        checked.find(position.cast_unsigned(), format!("the index puts the id {id} here, and no event has it"));
    }
    Ok(())
}

/// The id in the first column, or its bytes where it is none.
fn named(row: &Row<'_>) -> rusqlite::Result<String> {
    let bytes: Vec<u8> = row.get(0)?;
    Ok(Uuid::from_slice(&bytes).map_or_else(|_| format!("{bytes:02x?}"), |id| id.to_string()))
}

/// Walks all streams in the order of their numbers, each from its revision 0, beside the table of their names.
fn streams(connection: &Connection, checked: &mut Checked) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT stream, revision, position FROM events INDEXED BY events_by_stream ORDER BY stream, revision",
    )?;
    let mut names = connection.prepare("SELECT id, name FROM streams ORDER BY id")?;
    let (mut entries, mut names) = (statement.query([])?, names.query([])?);
    let mut name = next_name(&mut names)?;
    let mut entry = next_entry(&mut entries)?;
    let mut due_id = 1;
    while let Some((id, text)) = name {
        if id != due_id {
            checked.find(None, format!("stream number {id} stands where {due_id} is due"));
        }
        due_id = id.wrapping_add(1);
        while let Some(Entry { stream, position, .. }) = entry
            && stream < id
        {
            checked.find(position, format!("it is in stream number {stream}, which has no name"));
            entry = next_entry(&mut entries)?;
        }
        checked.streams += 1;
        if text.parse::<StreamName>().is_err() {
            checked.find(None, format!("stream number {id} has an impossible name"));
        }
        let (mut due, mut last) = (0, 0);
        while let Some(Entry { stream, revision, position }) = entry
            && stream == id
        {
            if revision != due {
                checked.find(position, format!("revision {revision} of `{text}` stands where {due} is due"));
            }
            if position <= last {
                checked.find(position, format!("revision {revision} of `{text}` stands before the one before it"));
            }
            (due, last) = (revision.wrapping_add(1), position);
            entry = next_entry(&mut entries)?;
        }
        // A name is made in the transaction that writes its first event.
        if last == 0 {
            checked.find(None, format!("stream `{text}` has no event"));
        }
        name = next_name(&mut names)?;
    }
    while let Some(Entry { stream, position, .. }) = entry {
        checked.find(position, format!("it is in stream number {stream}, which has no name"));
        entry = next_entry(&mut entries)?;
    }
    Ok(())
}

/// A row of the index of streams.
struct Entry {
    stream: i64,
    revision: u64,
    position: u64,
}

fn next_entry(rows: &mut rusqlite::Rows<'_>) -> rusqlite::Result<Option<Entry>> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let number = |column| row.get(column).map(i64::cast_unsigned);
    Ok(Some(Entry { stream: row.get(0)?, revision: number(1)?, position: number(2)? }))
}

fn next_name(rows: &mut rusqlite::Rows<'_>) -> rusqlite::Result<Option<(i64, String)>> {
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some((row.get(0)?, row.get(1)?)))
}
