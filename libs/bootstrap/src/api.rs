//! What the services' replies have in common: histories, points in time, pages.

use casebook_eventlog::{Position, RecordedEvent};
use casebook_execution::{AsOf, Metadata};
use casebook_proto::Timestamp as ProtoTimestamp;
use casebook_proto::common::v1::{EventMetadata, HistoryEntry};
use casebook_proto::{moment, timestamp};
use casebook_readmodel::{PageError, ReadModel};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::status::{DOMAIN, invalid};

/// How long a query waits for its read model to get where it should be.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
const HISTORY_DEFAULT: usize = 100;
const HISTORY_MAX: usize = 1000;

/// The point that a `Get…` request asks for: a time, a position, or now. Not both.
pub fn as_of(time: Option<&ProtoTimestamp>, position: u64) -> Result<AsOf, Status> {
    match (time, position) {
        (Some(_), 1..) => Err(invalid("as_of_position", "is given beside as_of_time: only one of them can hold")),
        (Some(time), 0) => moment(time).map(AsOf::Time).ok_or_else(|| invalid("as_of_time", "is not a time")),
        (None, 0) => Ok(AsOf::Now),
        (None, position) => Ok(AsOf::Position(Position(position))),
    }
}

/// A recorded event as a history shows it.
pub fn history_entry(event: &RecordedEvent) -> HistoryEntry {
    let metadata = Metadata::parse(&event.metadata).ok().map(|metadata| EventMetadata {
        agency: metadata.agency,
        officer: metadata.officer,
        request_id: metadata.request_id,
        request_sha256: metadata.request_sha256,
        correlation: metadata.correlation.to_string(),
        causation: metadata.causation.map(|id| id.to_string()).unwrap_or_default(),
        policy_version: metadata.policy_version,
        trace_parent: metadata.trace_parent,
        schema_version: metadata.schema_version,
        at: Some(timestamp(metadata.at)),
    });
    HistoryEntry {
        position: event.position.0,
        stream: event.stream.to_string(),
        revision: event.revision,
        event_type: event.event_type.to_string(),
        recorded_at: Some(timestamp(event.recorded_at)),
        metadata,
        json: String::from_utf8_lossy(&event.data).into_owned(),
    }
}

/// Where a page of a history starts and how many events it has: its token is the revision to go on from.
pub fn history_page(page_size: u32, page_token: &str) -> Result<(u64, usize), Status> {
    let from = match page_token {
        "" => 0,
        token => token.parse().map_err(|_| invalid("page_token", "is not a page token of this history"))?,
    };
    let size = match usize::try_from(page_size).unwrap_or(HISTORY_MAX) {
        0 => HISTORY_DEFAULT,
        size => size.min(HISTORY_MAX),
    };
    Ok((from, size))
}

/// Waits until a list's rows are as new as the caller wants them.
pub async fn position_of(model: &ReadModel, at_least: u64) -> Result<(), Status> {
    if at_least == 0 {
        return Ok(());
    }
    model.wait_for(Position(at_least), PATIENCE).await.map_err(|error| {
        let details = ErrorDetails::with_error_info("READ_MODEL_BEHIND", DOMAIN, []);
        Status::with_error_details(Code::Unavailable, error.to_string(), details)
    })
}

/// Why a list could not be given.
pub fn list_status(error: PageError) -> Status {
    match error {
        PageError::Token => invalid("page_token", error),
        PageError::Database(error) => operation_status(&error),
    }
}

/// A query that failed: the details go to the operator, not to the caller.
pub fn operation_status(error: &dyn std::error::Error) -> Status {
    tracing::error!(%error, "a query failed");
    let details = ErrorDetails::with_error_info("READ_MODEL_UNAVAILABLE", DOMAIN, []);
    Status::with_error_details(Code::Unavailable, "the read model cannot answer now", details)
}
