//! The log on a KurrentDB cluster, or on anything else that speaks its protocol, by the official client.
//!
//! What the client (1.2) does not do is done here:
//!
//! * After one failed connection it is of no more use: [`client`] makes another, with growing pauses.
//! * An append whose answer was lost is appended again with the same ids, or found by them.
//! * Its subscription spins for ever inside one poll when a server ends it with OK, which nobody outside can end. So a
//!   follower reads, stretch by stretch, from where it stands; where it has nothing to read, it waits until the log's head
//!   moves, which one task watches for all. That is also what resumes after a lost connection: without a gap or a repeat.
//! * It panics on messages that it does not expect: a panic counts as a lost connection.
//!
//! All calls go to the leader: a node that lags would hide events that a reader has been told of.

mod client;
mod userinfo;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use self::client::{Connection, Failure, Head, Pauses, Written};
use crate::limits;
use crate::port::{
    AppendError, Appended, Batch, Direction, EventLog, Expected, Filter, NewEvent, Position, READ_EVENTS_MAX,
    ReadError, RecordedEvent, StreamName, Subscription,
};

/// How often the head is looked at while followers wait for it: less often the longer nothing comes.
const LOOK_MIN: Duration = Duration::from_millis(4);
const LOOK_MAX: Duration = Duration::from_millis(64);
/// A filtered read that takes longer is done by reading everything, stretch by stretch, and leaving out here.
const FILTERED_MAX: Duration = Duration::from_secs(5);
/// Events at the end of a stream among which an append's ids are looked for.
const RESOLVED_MAX: usize = 1024;

/// The connection string is not one, or nothing answers there.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the event log of the connection string: {0}")]
pub struct ConnectError(String);

/// A log behind a connection string.
pub struct KurrentLog {
    shared: Arc<Shared>,
    watcher: Arc<Watcher>,
}

/// The task that watches the head; it ends with the log and all its followers.
struct Watcher(AbortHandle);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Shared {
    connection: Connection,
    /// The last event that is known of.
    heads: watch::Sender<Head>,
    /// Followers that wait for a higher one.
    waiting: AtomicUsize,
    wanted: Notify,
}

impl KurrentLog {
    /// Connects, and asks for the head, so that what is wrong with the connection string is known at once.
    pub async fn connect(connection_string: &str) -> Result<Self, ConnectError> {
        let connection = Connection::new(connection_string).map_err(ConnectError)?;
        connection.begin().await.map_err(ConnectError)?;
        let (heads, waiting, wanted) = (watch::Sender::new(Head::default()), AtomicUsize::new(0), Notify::new());
        let shared = Arc::new(Shared { connection, heads, waiting, wanted });
        shared.head().await.map_err(|error| ConnectError(error.to_string()))?;
        let watching = tokio::spawn(watch_head(Arc::clone(&shared)));
        Ok(Self { shared, watcher: Arc::new(Watcher(watching.abort_handle())) })
    }

    /// Where it leads, without user and password.
    pub fn hosts(&self) -> String {
        self.shared.connection.hosts()
    }
}

impl fmt::Debug for KurrentLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KurrentLog").field("hosts", &self.hosts()).finish_non_exhaustive()
    }
}

#[async_trait]
impl EventLog for KurrentLog {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        limits::check_append(&events)?;
        self.shared.append(stream, expected, &events).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        direction: Direction,
        from: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        Ok(self.shared.connection.read_stream(stream, direction, from, limit).await?)
    }

    async fn read_all(&self, after: Position, filter: &Filter, limit: usize) -> Result<Batch, ReadError> {
        let head = self.shared.head().await?;
        self.shared.read_all(after, &head, filter, limit).await
    }

    fn subscribe(&self, after: Position, filter: Filter) -> Box<dyn Subscription> {
        let (shared, heads) = (Arc::clone(&self.shared), self.shared.heads.subscribe());
        Box::new(Follower { shared, filter, cursor: after, heads, _watcher: Arc::clone(&self.watcher) })
    }

    async fn head(&self) -> Result<Position, ReadError> {
        Ok(self.shared.head().await?.position)
    }
}

struct Follower {
    shared: Arc<Shared>,
    filter: Filter,
    cursor: Position,
    heads: watch::Receiver<Head>,
    _watcher: Arc<Watcher>,
}

#[async_trait]
impl Subscription for Follower {
    async fn next(&mut self) -> Result<Batch, ReadError> {
        loop {
            let head = self.heads.borrow_and_update().clone();
            if head.position > self.cursor {
                let batch = self.shared.read_all(self.cursor, &head, &self.filter, READ_EVENTS_MAX).await?;
                self.cursor = batch.through;
                return Ok(batch);
            }
            let cursor = self.cursor;
            let _waiting = Waiting::begin(&self.shared);
            let more = self.heads.wait_for(|head| head.position > cursor).await;
            more.map_err(|_| ReadError::Unavailable("the log is closed".into()))?;
        }
    }
}

/// A follower that waits for the head to move: while there is one, the head is watched.
struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.waiting.fetch_add(1, Ordering::AcqRel);
        shared.wanted.notify_one();
        Self(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

async fn watch_head(shared: Arc<Shared>) {
    let mut pause = LOOK_MIN;
    loop {
        if shared.waiting.load(Ordering::Acquire) == 0 {
            shared.wanted.notified().await;
            pause = LOOK_MIN;
        }
        let known = shared.heads.borrow().position;
        match shared.head().await {
            Ok(head) if head.position > known => pause = LOOK_MIN,
            Ok(_) => pause = LOOK_MAX.min(pause * 2),
            // It has been tried for a while already; followers go on waiting.
            Err(error) => tracing::warn!(%error, "the head of the event log is unknown"),
        }
        sleep(pause).await;
    }
}

impl Shared {
    async fn head(&self) -> Result<Head, ReadError> {
        let head = self.connection.head().await?;
        self.saw(&head);
        Ok(head)
    }

    fn saw(&self, head: &Head) {
        self.heads.send_if_modified(|known| {
            let news = head.position > known.position;
            if news {
                known.clone_from(head);
            }
            news
        });
    }

    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Appended, AppendError> {
        let mut pauses = Pauses::begin();
        let mut uncertain = false;
        loop {
            // Where any state of the stream will do, nothing but the ids tells whether the last try wrote.
            if uncertain
                && expected == Expected::Any
                && let Some(found) = self.find(stream, events).await?
            {
                return Ok(found);
            }
            let written = match self.connection.append(stream, expected, events).await {
                Ok(written) => self.locate(stream, written).await,
                Err(failure) => Err(failure),
            };
            match written {
                Ok(appended) => {
                    self.saw(&Head { position: appended.position, stream: stream.to_string() });
                    return Ok(appended);
                }
                Err(Failure::Lost(why)) => {
                    uncertain = true;
                    pauses.pause(why).await.map_err(AppendError::Unavailable)?;
                }
                Err(Failure::WrongExpectedRevision { actual }) => {
                    let conflict = AppendError::WrongExpectedRevision { stream: stream.clone(), expected, actual };
                    return self.find(stream, events).await?.ok_or(conflict);
                }
                Err(Failure::Refused(error)) => return Err(error),
                Err(Failure::NotFound) => return Err(AppendError::Unavailable("not found".into())),
                Err(Failure::Corrupt(why) | Failure::Other(why)) => return Err(AppendError::Unavailable(why)),
            }
        }
    }

    /// Where the events stand. Without a position they were there already, and the stream tells.
    async fn locate(&self, stream: &StreamName, written: Written) -> Result<Appended, Failure> {
        let Written { revision, position } = written;
        if let Some(position) = position {
            return Ok(Appended { revision, position, repeated: false });
        }
        let there = self.connection.read_stream(stream, Direction::Forwards, Some(revision), 1).await?;
        match there.first() {
            Some(event) => Ok(Appended { revision, position: event.position, repeated: true }),
            None => Err(Failure::Lost(format!("revision {revision} of `{stream}` is not there yet"))),
        }
    }

    /// Looks for an append's ids at the end of its stream.
    async fn find(&self, stream: &StreamName, events: &[NewEvent]) -> Result<Option<Appended>, AppendError> {
        let read = self.connection.read_stream(stream, Direction::Backwards, None, RESOLVED_MAX).await;
        let mut read = read.map_err(|failure| AppendError::Unavailable(ReadError::from(failure).to_string()))?;
        read.reverse();
        let known = |id: Uuid| read.iter().position(|event| event.id == id);
        let Some((first, at)) = events.iter().find_map(|event| Some((event.id, known(event.id)?))) else {
            return Ok(None);
        };
        let found = read[at..].iter().take(events.len());
        let together = found.map(|event| event.id).eq(events.iter().map(|event| event.id));
        match read.get(at + events.len() - 1) {
            Some(last) if together => {
                Ok(Some(Appended { revision: last.revision, position: last.position, repeated: true }))
            }
            _ => Err(AppendError::EventIdTaken { id: first, stream: stream.clone(), revision: read[at].revision }),
        }
    }

    /// Events behind `after`. All up to `head` are there already.
    async fn read_all(&self, after: Position, head: &Head, filter: &Filter, limit: usize) -> Result<Batch, ReadError> {
        let limit = limit.min(READ_EVENTS_MAX);
        if after >= head.position || limit == 0 {
            return Ok(Batch { events: Vec::new(), through: after, at_head: after >= head.position });
        }
        let stretch = match timeout(FILTERED_MAX, self.connection.stretch(after, head, filter.prefixes(), limit)).await
        {
            Ok(read) => read?,
            Err(_) => self.connection.stretch(after, head, &[], READ_EVENTS_MAX).await?,
        };
        let mut through = stretch.last.max(after);
        let mut events = stretch.events;
        events.retain(|event| filter.matches(&event.stream));
        if events.len() > limit {
            events.truncate(limit);
            through = events.last().map_or(after, |event| event.position);
        }
        Ok(Batch { events, at_head: through >= head.position, through })
    }
}
