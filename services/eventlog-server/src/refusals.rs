//! Refusals and failures, in the form that clients tell them by: a status, and trailers of which `exception` is the name.

use casebook_eventlog::{AppendError, ReadError, StreamName};
use tonic::metadata::{AsciiMetadataKey, MetadataMap, MetadataValue};
use tonic::{Code, Status};

use crate::expected::Expected;
use crate::names;

/// How clients count a stream that does not exist.
const NO_STREAM: i64 = -1;

fn exception(code: Code, message: String, trailers: &[(&'static str, String)]) -> Status {
    let mut metadata = MetadataMap::new();
    for (key, value) in trailers {
        if let Ok(value) = MetadataValue::try_from(value.as_str()) {
            metadata.insert(AsciiMetadataKey::from_static(key), value);
        }
    }
    Status::with_metadata(code, message, metadata)
}

/// The stream has a tombstone.
pub fn stream_deleted(stream: &StreamName) -> Status {
    let name = names::to_wire(stream);
    let message = format!("Event stream '{name}' is deleted.");
    exception(Code::FailedPrecondition, message, &[("exception", "stream-deleted".into()), ("stream-name", name)])
}

/// The stream is not where a delete expects it. (An append says so in its response.)
pub fn wrong_expected_version(stream: &StreamName, expected: Expected, current: Option<u64>) -> Status {
    let name = names::to_wire(stream);
    let (expected, actual) = (expected.as_number(), current.map_or(NO_STREAM, u64::cast_signed));
    let message = format!(
        "Delete failed due to WrongExpectedVersion. Stream: {name}, Expected version: {expected}, Actual version: {actual}"
    );
    exception(
        Code::FailedPrecondition,
        message,
        &[
            ("exception", "wrong-expected-version".into()),
            ("stream-name", name),
            ("expected-version", expected.to_string()),
            ("actual-version", actual.to_string()),
        ],
    )
}

/// This server, or this user, may not do that.
pub fn access_denied(why: &str) -> Status {
    exception(Code::PermissionDenied, why.into(), &[("exception", "access-denied".into())])
}

/// An append has more bytes than one may have.
pub fn append_too_large(bytes_max: usize) -> Status {
    exception(
        Code::InvalidArgument,
        format!("Maximum Append Size of {bytes_max} Exceeded."),
        &[("exception", "maximum-append-size-exceeded".into()), ("maximum-append-size", bytes_max.to_string())],
    )
}

/// An append was begun and not ended.
pub fn part_too_late() -> Status {
    Status::deadline_exceeded("the next part of an append takes too long")
}

/// An event lacks its type or its content type.
pub fn required_metadata_missing(property: &str) -> Status {
    exception(
        Code::InvalidArgument,
        format!("Required Metadata Property Missing: {property}"),
        &[
            ("exception", "missing-required-metadata-property".into()),
            ("required-metadata-properties", "type,content-type".into()),
        ],
    )
}

/// What the log answers to an append that is no conflict of revisions.
pub fn unappended(error: &AppendError) -> Status {
    match error {
        AppendError::Invalid(_) => Status::invalid_argument(error.to_string()),
        // KurrentDB knows no such refusal: ids are not unique over its streams. Some clients show of an error no more than its
        // code and message, so the message says all.
        AppendError::EventIdTaken { id, stream, revision } => exception(
            Code::FailedPrecondition,
            format!("event-id-taken: {id} is revision {revision} of {}", names::to_wire(stream)),
            &[("exception", "event-id-taken".into())],
        ),
        AppendError::Full => Status::resource_exhausted(error.to_string()),
        AppendError::Unavailable(_) => Status::unavailable(error.to_string()),
        AppendError::WrongExpectedRevision { .. } => Status::failed_precondition(error.to_string()),
    }
}

/// What the log answers to a read.
pub fn unread(error: &ReadError) -> Status {
    match error {
        ReadError::Unavailable(_) => Status::unavailable(error.to_string()),
        ReadError::Corrupt(_) => Status::data_loss(error.to_string()),
    }
}

/// The server goes down. A subscription never ends with OK: clients take that for anything but an end.
pub fn stopping() -> Status {
    Status::unavailable("the server is stopping")
}
