//! What one append does inside the writer's transaction, and what the writer remembers between two.

use std::num::NonZeroUsize;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use lru::LruCache;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, params};

use super::Clock;
use super::absence;
use super::checksum::Content;
use super::ids::TakenIds;
use super::queue::Answer;
use super::reader::{AT, RowDecoder};
use crate::port::{AppendError, Appended, Expected, NewEvent, Position, RecordedEvent, StreamName};

/// Streams whose end the writer knows without asking the database.
const HEADS_CACHED_MAX: NonZeroUsize = NonZeroUsize::new(1 << 16).unwrap();
/// Event types whose number the writer knows without asking the database.
const TYPES_CACHED_MAX: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// The writer's knowledge of the log's end. It runs ahead of the disk while a transaction is open, so a
/// transaction that fails takes its ledger with it.
pub(super) struct Ledger {
    clock: Clock,
    heads: LruCache<StreamName, StreamHead>,
    types: LruCache<Arc<str>, i64>,
    pub(super) ids: TakenIds,
    decoder: RowDecoder,
    /// The position of the last event.
    pub head: u64,
    last_stream: i64,
    last_recorded_at_us: i64,
    /// Written since the transaction began, in order.
    pub fresh: Vec<Arc<RecordedEvent>>,
}

#[derive(Clone, Copy)]
struct StreamHead {
    id: i64,
    /// `None`: the stream has a number and no event.
    revision: Option<u64>,
}

/// Where an event stands.
#[derive(Clone)]
struct Place {
    stream: StreamName,
    revision: u64,
    position: Position,
}

impl Ledger {
    pub fn load(connection: &Connection, clock: Clock) -> rusqlite::Result<Self> {
        let last = "SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1";
        let (head, last_recorded_at_us) = connection
            .query_row(last, [], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?)))
            .optional()?
            .unwrap_or((0, i64::MIN));
        let last_stream = connection.query_row("SELECT coalesce(max(id), 0) FROM streams", [], |row| row.get(0))?;
        Ok(Self {
            clock,
            heads: LruCache::new(HEADS_CACHED_MAX),
            types: LruCache::new(TYPES_CACHED_MAX),
            ids: TakenIds::load(connection)?,
            decoder: RowDecoder::new(),
            head,
            last_stream,
            last_recorded_at_us,
            fresh: Vec::new(),
        })
    }

    /// Decides one append and carries it out, or leaves the transaction as it was. An `Err` on the outside
    /// means that the transaction as a whole is lost.
    pub fn append(
        &mut self,
        transaction: &Connection,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> rusqlite::Result<Answer> {
        if let Some(earlier) = self.earlier_append(transaction, stream, &events)? {
            return Ok(earlier);
        }
        let found = self.find(transaction, stream, expected)?;
        let actual = found.and_then(|head| head.revision);
        if !allows(expected, actual) {
            let stream = stream.clone();
            return Ok(Err(AppendError::WrongExpectedRevision { stream, expected, actual }));
        }
        let head = match found {
            Some(head) => head,
            None => self.create(transaction, stream)?,
        };
        let recorded_at_us = self.now_us();
        let mut revision = actual;
        for event in events {
            let next = revision.map_or(0, |revision| revision + 1);
            self.insert(transaction, stream, head.id, next, recorded_at_us, event)?;
            revision = Some(next);
        }
        self.heads.put(stream.clone(), StreamHead { id: head.id, revision });
        self.last_recorded_at_us = recorded_at_us;
        let revision = revision.unwrap_or(0);
        Ok(Ok(Appended { revision, position: Position(self.head), repeated: false }))
    }

    /// What belongs to every transaction beside its appends.
    pub fn finish(&mut self, transaction: &Connection) -> rusqlite::Result<()> {
        self.ids.settle(transaction, self.fresh.len(), self.head)
    }

    /// Answers an append some of whose ids are in the log: with its first outcome if all of them stand one
    /// behind the other in this stream, else with the id that is taken. `None`: no id of it is in the log.
    fn earlier_append(
        &mut self,
        transaction: &Connection,
        stream: &StreamName,
        events: &[NewEvent],
    ) -> rusqlite::Result<Option<Answer>> {
        let mut places = Vec::new();
        for event in events {
            if let Some(position) = self.ids.position(transaction, event.id)? {
                places.push((event.id, self.place(transaction, position)?));
            }
        }
        let Some((id, first)) = places.first() else {
            return Ok(None);
        };
        let (id, first) = (*id, first.clone());
        let together = places.len() == events.len()
            && places
                .iter()
                .zip(first.revision..)
                .all(|((_, place), revision)| place.stream == *stream && place.revision == revision);
        let last = places.pop().map_or_else(|| first.clone(), |(_, last)| last);
        Ok(Some(if together {
            Ok(Appended { revision: last.revision, position: last.position, repeated: true })
        } else {
            Err(AppendError::EventIdTaken { id, stream: first.stream, revision: first.revision })
        }))
    }

    /// Read as a reader reads it: an answer from a damaged row would be a wrong one.
    fn place(&mut self, transaction: &Connection, position: u64) -> rusqlite::Result<Place> {
        let mut statement = transaction.prepare_cached(AT)?;
        let mut rows = statement.query([position.cast_signed()])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let stream = self.decoder.stream(transaction, row.get(1)?);
        let event = stream.and_then(|stream| self.decoder.event(transaction, row, stream));
        let event = event.map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Null, Box::new(error)))?;
        Ok(Place { stream: event.stream, revision: event.revision, position: event.position })
    }

    fn find(
        &mut self,
        transaction: &Connection,
        stream: &StreamName,
        expected: Expected,
    ) -> rusqlite::Result<Option<StreamHead>> {
        if let Some(head) = self.heads.get(stream) {
            return Ok(Some(*head));
        }
        // Who expects no stream is nearly always right: making it tells in one step whether it was there.
        if expected == Expected::NoStream
            && let Some(head) = self.try_create(transaction, stream)?
        {
            return Ok(Some(head));
        }
        let head = match absence::stream_number(transaction, stream)? {
            None => None,
            Some(id) => {
                let revision: i64 = transaction
                    .prepare_cached("SELECT max(revision) FROM events WHERE stream = ?1")?
                    .query_row([id], |row| row.get(0))?;
                absence::end_of_stream(transaction, id, revision + 1)?;
                Some(StreamHead { id, revision: Some(revision.cast_unsigned()) })
            }
        };
        if let Some(head) = head {
            self.heads.put(stream.clone(), head);
        }
        Ok(head)
    }

    fn create(&mut self, transaction: &Connection, stream: &StreamName) -> rusqlite::Result<StreamHead> {
        self.try_create(transaction, stream)?.ok_or(rusqlite::Error::StatementChangedRows(0))
    }

    /// `None`: the stream has a number already.
    fn try_create(&mut self, transaction: &Connection, stream: &StreamName) -> rusqlite::Result<Option<StreamHead>> {
        let id = self.last_stream + 1;
        let made = transaction
            .prepare_cached("INSERT OR IGNORE INTO streams (id, name) VALUES (?1, ?2)")?
            .execute(params![id, stream.as_str()])?;
        if made == 0 {
            return Ok(None);
        }
        self.last_stream = id;
        let head = StreamHead { id, revision: None };
        self.heads.put(stream.clone(), head);
        Ok(Some(head))
    }

    /// Writes a row. A clash of revisions or positions is impossible and would end the transaction.
    fn insert(
        &mut self,
        transaction: &Connection,
        stream: &StreamName,
        stream_id: i64,
        revision: u64,
        recorded_at_us: i64,
        event: NewEvent,
    ) -> rusqlite::Result<()> {
        let type_id = self.type_id(transaction, &event.event_type)?;
        let position = self.head + 1;
        let checksum = Content {
            position,
            stream: stream.as_str(),
            revision,
            id: event.id,
            event_type: &event.event_type,
            recorded_at_us,
            metadata: &event.metadata,
            data: &event.data,
        }
        .checksum();
        transaction
            .prepare_cached(
                "INSERT INTO events
                 (position, stream, revision, id, event_type, recorded_at, checksum, metadata, data)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                position.cast_signed(),
                stream_id,
                revision.cast_signed(),
                event.id.as_bytes().as_slice(),
                type_id,
                recorded_at_us,
                checksum,
                event.metadata.as_ref(),
                event.data.as_ref(),
            ])?;
        self.head = position;
        self.ids.take(event.id, position);
        self.fresh.push(Arc::new(RecordedEvent {
            position: Position(position),
            stream: stream.clone(),
            revision,
            id: event.id,
            event_type: event.event_type,
            data: event.data,
            metadata: event.metadata,
            recorded_at: DateTime::from_timestamp_micros(recorded_at_us).unwrap_or_default(),
        }));
        Ok(())
    }

    fn type_id(&mut self, transaction: &Connection, name: &Arc<str>) -> rusqlite::Result<i64> {
        if let Some(id) = self.types.get(name) {
            return Ok(*id);
        }
        transaction.prepare_cached("INSERT OR IGNORE INTO event_types (name) VALUES (?1)")?.execute([&**name])?;
        let id = transaction
            .prepare_cached("SELECT id FROM event_types WHERE name = ?1")?
            .query_row([&**name], |row| row.get(0))?;
        self.types.put(Arc::clone(name), id);
        Ok(id)
    }

    /// Whole microseconds, and never before the last event, whatever the clock says.
    fn now_us(&self) -> i64 {
        let now: DateTime<Utc> = (self.clock)();
        now.timestamp_micros().max(self.last_recorded_at_us)
    }
}

fn allows(expected: Expected, actual: Option<u64>) -> bool {
    match expected {
        Expected::Any => true,
        Expected::NoStream => actual.is_none(),
        Expected::Revision(revision) => actual == Some(revision),
    }
}
