//! Casebook's own adapter over a socket: it keeps the contract, and it survives what happens to connections.

use std::sync::Arc;
use std::time::Duration;

use casebook_eventlog::contract::run_all;
use casebook_eventlog::kurrent::KurrentLog;
use casebook_eventlog::{AppendError, Direction, EventLog, Expected, Filter, NewEvent, Position, StreamName};
use casebook_eventlog_server::Access;
use uuid::Uuid;

use crate::served::Served;

async fn adapter(served: &Served) -> KurrentLog {
    KurrentLog::connect(&served.connection_string()).await.expect("a connection")
}

fn given(number: usize) -> NewEvent {
    NewEvent {
        id: Uuid::new_v4(),
        event_type: "Counted".into(),
        data: format!("{{ \"number\" :{number}}}").into(),
        metadata: "{}".into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_adapter_keeps_the_contract() {
    let served = Served::begin().await;
    let report = run_all(async || Arc::new(adapter(&served).await) as Arc<dyn EventLog>).await;
    assert!(report.is_kept(), "{report}");
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_adapters_and_the_engine_itself_share_a_log() {
    let served = Served::begin().await;
    let (one, other) = (adapter(&served).await, adapter(&served).await);
    let stream = StreamName::of("case", Uuid::new_v4());
    let mut follower = other.subscribe(Position::START, Filter::categories(["case"]));
    one.append(&stream, Expected::NoStream, vec![given(0)]).await.expect("appended");
    served.log.append(&stream, Expected::Revision(0), vec![given(1)]).await.expect("appended");
    other.append(&stream, Expected::Revision(1), vec![given(2)]).await.expect("appended");
    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.extend(follower.next().await.expect("a batch").events);
    }
    let read = served.log.read_stream(&stream, Direction::Forwards, None, 10).await.expect("a read");
    assert_eq!(seen, read);
}

/// Writers and followers go on where they were, over servers that end well and servers that crash.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_goes_away_and_comes_back_loses_and_repeats_nothing() {
    const EVENTS: usize = 120;
    let folder = tempfile::tempdir().expect("a folder");
    let mut served = Served::with(folder.path(), ([127, 0, 0, 1], 0).into(), Access::Append).await;
    let address = served.address;
    let log = Arc::new(adapter(&served).await);
    let stream = StreamName::of("case", Uuid::new_v4());

    let writing = tokio::spawn({
        let (log, stream) = (Arc::clone(&log), stream.clone());
        async move {
            let mut written = Vec::with_capacity(EVENTS);
            for number in 0..EVENTS {
                let event = given(number);
                // Half of them name the revision, half leave it to the ids.
                let expected = match number {
                    0 => Expected::NoStream,
                    number if number % 2 == 0 => Expected::Revision(number as u64 - 1),
                    _ => Expected::Any,
                };
                written.push(event.id);
                let appended = log.append(&stream, expected, vec![event]).await.expect("appended");
                assert_eq!(appended.revision, number as u64);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            written
        }
    });
    let following = tokio::spawn({
        let mut follower = log.subscribe(Position::START, Filter::all());
        async move {
            let mut seen = Vec::with_capacity(EVENTS);
            while seen.len() < EVENTS {
                // Who follows asks again after a failure, from where it was.
                if let Ok(batch) = follower.next().await {
                    seen.extend(batch.events.iter().map(|event| event.id));
                }
            }
            seen
        }
    });
    for round in 0..3 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        if round % 2 == 0 {
            served.crash().await;
        } else {
            served.end().await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        served = Served::with(folder.path(), address, Access::Append).await;
    }
    let written = writing.await.expect("the writer");
    assert_eq!(following.await.expect("the follower"), written);
}

#[tokio::test]
async fn what_is_served_for_reading_takes_no_append() {
    let folder = tempfile::tempdir().expect("a folder");
    let served = Served::with(folder.path(), ([127, 0, 0, 1], 0).into(), Access::Read).await;
    let log = adapter(&served).await;
    let stream = StreamName::of("case", Uuid::new_v4());
    let outcome = log.append(&stream, Expected::Any, vec![given(0)]).await;
    assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
    assert_eq!(log.head().await, Ok(Position::START));
}

#[tokio::test]
async fn a_wrong_connection_string_is_found_at_once() {
    for wrong in ["nonsense", "http://127.0.0.1:2113", "kurrentdb://:0"] {
        assert!(KurrentLog::connect(wrong).await.is_err(), "{wrong}");
    }
}
