//! The census as of any moment, folded from the log.

use std::sync::Arc;

use casebook_eventlog::{EventLog, Filter, Position, READ_EVENTS_MAX, RecordedEvent};
use casebook_execution::{Aggregate, AsOf, DecodeError, StoreError};
use casebook_kernel::Timestamp;
use casebook_kernel::region::Region;
use tokio::sync::Mutex;

use crate::domain::account::AccountRegistry;
use crate::domain::census::{Census, Figures};
use crate::domain::institution::Institution;

/// A census and the stretch of the log that it counts.
#[derive(Debug, Default)]
struct Counted {
    census: Census,
    /// Everything up to here has been looked at.
    through: Position,
    last: Option<(Position, Timestamp)>,
}

/// Figures, and the last event that they count.
#[derive(Debug, Clone, PartialEq)]
pub struct FiguresAsOf {
    pub figures: Figures,
    pub last: Option<(Position, Timestamp)>,
}

/// Answers questions for figures. The present is kept and goes on from where it was; the past is folded anew.
#[derive(Debug)]
pub struct FiguresDesk {
    log: Arc<dyn EventLog>,
    present: Mutex<Counted>,
}

impl FiguresDesk {
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log, present: Mutex::default() }
    }

    pub async fn figures(&self, as_of: AsOf, region: Region) -> Result<FiguresAsOf, StoreError> {
        match as_of {
            AsOf::Now => {
                let mut present = self.present.lock().await;
                self.go_on(&mut present, AsOf::Now).await?;
                Ok(answer(&present, region))
            }
            past @ (AsOf::Time(_) | AsOf::Position(_)) => {
                let mut counted = Counted::default();
                self.go_on(&mut counted, past).await?;
                Ok(answer(&counted, region))
            }
        }
    }

    /// Counts on from where `counted` stands, as far as `as_of` reaches.
    async fn go_on(&self, counted: &mut Counted, as_of: AsOf) -> Result<(), StoreError> {
        let filter = Filter::categories([Institution::CATEGORY, AccountRegistry::CATEGORY]);
        loop {
            let batch = self.log.read_all(counted.through, &filter, READ_EVENTS_MAX).await?;
            for event in &batch.events {
                if !as_of.includes(event) {
                    return Ok(());
                }
                take_in(counted, event)?;
                // An event that cannot be read is met again: the cursor never passes what was not counted.
                counted.through = event.position;
            }
            counted.through = batch.through;
            if batch.at_head {
                return Ok(());
            }
        }
    }
}

fn take_in(counted: &mut Counted, event: &RecordedEvent) -> Result<(), DecodeError> {
    if event.stream.category() == Institution::CATEGORY {
        counted.census.institution_event(&Institution::decode(&event.event_type, &event.data)?);
    } else {
        counted.census.account_event(&AccountRegistry::decode(&event.event_type, &event.data)?);
    }
    counted.last = Some((event.position, event.recorded_at));
    Ok(())
}

fn answer(counted: &Counted, region: Region) -> FiguresAsOf {
    FiguresAsOf { figures: counted.census.figures(region), last: counted.last }
}
