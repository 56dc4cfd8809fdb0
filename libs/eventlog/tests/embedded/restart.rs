//! What was acknowledged is there after any end.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{AppendError, EventLog, Expected, Filter, ReadError};
use chrono::DateTime;

use crate::given::{crash_image, event, everything, open, stream};

/// Given a closed log, when it is opened again, then it holds the same and goes on where it was.
#[tokio::test]
async fn a_closed_log_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let stream = stream();
    let first = event();
    let log = open(folder.path());
    log.append(&stream, Expected::NoStream, vec![first.clone(), event()]).await.expect("an append");
    let before = everything(&log).await;
    drop(log);
    assert!(!folder.path().join("events.sqlite-wal").exists(), "a graceful end leaves one file");

    let log = open(folder.path());
    assert_eq!(everything(&log).await, before);
    let repeated = log.append(&stream, Expected::NoStream, vec![first]).await.expect("a repeat");
    assert!(repeated.repeated);
    let appended = log.append(&stream, Expected::Revision(1), vec![event()]).await.expect("an append");
    assert_eq!(appended.revision, 2);
    assert!(appended.position > before[1].position);
}

/// Given appends that go on, when the machine dies at any moment, then all that was acknowledged before
/// is there, whole appends only, and each of them can be repeated harmlessly.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crash_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    let mut acknowledged = Vec::new();
    for round in 0..12 {
        for _ in 0..round {
            let (stream, events) = (stream(), vec![event(), event(), event()]);
            let appended = log.append(&stream, Expected::NoStream, events.clone()).await.expect("an append");
            acknowledged.push((stream, events, appended));
        }
        let image = crash_image(folder.path());
        let revived = open(image.path());
        assert_eq!(everything(&revived).await, everything(&log).await, "round {round}");
        for (stream, events, appended) in &acknowledged {
            let again = revived.append(stream, Expected::NoStream, events.clone()).await.expect("a repeat");
            assert!(again.repeated && again.position == appended.position);
        }
        revived.append(&stream(), Expected::NoStream, vec![event()]).await.expect("it goes on");
    }
}

/// Given a write-ahead log whose end was torn by the crash, then what stands before the tear is kept.
#[tokio::test]
async fn a_torn_end_costs_only_what_was_not_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    let kept = log.append(&stream(), Expected::NoStream, vec![event()]).await.expect("an append");
    let before = crash_image(folder.path());
    let length = before.path().join("events.sqlite-wal").metadata().expect("a file").len();
    log.append(&stream(), Expected::NoStream, vec![event()]).await.expect("an append");
    let image = crash_image(folder.path());
    let wal = image.path().join("events.sqlite-wal");
    let file = std::fs::OpenOptions::new().write(true).open(wal).expect("a file");
    // As if the crash had come in the middle of writing the second append.
    file.set_len(length + 100).expect("a shorter file");
    let revived = open(image.path());
    let events = everything(&revived).await;
    assert_eq!(events.last().map(|event| event.position), Some(kept.position));
}

/// Given a clock that goes back, then the time of an event never falls, also after a restart.
#[tokio::test]
async fn time_never_goes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = Arc::new(AtomicI64::new(1_700_000_000_123_456));
    let ticking = Arc::clone(&now);
    let options = Options {
        clock: Arc::new(move || DateTime::from_timestamp_micros(ticking.load(Ordering::SeqCst)).expect("a time")),
        ..Options::default()
    };
    let stream = stream();
    for (step_us, due) in [(0, 0), (5, 5), (-3_000_000, 5), (3_000_007, 12), (-9_000_000, 12)] {
        now.fetch_add(step_us, Ordering::SeqCst);
        // Opened anew each time: what the last event said is known from the disk alone.
        let log = EmbeddedLog::open(folder.path(), options.clone()).expect("a log");
        log.append(&stream, Expected::Any, vec![event()]).await.expect("an append");
        let last = everything(&log).await.pop().expect("an event");
        assert_eq!(last.recorded_at.timestamp_micros(), 1_700_000_000_123_456 + due);
    }
}

/// Given appends that wait, when the log is closed or dropped, then those taken are written, later ones are
/// refused, readers go on, and followers hear that nothing more will come.
#[tokio::test]
async fn closing_finishes_what_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Arc::new(open(folder.path()));
    let mut subscription = log.subscribe(log.head().await.expect("a head"), Filter::all());
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(&stream(), Expected::NoStream, vec![event()]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    log.close().await;
    let mut written = 0;
    for append in waiting {
        match append.await.expect("a task") {
            Ok(_) => written += 1,
            Err(error) => assert!(matches!(error, AppendError::Unavailable(_)), "{error}"),
        }
    }
    assert_eq!(everything(&*log).await.len(), written);
    let refused = log.append(&stream(), Expected::Any, vec![event()]).await;
    assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
    let mut seen = 0;
    let end = loop {
        match subscription.next().await {
            Ok(batch) => seen += batch.events.len(),
            Err(error) => break error,
        }
    };
    assert_eq!(seen, written);
    assert!(matches!(end, ReadError::Unavailable(_)));
    // The folder is free although the closed log still lives.
    let again = open(folder.path());
    assert_eq!(everything(&again).await.len(), written);
}

/// Dropping the last handle inside a runtime of one thread must not wait for that runtime.
#[tokio::test(flavor = "current_thread")]
async fn dropping_does_not_wait_for_the_runtime() {
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..3 {
        let log = Arc::new(open(folder.path()));
        let mut subscription = log.subscribe(log.head().await.expect("a head"), Filter::all());
        let follower = tokio::spawn(async move { while subscription.next().await.is_ok() {} });
        let given_up = {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(&stream(), Expected::Any, vec![event()]).await })
        };
        tokio::task::yield_now().await;
        given_up.abort();
        let _ = given_up.await;
        drop(log);
        follower.await.expect("the follower ends");
    }
}
