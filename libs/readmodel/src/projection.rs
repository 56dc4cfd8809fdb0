//! Follows the log and writes rows and cursor together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use casebook_eventlog::{Batch, EventLog, Filter, ReadError, RecordedEvent};
use casebook_execution::{DecodeError, StoreError};
use sea_orm::{DatabaseTransaction, DbErr, TransactionTrait as _};
use tokio_util::sync::CancellationToken;

use crate::model::ReadModel;

/// At the end of the log the next batch is left to grow, unless somebody waits for its rows: so many times as long as the last
/// took to write, within these bounds. Rows then take a fifth of a processor at most, and a quiet log has them soon.
const GATHER_TIMES: u32 = 4;
const GATHER_MIN: Duration = Duration::from_millis(100);
const GATHER_MAX: Duration = Duration::from_millis(500);
const RETRY_DELAY: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ReadError> for ProjectionError {
    fn from(error: ReadError) -> Self {
        Self::Store(error.into())
    }
}

impl From<DecodeError> for ProjectionError {
    fn from(error: DecodeError) -> Self {
        Self::Store(error.into())
    }
}

/// Makes rows of events.
#[async_trait]
pub trait Projection: Send + 'static {
    /// The categories of the streams it wants; none named: all of them.
    fn categories(&self) -> &'static [&'static str];

    /// Writes what `events` change. Whatever it keeps in memory must survive [`Self::forget`].
    async fn apply(&mut self, events: &[Arc<RecordedEvent>], rows: &DatabaseTransaction)
    -> Result<(), ProjectionError>;

    /// The transaction of the last `apply` did not commit: what was kept in memory of it is void.
    fn forget(&mut self);
}

/// Runs the projections of one service until `stop`: one cursor, one transaction a batch.
pub async fn run(
    log: Arc<dyn EventLog>,
    model: Arc<ReadModel>,
    mut projections: Vec<Box<dyn Projection>>,
    stop: CancellationToken,
) {
    let filter = wanted(&projections);
    loop {
        let mut subscription = log.subscribe(model.reached(), filter.clone());
        let failure = loop {
            let batch = tokio::select! {
                () = stop.cancelled() => return,
                batch = subscription.next() => batch,
            };
            let begun = Instant::now();
            let written = match batch {
                Ok(batch) => {
                    write(&model, &mut projections, &batch).await.map(|()| batch.at_head && !batch.events.is_empty())
                }
                Err(error) => Err(error.into()),
            };
            match written {
                Err(error) => break error,
                // Many small transactions would take the processor from the commands that they follow.
                Ok(true) => gather(&model, begun.elapsed() * GATHER_TIMES).await,
                Ok(false) => {}
            }
        };
        tracing::error!(error = %failure, reached = %model.reached(), "the read model stands still; trying again");
        for projection in &mut projections {
            projection.forget();
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RETRY_DELAY) => {}
        }
    }
}

async fn gather(model: &ReadModel, time: Duration) {
    let mut waiting = model.waiting.subscribe();
    // In time or not: what there is is written next.
    let time = time.clamp(GATHER_MIN, GATHER_MAX);
    let _ = tokio::time::timeout(time, waiting.wait_for(|count| *count > 0)).await;
}

/// What any of the projections wants. A filter without categories lets everything pass.
fn wanted(projections: &[Box<dyn Projection>]) -> Filter {
    if projections.iter().any(|projection| projection.categories().is_empty()) {
        return Filter::all();
    }
    Filter::categories(projections.iter().flat_map(|projection| projection.categories()).copied())
}

async fn write(
    model: &ReadModel,
    projections: &mut [Box<dyn Projection>],
    batch: &Batch,
) -> Result<(), ProjectionError> {
    if !batch.events.is_empty() {
        let rows = model.writer.begin().await?;
        for projection in projections {
            let wanted = Filter::categories(projection.categories().iter().copied());
            let events: Vec<_> = batch.events.iter().filter(|event| wanted.matches(&event.stream)).cloned().collect();
            if !events.is_empty() {
                projection.apply(&events, &rows).await?;
            }
        }
        model.save_rows_cursor(&rows, batch.through).await?;
        rows.commit().await?;
    }
    // Where nothing matched, the rows are as of `through` all the same; the cursor on disk may lag, at no loss.
    model.progress.send_replace(batch.through);
    Ok(())
}
