//! Load, decide, append.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use casebook_eventlog::{
    AppendError, Direction, EventLog, Expected, Position, READ_EVENTS_MAX, ReadError, RecordedEvent, StreamName,
    ends_stream,
};
use lru::LruCache;
use uuid::Uuid;

use crate::aggregate::{Aggregate, AsOf, DecodeError, Head, Loaded};
use crate::claims;
use crate::context::Context;
use crate::metadata::Metadata;

/// How often a command is decided anew because somebody else wrote first.
pub const APPEND_ATTEMPTS_MAX: usize = 8;
/// The least time that a writer steps aside for; at most 256 << 7 times this.
const STEP_ASIDE: Duration = Duration::from_micros(4);
/// How many states of one kind are kept hot.
const HOT_STATES_MAX: NonZeroUsize = NonZeroUsize::new(16_384).unwrap();
/// The most events that one stream is folded from; longer ones are refused as damaged.
const STREAM_EVENTS_MAX: u64 = 1 << 20;

/// The log could not be read, or not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// Why a command had no effect.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExecuteError<R: std::error::Error + Clone + PartialEq> {
    /// The rules say no.
    #[error(transparent)]
    Refused(R),
    /// The caller decided on an older state than there is.
    #[error("the etag is {given}, but the resource is at {current:?}")]
    StaleEtag { given: u64, current: Option<u64> },
    /// The same request id came with other content before.
    #[error("request id `{request_id}` was used before with other content")]
    RequestIdReused { request_id: String },
    /// The request took longer than a claim waits for what it was made for, and was given up before it was carried out.
    #[error("request `{request_id}` took too long and was given up: send it again under another id")]
    Lapsed { request_id: String },
    /// Others wrote first, again and again.
    #[error("others wrote to `{stream}` first, {APPEND_ATTEMPTS_MAX} times")]
    Contended { stream: StreamName },
    #[error(transparent)]
    Append(AppendError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<R: std::error::Error + Clone + PartialEq> ExecuteError<R> {
    /// Whether it is certain that this attempt wrote nothing, and that nothing of it will be written.
    pub fn wrote_nothing(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::StaleEtag { .. }
            | Self::RequestIdReused { .. }
            | Self::Lapsed { .. }
            | Self::Contended { .. } => true,
            Self::Append(error) => !matches!(error, AppendError::Unavailable(_)),
            Self::Store(_) => false,
        }
    }
}

impl<R: std::error::Error + Clone + PartialEq> From<ReadError> for ExecuteError<R> {
    fn from(error: ReadError) -> Self {
        Self::Store(error.into())
    }
}

/// What a command came to.
pub struct Executed<A: Aggregate> {
    pub state: A::State,
    pub head: Head,
    /// The request had been carried out before: this is its first outcome.
    pub repeated: bool,
}

/// A stream in memory. The lock around it makes commands of this process on one stream wait for each
/// other instead of conflicting; other processes are caught by the expected revision.
struct Hot<A: Aggregate> {
    loaded: Loaded<A>,
    /// Event id -> revision and content hash: finds a request that was carried out before.
    seen: HashMap<Uuid, (u64, Box<str>)>,
}

impl<A: Aggregate> Default for Hot<A> {
    fn default() -> Self {
        Self { loaded: Loaded::default(), seen: HashMap::new() }
    }
}

type Slot<A> = Arc<tokio::sync::Mutex<Hot<A>>>;

/// All streams of one kind.
pub struct Store<A: Aggregate> {
    log: Arc<dyn EventLog>,
    hot: Mutex<LruCache<Uuid, Slot<A>>>,
}

impl<A: Aggregate> std::fmt::Debug for Store<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("category", &A::CATEGORY).finish_non_exhaustive()
    }
}

impl<A: Aggregate> Store<A> {
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log, hot: Mutex::new(LruCache::new(HOT_STATES_MAX)) }
    }

    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    pub fn stream(id: Uuid) -> StreamName {
        StreamName::of(A::CATEGORY, id)
    }

    /// The state as the log has it now.
    pub async fn load(&self, id: Uuid) -> Result<Loaded<A>, StoreError> {
        let slot = self.slot(id);
        let mut hot = slot.lock().await;
        self.catch_up(id, &mut hot).await?;
        Ok(hot.loaded.clone())
    }

    /// The state as the log has it now, and whether the event of this id is part of it.
    pub(crate) async fn load_with(&self, id: Uuid, event: Uuid) -> Result<(Loaded<A>, bool), StoreError> {
        let slot = self.slot(id);
        let mut hot = slot.lock().await;
        self.catch_up(id, &mut hot).await?;
        Ok((hot.loaded.clone(), hot.seen.contains_key(&event)))
    }

    /// The state as it was: folded from the log, never from rows.
    pub async fn load_as_of(&self, id: Uuid, as_of: AsOf) -> Result<Loaded<A>, StoreError> {
        if as_of == AsOf::Now {
            return self.load(id).await;
        }
        let mut loaded = Loaded::default();
        let mut from = 0;
        loop {
            let events =
                self.log.read_stream(&Self::stream(id), Direction::Forwards, Some(from), READ_EVENTS_MAX).await?;
            let Some(last) = events.last() else { return Ok(loaded) };
            from = last.revision + 1;
            for event in &events {
                if !as_of.includes(event) {
                    return Ok(loaded);
                }
                loaded.apply(event)?;
            }
        }
    }

    /// The events of one stream from revision `from` on.
    pub async fn history(&self, id: Uuid, from: u64, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        Ok(self.log.read_stream(&Self::stream(id), Direction::Forwards, Some(from), limit).await?)
    }

    /// Decides `command` on the stream's present state and appends what follows.
    ///
    /// A request that was carried out before gets its first outcome, whatever has happened since.
    pub async fn execute(
        &self,
        id: Uuid,
        context: &Context,
        command: A::Command,
    ) -> Result<Executed<A>, ExecuteError<A::Refusal>> {
        let slot = self.slot(id);
        let mut hot = slot.lock().await;
        // A stream that this process has never folded is taken for new: the log refuses to begin it twice, and a refusal is
        // checked against the log below. Only what writes nothing, or rests on a revision, has to look first.
        let mut fresh = hot.loaded.head.is_none() && (context.validate_only || context.etag.is_some());
        if fresh {
            self.catch_up(id, &mut hot).await?;
        }
        for attempt in 0..APPEND_ATTEMPTS_MAX {
            if !context.validate_only
                && let Some(outcome) = self.first_outcome(id, context, &hot).await?
            {
                return Ok(outcome);
            }
            let refusal = match self.attempt(id, context, command.clone(), &mut hot).await {
                Err(Attempt::Conflict) => {
                    step_aside(attempt, context).await;
                    self.catch_up(id, &mut hot).await?;
                    fresh = true;
                    continue;
                }
                Err(Attempt::Final(refusal)) => refusal,
                Ok(executed) => return Ok(executed),
            };
            // A refusal must rest on what the log says now, not on what this process last saw of it.
            let may_be_stale = matches!(
                refusal,
                ExecuteError::Refused(_) | ExecuteError::StaleEtag { .. } | ExecuteError::RequestIdReused { .. }
            );
            if fresh || !may_be_stale {
                return Err(refusal);
            }
            fresh = true;
            if !self.catch_up(id, &mut hot).await? {
                return Err(refusal);
            }
        }
        Err(ExecuteError::Contended { stream: Self::stream(id) })
    }

    async fn attempt(
        &self,
        id: Uuid,
        context: &Context,
        command: A::Command,
        hot: &mut Hot<A>,
    ) -> Result<Executed<A>, Attempt<A::Refusal>> {
        let head = hot.loaded.head;
        let current = head.map(|head| head.revision);
        if let Some(given) = context.etag.filter(|given| Some(*given) != current) {
            return Err(Attempt::Final(ExecuteError::StaleEtag { given, current }));
        }
        let events =
            A::decide(&hot.loaded.state, command).map_err(|refusal| Attempt::Final(ExecuteError::Refused(refusal)))?;
        let correlation = head.map(|head| head.correlation).or(context.correlation).unwrap_or(id);
        if context.validate_only {
            let state = events.iter().fold(hot.loaded.state.clone(), A::evolve);
            return Ok(Executed {
                state,
                head: head.unwrap_or_else(|| Head::after(None, 0, Position::START, context.now, correlation)),
                repeated: false,
            });
        }
        let new_events = context.events(events.iter().map(A::encode).collect(), correlation);
        let count = new_events.len() as u64;
        let expected = current.map_or(Expected::NoStream, Expected::Revision);
        let appended = match self.log.append(&Self::stream(id), expected, new_events).await {
            Ok(appended) => appended,
            Err(AppendError::WrongExpectedRevision { .. }) => return Err(Attempt::Conflict),
            // The ids derive from the request id: it was used elsewhere, or what it had claimed was taken from it.
            Err(AppendError::EventIdTaken { stream, .. }) if stream.category() == claims::CATEGORY => {
                return Err(Attempt::Final(ExecuteError::Lapsed { request_id: context.request_id.clone() }));
            }
            Err(AppendError::EventIdTaken { .. }) => {
                return Err(Attempt::Final(ExecuteError::RequestIdReused { request_id: context.request_id.clone() }));
            }
            Err(error) => return Err(Attempt::Final(ExecuteError::Append(error))),
        };
        if appended.repeated
            || Some(appended.revision) != current.map_or(Some(count - 1), |revision| Some(revision + count))
        {
            // The log knew these events already: only reading tells what it has.
            return Err(Attempt::Conflict);
        }
        if head.is_none() && count > 1 {
            // Where a stream's first event stands is not said of an append of several: the log is asked.
            self.catch_up(id, hot).await.map_err(|error| Attempt::Final(error.into()))?;
            if let Some(head) = hot.loaded.head {
                return Ok(Executed { state: hot.loaded.state.clone(), head, repeated: false });
            }
        }
        let content_hash: Box<str> = context.content_hash().into();
        let first_revision = appended.revision + 1 - count;
        for (index, event) in events.iter().enumerate() {
            hot.seen.insert(context.event_id(index), (first_revision + index as u64, content_hash.clone()));
            hot.loaded.state = A::evolve(std::mem::take(&mut hot.loaded.state), event);
        }
        let head = Head::after(head, appended.revision, appended.position, context.now, correlation);
        hot.loaded.head = Some(head);
        Ok(Executed { state: hot.loaded.state.clone(), head, repeated: false })
    }

    /// The outcome of this very request, if it was carried out before.
    async fn first_outcome(
        &self,
        id: Uuid,
        context: &Context,
        hot: &Hot<A>,
    ) -> Result<Option<Executed<A>>, ExecuteError<A::Refusal>> {
        let Some((_, content_hash)) = hot.seen.get(&context.event_id(0)) else { return Ok(None) };
        if **content_hash != *context.content_hash() {
            return Err(ExecuteError::RequestIdReused { request_id: context.request_id.clone() });
        }
        let last =
            (0..).map_while(|index| hot.seen.get(&context.event_id(index))).last().map_or(0, |(revision, _)| *revision);
        let stream = Self::stream(id);
        let mut loaded = Loaded::<A>::default();
        let mut from = 0;
        while loaded.head.is_none_or(|head| head.revision < last) {
            let limit = usize::try_from(last + 1 - from).unwrap_or(READ_EVENTS_MAX).min(READ_EVENTS_MAX);
            let events = self.log.read_stream(&stream, Direction::Forwards, Some(from), limit).await?;
            for event in &events {
                loaded.apply(event).map_err(StoreError::from)?;
            }
            from = events.last().map_or(last + 1, |event| event.revision + 1);
            if events.is_empty() {
                break;
            }
        }
        Ok(loaded.head.map(|head| Executed { state: loaded.state, head, repeated: true }))
    }

    /// Folds what the log has beyond the hot state. Says whether there was anything.
    async fn catch_up(&self, id: Uuid, hot: &mut Hot<A>) -> Result<bool, StoreError> {
        let stream = Self::stream(id);
        let mut news = false;
        loop {
            let from = hot.loaded.head.map_or(0, |head| head.revision + 1);
            if from >= STREAM_EVENTS_MAX {
                return Err(ReadError::Corrupt(format!("`{stream}` has more than {STREAM_EVENTS_MAX} events")).into());
            }
            let events = self.log.read_stream(&stream, Direction::Forwards, Some(from), READ_EVENTS_MAX).await?;
            if events.is_empty() {
                return Ok(news);
            }
            news = true;
            for event in &events {
                if let Err(error) = take_in(hot, event) {
                    // A state folded half way is no state.
                    *hot = Hot::default();
                    return Err(error.into());
                }
            }
            if ends_stream(&events, READ_EVENTS_MAX) {
                return Ok(news);
            }
        }
    }

    fn slot(&self, id: Uuid) -> Slot<A> {
        let mut hot = self.hot.lock().unwrap_or_else(PoisonError::into_inner);
        hot.get_or_insert(id, Slot::<A>::default).clone()
    }
}

enum Attempt<R: std::error::Error + Clone + PartialEq> {
    Conflict,
    Final(ExecuteError<R>),
}

/// Writers that meet again and again step aside for times that differ: the first time not at all, then longer each time.
async fn step_aside(attempt: usize, context: &Context) {
    if attempt > 0 {
        tokio::time::sleep(STEP_ASIDE.saturating_mul(share(context) << attempt)).await;
    }
}

/// 1 to 256, by the last byte of the request's key: the first ones are the time, which writers that meet have in common.
fn share(context: &Context) -> u32 {
    u32::from(context.request_key().as_bytes()[15]) + 1
}

fn take_in<A: Aggregate>(hot: &mut Hot<A>, event: &RecordedEvent) -> Result<(), DecodeError> {
    let metadata = Metadata::parse(&event.metadata).map_err(|reason| DecodeError::new(&event.event_type, reason))?;
    hot.loaded.apply_marked(event, metadata.mark())?;
    hot.seen.insert(event.id, (event.revision, metadata.request_sha256.into()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use casebook_kernel::Actor;
    use casebook_kernel::region::Region;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn writers_of_one_moment_step_aside_for_times_that_differ() {
        let of_one_millisecond = |number: u128| Context {
            actor: Actor {
                agency: "cac-310000".parse().expect("an agency"),
                officer: "officer-1".parse().expect("an officer"),
                agency_kind: None,
                region: Region::NATIONAL,
            },
            request_id: Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0000 + number).to_string(),
            content_sha256: [0; 32],
            etag: None,
            validate_only: false,
            correlation: None,
            causation: None,
            policy_version: "test-1".into(),
            trace_parent: String::new(),
            now: "2026-03-02T01:00:00Z".parse().expect("a time"),
        };
        let shares: BTreeSet<u32> = (0..64).map(|number| share(&of_one_millisecond(number))).collect();
        assert!(shares.len() > 32, "{shares:?}");
        assert!(shares.iter().all(|share| (1..=256).contains(share)));
    }
}
