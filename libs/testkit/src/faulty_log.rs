//! A log that fails when it is told to: for what must hold when a writer dies between two appends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use casebook_eventlog::{
    AppendError, Appended, Batch, Direction, EventLog, Expected, Filter, NewEvent, Position, ReadError, RecordedEvent,
    StreamName, Subscription,
};

/// How an append fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was written.
    Before,
    /// It was written, but nobody learns of it.
    After,
}

/// Passes everything on to a log, but for appends from the `nth` on (from 0): the first of them fails in the chosen way,
/// later ones find no log.
#[derive(Debug)]
pub struct FaultyLog {
    inner: Arc<dyn EventLog>,
    nth: usize,
    fault: Fault,
    appends: AtomicUsize,
}

impl FaultyLog {
    pub fn new(inner: Arc<dyn EventLog>, nth: usize, fault: Fault) -> Self {
        Self { inner, nth, fault, appends: AtomicUsize::new(0) }
    }

    /// How many appends were asked for.
    pub fn appends(&self) -> usize {
        self.appends.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl EventLog for FaultyLog {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let number = self.appends.fetch_add(1, Ordering::SeqCst);
        if number < self.nth {
            return self.inner.append(stream, expected, events).await;
        }
        if number == self.nth && self.fault == Fault::After {
            self.inner.append(stream, expected, events).await?;
        }
        Err(AppendError::Unavailable(format!("append {number} fails by arrangement")))
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        direction: Direction,
        from: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        self.inner.read_stream(stream, direction, from, limit).await
    }

    async fn read_all(&self, after: Position, filter: &Filter, limit: usize) -> Result<Batch, ReadError> {
        self.inner.read_all(after, filter, limit).await
    }

    fn subscribe(&self, after: Position, filter: Filter) -> Box<dyn Subscription> {
        self.inner.subscribe(after, filter)
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.inner.head().await
    }
}
