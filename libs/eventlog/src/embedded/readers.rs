//! The reading side of a log: some connections to the disk, and the feed of what is new.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, watch};

use super::feed::Feed;
use super::page::Page;
use super::reader::Reader;
use super::schema::{Folder, OpenError};
use crate::port::{Batch, Filter, Position, ReadError, Subscription};

/// Reads from the disk that run at once; others wait their turn.
const READERS_MAX: usize = 4;
/// How often a follower looks at a log that another process writes.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

pub(super) struct Readers {
    folder: Folder,
    idle: Mutex<Vec<Reader>>,
    turns: Arc<Semaphore>,
    /// `None`: another process writes, and the disk alone tells.
    feed: Option<Arc<Feed>>,
}

impl Readers {
    /// Opens one connection at once, so that a log that cannot be read is not opened at all.
    pub fn open(folder: Folder, feed: Option<Arc<Feed>>) -> Result<Self, OpenError> {
        let first = Reader::new(folder.open_reader()?);
        Ok(Self { folder, idle: Mutex::new(vec![first]), turns: Arc::new(Semaphore::new(READERS_MAX)), feed })
    }

    /// Runs a read on a thread that may block. It goes on to its end where the caller gives up, and then
    /// still returns its connection.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&mut Reader) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let unavailable = |why: String| ReadError::Unavailable(why);
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|error| unavailable(error.to_string()))?;
        let this = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let idle = this.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut reader = match idle {
                Some(reader) => reader,
                None => Reader::new(this.folder.open_reader().map_err(|error| unavailable(error.to_string()))?),
            };
            let outcome = read(&mut reader);
            // A connection that failed is closed; the next read opens another.
            if outcome.is_ok() {
                this.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            }
            drop(turn);
            outcome
        });
        reading.await.map_err(|error| ReadError::Unavailable(error.to_string()))?
    }

    pub async fn head(self: &Arc<Self>) -> Result<Position, ReadError> {
        match &self.feed {
            Some(feed) => Ok(Position(feed.head())),
            None => self.read(|reader| reader.head()).await,
        }
    }

    /// From memory where what is asked for is new, else from the disk.
    pub async fn all(self: &Arc<Self>, after: Position, filter: &Filter, page: Page) -> Result<Batch, ReadError> {
        let page = page.bounded();
        if let Some(batch) = self.feed.as_ref().and_then(|feed| feed.read(after, filter, page)) {
            return Ok(batch);
        }
        // What the writer has shown stands on the disk, or the disk lost it.
        let head = self.feed.as_ref().map_or(0, |feed| feed.head());
        let filter = filter.clone();
        let batch = self.read(move |reader| reader.all(after, &filter, page)).await?;
        if batch.at_head && batch.through < after.max(Position(head)) {
            return Err(ReadError::Corrupt(format!("the event at position {} is missing", batch.through.0 + 1)));
        }
        Ok(batch)
    }

    pub fn follow(self: Arc<Self>, after: Position, filter: Filter, page: Page) -> Box<dyn Subscription> {
        let heads = self.feed.as_ref().map(|feed| feed.heads());
        Box::new(Follower { readers: self, filter, page, cursor: after, heads })
    }
}

/// A follower is a cursor and nothing else: it costs the same whether it is fast, slow or forgotten.
struct Follower {
    readers: Arc<Readers>,
    filter: Filter,
    page: Page,
    cursor: Position,
    heads: Option<watch::Receiver<u64>>,
}

#[async_trait]
impl Subscription for Follower {
    async fn next(&mut self) -> Result<Batch, ReadError> {
        loop {
            let batch = self.readers.all(self.cursor, &self.filter, self.page).await?;
            if batch.through > self.cursor {
                self.cursor = batch.through;
                return Ok(batch);
            }
            match &mut self.heads {
                Some(heads) => {
                    let cursor = self.cursor.0;
                    let more = heads.wait_for(|head| *head > cursor).await;
                    more.map_err(|_| ReadError::Unavailable("the log is closed".into()))?;
                }
                None => tokio::time::sleep(POLL_INTERVAL).await,
            }
        }
    }
}
