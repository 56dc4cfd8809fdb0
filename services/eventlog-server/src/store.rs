//! The log as KurrentDB's clients see it: with streams that exist or do not, that are deleted, and that come back.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use bytes::Bytes;
use casebook_eventlog::embedded::EmbeddedLog;
use casebook_eventlog::{
    AppendError, Appended, Direction, EventLog as _, Expected as LogExpected, NewEvent, Position, StreamName,
};
use serde_json::Value;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};
use tonic::Status;
use uuid::Uuid;

use crate::acl::{Act, Wanted};
use crate::append::Room;
use crate::door::Caller;
use crate::expected::Expected;
use crate::names;
use crate::refusals;
use crate::state::{METADATA_TYPE, States, StreamState, TOMBSTONE_TYPE};

/// How often a delete is tried where others change the metadata of its stream meanwhile.
const DELETE_TRIES_MAX: usize = 8;

/// Locks of streams.
const ENDS: usize = 64;

pub struct Store {
    pub log: Arc<EmbeddedLog>,
    pub states: Arc<States>,
    /// Appends to a stream hold its lock together, whoever ends it holds it alone: what is acknowledged before it ends was
    /// looked at by who ends it. Streams share locks.
    ends: [Arc<RwLock<()>>; ENDS],
    /// For appends that are not done yet.
    pub room: Room,
}

/// What became of an append that was not refused for other reasons.
pub enum Outcome {
    Appended(Appended),
    /// There was nothing to append; this is where the stream stands.
    Nothing {
        current: Option<u64>,
    },
    WrongExpectedVersion {
        current: Option<u64>,
    },
}

impl Store {
    pub fn new(log: Arc<EmbeddedLog>) -> Self {
        Self { log, states: Arc::new(States::new()), ends: std::array::from_fn(|_| Arc::default()), room: Room::new() }
    }

    fn end_of(&self, stream: &StreamName) -> Arc<RwLock<()>> {
        let mut hasher = DefaultHasher::new();
        stream.as_str().hash(&mut hasher);
        let number = usize::try_from(hasher.finish() % ENDS as u64).unwrap_or(0);
        Arc::clone(&self.ends[number])
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

    /// The revision of a stream's last event, where the stream is there for a reader.
    async fn seen(&self, stream: &StreamName, state: &StreamState) -> Result<Option<u64>, Status> {
        Ok(self.last_revision(stream).await?.filter(|last| !state.is_deleted(*last)))
    }

    /// Refuses what a caller may not do.
    pub async fn permit(&self, caller: &Caller, act: Act, stream: &StreamName) -> Result<(), Status> {
        let wanted = Wanted::new(act, stream);
        caller.check(wanted.access)?;
        if self.is_listed(caller, &wanted).await? {
            return Ok(());
        }
        Err(refusals::access_denied("the access list of this stream does not permit that to this user"))
    }

    /// Whether a caller may read a stream.
    pub async fn is_readable(&self, caller: &Caller, stream: &StreamName) -> Result<bool, Status> {
        if !caller.is_bound_by_lists() {
            return Ok(true);
        }
        self.is_listed(caller, &Wanted::new(Act::Read, stream)).await
    }

    async fn is_listed(&self, caller: &Caller, wanted: &Wanted) -> Result<bool, Status> {
        if !caller.is_bound_by_lists() {
            return Ok(true);
        }
        let state = self.states.of(&self.log, &wanted.of).await.map_err(|error| refusals::unread(&error))?;
        Ok(caller.is_among(wanted.permitted(&state.acl)))
    }

    pub async fn append(
        &self,
        caller: &Caller,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Outcome, Status> {
        self.permit(caller, Act::Append, stream).await?;
        let end = self.end_of(stream);
        let _not_ended = end.read().await;
        let state = self.state(stream).await?;
        if events.is_empty() {
            let current = self.seen(stream, &state).await?;
            let fits = expected.fits(current);
            return Ok(if fits { Outcome::Nothing { current } } else { Outcome::WrongExpectedVersion { current } });
        }
        let expected = match self.admit(stream, expected, &state).await? {
            Ok(expected) => expected,
            Err(current) => return Ok(Outcome::WrongExpectedVersion { current }),
        };
        self.append_to_log(stream, expected, events, None).await
    }

    async fn append_to_log(
        &self,
        stream: &StreamName,
        expected: LogExpected,
        events: Vec<NewEvent>,
        ending: Option<OwnedRwLockWriteGuard<()>>,
    ) -> Result<Outcome, Status> {
        let outcome = if names::described_by(stream).is_some() {
            // On a task of its own: the log appends also where the client goes away, and then the state is stale as well.
            let (log, states, stream) = (Arc::clone(&self.log), Arc::clone(&self.states), stream.clone());
            let describing = tokio::spawn(async move {
                let outcome = log.append(&stream, expected, events).await;
                states.forget(&stream);
                drop(ending);
                outcome
            });
            describing.await.map_err(|error| Status::unavailable(error.to_string()))?
        } else {
            self.log.append(stream, expected, events).await
        };
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
        // Where nothing is cut off, only one case needs a look at the stream.
        let last = if state.truncate_before > 0 || expected == Expected::StreamExists {
            self.last_revision(stream).await?
        } else {
            None
        };
        let deleted = last.filter(|last| state.is_deleted(*last));
        Ok(match (expected, deleted) {
            (Expected::Any, _) => Ok(LogExpected::Any),
            // Not where the stream stood a moment ago: then another writer was quicker, and there is a stream.
            (Expected::NoStream, Some(last)) => Ok(LogExpected::Revision(last)),
            (Expected::NoStream, None) => Ok(LogExpected::NoStream),
            (Expected::Revision(revision), _) => Ok(LogExpected::Revision(revision)),
            (Expected::StreamExists, Some(last)) => Err(Some(last)),
            (Expected::StreamExists, None) => last.map(|_| LogExpected::Any).ok_or(None),
        })
    }

    /// Lets a stream look as if it did not exist. What is appended later begins behind its last event.
    pub async fn delete(&self, caller: &Caller, stream: &StreamName, expected: Expected) -> Result<Position, Status> {
        self.permit(caller, Act::Delete, stream).await?;
        for _ in 0..DELETE_TRIES_MAX {
            let state = self.state(stream).await?;
            let last = self.seen(stream, &state).await?;
            // Who deletes expects something to be there, whatever it is.
            if !expected.fits(last) || (expected == Expected::Any && last.is_none()) {
                return Err(refusals::wrong_expected_version(stream, expected, last));
            }
            // Up to the last event that was looked at, and not for ever: what another appends now stays to be read, as if it
            // came after the delete.
            let cut = last.map_or(state.truncate_before, |last| last + 1);
            let metadata = Value::Object(state.truncated_before(cut)).to_string().into();
            let unchanged = state.said_at.map_or(LogExpected::NoStream, LogExpected::Revision);
            match self.describe(stream, unchanged, METADATA_TYPE, metadata, None).await? {
                Outcome::Appended(appended) => return Ok(appended.position),
                Outcome::WrongExpectedVersion { .. } | Outcome::Nothing { .. } => {}
            }
        }
        Err(Status::aborted("others change the metadata of this stream all the time"))
    }

    /// Ends a stream for good: it can be neither read nor written any more.
    pub async fn tombstone(
        &self,
        caller: &Caller,
        stream: &StreamName,
        expected: Expected,
    ) -> Result<Position, Status> {
        self.permit(caller, Act::Delete, stream).await?;
        let ending = self.end_of(stream).write_owned().await;
        let state = self.state(stream).await?;
        let last = self.last_revision(stream).await?;
        let seen = last.filter(|last| !state.is_deleted(*last));
        let fits = match expected {
            Expected::Revision(revision) => last == Some(revision),
            expected => expected.fits(seen),
        };
        if !fits {
            return Err(refusals::wrong_expected_version(stream, expected, last));
        }
        match self.describe(stream, LogExpected::Any, TOMBSTONE_TYPE, Bytes::from_static(b"{}"), Some(ending)).await? {
            Outcome::Appended(appended) => Ok(appended.position),
            Outcome::WrongExpectedVersion { .. } | Outcome::Nothing { .. } => {
                Err(Status::aborted("another writer was quicker"))
            }
        }
    }

    /// Appends to the metadata of a stream.
    async fn describe(
        &self,
        stream: &StreamName,
        expected: LogExpected,
        event_type: &str,
        data: Bytes,
        ending: Option<OwnedRwLockWriteGuard<()>>,
    ) -> Result<Outcome, Status> {
        let metadata = names::metadata_of(stream)
            .ok_or_else(|| Status::invalid_argument(format!("the name of `{stream}` is too long for metadata")))?;
        let event = NewEvent { id: Uuid::new_v4(), event_type: event_type.into(), data, metadata: Bytes::new() };
        self.append_to_log(&metadata, expected, vec![event], ending).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use casebook_eventlog::embedded::Options;

    use super::*;
    use crate::door::Access;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test(flavor = "multi_thread")]
    async fn metadata_of_a_client_that_went_away_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(EmbeddedLog::open(folder.path(), Options::default()).unwrap());
        let (store, caller) = (Store::new(Arc::clone(&log)), Caller::anyone(Access::Delete));
        for micros in (0..2000).step_by(50) {
            let stream = StreamName::of("case", Uuid::new_v4());
            let metadata = names::metadata_of(&stream).unwrap();
            assert_eq!(store.state(&stream).await.unwrap().truncate_before, 0);
            let event = NewEvent {
                id: Uuid::new_v4(),
                event_type: METADATA_TYPE.into(),
                data: r#"{"$tb":7}"#.into(),
                metadata: Bytes::new(),
            };
            let writing = store.append(&caller, &metadata, Expected::Any, vec![event]);
            let _ = tokio::time::timeout(Duration::from_micros(micros), writing).await;
            // What was begun ends meanwhile, or else a little later.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let until = Instant::now() + PATIENCE;
            while store.state(&stream).await.unwrap() != States::new().of(&log, &stream).await.unwrap() {
                assert!(Instant::now() < until, "gone after {micros} µs, its state is not known");
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_an_append_and_the_end_that_does_not_expect_it_one_holds() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(EmbeddedLog::open(folder.path(), Options::default()).unwrap());
        let (store, caller) = (Arc::new(Store::new(log)), Caller::anyone(Access::Delete));
        let event =
            || NewEvent { id: Uuid::new_v4(), event_type: "Opened".into(), data: "7".into(), metadata: Bytes::new() };
        for _ in 0..100 {
            let stream = StreamName::of("case", Uuid::new_v4());
            store.append(&caller, &stream, Expected::Any, vec![event()]).await.unwrap();
            let appending = {
                let (store, caller, stream, event) = (Arc::clone(&store), caller.clone(), stream.clone(), event());
                tokio::spawn(async move { store.append(&caller, &stream, Expected::Any, vec![event]).await })
            };
            let ended = store.tombstone(&caller, &stream, Expected::Revision(0)).await;
            assert_ne!(appending.await.unwrap().is_ok(), ended.is_ok(), "{ended:?}");
        }
    }
}
