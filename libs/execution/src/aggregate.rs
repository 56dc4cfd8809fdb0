//! A decider whose events are stored: what ties the pure core to the log.

use std::sync::Arc;

use casebook_eventlog::{Position, RecordedEvent};
use casebook_kernel::{Decider, Timestamp};
use uuid::Uuid;

use crate::metadata::Mark;

/// An event in its stored form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The full name of its message, such as `casebook.enforcement.v1.OrderIssued`.
    pub event_type: &'static str,
    /// Canonical proto3 JSON.
    pub json: Vec<u8>,
}

/// A stored event that is none of this aggregate's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read an event of type `{event_type}`: {reason}")]
pub struct DecodeError {
    pub event_type: String,
    pub reason: String,
}

impl DecodeError {
    pub fn new(event_type: &str, reason: impl std::fmt::Display) -> Self {
        Self { event_type: event_type.to_owned(), reason: reason.to_string() }
    }
}

/// A decider with a stored form for its events.
pub trait Aggregate: Decider + Sized + Send + Sync + 'static {
    /// The category of its streams: they are named `{CATEGORY}-{id}`.
    const CATEGORY: &'static str;

    fn encode(event: &Self::Event) -> Stored;

    /// Reads every shape of an event that was ever released.
    fn decode(event_type: &str, json: &[u8]) -> Result<Self::Event, DecodeError>;
}

/// As of when something is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AsOf {
    #[default]
    Now,
    /// What was recorded at this moment or before.
    Time(Timestamp),
    /// What stands at this position or before.
    Position(Position),
}

impl AsOf {
    pub fn includes(self, event: &RecordedEvent) -> bool {
        match self {
            Self::Now => true,
            Self::Time(time) => event.recorded_at <= time,
            Self::Position(position) => event.position <= position,
        }
    }
}

/// What is known of a stream beside its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub revision: u64,
    /// The position of the last event.
    pub position: Position,
    /// The position of the first event: things sort by it in the order they came to be.
    pub first_position: Position,
    /// When the first and the last event were decided.
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// What the stream belongs to; by default itself.
    pub correlation: Uuid,
}

impl Head {
    /// The head after `event`.
    pub fn after(before: Option<Self>, revision: u64, position: Position, at: Timestamp, correlation: Uuid) -> Self {
        Self {
            revision,
            position,
            first_position: before.map_or(position, |head| head.first_position),
            first_at: before.map_or(at, |head| head.first_at),
            last_at: at,
            // Only a stream's first event says what the stream belongs to.
            correlation: before.map_or(correlation, |head| head.correlation),
        }
    }
}

/// A state and the place it was folded to. `head` is none for a stream that does not exist.
pub struct Loaded<A: Aggregate> {
    pub state: A::State,
    pub head: Option<Head>,
}

// Derived, these would ask the decider itself to be clonable and comparable, and not only its state.
impl<A: Aggregate> Clone for Loaded<A> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), head: self.head }
    }
}

impl<A: Aggregate> PartialEq for Loaded<A> {
    fn eq(&self, other: &Self) -> bool {
        self.state == other.state && self.head == other.head
    }
}

impl<A: Aggregate> std::fmt::Debug for Loaded<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").field("state", &self.state).field("head", &self.head).finish()
    }
}

impl<A: Aggregate> Default for Loaded<A> {
    fn default() -> Self {
        Self { state: A::State::default(), head: None }
    }
}

impl<A: Aggregate> Loaded<A> {
    /// Takes one more event of the stream in.
    pub fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let mark = Mark::parse(&event.metadata).map_err(|reason| DecodeError::new(&event.event_type, reason))?;
        self.apply_marked(event, mark)
    }

    /// The same, where the metadata was read before.
    pub(crate) fn apply_marked(&mut self, event: &RecordedEvent, mark: Mark) -> Result<(), DecodeError> {
        let domain_event = A::decode(&event.event_type, &event.data)?;
        self.state = A::evolve(std::mem::take(&mut self.state), &domain_event);
        self.head = Some(Head::after(self.head, event.revision, event.position, mark.at, mark.correlation));
        Ok(())
    }

    /// Folds a whole stream, or as much of it as is given.
    pub fn fold(events: &[Arc<RecordedEvent>]) -> Result<Self, DecodeError> {
        let mut loaded = Self::default();
        for event in events {
            loaded.apply(event)?;
        }
        Ok(loaded)
    }
}
