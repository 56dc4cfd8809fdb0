//! One event as the audit keeps it: what it belongs to, and its hashes.

use std::collections::HashMap;

use casebook_eventlog::RecordedEvent;
use casebook_execution::Metadata;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

use crate::domain::chain::{Entry, Hash, Tip};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kept_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// How many events the log has up to here.
    pub events: i64,
    pub stream: String,
    pub revision: i64,
    pub event_id: Vec<u8>,
    pub event_type: String,
    /// Microseconds since the epoch, by the log's clock. Never less than in the row before.
    pub recorded_us: i64,
    /// The 16 bytes of the correlation; zeros where the metadata names none.
    pub correlation: Vec<u8>,
    pub agency: String,
    pub officer: String,
    pub leaf: Vec<u8>,
    /// The log's chain at this event.
    pub chain: Vec<u8>,
    /// How many events the case has up to here.
    pub case_events: i64,
    /// The case's chain at this event.
    pub case_chain: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Who did it and what it belongs to, as the metadata says.
#[derive(Debug)]
pub struct Belonging {
    pub correlation: Uuid,
    agency: String,
    officer: String,
}

impl Belonging {
    /// Metadata that cannot be read belongs to nothing: the chain goes on over it all the same, because it is there to
    /// hold whatever the log holds.
    pub fn of(event: &RecordedEvent) -> Self {
        match Metadata::parse(&event.metadata) {
            Ok(metadata) => {
                Self { correlation: metadata.correlation, agency: metadata.agency, officer: metadata.officer }
            }
            Err(_) => Self { correlation: Uuid::nil(), agency: String::new(), officer: String::new() },
        }
    }
}

/// The row of an event behind the chain `whole`; takes the event into the chain of its case.
pub fn kept_anew(event: &RecordedEvent, belonging: Belonging, whole: Tip, cases: &mut HashMap<Uuid, Tip>) -> Model {
    let leaf = leaf_of(event);
    let case = cases.entry(belonging.correlation).or_insert_with(|| Tip::of_case(belonging.correlation));
    *case = case.link(leaf);
    Model::of(event, belonging, leaf, whole.link(leaf), *case)
}

/// The leaf hash of an event as the log gives it.
pub fn leaf_of(event: &RecordedEvent) -> Hash {
    Entry {
        position: event.position.0,
        stream: event.stream.as_str(),
        revision: event.revision,
        id: event.id,
        event_type: &event.event_type,
        recorded_at_us: event.recorded_at.timestamp_micros(),
        data: &event.data,
        metadata: &event.metadata,
    }
    .leaf()
}

/// What a case is known by across services: the correlation of this event.
pub fn case_correlation_of(kept: &Model) -> Uuid {
    Uuid::from_slice(&kept.correlation).unwrap_or_default()
}

impl Model {
    /// The row of `event`, where `whole` and `case` are the chains with it.
    fn of(event: &RecordedEvent, belonging: Belonging, leaf: Hash, whole: Tip, case: Tip) -> Self {
        Self {
            position: signed(event.position.0),
            events: signed(whole.events),
            stream: event.stream.to_string(),
            revision: signed(event.revision),
            event_id: event.id.as_bytes().to_vec(),
            event_type: event.event_type.to_string(),
            recorded_us: event.recorded_at.timestamp_micros(),
            correlation: belonging.correlation.as_bytes().to_vec(),
            agency: belonging.agency,
            officer: belonging.officer,
            leaf: leaf.as_bytes().to_vec(),
            chain: whole.hash.as_bytes().to_vec(),
            case_events: signed(case.events),
            case_chain: case.hash.as_bytes().to_vec(),
        }
    }

    /// The log's chain at this event, as kept. A hash that is none reads as zeros, which no chain ever has.
    pub fn whole_tip(&self) -> Tip {
        Tip { events: self.events.cast_unsigned(), hash: hash(&self.chain) }
    }

    /// The case's chain at this event, as kept.
    pub fn case_tip(&self) -> Tip {
        Tip { events: self.case_events.cast_unsigned(), hash: hash(&self.case_chain) }
    }

    pub fn leaf(&self) -> Hash {
        hash(&self.leaf)
    }
}

fn hash(bytes: &[u8]) -> Hash {
    Hash::from_slice(bytes).unwrap_or(Hash::GENESIS)
}

/// A position or count as a database holds it: no log comes near the end of this range.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
