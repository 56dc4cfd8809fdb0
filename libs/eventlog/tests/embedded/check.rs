//! `check` finds what is not as the writer left it, says where, and finds nothing else.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use casebook_eventlog::embedded::{Checked, DATABASE_FILE, EmbeddedLog, FINDINGS_MAX, OpenError, Options, check};
use casebook_eventlog::{EventLog, Expected, Position};
use chrono::{DateTime, TimeDelta};
use rusqlite::Connection;
use tokio::sync::Notify;

use crate::given::{event, open, stream};

/// Two streams: positions 1 to 3 and 4 to 5. All ids are in the index.
async fn written(folder: &Path) {
    let log = open(folder);
    for events in [vec![event(), event(), event()], vec![event(), event()]] {
        log.append(&stream(), Expected::NoStream, events).await.expect("an append");
    }
    drop(log);
    change(folder, "INSERT INTO event_ids SELECT id, position FROM events; UPDATE indexed SET through = 5");
}

fn change(folder: &Path, sql: &str) {
    Connection::open(folder.join(DATABASE_FILE)).expect("a database").execute_batch(sql).expect("a change");
}

async fn after(sql: &str) -> Checked {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path()).await;
    change(folder.path(), sql);
    check(folder.path()).expect("a log")
}

#[tokio::test]
async fn an_untouched_log_is_clean() {
    let checked = after("SELECT 1").await;
    let expected = Checked { head: Position(5), events: 5, streams: 2, bytes: 5 * 202, ..Checked::default() };
    assert_eq!(checked, expected);
    let folder = tempfile::tempdir().expect("a folder");
    drop(open(folder.path()));
    assert_eq!(check(folder.path()).expect("an empty log"), Checked::default());
}

#[tokio::test]
async fn every_change_is_found_where_it_is() {
    for (sql, position, what) in [
        ("UPDATE events SET data = CAST('x' AS BLOB) WHERE position = 2", 2, "not what was written"),
        ("UPDATE events SET metadata = CAST('{ }' AS BLOB) WHERE position = 5", 5, "not what was written"),
        ("UPDATE events SET event_type = 9 WHERE position = 2", 2, "name 9 is missing"),
        ("UPDATE events SET stream = 9 WHERE position = 5", 5, "stream number 9, which has no name"),
        ("UPDATE events SET id = x'00' WHERE position = 2", 2, "not what was written"),
        ("DELETE FROM events WHERE position = 2", 2, "the event is missing"),
        ("DELETE FROM events WHERE position IN (2, 3)", 2, "to position 3 are missing"),
        ("DELETE FROM events WHERE position = 2", 3, "stands where 1 is due"),
        ("UPDATE events SET revision = 7 WHERE position = 2", 2, "stands where 3 is due"),
        ("DELETE FROM events WHERE position = 5", 5, "the index puts the id"),
        ("DELETE FROM event_ids WHERE position = 3", 3, "is not in the index"),
        ("UPDATE event_ids SET position = 1 WHERE position = 3", 3, "stands for position 1"),
        ("INSERT INTO event_ids VALUES (zeroblob(16), 4)", 4, "no event has it"),
        (
            "UPDATE events SET id = (SELECT id FROM events WHERE position = 4) WHERE position = 5;
             DELETE FROM event_ids; UPDATE indexed SET through = 0",
            5,
            "stands at position 4 already",
        ),
    ] {
        let checked = after(sql).await;
        let found = checked.findings.iter();
        let found = found.filter(|found| found.position == Some(Position(position)) && found.what.contains(what));
        assert_eq!(found.count(), 1, "{sql}: {checked:?}");
    }
    for (sql, what) in [
        ("UPDATE streams SET name = '$case' WHERE id = 1", "an impossible name"),
        ("INSERT INTO streams VALUES (3, 'case-3')", "stream `case-3` has no event"),
        ("DELETE FROM events WHERE stream = 2", "has no event"),
        ("UPDATE indexed SET through = 6", "claims position 6"),
        ("DELETE FROM indexed", "cannot be read"),
    ] {
        let checked = after(sql).await;
        assert!(checked.findings.iter().any(|found| found.what.contains(what)), "{sql}: {checked:?}");
    }
}

/// The first event comes from another log that had it an hour later: its checksum is right, and the order is not.
#[tokio::test]
async fn time_that_goes_back_is_found() {
    let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (stream, first) = (stream(), event());
    for (folder, hour) in [(&folder, 0), (&other, 1)] {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(hour);
        let options = Options { clock: Arc::new(move || now), ..Options::default() };
        let log = EmbeddedLog::open(folder.path(), options).expect("a log");
        log.append(&stream, Expected::NoStream, vec![first.clone(), event()]).await.expect("an append");
    }
    let other = other.path().join(DATABASE_FILE);
    change(
        folder.path(),
        &format!(
            "ATTACH '{}' AS other; REPLACE INTO events SELECT * FROM other.events WHERE position = 1",
            other.display()
        ),
    );
    let checked = check(folder.path()).expect("a log");
    let told: Vec<_> = checked.findings.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["position 2: it was recorded earlier than the event before it"]);
}

#[tokio::test]
async fn findings_are_bounded_and_all_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    log.append(&stream(), Expected::NoStream, (0..200).map(|_| event()).collect()).await.expect("an append");
    drop(log);
    change(folder.path(), "UPDATE events SET checksum = checksum + 1");
    let checked = check(folder.path()).expect("a log");
    assert_eq!((checked.findings.len(), checked.findings_total), (FINDINGS_MAX, 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_being_written_is_checked_in_one_snapshot() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Arc::new(open(folder.path()));
    log.append(&stream(), Expected::NoStream, vec![event()]).await.expect("an append");
    let (stop, appended) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let writing = tokio::spawn({
        let (log, stop, appended) = (Arc::clone(&log), Arc::clone(&stop), Arc::clone(&appended));
        async move {
            while !stop.load(Ordering::Relaxed) {
                log.append(&stream(), Expected::NoStream, vec![event(), event()]).await.expect("an append");
                appended.notify_one();
            }
        }
    });
    let mut heads = Vec::new();
    for _ in 0..20 {
        appended.notified().await;
        let folder = folder.path().to_path_buf();
        let checked = tokio::task::spawn_blocking(move || check(&folder)).await.expect("a check").expect("a log");
        assert!(checked.is_clean(), "{checked:?}");
        assert_eq!(checked.events, checked.head.0);
        heads.push(checked.head);
    }
    stop.store(true, Ordering::Relaxed);
    writing.await.expect("the writer");
    assert!(heads.is_sorted() && heads.first() < heads.last(), "{heads:?}");
}

#[tokio::test]
async fn what_is_no_log_is_not_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(matches!(check(folder.path()), Err(OpenError::Absent(_))));
    std::fs::write(folder.path().join(DATABASE_FILE), "no database ".repeat(99)).expect("a file");
    assert!(matches!(check(folder.path()), Err(OpenError::NotALog(_))));
    assert!(matches!(EmbeddedLog::open_read_only(folder.path()), Err(OpenError::NotALog(_))));
}
