//! The bounded queue between those who append and the one writer.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::port::{AppendError, Appended, Expected, NewEvent, StreamName};

/// Memory for events that wait to be written. Who comes when it is used up waits outside.
const WAITING_KIB_MAX: u32 = 64 << 10;
/// Appends and bytes that one transaction takes at most; a single append may be larger than that.
const BATCH_APPENDS_MAX: usize = 1024;
const BATCH_BYTES_MAX: usize = 16 << 20;
/// What a waiting event costs beside its data and metadata, in bytes, roughly.
const EVENT_OVERHEAD_BYTES: usize = 256;

pub(super) type Answer = Result<Appended, AppendError>;

/// An append that waits for its turn.
pub(super) struct Waiting {
    pub stream: StreamName,
    pub expected: Expected,
    pub events: Vec<NewEvent>,
    pub answer: oneshot::Sender<Answer>,
    bytes: usize,
    /// Gives its room back when the append has been decided.
    _room: OwnedSemaphorePermit,
}

pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    room: Arc<Semaphore>,
}

struct State {
    waiting: VecDeque<Waiting>,
    closed: bool,
    /// The writer sleeps until so many wait; nobody wakes it for less.
    wanted: usize,
}

/// How long to hold a transaction open for more appends, and how many.
#[derive(Clone, Copy)]
pub(super) struct Gathering {
    pub appends: usize,
    pub patience: Duration,
}

impl Queue {
    pub fn new() -> Self {
        Self {
            state: Mutex::new(State { waiting: VecDeque::new(), closed: false, wanted: 1 }),
            arrived: Condvar::new(),
            room: Arc::new(Semaphore::new(WAITING_KIB_MAX as usize)),
        }
    }

    /// Waits for room, then for the answer. Dropped before the end, the append may or may not happen.
    pub async fn append(&self, stream: StreamName, expected: Expected, events: Vec<NewEvent>) -> Answer {
        let bytes = events.iter().map(size).sum::<usize>();
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).min(WAITING_KIB_MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(kib).await.map_err(|_| closed())?;
        let (answer, answered) = oneshot::channel();
        self.push(Waiting { stream, expected, events, answer, bytes, _room: room })?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    fn push(&self, waiting: Waiting) -> Result<(), AppendError> {
        let mut state = self.lock();
        if state.closed {
            return Err(closed());
        }
        state.waiting.push_back(waiting);
        if state.waiting.len() >= state.wanted {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Sleeps until appends wait, gathers some more where that is promised to pay, and moves them into `batch`.
    /// `false`: the queue is closed and empty.
    pub fn take(&self, batch: &mut VecDeque<Waiting>, gathering: Gathering) -> bool {
        let mut state = self.lock();
        state.wanted = 1;
        while state.waiting.is_empty() {
            if state.closed {
                return false;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let deadline = Instant::now() + gathering.patience;
        state.wanted = gathering.appends;
        while state.waiting.len() < gathering.appends && !state.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let mut bytes = 0;
        while let Some(next) = state.waiting.front() {
            if batch.len() == BATCH_APPENDS_MAX || (bytes > 0 && bytes + next.bytes > BATCH_BYTES_MAX) {
                break;
            }
            bytes += next.bytes;
            batch.extend(state.waiting.pop_front());
        }
        true
    }

    /// Takes no more; what waits is still written.
    pub fn close(&self) {
        self.lock().closed = true;
        self.room.close();
        self.arrived.notify_all();
    }

    /// Takes no more and drops what waits, which answers it with `Unavailable`.
    pub fn abandon(&self) {
        self.close();
        let left = std::mem::take(&mut self.lock().waiting);
        drop(left);
    }

    /// A panic elsewhere cannot leave the state half changed, so a poisoned lock is as good as a whole one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(event: &NewEvent) -> usize {
    event.data.len() + event.metadata.len() + EVENT_OVERHEAD_BYTES
}

fn closed() -> AppendError {
    AppendError::Unavailable("the log is closed".into())
}
