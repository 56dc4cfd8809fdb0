//! Reactions run at least once with one effect; deadlines fire once and never early.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Expected, Filter, NewEvent, Position, RecordedEvent, StreamName};
use casebook_execution::reaction::{self, Cursors, NotNow, Parked, Progress, Reaction, Undone};
use casebook_execution::timer::{self, DueIndex, DueTimer, OnDue};
use casebook_execution::{Clock, SystemClock, TurnedClock};
use casebook_kernel::Timestamp;
use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[derive(Default)]
struct Memory {
    cursors: Mutex<HashMap<String, Position>>,
    parked: Mutex<BTreeMap<Position, Parked>>,
}

#[async_trait]
impl Cursors for Memory {
    async fn load(&self, name: &str) -> Result<Position, NotNow> {
        Ok(self.cursors.lock().unwrap().get(name).copied().unwrap_or_default())
    }

    async fn save(&self, name: &str, position: Position) -> Result<(), NotNow> {
        self.cursors.lock().unwrap().insert(name.to_owned(), position);
        Ok(())
    }

    async fn parked(&self, _: &str) -> Result<Vec<Parked>, NotNow> {
        Ok(self.parked.lock().unwrap().values().cloned().collect())
    }

    async fn park(&self, parked: &Parked) -> Result<(), NotNow> {
        self.parked.lock().unwrap().insert(parked.position, parked.clone());
        Ok(())
    }

    async fn unpark(&self, _: &str, position: Position) -> Result<(), NotNow> {
        self.parked.lock().unwrap().remove(&position);
        Ok(())
    }
}

/// Fails every third time, and remembers what it has seen.
#[derive(Default)]
struct Moody {
    calls: AtomicUsize,
    seen: Mutex<Vec<(StreamName, u64)>>,
}

#[async_trait]
impl Reaction for Moody {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn filter(&self) -> Filter {
        Filter::categories(["a"])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        if self.calls.fetch_add(1, Ordering::SeqCst) % 3 == 2 {
            return Err(Undone::NotNow("a bad moment".into()));
        }
        self.seen.lock().unwrap().push((event.stream.clone(), event.revision));
        Ok(())
    }
}

async fn append(log: &Arc<dyn EventLog>, stream: &StreamName) {
    let event = NewEvent { id: Uuid::new_v4(), event_type: "t".into(), data: "{}".into(), metadata: "{}".into() };
    log.append(stream, Expected::Any, vec![event]).await.unwrap();
}

/// Runs a reaction until it has come to the head; says how many events it has parked.
async fn run_until(log: &Arc<dyn EventLog>, cursors: &Arc<Memory>, reaction: Arc<dyn Reaction>) -> usize {
    let (progress, stop) = (Progress::default(), CancellationToken::new());
    let (mut reached, parked) = (progress.reached.subscribe(), progress.parked.subscribe());
    let clock = Arc::new(SystemClock);
    let task = tokio::spawn(reaction::run(log.clone(), cursors.clone(), reaction, clock, progress, stop.clone()));
    let head = log.head().await.unwrap();
    let done = reached.wait_for(|position| *position >= head);
    tokio::time::timeout(Duration::from_secs(30), done).await.unwrap().unwrap();
    stop.cancel();
    task.await.unwrap();
    *parked.borrow()
}

/// Cannot do with one event of one stream until it is mended.
struct Stuck {
    on: StreamName,
    mended: AtomicBool,
    seen: Mutex<Vec<(StreamName, u64)>>,
}

#[async_trait]
impl Reaction for Stuck {
    fn name(&self) -> &'static str {
        "stuck"
    }

    fn filter(&self) -> Filter {
        Filter::categories(["a"])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        if event.stream == self.on && event.revision == 1 && !self.mended.load(Ordering::SeqCst) {
            return Err(Undone::Never("cannot be read".into()));
        }
        self.seen.lock().unwrap().push((event.stream.clone(), event.revision));
        Ok(())
    }
}

impl Stuck {
    fn seen_of(&self, stream: &StreamName) -> Vec<u64> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(name, _)| name == stream).map(|(_, revision)| *revision).collect()
    }
}

#[tokio::test]
async fn what_can_never_be_done_is_parked_with_what_follows_and_done_in_order_once_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(folder.path(), Options::default()).unwrap());
    let [stuck, other] = [1, 2].map(|n| StreamName::of("a", Uuid::from_u128(n)));
    let cursors = Arc::new(Memory::default());
    let reaction = Arc::new(Stuck { on: stuck.clone(), mended: AtomicBool::default(), seen: Mutex::default() });
    for _ in 0..3 {
        append(&log, &stuck).await;
        append(&log, &other).await;
    }
    assert_eq!(run_until(&log, &cursors, reaction.clone()).await, 2);
    assert_eq!((reaction.seen_of(&stuck), reaction.seen_of(&other)), (vec![0], vec![0, 1, 2]));
    // After a restart it is still so, and what comes later in the stream waits, too.
    append(&log, &stuck).await;
    append(&log, &other).await;
    assert_eq!(run_until(&log, &cursors, reaction.clone()).await, 3);
    assert_eq!((reaction.seen_of(&stuck), reaction.seen_of(&other)), (vec![0], vec![0, 1, 2, 3]));
    let reasons: Vec<String> =
        cursors.parked.lock().unwrap().values().map(|parked| format!("{} {}", parked.stream, parked.reason)).collect();
    let first = *cursors.parked.lock().unwrap().keys().next().unwrap();
    let waits = format!("{stuck} waits behind position {first}");
    assert_eq!(reasons, [format!("{stuck} cannot be read"), waits.clone(), waits]);
    // A cursor that was not saved, after a crash: nothing is parked or done twice.
    cursors.cursors.lock().unwrap().insert("stuck".into(), first);
    let behind = reaction.seen_of(&other).len();
    assert_eq!(run_until(&log, &cursors, reaction.clone()).await, 3);
    assert_eq!(reaction.seen_of(&stuck), [0]);
    assert!(reaction.seen_of(&other).len() > behind, "the other stream's are met again, as always");
    // A mended release takes it up where it was left.
    reaction.mended.store(true, Ordering::SeqCst);
    assert_eq!(run_until(&log, &cursors, reaction.clone()).await, 0);
    assert_eq!(reaction.seen_of(&stuck), [0, 1, 2, 3]);
    assert!(cursors.parked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_reaction_sees_every_event_in_its_streams_order_also_over_failures_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(folder.path(), Options::default()).unwrap());
    let streams: Vec<_> = (0..4).map(|n| StreamName::of("a", Uuid::from_u128(n))).collect();
    let other = StreamName::of("b", Uuid::nil());
    let (cursors, reaction) = (Arc::new(Memory::default()), Arc::new(Moody::default()));
    for round in 0..2 {
        for _ in 0..5 {
            for stream in &streams {
                append(&log, stream).await;
            }
            append(&log, &other).await;
        }
        run_until(&log, &cursors, reaction.clone()).await;
        let seen = reaction.seen.lock().unwrap().clone();
        for stream in &streams {
            let revisions: Vec<u64> =
                seen.iter().filter(|(name, _)| name == stream).map(|(_, revision)| *revision).collect();
            // Nothing skipped, nothing out of order; the cursor spares what was done before the restart.
            assert_eq!(revisions, (0..5 * (round + 1)).collect::<Vec<_>>());
        }
        assert!(seen.iter().all(|(name, _)| *name != other));
    }
}

struct Index(Mutex<Vec<DueTimer>>);

#[async_trait]
impl DueIndex for Index {
    async fn due(&self, now: Timestamp, _: u64) -> Result<Vec<DueTimer>, NotNow> {
        Ok(self.0.lock().unwrap().iter().filter(|timer| timer.due <= now).cloned().collect())
    }
}

#[derive(Default)]
struct Fired(Mutex<Vec<(DueTimer, Timestamp)>>);

#[async_trait]
impl OnDue for Fired {
    async fn fire(&self, timer: &DueTimer, now: Timestamp) -> Result<(), Undone> {
        self.0.lock().unwrap().push((timer.clone(), now));
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_fires_once_and_never_early_by_the_services_clock() {
    let start: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
    let clock = Arc::new(TurnedClock::at(start));
    let timer = |hours| DueTimer {
        stream: StreamName::of("order", Uuid::from_u128(7)),
        kind: format!("after-{hours}"),
        due: start + TimeDelta::hours(hours),
    };
    let index = Arc::new(Index(Mutex::new(vec![timer(24), timer(48)])));
    let fired = Arc::new(Fired::default());
    let stop = CancellationToken::new();
    let task = tokio::spawn(timer::run(index, fired.clone(), clock.clone(), stop.clone()));
    let count = || fired.0.lock().unwrap().len();
    let hours = [(23, 0), (24, 1), (47, 1), (49, 2), (500, 2)];
    for (hour, expected) in hours {
        clock.turn_to(start + TimeDelta::hours(hour));
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(count(), expected, "after {hour} hours");
    }
    assert!(fired.0.lock().unwrap().iter().all(|(timer, now)| *now >= timer.due && clock.now() >= timer.due));
    stop.cancel();
    task.await.unwrap();
}

#[test]
fn a_timer_that_fires_twice_issues_the_same_request_twice() {
    let timer = DueTimer {
        stream: StreamName::of("order", Uuid::from_u128(7)),
        kind: "overdue".into(),
        due: "2026-03-02T01:00:00Z".parse().unwrap(),
    };
    let system = casebook_kernel::Actor {
        agency: "casebook".parse().unwrap(),
        officer: "system".parse().unwrap(),
        agency_kind: None,
        region: casebook_kernel::region::Region::NATIONAL,
    };
    let context = |now: &str| timer.context(&system, &"p".into(), now.parse().unwrap());
    let (first, second) = (context("2026-03-02T01:00:01Z"), context("2026-03-09T01:00:01Z"));
    assert_eq!(first.request_id, second.request_id);
    assert_eq!(first.content_sha256, second.content_sha256);
    let later = DueTimer { due: timer.due + TimeDelta::seconds(1), ..timer.clone() };
    assert_ne!(later.context(&system, &"p".into(), later.due).request_id, first.request_id);
}
