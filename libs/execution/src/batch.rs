//! Requests that write several streams: each part is done once by itself, and the request writes itself down first, so that
//! its id stands for one content.

use std::convert::Infallible;
use std::sync::Arc;

use casebook_eventlog::{AppendError, Direction, EventLog, Expected, ReadError, StreamName};
use casebook_kernel::ids::derived;
use serde::Serialize;

use crate::aggregate::Stored;
use crate::context::Context;
use crate::metadata::Metadata;
use crate::store::ExecuteError;

/// The category of the streams that hold such requests, one each.
pub const CATEGORY: &str = "batch";
const BEGUN: &str = "casebook.common.v1.BatchBegun";

#[derive(Serialize)]
struct BatchBegun<'a> {
    request: &'a str,
}

/// Writes the request down, or refuses it where its id was used for anything else. `request` names its message.
pub async fn begin(log: &Arc<dyn EventLog>, context: &Context, request: &str) -> Result<(), ExecuteError<Infallible>> {
    let stream = StreamName::of(CATEGORY, context.request_key());
    if !context.validate_only {
        let json = serde_json::to_vec(&BatchBegun { request })
            .map_err(|error| ExecuteError::Append(AppendError::Invalid(error.to_string())))?;
        let correlation = context.correlation.unwrap_or(context.request_key());
        let events = context.events(vec![Stored { event_type: BEGUN, json }], correlation);
        match log.append(&stream, Expected::NoStream, events).await {
            Ok(appended) if !appended.repeated => return Ok(()),
            Ok(_) | Err(AppendError::WrongExpectedRevision { .. }) => {}
            Err(AppendError::EventIdTaken { .. }) => return Err(reused(context)),
            Err(error) => return Err(ExecuteError::Append(error)),
        }
    }
    let begun = log.read_stream(&stream, Direction::Forwards, Some(0), 1).await?;
    let Some(begun) = begun.first() else { return Ok(()) };
    let metadata =
        Metadata::parse(&begun.metadata).map_err(|error| ReadError::Corrupt(format!("`{stream}`: {error}")))?;
    if metadata.request_sha256 == context.content_hash() { Ok(()) } else { Err(reused(context)) }
}

/// The context of one part of such a request: `what` tells it from the others.
pub fn part(context: &Context, what: &str) -> Context {
    let request_id = derived(context.request_key(), what.as_bytes()).to_string();
    Context { request_id, ..context.clone() }
}

fn reused(context: &Context) -> ExecuteError<Infallible> {
    ExecuteError::RequestIdReused { request_id: context.request_id.clone() }
}
