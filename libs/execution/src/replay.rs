//! All streams of a log folded in one pass, on all processors.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZeroUsize;
use std::sync::Arc;

use casebook_eventlog::{EventLog, Filter, Position, READ_EVENTS_MAX, RecordedEvent, StreamName};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::aggregate::{Aggregate, DecodeError, Loaded};
use crate::store::StoreError;

/// How many read stretches wait for each processor.
const WAITING: usize = 2;
/// More processors than this would wait for the one that reads.
const FOLDERS_MAX: usize = 8;

/// What a stream is folded into.
pub trait Fold: Default + Send + 'static {
    fn take(&mut self, event: &RecordedEvent) -> Result<(), DecodeError>;
}

impl<A: Aggregate<State: Send + 'static> + 'static> Fold for Loaded<A> {
    fn take(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        self.apply(event)
    }
}

/// The states of all streams, as of the end of the log.
#[derive(Debug)]
pub struct Replayed<S> {
    pub states: HashMap<StreamName, S>,
    pub events: u64,
    /// The last event that the filter lets pass.
    pub last: Position,
}

/// Folds every stream of the log that `filter` lets pass. All states are in memory at the end.
pub async fn replay<S: Fold>(log: &dyn EventLog, filter: &Filter) -> Result<Replayed<S>, StoreError> {
    let folders = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(FOLDERS_MAX);
    let (senders, tasks): (Vec<_>, Vec<_>) = (0..folders).map(|_| folder()).unzip();
    let read = deal(log, filter, senders).await;
    let mut states = HashMap::new();
    for task in tasks {
        // A folder that failed says why: that comes before whatever it did to the reading.
        match task.await {
            Ok(folded) => states.extend(folded?),
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
    let (events, last) = read?;
    Ok(Replayed { states, events, last })
}

type Stretch = Vec<Arc<RecordedEvent>>;
type Folder<S> = (mpsc::Sender<Stretch>, JoinHandle<Result<HashMap<StreamName, S>, DecodeError>>);

/// Folds the streams that it is dealt.
fn folder<S: Fold>() -> Folder<S> {
    let (sender, mut stretches) = mpsc::channel::<Stretch>(WAITING);
    let task = tokio::spawn(async move {
        let mut states: HashMap<StreamName, S> = HashMap::new();
        while let Some(events) = stretches.recv().await {
            for event in events {
                match states.get_mut(&event.stream) {
                    Some(state) => state.take(&event)?,
                    None => states.entry(event.stream.clone()).or_default().take(&event)?,
                }
            }
        }
        Ok(states)
    });
    (sender, task)
}

/// Reads the log and deals it out, all events of a stream to the same folder. Ends early where a folder has.
async fn deal(
    log: &dyn EventLog,
    filter: &Filter,
    folders: Vec<mpsc::Sender<Stretch>>,
) -> Result<(u64, Position), StoreError> {
    let (mut after, mut last, mut count) = (Position::START, Position::START, 0);
    loop {
        let batch = log.read_all(after, filter, READ_EVENTS_MAX).await?;
        let mut stretches = vec![Stretch::new(); folders.len()];
        for event in batch.events {
            let mut hasher = DefaultHasher::new();
            event.stream.hash(&mut hasher);
            last = event.position;
            count += 1;
            stretches[(hasher.finish() % folders.len() as u64) as usize].push(event);
        }
        for (folder, stretch) in folders.iter().zip(stretches) {
            if folder.send(stretch).await.is_err() {
                return Ok((count, last));
            }
        }
        if batch.at_head {
            return Ok((count, last));
        }
        after = batch.through;
    }
}
