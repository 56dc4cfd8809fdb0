//! What the services' replies have in common: histories and pages.

use casebook_eventlog::{RecordedEvent, ends_stream};
use casebook_execution::{Aggregate, Metadata, Store};
use casebook_proto::common::v1::{EventMetadata, HistoryEntry};
use casebook_proto::timestamp;
use casebook_readmodel::PageError;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use uuid::Uuid;

use crate::status::{DOMAIN, invalid, store_status};

const HISTORY_DEFAULT: usize = 100;
const HISTORY_MAX: usize = 1000;

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

/// One page of a stream's events and the token of the next, which is the revision to go on from. None where there is no
/// such stream.
pub async fn history<A: Aggregate>(
    store: &Store<A>,
    id: Uuid,
    page_size: u32,
    page_token: &str,
) -> Result<Option<(Vec<HistoryEntry>, String)>, Status> {
    let from = match page_token {
        "" => 0,
        token => token.parse().map_err(|_| invalid("page_token", "is not a page token of this history"))?,
    };
    let size = match usize::try_from(page_size).unwrap_or(HISTORY_MAX) {
        0 => HISTORY_DEFAULT,
        size => size.min(HISTORY_MAX),
    };
    let events = store.history(id, from, size + 1).await.map_err(store_status)?;
    if events.is_empty() && from == 0 {
        return Ok(None);
    }
    let page = &events[..events.len().min(size)];
    let next = page.last().filter(|_| !ends_stream(page, size)).map(|last| (last.revision + 1).to_string());
    let next = next.filter(|_| events.len() > size || !ends_stream(&events, size + 1));
    Ok(Some((page.iter().map(|event| history_entry(event)).collect(), next.unwrap_or_default())))
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
