//! What is read is what was written, or an error: whatever was changed behind the log's back.

use std::path::Path;

use casebook_eventlog::embedded::{DATABASE_FILE, EmbeddedLog, Page};
use casebook_eventlog::{Direction, EventLog, Expected, Filter, Position, ReadError, StreamName};
use rusqlite::Connection;
use uuid::Uuid;

use crate::given::{NEWEST, event, open, stream};

async fn three_events(folder: &Path) -> StreamName {
    let stream = stream();
    let log = open(folder);
    log.append(&stream, Expected::NoStream, vec![event(), event(), event()]).await.expect("an append");
    stream
}

/// Changes the database as `sql` says, then reads the log from its begin.
async fn read_after(sql: &str) -> (Result<usize, ReadError>, Result<usize, ReadError>) {
    let folder = tempfile::tempdir().expect("a folder");
    let stream = three_events(folder.path()).await;
    let connection = Connection::open(folder.path().join(DATABASE_FILE)).expect("a database");
    connection.execute_batch(sql).expect("a change");
    drop(connection);
    let log = EmbeddedLog::open_read_only(folder.path()).expect("a log");
    let all = log.read_all(Position::START, &Filter::all(), 100).await;
    let one = log.read_stream(&stream, Direction::Forwards, None, 100).await;
    (all.map(|batch| batch.events.len()), one.map(|events| events.len()))
}

#[tokio::test]
async fn a_changed_row_is_noticed() {
    for change in [
        "UPDATE events SET data = CAST('changed' AS BLOB) WHERE position = 2",
        "UPDATE events SET metadata = CAST('{ }' AS BLOB) WHERE position = 2",
        "UPDATE events SET id = randomblob(16) WHERE position = 2",
        "UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 2",
        "UPDATE events SET checksum = checksum + 1 WHERE position = 2",
        "UPDATE events SET revision = 7 WHERE position = 2",
        "UPDATE event_types SET name = 'CaseClosed'",
        "DELETE FROM event_types",
        "UPDATE events SET id = x'00' WHERE position = 2",
        // Bytes that only change places between two fields.
        "UPDATE events SET metadata = CAST('{' AS BLOB), data = CAST('}' || CAST(data AS TEXT) AS BLOB)",
        // Two events that change places.
        "UPDATE events SET position = 9 WHERE position = 2; UPDATE events SET position = 2 WHERE position = 3;
         UPDATE events SET position = 3 WHERE position = 9",
    ] {
        let (all, one) = read_after(change).await;
        assert!(matches!(all, Err(ReadError::Corrupt(_))), "{change}: {all:?}");
        assert!(matches!(one, Err(ReadError::Corrupt(_))), "{change}: {one:?}");
    }
    let renamed = "UPDATE streams SET name = 'case-00000000-0000-0000-0000-000000000000'";
    assert!(matches!(read_after(renamed).await.0, Err(ReadError::Corrupt(_))));
}

#[tokio::test]
async fn a_row_that_is_gone_is_noticed() {
    for (change, stream_tells) in
        [("DELETE FROM events WHERE position = 1", true), ("DELETE FROM events WHERE position = 2", true)]
    {
        let (all, one) = read_after(change).await;
        assert!(matches!(all, Err(ReadError::Corrupt(_))), "{change}: {all:?}");
        assert_eq!(matches!(one, Err(ReadError::Corrupt(_))), stream_tells, "{change}: {one:?}");
    }
}

/// What does not match is passed over, but not because damage says so.
#[tokio::test]
async fn damage_takes_no_event_out_of_what_a_filter_lets_through() {
    for (change, noticed) in [
        ("SELECT 1", false),
        ("UPDATE events SET stream = 2, revision = 1 WHERE position = 3", true),
        ("UPDATE streams SET name = replace(name, 'case-', 'casd-')", true),
        ("UPDATE streams SET name = 'order-' || name WHERE id = 1", true),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        three_events(folder.path()).await;
        let other = StreamName::of("order", Uuid::new_v4());
        open(folder.path()).append(&other, Expected::NoStream, vec![event()]).await.expect("an append");
        let connection = Connection::open(folder.path().join(DATABASE_FILE)).expect("a database");
        connection.execute_batch(change).expect("a change");
        drop(connection);
        let log = EmbeddedLog::open_read_only(folder.path()).expect("a log");
        let filter = Filter::categories(["case"]);
        let forwards = log.read_all(Position::START, &filter, 100).await.map(|batch| batch.events.len());
        let backwards = log.read_all_backwards(None, &filter, Page::MAX).await.map(|stretch| stretch.events.len());
        for answer in [forwards, backwards] {
            match answer {
                Err(ReadError::Corrupt(_)) if noticed => {}
                answer => assert!(!noticed && answer == Ok(3), "{change}: {answer:?}"),
            }
        }
    }
}

/// Deletes the event at this position beneath an open log, and reads it from its end.
async fn read_backwards_without(position: u64, limit: usize) -> Result<Vec<u64>, ReadError> {
    let folder = tempfile::tempdir().expect("a folder");
    three_events(folder.path()).await;
    let log = open(folder.path());
    let connection = Connection::open(folder.path().join(DATABASE_FILE)).expect("a database");
    connection.execute("DELETE FROM events WHERE position = ?1", [position.cast_signed()]).expect("a change");
    let stretch = log.read_all_backwards(None, &Filter::all(), Page { events: limit, ..Page::MAX }).await?;
    Ok(stretch.events.iter().map(|event| event.position.0).collect())
}

/// The newest event is asked for to learn where the log ends: an older one would be a wrong answer.
#[tokio::test]
async fn an_end_or_a_begin_that_goes_beneath_an_open_log_is_noticed_from_behind() {
    for limit in [1, 100] {
        let answer = read_backwards_without(3, limit).await;
        assert!(matches!(answer, Err(ReadError::Corrupt(_))), "{limit}: {answer:?}");
    }
    assert_eq!(read_backwards_without(1, 1).await, Ok(vec![3]));
    assert_eq!(read_backwards_without(1, 2).await, Ok(vec![3, 2]));
    let answer = read_backwards_without(1, 100).await;
    assert!(matches!(answer, Err(ReadError::Corrupt(_))), "{answer:?}");
}

#[tokio::test]
async fn a_page_read_backwards_begins_where_the_one_behind_it_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    three_events(folder.path()).await;
    let writer = open(folder.path());
    let reader = EmbeddedLog::open_read_only(folder.path()).expect("a log");
    let connection = Connection::open(folder.path().join(DATABASE_FILE)).expect("a database");
    connection.execute("DELETE FROM events WHERE position = 2", []).expect("a change");
    for log in [&writer, &reader] {
        let newest = log.read_all_backwards(None, &Filter::all(), NEWEST).await.expect("the newest");
        assert!(!newest.at_start);
        let before = log.read_all_backwards(Some(newest.through), &Filter::all(), NEWEST).await;
        assert!(matches!(before, Err(ReadError::Corrupt(_))), "{before:?}");
    }
}

#[tokio::test]
async fn an_untouched_log_reads_well() {
    assert_eq!(read_after("SELECT 1").await, (Ok(3), Ok(3)));
}

/// A byte that flips anywhere in the database is noticed, or touches nothing that a reader gets.
#[tokio::test]
async fn flipped_bytes_never_change_what_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    three_events(folder.path()).await;
    let database = folder.path().join(DATABASE_FILE);
    let whole = std::fs::read(&database).expect("the file");
    let truth = {
        let log = EmbeddedLog::open_read_only(folder.path()).expect("a log");
        log.read_all(Position::START, &Filter::all(), 100).await.expect("a batch").events
    };
    let mut noticed = 0;
    for at in (100..whole.len()).step_by(37) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x21;
        std::fs::write(&database, &bytes).expect("the file");
        let Ok(log) = EmbeddedLog::open_read_only(folder.path()) else {
            noticed += 1;
            continue;
        };
        match log.read_all(Position::START, &Filter::all(), 100).await {
            Err(_) => noticed += 1,
            // A cell pointer that is broken may hide the last rows; the audit log watches the end.
            Ok(batch) => assert!(truth.starts_with(&batch.events), "byte {at} changed what is read"),
        }
    }
    assert!(noticed > 10, "{noticed} flips noticed");
}
