//! Events on their way in and out.

use std::collections::HashMap;
use std::sync::Arc;

use ::uuid::Uuid;
use bytes::Bytes;
use casebook_eventlog::{EVENT_BYTES_MAX, EVENT_TYPE_BYTES_MAX, NewEvent, RecordedEvent};
use tonic::Status;

use crate::names;
use crate::proto::shared::uuid;
use crate::proto::shared::{self, StreamIdentifier};
use crate::proto::streams::read_resp::{ReadEvent, read_event};
use crate::proto::streams::{ReadResp, read_resp};
use crate::refusals;

const TYPE: &str = "type";
const CONTENT_TYPE: &str = "content-type";
const CREATED: &str = "created";
const JSON: &str = "application/json";
/// Clients count time in units of 100 ns since 1970.
const TICKS_PER_MICROSECOND: i64 = 10;

/// The form in which a client wants its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdForm {
    Structured,
    Text,
}

impl IdForm {
    pub fn id(self, id: Uuid) -> shared::Uuid {
        let value = match self {
            Self::Text => uuid::Value::String(id.hyphenated().to_string()),
            Self::Structured => {
                let (most, least) = id.as_u64_pair();
                uuid::Value::Structured(uuid::Structured {
                    most_significant_bits: most.cast_signed(),
                    least_significant_bits: least.cast_signed(),
                })
            }
        };
        shared::Uuid { value: Some(value) }
    }
}

/// The id that a client says, in either form.
pub fn parse_id(id: Option<shared::Uuid>) -> Result<Uuid, Status> {
    match id.and_then(|id| id.value) {
        Some(uuid::Value::Structured(halves)) => Ok(Uuid::from_u64_pair(
            halves.most_significant_bits.cast_unsigned(),
            halves.least_significant_bits.cast_unsigned(),
        )),
        Some(uuid::Value::String(text)) => {
            Uuid::try_parse(&text).map_err(|_| Status::invalid_argument("an id is no UUID"))
        }
        None => Err(Status::invalid_argument("an id is missing")),
    }
}

/// An event that a client proposes.
pub fn parse_event(
    id: Option<shared::Uuid>,
    mut metadata: HashMap<String, String>,
    custom_metadata: Bytes,
    data: Bytes,
) -> Result<NewEvent, Status> {
    let id = parse_id(id)?;
    let event_type = metadata.remove(TYPE).ok_or_else(|| refusals::required_metadata_missing(TYPE))?;
    // Before it is kept: what an append keeps is counted by its data and metadata.
    if event_type.is_empty() || event_type.len() > EVENT_TYPE_BYTES_MAX {
        return Err(Status::invalid_argument(format!("the type of an event has 1 to {EVENT_TYPE_BYTES_MAX} bytes")));
    }
    let content_type =
        metadata.remove(CONTENT_TYPE).ok_or_else(|| refusals::required_metadata_missing(CONTENT_TYPE))?;
    if content_type != JSON {
        return Err(Status::invalid_argument(format!("events of this log are {JSON} and nothing else")));
    }
    if data.len() > EVENT_BYTES_MAX || custom_metadata.len() > EVENT_BYTES_MAX {
        return Err(refusals::append_too_large(EVENT_BYTES_MAX));
    }
    // Copied: they share the memory of a whole message, whatever else that held.
    let (data, metadata) = (Bytes::copy_from_slice(&data), Bytes::copy_from_slice(&custom_metadata));
    Ok(NewEvent { id, event_type: event_type.into(), data, metadata })
}

/// An event as a response holds it, and the link that led to it.
pub fn response(event: Option<&Arc<RecordedEvent>>, link: Option<&Arc<RecordedEvent>>, form: IdForm) -> ReadResp {
    let position = link.or(event).map(|event| read_event::Position::CommitPosition(event.position.0));
    content(read_resp::Content::Event(ReadEvent {
        event: event.map(|event| recorded(event, form)),
        link: link.map(|link| recorded(link, form)),
        position,
    }))
}

pub fn content(content: read_resp::Content) -> ReadResp {
    ReadResp { content: Some(content) }
}

fn recorded(event: &RecordedEvent, form: IdForm) -> read_event::RecordedEvent {
    let created = event.recorded_at.timestamp_micros().saturating_mul(TICKS_PER_MICROSECOND);
    read_event::RecordedEvent {
        id: Some(form.id(event.id)),
        stream_identifier: Some(StreamIdentifier { stream_name: names::to_wire(&event.stream).into() }),
        stream_revision: event.revision,
        prepare_position: event.position.0,
        commit_position: event.position.0,
        metadata: HashMap::from([
            (TYPE.to_owned(), event.event_type.as_ref().to_owned()),
            (CONTENT_TYPE.to_owned(), JSON.to_owned()),
            (CREATED.to_owned(), created.to_string()),
        ]),
        custom_metadata: event.metadata.clone(),
        data: event.data.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(event_type: &str, data: Bytes) -> Result<NewEvent, Status> {
        let metadata =
            [(TYPE, event_type), (CONTENT_TYPE, JSON)].map(|(key, value)| (key.to_owned(), value.to_owned()));
        parse_event(Some(IdForm::Text.id(Uuid::new_v4())), metadata.into(), Bytes::new(), data)
    }

    #[test]
    fn a_type_that_the_log_does_not_take_is_refused_before_it_is_kept() {
        assert!(parse(&"x".repeat(EVENT_TYPE_BYTES_MAX), Bytes::new()).is_ok());
        for wrong in ["", &"x".repeat(EVENT_TYPE_BYTES_MAX + 1)] {
            assert_eq!(parse(wrong, Bytes::new()).unwrap_err().code(), tonic::Code::InvalidArgument);
        }
    }

    #[test]
    fn an_event_keeps_nothing_of_the_message_that_it_came_in() {
        let message = Bytes::from(vec![b'7'; 1 << 20]);
        let event = parse("Opened", message.slice(..1)).unwrap();
        assert!(message.is_unique() && event.data == "7");
    }
}
