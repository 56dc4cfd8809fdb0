//! One service's read model: a database, and how far it has come.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use casebook_eventlog::{Position, StreamName};
use casebook_execution::reaction::{Cursors, NotNow, Parked};
use casebook_execution::timer::{DueIndex, DueTimer};
use casebook_kernel::Timestamp;
use chrono::DateTime;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr,
    EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use tokio::sync::watch;

use crate::base::{Tables, cursor, parked, timer};

/// How many queries of one service run at a time.
const READERS_MAX: u32 = 4;
/// How long a query waits for a connection before it is refused.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// The cursor of the rows. Reactions have cursors of their own names.
const ROWS: &str = "rows";
/// Where the shape of the rows is kept: a number beside the positions.
const SHAPE: &str = "shape";

#[derive(Debug, thiserror::Error)]
#[error("cannot open the read model `{url}`: {source}")]
pub struct OpenError {
    url: String,
    source: DbErr,
}

/// The rows did not reach the wanted position in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the read model reaches position {reached}, not yet {wanted}")]
pub struct WaitError {
    pub wanted: Position,
    pub reached: Position,
}

#[derive(Debug)]
pub struct ReadModel {
    /// One connection that writes: SQLite has one writer, and rows come in log order.
    pub(crate) writer: DatabaseConnection,
    reader: DatabaseConnection,
    pub(crate) progress: watch::Sender<Position>,
    /// How many wait for the rows to come further.
    pub(crate) waiting: watch::Sender<usize>,
}

/// As long as it is held, rows are written without delay.
#[derive(Debug)]
pub struct Waiting<'a>(&'a watch::Sender<usize>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl ReadModel {
    /// Opens a SQLite file, making it if need be, and brings its tables up to date.
    pub async fn open_sqlite<M: Tables>(file: &Path) -> Result<Self, OpenError> {
        let url = format!("sqlite://{}?mode=rwc", file.display());
        Self::open::<M>(&url).await
    }

    /// Opens the database at `url` and brings its tables up to date.
    pub async fn open<M: Tables>(url: &str) -> Result<Self, OpenError> {
        let failed = |source| OpenError { url: url.to_owned(), source };
        let writer = Database::connect(options(url, 1)).await.map_err(failed)?;
        M::up(&writer, None).await.map_err(failed)?;
        let reader = Database::connect(options(url, READERS_MAX)).await.map_err(failed)?;
        let reached = load_cursor(&writer, ROWS).await.map_err(failed)?;
        let shape = load_cursor(&writer, SHAPE).await.map_err(failed)?;
        let model = Self { writer, reader, progress: watch::Sender::new(reached), waiting: watch::Sender::new(0) };
        if shape != Position(M::SHAPE.into()) {
            model.rebuild::<M>().await.map_err(failed)?;
        }
        Ok(model)
    }

    /// Where queries go.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Ends all connections: when it returns, the files are nobody's any more. What comes later is refused.
    pub async fn close(&self) {
        for connection in [&self.reader, &self.writer] {
            if let Err(error) = connection.close_by_ref().await {
                tracing::warn!(%error, "a read model was not closed");
            }
        }
    }

    /// Tells how far the rows reach, whenever that changes.
    pub fn progress(&self) -> watch::Receiver<Position> {
        self.progress.subscribe()
    }

    /// How far the rows reach.
    pub fn reached(&self) -> Position {
        *self.progress.borrow()
    }

    /// Says that somebody waits: rows that are left to gather are written at once.
    pub fn wait(&self) -> Waiting<'_> {
        self.waiting.send_modify(|count| *count += 1);
        Waiting(&self.waiting)
    }

    /// Waits until the rows reach `position`.
    pub async fn wait_for(&self, position: Position, patience: Duration) -> Result<(), WaitError> {
        let _waiting = self.wait();
        let mut progress = self.progress.subscribe();
        let waited = tokio::time::timeout(patience, progress.wait_for(|reached| *reached >= position)).await;
        match waited {
            Ok(Ok(_)) => Ok(()),
            _ => Err(WaitError { wanted: position, reached: self.reached() }),
        }
    }

    /// Drops all rows, timers and the cursor of the rows: the projection makes them anew from the log. What reactions have done, and
    /// what they could not, stays. To be called while no projection runs.
    pub async fn rebuild<M: Tables>(&self) -> Result<(), DbErr> {
        let mut cursors = cursor::Entity::find().all(&self.writer).await?;
        cursors.retain(|cursor| ![ROWS, SHAPE].contains(&cursor.name.as_str()));
        let parked = parked::Entity::find().all(&self.writer).await?;
        M::fresh(&self.writer).await?;
        for cursor in cursors {
            cursor::Entity::insert(cursor.into_active_model()).exec_without_returning(&self.writer).await?;
        }
        for parked in parked {
            parked::Entity::insert(parked.into_active_model()).exec_without_returning(&self.writer).await?;
        }
        save_cursor(&self.writer, SHAPE, Position(M::SHAPE.into())).await?;
        self.progress.send_replace(Position::START);
        Ok(())
    }

    /// What the reactions of the service could not be done with, the oldest first.
    pub async fn all_parked(&self) -> Result<Vec<Parked>, DbErr> {
        let rows = parked::Entity::find().order_by_asc(parked::Column::Position).all(&self.reader).await;
        let parked = |row: parked::Model| {
            Ok(Parked {
                stream: row.stream.parse().map_err(|error| DbErr::Custom(format!("parked: {error}")))?,
                reaction: row.reaction,
                position: Position(u64::try_from(row.position).unwrap_or(0)),
                reason: row.reason,
            })
        };
        rows?.into_iter().map(parked).collect()
    }

    pub(crate) async fn save_rows_cursor(&self, db: &impl ConnectionTrait, position: Position) -> Result<(), DbErr> {
        save_cursor(db, ROWS, position).await
    }
}

fn options(url: &str, connections_max: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections_max).min_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|sqlite| {
        // Rows can be made again from the log: a power cut may cost the last of them, never the order of rows and
        // cursor, which one transaction holds together.
        sqlite
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "NORMAL")
            .pragma("busy_timeout", "10000")
            // Sixteen mebibytes: a page that changes again and again is moved into the database once.
            .pragma("wal_autocheckpoint", "4096")
            // A statement of many rows keeps the pages that it may have to take back; they need no file.
            .pragma("temp_store", "MEMORY")
            .statement_cache_capacity(256)
    });
    options
}

async fn load_cursor(db: &impl ConnectionTrait, name: &str) -> Result<Position, DbErr> {
    let row = cursor::Entity::find_by_id(name.to_owned()).one(db).await?;
    Ok(row.map_or(Position::START, |row| Position(u64::try_from(row.position).unwrap_or(0))))
}

async fn save_cursor(db: &impl ConnectionTrait, name: &str, position: Position) -> Result<(), DbErr> {
    let row = cursor::ActiveModel { name: Set(name.to_owned()), position: Set(as_i64(position)) };
    cursor::Entity::insert(row)
        .on_conflict(OnConflict::column(cursor::Column::Name).update_column(cursor::Column::Position).to_owned())
        .exec_without_returning(db)
        .await
        .map(|_| ())
}

/// A position as a database holds it. The log would need centuries to leave this range.
pub(crate) fn as_i64(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

#[async_trait]
impl Cursors for ReadModel {
    async fn load(&self, name: &str) -> Result<Position, NotNow> {
        load_cursor(&self.reader, name).await.map_err(not_now)
    }

    async fn save(&self, name: &str, position: Position) -> Result<(), NotNow> {
        save_cursor(&self.writer, name, position).await.map_err(not_now)
    }

    async fn parked(&self, name: &str) -> Result<Vec<Parked>, NotNow> {
        let mut parked = self.all_parked().await.map_err(not_now)?;
        parked.retain(|one| one.reaction == name);
        Ok(parked)
    }

    async fn park(&self, parked: &Parked) -> Result<(), NotNow> {
        let row = parked::ActiveModel {
            reaction: Set(parked.reaction.clone()),
            position: Set(as_i64(parked.position)),
            stream: Set(parked.stream.to_string()),
            reason: Set(parked.reason.clone()),
        };
        parked::Entity::insert(row)
            .on_conflict(
                OnConflict::columns([parked::Column::Reaction, parked::Column::Position])
                    .update_column(parked::Column::Reason)
                    .to_owned(),
            )
            .exec_without_returning(&self.writer)
            .await
            .map(|_| ())
            .map_err(not_now)
    }

    async fn unpark(&self, name: &str, position: Position) -> Result<(), NotNow> {
        let row = parked::Entity::delete_by_id((name.to_owned(), as_i64(position)));
        row.exec(&self.writer).await.map(|_| ()).map_err(not_now)
    }
}

#[async_trait]
impl DueIndex for ReadModel {
    async fn due(&self, now: Timestamp, limit: u64) -> Result<Vec<DueTimer>, NotNow> {
        let rows = timer::Entity::find()
            .filter(timer::Column::DueUs.lte(now.timestamp_micros()))
            .order_by_asc(timer::Column::DueUs)
            .limit(limit)
            .all(&self.reader)
            .await
            .map_err(not_now)?;
        rows.into_iter()
            .map(|row| {
                let stream: StreamName = row.stream.parse().map_err(|error| NotNow(format!("timers: {error}")))?;
                let due = DateTime::from_timestamp_micros(row.due_us)
                    .ok_or_else(|| NotNow(format!("timers: `{}` is due at no time", row.stream)))?;
                Ok(DueTimer { stream, kind: row.kind, due })
            })
            .collect()
    }
}

fn not_now(error: DbErr) -> NotNow {
    NotNow(error.to_string())
}
