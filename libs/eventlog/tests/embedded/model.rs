//! Any sequence of appends, reads and restarts does what a list in memory would do.

use std::collections::HashMap;
use std::sync::Arc;

use casebook_eventlog::{
    AppendError, Appended, Direction, EventLog, Expected, Filter, NewEvent, Position, RecordedEvent, StreamName,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::given::{crash_image, event_of, everything, open};

const CATEGORIES: [&str; 3] = ["case", "order", "account"];
const STREAMS: u8 = 5;
/// Few enough that ids meet again.
const IDS: u8 = 24;

#[derive(Debug, Clone)]
enum Step {
    Append { stream: u8, expected: Expected, ids: Vec<u8> },
    ReadStream { stream: u8, backwards: bool, from: Option<u64>, limit: usize },
    ReadAll { after: u64, category: Option<usize>, limit: usize },
    Reopen,
    Crash,
}

fn expected() -> impl Strategy<Value = Expected> {
    prop_oneof![
        3 => Just(Expected::Any),
        2 => Just(Expected::NoStream),
        3 => (0..6_u64).prop_map(Expected::Revision),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let ids = prop::collection::vec(0..IDS, 1..4);
    let from = prop::option::of(0..8_u64);
    prop_oneof![
        12 => (0..STREAMS, expected(), ids)
            .prop_map(|(stream, expected, ids)| Step::Append { stream, expected, ids }),
        4 => (0..STREAMS, any::<bool>(), from, 0..6_usize)
            .prop_map(|(stream, backwards, from, limit)| Step::ReadStream { stream, backwards, from, limit }),
        4 => (0..30_u64, prop::option::of(0..CATEGORIES.len()), 1..9_usize)
            .prop_map(|(after, category, limit)| Step::ReadAll { after, category, limit }),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ]
}

fn stream(number: u8) -> StreamName {
    let category = CATEGORIES[usize::from(number) % CATEGORIES.len()];
    StreamName::of(category, Uuid::from_u128(u128::from(number)))
}

fn new_event(id: u8) -> NewEvent {
    NewEvent { id: Uuid::from_u128(u128::from(id)), ..event_of(usize::from(id)) }
}

/// What the log should hold: ids in order of position, with stream and revision.
#[derive(Default)]
struct Model {
    all: Vec<(Uuid, StreamName, u64)>,
    lengths: HashMap<StreamName, u64>,
}

impl Model {
    fn append(&mut self, stream: &StreamName, expected: Expected, ids: &[Uuid]) -> Result<Appended, AppendError> {
        let mut sorted = ids.to_vec();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(AppendError::Invalid(String::new()));
        }
        let places: Vec<_> = ids.iter().filter_map(|id| self.all.iter().position(|row| row.0 == *id)).collect();
        if let Some(first) = places.first() {
            let (id, at, revision) = self.all[*first].clone();
            let together = places.len() == ids.len()
                && (revision..)
                    .zip(&places)
                    .all(|(revision, place)| self.all[*place].1 == *stream && self.all[*place].2 == revision);
            return if together {
                let last = places[places.len() - 1];
                let position = Position(last as u64 + 1);
                Ok(Appended { revision: self.all[last].2, position, repeated: true })
            } else {
                Err(AppendError::EventIdTaken { id, stream: at, revision })
            };
        }
        let length = self.lengths.get(stream).copied().unwrap_or(0);
        let actual = length.checked_sub(1);
        let fits = match expected {
            Expected::Any => true,
            Expected::NoStream => actual.is_none(),
            Expected::Revision(revision) => actual == Some(revision),
        };
        if !fits {
            return Err(AppendError::WrongExpectedRevision { stream: stream.clone(), expected, actual });
        }
        self.all.extend(ids.iter().zip(length..).map(|(id, revision)| (*id, stream.clone(), revision)));
        let revision = length + ids.len() as u64;
        self.lengths.insert(stream.clone(), revision);
        let position = Position(self.all.len() as u64);
        Ok(Appended { revision: revision - 1, position, repeated: false })
    }

    fn read_stream(&self, stream: &StreamName, backwards: bool, from: Option<u64>, limit: usize) -> Vec<Uuid> {
        let of_stream = self.all.iter().filter(|row| row.1 == *stream);
        if backwards {
            let wanted = of_stream.rev().filter(|row| from.is_none_or(|from| row.2 <= from));
            wanted.take(limit).map(|row| row.0).collect()
        } else {
            let wanted = of_stream.filter(|row| row.2 >= from.unwrap_or(0));
            wanted.take(limit).map(|row| row.0).collect()
        }
    }

    fn read_all(&self, after: u64, category: Option<&str>, limit: usize) -> Vec<Uuid> {
        let behind = self.all.iter().skip(after as usize);
        let wanted = behind.filter(|row| category.is_none_or(|category| row.1.category() == category));
        wanted.take(limit).map(|row| row.0).collect()
    }
}

fn ids(events: &[Arc<RecordedEvent>]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}

/// Answers compare without the words of an `Invalid`.
fn plain(outcome: Result<Appended, AppendError>) -> Result<Appended, AppendError> {
    outcome.map_err(|error| match error {
        AppendError::Invalid(_) => AppendError::Invalid(String::new()),
        error => error,
    })
}

async fn play(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut folder = tempfile::tempdir().expect("a folder");
    let mut log = open(folder.path());
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Append { stream: number, expected, ids } => {
                let stream = stream(number);
                let events: Vec<_> = ids.iter().map(|id| new_event(*id)).collect();
                let ids: Vec<_> = events.iter().map(|event| event.id).collect();
                let outcome = plain(log.append(&stream, expected, events).await);
                prop_assert_eq!(outcome, model.append(&stream, expected, &ids));
            }
            Step::ReadStream { stream: number, backwards, from, limit } => {
                let stream = stream(number);
                let direction = if backwards { Direction::Backwards } else { Direction::Forwards };
                let read = log.read_stream(&stream, direction, from, limit).await.expect("a read");
                prop_assert_eq!(ids(&read), model.read_stream(&stream, backwards, from, limit));
            }
            Step::ReadAll { after, category, limit } => {
                let category = category.map(|category| CATEGORIES[category]);
                let filter = category.map_or_else(Filter::all, |category| Filter::categories([category]));
                let batch = log.read_all(Position(after), &filter, limit).await.expect("a read");
                prop_assert_eq!(ids(&batch.events), model.read_all(after, category, limit));
                let rest = model.read_all(batch.through.0, category, usize::MAX);
                prop_assert!(!batch.at_head || rest.is_empty());
            }
            Step::Reopen => {
                drop(log);
                log = open(folder.path());
            }
            Step::Crash => {
                let image = crash_image(folder.path());
                drop(log);
                folder = image;
                log = open(folder.path());
            }
        }
    }
    let stored = everything(&log).await;
    let stored: Vec<_> = stored.iter().map(|event| (event.id, event.stream.clone(), event.revision)).collect();
    prop_assert_eq!(stored, model.all);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_log_does_what_a_list_would_do(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(play(steps))?;
    }
}
