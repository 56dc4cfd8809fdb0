//! What the tests of the embedded engine share.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use casebook_eventlog::embedded::{EmbeddedLog, Options, Page};
use casebook_eventlog::{EventLog, Filter, NewEvent, Position, READ_EVENTS_MAX, RecordedEvent, StreamName};
use uuid::Uuid;

/// One event of a read backwards.
pub const NEWEST: Page = Page { events: 1, ..Page::MAX };

pub fn open(folder: &Path) -> EmbeddedLog {
    EmbeddedLog::open(folder, Options::default()).expect("the log opens")
}

pub fn stream() -> StreamName {
    StreamName::of("case", Uuid::new_v4())
}

pub fn event() -> NewEvent {
    event_of(200)
}

pub fn event_of(bytes: usize) -> NewEvent {
    NewEvent {
        id: Uuid::new_v4(),
        event_type: "CaseOpened".into(),
        data: Bytes::from(vec![b'1'; bytes]),
        metadata: Bytes::from_static(b"{}"),
    }
}

/// The whole log.
pub async fn everything(log: &dyn EventLog) -> Vec<Arc<RecordedEvent>> {
    let (mut after, mut events) = (Position::START, Vec::new());
    loop {
        let batch = log.read_all(after, &Filter::all(), READ_EVENTS_MAX).await.expect("a batch");
        events.extend(batch.events);
        after = batch.through;
        if batch.at_head {
            return events;
        }
    }
}

/// The files as a crash would leave them: whatever is in them at this moment, copied while the log is open.
pub fn crash_image(of: &Path) -> tempfile::TempDir {
    let image = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(of).expect("the folder") {
        let entry = entry.expect("an entry");
        // The shared-memory file does not outlive a crash of the machine.
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), image.path().join(entry.file_name())).expect("a copy");
        }
    }
    image
}
