//! Who read what: a read of what is confidential is itself an event, appended before the answer is given.

use std::sync::Arc;

use casebook_eventlog::{AppendError, EventLog, Expected, Position, StreamName};
use serde::Serialize;
use uuid::Uuid;

use crate::aggregate::Stored;
use crate::context::Context;

/// The category of the streams that hold reads, one a day and agency.
pub const CATEGORY: &str = "access";
const RECORDED: &str = "casebook.common.v1.AccessRecorded";
const READS: Uuid = Uuid::from_u128(0x6ba7_b810_c45e_b00c_9e1d_0000_0000_0004);

#[derive(Serialize)]
struct AccessRecorded<'a> {
    method: &'a str,
    resource: &'a str,
}

/// Records that `context.actor` read `resource` by `method`. Returns where that stands once it is durable.
pub async fn record(
    log: &Arc<dyn EventLog>,
    context: &Context,
    method: &str,
    resource: &str,
) -> Result<Position, AppendError> {
    let day = format!("{}/{}", context.actor.agency, context.now.date_naive());
    let stream = StreamName::of(CATEGORY, Uuid::new_v5(&READS, day.as_bytes()));
    let json = serde_json::to_vec(&AccessRecorded { method, resource })
        .map_err(|error| AppendError::Invalid(error.to_string()))?;
    let correlation = context.correlation.or_else(|| stream.id()).unwrap_or_default();
    let events = context.events(vec![Stored { event_type: RECORDED, json }], correlation);
    log.append(&stream, Expected::Any, events).await.map(|appended| appended.position)
}
