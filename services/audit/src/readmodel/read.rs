//! One read of what is confidential.

use casebook_eventlog::RecordedEvent;
use casebook_execution::Metadata;
use casebook_proto::common::v1::AccessRecorded;
use sea_orm::entity::prelude::*;

use super::kept_event::signed;

/// The category of the streams that hold reads.
pub(crate) const CATEGORY: &str = casebook_execution::access::CATEGORY;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    pub agency: String,
    pub officer: String,
    pub method: String,
    pub resource: String,
    /// Microseconds since the epoch, by the log's clock.
    pub recorded_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row of an event of an access stream. One that cannot be read still shows that there was a read.
    pub(crate) fn of(event: &RecordedEvent) -> Self {
        let (agency, officer) = Metadata::parse(&event.metadata)
            .map_or_else(|_| Default::default(), |metadata| (metadata.agency, metadata.officer));
        let read = serde_json::from_slice::<AccessRecorded>(&event.data).unwrap_or_default();
        Self {
            position: signed(event.position.0),
            agency,
            officer,
            method: read.method,
            resource: read.resource,
            recorded_us: event.recorded_at.timestamp_micros(),
        }
    }
}
