//! A page that is damaged is never served: each answer is what was written, or an error, and `check` finds it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use casebook_eventlog::embedded::{DATABASE_FILE, EmbeddedLog, Options, Page, check};
use casebook_eventlog::{
    AppendError, Appended, Direction, EventLog, Expected, Filter, NewEvent, Position, READ_EVENTS_MAX, RecordedEvent,
    StreamName,
};
use chrono::DateTime;
use rusqlite::Connection;
use uuid::Uuid;

use crate::given::{NEWEST, crash_image, event_of, everything};

const PAGE: usize = 4096;
const WAL: &str = "events.sqlite-wal";
/// Of the write-ahead log: before its first frame, and before the page in each frame.
const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// One stream in three is of this category.
const FILTERED: &str = "order";

type Events = Vec<Arc<RecordedEvent>>;

/// What was written.
struct Truth {
    all: Events,
    streams: BTreeMap<StreamName, Events>,
}

/// A log whose bytes are the same in each run.
fn open(folder: &Path) -> EmbeddedLog {
    let options = Options { clock: Arc::new(|| DateTime::UNIX_EPOCH), ..Options::default() };
    EmbeddedLog::open(folder, options).expect("the log opens")
}

/// Some streams whose events take turns, so that each table and each index has more than one page.
async fn write(log: &EmbeddedLog) -> Truth {
    // Spread like the random ids they stand for.
    let mut chance = Chance(3);
    let mut id = move || Uuid::from_u64_pair(chance.long(), chance.long());
    let category = |number| if number % 3 == 0 { FILTERED } else { "case" };
    let streams: Vec<_> = (0..60).map(|number| StreamName::of(category(number), id())).collect();
    for round in 0..3 {
        for (number, stream) in streams.iter().enumerate() {
            let length = (number * 97 + round * 311) % 1200 + number / 59 * 9000;
            let event = NewEvent { id: id(), ..event_of(length) };
            log.append(stream, Expected::Any, vec![event]).await.expect("an append");
        }
    }
    let all = everything(log).await;
    let mut streams: BTreeMap<_, Events> = BTreeMap::new();
    for event in &all {
        streams.entry(event.stream.clone()).or_default().push(Arc::clone(event));
    }
    Truth { all, streams }
}

impl Truth {
    /// Every read that was answered, and not with the truth.
    async fn wrong_answers(&self, log: &EmbeddedLog) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut hold = |what: &str, answer: Option<Events>, truth: &Events| {
            if answer.is_some_and(|answer| answer != *truth) {
                wrong.push(what.to_owned());
            }
        };
        let forwards = log.read_all(Position::START, &Filter::all(), READ_EVENTS_MAX).await;
        hold("$all", forwards.ok().map(|batch| batch.events), &self.all);
        let backwards = log.read_all_backwards(None, &Filter::all(), Page::MAX).await;
        hold("$all backwards", backwards.ok().map(|stretch| reversed(stretch.events)), &self.all);
        let newest = log.read_all_backwards(None, &Filter::all(), NEWEST).await;
        hold("the newest", newest.ok().map(|stretch| stretch.events), &self.all[self.all.len() - 1..].to_vec());
        let filter = Filter::categories([FILTERED]);
        let truth: Events = self.all.iter().filter(|event| filter.matches(&event.stream)).cloned().collect();
        let forwards = log.read_all(Position::START, &filter, READ_EVENTS_MAX).await;
        hold("$all of a category", forwards.ok().map(|batch| batch.events), &truth);
        let backwards = log.read_all_backwards(None, &filter, Page::MAX).await;
        hold("$all of a category backwards", backwards.ok().map(|stretch| reversed(stretch.events)), &truth);
        let newest = log.read_all_backwards(None, &filter, NEWEST).await;
        hold("the newest of a category", newest.ok().map(|stretch| stretch.events), &truth[truth.len() - 1..].to_vec());
        for (stream, truth) in &self.streams {
            let forwards = log.read_stream(stream, Direction::Forwards, None, 100).await;
            hold("a stream", forwards.ok(), truth);
            let backwards = log.read_stream(stream, Direction::Backwards, None, 100).await;
            hold("a stream backwards", backwards.ok().map(reversed), truth);
            let last = log.read_stream(stream, Direction::Backwards, None, 1).await;
            hold("the last of a stream", last.ok(), &truth[truth.len() - 1..].to_vec());
            let behind = log.read_stream(stream, Direction::Forwards, Some(1), 100).await;
            hold("a stream from 1", behind.ok(), &truth[1..].to_vec());
        }
        if log.head().await.is_ok_and(|head| head.0 != self.all.len() as u64) {
            wrong.push("the head".to_owned());
        }
        wrong
    }

    /// Events that are found by their ids, and not where they are.
    async fn wrong_ids(&self, folder: &Path) -> Vec<String> {
        let Ok(log) = EmbeddedLog::open(folder, Options::default()) else { return Vec::new() };
        let mut wrong = Vec::new();
        for event in self.all.iter().step_by(11) {
            let RecordedEvent { id, event_type, data, metadata, .. } = (**event).clone();
            let again = vec![NewEvent { id, event_type, data, metadata }];
            let truth = Appended { revision: event.revision, position: event.position, repeated: true };
            match log.append(&event.stream, Expected::Any, again).await {
                Ok(appended) if appended == truth => {}
                Err(AppendError::Unavailable(_)) => {}
                answer => wrong.push(format!("an id: {answer:?}")),
            }
        }
        wrong
    }
}

fn reversed(mut events: Events) -> Events {
    events.reverse();
    events
}

/// Numbers that are the same in each run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> usize {
        usize::try_from(self.long() >> 33).unwrap_or(0)
    }

    fn long(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0
    }
}

/// A log without a write-ahead log, all of whose ids are in the index.
async fn at_rest(folder: &Path) -> Truth {
    let log = open(folder);
    let truth = write(&log).await;
    drop(log);
    let settle = "INSERT INTO event_ids SELECT id, position FROM events; UPDATE indexed SET through = 180";
    Connection::open(folder.join(DATABASE_FILE)).expect("a database").execute_batch(settle).expect("the ids");
    truth
}

#[tokio::test]
async fn a_page_that_is_lost_or_overwritten_is_never_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let truth = at_rest(folder.path()).await;
    let database = folder.path().join(DATABASE_FILE);
    let whole = std::fs::read(&database).expect("the file");
    let (mut chance, mut damaged) = (Chance(1), 0);
    for at in (0..whole.len()).step_by(PAGE) {
        for kind in ["zeros", "ones", "noise", "a sector of zeros", "a flipped bit"] {
            let mut bytes = whole.clone();
            let page = &mut bytes[at..at + PAGE];
            match kind {
                "zeros" => page.fill(0),
                "ones" => page.fill(0xff),
                "noise" => page.fill_with(|| u8::try_from(chance.next() % 256).unwrap_or(0)),
                "a sector of zeros" => page[chance.next() % 8 * 512..][..512].fill(0),
                _ => page[chance.next() % PAGE] ^= 1 << (chance.next() % 8),
            }
            if bytes == whole {
                continue;
            }
            std::fs::write(&database, &bytes).expect("the file");
            let clean = check(folder.path()).is_ok_and(|checked| checked.is_clean());
            damaged += u32::from(!clean);
            // Smaller damage may touch what nobody reads.
            let small = matches!(kind, "a sector of zeros" | "a flipped bit");
            assert!(small || !clean, "{kind} in page {}: not found", at / PAGE + 1);
            let mut wrong = match EmbeddedLog::open_read_only(folder.path()) {
                Ok(log) => truth.wrong_answers(&log).await,
                Err(_) => Vec::new(),
            };
            // An id that turned into another is not noticed before `check`.
            if kind != "a flipped bit" {
                wrong.extend(truth.wrong_ids(crash_image(folder.path()).path()).await);
            }
            assert!(wrong.is_empty(), "{kind} in page {}: {wrong:?}", at / PAGE + 1);
        }
    }
    assert!(damaged > 150, "{damaged} damages");
}

/// A page in the place of another is well-formed. What is read is right all the same, but the end of the log may be
/// hidden from a reader that has no writer beside it; `check` tells.
#[tokio::test]
async fn a_page_in_the_place_of_another_shows_nothing_that_was_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let truth = at_rest(folder.path()).await;
    let database = folder.path().join(DATABASE_FILE);
    let whole = std::fs::read(&database).expect("the file");
    let (pages, mut chance) = (whole.len() / PAGE, Chance(2));
    for page in 1..pages {
        let other = chance.next() % pages;
        let mut bytes = whole.clone();
        bytes[page * PAGE..][..PAGE].copy_from_slice(&whole[other * PAGE..][..PAGE]);
        if bytes == whole {
            continue;
        }
        std::fs::write(&database, &bytes).expect("the file");
        assert!(!check(folder.path()).is_ok_and(|checked| checked.is_clean()), "{other} in place of {page}: not found");
        let Ok(log) = EmbeddedLog::open_read_only(folder.path()) else { continue };
        let mut wrong = truth.wrong_answers(&log).await;
        let end_is_hidden = log.head().await.is_ok_and(|head| head.0 < truth.all.len() as u64);
        wrong.retain(|wrong| !end_is_hidden || wrong.contains("a stream"));
        assert!(wrong.is_empty(), "{other} in place of {page}: {wrong:?}");
        if let Ok(batch) = log.read_all(Position::START, &Filter::all(), READ_EVENTS_MAX).await {
            assert!(truth.all.starts_with(&batch.events), "{other} in place of {page}");
        }
    }
}

/// Whoever has the writer knows where the log ends, whatever becomes of the pages beneath it.
#[tokio::test]
async fn a_page_that_goes_wrong_beneath_a_writer_is_never_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let truth = at_rest(folder.path()).await;
    let whole = std::fs::read(folder.path().join(DATABASE_FILE)).expect("the file");
    let (pages, mut chance) = (whole.len() / PAGE, Chance(4));
    let mut refused = 0;
    for page in 1..pages {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join(DATABASE_FILE);
        std::fs::write(&database, &whole).expect("the file");
        // It has read no events yet.
        let log = open(folder.path());
        let other = chance.next() % pages;
        let mut bytes = std::fs::read(&database).expect("the file");
        bytes[page * PAGE..][..PAGE].copy_from_slice(&whole[other * PAGE..][..PAGE]);
        std::fs::write(&database, &bytes).expect("the file");
        let wrong = truth.wrong_answers(&log).await;
        assert!(wrong.is_empty(), "{other} in place of {page}: {wrong:?}");
        refused += u32::from(log.read_all_backwards(None, &Filter::all(), Page::MAX).await.is_err());
    }
    assert!(refused > 10, "{refused} damages noticed");
}

/// While the log is open nobody looks at the checksums in the write-ahead log: the events' own must do.
#[tokio::test]
async fn a_damaged_write_ahead_log_is_never_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    let truth = write(&log).await;
    let wal = folder.path().join(WAL);
    let whole = std::fs::read(&wal).expect("the file");
    let frames = (whole.len() - WAL_HEADER) / (FRAME_HEADER + PAGE);
    assert!(frames > 200, "{frames} frames");
    let mut refused = 0;
    for frame in (0..frames).step_by(3) {
        let mut bytes = whole.clone();
        let at = WAL_HEADER + frame * (FRAME_HEADER + PAGE) + FRAME_HEADER;
        bytes[at..at + PAGE].fill(0);
        std::fs::write(&wal, &bytes).expect("the file");
        // It has no pages in memory yet.
        match EmbeddedLog::open_read_only(folder.path()) {
            Ok(reader) => {
                let wrong = truth.wrong_answers(&reader).await;
                assert!(wrong.is_empty(), "frame {frame}: {wrong:?}");
                refused += u32::from(reader.read_all(Position::START, &Filter::all(), READ_EVENTS_MAX).await.is_err());
            }
            Err(_) => refused += 1,
        }
        // After a crash, what stands behind the damage is gone, as if it had not been written: the audit log tells.
        let image = crash_image(folder.path());
        let left = everything(&open(image.path())).await;
        assert!(truth.all.starts_with(&left), "frame {frame} changed what is read");
        assert!(check(image.path()).is_ok_and(|checked| checked.is_clean()), "frame {frame}");
    }
    std::fs::write(&wal, &whole).expect("the file");
    assert!(refused > 5, "{refused} damages noticed");
}
