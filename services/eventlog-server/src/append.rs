//! Append: options, then events, one answer.

use casebook_eventlog::{APPEND_EVENTS_MAX, Appended, NewEvent};
use futures::{Stream, StreamExt as _};
use tonic::Status;

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

/// Counts what an append has got so far.
#[derive(Default)]
pub struct Gathered {
    pub events: Vec<NewEvent>,
    bytes: usize,
}

impl Gathered {
    pub fn push(&mut self, event: NewEvent) -> Result<(), Status> {
        self.bytes += event.data.len() + event.metadata.len();
        if self.bytes > APPEND_BYTES_MAX {
            return Err(refusals::append_too_large(APPEND_BYTES_MAX));
        }
        if self.events.len() == APPEND_EVENTS_MAX {
            return Err(Status::invalid_argument(format!(
                "an append to this log has at most {APPEND_EVENTS_MAX} events"
            )));
        }
        self.events.push(event);
        Ok(())
    }
}

pub async fn append(
    store: &Store,
    mut requests: impl Stream<Item = Result<AppendReq, Status>> + Unpin,
) -> Result<AppendResp, Status> {
    let first = requests.next().await.transpose()?.and_then(|request| request.content);
    let Some(append_req::Content::Options(options)) = first else {
        return Err(Status::invalid_argument("an append begins with its options"));
    };
    let stream = names::parse(options.stream_identifier.as_ref())?;
    let expected = Expected::or_any(options.expected_stream_revision);
    let mut gathered = Gathered::default();
    while let Some(request) = requests.next().await.transpose()? {
        let Some(append_req::Content::ProposedMessage(proposed)) = request.content else {
            return Err(Status::invalid_argument("behind the options of an append come its events"));
        };
        let (id, metadata) = (proposed.id, proposed.metadata);
        gathered.push(events::parse_event(id, metadata, proposed.custom_metadata, proposed.data)?)?;
    }
    let result = match store.append(&stream, expected, gathered.events).await? {
        Outcome::Appended(appended) => append_resp::Result::Success(success(&appended)),
        Outcome::Nothing { current } => append_resp::Result::Success(nothing(current)),
        Outcome::WrongExpectedVersion { current } => {
            append_resp::Result::WrongExpectedVersion(expected.in_refusal(current))
        }
    };
    Ok(AppendResp { result: Some(result) })
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
