//! Durable appends and replay, next to a bare SQLite loop on the same disk in the same run.
//!
//! `cargo bench -p casebook-eventlog` prints one line a measurement. Not a statistics tool: it answers
//! what the engine costs over SQLite itself, and where.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Expected, Filter, NewEvent, Position, READ_EVENTS_MAX, StreamName};
use rusqlite::{Connection, params};
use uuid::Uuid;

const EVENT_BYTES: usize = 512;
const RUN: Duration = Duration::from_secs(3);
const APPENDERS: [usize; 3] = [1, 8, 64];

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let root = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    for appenders in APPENDERS {
        let folder = match &root {
            Some(root) => tempfile::tempdir_in(root),
            None => tempfile::tempdir(),
        }
        .expect("a folder");
        let bare = bare_appends(&folder.path().join("bare.sqlite"), appenders);
        let engine = runtime.block_on(engine_appends(&folder.path().join("log"), appenders));
        let again = bare_appends(&folder.path().join("bare2.sqlite"), appenders);
        let floor = (bare + again) / 2.0;
        println!(
            "append {appenders:>3} at once: {engine:>8.0}/s, bare SQLite {bare:.0} and {again:.0}/s, ratio {:.2}",
            engine / floor
        );
        if appenders == 64 {
            let raw = raw_scan(&folder.path().join("log/events.sqlite"));
            let replay = runtime.block_on(replay(&folder.path().join("log")));
            println!("replay: {replay:.0}/s, raw scan {raw:.0}/s, ratio {:.2}", replay / raw);
        }
    }
}

/// The floor: a loop that commits `batch` rows at a time, stream after stream, as durably as the engine.
fn bare_appends(path: &Path, batch: usize) -> f64 {
    let mut connection = Connection::open(path).expect("a database");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096;
             CREATE TABLE events (position INTEGER PRIMARY KEY, stream INTEGER NOT NULL,
             revision INTEGER NOT NULL, id BLOB NOT NULL, data BLOB NOT NULL);
             CREATE UNIQUE INDEX by_stream ON events (stream, revision);",
        )
        .expect("a schema");
    let data = vec![b'x'; EVENT_BYTES];
    let began = Instant::now();
    let mut written: u64 = 0;
    while began.elapsed() < RUN {
        let transaction = connection.transaction().expect("a transaction");
        for stream in 0..batch {
            let id = Uuid::new_v4();
            transaction
                .prepare_cached("INSERT INTO events (stream, revision, id, data) VALUES (?1, ?2, ?3, ?4)")
                .and_then(|mut insert| {
                    let revision = written / batch as u64;
                    insert.execute(params![stream as i64, revision as i64, id.as_bytes().as_slice(), data])
                })
                .expect("an insert");
        }
        transaction.commit().expect("a commit");
        written += batch as u64;
    }
    written as f64 / began.elapsed().as_secs_f64()
}

async fn engine_appends(path: &Path, appenders: usize) -> f64 {
    let log = Arc::new(EmbeddedLog::open(path, Options::default()).expect("a log"));
    let began = Instant::now();
    let tasks: Vec<_> = (0..appenders).map(|_| tokio::spawn(append_for_a_while(Arc::clone(&log)))).collect();
    let mut written = 0;
    for task in tasks {
        written += task.await.expect("an appender");
    }
    written as f64 / began.elapsed().as_secs_f64()
}

async fn append_for_a_while(log: Arc<EmbeddedLog>) -> u64 {
    let stream = StreamName::of("bench", Uuid::new_v4());
    let data = Bytes::from(vec![b'x'; EVENT_BYTES]);
    let began = Instant::now();
    let mut written = 0;
    let mut expected = Expected::NoStream;
    while began.elapsed() < RUN {
        let event =
            NewEvent { id: Uuid::new_v4(), event_type: "Measured".into(), data: data.clone(), metadata: Bytes::new() };
        let appended = log.append(&stream, expected, vec![event]).await.expect("an append");
        expected = Expected::Revision(appended.revision);
        written += 1;
    }
    written
}

fn raw_scan(path: &Path) -> f64 {
    let connection = Connection::open(path).expect("a database");
    let mut statement = connection
        .prepare("SELECT position, stream, revision, id, data FROM events ORDER BY position")
        .expect("a statement");
    let began = Instant::now();
    let mut rows = statement.query([]).expect("rows");
    let (mut count, mut bytes) = (0_u64, 0);
    while let Some(row) = rows.next().expect("a row") {
        let data = row.get_ref(4).and_then(|data| Ok(data.as_blob()?.len())).expect("data");
        bytes += data;
        count += 1;
    }
    assert_eq!(bytes as u64, count * EVENT_BYTES as u64);
    count as f64 / began.elapsed().as_secs_f64()
}

async fn replay(path: &Path) -> f64 {
    let log = EmbeddedLog::open_read_only(path).expect("a log");
    let began = Instant::now();
    let (mut after, mut count) = (Position::START, 0_u64);
    loop {
        let batch = log.read_all(after, &Filter::all(), READ_EVENTS_MAX).await.expect("a batch");
        count += batch.events.len() as u64;
        after = batch.through;
        if batch.at_head {
            return count as f64 / began.elapsed().as_secs_f64();
        }
    }
}
