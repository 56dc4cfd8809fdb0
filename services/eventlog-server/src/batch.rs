//! BatchAppend: many appends in one call, answered as they are done.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use casebook_eventlog::{Appended, STREAM_NAME_BYTES_MAX, StreamName};
use futures::stream::FuturesUnordered;
use futures::{Stream, StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::append::{Gathered, PART_TIME_MAX};
use crate::door::Caller;
use crate::events;
use crate::expected::Expected;
use crate::names;
use crate::proto::google::rpc;
use crate::proto::shared::{self, AllStreamPosition, StreamIdentifier};
use crate::proto::streams::batch_append_resp::success::{CurrentRevisionOption, PositionOption};
use crate::proto::streams::{BatchAppendReq, BatchAppendResp, batch_append_resp};
use crate::refusals;
use crate::store::{Outcome, Store};

/// Appends of one call that are under way at a time; further ones wait in the connection.
const UNDER_WAY_MAX: usize = 256;
/// Appends of one call whose last part has not come yet.
const UNFINISHED_MAX: usize = 64;

/// What a response says of a name, at most: one that is refused may be long.
const NAME_BYTES_SAID_MAX: usize = 2 * STREAM_NAME_BYTES_MAX;

/// An append, as far as its parts have come.
struct Unfinished {
    correlation: Option<shared::Uuid>,
    stream: Result<StreamName, Status>,
    identifier: Option<StreamIdentifier>,
    expected: Expected,
    gathered: Gathered,
    /// When its last part came.
    came: Instant,
    refused: Option<Status>,
}

type UnderWay = Pin<Box<dyn Future<Output = BatchAppendResp> + Send>>;

/// The responses, in the order in which the appends are done. Appends begin in the order in which they came.
pub fn responses<R>(
    store: Arc<Store>,
    caller: Caller,
    requests: R,
) -> impl Stream<Item = Result<BatchAppendResp, Status>> + Send
where
    R: Stream<Item = Result<BatchAppendReq, Status>> + Unpin + Send,
{
    stream::try_unfold(Session::new(store, caller, requests, PART_TIME_MAX), |mut session| async move {
        Ok(session.next().await?.map(|response| (response, session)))
    })
}

struct Session<R> {
    store: Arc<Store>,
    caller: Caller,
    /// `None`: the client has said everything.
    requests: Option<R>,
    unfinished: HashMap<Uuid, Unfinished>,
    under_way: FuturesUnordered<UnderWay>,
    /// How long the next part of an append may take.
    patience: Duration,
}

enum Next {
    Request(Option<Result<BatchAppendReq, Status>>),
    Response(BatchAppendResp),
    End,
}

impl<R: Stream<Item = Result<BatchAppendReq, Status>> + Unpin> Session<R> {
    fn new(store: Arc<Store>, caller: Caller, requests: R, patience: Duration) -> Self {
        let (unfinished, under_way) = (HashMap::new(), FuturesUnordered::new());
        Self { store, caller, requests: Some(requests), unfinished, under_way, patience }
    }

    async fn next(&mut self) -> Result<Option<BatchAppendResp>, Status> {
        loop {
            match self.in_time().await? {
                Next::End => return Ok(None),
                Next::Response(response) => return Ok(Some(response)),
                Next::Request(None) => self.requests = None,
                Next::Request(Some(request)) => self.take(request?)?,
            }
        }
    }

    /// What comes first, where no append lacks its next part for too long.
    async fn in_time(&mut self) -> Result<Next, Status> {
        let oldest = self.unfinished.values().map(|unfinished| unfinished.came).min();
        match oldest {
            // Where no more is taken, it is not the client that is late.
            Some(oldest) if self.takes_requests() => {
                let until = oldest + self.patience;
                timeout_at(until, self.either()).await.map_err(|_| refusals::part_too_late())
            }
            _ => Ok(self.either().await),
        }
    }

    fn takes_requests(&self) -> bool {
        self.under_way.len() < UNDER_WAY_MAX
    }

    /// What comes first: a request, where there is room for it, or the end of an append.
    async fn either(&mut self) -> Next {
        poll_fn(|context| {
            if let Poll::Ready(Some(response)) = self.under_way.poll_next_unpin(context) {
                return Poll::Ready(Next::Response(response));
            }
            let takes = self.takes_requests();
            match &mut self.requests {
                Some(requests) if takes => requests.poll_next_unpin(context).map(Next::Request),
                None if self.under_way.is_empty() => Poll::Ready(Next::End),
                _ => Poll::Pending,
            }
        })
        .await
    }

    fn take(&mut self, request: BatchAppendReq) -> Result<(), Status> {
        let id = events::parse_id(request.correlation_id.clone())?;
        let unfinished = match self.unfinished.remove(&id) {
            Some(unfinished) => Some(unfinished),
            None => begin(&self.store, &request),
        };
        let Some(mut unfinished) = unfinished else {
            return Err(Status::invalid_argument("the first part of an append holds its options"));
        };
        for proposed in request.proposed_messages {
            let event = events::parse_event(proposed.id, proposed.metadata, proposed.custom_metadata, proposed.data);
            if unfinished.refused.is_none() {
                unfinished.refused = event.and_then(|event| unfinished.gathered.push(event)).err();
            }
            if unfinished.refused.is_some() {
                unfinished.gathered.clear();
            }
        }
        if request.is_final {
            self.under_way.push(Box::pin(finish(Arc::clone(&self.store), self.caller.clone(), unfinished)));
        } else if self.unfinished.len() == UNFINISHED_MAX {
            return Err(Status::resource_exhausted(format!("more than {UNFINISHED_MAX} appends lack their last part")));
        } else {
            unfinished.came = Instant::now();
            self.unfinished.insert(id, unfinished);
        }
        Ok(())
    }
}

fn begin(store: &Store, request: &BatchAppendReq) -> Option<Unfinished> {
    let options = request.options.as_ref()?;
    Some(Unfinished {
        correlation: request.correlation_id.clone(),
        stream: names::parse(options.stream_identifier.as_ref()),
        identifier: options.stream_identifier.as_ref().map(said),
        expected: Expected::or_any(options.expected_stream_position),
        gathered: store.room.gather(),
        came: Instant::now(),
        refused: None,
    })
}

/// A name for the response: clients insist on one. Copied, as it shares the memory of a whole message.
fn said(identifier: &StreamIdentifier) -> StreamIdentifier {
    let name = &identifier.stream_name;
    StreamIdentifier { stream_name: Bytes::copy_from_slice(&name[..name.len().min(NAME_BYTES_SAID_MAX)]) }
}

async fn finish(store: Arc<Store>, caller: Caller, unfinished: Unfinished) -> BatchAppendResp {
    let Unfinished { correlation, stream, identifier, expected, mut gathered, came: _, refused } = unfinished;
    let outcome = match (stream, refused) {
        (Err(status), _) | (_, Some(status)) => Err(status),
        (Ok(stream), None) => store.append(&caller, &stream, expected, gathered.take_events()).await,
    };
    let result = match outcome {
        Ok(Outcome::Appended(appended)) => batch_append_resp::Result::Success(success(&appended)),
        Ok(Outcome::Nothing { current }) => batch_append_resp::Result::Success(batch_append_resp::Success {
            current_revision_option: Some(
                current.map_or(CurrentRevisionOption::NoStream(()), CurrentRevisionOption::CurrentRevision),
            ),
            position_option: Some(PositionOption::NoPosition(())),
        }),
        Ok(Outcome::WrongExpectedVersion { current }) => batch_append_resp::Result::Error(rpc::Status {
            code: Code::FailedPrecondition as i32,
            message: "WrongExpectedVersion".into(),
            details: Some(any("WrongExpectedVersion", &expected.in_details(current))),
        }),
        Err(status) => batch_append_resp::Result::Error(failure(&status, identifier.clone())),
    };
    BatchAppendResp {
        correlation_id: correlation,
        result: Some(result),
        stream_identifier: identifier,
        expected_stream_position: Some(expected.in_batch_response()),
    }
}

/// The details tell a client what failed; the message tells a person.
fn failure(status: &Status, identifier: Option<StreamIdentifier>) -> rpc::Status {
    let exception = status.metadata().get("exception").and_then(|name| name.to_str().ok()).unwrap_or_default();
    let details = match exception {
        "stream-deleted" => any("StreamDeleted", &shared::StreamDeleted { stream_identifier: identifier }),
        "access-denied" => any("AccessDenied", &shared::AccessDenied {}),
        "maximum-append-size-exceeded" => {
            let max = status.metadata().get("maximum-append-size").and_then(|max| max.to_str().ok()?.parse().ok());
            any("MaximumAppendSizeExceeded", &shared::MaximumAppendSizeExceeded { max_append_size: max.unwrap_or(0) })
        }
        "event-id-taken" => any("BadRequest", &shared::BadRequest { message: status.message().into() }),
        _ if status.code() == Code::InvalidArgument => {
            any("BadRequest", &shared::BadRequest { message: status.message().into() })
        }
        _ => any("Unknown", &shared::Unknown {}),
    };
    rpc::Status { code: status.code() as i32, message: status.message().into(), details: Some(details) }
}

fn any(name: &str, message: &impl prost::Message) -> prost_types::Any {
    prost_types::Any {
        type_url: format!("type.googleapis.com/event_store.client.{name}"),
        value: message.encode_to_vec(),
    }
}

fn success(appended: &Appended) -> batch_append_resp::Success {
    let position = AllStreamPosition { commit_position: appended.position.0, prepare_position: appended.position.0 };
    batch_append_resp::Success {
        current_revision_option: Some(CurrentRevisionOption::CurrentRevision(appended.revision)),
        position_option: Some(if appended.repeated {
            PositionOption::NoPosition(())
        } else {
            PositionOption::Position(position)
        }),
    }
}

#[cfg(test)]
mod tests {
    use casebook_eventlog::embedded::{EmbeddedLog, Options as LogOptions};

    use super::*;
    use crate::door::Access;
    use crate::events::IdForm;
    use crate::proto::streams::batch_append_req::Options;

    #[test]
    fn of_a_name_that_is_refused_little_is_kept() {
        let long = StreamIdentifier { stream_name: "x".repeat(1 << 20).into() };
        assert_eq!(said(&long).stream_name.len(), NAME_BYTES_SAID_MAX);
        assert!(long.stream_name.is_unique());
    }

    #[tokio::test]
    async fn an_append_whose_last_part_does_not_come_ends_the_call() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(EmbeddedLog::open(folder.path(), LogOptions::default()).unwrap());
        let (store, caller) = (Arc::new(Store::new(log)), Caller::anyone(Access::Append));
        let request = |id: Uuid, is_final| {
            let stream_identifier = Some(StreamIdentifier { stream_name: "case-1".into() });
            let options = Some(Options { stream_identifier, ..Options::default() });
            let correlation_id = Some(IdForm::Text.id(id));
            Ok(BatchAppendReq { correlation_id, options, proposed_messages: Vec::new(), is_final })
        };
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        // The other one is no part of the first.
        let requests = stream::iter([request(one, false), request(other, true)]).chain(stream::pending());
        let mut session = Session::new(store, caller, requests, Duration::from_millis(500));
        let response = session.next().await.unwrap().unwrap();
        assert_eq!(response.correlation_id, Some(IdForm::Text.id(other)));
        assert_eq!(session.next().await.unwrap_err().code(), Code::DeadlineExceeded);
    }
}
