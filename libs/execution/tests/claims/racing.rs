//! A decision that comes a moment before its fence.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use casebook_eventlog::{
    AppendError, Appended, Batch, Direction, EventLog, Expected, Filter, NewEvent, Position, ReadError, RecordedEvent,
    StreamName, Subscription,
};
use casebook_execution::{Context, Taken};

use crate::world::{Change, Process};

/// Lets a slow writer's decision in right before whatever is appended first.
#[derive(Debug)]
pub struct Racing {
    pub inner: Arc<dyn EventLog>,
    pub slow: Process,
    pub late: Context,
    pub taken: Mutex<Option<Taken>>,
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Process")
    }
}

#[async_trait]
impl EventLog for Racing {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let taken = self.taken.lock().unwrap().take();
        if let Some(taken) = taken {
            self.slow.decide(0, Change::Put(0), Some(taken), &self.late).await.unwrap();
        }
        self.inner.append(stream, expected, events).await
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
