//! The log as KurrentDB's clients see it: with streams that exist or do not, that are deleted, and that come back.

use std::sync::Arc;

use bytes::Bytes;
use casebook_eventlog::embedded::EmbeddedLog;
use casebook_eventlog::{
    AppendError, Appended, Direction, EventLog as _, Expected as LogExpected, NewEvent, Position, StreamName,
};
use serde_json::{Map, Value};
use tonic::Status;
use uuid::Uuid;

use crate::expected::Expected;
use crate::names;
use crate::refusals;
use crate::state::{DELETED, METADATA_TYPE, States, StreamState, TOMBSTONE_TYPE};

/// Who may do what with a log that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whoever reaches the port may read and write.
    ReadWrite,
    /// Whoever reaches the port may read.
    ReadOnly,
}

pub struct Store {
    pub log: Arc<EmbeddedLog>,
    pub states: States,
    access: Access,
}

/// What became of an append that was not refused for other reasons.
pub enum Outcome {
    Appended(Appended),
    WrongExpectedVersion { current: Option<u64> },
}

impl Store {
    pub fn new(log: Arc<EmbeddedLog>, access: Access) -> Self {
        Self { log, states: States::new(), access }
    }

    /// What the metadata of a stream says; a stream with a tombstone is refused.
    pub async fn state(&self, stream: &StreamName) -> Result<Arc<StreamState>, Status> {
        let state = self.states.of(&self.log, stream).await.map_err(|error| refusals::unread(&error))?;
        if state.tombstoned { Err(refusals::stream_deleted(stream)) } else { Ok(state) }
    }

    /// The revision of a stream's last event, whether it is to be read or not.
    pub async fn last_revision(&self, stream: &StreamName) -> Result<Option<u64>, Status> {
        let last = self.log.read_stream(stream, Direction::Backwards, None, 1).await;
        Ok(last.map_err(|error| refusals::unread(&error))?.first().map(|event| event.revision))
    }

    pub async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Outcome, Status> {
        self.check_write()?;
        let state = self.state(stream).await?;
        let expected = match self.admit(stream, expected, &state).await? {
            Ok(expected) => expected,
            Err(current) => return Ok(Outcome::WrongExpectedVersion { current }),
        };
        self.append_to_log(stream, expected, events).await
    }

    async fn append_to_log(
        &self,
        stream: &StreamName,
        expected: LogExpected,
        events: Vec<NewEvent>,
    ) -> Result<Outcome, Status> {
        let outcome = self.log.append(stream, expected, events).await;
        if names::described_by(stream).is_some() {
            self.states.forget(stream);
        }
        match outcome {
            Ok(appended) => Ok(Outcome::Appended(appended)),
            Err(AppendError::WrongExpectedRevision { actual, .. }) => {
                Ok(Outcome::WrongExpectedVersion { current: actual })
            }
            Err(error) => Err(refusals::unappended(&error)),
        }
    }

    /// What the log is to expect where a client expects `expected`, or where the stream is instead. A deleted stream to
    /// which something is appended begins anew behind its old events.
    async fn admit(
        &self,
        stream: &StreamName,
        expected: Expected,
        state: &StreamState,
    ) -> Result<Result<LogExpected, Option<u64>>, Status> {
        if !state.is_deleted() {
            return Ok(match expected {
                Expected::Any => Ok(LogExpected::Any),
                Expected::NoStream => Ok(LogExpected::NoStream),
                Expected::Revision(revision) => Ok(LogExpected::Revision(revision)),
                // Nothing makes a stream of the log go away again, so what is true now stays true.
                Expected::StreamExists => self.last_revision(stream).await?.map(|_| LogExpected::Any).ok_or(None),
            });
        }
        let last = self.last_revision(stream).await?;
        let fits = match expected {
            Expected::Any | Expected::NoStream => true,
            Expected::Revision(revision) => last == Some(revision),
            Expected::StreamExists => false,
        };
        if !fits {
            return Ok(Err(last));
        }
        // First the metadata: whoever is told that the append was done can read it.
        self.write_metadata(stream, state.truncated_before(last.map_or(0, |last| last + 1))).await?;
        Ok(Ok(match (expected, last) {
            (Expected::Any, _) => LogExpected::Any,
            (_, Some(last)) => LogExpected::Revision(last),
            (_, None) => LogExpected::NoStream,
        }))
    }

    /// Lets a stream look as if it did not exist. What is appended later begins behind its last event.
    pub async fn delete(&self, stream: &StreamName, expected: Expected) -> Result<Position, Status> {
        self.check_write()?;
        let state = self.state(stream).await?;
        let last = self.last_revision(stream).await?.filter(|_| !state.is_deleted());
        let fits = match expected {
            Expected::Revision(revision) => last == Some(revision),
            Expected::NoStream => last.is_none(),
            Expected::Any | Expected::StreamExists => last.is_some(),
        };
        if !fits {
            return Err(refusals::wrong_expected_version(stream, expected, last));
        }
        self.write_metadata(stream, state.truncated_before(DELETED)).await
    }

    /// Ends a stream for good: it can be neither read nor written any more.
    pub async fn tombstone(&self, stream: &StreamName, expected: Expected) -> Result<Position, Status> {
        self.check_write()?;
        let state = self.state(stream).await?;
        let last = self.last_revision(stream).await?;
        let seen = last.filter(|_| !state.is_deleted());
        let fits = match expected {
            Expected::Any => true,
            Expected::Revision(revision) => last == Some(revision),
            Expected::NoStream => seen.is_none(),
            Expected::StreamExists => seen.is_some(),
        };
        if !fits {
            return Err(refusals::wrong_expected_version(stream, expected, last));
        }
        self.describe(stream, TOMBSTONE_TYPE, Bytes::from_static(b"{}")).await
    }

    async fn write_metadata(&self, stream: &StreamName, metadata: Map<String, Value>) -> Result<Position, Status> {
        self.describe(stream, METADATA_TYPE, Value::Object(metadata).to_string().into()).await
    }

    /// Appends to the metadata of a stream.
    async fn describe(&self, stream: &StreamName, event_type: &str, data: Bytes) -> Result<Position, Status> {
        let metadata = names::metadata_of(stream)
            .ok_or_else(|| Status::invalid_argument(format!("the name of `{stream}` is too long for metadata")))?;
        let event = NewEvent { id: Uuid::new_v4(), event_type: event_type.into(), data, metadata: Bytes::new() };
        match self.append_to_log(&metadata, LogExpected::Any, vec![event]).await? {
            Outcome::Appended(appended) => Ok(appended.position),
            Outcome::WrongExpectedVersion { .. } => Err(Status::aborted("another writer was quicker")),
        }
    }

    fn check_write(&self) -> Result<(), Status> {
        match self.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => Err(refusals::access_denied("this log is served for reading only")),
        }
    }
}
