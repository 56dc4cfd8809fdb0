//! The embedded engine: one folder, one writing process, SQLite underneath.
//!
//! * An append is answered once it is on the disk. One thread ([`writer`]) takes all appends that wait,
//!   decides each of them inside one transaction ([`ledger`]) and commits them together, because a sync of
//!   the disk costs the same for one event as for a thousand.
//! * Reads run beside it on connections of their own ([`reader`], [`readers`]); WAL keeps them apart.
//! * What has been committed is also shown in memory ([`feed`]), from where all live followers read.

mod absence;
mod backup;
mod check;
mod checksum;
mod feed;
mod ids;
mod ledger;
mod page;
mod queue;
mod reader;
mod readers;
mod schema;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::SystemTime;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;

pub use self::backup::{BackupError, back_up};
pub use self::check::{Checked, FINDINGS_MAX, Finding, check, check_file};
use self::feed::{Bounds, Feed};
pub use self::page::Page;
use self::queue::Queue;
pub use self::reader::Stretch;
use self::readers::Readers;
use self::schema::Folder;
pub use self::schema::{DATABASE_FILE, FORMAT_VERSION, LOCK_FILE, OpenError};
use self::writer::{Open, Writer};
use crate::limits;
use crate::port::{
    AppendError, Appended, Batch, Direction, EventLog, Expected, Filter, NewEvent, Position, ReadError, RecordedEvent,
    StreamName, Subscription,
};

/// Tells the time an event is recorded at.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The clock of the machine.
pub fn system_clock() -> Clock {
    Arc::new(|| SystemTime::now().into())
}

/// What one may choose about a log.
#[derive(Clone)]
pub struct Options {
    pub clock: Clock,
    /// How many of the newest events stay in memory for live followers, at most.
    pub feed_events_max: usize,
    /// How many bytes of the newest events stay in memory, at most.
    pub feed_bytes_max: usize,
    /// Pages of 4 KiB in the write-ahead log after which a commit also moves them into the database.
    pub checkpoint_pages: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { clock: system_clock(), feed_events_max: 1 << 14, feed_bytes_max: 32 << 20, checkpoint_pages: 4096 }
    }
}

/// A log in a folder of this machine. The last handle that is dropped ends the writer, after everything
/// that waits has been written.
pub struct EmbeddedLog {
    path: PathBuf,
    readers: Arc<Readers>,
    /// `None`: opened for reading only.
    writing: Option<Writing>,
}

struct Writing {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
    ended: watch::Receiver<bool>,
}

impl EmbeddedLog {
    /// Opens the log in this folder for reading and writing, and makes it where there is none.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let folder = Folder::of(path);
        let lock = folder.lock()?;
        let open = Open::new(&folder, &options)?;
        let bounds = Bounds { events: options.feed_events_max, bytes: options.feed_bytes_max };
        let (feed, publisher) = Feed::new(open.ledger.head, bounds);
        let readers = Arc::new(Readers::open(folder.clone(), Some(feed))?);
        let queue = Arc::new(Queue::new());
        let (ending, ended) = watch::channel(false);
        let thread = Writer { folder, queue: Arc::clone(&queue), publisher, options, open: Some(open), lock }
            .start(ending)
            .map_err(|source| OpenError::Files { path: path.to_path_buf(), source })?;
        let writing = Writing { queue, thread: Mutex::new(Some(thread)), ended };
        Ok(Self { path: path.to_path_buf(), readers, writing: Some(writing) })
    }

    /// Opens a log that another process may be writing. Appends are refused; followers look at the disk a
    /// few times a second.
    pub fn open_read_only(path: &Path) -> Result<Self, OpenError> {
        let readers = Arc::new(Readers::open(Folder::of(path), None)?);
        Ok(Self { path: path.to_path_buf(), readers, writing: None })
    }

    /// Events of `$all` before `before` (from its end where that is `None`), newest first, no more than `page`.
    pub async fn read_all_backwards(
        &self,
        before: Option<Position>,
        filter: &Filter,
        page: Page,
    ) -> Result<Stretch, ReadError> {
        let filter = filter.clone();
        // The disk shows an event a moment before the followers' feed does. Whoever hears of it here must find it there.
        // Without a writer the disk alone tells where the log ends.
        let end = self.readers.head().await?.0.saturating_add(1);
        let before = before.map_or(end, |before| before.0.min(end));
        self.readers.read(move |reader| reader.all_backwards(before, &filter, page)).await
    }

    /// `read_all`, no more than `page`.
    pub async fn read_all_page(&self, after: Position, filter: &Filter, page: Page) -> Result<Batch, ReadError> {
        self.readers.all(after, filter, page).await
    }

    /// `read_stream`, no more than `page`: [`Page::ends_stream`] tells whether the stream ends there.
    pub async fn read_stream_page(
        &self,
        stream: &StreamName,
        direction: Direction,
        from: Option<u64>,
        page: Page,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let stream = stream.clone();
        self.readers.read(move |reader| reader.stream(&stream, direction, from, page)).await
    }

    /// A subscription whose batches are no larger than `page`: for followers that may be many, and slow.
    pub fn follow(&self, after: Position, filter: Filter, page: Page) -> Box<dyn Subscription> {
        Arc::clone(&self.readers).follow(after, filter, page)
    }

    /// Takes no more appends, writes those that wait, and returns when all is on the disk and the folder is
    /// free for another writer. Reading goes on.
    pub async fn close(&self) {
        let Some(writing) = &self.writing else { return };
        writing.queue.close();
        // An error means that the sender is gone, and with it the writer.
        let _ = writing.ended.clone().wait_for(|ended| *ended).await;
    }
}

/// Waits for the writer, which needs nothing of the caller's runtime to come to its end.
impl Drop for Writing {
    fn drop(&mut self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the event log's writer panicked");
        }
    }
}

impl fmt::Debug for EmbeddedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedLog").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl EventLog for EmbeddedLog {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        limits::check_append(&events)?;
        let Some(writing) = &self.writing else {
            return Err(AppendError::Unavailable("it was opened for reading only".into()));
        };
        writing.queue.append(stream.clone(), expected, events).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        direction: Direction,
        from: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        self.read_stream_page(stream, direction, from, Page { events: limit, ..Page::MAX }).await
    }

    async fn read_all(&self, after: Position, filter: &Filter, limit: usize) -> Result<Batch, ReadError> {
        self.read_all_page(after, filter, Page { events: limit, ..Page::MAX }).await
    }

    fn subscribe(&self, after: Position, filter: Filter) -> Box<dyn Subscription> {
        self.follow(after, filter, Page::MAX)
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.readers.head().await
    }
}
