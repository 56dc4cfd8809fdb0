//! Followers that are slow cost no memory, however many they are. Alone in its process, whose memory is looked at.

use std::path::Path;

use casebook_eventlog::embedded::{EmbeddedLog, Options, Page};
use casebook_eventlog::{EventLog, Expected, Filter, NewEvent, Position, StreamName};
use uuid::Uuid;

const FOLLOWERS: usize = 1000;
/// Written in all: far more than may stay in memory.
const ROUNDS: usize = 24;
const APPENDS: usize = 8;
const EVENTS: usize = 64;
const EVENT_BYTES: usize = 16 << 10;

const FEED_BYTES_MAX: usize = 4 << 20;
/// As the README lists them: the feed, and database pages of the writer and of four readers, 8 MiB each. Twice that,
/// for what an allocator keeps of what was given back.
const MEMORY_BYTES_MAX: usize = 2 * (FEED_BYTES_MAX + 5 * (8 << 20));

/// Memory of this process that is in use, of the files that it has mapped as well.
fn memory_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let resident = pages.split(' ').nth(1).expect("the second number");
    resident.parse::<usize>().expect("a number") * 4096
}

fn event() -> NewEvent {
    NewEvent {
        id: Uuid::new_v4(),
        event_type: "CaseOpened".into(),
        data: vec![b'1'; EVENT_BYTES].into(),
        metadata: "{}".into(),
    }
}

fn open(folder: &Path) -> EmbeddedLog {
    let options = Options { feed_bytes_max: FEED_BYTES_MAX, ..Options::default() };
    EmbeddedLog::open(folder, options).expect("a log")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_slow_followers_cost_a_writer_no_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    let page = Page { events: 1, ..Page::MAX };
    let mut followers: Vec<_> = (0..FOLLOWERS).map(|_| log.follow(Position::START, Filter::all(), page)).collect();
    let stream = StreamName::of("case", Uuid::new_v4());
    let before = memory_bytes();
    let mut most = before;
    for round in 1..=ROUNDS {
        for _ in 0..APPENDS {
            log.append(&stream, Expected::Any, (0..EVENTS).map(|_| event()).collect()).await.expect("an append");
        }
        for follower in &mut followers {
            let batch = follower.next().await.expect("a batch");
            assert_eq!(batch.through.0, round as u64, "each is where it would be without the others");
        }
        most = most.max(memory_bytes());
    }
    let written = ROUNDS * APPENDS * EVENTS * EVENT_BYTES;
    assert!(written > 2 * MEMORY_BYTES_MAX, "{written} bytes prove nothing");
    let grown = most - before;
    assert!(grown < MEMORY_BYTES_MAX, "{grown} bytes more for {FOLLOWERS} followers, {written} bytes written");
}
