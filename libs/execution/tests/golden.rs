//! Every shape of an event that was ever released decodes, for ever: those that no service owns.
//!
//! `CASEBOOK_BLESS=1 cargo test -p casebook-execution --test golden` writes the files that are missing; one that is there is
//! never written again.

#[path = "claims/racing.rs"]
#[allow(dead_code)]
mod racing;
#[path = "claims/world.rs"]
#[allow(dead_code)]
mod world;

use std::path::Path;
use std::sync::Arc;

use casebook_eventlog::{EventLog, Filter, Position, READ_EVENTS_MAX};
use casebook_execution::{access, batch};
use casebook_proto::common::v1 as pb;
use serde::Serialize;
use serde::de::DeserializeOwned;
use world::{Change, World};

const RESOURCE: &str = "case-6ba7b810-9dad-11d1-80b4-00c04fd430c8";
const METHOD: &str = "/casebook.enforcement.v1.EnforcementService/GetCase";
const REQUEST: &str = "casebook.review.v1.IngestItemsRequest";

/// The bytes of the first event of a type.
async fn stored(world: &World, event_type: &str) -> Vec<u8> {
    let events = world.log.read_all(Position::START, &Filter::all(), READ_EVENTS_MAX).await.unwrap().events;
    let of_type = |event: &&Arc<casebook_eventlog::RecordedEvent>| &*event.event_type == event_type;
    events.iter().find(of_type).unwrap_or_else(|| panic!("no {event_type}")).data.to_vec()
}

/// Holds what is written now against the file, and the file against the message in the protos.
fn hold<M: DeserializeOwned + Serialize>(file: &str, written: &[u8]) -> M {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    if !path.exists() && std::env::var_os("CASEBOOK_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, written).unwrap();
    }
    let golden = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(
        String::from_utf8_lossy(written),
        String::from_utf8_lossy(&golden),
        "{file} is written in another shape"
    );
    let message: M = serde_json::from_slice(&golden).unwrap_or_else(|error| panic!("{file}: {error}"));
    let again = serde_json::to_vec(&message).unwrap();
    assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&golden), "{file} is not canonical");
    message
}

#[tokio::test]
async fn the_events_of_execution_are_read_as_they_were_written() {
    let world = World::open();
    let process = world.process(None);
    let request = world.request(1);
    let taken = process.take(0, 0, &request).await.unwrap();
    process.decide(0, Change::Refuse, Some(taken), &request).await.unwrap_err();
    let log: Arc<dyn EventLog> = world.log.clone();
    access::record(&log, &world.request(2), METHOD, RESOURCE).await.unwrap();
    batch::begin(&log, &world.request(3), REQUEST).await.unwrap();

    let of = |name: &str| format!("casebook.common.v1.{name}");
    let taken: pb::ClaimTaken = hold("claim_taken.v1.json", &stored(&world, &of("ClaimTaken")).await);
    let released: pb::ClaimReleased = hold("claim_released.v1.json", &stored(&world, &of("ClaimReleased")).await);
    assert!(!taken.owner.is_empty());
    assert_eq!(taken.owner, released.owner);
    let read: pb::AccessRecorded = hold("access_recorded.v1.json", &stored(&world, &of("AccessRecorded")).await);
    assert_eq!((read.method.as_str(), read.resource.as_str()), (METHOD, RESOURCE));
    let begun: pb::BatchBegun = hold("batch_begun.v1.json", &stored(&world, &of("BatchBegun")).await);
    assert_eq!(begun.request, REQUEST);
}
