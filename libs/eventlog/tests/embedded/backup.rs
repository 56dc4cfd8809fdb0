//! A backup is the log at one moment, whole or not there.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use casebook_eventlog::embedded::{BackupError, DATABASE_FILE, back_up, check_file};
use casebook_eventlog::{EventLog, Expected, StreamName};
use rusqlite::Connection;
use tokio::sync::Notify;

use crate::given::{event, event_of, everything, open, stream};

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

async fn some_events(folder: &Path) -> StreamName {
    let (log, stream) = (open(folder), stream());
    for _ in 0..30 {
        log.append(&stream, Expected::Any, vec![event_of(200 << 10)]).await.expect("an append");
    }
    stream
}

#[tokio::test]
async fn a_backup_is_a_log_that_goes_on() {
    let (folder, place) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let stream = some_events(folder.path()).await;
    let log = open(folder.path());
    log.append(&stream, Expected::Any, vec![event()]).await.expect("an append");
    let file = place.path().join(DATABASE_FILE);
    let mut told = Vec::new();
    let checked = back_up(folder.path(), &file, |done, all| told.push((done, all))).expect("a backup");
    assert_eq!((checked.events, checked.streams), (31, 1));
    assert!(told.len() > 3 && told.is_sorted(), "{told:?}");
    assert_eq!(names(place.path()), [DATABASE_FILE], "one file and nothing beside it");
    assert_eq!(check_file(&file).expect("a log"), checked);
    assert_eq!(names(place.path()), [DATABASE_FILE], "looking at it leaves nothing beside it");
    let restored = open(place.path());
    assert_eq!(everything(&restored).await, everything(&log).await);
    restored.append(&stream, Expected::Revision(30), vec![event()]).await.expect("it goes on");
    drop(restored);
    assert!(check_file(&file).expect("a log").is_clean());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_never_pauses_is_backed_up_at_one_moment() {
    let (folder, place) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    some_events(folder.path()).await;
    let log = Arc::new(open(folder.path()));
    let (stop, step) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let writing = tokio::spawn({
        let (log, stop, step) = (Arc::clone(&log), Arc::clone(&stop), Arc::clone(&step));
        async move {
            while !stop.load(Ordering::Relaxed) {
                log.append(&stream(), Expected::NoStream, vec![event(), event(), event()]).await.expect("an append");
                step.notify_one();
            }
        }
    });
    let file = place.path().join("backup");
    let runtime = tokio::runtime::Handle::current();
    let (from, to) = (folder.path().to_path_buf(), file.clone());
    let backup = tokio::task::spawn_blocking(move || {
        let mut steps = 0;
        // At least one append between any two steps: the writer is not held up by the backup, nor the backup by the
        // writer.
        let checked = back_up(&from, &to, |_, _| {
            steps += 1;
            runtime.block_on(step.notified());
            runtime.block_on(step.notified());
        });
        (checked, steps)
    });
    let (checked, steps) = backup.await.expect("a backup");
    stop.store(true, Ordering::Relaxed);
    writing.await.expect("the writer");
    let checked = checked.expect("a backup");
    assert!(steps > 3, "{steps} steps");
    assert_eq!((checked.events - 30) % 3, 0, "an append is whole or not there");
    let place = tempfile::tempdir().expect("a folder");
    std::fs::copy(&file, place.path().join(DATABASE_FILE)).expect("a copy");
    let restored = everything(&open(place.path())).await;
    assert_eq!(restored[..], everything(&*log).await[..restored.len()]);
}

#[tokio::test]
async fn nothing_is_overwritten_and_a_backup_that_fails_is_not_there() {
    let (folder, place) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    some_events(folder.path()).await;
    let file = place.path().join("backup");
    let attempt = || back_up(folder.path(), &file, |_, _| ());
    std::fs::write(&file, "theirs").expect("a file");
    assert!(matches!(attempt(), Err(BackupError::Exists(_))));
    assert_eq!(std::fs::read(&file).expect("the file"), b"theirs");
    std::fs::remove_file(&file).expect("no file");
    let partial = place.path().join("backup.partial");
    std::fs::write(&partial, "theirs").expect("a file");
    assert!(matches!(attempt(), Err(BackupError::Underway(_))));
    std::fs::remove_file(&partial).expect("no file");
    // What comes there while the backup is made stays, too.
    let late = back_up(folder.path(), &file, |_, _| std::fs::write(&file, "theirs").expect("a file"));
    assert!(matches!(late, Err(BackupError::Exists(_))), "{late:?}");
    assert_eq!(names(place.path()), ["backup"]);
    std::fs::remove_file(&file).expect("no file");

    let database = Connection::open(folder.path().join(DATABASE_FILE)).expect("a database");
    database.execute_batch("UPDATE events SET checksum = checksum + 1 WHERE position = 7").expect("a change");
    drop(database);
    let Err(BackupError::Damaged(checked)) = attempt() else { panic!("a damaged log was backed up") };
    assert_eq!(checked.findings[0].position.map(|position| position.0), Some(7));
    assert!(names(place.path()).is_empty());
    assert!(matches!(back_up(place.path(), &file, |_, _| ()), Err(BackupError::Log(_))));
    assert!(matches!(
        back_up(folder.path(), &place.path().join("absent/backup"), |_, _| ()),
        Err(BackupError::Files { .. })
    ));
}
