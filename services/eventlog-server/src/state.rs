//! The metadata of streams: what of a stream is still to be read, and whether it is deleted.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use casebook_eventlog::embedded::EmbeddedLog;
use casebook_eventlog::{Direction, EventLog as _, Position, ReadError, RecordedEvent, StreamName};
use chrono::{DateTime, TimeDelta, Utc};
use lru::LruCache;
use serde_json::{Map, Value};

use crate::acl::Acl;
use crate::names;

/// The type of an event that holds metadata.
pub const METADATA_TYPE: &str = "$metadata";
/// The type of the event that ends a stream for good. It is kept as the last event of the stream's metadata.
pub const TOMBSTONE_TYPE: &str = "$streamDeleted";
/// The `$tb` by which clients delete a stream: before it lies everything that was in the stream when this was written. What
/// is appended later is to be read.
const DELETED: u64 = i64::MAX.cast_unsigned();

const TRUNCATE_BEFORE: &str = "$tb";
const MAX_COUNT: &str = "$maxCount";
const MAX_AGE: &str = "$maxAge";

/// Streams whose metadata is known without a look into the log.
const STATES_CACHED_MAX: NonZeroUsize = NonZeroUsize::new(1 << 16).unwrap();

/// What the metadata of a stream says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamState {
    pub tombstoned: bool,
    /// Events below this revision are not to be read.
    pub truncate_before: u64,
    /// Only so many of the newest events are to be read.
    pub max_count: Option<u64>,
    /// Only events that are not older are to be read.
    pub max_age: Option<TimeDelta>,
    /// Who is permitted what, where there are users.
    pub acl: Acl,
    /// All of it, as it was written.
    pub metadata: Map<String, Value>,
    /// The revision of the event that says so, in the stream of the metadata.
    pub said_at: Option<u64>,
}

impl StreamState {
    fn of_event(event: &RecordedEvent) -> Self {
        let Ok(metadata) = serde_json::from_slice::<Map<String, Value>>(&event.data) else {
            tracing::warn!(stream = %event.stream, revision = event.revision, "metadata of a stream is not a JSON object");
            // It may have been to keep somebody out.
            return Self { acl: Acl::closed(), said_at: Some(event.revision), ..Self::default() };
        };
        let number = |name: &str| metadata.get(name).and_then(Value::as_u64);
        Self {
            tombstoned: false,
            truncate_before: number(TRUNCATE_BEFORE).unwrap_or(0),
            max_count: number(MAX_COUNT),
            max_age: number(MAX_AGE).and_then(|seconds| TimeDelta::try_seconds(i64::try_from(seconds).ok()?)),
            acl: Acl::of_metadata(&metadata),
            metadata,
            said_at: Some(event.revision),
        }
    }

    /// Whether a stream that ends at `last` is deleted: it looks as if it did not exist until something is appended. That needs
    /// no change of the metadata, so an append that fails, or half of one, brings nothing back.
    pub fn is_deleted(&self, last: u64) -> bool {
        self.truncate_before > last
    }

    /// The lowest revision that is to be read of a stream that ends at `last`.
    pub fn first_revision(&self, last: u64) -> u64 {
        let by_count = self.max_count.map_or(0, |count| (last + 1).saturating_sub(count));
        by_count.max(self.truncate_before)
    }

    pub fn is_expired(&self, event: &RecordedEvent, now: DateTime<Utc>) -> bool {
        self.max_age.is_some_and(|age| now.signed_duration_since(event.recorded_at) > age)
    }

    /// The metadata with another `$tb`.
    pub fn truncated_before(&self, revision: u64) -> Map<String, Value> {
        let mut metadata = self.metadata.clone();
        metadata.insert(TRUNCATE_BEFORE.into(), revision.into());
        metadata
    }
}

/// Now, by the clock of the machine: what is too old is a matter of who reads, not of what is written.
pub fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// The states of streams, as far as they were asked for lately.
pub struct States {
    known: Mutex<LruCache<StreamName, Arc<StreamState>>>,
    /// Counts what was forgotten, so that nothing is remembered that was read before the change and is put away after it.
    changes: AtomicU64,
}

impl States {
    pub fn new() -> Self {
        Self { known: Mutex::new(LruCache::new(STATES_CACHED_MAX)), changes: AtomicU64::new(0) }
    }

    pub async fn of(&self, log: &EmbeddedLog, stream: &StreamName) -> Result<Arc<StreamState>, ReadError> {
        let changes = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(state) = known.get(stream) {
                return Ok(Arc::clone(state));
            }
            self.changes.load(Ordering::Acquire)
        };
        let state = Arc::new(read_state(log, stream).await?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.changes.load(Ordering::Acquire) == changes {
            known.put(stream.clone(), Arc::clone(&state));
        }
        Ok(state)
    }

    /// The metadata stream `of` may have a new event.
    pub fn forget(&self, of: &StreamName) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::AcqRel);
        known.pop(of);
        if let Some(described) = names::described_by(of) {
            known.pop(&described);
        }
    }
}

async fn read_state(log: &EmbeddedLog, stream: &StreamName) -> Result<StreamState, ReadError> {
    let newest = |stream: StreamName| async move { log.read_stream(&stream, Direction::Backwards, None, 2).await };
    let ends = |event: &RecordedEvent| &*event.event_type == TOMBSTONE_TYPE;
    // Of metadata, the newest is all there is; a tombstone ends it too.
    if names::described_by(stream).is_some() {
        let tombstoned = newest(stream.clone()).await?.first().is_some_and(|event| ends(event));
        return Ok(StreamState { tombstoned, max_count: Some(1), ..StreamState::default() });
    }
    let Some(metadata) = names::metadata_of(stream) else { return Ok(StreamState::default()) };
    let newest = newest(metadata).await?;
    let Some(said) = newest.first() else { return Ok(StreamState::default()) };
    if ends(said) {
        // Its events still stand in `$all`: who was kept out before stays out.
        let acl = newest.get(1).map(|before| StreamState::of_event(before).acl).unwrap_or_default();
        return Ok(StreamState { tombstoned: true, acl, said_at: Some(said.revision), ..StreamState::default() });
    }
    let mut state = StreamState::of_event(said);
    if state.truncate_before >= DELETED {
        state.truncate_before = count_before(log, stream, said.position).await?;
    }
    Ok(state)
}

/// How many events of a stream stand before a position. Revisions rise with positions, so a few reads find it.
async fn count_before(log: &EmbeddedLog, stream: &StreamName, position: Position) -> Result<u64, ReadError> {
    let last = log.read_stream(stream, Direction::Backwards, None, 1).await?;
    let (mut before, mut behind) = (0, last.first().map_or(0, |last| last.revision + 1));
    while before < behind {
        let middle = before + (behind - before) / 2;
        let there = log.read_stream(stream, Direction::Forwards, Some(middle), 1).await?;
        if there.first().is_some_and(|event| event.position < position) {
            before = middle + 1;
        } else {
            behind = middle;
        }
    }
    Ok(before)
}
