//! How many events a second come into the chain, and how many are held against it: `cargo bench -p casebook-audit`.
//! The number of events is the first argument; 200,000 without one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use casebook_audit::readmodel::Migrator;
use casebook_audit::{projections, verify_chain};
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Expected, NewEvent, StreamName};
use casebook_execution::Metadata;
use casebook_readmodel::ReadModel;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Events of one case, in as many streams as a case has.
const CASE_EVENTS: u64 = 20;
const CASE_STREAMS: u64 = 5;
const DATA_BYTES: usize = 400;
const PATIENCE: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() {
    let events = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(200_000_u64);
    let folder = tempfile::tempdir().expect("a folder for the log");
    let log: Arc<dyn EventLog> =
        Arc::new(EmbeddedLog::open(&folder.path().join("log"), Options::default()).expect("a log"));
    fill(&log, events).await;
    let file = folder.path().join("audit.db");
    let model = Arc::new(ReadModel::open_sqlite::<Migrator>(&file).await.expect("a read model"));

    let started = Instant::now();
    let stop = CancellationToken::new();
    let running = tokio::spawn(casebook_readmodel::run(log.clone(), model.clone(), projections(), stop.clone()));
    let head = log.head().await.expect("a head");
    model.wait_for(head, PATIENCE).await.expect("the chain comes to the end of the log");
    say("chained", head.0, started);
    stop.cancel();
    running.await.expect("the projection ends");
    let bytes = std::fs::metadata(&file).map_or(0, |file| file.len());
    println!("{} bytes of read model an event", bytes / head.0);

    let started = Instant::now();
    let report = verify_chain(&log, &model).await.expect("a report");
    assert!(report.agrees() && report.events == head.0, "{report:?}");
    say("verified", head.0, started);
}

/// Cases that run at the same time, so that each batch meets many of them.
async fn fill(log: &Arc<dyn EventLog>, events: u64) {
    let cases = events.div_ceil(CASE_EVENTS);
    let data: bytes::Bytes = format!(r#"{{"reasons":"{}"}}"#, "x".repeat(DATA_BYTES)).into();
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..events {
        let case = Uuid::from_u128(u128::from(number % cases) << 64 | 1);
        let stream = StreamName::of("case", Uuid::new_v5(&case, &[(number / cases % CASE_STREAMS) as u8]));
        let metadata = Metadata {
            agency: "cac-310000".into(),
            officer: "officer-7".into(),
            request_id: Uuid::now_v7().to_string(),
            request_sha256: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".into(),
            at: chrono::DateTime::UNIX_EPOCH,
            correlation: case,
            causation: Some(case),
            policy_version: "2026.1".into(),
            trace_parent: String::new(),
            schema_version: 1,
        };
        let event = NewEvent {
            id: Uuid::now_v7(),
            event_type: "casebook.enforcement.v1.EvidenceAdded".into(),
            data: data.clone(),
            metadata: metadata.to_json().into(),
        };
        let log = log.clone();
        waiting.spawn(async move { log.append(&stream, Expected::Any, vec![event]).await.expect("an append") });
        if waiting.len() == 512 {
            waiting.join_next().await;
        }
    }
    waiting.join_all().await;
}

fn say(what: &str, events: u64, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    println!("{what} {events} events in {seconds:.2} s: {:.0} a second", events as f64 / seconds);
}
