//! Writing that fails: told plainly, nothing half done, reading goes on, writing recovers.

use std::path::{Path, PathBuf};
use std::process::Command;

use casebook_eventlog::embedded::DATABASE_FILE;
use casebook_eventlog::{AppendError, EventLog, Expected, Filter};
use rusqlite::Connection;

use crate::given::{crash_image, event, event_of, everything, open, stream};

/// A file system of one MiB, which only root may mount.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let options = ["-t", "tmpfs", "-o", "size=1m", "tmpfs"];
        let mounted = Command::new("mount").args(options).arg(at).output().ok()?;
        mounted.status.success().then(|| Self(at.to_path_buf()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

/// Design promise 9: a full disk refuses writes cleanly, keeps reads, recovers.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_refuses_writes_keeps_reads_and_recovers() {
    let root = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(root.path()) else {
        eprintln!("SKIPPED: mounting a small file system needs root; a full disk was not tried");
        return;
    };
    let ballast = root.path().join("ballast");
    std::fs::write(&ballast, vec![0; 200 << 10]).expect("the ballast");
    let folder = root.path().join("log");
    let log = open(&folder);
    let mut subscription = log.subscribe(log.head().await.expect("a head"), Filter::all());
    let mut written = Vec::new();
    let refused = loop {
        let events = vec![event_of(8 << 10), event_of(8 << 10)];
        match log.append(&stream(), Expected::NoStream, events.clone()).await {
            Ok(_) => written.extend(events.iter().map(|event| event.id)),
            Err(error) => break (error, events),
        }
    };
    assert_eq!(refused.0, AppendError::Full);
    assert!(written.len() > 10, "{} events fitted", written.len());
    for _ in 0..5 {
        let again = log.append(&stream(), Expected::Any, vec![event_of(64 << 10)]).await;
        assert_eq!(again, Err(AppendError::Full));
    }
    let ids = |events: &[std::sync::Arc<casebook_eventlog::RecordedEvent>]| {
        events.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&everything(&log).await), written, "reading goes on, nothing is half done");

    std::fs::remove_file(&ballast).expect("room");
    let stream = stream();
    let appended = log.append(&stream, Expected::NoStream, refused.1.clone()).await.expect("there is room");
    assert!(!appended.repeated, "the refused events had not been written");
    written.extend(refused.1.iter().map(|event| event.id));
    assert_eq!(ids(&everything(&log).await), written);
    let mut seen = Vec::new();
    while seen.len() < written.len() {
        seen.extend(subscription.next().await.expect("a batch").events.iter().map(|event| event.id));
    }
    assert_eq!(seen, written, "a follower saw what was written and nothing that was refused");
    let revived = crash_image(&folder);
    assert_eq!(ids(&everything(&open(revived.path())).await), written);
    drop(log);
    drop(disk);
}

/// Given another program that holds the database, then appends are answered in bounded time, and the writer
/// goes on when it lets go.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_writer_survives_a_database_it_cannot_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = std::sync::Arc::new(open(folder.path()));
    let stream = stream();
    log.append(&stream, Expected::NoStream, vec![event()]).await.expect("an append");
    let mut subscription = log.subscribe(log.head().await.expect("a head"), Filter::all());

    let intruder = Connection::open(folder.path().join(DATABASE_FILE)).expect("a database");
    intruder.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let (log, stream) = (std::sync::Arc::clone(&log), stream.clone());
            tokio::spawn(async move { log.append(&stream, Expected::Any, vec![event()]).await })
        })
        .collect();
    let mut waiting = waiting.into_iter();
    let outcome = waiting.next().expect("an append").await.expect("a task");
    assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
    assert_eq!(everything(&*log).await.len(), 1, "reading goes on");
    intruder.execute_batch("ROLLBACK").expect("the lock is gone");

    // Those that were not in the failed transaction had better luck, or not: both are plain answers.
    for append in waiting {
        let outcome = append.await.expect("a task");
        assert!(matches!(outcome, Ok(_) | Err(AppendError::Unavailable(_))), "{outcome:?}");
    }
    let given = event();
    log.append(&stream, Expected::Any, vec![given.clone()]).await.expect("the writer goes on");
    let mut seen = Vec::new();
    while seen.last() != Some(&given.id) {
        seen.extend(subscription.next().await.expect("a batch").events.iter().map(|event| event.id));
    }
    let stored: Vec<_> = everything(&*log).await.iter().skip(1).map(|event| event.id).collect();
    assert_eq!(seen, stored);
}
