//! What every command of every service relies on: one request has one effect, no update is lost, and a state in memory
//! says what the log says.

use std::sync::Arc;

use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Expected, Filter, NewEvent, Position, StreamName};
use casebook_execution::{
    Aggregate, AsOf, Clock as _, Context, DecodeError, ExecuteError, Loaded, Metadata, Store, Stored, TurnedClock,
    replay,
};
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, Decider, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

/// Counts, up to ten.
#[derive(Debug)]
struct Counter;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("that would be more than ten")]
struct TooMuch;

impl Decider for Counter {
    type State = u64;
    type Command = u64;
    type Event = u64;
    type Refusal = TooMuch;

    fn decide(state: &u64, add: u64) -> Result<Vec<u64>, TooMuch> {
        // Twos are added as two events of one command.
        let events = if add == 2 { vec![1, 1] } else { vec![add] };
        if state + add > 10 { Err(TooMuch) } else { Ok(events) }
    }

    fn evolve(state: u64, added: &u64) -> u64 {
        state + added
    }
}

impl Aggregate for Counter {
    const CATEGORY: &'static str = "counter";

    fn encode(event: &u64) -> Stored {
        Stored { event_type: "test.Added", json: event.to_string().into_bytes() }
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<u64, DecodeError> {
        serde_json::from_slice(json).map_err(|error| DecodeError::new(event_type, error))
    }
}

struct World {
    log: Arc<dyn EventLog>,
    clock: Arc<TurnedClock>,
    folder: tempfile::TempDir,
}

fn start() -> Timestamp {
    "2026-03-02T01:00:00Z".parse().unwrap()
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(TurnedClock::at(start()));
    let time = clock.clone();
    let options = Options { clock: Arc::new(move || time.now()), ..Options::default() };
    World { log: Arc::new(EmbeddedLog::open(folder.path(), options).unwrap()), clock, folder }
}

impl World {
    fn request(&self, id: u128, content: u8) -> Context {
        Context {
            actor: Actor {
                agency: "cac-310000".parse().unwrap(),
                officer: "officer-1".parse().unwrap(),
                agency_kind: None,
                region: Region::NATIONAL,
            },
            request_id: Uuid::from_u128(id).to_string(),
            content_sha256: [content; 32],
            etag: None,
            validate_only: false,
            correlation: None,
            causation: None,
            policy_version: "test-1".into(),
            trace_parent: String::new(),
            now: self.clock.now(),
        }
    }

    fn store(&self) -> Store<Counter> {
        Store::new(self.log.clone())
    }
}

const ID: Uuid = Uuid::from_u128(1);

#[tokio::test]
async fn the_same_request_has_one_effect_and_the_first_outcome() {
    let world = world();
    let store = world.store();
    let first = store.execute(ID, &world.request(1, 0), 2).await.unwrap();
    store.execute(ID, &world.request(2, 0), 3).await.unwrap();
    for store in [&store, &world.store()] {
        let again = store.execute(ID, &world.request(1, 0), 2).await.unwrap();
        assert!(again.repeated);
        assert_eq!((again.state, again.head), (first.state, first.head));
        assert_eq!(store.load(ID).await.unwrap().state, 5);
    }
}

#[tokio::test]
async fn the_same_request_id_with_other_content_is_refused_on_this_stream_and_on_any_other() {
    let world = world();
    let store = world.store();
    store.execute(ID, &world.request(1, 0), 2).await.unwrap();
    for id in [ID, Uuid::from_u128(2)] {
        let reused = store.execute(id, &world.request(1, 9), 2).await;
        assert!(matches!(reused, Err(ExecuteError::RequestIdReused { .. })));
    }
    assert_eq!(store.load(ID).await.unwrap().state, 2);
    assert_eq!(store.load(Uuid::from_u128(2)).await.unwrap().head, None);
}

#[tokio::test]
async fn a_retry_finds_its_first_outcome_although_its_etag_is_stale_by_now() {
    let world = world();
    let store = world.store();
    store.execute(ID, &world.request(1, 0), 1).await.unwrap();
    let with_etag = Context { etag: Some(0), ..world.request(2, 0) };
    store.execute(ID, &with_etag, 1).await.unwrap();
    assert!(store.execute(ID, &with_etag, 1).await.unwrap().repeated);
    let stale = Context { etag: Some(0), ..world.request(3, 0) };
    let refused = store.execute(ID, &stale, 1).await;
    assert!(matches!(refused, Err(ExecuteError::StaleEtag { given: 0, current: Some(1) })));
}

#[tokio::test]
async fn a_refusal_and_a_validation_write_nothing() {
    let world = world();
    let store = world.store();
    assert!(matches!(store.execute(ID, &world.request(1, 0), 11).await, Err(ExecuteError::Refused(TooMuch))));
    let validated = store.execute(ID, &Context { validate_only: true, ..world.request(2, 0) }, 7).await.unwrap();
    assert_eq!(validated.state, 7);
    assert_eq!(world.log.head().await.unwrap().0, 0);
    // The request id of a validation is not used up by it.
    assert_eq!(store.execute(ID, &world.request(2, 0), 7).await.unwrap().state, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_update_is_lost_between_stores_that_do_not_know_of_each_other() {
    let world = world();
    let stores = [Arc::new(world.store()), Arc::new(world.store())];
    let mut tasks = Vec::new();
    for number in 0..20 {
        let (store, request) = (stores[number % 2].clone(), world.request(100 + number as u128, 0));
        tasks.push(tokio::spawn(async move { store.execute(ID, &request, 1).await }));
    }
    let (mut granted, mut refused) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => granted += 1,
            Err(ExecuteError::Refused(TooMuch)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((granted, refused), (10, 10));
    for store in stores {
        assert_eq!(store.load(ID).await.unwrap().state, 10);
    }
}

#[tokio::test]
async fn a_refusal_rests_on_what_the_log_says_now() {
    let world = world();
    let (mine, theirs) = (world.store(), world.store());
    mine.execute(ID, &world.request(1, 0), 9).await.unwrap();
    theirs.load(ID).await.unwrap();
    mine.execute(ID, &world.request(2, 0), 1).await.unwrap();
    // `theirs` still remembers nine: its answer must come from ten.
    assert!(matches!(theirs.execute(ID, &world.request(3, 0), 1).await, Err(ExecuteError::Refused(TooMuch))));
}

#[tokio::test]
async fn the_past_is_folded_from_the_log() {
    let world = world();
    let store = world.store();
    let first = store.execute(ID, &world.request(1, 0), 4).await.unwrap();
    world.clock.turn_by(TimeDelta::days(1));
    store.execute(ID, &world.request(2, 0), 5).await.unwrap();
    let at = |as_of| store.load_as_of(ID, as_of);
    assert_eq!(at(AsOf::Time(start())).await.unwrap().state, 4);
    assert_eq!(at(AsOf::Time(start() - TimeDelta::seconds(1))).await.unwrap().head, None);
    assert_eq!(at(AsOf::Position(first.head.position)).await.unwrap().state, 4);
    assert_eq!(at(AsOf::Now).await.unwrap().state, 9);
}

#[tokio::test]
async fn a_stream_belongs_to_what_its_first_event_says() {
    let world = world();
    let store = world.store();
    let matter = Uuid::from_u128(77);
    let begun = Context { correlation: Some(matter), ..world.request(1, 0) };
    store.execute(ID, &begun, 1).await.unwrap();
    let went_on = store.execute(ID, &world.request(2, 0), 1).await.unwrap();
    assert_eq!(went_on.head.correlation, matter);
    for event in store.history(ID, 0, 10).await.unwrap() {
        assert_eq!(Metadata::parse(&event.metadata).unwrap().correlation, matter);
    }
}

#[tokio::test]
async fn metadata_is_the_canonical_json_of_its_message() {
    let world = world();
    let store = world.store();
    store.execute(ID, &world.request(1, 0), 1).await.unwrap();
    let stored = store.history(ID, 0, 1).await.unwrap().remove(0).metadata.clone();
    let message: casebook_proto::common::v1::EventMetadata = serde_json::from_slice(&stored).unwrap();
    let canonical: serde_json::Value = serde_json::to_value(&message).unwrap();
    assert_eq!(canonical, serde_json::from_slice::<serde_json::Value>(&stored).unwrap());
}

#[tokio::test]
async fn an_acknowledged_command_is_there_after_a_restart() {
    let world = world();
    world.store().execute(ID, &world.request(1, 0), 4).await.unwrap();
    let World { log, folder, .. } = world;
    drop(log);
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(folder.path(), Options::default()).unwrap());
    assert_eq!(Store::<Counter>::new(log).load(ID).await.unwrap().state, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_streams_replayed_at_once_come_to_the_states_that_each_has() {
    let world = world();
    let store = world.store();
    for number in 0..90 {
        let (id, add) = (Uuid::from_u128(1 + number % 30), 1 + number as u64 / 30);
        store.execute(id, &world.request(1_000 + number, 0), add).await.unwrap();
    }
    let replayed = replay::<Loaded<Counter>>(&*world.log, &Filter::categories(["counter"])).await.unwrap();
    assert_eq!(replayed.states.len(), 30);
    assert_eq!((replayed.events, replayed.last), (120, world.log.head().await.unwrap()));
    for (stream, replayed) in &replayed.states {
        let loaded = store.load(stream.id().unwrap()).await.unwrap();
        assert_eq!((replayed.state, replayed.head), (loaded.state, loaded.head), "{stream}");
    }
    let others = replay::<Loaded<Counter>>(&*world.log, &Filter::categories(["other"])).await.unwrap();
    assert_eq!((others.states.len(), others.events), (0, 0));
}

#[tokio::test]
async fn a_replay_does_not_read_over_what_cannot_be_read() {
    let world = world();
    world.store().execute(ID, &world.request(1, 0), 1).await.unwrap();
    let damaged = NewEvent {
        id: Uuid::from_u128(77),
        event_type: "test.Added".into(),
        data: "none".into(),
        metadata: world.log.read_all(Position::START, &Filter::all(), 1).await.unwrap().events[0].metadata.clone(),
    };
    let stream = StreamName::of("counter", Uuid::from_u128(2));
    world.log.append(&stream, Expected::NoStream, vec![damaged]).await.unwrap();
    let failed = replay::<Loaded<Counter>>(&*world.log, &Filter::all()).await.unwrap_err();
    assert!(failed.to_string().contains("test.Added"), "{failed}");
}
