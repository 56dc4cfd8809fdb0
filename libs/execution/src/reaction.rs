//! Reactions: what one service does because of what happened elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use casebook_eventlog::{EventLog, Filter, Position, ReadError, RecordedEvent};
use futures::stream::{self, TryStreamExt as _};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How many streams' events one reaction works on at a time.
const IN_FLIGHT_MAX: usize = 64;
/// How often a cursor is saved. What was done behind the saved one is done again after a crash, to no effect.
const SAVE_EVERY: Duration = Duration::from_millis(250);
const RETRY_DELAY_MIN: Duration = Duration::from_millis(20);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(5);

/// It could not be done now and is tried again. A refusal is not this: it is an answer, and the reaction is done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotNow(pub String);

/// Follows the log and issues commands.
///
/// It runs at least once for each event: its commands take their request id from the causing event
/// ([`crate::Context::following`]), so that doing it twice is doing it once. Events of one stream come in order,
/// events of different streams at the same time.
#[async_trait]
pub trait Reaction: Send + Sync + 'static {
    /// Names its cursor: never changed once released.
    fn name(&self) -> &'static str;
    fn filter(&self) -> Filter;
    async fn react(&self, event: &RecordedEvent) -> Result<(), NotNow>;
}

/// Where the cursors of reactions are kept.
#[async_trait]
pub trait Cursors: Send + Sync {
    async fn load(&self, name: &str) -> Result<Position, NotNow>;
    async fn save(&self, name: &str, position: Position) -> Result<(), NotNow>;
}

/// Runs a reaction until `stop`. `progress` tells how far it has come.
pub async fn run(
    log: Arc<dyn EventLog>,
    cursors: Arc<dyn Cursors>,
    reaction: Arc<dyn Reaction>,
    progress: watch::Sender<Position>,
    stop: CancellationToken,
) {
    let name = reaction.name();
    let Some(start) = until_done(&stop, name, || cursors.load(name)).await else { return };
    progress.send_replace(start);
    let (mut saved, mut saved_at) = (start, Instant::now());
    let mut subscription = log.subscribe(start, reaction.filter());
    loop {
        let batch = tokio::select! {
            () = stop.cancelled() => break,
            batch = subscription.next() => batch,
        };
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(reaction = name, %error, "cannot read the log");
                if let ReadError::Corrupt(_) = error {
                    // Reading on behind damage would skip what happened: stand still and be seen to.
                    stop.cancelled().await;
                    return;
                }
                tokio::time::sleep(RETRY_DELAY_MAX).await;
                subscription = log.subscribe(*progress.borrow(), reaction.filter());
                continue;
            }
        };
        if !batch.events.is_empty() {
            let by_stream = group(batch.events);
            let done = stream::iter(by_stream.into_iter().map(Ok::<_, Stopped>))
                .try_for_each_concurrent(IN_FLIGHT_MAX, |events| one_stream(&*reaction, events, &stop))
                .await;
            if done.is_err() {
                return;
            }
        }
        if batch.through > saved && saved_at.elapsed() >= SAVE_EVERY {
            if until_done(&stop, name, || cursors.save(name, batch.through)).await.is_none() {
                return;
            }
            (saved, saved_at) = (batch.through, Instant::now());
        }
        progress.send_replace(batch.through);
    }
    let reached = *progress.borrow();
    if reached > saved
        && let Err(reason) = cursors.save(name, reached).await
    {
        tracing::warn!(reaction = name, %reason, "the cursor could not be saved: some reactions will be repeated, to no effect");
    }
}

/// The service is going down.
struct Stopped;

fn group(events: Vec<Arc<RecordedEvent>>) -> Vec<Vec<Arc<RecordedEvent>>> {
    let mut places = std::collections::HashMap::new();
    let mut groups: Vec<Vec<Arc<RecordedEvent>>> = Vec::new();
    for event in events {
        let place = *places.entry(event.stream.clone()).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(event);
    }
    groups
}

async fn one_stream(
    reaction: &dyn Reaction,
    events: Vec<Arc<RecordedEvent>>,
    stop: &CancellationToken,
) -> Result<(), Stopped> {
    for event in &events {
        until_done(stop, reaction.name(), || reaction.react(event)).await.ok_or(Stopped)?;
    }
    Ok(())
}

/// Tries again until it works; none when the service goes down before.
async fn until_done<T, F>(stop: &CancellationToken, name: &str, mut attempt: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Result<T, NotNow>>,
{
    let mut delay = RETRY_DELAY_MIN;
    loop {
        match attempt().await {
            Ok(value) => return Some(value),
            Err(reason) => tracing::warn!(reaction = name, %reason, retry_in_ms = delay.as_millis(), "not now"),
        }
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(delay) => {}
        }
        delay = (delay * 2).min(RETRY_DELAY_MAX);
    }
}
