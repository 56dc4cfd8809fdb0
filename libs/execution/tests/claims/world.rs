//! A shelf that holds values, and processes that put them there.

use std::collections::BTreeSet;
use std::sync::Arc;

use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Position, READ_EVENTS_MAX};
use casebook_execution::reaction::{Reaction as _, Reactor};
use casebook_execution::{
    Aggregate, CLAIM_GRACE, ClaimError, ClaimKey, Claims, Clock as _, Context, DecodeError, ExecuteError, Holder,
    ReleaseClaims, Store, Stored, Taken, TurnedClock,
};
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, Decider, Timestamp};
use uuid::Uuid;

/// How many shelves there are.
pub const OWNERS: u8 = 3;

/// Holds values.
#[derive(Debug)]
pub struct Shelf;

#[derive(Debug, Clone)]
pub enum Change {
    Put(u8),
    Drop(u8),
    Refuse,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("no")]
pub struct No;

impl Decider for Shelf {
    type State = BTreeSet<u8>;
    type Command = Change;
    type Event = (bool, u8);
    type Refusal = No;

    fn decide(state: &BTreeSet<u8>, command: Change) -> Result<Vec<(bool, u8)>, No> {
        match command {
            Change::Put(value) => Ok(vec![(true, value)]),
            Change::Drop(value) if state.contains(&value) => Ok(vec![(false, value)]),
            Change::Drop(_) | Change::Refuse => Err(No),
        }
    }

    fn evolve(mut state: BTreeSet<u8>, (put, value): &(bool, u8)) -> BTreeSet<u8> {
        if *put {
            state.insert(*value);
        } else {
            state.remove(value);
        }
        state
    }
}

impl Aggregate for Shelf {
    const CATEGORY: &'static str = "shelf";

    fn encode((put, value): &(bool, u8)) -> Stored {
        Stored { event_type: if *put { "test.Put" } else { "test.Dropped" }, json: value.to_string().into_bytes() }
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<(bool, u8), DecodeError> {
        let value = serde_json::from_slice(json).map_err(|error| DecodeError::new(event_type, error))?;
        Ok((event_type == "test.Put", value))
    }
}

impl Holder for Shelf {
    fn held(state: &BTreeSet<u8>, claims: &Claims) -> Vec<ClaimKey> {
        state.iter().map(|value| key(claims, *value)).collect()
    }

    fn gives_up(event_type: &str) -> bool {
        event_type == "test.Dropped"
    }
}

pub fn key(claims: &Claims, value: u8) -> ClaimKey {
    claims.key("value", &[&value.to_string()])
}

pub fn id(owner: u8) -> Uuid {
    Uuid::from_u128(u128::from(owner) + 1)
}

pub fn actor() -> Actor {
    Actor {
        agency: "cac-310000".parse().unwrap(),
        officer: "officer-1".parse().unwrap(),
        agency_kind: None,
        region: Region::NATIONAL,
    }
}

pub struct World {
    pub log: Arc<dyn EventLog>,
    pub clock: Arc<TurnedClock>,
    _folder: tempfile::TempDir,
}

impl World {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
        let clock = Arc::new(TurnedClock::at(start));
        let time = clock.clone();
        let options = Options { clock: Arc::new(move || time.now()), ..Options::default() };
        Self { log: Arc::new(EmbeddedLog::open(folder.path(), options).unwrap()), clock, _folder: folder }
    }

    pub fn request(&self, number: usize) -> Context {
        Context {
            actor: actor(),
            request_id: Uuid::from_u128(number as u128).to_string(),
            content_sha256: [0; 32],
            etag: None,
            validate_only: false,
            correlation: None,
            causation: None,
            policy_version: "test-1".into(),
            trace_parent: String::new(),
            now: self.clock.now(),
        }
    }

    /// A process of its own: nothing in memory, and whatever log it has.
    pub fn process(&self, log: Option<Arc<dyn EventLog>>) -> Process {
        let log = log.unwrap_or_else(|| self.log.clone());
        Process { store: Arc::new(Store::new(log.clone())), claims: Claims::new(log, [1; 32]) }
    }

    /// Lets the reaction see every event when it is old enough.
    pub async fn release(&self) {
        self.clock.turn_by(CLAIM_GRACE);
        let process = self.process(None);
        let reactor = Reactor { system: actor(), policy_version: "test-1".into(), clock: self.clock.clone() };
        let reaction = ReleaseClaims::new("test.release", process.store.clone(), process.claims.clone(), reactor);
        let batch = self.log.read_all(Position::START, &reaction.filter(), READ_EVENTS_MAX).await.unwrap();
        assert!(batch.at_head);
        for event in &batch.events {
            reaction.react(event).await.unwrap();
        }
    }

    /// Who holds a value by its own state.
    pub async fn holders(&self, value: u8) -> Vec<u8> {
        let process = self.process(None);
        let mut holders = Vec::new();
        for owner in 0..OWNERS {
            if process.store.load(id(owner)).await.unwrap().state.contains(&value) {
                holders.push(owner);
            }
        }
        holders
    }

    pub async fn claimed_by(&self, value: u8) -> Option<Uuid> {
        let claims = self.process(None).claims;
        claims.holder(&key(&claims, value)).await.unwrap().and_then(|owner| owner.id())
    }
}

pub struct Process {
    pub store: Arc<Store<Shelf>>,
    pub claims: Claims,
}

impl Process {
    pub async fn take(&self, owner: u8, value: u8, context: &Context) -> Result<Taken, ClaimError> {
        self.claims.take(&self.store, &key(&self.claims, value), id(owner), context).await
    }

    pub async fn decide(
        &self,
        owner: u8,
        change: Change,
        taken: Option<Taken>,
        context: &Context,
    ) -> Result<(), ExecuteError<No>> {
        let outcome = self.store.execute(id(owner), context, change).await.map(|_| ());
        if let (Err(error), Some(taken)) = (&outcome, taken) {
            let _ = self.claims.give_back(taken, error, context).await;
        }
        outcome
    }

    /// What a service does: claim, decide, give back what was refused.
    pub async fn put(&self, owner: u8, value: u8, change: Change, context: &Context) {
        if let Ok(taken) = self.take(owner, value, context).await {
            let _ = self.decide(owner, change, Some(taken), context).await;
        }
    }
}
