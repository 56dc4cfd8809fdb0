//! The newest events, held in memory for those who follow the log live.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::page::Page;
use crate::port::{Batch, Filter, Position, RecordedEvent};

/// Events looked at in one go, so that a reader holds the lock (and with it the writer) for microseconds.
const LOOKED_AT_MAX: usize = 1024;
/// What an event in memory costs beside its data and metadata, in bytes, roughly.
const EVENT_OVERHEAD_BYTES: usize = 256;

/// How much of the log's end stays in memory. One copy, however many follow it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub events: usize,
    pub bytes: usize,
}

/// The reading side. A reader that falls behind the oldest event here goes back to the disk.
pub(super) struct Feed {
    tail: RwLock<Tail>,
    head: watch::Receiver<u64>,
}

struct Tail {
    /// All events behind `floor`, up to `head`, without a gap.
    events: VecDeque<Arc<RecordedEvent>>,
    floor: u64,
    head: u64,
    bytes: usize,
}

/// The writing side; when it is dropped, those who wait learn that nothing will come.
pub(super) struct Publisher {
    feed: Arc<Feed>,
    head: watch::Sender<u64>,
    bounds: Bounds,
}

impl Feed {
    pub fn new(head: u64, bounds: Bounds) -> (Arc<Self>, Publisher) {
        let (sender, receiver) = watch::channel(head);
        let tail = Tail { events: VecDeque::new(), floor: head, head, bytes: 0 };
        let feed = Arc::new(Self { tail: RwLock::new(tail), head: receiver });
        let publisher = Publisher { feed: Arc::clone(&feed), head: sender, bounds };
        (feed, publisher)
    }

    pub fn head(&self) -> u64 {
        *self.head.borrow()
    }

    /// Tells of new heads, until the writer is gone.
    pub fn heads(&self) -> watch::Receiver<u64> {
        self.head.clone()
    }

    /// What stands behind `after`, or `None` where that is no longer all in memory.
    pub fn read(&self, after: Position, filter: &Filter, page: Page) -> Option<Batch> {
        let tail = self.tail.read().unwrap_or_else(PoisonError::into_inner);
        if after.0 < tail.floor {
            return None;
        }
        let mut batch = Batch { events: Vec::new(), through: after, at_head: after.0 >= tail.head };
        let seen = usize::try_from(after.0 - tail.floor).unwrap_or(usize::MAX).min(tail.events.len());
        let mut bytes = 0;
        for event in tail.events.range(seen..).take(LOOKED_AT_MAX) {
            if filter.matches(&event.stream) {
                if batch.events.len() == page.events || bytes >= page.bytes {
                    break;
                }
                bytes += event.data.len() + event.metadata.len();
                batch.events.push(Arc::clone(event));
            }
            batch.through = event.position;
            batch.at_head = event.position.0 == tail.head;
        }
        Some(batch)
    }
}

impl Publisher {
    /// Shows what has been committed, in order; positions are dense.
    pub fn publish(&self, events: &mut Vec<Arc<RecordedEvent>>) {
        let Some(last) = events.last() else { return };
        let head = last.position.0;
        {
            let mut tail = self.feed.tail.write().unwrap_or_else(PoisonError::into_inner);
            tail.bytes += events.iter().map(|event| size(event)).sum::<usize>();
            tail.events.extend(events.drain(..));
            tail.head = head;
            tail.trim(self.bounds);
        }
        self.head.send_replace(head);
    }

    /// After a commit whose outcome was unknown: everything up to `head` is to be read from the disk.
    pub fn restart(&self, head: u64) {
        {
            let mut tail = self.feed.tail.write().unwrap_or_else(PoisonError::into_inner);
            if tail.head == head {
                return;
            }
            *tail = Tail { events: VecDeque::new(), floor: head, head, bytes: 0 };
        }
        self.head.send_replace(head);
    }
}

impl Tail {
    fn trim(&mut self, bounds: Bounds) {
        while self.events.len() > bounds.events || self.bytes > bounds.bytes {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.bytes -= size(&oldest);
            self.floor = oldest.position.0;
        }
    }
}

fn size(event: &RecordedEvent) -> usize {
    event.data.len() + event.metadata.len() + EVENT_OVERHEAD_BYTES
}
