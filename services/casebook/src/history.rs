//! A case read from the log alone: no server, no rows.

use std::sync::Arc;

use casebook_bootstrap::history_entry;
use casebook_enforcement::domain::case::Case;
use casebook_eventlog::{EventLog, Filter, Position, READ_EVENTS_MAX, RecordedEvent};
use casebook_execution::{AsOf, Loaded, Metadata, Store, StoreError};
use casebook_kernel::ids::CaseId;
use casebook_proto::common::v1::HistoryEntry;
use casebook_proto::enforcement::v1 as enforcement;

#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the log ends at position {head}: there is no position {asked}")]
    BeyondHead { asked: u64, head: u64 },
}

/// Everything that belongs to a case, over all services, in the order in which it happened.
pub struct History {
    pub entries: Vec<HistoryEntry>,
    id: CaseId,
    case: Vec<Arc<RecordedEvent>>,
}

impl History {
    /// Reads the log, beside a server or without one.
    pub async fn read(log: Arc<dyn EventLog>, id: CaseId, as_of: AsOf) -> Result<Self, HistoryError> {
        if let AsOf::Position(asked) = as_of {
            let head = log.head().await.map_err(StoreError::from)?;
            if asked > head {
                return Err(HistoryError::BeyondHead { asked: asked.0, head: head.0 });
            }
        }
        let store = Store::<Case>::new(log.clone());
        let mut case: Vec<Arc<RecordedEvent>> = Vec::new();
        loop {
            let from = case.last().map_or(0, |event| event.revision + 1);
            let page = store.history(id.uuid(), from, READ_EVENTS_MAX).await?;
            if page.is_empty() {
                break;
            }
            case.extend(page);
        }
        case.retain(|event| as_of.includes(event));
        let loaded = Loaded::<Case>::fold(&case).map_err(StoreError::from)?;
        let Some(head) = loaded.head else { return Ok(Self { entries: Vec::new(), id, case }) };

        let mut entries = Vec::new();
        let mut after = Position::START;
        loop {
            let batch = log.read_all(after, &Filter::all(), READ_EVENTS_MAX).await.map_err(StoreError::from)?;
            let belongs = |event: &&Arc<RecordedEvent>| {
                as_of.includes(event)
                    && Metadata::parse(&event.metadata).is_ok_and(|metadata| metadata.correlation == head.correlation)
            };
            entries.extend(batch.events.iter().filter(belongs).map(|event| history_entry(event)));
            if batch.at_head {
                return Ok(Self { entries, id, case });
            }
            after = batch.through;
        }
    }

    /// The case as these events make it; none if there was none yet.
    pub fn case(&self) -> Result<Option<enforcement::Case>, HistoryError> {
        let loaded = Loaded::<Case>::fold(&self.case).map_err(StoreError::from)?;
        Ok(loaded.head.and_then(|head| casebook_enforcement::case_resource(self.id.uuid(), &loaded.state, &head)))
    }
}
