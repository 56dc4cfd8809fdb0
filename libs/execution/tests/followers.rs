//! Reactions run at least once with one effect; deadlines fire once and never early.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Expected, Filter, NewEvent, Position, RecordedEvent, StreamName};
use casebook_execution::reaction::{self, Cursors, NotNow, Reaction};
use casebook_execution::timer::{self, DueIndex, DueTimer, OnDue};
use casebook_execution::{Clock, TurnedClock};
use casebook_kernel::Timestamp;
use chrono::TimeDelta;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[derive(Default)]
struct Memory(Mutex<HashMap<String, Position>>);

#[async_trait]
impl Cursors for Memory {
    async fn load(&self, name: &str) -> Result<Position, NotNow> {
        Ok(self.0.lock().unwrap().get(name).copied().unwrap_or_default())
    }

    async fn save(&self, name: &str, position: Position) -> Result<(), NotNow> {
        self.0.lock().unwrap().insert(name.to_owned(), position);
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

    async fn react(&self, event: &RecordedEvent) -> Result<(), NotNow> {
        if self.calls.fetch_add(1, Ordering::SeqCst) % 3 == 2 {
            return Err(NotNow("a bad moment".into()));
        }
        self.seen.lock().unwrap().push((event.stream.clone(), event.revision));
        Ok(())
    }
}

async fn append(log: &Arc<dyn EventLog>, stream: &StreamName) {
    let event = NewEvent { id: Uuid::new_v4(), event_type: "t".into(), data: "{}".into(), metadata: "{}".into() };
    log.append(stream, Expected::Any, vec![event]).await.unwrap();
}

async fn run_until(log: &Arc<dyn EventLog>, cursors: &Arc<Memory>, reaction: &Arc<Moody>) {
    let (progress, stop) = (watch::Sender::new(Position::START), CancellationToken::new());
    let mut reached = progress.subscribe();
    let task = tokio::spawn(reaction::run(log.clone(), cursors.clone(), reaction.clone(), progress, stop.clone()));
    let head = log.head().await.unwrap();
    let done = reached.wait_for(|position| *position >= head);
    tokio::time::timeout(Duration::from_secs(30), done).await.unwrap().unwrap();
    stop.cancel();
    task.await.unwrap();
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
        run_until(&log, &cursors, &reaction).await;
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
    async fn fire(&self, timer: &DueTimer, now: Timestamp) -> Result<(), NotNow> {
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
