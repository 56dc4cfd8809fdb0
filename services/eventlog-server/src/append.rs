//! Append: options, then events, one answer.

use std::sync::Arc;
use std::time::Duration;

use casebook_eventlog::{APPEND_EVENTS_MAX, Appended, NewEvent};
use futures::{Stream, StreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tonic::Status;

use crate::door::Caller;
use crate::events;
use crate::expected::{Expected, position_of};
use crate::names;
use crate::proto::shared::Empty;
use crate::proto::streams::append_resp::success::{CurrentRevisionOption, PositionOption};
use crate::proto::streams::{AppendReq, AppendResp, append_req, append_resp};
use crate::refusals;
use crate::store::{Outcome, Store};

/// The most bytes of data and metadata that one append may have.
pub const APPEND_BYTES_MAX: usize = 16 << 20;

/// The most bytes that all appends together may have that are not done yet.
const GATHERED_BYTES_MAX: usize = 256 << 20;

/// How long the next part of an append may take: what came before it takes up room meanwhile.
pub const PART_TIME_MAX: Duration = Duration::from_secs(30);

/// Room for what clients have sent of their appends, one for the whole server: however many appends are begun, they do not take
/// more memory than this.
#[derive(Clone)]
pub struct Room(Arc<Semaphore>);

impl Room {
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(GATHERED_BYTES_MAX)))
    }

    pub fn gather(&self) -> Gathered {
        Gathered { events: Vec::new(), bytes: 0, room: self.clone(), held: None }
    }

    /// Nobody waits for room: those who wait would hold what they have already.
    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Status> {
        let full = || Status::unavailable("appends that are not done yet take up all the memory there is for them");
        let bytes = u32::try_from(bytes).map_err(|_| full())?;
        Arc::clone(&self.0).try_acquire_many_owned(bytes).map_err(|_| full())
    }
}

/// Counts what an append has got so far. The room that it takes is given back when it is dropped.
pub struct Gathered {
    pub events: Vec<NewEvent>,
    bytes: usize,
    room: Room,
    held: Option<OwnedSemaphorePermit>,
}

impl Gathered {
    /// The events; their room stays taken.
    pub fn take_events(&mut self) -> Vec<NewEvent> {
        std::mem::take(&mut self.events)
    }

    /// An append that is refused takes no room while its last part is waited for.
    pub fn clear(&mut self) {
        self.events = Vec::new();
        self.held = None;
    }

    pub fn push(&mut self, event: NewEvent) -> Result<(), Status> {
        let bytes = event.data.len() + event.metadata.len();
        self.bytes += bytes;
        if self.bytes > APPEND_BYTES_MAX {
            return Err(refusals::append_too_large(APPEND_BYTES_MAX));
        }
        if self.events.len() == APPEND_EVENTS_MAX {
            return Err(Status::invalid_argument(format!(
                "an append to this log has at most {APPEND_EVENTS_MAX} events"
            )));
        }
        let taken = self.room.take(bytes)?;
        match &mut self.held {
            Some(held) => held.merge(taken),
            held => *held = Some(taken),
        }
        self.events.push(event);
        Ok(())
    }
}

pub async fn append(
    store: &Store,
    caller: &Caller,
    mut requests: impl Stream<Item = Result<AppendReq, Status>> + Unpin,
) -> Result<AppendResp, Status> {
    let first = part(&mut requests, PART_TIME_MAX).await?.and_then(|request| request.content);
    let Some(append_req::Content::Options(options)) = first else {
        return Err(Status::invalid_argument("an append begins with its options"));
    };
    let stream = names::parse(options.stream_identifier.as_ref())?;
    let expected = Expected::or_any(options.expected_stream_revision);
    let mut gathered = store.room.gather();
    while let Some(request) = part(&mut requests, PART_TIME_MAX).await? {
        let Some(append_req::Content::ProposedMessage(proposed)) = request.content else {
            return Err(Status::invalid_argument("behind the options of an append come its events"));
        };
        let (id, metadata) = (proposed.id, proposed.metadata);
        gathered.push(events::parse_event(id, metadata, proposed.custom_metadata, proposed.data)?)?;
    }
    let result = match store.append(caller, &stream, expected, gathered.take_events()).await? {
        Outcome::Appended(appended) => append_resp::Result::Success(success(&appended)),
        Outcome::Nothing { current } => append_resp::Result::Success(nothing(current)),
        Outcome::WrongExpectedVersion { current } => {
            append_resp::Result::WrongExpectedVersion(expected.in_refusal(current))
        }
    };
    Ok(AppendResp { result: Some(result) })
}

/// What comes next, where it comes in time.
async fn part<R>(
    requests: &mut (impl Stream<Item = Result<R, Status>> + Unpin),
    patience: Duration,
) -> Result<Option<R>, Status> {
    timeout(patience, requests.next()).await.map_err(|_| refusals::part_too_late())?.transpose()
}

/// An append without events writes nothing and yet answers where the stream stands.
fn nothing(current: Option<u64>) -> append_resp::Success {
    append_resp::Success {
        current_revision_option: Some(
            current.map_or(CurrentRevisionOption::NoStream(Empty {}), CurrentRevisionOption::CurrentRevision),
        ),
        position_option: Some(PositionOption::NoPosition(Empty {})),
    }
}

/// No position says that the events were there already: the protocol has no other word for it.
fn success(appended: &Appended) -> append_resp::Success {
    append_resp::Success {
        current_revision_option: Some(CurrentRevisionOption::CurrentRevision(appended.revision)),
        position_option: Some(if appended.repeated {
            PositionOption::NoPosition(Empty {})
        } else {
            PositionOption::Position(position_of(appended.position))
        }),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn event(bytes: usize) -> NewEvent {
        let (id, data) = (Uuid::new_v4(), vec![b' '; bytes].into());
        NewEvent { id, event_type: "Opened".into(), data, metadata: bytes::Bytes::new() }
    }

    #[tokio::test]
    async fn an_append_whose_next_part_does_not_come_is_given_up() {
        let mut silent = futures::stream::pending::<Result<AppendReq, Status>>();
        let late = part(&mut silent, Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(late.code(), tonic::Code::DeadlineExceeded);
        let mut over = futures::stream::empty::<Result<AppendReq, Status>>();
        assert!(part(&mut over, PART_TIME_MAX).await.unwrap().is_none());
    }

    #[test]
    fn appends_share_the_room_and_give_it_back() {
        let room = Room(Arc::new(Semaphore::new(10)));
        let (mut one, mut other) = (room.gather(), room.gather());
        one.push(event(4)).unwrap();
        one.push(event(4)).unwrap();
        assert_eq!(other.push(event(3)).unwrap_err().code(), tonic::Code::Unavailable);
        other.push(event(2)).unwrap();
        // Until an append is done, its events take room.
        assert_eq!(one.take_events().len(), 2);
        assert!(other.push(event(1)).is_err());
        one.clear();
        other.push(event(8)).unwrap();
        drop(other);
        one.push(event(10)).unwrap();
    }
}
