//! Reading from the disk, by one connection.

use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use lru::LruCache;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use uuid::Uuid;

use super::absence;
use super::checksum::Content;
use super::page::Page;
use crate::port::{
    Batch, Direction, Filter, Position, READ_BYTES_MAX, READ_EVENTS_MAX, ReadError, RecordedEvent, StreamName,
};

/// Rows of `$all` one read looks at, at most, however few of them match its filter. Nor more than `READ_BYTES_MAX`.
const LOOKED_AT_MAX: usize = 4 * READ_EVENTS_MAX;
/// Names that one connection remembers.
const STREAMS_CACHED_MAX: NonZeroUsize = NonZeroUsize::new(1 << 14).unwrap();
const TYPES_CACHED_MAX: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// Events read together share memory in pieces of this size: who keeps one of them keeps a piece.
const PIECE_BYTES: usize = 16 << 10;

pub(super) const ALL: &str = "
    SELECT position, stream, revision, id, event_type, recorded_at, checksum, metadata, data
    FROM events WHERE position > ?1 ORDER BY position";
pub(super) const AT: &str = "
    SELECT position, stream, revision, id, event_type, recorded_at, checksum, metadata, data
    FROM events WHERE position = ?1";
const ALL_BACKWARDS: &str = "
    SELECT position, stream, revision, id, event_type, recorded_at, checksum, metadata, data
    FROM events WHERE position < ?1 ORDER BY position DESC";
const FORWARDS: &str = "
    SELECT position, stream, revision, id, event_type, recorded_at, checksum, metadata, data
    FROM events WHERE stream = ?1 AND revision >= ?2 ORDER BY revision";
const BACKWARDS: &str = "
    SELECT position, stream, revision, id, event_type, recorded_at, checksum, metadata, data
    FROM events WHERE stream = ?1 AND revision <= ?2 ORDER BY revision DESC";

/// A stretch of `$all` on the way back to its begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The matching events, newest first; may be empty.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Everything from here on has been looked at: the next read goes on before it.
    pub through: Position,
    /// Nothing lies before `through`.
    pub at_start: bool,
}

pub(super) struct Reader {
    connection: Connection,
    decoder: RowDecoder,
}

impl Reader {
    pub fn new(connection: Connection) -> Self {
        Self { connection, decoder: RowDecoder::new() }
    }

    pub fn head(&self) -> Result<Position, ReadError> {
        let head = self
            .connection
            .prepare_cached("SELECT coalesce(max(position), 0) FROM events")
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)))
            .map_err(unreadable)?;
        Ok(Position(head.cast_unsigned()))
    }

    /// One stretch of `$all`, from one snapshot.
    pub fn all(&mut self, after: Position, filter: &Filter, page: Page) -> Result<Batch, ReadError> {
        let mut batch = Batch { events: Vec::new(), through: after, at_head: false };
        let page = page.bounded();
        let (mut looked_at, mut bytes) = (LookedAt::default(), 0);
        let mut statement = self.connection.prepare_cached(ALL).map_err(unreadable)?;
        let mut rows = statement.query([signed(after.0)]).map_err(unreadable)?;
        loop {
            let Some(row) = rows.next().map_err(unreadable)? else {
                batch.at_head = true;
                return Ok(batch);
            };
            if looked_at.enough() || batch.events.len() == page.events || bytes >= page.bytes {
                return Ok(batch);
            }
            let position = number(row, 0)?;
            if position != batch.through.0 + 1 {
                let missing = batch.through.0 + 1;
                return Err(ReadError::Corrupt(format!("the event at position {missing} is missing")));
            }
            let (event, length) = self.decoder.matching(&self.connection, row, filter)?;
            if let Some(event) = event {
                bytes += length;
                batch.events.push(Arc::new(event));
            }
            batch.through = Position(position);
            looked_at.add(length);
        }
    }

    /// One stretch of `$all` before `before`, newest first, from one snapshot. `before` lies at most just behind the head:
    /// every position before it holds an event, down to the first, or the disk lost it.
    pub fn all_backwards(&mut self, before: u64, filter: &Filter, page: Page) -> Result<Stretch, ReadError> {
        let mut stretch = Stretch { events: Vec::new(), through: Position(before), at_start: false };
        let page = page.bounded();
        let (mut looked_at, mut bytes) = (LookedAt::default(), 0);
        let mut due = before.saturating_sub(1);
        let mut statement = self.connection.prepare_cached(ALL_BACKWARDS).map_err(unreadable)?;
        let mut rows = statement.query([signed(before)]).map_err(unreadable)?;
        while due > 0 && stretch.events.len() < page.events && bytes < page.bytes && !looked_at.enough() {
            let missing = || ReadError::Corrupt(format!("the event at position {due} is missing"));
            let row = rows.next().map_err(unreadable)?.ok_or_else(missing)?;
            if number(row, 0)? != due {
                return Err(missing());
            }
            let (event, length) = self.decoder.matching(&self.connection, row, filter)?;
            if let Some(event) = event {
                bytes += length;
                stretch.events.push(Arc::new(event));
            }
            stretch.through = Position(due);
            due -= 1;
            looked_at.add(length);
        }
        stretch.at_start = due == 0;
        Ok(stretch)
    }

    /// One stretch of a stream, from one snapshot. That nothing stands there is proved by what stands beside it.
    pub fn stream(
        &mut self,
        stream: &StreamName,
        direction: Direction,
        from: Option<u64>,
        page: Page,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let page = page.bounded();
        let snapshot = self.connection.unchecked_transaction().map_err(unreadable)?;
        let Some(id) = absence::stream_number(&snapshot, stream).map_err(unreadable)? else { return Ok(Vec::new()) };
        let (query, start) = match direction {
            Direction::Forwards => (FORWARDS, from.unwrap_or(0)),
            Direction::Backwards => (BACKWARDS, from.unwrap_or(u64::MAX)),
        };
        let missing = |due: u64| ReadError::Corrupt(format!("revision {due} of `{stream}` is missing"));
        let mut statement = snapshot.prepare_cached(query).map_err(unreadable)?;
        let mut rows = statement.query(params![id, signed(start)]).map_err(unreadable)?;
        let mut events: Vec<Arc<RecordedEvent>> = Vec::new();
        let (mut bytes, mut exhausted) = (0, false);
        while events.len() < page.events && bytes < page.bytes {
            let Some(row) = rows.next().map_err(unreadable)? else {
                exhausted = true;
                break;
            };
            let event = self.decoder.event(&snapshot, row, stream.clone())?;
            let due = match (direction, events.last()) {
                (Direction::Forwards, None) => Some(start),
                (Direction::Forwards, Some(last)) => Some(last.revision + 1),
                (Direction::Backwards, None) => None,
                (Direction::Backwards, Some(last)) => last.revision.checked_sub(1),
            };
            if let Some(due) = due
                && event.revision != due
            {
                return Err(missing(due));
            }
            bytes += event.data.len() + event.metadata.len();
            events.push(Arc::new(event));
        }
        let end = match (direction, events.first(), events.last()) {
            (Direction::Forwards, _, Some(last)) => exhausted.then_some(last.revision + 1),
            (Direction::Forwards, _, None) => exhausted.then_some(start),
            (Direction::Backwards, Some(first), Some(last)) => {
                if exhausted && last.revision > 0 {
                    return Err(missing(last.revision - 1));
                }
                (first.revision < start).then_some(first.revision + 1)
            }
            (Direction::Backwards, _, _) => exhausted.then_some(0),
        };
        if let Some(end) = end {
            absence::end_of_stream(&snapshot, id, signed(end)).map_err(unreadable)?;
        }
        Ok(events)
    }
}

/// What one read of `$all` has looked at, whether it matched or not.
#[derive(Default)]
struct LookedAt {
    rows: usize,
    bytes: usize,
}

impl LookedAt {
    fn add(&mut self, bytes: usize) {
        self.rows += 1;
        self.bytes += bytes;
    }

    fn enough(&self) -> bool {
        self.rows == LOOKED_AT_MAX || self.bytes >= READ_BYTES_MAX
    }
}

/// A row that says what was written, before anything of it is kept.
struct Whole<'r> {
    position: u64,
    revision: u64,
    id: Uuid,
    event_type: Arc<str>,
    recorded_at: DateTime<Utc>,
    metadata: &'r [u8],
    data: &'r [u8],
}

/// Makes events of rows. The names behind the numbers in a row never change once committed.
pub(super) struct RowDecoder {
    streams: LruCache<i64, StreamName>,
    types: LruCache<i64, Arc<str>>,
    piece: BytesMut,
}

impl RowDecoder {
    pub fn new() -> Self {
        Self {
            streams: LruCache::new(STREAMS_CACHED_MAX),
            types: LruCache::new(TYPES_CACHED_MAX),
            piece: BytesMut::new(),
        }
    }

    /// Reads a whole row and checks that it says what was written.
    pub fn event(
        &mut self,
        connection: &Connection,
        row: &Row<'_>,
        stream: StreamName,
    ) -> Result<RecordedEvent, ReadError> {
        let whole = self.whole(connection, row, &stream)?;
        Ok(self.kept(whole, stream))
    }

    /// The event in a row, where it matches, and how many bytes are in the row. A row that is passed over is checked as
    /// well: damage to its stream may be why it does not match.
    fn matching(
        &mut self,
        connection: &Connection,
        row: &Row<'_>,
        filter: &Filter,
    ) -> Result<(Option<RecordedEvent>, usize), ReadError> {
        let stream = self.stream(connection, integer(row, 1)?)?;
        let whole = self.whole(connection, row, &stream)?;
        let length = whole.metadata.len() + whole.data.len();
        let event = filter.matches(&stream).then(|| self.kept(whole, stream));
        Ok((event, length))
    }

    fn whole<'r>(
        &mut self,
        connection: &Connection,
        row: &'r Row<'_>,
        stream: &StreamName,
    ) -> Result<Whole<'r>, ReadError> {
        let position = number(row, 0)?;
        let revision = number(row, 2)?;
        let event_type = self.event_type(connection, integer(row, 4)?)?;
        let recorded_at_us = integer(row, 5)?;
        let damaged = || ReadError::Corrupt(format!("position {position}, revision {revision} of `{stream}`"));
        let id = Uuid::from_slice(blob(row, 3)?).map_err(|_| damaged())?;
        let (metadata, data) = (blob(row, 7)?, blob(row, 8)?);
        let content = Content {
            position,
            stream: stream.as_str(),
            revision,
            id,
            event_type: &event_type,
            recorded_at_us,
            metadata,
            data,
        };
        if i64::from(content.checksum()) != integer(row, 6)? {
            return Err(damaged());
        }
        let recorded_at = DateTime::from_timestamp_micros(recorded_at_us).ok_or_else(damaged)?;
        Ok(Whole { position, revision, id, event_type, recorded_at, metadata, data })
    }

    fn kept(&mut self, whole: Whole<'_>, stream: StreamName) -> RecordedEvent {
        let length = whole.metadata.len() + whole.data.len();
        if self.piece.capacity() < length {
            self.piece = BytesMut::with_capacity(length.max(PIECE_BYTES));
        }
        let (metadata, data) = (self.keep(whole.metadata), self.keep(whole.data));
        RecordedEvent {
            position: Position(whole.position),
            stream,
            revision: whole.revision,
            id: whole.id,
            event_type: whole.event_type,
            data,
            metadata,
            recorded_at: whole.recorded_at,
        }
    }

    fn keep(&mut self, field: &[u8]) -> Bytes {
        self.piece.extend_from_slice(field);
        self.piece.split().freeze()
    }

    pub fn stream(&mut self, connection: &Connection, id: i64) -> Result<StreamName, ReadError> {
        if let Some(name) = self.streams.get(&id) {
            return Ok(name.clone());
        }
        let text = name(connection, "SELECT name FROM streams WHERE id = ?1", id)?;
        let name: StreamName =
            text.parse().map_err(|_| ReadError::Corrupt(format!("stream {id} has an impossible name")))?;
        self.streams.put(id, name.clone());
        Ok(name)
    }

    fn event_type(&mut self, connection: &Connection, id: i64) -> Result<Arc<str>, ReadError> {
        if let Some(name) = self.types.get(&id) {
            return Ok(Arc::clone(name));
        }
        let name: Arc<str> = name(connection, "SELECT name FROM event_types WHERE id = ?1", id)?.into();
        self.types.put(id, Arc::clone(&name));
        Ok(name)
    }
}

fn name(connection: &Connection, query: &str, id: i64) -> Result<String, ReadError> {
    connection
        .prepare_cached(query)
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)).optional())
        .map_err(unreadable)?
        .ok_or_else(|| ReadError::Corrupt(format!("name {id} is missing")))
}

/// A cursor that no log reaches reads like one at its end.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn integer(row: &Row<'_>, column: usize) -> Result<i64, ReadError> {
    row.get(column).map_err(unreadable)
}

fn number(row: &Row<'_>, column: usize) -> Result<u64, ReadError> {
    integer(row, column).map(i64::cast_unsigned)
}

fn blob<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8], ReadError> {
    row.get_ref(column)
        .map_err(unreadable)?
        .as_blob()
        .map_err(|error| ReadError::Corrupt(format!("column {column}: {error}")))
}

pub(super) fn unreadable(error: rusqlite::Error) -> ReadError {
    match &error {
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => ReadError::Corrupt(error.to_string()),
            _ => ReadError::Unavailable(error.to_string()),
        },
        // The database answered, but not with what was ever written into it.
        _ => ReadError::Corrupt(error.to_string()),
    }
}
