//! Where the matters lie to which events belong: what an auditor of a region may see of a log that is read from
//! outside.
//!
//! A matter lies in a region where all of its cases do. What belongs to no case lies nowhere: to whom it is shown is
//! for the service to say whose it is.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use casebook_bootstrap::{Foundation, Service, operation_status, store_status};
use casebook_eventlog::{Direction, EventLog, Position, RecordedEvent, StreamName};
use casebook_kernel::region::Region;
use casebook_readmodel::ReadModel;
use lru::LruCache;
use serde::Deserialize;
use tonic::Status;
use uuid::Uuid;

use crate::readmodel::{Belonging, Kept};

/// The most cases that a matter can have and be shown; there are 64 findings on an item at most.
const CASES_MAX: u64 = 256;
/// Matters of which is remembered where they lie.
const MATTERS_MAX: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// How long the rows may take to get where the log is.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the first event of a case says of where it lies.
#[derive(Deserialize)]
struct Opened {
    region: String,
}

/// Where matters lie, by the rows of the audit.
pub struct Matters {
    log: Arc<dyn EventLog>,
    model: Arc<ReadModel>,
    known: Mutex<Known>,
}

/// What is known as long as no event has come since.
struct Known {
    at: Position,
    regions: LruCache<Uuid, Arc<[Region]>>,
}

impl Matters {
    /// None where the audit is not among the services of this process.
    pub fn of(foundation: &Foundation, services: &[Service]) -> Option<Self> {
        let audit = services.iter().find(|service| service.name == crate::NAME)?;
        let known = Known { at: Position::START, regions: LruCache::new(MATTERS_MAX) };
        Some(Self { log: foundation.log.clone(), model: audit.read_model.clone(), known: Mutex::new(known) })
    }

    /// Whether an event belongs to a matter that has a case, and no case outside of `region`: as of `at_least`, or
    /// later.
    pub async fn lies_in(&self, event: &RecordedEvent, region: Region, at_least: Position) -> Result<bool, Status> {
        let correlation = Belonging::of(event).correlation;
        if correlation.is_nil() {
            return Ok(false);
        }
        // Cases may be in no row yet: the one that this opens, and where rows are made anew all others.
        let at_least = at_least.max(event.position);
        self.model.wait_for(at_least, PATIENCE).await.map_err(|error| Status::unavailable(error.to_string()))?;
        let regions = self.regions(correlation).await?;
        Ok(!regions.is_empty() && regions.iter().all(|lies| region.contains(*lies)))
    }

    /// Those of the cases of a matter; none where one of them cannot be read.
    async fn regions(&self, correlation: Uuid) -> Result<Arc<[Region]>, Status> {
        let at = self.model.reached();
        {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.at != at {
                known.regions.clear();
                known.at = at;
            }
            if let Some(regions) = known.regions.get(&correlation) {
                return Ok(regions.clone());
            }
        }
        let regions: Arc<[Region]> = self.look_up(correlation).await?.unwrap_or_default().into();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.at == at {
            known.regions.put(correlation, regions.clone());
        }
        Ok(regions)
    }

    async fn look_up(&self, correlation: Uuid) -> Result<Option<Vec<Region>>, Status> {
        let streams = Kept(&self.model).case_streams(correlation, CASES_MAX).await;
        let streams = streams.map_err(|error| operation_status(&error))?;
        if streams.len() as u64 == CASES_MAX {
            return Ok(None);
        }
        let mut regions = Vec::with_capacity(streams.len());
        for stream in streams {
            let Ok(name) = stream.parse::<StreamName>() else { return Ok(None) };
            let first = self.log.read_stream(&name, Direction::Forwards, Some(0), 1).await;
            let first = first.map_err(|error| store_status(error.into()))?;
            let opened = first.first().and_then(|event| serde_json::from_slice::<Opened>(&event.data).ok());
            let Some(region) = opened.and_then(|opened| opened.region.parse().ok()) else { return Ok(None) };
            regions.push(region);
        }
        Ok(Some(regions))
    }
}
