//! Why the log and the chain differ at a place.

use std::sync::Arc;

use casebook_eventlog::{EventLog, Filter, Position, READ_EVENTS_MAX, ReadError, RecordedEvent};
use casebook_readmodel::ProjectionError;
use uuid::Uuid;

use super::difference;
use crate::domain::chain::Tip;
use crate::domain::difference::{Difference, DifferenceKind, Swap};
use crate::readmodel::{Kept, KeptEvent};

/// The difference between `event`, whose row should be `expected`, and the row that is there. `before` is the chain
/// before both.
pub(super) async fn of(
    log: &Arc<dyn EventLog>,
    kept: Kept<'_>,
    before: Tip,
    event: &RecordedEvent,
    expected: &KeptEvent,
    row: &KeptEvent,
) -> Result<Difference, ProjectionError> {
    let position = row.position.cast_unsigned().min(event.position.0);
    let at = |kind, words: String| difference(position, kind, &row.stream, words);
    if before.link(row.leaf()).hash != row.whole_tip().hash {
        return Ok(at(DifferenceKind::ChainAltered, "its hash does not follow from the one before it".into()));
    }
    if row.leaf == expected.leaf {
        // The bytes are those that came in: what the row says beside its hashes is not.
        return Ok(at(DifferenceKind::ChainAltered, format!("{} differ from the log", columns(expected, row))));
    }
    if row.event_id == expected.event_id {
        let columns = columns(expected, row);
        let what = if columns.is_empty() { "its data or metadata".to_owned() } else { columns };
        return Ok(at(DifferenceKind::Edited, format!("{what} of event {} in `{}`", event.id, row.stream)));
    }
    let kept_id = Uuid::from_slice(&row.event_id).unwrap_or_default();
    let swap = Swap { found_came_in: kept.knows(event.id).await?, kept_is_there: stands_in(log, kept_id).await? };
    let words =
        format!("event {kept_id} of `{}` came in here, event {} of `{}` is here", row.stream, event.id, event.stream);
    Ok(at(swap.kind(), words))
}

/// The columns in which two rows differ, other than the hashes.
fn columns(expected: &KeptEvent, row: &KeptEvent) -> String {
    let differs = [
        ("position", expected.position != row.position),
        ("count of events", expected.events != row.events),
        ("stream", expected.stream != row.stream),
        ("revision", expected.revision != row.revision),
        ("event id", expected.event_id != row.event_id),
        ("event type", expected.event_type != row.event_type),
        ("time", expected.recorded_us != row.recorded_us),
        ("correlation", expected.correlation != row.correlation),
        ("agency", expected.agency != row.agency),
        ("officer", expected.officer != row.officer),
        ("case", (expected.case_events, &expected.case_chain) != (row.case_events, &row.case_chain)),
    ];
    let named: Vec<_> = differs.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect();
    named.join(", ")
}

/// An event of this id is somewhere in the log. Reads all of it: asked once, when something is wrong.
async fn stands_in(log: &Arc<dyn EventLog>, id: Uuid) -> Result<bool, ProjectionError> {
    let mut after = Position::START;
    loop {
        match log.read_all(after, &Filter::all(), READ_EVENTS_MAX).await {
            Ok(batch) if batch.events.iter().any(|event| event.id == id) => return Ok(true),
            Ok(batch) if batch.at_head => return Ok(false),
            Ok(batch) => after = batch.through,
            // Behind damage nothing can be found.
            Err(ReadError::Corrupt(_)) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}
