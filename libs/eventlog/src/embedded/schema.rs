//! The files of an embedded log: what is in them, who may open them, and how.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

/// The SQLite database; its `-wal` and `-shm` companions stand beside it.
pub const DATABASE_FILE: &str = "events.sqlite";
const WAL_FILE: &str = "events.sqlite-wal";
/// Bytes of the write-ahead log that are written over themselves in one go.
const RENEWED_TOGETHER_BYTES: usize = 256 << 10;
/// Locked, for as long as it lives, by the one process that writes.
pub const LOCK_FILE: &str = "writer.lock";
/// `PRAGMA application_id`: "CBEL" in ASCII.
const APPLICATION_ID: i32 = 0x4342_454C;
/// `PRAGMA user_version`: the version of the format below.
pub const FORMAT_VERSION: i32 = 1;

/// How long a connection waits for another program (a `sqlite3` shell, a backup) that holds a lock.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Memory for database pages, in KiB: one writer, and each reader. After a commit that split a page SQLite looks through all
/// pages that the writer has in memory: with more of them that took a seventh of its time.
const WRITER_CACHE_KIB: u32 = 8 << 10;
const READER_CACHE_KIB: u32 = 8 << 10;
const STATEMENTS_CACHED_MAX: usize = 32;

/// Positions are dense: an event's position is its number in the whole log, from 1.
/// Revisions are dense too, from 0 in each stream. So a row that went missing leaves a visible gap.
const SCHEMA: &str = "
CREATE TABLE streams (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE event_types (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE events (
    position    INTEGER PRIMARY KEY,
    stream      INTEGER NOT NULL,
    revision    INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    event_type  INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL, -- microseconds since 1970-01-01T00:00:00Z
    checksum    INTEGER NOT NULL, -- CRC-32 over all of the event, names included
    metadata    BLOB    NOT NULL,
    data        BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
-- Where an event id stands. It lags: it holds at least the events up to `indexed.through`.
CREATE TABLE event_ids (
    id       BLOB    PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE indexed (
    through INTEGER NOT NULL
) STRICT;
INSERT INTO indexed VALUES (0);
";

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("another process (or another part of this one) writes the event log in `{0}`")]
    InUse(PathBuf),
    #[error("there is no event log in `{0}`")]
    Absent(PathBuf),
    #[error("`{0}` is not an event log of Casebook")]
    NotALog(PathBuf),
    #[error("`{path}` has format version {found}; this program knows version {FORMAT_VERSION}")]
    UnknownVersion { path: PathBuf, found: i32 },
    #[error("`{path}`: {source}")]
    Files { path: PathBuf, source: std::io::Error },
    #[error("`{path}`: {source}")]
    Database { path: PathBuf, source: rusqlite::Error },
}

/// The folder of one log.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub fn of(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    pub fn database(&self) -> PathBuf {
        self.0.join(DATABASE_FILE)
    }

    /// Makes the folder where it is missing and takes the right to write in it, for as long as the file lives.
    pub fn lock(&self) -> Result<File, OpenError> {
        let files = |source| OpenError::Files { path: self.0.clone(), source };
        make_durably(&self.0).map_err(files)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(self.0.join(LOCK_FILE)).map_err(files)?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(self.0.clone())),
            Err(TryLockError::Error(source)) => Err(files(source)),
        }
    }

    /// Opens the database for writing and makes it where it is missing. The caller holds the lock.
    pub fn open_writer(&self, checkpoint_pages: u32) -> Result<Connection, OpenError> {
        let path = self.database();
        self.renew_wal().map_err(|source| OpenError::Files { path: self.0.clone(), source })?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(database(&path))?;
        configure(&connection, WRITER_CACHE_KIB).map_err(database(&path))?;
        if is_blank(&connection).map_err(database(&path))? {
            create(&connection).map_err(database(&path))?;
        }
        check_format(&path, &connection)?;
        make_durable(&connection, checkpoint_pages).map_err(database(&path))?;
        Ok(connection)
    }

    /// Writes the write-ahead log over itself and syncs it. After an fsync that failed, Linux takes the pages for
    /// written: they are read back whole, no later fsync writes them, and they are not on the disk. SQLite would find
    /// the commit in them when it opens the log, and put the next ones behind it, where a power failure cuts them
    /// off. Now all that it finds is on the disk, also what a killed process had written and not synced.
    fn renew_wal(&self) -> std::io::Result<()> {
        let wal = match OpenOptions::new().read(true).write(true).open(self.0.join(WAL_FILE)) {
            Ok(wal) => wal,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut piece = vec![0; RENEWED_TOGETHER_BYTES];
        let mut offset = 0;
        loop {
            let length = wal.read_at(&mut piece, offset)?;
            if length == 0 {
                return wal.sync_all();
            }
            wal.write_all_at(&piece[..length], offset)?;
            offset += length as u64;
        }
    }

    /// Opens the database for reading only.
    pub fn open_reader(&self) -> Result<Connection, OpenError> {
        let path = self.database();
        if !path.is_file() {
            return Err(OpenError::Absent(self.0.clone()));
        }
        open_reader(&path)
    }
}

/// Makes the folder, and those above it that are missing. Each is synced in the one above it: otherwise it could be
/// gone after a power failure, with all that is in it.
fn make_durably(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = match folder.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    make_durably(above)?;
    match std::fs::create_dir(folder) {
        // Somebody else makes it at the same time.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made?,
    }
    File::open(above)?.sync_all()
}

/// Opens the database in this file for reading only.
pub(super) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(database(path))?;
    configure(&connection, READER_CACHE_KIB).map_err(database(path))?;
    check_format(path, &connection)?;
    Ok(connection)
}

/// A file that is no SQLite database at all gets the same plain answer as one of another program.
fn database(path: &Path) -> impl Fn(rusqlite::Error) -> OpenError {
    move |source| match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotALog(path.to_path_buf()),
        _ => OpenError::Database { path: path.to_path_buf(), source },
    }
}

fn configure(connection: &Connection, cache_kib: u32) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
    // A negative size is one in KiB.
    connection.execute_batch(&format!("PRAGMA cache_size = -{cache_kib}"))
}

fn is_blank(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0 && application_id(connection)? == 0 && user_version(connection)? == 0)
}

/// One transaction, so that a crash in it leaves a blank file and not half a format.
fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {FORMAT_VERSION};
         {SCHEMA}
         COMMIT;"
    ))
}

fn check_format(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    if application_id(connection).map_err(database(path))? != APPLICATION_ID {
        return Err(OpenError::NotALog(path.to_path_buf()));
    }
    match user_version(connection).map_err(database(path))? {
        FORMAT_VERSION => Ok(()),
        found => Err(OpenError::UnknownVersion { path: path.to_path_buf(), found }),
    }
}

/// Every commit is on the disk before it is answered. `fullfsync` matters on macOS alone, where a plain
/// fsync leaves the data in the drive's cache.
fn make_durable(connection: &Connection, checkpoint_pages: u32) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;")?;
    connection.query_row(&format!("PRAGMA wal_autocheckpoint = {checkpoint_pages}"), [], |_| Ok(()))
}

fn application_id(connection: &Connection) -> rusqlite::Result<i32> {
    connection.query_row("PRAGMA application_id", [], |row| row.get(0))
}

fn user_version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}
