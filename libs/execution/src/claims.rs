//! Uniqueness across streams: a value is taken by beginning a stream that is named by its keyed hash.
//!
//! Two writers that want the same value meet at the log, which lets one of them begin the stream. No read model is
//! asked, so there is no moment in which both see it free. The hash is keyed: the stream's name tells
//! nothing of a certificate number or a handle to whom the key is not known.
//!
//! A claim is taken first, the decision that it is for is appended afterwards, and a writer may die or be held up in
//! between. Whether the owner holds the value is therefore asked of the owner's own state ([`Holder`]). A claim whose
//! owner does not hold it is free at once where the request that took it was carried out; where it was not, the request
//! may still be under way, and has [`CLAIM_GRACE`]. After that the claim is released by an event that bears **the id that
//! the request's decision would have**. The log takes an id once: either the decision is there, and the release fails, or the
//! release is, and the decision fails ([`crate::ExecuteError::Lapsed`]), however long its writer was held up. For this one
//! request at most may be undecided on a claim: the last that took it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use casebook_eventlog::{
    AppendError, Direction, EventLog, Expected, Filter, NewEvent, Position, ReadError, RecordedEvent, StreamName,
};
use casebook_kernel::ids::derived;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::aggregate::{Aggregate, AsOf, Stored};
use crate::context::{Context, decision_id};
use crate::metadata::Metadata;
use crate::reaction::{Reaction, Reactor, Undone};
use crate::store::{ExecuteError, Store, StoreError};

/// How long a request may take from its claim to its decision. After that the value is up for taking.
pub const CLAIM_GRACE: TimeDelta = TimeDelta::minutes(2);
pub(crate) const CATEGORY: &str = "claim";
const TAKEN: &str = "casebook.common.v1.ClaimTaken";
const RELEASED: &str = "casebook.common.v1.ClaimReleased";
const CLAIM_ATTEMPTS_MAX: u32 = 8;
/// How long to step aside for another request on the same owner: the first time, and twice as long each time after.
const STEP_ASIDE: Duration = Duration::from_millis(2);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Somebody else has it.
    #[error("held by `{owner}`")]
    Held { owner: StreamName },
    /// Other requests on the same value are under way.
    #[error("other requests on the same value are under way")]
    Contended,
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ReadError> for ClaimError {
    fn from(error: ReadError) -> Self {
        Self::Store(error.into())
    }
}

#[derive(Serialize, Deserialize)]
struct Claim {
    owner: String,
}

/// A value that may exist once, ready to be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimKey(StreamName);

/// An aggregate whose streams hold values that exist once.
pub trait Holder: Aggregate {
    /// The values that a stream in this state holds.
    fn held(state: &Self::State, claims: &Claims) -> Vec<ClaimKey>;

    /// Whether an event of this type may give up a value.
    fn gives_up(event_type: &str) -> bool;
}

/// What taking a value came to: needed to give it back where the command that it was for has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Taken {
    key: ClaimKey,
    owner: StreamName,
    /// Where the claim stands. None where nothing was written, or where the owner may hold the value all the same.
    revision: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct Claims {
    log: Arc<dyn EventLog>,
    key: Arc<[u8; 32]>,
}

/// How the last event of a claim's stream and its owner's state go together.
struct Standing {
    owner: StreamName,
    /// Whether the owner's state holds the value.
    held: bool,
    /// The request that took it last is not carried out yet, as far as its owner's stream tells: the id that its
    /// decision would have, and whether it has had its time.
    open: Option<(Uuid, bool)>,
}

impl Claims {
    pub fn new(log: Arc<dyn EventLog>, key: [u8; 32]) -> Self {
        Self { log, key: Arc::new(key) }
    }

    /// The key of a value: of which kind, and the parts that make it up.
    pub fn key(&self, kind: &str, parts: &[&str]) -> ClaimKey {
        let hash = self.keyed_hash(kind, parts);
        // 64 hexadecimal digits behind the category always make a stream name.
        let name = format!("{CATEGORY}-{hash}");
        ClaimKey(name.parse().unwrap_or_else(|_| StreamName::of(CATEGORY, Uuid::nil())))
    }

    /// A hash that only this deployment can make: for values that must be comparable and not readable.
    pub fn keyed_hash(&self, kind: &str, parts: &[&str]) -> String {
        // HMAC takes keys of any length; the error type is there for ciphers that do not.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.key) else { return String::new() };
        for part in std::iter::once(&kind).chain(parts) {
            // Lengths keep ("ab", "c") apart from ("a", "bc").
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        hex::encode(mac.finalize().into_bytes())
    }

    /// Takes the value for the stream of `id`, from whoever does not hold it any more. Taking what one has is harmless.
    pub async fn take<A: Holder>(
        &self,
        store: &Store<A>,
        key: &ClaimKey,
        id: Uuid,
        context: &Context,
    ) -> Result<Taken, ClaimError> {
        let owner = Store::<A>::stream(id);
        let mut spent = None;
        for attempt in 0..CLAIM_ATTEMPTS_MAX {
            let last = self.last(key).await?;
            let expected = last.as_ref().map_or(Expected::NoStream, |event| Expected::Revision(event.revision));
            let (mut fence, mut fresh) = (None, true);
            if let Some(event) = last.filter(|event| &*event.event_type == TAKEN) {
                let standing = self.standing(store, key, &event, spent, context).await?;
                let (own, same) = (standing.owner == owner, is_of(&event, context));
                let held = ClaimError::Held { owner: standing.owner };
                match standing.open {
                    _ if !own && standing.held => return Err(held),
                    Some(_) if own && same => fresh = false,
                    Some((_, false)) if !own => return Err(held),
                    Some((_, false)) => {
                        tokio::time::sleep(STEP_ASIDE * (1 << attempt)).await;
                        continue;
                    }
                    Some((decision, true)) => fence = Some(decision),
                    None => {}
                }
                fresh &= !standing.held;
            }
            if context.validate_only {
                return Ok(Taken { key: key.clone(), owner, revision: None });
            }
            let events = fence.map(|_| RELEASED).into_iter().chain([TAKEN]).collect();
            match self.append(key, expected, events, &owner, fence, context).await {
                Ok(revision) => return Ok(Taken { key: key.clone(), owner, revision: fresh.then_some(revision) }),
                Err(AppendError::WrongExpectedRevision { .. }) => {}
                // It was carried out at the last moment, or was given up before.
                Err(AppendError::EventIdTaken { id, .. }) if Some(id) == fence => spent = fence,
                Err(error) => return Err(error.into()),
            }
        }
        Err(ClaimError::Contended)
    }

    /// Gives back what was taken for a command that had no effect. Where that is not certain, or where another request
    /// relies on the claim, it is left to [`ReleaseClaims`].
    pub async fn give_back<R>(&self, taken: Taken, why: &ExecuteError<R>, context: &Context) -> Result<(), ClaimError>
    where
        R: std::error::Error + Clone + PartialEq,
    {
        if why.wrote_nothing() { self.put_back(taken, context).await } else { Ok(()) }
    }

    /// Gives back what was taken for a command that was never given.
    pub async fn put_back(&self, taken: Taken, context: &Context) -> Result<(), ClaimError> {
        let Some(revision) = taken.revision else { return Ok(()) };
        let expected = Expected::Revision(revision);
        match self.append(&taken.key, expected, vec![RELEASED], &taken.owner, None, context).await {
            Ok(_) | Err(AppendError::WrongExpectedRevision { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Releases the value if its owner does not hold it and nobody is about to.
    pub async fn settle<A: Holder>(
        &self,
        store: &Store<A>,
        key: &ClaimKey,
        context: &Context,
    ) -> Result<(), ClaimError> {
        let mut spent = None;
        for _ in 0..CLAIM_ATTEMPTS_MAX {
            let Some(event) = self.last(key).await?.filter(|event| &*event.event_type == TAKEN) else { return Ok(()) };
            let standing = self.standing(store, key, &event, spent, context).await?;
            let fence = match standing.open {
                _ if standing.held => return Ok(()),
                Some((_, false)) => return Err(ClaimError::Contended),
                Some((decision, true)) => Some(decision),
                None => None,
            };
            let expected = Expected::Revision(event.revision);
            match self.append(key, expected, vec![RELEASED], &standing.owner, fence, context).await {
                Ok(_) => return Ok(()),
                Err(AppendError::WrongExpectedRevision { .. }) => {}
                Err(AppendError::EventIdTaken { id, .. }) if Some(id) == fence => spent = fence,
                Err(error) => return Err(error.into()),
            }
        }
        Err(ClaimError::Contended)
    }

    /// Who has the value.
    pub async fn holder(&self, key: &ClaimKey) -> Result<Option<StreamName>, ClaimError> {
        match self.last(key).await? {
            Some(event) if &*event.event_type == TAKEN => Ok(Some(owner_of(&event)?)),
            _ => Ok(None),
        }
    }

    async fn last(&self, key: &ClaimKey) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        Ok(self.log.read_stream(&key.0, Direction::Backwards, None, 1).await?.into_iter().next())
    }

    /// `spent` is the id of a decision that was found to be in the log, or never to come.
    async fn standing<A: Holder>(
        &self,
        store: &Store<A>,
        key: &ClaimKey,
        taken: &RecordedEvent,
        spent: Option<Uuid>,
        context: &Context,
    ) -> Result<Standing, ClaimError> {
        let owner = owner_of(taken)?;
        let id = owner.id().filter(|_| owner.category() == A::CATEGORY);
        let id = id.ok_or_else(|| ReadError::Corrupt(format!("`{}` is owned by `{owner}`", taken.stream)))?;
        let metadata = Metadata::parse(&taken.metadata)
            .map_err(|error| ReadError::Corrupt(format!("`{}`: {error}", taken.stream)))?;
        let decision = decision_id(&metadata);
        let (loaded, decided) = store.load_with(id, decision).await?;
        let open = (!decided && spent != Some(decision)).then(|| (decision, context.now - metadata.at >= CLAIM_GRACE));
        Ok(Standing { owner, held: A::held(&loaded.state, self).contains(key), open })
    }

    /// Appends what happens to the claim. `fence` is the id of the first of the events, in place of one of its own.
    async fn append(
        &self,
        key: &ClaimKey,
        expected: Expected,
        event_types: Vec<&'static str>,
        owner: &StreamName,
        fence: Option<Uuid>,
        context: &Context,
    ) -> Result<u64, AppendError> {
        let claim = Claim { owner: owner.to_string() };
        let json = serde_json::to_vec(&claim).map_err(|error| AppendError::Invalid(error.to_string()))?;
        let correlation = owner.id().or(context.correlation).unwrap_or_default();
        let stored = event_types.into_iter().map(|event_type| Stored { event_type, json: json.clone() });
        let mut events: Vec<NewEvent> = context.events(stored.collect(), correlation);
        for event in &mut events {
            // One request may take, give back and take again, and takes several values.
            let place = format!("{}/{expected:?}", key.0);
            event.id = derived(event.id, place.as_bytes());
        }
        if let (Some(fence), Some(first)) = (fence, events.first_mut()) {
            first.id = fence;
        }
        self.log.append(&key.0, expected, events).await.map(|appended| appended.revision)
    }
}

/// Whether a claim was taken by this very request.
fn is_of(taken: &RecordedEvent, context: &Context) -> bool {
    Metadata::parse(&taken.metadata).is_ok_and(|metadata| {
        metadata.agency == context.actor.agency.as_str() && metadata.request_id == context.request_id
    })
}

fn owner_of(event: &RecordedEvent) -> Result<StreamName, ReadError> {
    serde_json::from_slice::<Claim>(&event.data)
        .ok()
        .and_then(|claim| claim.owner.parse().ok())
        .ok_or_else(|| ReadError::Corrupt(format!("`{}` names no owner", event.stream)))
}

/// Releases the claims that their owners do not hold: those of requests that were refused or lost behind their claim, and
/// those that an owner has given up.
pub struct ReleaseClaims<A: Holder> {
    name: &'static str,
    store: Arc<Store<A>>,
    claims: Claims,
    reactor: Reactor,
}

impl<A: Holder> ReleaseClaims<A> {
    pub fn new(name: &'static str, store: Arc<Store<A>>, claims: Claims, reactor: Reactor) -> Self {
        Self { name, store, claims, reactor }
    }

    /// The values that the event may leave without a holder.
    async fn concerned(&self, event: &RecordedEvent) -> Result<Vec<ClaimKey>, Undone> {
        if event.stream.category() == CATEGORY {
            let taken = &*event.event_type == TAKEN && owner_of(event)?.category() == A::CATEGORY;
            return Ok(taken.then(|| ClaimKey(event.stream.clone())).into_iter().collect());
        }
        let (Some(id), true) = (event.stream.id(), A::gives_up(&event.event_type)) else { return Ok(Vec::new()) };
        let before = AsOf::Position(Position(event.position.0.saturating_sub(1)));
        Ok(A::held(&self.store.load_as_of(id, before).await?.state, &self.claims))
    }
}

#[async_trait]
impl<A: Holder> Reaction for ReleaseClaims<A> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn filter(&self) -> Filter {
        Filter::categories([CATEGORY, A::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        for key in self.concerned(event).await? {
            let context = self.reactor.context(event, &format!("release {}", key.0))?;
            self.claims.settle(&self.store, &key, &context).await?;
        }
        Ok(())
    }

    /// By then every request that took the claim has come to an end, or has lapsed.
    fn patience(&self) -> TimeDelta {
        CLAIM_GRACE
    }
}
