//! The events of a case, read from the log where the chain says they are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use casebook_bootstrap::history_entry;
use casebook_eventlog::{Direction, EventLog, READ_EVENTS_MAX, ReadError, RecordedEvent, StreamName};
use casebook_proto::common::v1::HistoryEntry;

use crate::readmodel::{KeptEvent, leaf_of};

/// A page ends with the entry with which its data and metadata reach this many bytes: a message stays well below
/// the four mebibytes that gRPC clients accept by default.
pub const PAGE_BYTES_MAX: usize = 1 << 20;

/// Some of a case's events, as the log has them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entries {
    pub entries: Vec<HistoryEntry>,
    /// Positions of events whose bytes do not give the leaf that was kept, or that are gone from the log.
    pub altered: Vec<u64>,
    /// How many of the kept events were used up: fewer than given where the page was full before.
    pub used: usize,
}

/// Reads the kept events from the log, in their order, until a page is full.
pub async fn entries(log: &Arc<dyn EventLog>, kept: &[KeptEvent]) -> Result<Entries, ReadError> {
    let found = read(log, kept).await?;
    let mut page = Entries::default();
    let mut bytes = 0;
    for row in kept {
        if bytes >= PAGE_BYTES_MAX {
            break;
        }
        page.used += 1;
        let position = row.position.cast_unsigned();
        let event = found.get(&position);
        if event.is_none_or(|event| leaf_of(event) != row.leaf()) {
            page.altered.push(position);
        }
        if let Some(event) = event {
            bytes += event.data.len() + event.metadata.len();
            page.entries.push(history_entry(event));
        }
    }
    Ok(page)
}

/// The events by their positions. Each stream is read once, from the first to the last revision wanted.
async fn read(log: &Arc<dyn EventLog>, kept: &[KeptEvent]) -> Result<HashMap<u64, Arc<RecordedEvent>>, ReadError> {
    let mut wanted: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for row in kept {
        let revision = row.revision.cast_unsigned();
        let (first, last) = wanted.entry(&row.stream).or_insert((revision, revision));
        *first = revision.min(*first);
        *last = revision.max(*last);
    }
    let mut found = HashMap::with_capacity(kept.len());
    for (stream, (first, last)) in wanted {
        let name: StreamName = stream.parse().map_err(|error| ReadError::Corrupt(format!("`{stream}`: {error}")))?;
        let mut from = first;
        while from <= last {
            let limit = usize::try_from(last - from + 1).unwrap_or(READ_EVENTS_MAX).min(READ_EVENTS_MAX);
            let events = log.read_stream(&name, Direction::Forwards, Some(from), limit).await?;
            let Some(end) = events.last() else { break };
            from = end.revision + 1;
            found.extend(events.into_iter().map(|event| (event.position.0, event)));
        }
    }
    Ok(found)
}
