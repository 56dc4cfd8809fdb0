//! `casebook log`, as it is typed: what it prints, and how it ends.

use std::path::Path;
use std::process::{Command, Output};

use casebook_eventlog::embedded::{DATABASE_FILE, EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Expected, NewEvent, StreamName};
use rusqlite::Connection;
use uuid::Uuid;

fn casebook(data_dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_casebook"))
        .arg("log")
        .args(arguments)
        .arg("--data-dir")
        .arg(data_dir)
        .output()
        .expect("the program runs")
}

async fn three_events(data_dir: &Path) -> EmbeddedLog {
    let log = EmbeddedLog::open(&data_dir.join("log"), Options::default()).expect("a log");
    let events = (0..3).map(|_| NewEvent {
        id: Uuid::new_v4(),
        event_type: "CaseOpened".into(),
        data: "{}".into(),
        metadata: "{}".into(),
    });
    let stream = StreamName::of("case", Uuid::new_v4());
    log.append(&stream, Expected::NoStream, events.collect()).await.expect("an append");
    log
}

/// The exit status, what was printed as JSON, and the complaint.
fn read(output: &Output) -> (Option<i32>, serde_json::Value, String) {
    let printed = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), printed, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn a_log_that_is_served_is_checked_and_backed_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = three_events(folder.path()).await;
    let whole = serde_json::json!({
        "head": 3, "events": 3, "streams": 1, "bytes": 12, "findings": [], "findings_total": 0,
    });
    let file = folder.path().join("backup");
    let name = file.to_str().expect("a name");
    for arguments in [&["check", "--json"][..], &["backup", name, "--json"], &["check", name, "--json"]] {
        let (status, printed, complaint) = read(&casebook(folder.path(), arguments));
        assert_eq!((status, &printed, complaint.as_str()), (Some(0), &whole, ""), "{arguments:?}");
    }
    let plain = casebook(folder.path(), &["check"]);
    assert_eq!(
        String::from_utf8_lossy(&plain.stdout),
        "3 events in 1 streams, 12 bytes of data and metadata, head at position 3\n"
    );
    let (status, _, complaint) = read(&casebook(folder.path(), &["backup", name]));
    assert_eq!(status, Some(2));
    assert!(complaint.contains("exists; a backup overwrites nothing"), "{complaint}");
    drop(log);

    // As the README says to restore it: a data folder whose log is the backup.
    let restored = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(restored.path().join("log")).expect("a folder");
    std::fs::copy(&file, restored.path().join("log").join(DATABASE_FILE)).expect("a copy");
    let log = EmbeddedLog::open(&restored.path().join("log"), Options::default()).expect("a log");
    assert_eq!(log.head().await.expect("a head").0, 3);
}

#[tokio::test]
async fn damage_ends_with_1_and_what_cannot_be_opened_with_2() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(three_events(folder.path()).await);
    let database = folder.path().join("log").join(DATABASE_FILE);
    let connection = Connection::open(&database).expect("a database");
    connection.execute_batch("UPDATE events SET data = CAST('[]' AS BLOB) WHERE position = 2").expect("a change");
    drop(connection);
    let file = folder.path().join("backup");
    for arguments in [&["check"][..], &["backup", file.to_str().expect("a name")]] {
        let output = casebook(folder.path(), arguments);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(printed.contains("position 2: it is not what was written"), "{arguments:?}: {printed}");
    }
    assert!(!file.exists(), "a damaged log makes no backup");
    let (status, printed, _) = read(&casebook(folder.path(), &["check", "--json"]));
    assert_eq!((status, &printed["findings"][0]["position"]), (Some(1), &2.into()));

    let empty = tempfile::tempdir().expect("a folder");
    let (status, _, complaint) = read(&casebook(empty.path(), &["check"]));
    assert!(status == Some(2) && complaint.contains("there is no event log"), "{status:?}: {complaint}");
    std::fs::write(&database, "no database ".repeat(99)).expect("a file");
    let (status, _, complaint) = read(&casebook(folder.path(), &["check"]));
    assert!(status == Some(2) && complaint.contains("is not an event log of Casebook"), "{status:?}: {complaint}");
}
