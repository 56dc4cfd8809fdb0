//! The floors: the least that a durable write and a read of the same rows cost.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, params};
use uuid::Uuid;

const SYNC_BYTES: usize = 512;

/// Appends and syncs per second, one after the other.
pub fn fsync(folder: &Path, span: Duration) -> std::io::Result<f64> {
    let path = folder.join("fsync.bench");
    let mut file = File::create(&path)?;
    let begun = Instant::now();
    let mut count = 0u32;
    while begun.elapsed() < span {
        file.write_all(&[b'x'; SYNC_BYTES])?;
        file.sync_data()?;
        count += 1;
    }
    std::fs::remove_file(path)?;
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}

/// Rows per second of a bare loop that commits `batch` rows of `bytes` at a time, as durably as the log: WAL, synchronous=FULL, a unique
/// index over stream and revision.
pub fn bare_appends(folder: &Path, batch: usize, bytes: usize, span: Duration) -> Result<f64, rusqlite::Error> {
    let path = folder.join(format!("bare-{}.sqlite", Uuid::now_v7().simple()));
    let mut connection = Connection::open(&path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096;
         CREATE TABLE events (position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL,
                              id BLOB NOT NULL, data BLOB NOT NULL);
         CREATE UNIQUE INDEX by_stream ON events (stream, revision);",
    )?;
    let data = vec![b'x'; bytes];
    let (mut revision, mut written) = (0i64, 0u64);
    let begun = Instant::now();
    while begun.elapsed() < span {
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO events (stream, revision, id, data) VALUES (?1, ?2, ?3, ?4)")?;
            for stream in 0..batch as i64 {
                insert.execute(params![stream, revision, Uuid::now_v7().as_bytes().as_slice(), data])?;
            }
        }
        transaction.commit()?;
        revision += 1;
        written += batch as u64;
    }
    let per_s = written as f64 / begun.elapsed().as_secs_f64();
    drop(connection);
    for suffix in ["", "-wal", "-shm"] {
        // The journal's files are gone with the last connection, as a rule.
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    Ok(per_s)
}

/// Looks at every column of at most `limit` events of a log, by bare SQLite. Says how many there were and how many a second.
pub fn scan(database: &Path, limit: u64) -> Result<(u64, f64), rusqlite::Error> {
    let begun = Instant::now();
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = connection.prepare(
        "SELECT position, stream, revision, id, event_type, recorded_at, metadata, data FROM events
         ORDER BY position LIMIT ?1",
    )?;
    let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let (mut count, mut bytes) = (0, 0);
    while let Some(row) = rows.next()? {
        for column in 0..8 {
            bytes += match row.get_ref(column)? {
                ValueRef::Blob(blob) => blob.len(),
                _ => 8,
            };
        }
        count += 1;
    }
    std::hint::black_box(bytes);
    Ok((count, count as f64 / begun.elapsed().as_secs_f64()))
}
