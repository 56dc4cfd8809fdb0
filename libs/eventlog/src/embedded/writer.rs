//! The one writer: a thread that commits many waiting appends at once.

use std::collections::VecDeque;
use std::fs::File;
use std::io::ErrorKind;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::{oneshot, watch};

use super::Options;
use super::feed::Publisher;
use super::ids::TakenIds;
use super::ledger::Ledger;
use super::queue::{Answer, Gathering, Queue, Waiting};
use super::schema::{Folder, OpenError};
use crate::port::AppendError;

/// The most a transaction waits for those appends that came in the last one to come again.
const PATIENCE_MAX: Duration = Duration::from_micros(500);
/// It waits at most this part of what the last transaction took.
const PATIENCE_SHARE: u32 = 4;

pub(super) struct Writer {
    pub folder: Folder,
    pub queue: Arc<Queue>,
    pub publisher: Publisher,
    pub options: Options,
    /// `None`: something went wrong, and the database is to be opened anew.
    pub open: Option<Open>,
    /// Held for as long as the writer lives: nobody else writes.
    pub lock: File,
}

/// What the writer has while the database is well.
pub(super) struct Open {
    pub connection: Connection,
    pub ledger: Ledger,
}

/// A decided append that waits for the commit.
type Decided = (oneshot::Sender<Answer>, Answer);

impl Writer {
    /// Runs until the queue is closed and empty. `ended` turns true when all files are closed.
    pub fn start(self, ended: watch::Sender<bool>) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name("eventlog-writer".into()).spawn(move || {
            let _ending = Ending { queue: Arc::clone(&self.queue), ended };
            self.run();
        })
    }

    fn run(mut self) {
        let mut batch = VecDeque::new();
        let mut gathering = Gathering { appends: 1, patience: Duration::ZERO };
        while self.queue.take(&mut batch, gathering) {
            let began = Instant::now();
            let appends = batch.len();
            self.write(&mut batch);
            // Who has just been answered is likely to append again at once. Without a moment's patience the
            // first of them would get a transaction for itself while all others wait for it.
            gathering = Gathering { appends, patience: PATIENCE_MAX.min(began.elapsed() / PATIENCE_SHARE) };
        }
        self.close();
    }

    /// Commits all of the batch and answers it. Whatever goes wrong, everybody is answered and nothing is
    /// left half done.
    fn write(&mut self, batch: &mut VecDeque<Waiting>) {
        let mut decided = Vec::with_capacity(batch.len());
        match self.commit(batch, &mut decided) {
            Ok(()) => decided.into_iter().for_each(|(answer, outcome)| {
                // Who no longer waits does not want to know.
                let _ = answer.send(outcome);
            }),
            Err(error) => {
                tracing::error!(%error, appends = decided.len() + batch.len(), "the event log could not commit");
                let waiting = decided.into_iter().map(|(answer, _)| answer);
                for answer in waiting.chain(batch.drain(..).map(|waiting| waiting.answer)) {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    fn commit(&mut self, batch: &mut VecDeque<Waiting>, decided: &mut Vec<Decided>) -> Result<(), AppendError> {
        if self.open.is_none() {
            let open = Open::new(&self.folder, &self.options).map_err(unopened)?;
            self.publisher.restart(open.ledger.head);
            self.open = Some(open);
        }
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        match open.commit(batch, decided) {
            Ok(()) => {
                self.publisher.publish(&mut open.ledger.fresh);
                Ok(())
            }
            Err(error) => {
                let answer = unwritten(&error);
                self.recover(&answer);
                Err(answer)
            }
        }
    }

    /// The ledger ran ahead of the disk and is read anew. Except on a full disk, which harms no connection
    /// and has no room to open another, the connection is opened anew too, with the next batch.
    fn recover(&mut self, answer: &AppendError) {
        let Some(Open { connection, .. }) = self.open.take() else {
            return;
        };
        if *answer != AppendError::Full {
            return;
        }
        if let Ok(ledger) = Ledger::load(&connection, Arc::clone(&self.options.clock)) {
            self.publisher.restart(ledger.head);
            self.open = Some(Open { connection, ledger });
        }
    }

    fn close(self) {
        let Self { open, lock, .. } = self;
        let Some(Open { connection, .. }) = open else {
            return;
        };
        let checkpoint = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let closed = checkpoint.and_then(|()| connection.close().map_err(|(_, error)| error));
        if let Err(error) = closed {
            // Nothing is lost: the write-ahead log is read when the log is opened again.
            tracing::warn!(%error, "the event log was closed without a checkpoint");
        }
        drop(lock);
    }
}

impl Open {
    pub fn new(folder: &Folder, options: &Options) -> Result<Self, OpenError> {
        let mut connection = folder.open_writer(options.checkpoint_pages)?;
        if let Err(error) = TakenIds::settle_backlog(&mut connection) {
            // On a full disk, say. It costs memory, nothing else.
            tracing::warn!(%error, "the newest event ids could not be indexed");
        }
        let ledger = Ledger::load(&connection, Arc::clone(&options.clock))
            .map_err(|source| OpenError::Database { path: folder.database(), source })?;
        Ok(Self { connection, ledger })
    }

    fn commit(&mut self, batch: &mut VecDeque<Waiting>, decided: &mut Vec<Decided>) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        while let Some(Waiting { stream, expected, events, answer, .. }) = batch.pop_front() {
            match self.ledger.append(&transaction, &stream, expected, events) {
                Ok(outcome) => decided.push((answer, outcome)),
                Err(error) => {
                    decided.push((answer, Err(unwritten(&error))));
                    return Err(error);
                }
            }
        }
        self.ledger.finish(&transaction)?;
        transaction.commit()
    }
}

/// SQLite reports a disk without room as `SQLITE_FULL`, wherever in the transaction it was met.
fn unwritten(error: &rusqlite::Error) -> AppendError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => AppendError::Full,
        _ => AppendError::Unavailable(error.to_string()),
    }
}

fn unopened(error: OpenError) -> AppendError {
    match &error {
        OpenError::Database { source, .. } => unwritten(source),
        OpenError::Files { source, .. } if source.kind() == ErrorKind::StorageFull => AppendError::Full,
        _ => AppendError::Unavailable(error.to_string()),
    }
}

/// Leaves nobody waiting, even if the writer panics.
struct Ending {
    queue: Arc<Queue>,
    ended: watch::Sender<bool>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.queue.abandon();
        self.ended.send_replace(true);
    }
}
