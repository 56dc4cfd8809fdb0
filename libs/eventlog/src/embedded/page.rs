//! How much one step of a reader brings.

use std::sync::Arc;

use crate::port::{READ_BYTES_MAX, READ_EVENTS_MAX, RecordedEvent};

/// So many events, and so many bytes of data and metadata: the event that reaches either is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub events: usize,
    pub bytes: usize,
}

impl Page {
    /// The most that a read brings.
    pub const MAX: Self = Self { events: READ_EVENTS_MAX, bytes: READ_BYTES_MAX };

    /// Whether a stream ends with what one read of it brought.
    pub fn ends_stream(self, events: &[Arc<RecordedEvent>]) -> bool {
        let page = self.bounded();
        let bytes = || events.iter().map(|event| event.data.len() + event.metadata.len()).sum::<usize>();
        events.len() < page.events && bytes() < page.bytes
    }

    pub(super) fn bounded(self) -> Self {
        Self { events: self.events.min(READ_EVENTS_MAX), bytes: self.bytes.min(READ_BYTES_MAX) }
    }
}
