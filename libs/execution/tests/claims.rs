//! A value exists once: whoever dies, is refused or is held up between a claim and its decision.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Filter, Position, READ_EVENTS_MAX};
use casebook_execution::reaction::{Reaction as _, Reactor, Undone};
use casebook_execution::{
    Aggregate, CLAIM_GRACE, ClaimError, ClaimKey, Claims, Clock as _, Context, DecodeError, ExecuteError, Holder,
    ReleaseClaims, Store, Stored, Taken, TurnedClock,
};
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, Decider, Timestamp};
use casebook_testkit::{Fault, FaultyLog};
use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;

/// Holds values.
#[derive(Debug)]
struct Shelf;

#[derive(Debug, Clone)]
enum Change {
    Put(u8),
    Drop(u8),
    Refuse,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("no")]
struct No;

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

fn key(claims: &Claims, value: u8) -> ClaimKey {
    claims.key("value", &[&value.to_string()])
}

fn id(owner: u8) -> Uuid {
    Uuid::from_u128(u128::from(owner) + 1)
}

fn actor() -> Actor {
    Actor {
        agency: "cac-310000".parse().unwrap(),
        officer: "officer-1".parse().unwrap(),
        agency_kind: None,
        region: Region::NATIONAL,
    }
}

struct World {
    log: Arc<dyn EventLog>,
    clock: Arc<TurnedClock>,
    _folder: tempfile::TempDir,
}

impl World {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
        let clock = Arc::new(TurnedClock::at(start));
        let time = clock.clone();
        let options = Options { clock: Arc::new(move || time.now()), ..Options::default() };
        Self { log: Arc::new(EmbeddedLog::open(folder.path(), options).unwrap()), clock, _folder: folder }
    }

    fn request(&self, number: usize) -> Context {
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
    fn process(&self, log: Option<Arc<dyn EventLog>>) -> Process {
        let log = log.unwrap_or_else(|| self.log.clone());
        Process { store: Arc::new(Store::new(log.clone())), claims: Claims::new(log, [1; 32]) }
    }

    /// Lets the reaction see every event when it is old enough.
    async fn release(&self) {
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
    async fn holders(&self, value: u8) -> Vec<u8> {
        let process = self.process(None);
        let mut holders = Vec::new();
        for owner in 0..OWNERS {
            if process.store.load(id(owner)).await.unwrap().state.contains(&value) {
                holders.push(owner);
            }
        }
        holders
    }

    async fn claimed_by(&self, value: u8) -> Option<Uuid> {
        let claims = self.process(None).claims;
        claims.holder(&key(&claims, value)).await.unwrap().and_then(|owner| owner.id())
    }
}

struct Process {
    store: Arc<Store<Shelf>>,
    claims: Claims,
}

impl Process {
    async fn take(&self, owner: u8, value: u8, context: &Context) -> Result<Taken, ClaimError> {
        self.claims.take(&self.store, &key(&self.claims, value), id(owner), context).await
    }

    async fn decide(
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
    async fn put(&self, owner: u8, value: u8, change: Change, context: &Context) {
        if let Ok(taken) = self.take(owner, value, context).await {
            let _ = self.decide(owner, change, Some(taken), context).await;
        }
    }
}

const OWNERS: u8 = 3;
const VALUES: u8 = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_want_a_value_one_gets_it() {
    let world = World::open();
    let mut tasks = Vec::new();
    for number in 0..16 {
        let (process, request) = (world.process(None), world.request(usize::from(number)));
        tasks.push(tokio::spawn(async move { process.take(number, 0, &request).await.map(|_| number) }));
    }
    let mut winners = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(owner) => winners.push(owner),
            Err(ClaimError::Held { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(world.claimed_by(0).await, Some(id(winners[0])));
}

#[tokio::test]
async fn a_value_that_was_given_back_is_free_at_once() {
    let world = World::open();
    let process = world.process(None);
    let first = world.request(1);
    let taken = process.take(0, 0, &first).await.unwrap();
    let refused = process.decide(0, Change::Refuse, Some(taken), &first).await;
    assert_eq!(refused, Err(ExecuteError::Refused(No)));
    assert_eq!(world.claimed_by(0).await, None);
    // One whose owner held it and gave it up, too, although nobody has released it yet.
    process.put(1, 0, Change::Put(0), &world.request(2)).await;
    process.decide(1, Change::Drop(0), None, &world.request(3)).await.unwrap();
    assert_eq!(world.claimed_by(0).await, Some(id(1)));
    process.put(2, 0, Change::Put(0), &world.request(4)).await;
    assert_eq!((world.holders(0).await, world.claimed_by(0).await), (vec![2], Some(id(2))));
}

#[tokio::test]
async fn what_is_held_stays_held_however_old_the_claim_is() {
    let world = World::open();
    let process = world.process(None);
    process.put(0, 0, Change::Put(0), &world.request(1)).await;
    world.clock.turn_by(TimeDelta::days(365));
    assert!(matches!(process.take(1, 0, &world.request(2)).await, Err(ClaimError::Held { .. })));
    world.release().await;
    assert_eq!(world.claimed_by(0).await, Some(id(0)));
}

/// The writer died between claim and decision, or between refusal and release: on a new owner, and on one that exists.
#[tokio::test]
async fn a_crash_at_any_append_leaves_no_claim_for_ever() {
    for owner_exists in [false, true] {
        for change in [Change::Put(0), Change::Refuse] {
            for (nth, fault) in (0..3).flat_map(|nth| [(nth, Fault::Before), (nth, Fault::After)]) {
                let world = World::open();
                if owner_exists {
                    world.process(None).put(0, 1, Change::Put(1), &world.request(1)).await;
                }
                let faulty = Arc::new(FaultyLog::new(world.log.clone(), nth, fault));
                world.process(Some(faulty)).put(0, 0, change.clone(), &world.request(2)).await;
                let other = world.process(None);
                let holders = world.holders(0).await;
                let waits = world.claimed_by(0).await.is_some();
                assert_eq!(other.take(1, 0, &world.request(3)).await.is_err(), waits, "{change:?} {nth} {fault:?}");
                if !waits {
                    continue;
                }
                // The reaction frees it, or the next one who wants it takes it over.
                world.release().await;
                assert_eq!(
                    world.claimed_by(0).await,
                    holders.first().map(|owner| id(*owner)),
                    "{change:?} {nth} {fault:?}"
                );
            }
        }
    }
}

/// A writer that was held up beyond the grace finds its decision barred: whether the value was released or taken over.
#[tokio::test]
async fn a_writer_that_was_held_up_is_fenced() {
    for taken_over in [false, true] {
        let world = World::open();
        let (slow, quick) = (world.process(None), world.process(None));
        let late = world.request(1);
        let taken = slow.take(0, 0, &late).await.unwrap();
        if taken_over {
            world.clock.turn_by(CLAIM_GRACE);
            let _ = quick.take(1, 0, &world.request(2)).await.unwrap();
        } else {
            world.release().await;
            assert_eq!(world.claimed_by(0).await, None);
        }
        let outcome = slow.decide(0, Change::Put(0), Some(taken), &late).await;
        assert!(matches!(outcome, Err(ExecuteError::Lapsed { .. })), "{outcome:?}");
        assert_eq!(world.holders(0).await, [0; 0]);
        assert_eq!(world.claimed_by(0).await, taken_over.then(|| id(1)), "it gives back nothing of another's");
        // Under a new name it may try again.
        world.release().await;
        slow.put(0, 0, Change::Put(0), &world.request(3)).await;
        assert_eq!(world.holders(0).await, [0]);
    }
}

/// The decision came a moment before the fence: then it stands.
#[tokio::test]
async fn a_decision_at_the_last_moment_keeps_its_claim() {
    let world = World::open();
    let slow = world.process(None);
    let late = world.request(1);
    let taken = slow.take(0, 0, &late).await.unwrap();
    world.clock.turn_by(CLAIM_GRACE);
    // A log that lets the decision in right before the fence is appended.
    let racing = Arc::new(Racing { inner: world.log.clone(), slow, late, taken: std::sync::Mutex::new(Some(taken)) });
    let other = world.process(Some(racing));
    assert!(matches!(other.take(1, 0, &world.request(2)).await, Err(ClaimError::Held { .. })));
    assert_eq!((world.holders(0).await, world.claimed_by(0).await), (vec![0], Some(id(0))));
}

/// Two requests on one owner: the second does not get by the first while that may still be carried out.
#[tokio::test]
async fn one_request_at_a_time_is_undecided_on_a_claim() {
    let world = World::open();
    let process = world.process(None);
    let first = world.request(1);
    let taken = process.take(0, 0, &first).await.unwrap();
    assert_eq!(process.take(0, 0, &world.request(2)).await, Err(ClaimError::Contended));
    process.decide(0, Change::Put(0), Some(taken), &first).await.unwrap();
    // Its refusal takes nothing from what the owner holds already.
    process.put(0, 0, Change::Refuse, &world.request(3)).await;
    assert_eq!((world.holders(0).await, world.claimed_by(0).await), (vec![0], Some(id(0))));
}

#[tokio::test]
async fn a_validation_takes_nothing() {
    let world = World::open();
    let request = Context { validate_only: true, ..world.request(1) };
    let _ = world.process(None).take(0, 0, &request).await.unwrap();
    assert_eq!(world.claimed_by(0).await, None);
}

#[tokio::test]
async fn a_claim_tells_nothing_of_its_value_without_the_key() {
    let world = World::open();
    let [mine, other] = [[1; 32], [2; 32]].map(|key| Claims::new(world.log.clone(), key));
    assert_ne!(
        mine.keyed_hash("certificate", &["110123456789012"]),
        other.keyed_hash("certificate", &["110123456789012"])
    );
    assert_ne!(mine.key("a", &["bc", "d"]), mine.key("a", &["b", "cd"]));
}

/// What may happen to a value, in any order and by as many processes as there are steps.
#[derive(Debug, Clone)]
enum Step {
    /// A service puts a value on a shelf, or is refused behind its claim; from the `nth` append on its log fails.
    Put {
        owner: u8,
        value: u8,
        refused: bool,
        nth: usize,
        after: bool,
    },
    /// Takes a claim and is held up.
    Pause {
        owner: u8,
        value: u8,
    },
    /// The oldest of those that are held up goes on.
    Resume,
    Drop {
        owner: u8,
        value: u8,
    },
    /// The same request once more.
    Repeat {
        owner: u8,
        value: u8,
        request: usize,
    },
    Wait {
        minutes: i64,
    },
    Release,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (owner, value) = (0..OWNERS, 0..VALUES);
    let step = prop_oneof![
        4 => (owner.clone(), value.clone(), any::<bool>(), 0..5_usize, any::<bool>())
            .prop_map(|(owner, value, refused, nth, after)| Step::Put { owner, value, refused, nth, after }),
        2 => (owner.clone(), value.clone()).prop_map(|(owner, value)| Step::Pause { owner, value }),
        2 => Just(Step::Resume),
        2 => (owner.clone(), value.clone()).prop_map(|(owner, value)| Step::Drop { owner, value }),
        1 => (owner, value, 0..8_usize).prop_map(|(owner, value, request)| Step::Repeat { owner, value, request }),
        2 => (0..3_i64).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Release),
    ];
    proptest::collection::vec(step, 1..24)
}

async fn play(steps: &[Step]) {
    let world = World::open();
    let mut paused = std::collections::VecDeque::new();
    for (number, step) in steps.iter().enumerate() {
        let request = world.request(number);
        let process = world.process(None);
        match step.clone() {
            Step::Put { owner, value, refused, nth, after } => {
                let fault = if after { Fault::After } else { Fault::Before };
                let log = Arc::new(FaultyLog::new(world.log.clone(), nth, fault));
                let change = if refused { Change::Refuse } else { Change::Put(value) };
                world.process(Some(log)).put(owner, value, change, &request).await;
            }
            Step::Pause { owner, value } => {
                if let Ok(taken) = process.take(owner, value, &request).await {
                    paused.push_back((process, owner, value, taken, request));
                }
            }
            Step::Resume => {
                if let Some((process, owner, value, taken, request)) = paused.pop_front() {
                    let _ = process.decide(owner, Change::Put(value), Some(taken), &request).await;
                }
            }
            Step::Drop { owner, value } => drop(process.decide(owner, Change::Drop(value), None, &request).await),
            Step::Repeat { owner, value, request } => {
                process.put(owner, value, Change::Put(value), &world.request(request)).await;
            }
            Step::Wait { minutes } => world.clock.turn_by(TimeDelta::minutes(minutes)),
            Step::Release => world.release().await,
        }
        for value in 0..VALUES {
            let holders = world.holders(value).await;
            assert!(holders.len() <= 1, "{holders:?} hold {value} after {step:?}");
            if let [holder] = holders[..] {
                assert_eq!(world.claimed_by(value).await, Some(id(holder)), "{value} after {step:?}");
            }
        }
    }
    world.release().await;
    for value in 0..VALUES {
        let holder = world.holders(value).await.first().map(|owner| id(*owner));
        assert_eq!(world.claimed_by(value).await, holder, "at rest a claim says who holds {value}");
    }
}

#[test]
fn at_rest_a_value_has_one_holder_at_most_and_no_claim_without_one() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 192, failure_persistence: None, ..Config::default() });
    runner
        .run(&steps(), |steps| {
            runtime.block_on(play(&steps));
            Ok(())
        })
        .unwrap();
}

/// Lets a slow writer's decision in right before whatever is appended first.
#[derive(Debug)]
struct Racing {
    inner: Arc<dyn EventLog>,
    slow: Process,
    late: Context,
    taken: std::sync::Mutex<Option<Taken>>,
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Process")
    }
}

#[async_trait]
impl EventLog for Racing {
    async fn append(
        &self,
        stream: &casebook_eventlog::StreamName,
        expected: casebook_eventlog::Expected,
        events: Vec<casebook_eventlog::NewEvent>,
    ) -> Result<casebook_eventlog::Appended, casebook_eventlog::AppendError> {
        let taken = self.taken.lock().unwrap().take();
        if let Some(taken) = taken {
            self.slow.decide(0, Change::Put(0), Some(taken), &self.late).await.unwrap();
        }
        self.inner.append(stream, expected, events).await
    }

    async fn read_stream(
        &self,
        stream: &casebook_eventlog::StreamName,
        direction: casebook_eventlog::Direction,
        from: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Arc<casebook_eventlog::RecordedEvent>>, casebook_eventlog::ReadError> {
        self.inner.read_stream(stream, direction, from, limit).await
    }

    async fn read_all(
        &self,
        after: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<casebook_eventlog::Batch, casebook_eventlog::ReadError> {
        self.inner.read_all(after, filter, limit).await
    }

    fn subscribe(&self, after: Position, filter: Filter) -> Box<dyn casebook_eventlog::Subscription> {
        self.inner.subscribe(after, filter)
    }

    async fn head(&self) -> Result<Position, casebook_eventlog::ReadError> {
        self.inner.head().await
    }
}

/// The reaction is one of the few that wait: it must not be asked before its time.
#[tokio::test]
async fn the_reaction_leaves_a_young_claim_alone() {
    let world = World::open();
    let process = world.process(None);
    let _ = process.take(0, 0, &world.request(1)).await.unwrap();
    let reactor = Reactor { system: actor(), policy_version: "test-1".into(), clock: world.clock.clone() };
    let reaction = ReleaseClaims::new("test.release", process.store.clone(), process.claims.clone(), reactor);
    assert_eq!(reaction.patience(), CLAIM_GRACE);
    let claim = world.log.read_all(Position::START, &reaction.filter(), 1).await.unwrap().events.remove(0);
    assert!(matches!(reaction.react(&claim).await, Err(Undone::NotNow(_))));
    assert_eq!(world.claimed_by(0).await, Some(id(0)));
}
