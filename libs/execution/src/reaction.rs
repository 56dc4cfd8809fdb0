//! Reactions: what one service does because of what happened elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use casebook_eventlog::{AppendError, EventLog, Filter, Position, ReadError, RecordedEvent, StreamName};
use casebook_kernel::{Actor, Timestamp};
use chrono::TimeDelta;
use futures::stream::{self, TryStreamExt as _};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::aggregate::{Aggregate, DecodeError};
use crate::claims::ClaimError;
use crate::clock::Clock;
use crate::context::Context;
use crate::metadata::Metadata;
use crate::store::{ExecuteError, Executed, Store, StoreError};
use crate::timer::DueTimer;

/// How many streams' events one reaction works on at a time.
const IN_FLIGHT_MAX: usize = 64;
/// How often a cursor is saved. What was done behind the saved one is done again after a crash, to no effect.
const SAVE_EVERY: Duration = Duration::from_millis(250);
/// The same where nothing that a reaction wants has happened: then only reading is done again.
const SAVE_IDLE_EVERY: Duration = Duration::from_secs(5);
const RETRY_DELAY_MIN: Duration = Duration::from_millis(20);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(5);
/// How often a reaction that waits for events to age looks at the clock.
const AGE_EVERY: Duration = Duration::from_millis(200);
/// The most events that one reaction parks; with one more it stands still, and is seen to.
pub const PARKED_MAX: usize = 10_000;

/// It could not be done now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotNow(pub String);

/// Why what follows from an event was not done. A refusal is not this: it is an answer, and the reaction is done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undone {
    /// It is tried again until it works.
    #[error("{0}")]
    NotNow(String),
    /// It will be no better the next time: the event is parked, with what follows in its stream.
    #[error("{0}")]
    Never(String),
}

impl Undone {
    /// Anything that may be gone the next time.
    pub fn not_now(error: impl std::fmt::Display) -> Self {
        Self::NotNow(error.to_string())
    }

    /// Anything that stays as it is.
    pub fn never(error: impl std::fmt::Display) -> Self {
        Self::Never(error.to_string())
    }
}

impl From<NotNow> for Undone {
    fn from(NotNow(reason): NotNow) -> Self {
        Self::NotNow(reason)
    }
}

impl From<DecodeError> for Undone {
    fn from(error: DecodeError) -> Self {
        Self::never(error)
    }
}

impl From<ReadError> for Undone {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(_) => Self::not_now(error),
            ReadError::Corrupt(_) => Self::never(error),
        }
    }
}

impl From<AppendError> for Undone {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::WrongExpectedRevision { .. } | AppendError::Full | AppendError::Unavailable(_) => {
                Self::not_now(error)
            }
            AppendError::EventIdTaken { .. } | AppendError::Invalid(_) => Self::never(error),
        }
    }
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Read(error) => error.into(),
            StoreError::Decode(error) => error.into(),
        }
    }
}

impl From<ClaimError> for Undone {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Held { .. } | ClaimError::Contended => Self::not_now(error),
            ClaimError::Append(error) => error.into(),
            ClaimError::Store(error) => error.into(),
        }
    }
}

impl<R: std::error::Error + Clone + PartialEq> From<ExecuteError<R>> for Undone {
    fn from(error: ExecuteError<R>) -> Self {
        match error {
            ExecuteError::Refused(_)
            | ExecuteError::StaleEtag { .. }
            | ExecuteError::RequestIdReused { .. }
            | ExecuteError::Lapsed { .. } => Self::never(error),
            ExecuteError::Contended { .. } => Self::not_now(error),
            ExecuteError::Append(error) => error.into(),
            ExecuteError::Store(error) => error.into(),
        }
    }
}

/// In whose name a service reacts, and by which clock and policy.
#[derive(Debug, Clone)]
pub struct Reactor {
    pub system: Actor,
    pub policy_version: Arc<str>,
    pub clock: Arc<dyn Clock>,
}

impl Reactor {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The context of a command that follows from `event`: `what` tells it from others that do.
    pub fn context(&self, event: &RecordedEvent, what: &str) -> Result<Context, Undone> {
        let metadata = Metadata::parse(&event.metadata).map_err(Undone::Never)?;
        Ok(Context::following(event.id, metadata.correlation, what, &self.system, &self.policy_version, self.now()))
    }

    /// The context of the one command that a deadline issues.
    pub fn context_of(&self, timer: &DueTimer, now: Timestamp) -> Context {
        timer.context(&self.system, &self.policy_version, now)
    }
}

/// Carries a command out for a reaction or a deadline. A refusal is an answer, and is given back.
pub async fn carry_out<A: Aggregate>(
    store: &Store<A>,
    id: Uuid,
    context: &Context,
    command: A::Command,
) -> Result<Result<Executed<A>, A::Refusal>, Undone> {
    match store.execute(id, context, command).await {
        Ok(executed) => Ok(Ok(executed)),
        Err(ExecuteError::Refused(refusal)) => {
            tracing::debug!(category = A::CATEGORY, %id, %refusal, "nothing to be done");
            Ok(Err(refusal))
        }
        Err(error) => Err(error.into()),
    }
}

/// Follows the log and issues commands.
///
/// It runs at least once for each event: its commands take their request id from the causing event
/// ([`Reactor::context`]), so that doing it twice is doing it once. Events of one stream come in order,
/// events of different streams at the same time.
#[async_trait]
pub trait Reaction: Send + Sync + 'static {
    /// Names its cursor: never changed once released.
    fn name(&self) -> &'static str;
    fn filter(&self) -> Filter;
    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone>;

    /// How old an event must be before it is reacted to, by the service's clock.
    fn patience(&self) -> TimeDelta {
        TimeDelta::zero()
    }
}

/// An event that a reaction could not be done with, or that comes behind such a one in its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    pub reaction: String,
    pub stream: StreamName,
    pub position: Position,
    pub reason: String,
}

/// Where the cursors of reactions and their parked events are kept.
#[async_trait]
pub trait Cursors: Send + Sync {
    async fn load(&self, name: &str) -> Result<Position, NotNow>;
    async fn save(&self, name: &str, position: Position) -> Result<(), NotNow>;
    /// The parked events of a reaction, the oldest first.
    async fn parked(&self, name: &str) -> Result<Vec<Parked>, NotNow>;
    /// Parks an event, or says anew why it is parked.
    async fn park(&self, parked: &Parked) -> Result<(), NotNow>;
    async fn unpark(&self, name: &str, position: Position) -> Result<(), NotNow>;
}

/// What a running reaction tells of itself.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    pub reached: watch::Sender<Position>,
    /// How many events are parked.
    pub parked: watch::Sender<usize>,
}

/// Runs a reaction until `stop`.
pub async fn run(
    log: Arc<dyn EventLog>,
    cursors: Arc<dyn Cursors>,
    reaction: Arc<dyn Reaction>,
    clock: Arc<dyn Clock>,
    progress: Progress,
    stop: CancellationToken,
) {
    let name = reaction.name();
    let run = Run { log, cursors, reaction, clock, progress, stop, parked: Mutex::default() };
    match run.follow().await {
        Ok(()) => {}
        Err(Stopped) => {
            tracing::debug!(reaction = name, "stopped in the middle: the rest is done after the next start")
        }
    }
}

/// The service is going down.
struct Stopped;

struct Run {
    log: Arc<dyn EventLog>,
    cursors: Arc<dyn Cursors>,
    reaction: Arc<dyn Reaction>,
    clock: Arc<dyn Clock>,
    progress: Progress,
    stop: CancellationToken,
    parked: Mutex<HashMap<StreamName, BTreeMap<Position, String>>>,
}

impl Run {
    async fn follow(&self) -> Result<(), Stopped> {
        let name = self.reaction.name();
        self.try_parked_again().await?;
        let start = self.until_done(|| self.cursors.load(name)).await?;
        self.progress.reached.send_replace(start);
        let (mut saved, mut saved_at, mut idle) = (start, Instant::now(), true);
        let mut subscription = self.log.subscribe(start, self.reaction.filter());
        loop {
            let batch = tokio::select! {
                () = self.stop.cancelled() => break,
                batch = subscription.next() => batch,
            };
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => {
                    tracing::error!(reaction = name, %error, "cannot read the log");
                    if let ReadError::Corrupt(_) = error {
                        // Reading on behind damage would skip what happened: stand still and be seen to.
                        self.stop.cancelled().await;
                        return Err(Stopped);
                    }
                    tokio::time::sleep(RETRY_DELAY_MAX).await;
                    subscription = self.log.subscribe(*self.progress.reached.borrow(), self.reaction.filter());
                    continue;
                }
            };
            if let Some(last) = batch.events.last() {
                idle = false;
                self.until_old_enough(last.recorded_at).await?;
                stream::iter(group(batch.events).into_iter().map(Ok::<_, Stopped>))
                    .try_for_each_concurrent(IN_FLIGHT_MAX, |events| self.one_stream(events))
                    .await?;
            }
            let save_every = if idle { SAVE_IDLE_EVERY } else { SAVE_EVERY };
            if batch.through > saved && saved_at.elapsed() >= save_every {
                self.until_done(|| self.cursors.save(name, batch.through)).await?;
                (saved, saved_at, idle) = (batch.through, Instant::now(), true);
            }
            self.progress.reached.send_replace(batch.through);
        }
        let reached = *self.progress.reached.borrow();
        if reached > saved
            && let Err(reason) = self.cursors.save(name, reached).await
        {
            tracing::warn!(reaction = name, %reason, "the cursor could not be saved: some reactions will be repeated, to no effect");
        }
        Ok(())
    }

    async fn one_stream(&self, events: Vec<Arc<RecordedEvent>>) -> Result<(), Stopped> {
        for event in &events {
            if let Some(first) = self.first_parked(event) {
                if first.contains_key(&event.position) {
                    continue;
                }
                let before = first.keys().next().copied().unwrap_or_default();
                self.park(event, format!("waits behind position {before}")).await?;
            } else if let Err(reason) = self.until_answered(|| self.reaction.react(event)).await? {
                self.park(event, reason).await?;
            }
        }
        Ok(())
    }

    /// What is parked of the stream of `event`.
    fn first_parked(&self, event: &RecordedEvent) -> Option<BTreeMap<Position, String>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).get(&event.stream).cloned()
    }

    /// Sets an event aside, durably: the other streams go on, those behind it in its own wait with it.
    async fn park(&self, event: &RecordedEvent, reason: String) -> Result<(), Stopped> {
        let name = self.reaction.name();
        tracing::error!(reaction = name, stream = %event.stream, position = %event.position, reason, "parked");
        self.until_done(|| async {
            if *self.progress.parked.borrow() >= PARKED_MAX {
                return Err(NotNow(format!("{PARKED_MAX} events are parked already: {reason}")));
            }
            let parked = Parked {
                reaction: name.to_owned(),
                stream: event.stream.clone(),
                position: event.position,
                reason: reason.clone(),
            };
            self.cursors.park(&parked).await
        })
        .await?;
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        parked.entry(event.stream.clone()).or_default().insert(event.position, reason);
        self.progress.parked.send_modify(|count| *count += 1);
        Ok(())
    }

    /// At each start what is parked is tried once more, in its order: what was in its way may be mended.
    async fn try_parked_again(&self) -> Result<(), Stopped> {
        let name = self.reaction.name();
        let mut streams: HashMap<StreamName, BTreeMap<Position, String>> = HashMap::new();
        for parked in self.until_done(|| self.cursors.parked(name)).await? {
            streams.entry(parked.stream).or_default().insert(parked.position, parked.reason);
        }
        for (stream, events) in &mut streams {
            while let Some((position, _)) = events.first_key_value() {
                let position = *position;
                match self.react_at(position).await {
                    Ok(()) => {
                        self.until_done(|| self.cursors.unpark(name, position)).await?;
                        events.remove(&position);
                        tracing::info!(reaction = name, %stream, %position, "done after all");
                    }
                    Err(undone) => {
                        tracing::error!(reaction = name, %stream, %position, reason = %undone, "still parked");
                        let (reaction, stream) = (name.to_owned(), stream.clone());
                        let parked = Parked { reaction, stream, position, reason: undone.to_string() };
                        self.until_done(|| self.cursors.park(&parked)).await?;
                        break;
                    }
                }
            }
        }
        streams.retain(|_, events| !events.is_empty());
        self.progress.parked.send_replace(streams.values().map(BTreeMap::len).sum());
        *self.parked.lock().unwrap_or_else(PoisonError::into_inner) = streams;
        Ok(())
    }

    async fn react_at(&self, position: Position) -> Result<(), Undone> {
        let before = Position(position.0.saturating_sub(1));
        let read = self.log.read_all(before, &self.reaction.filter(), 1).await?;
        match read.events.first().filter(|event| event.position == position) {
            Some(event) => self.reaction.react(event).await,
            None => Err(Undone::Never(format!("there is no event at position {position}"))),
        }
    }

    async fn until_old_enough(&self, recorded_at: Timestamp) -> Result<(), Stopped> {
        let patience = self.reaction.patience();
        // Without patience nothing is waited for, not even a clock that was turned back.
        while !patience.is_zero() && self.clock.now() - recorded_at < patience {
            tokio::select! {
                () = self.stop.cancelled() => return Err(Stopped),
                () = tokio::time::sleep(AGE_EVERY) => {}
            }
        }
        Ok(())
    }

    /// Tries again until it works.
    async fn until_done<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, Stopped>
    where
        F: Future<Output = Result<T, NotNow>>,
    {
        loop {
            let done = self
                .until_answered(|| {
                    let attempt = attempt();
                    async { Ok(attempt.await?) }
                })
                .await?;
            if let Ok(value) = done {
                return Ok(value);
            }
        }
    }

    /// Tries again until it works, or never will: then it gives the reason.
    async fn until_answered<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<Result<T, String>, Stopped>
    where
        F: Future<Output = Result<T, Undone>>,
    {
        let mut delay = RETRY_DELAY_MIN;
        loop {
            match attempt().await {
                Ok(value) => return Ok(Ok(value)),
                Err(Undone::Never(reason)) => return Ok(Err(reason)),
                Err(Undone::NotNow(reason)) => {
                    let name = self.reaction.name();
                    tracing::warn!(reaction = name, reason, retry_in_ms = delay.as_millis(), "not now");
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => return Err(Stopped),
                () = tokio::time::sleep(delay) => {}
            }
            delay = (delay * 2).min(RETRY_DELAY_MAX);
        }
    }
}

fn group(events: Vec<Arc<RecordedEvent>>) -> Vec<Vec<Arc<RecordedEvent>>> {
    let mut places = HashMap::new();
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
