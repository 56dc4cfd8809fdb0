//! What Casebook asks of an event log.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The most bytes a stream's name may have.
pub const STREAM_NAME_BYTES_MAX: usize = 128;
/// The most events one append may carry.
pub const APPEND_EVENTS_MAX: usize = 256;
/// The most bytes the data or the metadata of one event may have.
pub const EVENT_BYTES_MAX: usize = 1 << 20;
/// The most bytes the name of an event's type may have; it has at least one.
pub const EVENT_TYPE_BYTES_MAX: usize = 128;
/// The most events one read returns, whatever it asks for.
pub const READ_EVENTS_MAX: usize = 4096;
/// A read stops after the event with which its data and metadata reach this many bytes, even below its limit.
pub const READ_BYTES_MAX: usize = 32 << 20;

/// The name of a stream: a category, a hyphen, an id. Carries no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(Arc<str>);

impl StreamName {
    pub fn of(category: &str, id: Uuid) -> Self {
        Self(format!("{category}-{}", id.hyphenated()).into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the first hyphen.
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or(&*self.0, |(category, _)| category)
    }

    /// What stands behind the first hyphen, where that is a UUID.
    pub fn id(&self) -> Option<Uuid> {
        self.0.split_once('-').and_then(|(_, id)| Uuid::try_parse(id).ok())
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for StreamName {
    type Err = InvalidStreamName;

    fn from_str(text: &str) -> Result<Self, InvalidStreamName> {
        let fits = !text.is_empty()
            && text.len() <= STREAM_NAME_BYTES_MAX
            && text.bytes().all(|b| b.is_ascii_graphic())
            && !text.starts_with('$');
        if fits { Ok(Self(text.into())) } else { Err(InvalidStreamName) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a stream name has 1 to {STREAM_NAME_BYTES_MAX} visible ASCII characters and does not start with `$`")]
pub struct InvalidStreamName;

/// A place in `$all`. Positions rise in commit order; they may leave gaps. 0 lies before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Position(pub u64);

impl Position {
    pub const START: Self = Self(0);
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An event on its way into the log. Data and metadata are JSON bytes, stored as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Unique over the whole log: a second append of the same id to the same stream is harmless,
    /// to another stream it is an error.
    pub id: Uuid,
    pub event_type: Arc<str>,
    pub data: Bytes,
    pub metadata: Bytes,
}

/// An event as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    pub position: Position,
    pub stream: StreamName,
    /// The event's number in its stream, from 0, without gaps.
    pub revision: u64,
    pub id: Uuid,
    pub event_type: Arc<str>,
    pub data: Bytes,
    pub metadata: Bytes,
    /// When the log took it, in whole microseconds; never less than that of the event before it.
    pub recorded_at: DateTime<Utc>,
}

/// What the writer believes the stream's last revision to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Any state of the stream will do.
    Any,
    /// The stream must not exist.
    NoStream,
    /// The stream's last event must have this revision.
    Revision(u64),
}

/// Where an append ended up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The revision of the last event appended.
    pub revision: u64,
    /// The position of the last event appended.
    pub position: Position,
    /// The events were there already, from an earlier append of the same ids.
    pub repeated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Somebody else wrote first.
    #[error("stream `{stream}` is at {actual:?}, not at {expected:?}")]
    WrongExpectedRevision { stream: StreamName, expected: Expected, actual: Option<u64> },
    /// One of the ids stands elsewhere in the log, or stands here among other events than these.
    #[error("event id {id} is taken by revision {revision} of `{stream}`")]
    EventIdTaken { id: Uuid, stream: StreamName, revision: u64 },
    #[error(
        "an append holds 1 to {APPEND_EVENTS_MAX} events with data and metadata of at most {EVENT_BYTES_MAX} bytes and distinct ids: {0}"
    )]
    Invalid(String),
    /// No room on the disk: nothing was written, reading goes on.
    #[error("the log's disk is full")]
    Full,
    /// The log cannot be reached or cannot say whether it wrote: append the same ids again to find out.
    #[error("the log is unavailable: {0}")]
    Unavailable(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the log is unavailable: {0}")]
    Unavailable(String),
    /// What is stored is not what was written.
    #[error("the log is damaged: {0}")]
    Corrupt(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Forwards,
    Backwards,
}

/// Whether a read of a stream that asked for `limit` events and got these came to the stream's end.
/// `false` may also mean that it ends right here: the next read is empty then.
pub fn ends_stream(events: &[Arc<RecordedEvent>], limit: usize) -> bool {
    let bytes = || events.iter().map(|event| event.data.len() + event.metadata.len()).sum::<usize>();
    events.len() < limit.min(READ_EVENTS_MAX) && bytes() < READ_BYTES_MAX
}

/// Which events of `$all` a reader wants: those of streams whose names begin in one of these ways, or all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    prefixes: Vec<String>,
}

impl Filter {
    pub fn all() -> Self {
        Self::default()
    }

    /// Streams named `{category}-…` for one of the categories.
    pub fn categories<'a>(categories: impl IntoIterator<Item = &'a str>) -> Self {
        Self { prefixes: categories.into_iter().map(|category| format!("{category}-")).collect() }
    }

    /// Streams whose names begin with one of these; with none of them, all.
    pub fn starting_with(prefixes: impl IntoIterator<Item = String>) -> Self {
        Self { prefixes: prefixes.into_iter().collect() }
    }

    pub fn prefixes(&self) -> &[String] {
        &self.prefixes
    }

    pub fn matches(&self, stream: &StreamName) -> bool {
        self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| stream.as_str().starts_with(prefix))
    }
}

/// A stretch of `$all` as one reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The matching events, oldest first; may be empty.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Everything up to here has been looked at: the reader's new cursor, even where nothing matched.
    pub through: Position,
    /// At the time of reading nothing lay beyond `through`.
    pub at_head: bool,
}

/// A reader of `$all` that first catches up and then stays live.
///
/// It pulls: a reader that does not call costs the writer nothing and holds nothing of the log in memory.
#[async_trait]
pub trait Subscription: Send {
    /// The next stretch: waits while there is nothing new. At most `READ_EVENTS_MAX` events. Never goes
    /// back, never skips. Cancel safe: a dropped call loses nothing.
    async fn next(&mut self) -> Result<Batch, ReadError>;
}

#[async_trait]
pub trait EventLog: Send + Sync + fmt::Debug {
    /// Appends all of `events` to one stream, or none. Returns once they are durable.
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError>;

    /// Events of one stream from revision `from` on (backwards: from the end where `from` is `None`).
    /// A stream that does not exist reads as empty. At most `limit` events, also bounded by
    /// `READ_EVENTS_MAX` and `READ_BYTES_MAX`: `ends_stream` tells whether the stream ends there.
    async fn read_stream(
        &self,
        stream: &StreamName,
        direction: Direction,
        from: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError>;

    /// Events of `$all` behind `after`, at most `limit` of them.
    async fn read_all(&self, after: Position, filter: &Filter, limit: usize) -> Result<Batch, ReadError>;

    /// Follows `$all` behind `after`, for ever.
    fn subscribe(&self, after: Position, filter: Filter) -> Box<dyn Subscription>;

    /// The position of the last event, or `START`.
    async fn head(&self) -> Result<Position, ReadError>;
}
