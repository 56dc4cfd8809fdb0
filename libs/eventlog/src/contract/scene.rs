//! What the checks share: a log, a category of streams of their own, and how to say what went wrong.

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use crate::port::{
    AppendError, Appended, Direction, EventLog, Expected, Filter, NewEvent, READ_EVENTS_MAX, RecordedEvent, StreamName,
    Subscription,
};

pub(super) type Outcome = Result<(), String>;

/// Leaves the check with a reason where `$holds` does not.
macro_rules! ensure {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err(format!($($why)+));
        }
    };
}

/// Leaves the check where two values differ.
macro_rules! ensure_eq {
    ($is:expr, $should:expr, $what:expr) => {{
        match (&$is, &$should) {
            (is, should) if is == should => {}
            (is, should) => return Err(format!("{}: {is:?} instead of {should:?}", $what)),
        }
    }};
}

pub(super) use {ensure, ensure_eq};

#[derive(Clone)]
pub(super) struct Scene {
    pub log: Arc<dyn EventLog>,
    /// Used by nobody else, so that a filter by it shows this check's events alone.
    category: String,
}

impl Scene {
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log, category: format!("contract{}", Uuid::new_v4().simple()) }
    }

    pub fn stream(&self) -> StreamName {
        StreamName::of(&self.category, Uuid::new_v4())
    }

    /// The events of this check's streams.
    pub fn filter(&self) -> Filter {
        Filter::categories([self.category.as_str()])
    }

    /// A category in which nothing is ever written.
    pub fn silent_filter(&self) -> Filter {
        Filter::categories([format!("{}silent", self.category).as_str()])
    }

    pub async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.log.append(stream, expected, events).await
    }

    /// Appends `count` events, one append each, and gives their ids.
    pub async fn write(&self, stream: &StreamName, count: usize) -> Result<Vec<Uuid>, String> {
        let mut ids = Vec::with_capacity(count);
        for number in 0..count {
            let event = event(number);
            ids.push(event.id);
            said(self.append(stream, Expected::Any, vec![event]).await)?;
        }
        Ok(ids)
    }

    /// The whole stream, from its begin.
    pub async fn read(&self, stream: &StreamName) -> Result<Vec<Arc<RecordedEvent>>, String> {
        let mut events: Vec<Arc<RecordedEvent>> = Vec::new();
        loop {
            let from = events.last().map_or(0, |last| last.revision + 1);
            let read = self.log.read_stream(stream, Direction::Forwards, Some(from), READ_EVENTS_MAX);
            let page = said(read.await)?;
            if page.is_empty() {
                return Ok(events);
            }
            events.extend(page);
        }
    }

    /// The ids of the whole stream, from its begin.
    pub async fn ids(&self, stream: &StreamName) -> Result<Vec<Uuid>, String> {
        Ok(self.read(stream).await?.iter().map(|event| event.id).collect())
    }
}

/// The next `count` matching events that a follower sees.
pub(super) async fn follow(
    subscription: &mut Box<dyn Subscription>,
    count: usize,
) -> Result<Vec<Arc<RecordedEvent>>, String> {
    let mut events = Vec::with_capacity(count);
    while events.len() < count {
        let batch = said(subscription.next().await)?;
        ensure!(batch.events.len() <= READ_EVENTS_MAX, "a batch of {} events", batch.events.len());
        events.extend(batch.events);
    }
    Ok(events)
}

pub(super) fn event(number: usize) -> NewEvent {
    NewEvent {
        id: Uuid::new_v4(),
        event_type: "Counted".into(),
        data: Bytes::from(format!("{{\"number\":{number}}}")),
        metadata: Bytes::from_static(b"{\"by\":\"contract\"}"),
    }
}

pub(super) fn events(count: usize) -> Vec<NewEvent> {
    (0..count).map(event).collect()
}

pub(super) fn ids(events: &[NewEvent]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}

/// An error that the check did not ask for.
pub(super) fn said<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}
