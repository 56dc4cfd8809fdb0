//! Who may open a log, and what is refused.

use std::time::Duration;

use casebook_eventlog::embedded::{DATABASE_FILE, EmbeddedLog, OpenError, Options, Page};
use casebook_eventlog::{AppendError, EventLog, Expected, Filter, Position, READ_BYTES_MAX, StreamName};
use rusqlite::Connection;
use uuid::Uuid;

use crate::given::{event, event_of, everything, open, stream};

#[tokio::test]
async fn two_writers_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path());
    let second = EmbeddedLog::open(folder.path(), Options::default());
    assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}");
    drop(first);
    open(folder.path());
}

#[tokio::test]
async fn the_folders_above_a_log_are_made_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("var/casebook/log");
    open(&log).append(&stream(), Expected::NoStream, vec![event()]).await.expect("an append");
    assert_eq!(everything(&open(&log)).await.len(), 1);
}

#[tokio::test]
async fn a_reader_sees_what_another_handle_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let absent = EmbeddedLog::open_read_only(folder.path());
    assert!(matches!(absent, Err(OpenError::Absent(_))), "{absent:?}");

    let writer = open(folder.path());
    let reader = EmbeddedLog::open_read_only(folder.path()).expect("a reader");
    let refused = reader.append(&stream(), Expected::Any, vec![event()]).await;
    assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
    let mut subscription = reader.subscribe(Position::START, Filter::all());
    for _ in 0..3 {
        let given = event();
        let appended = writer.append(&stream(), Expected::NoStream, vec![given.clone()]).await.expect("an append");
        let next = tokio::time::timeout(Duration::from_secs(10), subscription.next());
        let batch = next.await.expect("in time").expect("a batch");
        assert_eq!((batch.events[0].id, batch.through), (given.id, appended.position));
        assert_eq!(reader.head().await.expect("a head"), appended.position);
    }
    // Also when nobody writes any more.
    drop(writer);
    assert_eq!(everything(&reader).await.len(), 3);
    let late = EmbeddedLog::open_read_only(folder.path()).expect("a reader");
    assert_eq!(everything(&late).await.len(), 3);
}

#[tokio::test]
async fn an_unknown_format_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(open(folder.path()));
    let database = folder.path().join(DATABASE_FILE);
    let connection = Connection::open(&database).expect("a database");
    connection.execute_batch("PRAGMA user_version = 99").expect("a version");
    drop(connection);
    for outcome in [EmbeddedLog::open(folder.path(), Options::default()), EmbeddedLog::open_read_only(folder.path())] {
        assert!(matches!(outcome, Err(OpenError::UnknownVersion { found: 99, .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn the_files_of_others_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join(DATABASE_FILE);
    let connection = Connection::open(&database).expect("a database");
    connection.execute_batch("CREATE TABLE theirs (id INTEGER)").expect("a table");
    drop(connection);
    let text = tempfile::tempdir().expect("a folder");
    std::fs::write(
        text.path().join(DATABASE_FILE),
        "not a database, but long enough to be taken for one. ".repeat(100),
    )
    .expect("a file");
    for folder in [folder.path(), text.path()] {
        let before = std::fs::read(folder.join(DATABASE_FILE)).expect("the file");
        for outcome in [EmbeddedLog::open(folder, Options::default()), EmbeddedLog::open_read_only(folder)] {
            assert!(matches!(outcome, Err(OpenError::NotALog(_))), "{outcome:?}");
        }
        assert_eq!(std::fs::read(folder.join(DATABASE_FILE)).expect("the file"), before);
    }
}

/// What is passed over is read too, and may be large.
#[tokio::test]
async fn a_read_passes_over_no_more_bytes_than_it_may_return() {
    let folder = tempfile::tempdir().expect("a folder");
    let writer = open(folder.path());
    let (large, sought) = (1 << 20, StreamName::of("order", Uuid::new_v4()));
    for _ in 0..READ_BYTES_MAX / large + 2 {
        writer.append(&stream(), Expected::NoStream, vec![event_of(large)]).await.expect("an append");
    }
    writer.append(&sought, Expected::NoStream, vec![event()]).await.expect("an append");
    let reader = EmbeddedLog::open_read_only(folder.path()).expect("a reader");
    let filter = Filter::categories(["order"]);
    let first = reader.read_all(Position::START, &filter, 10).await.expect("a batch");
    assert_eq!((first.events.len(), first.at_head), (0, false));
    assert!(first.through.0 <= (READ_BYTES_MAX / large) as u64, "{}", first.through);
    let second = reader.read_all(first.through, &filter, 10).await.expect("a batch");
    assert_eq!((second.events.len(), second.at_head), (1, true));
}

#[tokio::test]
async fn a_follower_takes_no_more_than_a_page_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    let given: Vec<_> = (0..9).map(|_| event()).collect();
    log.append(&stream(), Expected::NoStream, given.clone()).await.expect("an append");
    drop(log);
    // From the disk, and from memory.
    for fresh in [true, false] {
        let log = open(folder.path());
        if !fresh {
            log.append(&stream(), Expected::NoStream, (0..9).map(|_| event()).collect()).await.expect("an append");
        }
        let (after, events) = (if fresh { Position::START } else { Position(9) }, given.len());
        for (page, size) in [(Page { events: 2, ..Page::MAX }, 2), (Page { bytes: 1, ..Page::MAX }, 1)] {
            let mut follower = log.follow(after, Filter::all(), page);
            let mut seen = 0;
            while seen < events {
                let batch = follower.next().await.expect("a batch");
                assert!((1..=size).contains(&batch.events.len()), "{page:?}");
                seen += batch.events.len();
            }
            assert_eq!(seen, events);
        }
    }
}
