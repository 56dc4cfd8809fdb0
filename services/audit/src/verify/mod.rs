//! Holds the log against the chain: reads the stored bytes again, computes every hash anew, compares.

mod cause;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use casebook_eventlog::{EventLog, Filter, Position, READ_EVENTS_MAX, ReadError, RecordedEvent};
use casebook_readmodel::{ProjectionError, ReadModel, VerifyView, ViewReport};
use uuid::Uuid;

use crate::domain::chain::{Hash, Tip};
use crate::domain::difference::{Difference, DifferenceKind};
use crate::readmodel::{Belonging, Kept, KeptEvent, kept_anew};

/// Events that one call over the network looks at.
pub const VERIFY_EVENTS_MAX: u64 = 200_000;
/// Events that one step looks at.
const STEP_EVENTS_MAX: usize = READ_EVENTS_MAX;

/// A head of the chain that somebody outside wrote down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    pub position: u64,
    pub chain: Hash,
}

/// A stretch of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first position to look at; 0 and 1 are the beginning.
    pub from: u64,
    /// The last position to look at; none: the end of the log and of the chain, whichever is further.
    pub to: Option<u64>,
    /// Stop after this many events.
    pub events_max: u64,
    /// Its position lies in the stretch.
    pub noted: Option<Noted>,
}

impl Stretch {
    pub const WHOLE: Self = Self { from: 1, to: None, events_max: u64::MAX, noted: None };
}

/// What became of a noted head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotedOutcome {
    NotGiven,
    Confirmed,
    Contradicted,
    NotReached,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    pub from: u64,
    /// Everything up to here agrees.
    pub through: u64,
    /// Events that were read and agree.
    pub events: u64,
    /// The chain at `through`, computed anew.
    pub chain: Hash,
    pub first_difference: Option<Difference>,
    pub noted: NotedOutcome,
    /// Where to go on, if `events_max` ended it.
    pub next_from: Option<u64>,
}

impl ChainReport {
    /// All that was looked at agrees.
    pub fn agrees(&self) -> bool {
        self.first_difference.is_none()
    }
}

/// Holds the whole log against the chain. The read model should have come to rest; what it has not reached yet is left out.
pub async fn verify_chain(log: &Arc<dyn EventLog>, model: &ReadModel) -> Result<ChainReport, ProjectionError> {
    verify_range(log, model, Stretch::WHOLE).await
}

/// The last position that log or chain reach.
pub async fn end(log: &Arc<dyn EventLog>, model: &ReadModel) -> Result<u64, ProjectionError> {
    // What came in just now and is not in the chain yet is no difference.
    let log_end = log.head().await?.min(model.reached()).0;
    let chain_end = Kept(model).last(u64::MAX).await?.map_or(0, |kept| kept.position.cast_unsigned());
    Ok(log_end.max(chain_end))
}

/// Holds a stretch of the log against the chain and stops at the first difference.
pub async fn verify_range(
    log: &Arc<dyn EventLog>,
    model: &ReadModel,
    stretch: Stretch,
) -> Result<ChainReport, ProjectionError> {
    let end = end(log, model).await?;
    let from = stretch.from.max(1);
    let before = Kept(model).last(from - 1).await?;
    let mut run = Run {
        log,
        kept: Kept(model),
        to: stretch.to.map_or(end, |to| to.min(end)),
        through: from - 1,
        events: 0,
        whole: before.map_or(Tip::GENESIS, |kept| kept.whole_tip()),
        from,
        cases: HashMap::new(),
        noted: stretch.noted,
        outcome: if stretch.noted.is_some() { NotedOutcome::NotReached } else { NotedOutcome::NotGiven },
    };
    let mut first_difference = run.check_noted();
    while first_difference.is_none() && run.through < run.to && run.events < stretch.events_max {
        let limit = usize::try_from(stretch.events_max - run.events).unwrap_or(STEP_EVENTS_MAX).min(STEP_EVENTS_MAX);
        first_difference = run.step(limit).await?;
    }
    let next_from = (first_difference.is_none() && run.through < run.to).then_some(run.through + 1);
    if first_difference.is_none() && next_from.is_none() {
        first_difference = run.noted_beyond();
    }
    Ok(ChainReport {
        from,
        through: run.through,
        events: run.events,
        chain: run.whole.hash,
        first_difference,
        noted: run.outcome,
        next_from,
    })
}

struct Run<'a> {
    log: &'a Arc<dyn EventLog>,
    kept: Kept<'a>,
    from: u64,
    to: u64,
    through: u64,
    events: u64,
    whole: Tip,
    /// The chains of the cases met so far.
    cases: HashMap<Uuid, Tip>,
    noted: Option<Noted>,
    outcome: NotedOutcome,
}

impl Run<'_> {
    /// Compares up to `limit` more events.
    async fn step(&mut self, limit: usize) -> Result<Option<Difference>, ProjectionError> {
        let (events, at_head) = match self.read_log(limit).await? {
            Ok(found) => found,
            Err(damage) => return self.damaged(&damage).await.map(Some),
        };
        // One row more than events: it tells whether the chain goes on where the log ends.
        let rows = self.kept.after(self.through, events.len() as u64 + 1).await?;
        self.meet_cases(&events).await?;
        for (index, event) in events.iter().enumerate() {
            if event.position.0 > self.to {
                self.through = self.to;
                return Ok(None);
            }
            if let Some(difference) = self.compare(event, rows.get(index)).await? {
                return Ok(Some(difference));
            }
            if let Some(difference) = self.check_noted() {
                return Ok(Some(difference));
            }
        }
        Ok(at_head.then(|| self.log_ended(rows.get(events.len()))).flatten())
    }

    /// Nothing more is in the log: there must be nothing more in the chain.
    fn log_ended(&mut self, next: Option<&KeptEvent>) -> Option<Difference> {
        let Some(next) = next.filter(|next| next.position.cast_unsigned() <= self.to) else {
            self.through = self.through.max(self.to);
            return None;
        };
        let words = format!("the log ends at position {}, the chain goes on", self.through);
        Some(difference(next.position.cast_unsigned(), DifferenceKind::Truncated, &next.stream, words))
    }

    async fn compare(
        &mut self,
        event: &RecordedEvent,
        row: Option<&KeptEvent>,
    ) -> Result<Option<Difference>, ProjectionError> {
        let Some(row) = row else {
            let words = "the chain ends before the log, though it had come further".to_owned();
            let kind = DifferenceKind::ChainAltered;
            return Ok(Some(difference(event.position.0, kind, event.stream.as_str(), words)));
        };
        let expected = kept_anew(event, Belonging::of(event), self.whole, &mut self.cases);
        if expected != *row {
            return cause::of(self.log, self.kept, self.whole, event, &expected, row).await.map(Some);
        }
        self.whole = expected.whole_tip();
        self.through = event.position.0;
        self.events += 1;
        Ok(None)
    }

    /// The chains of cases that began before the stretch go on from where they were kept.
    async fn meet_cases(&mut self, events: &[Arc<RecordedEvent>]) -> Result<(), ProjectionError> {
        if self.from == 1 {
            return Ok(());
        }
        let mut unmet: Vec<Uuid> = events.iter().map(|event| Belonging::of(event).correlation).collect();
        unmet.sort_unstable();
        unmet.dedup();
        unmet.retain(|case| !self.cases.contains_key(case));
        let tips = self.kept.tips(&unmet, self.from).await?;
        self.cases.extend(tips);
        Ok(())
    }

    /// The next events and whether nothing follows them; or in what way the log is damaged right behind `through`.
    async fn read_log(&self, limit: usize) -> Result<Result<(Vec<Arc<RecordedEvent>>, bool), String>, ReadError> {
        let mut limit = limit;
        loop {
            match self.log.read_all(Position(self.through), &Filter::all(), limit).await {
                Ok(batch) => return Ok(Ok((batch.events, batch.at_head))),
                // Damage anywhere in a read fails all of it: smaller reads get to the very event.
                Err(ReadError::Corrupt(_)) if limit > 1 => limit /= 2,
                Err(ReadError::Corrupt(damage)) => return Ok(Err(damage)),
                Err(error) => return Err(error),
            }
        }
    }

    async fn damaged(&self, damage: &str) -> Result<Difference, ProjectionError> {
        let next = self.kept.after(self.through, 1).await?.pop();
        let position = next.as_ref().map_or(self.through + 1, |next| next.position.cast_unsigned());
        let stream = next.map_or_else(String::new, |next| next.stream);
        Ok(difference(position, DifferenceKind::Damaged, &stream, damage.to_owned()))
    }

    /// Compares the chain at `through` with the noted head, if that is where it lies.
    fn check_noted(&mut self) -> Option<Difference> {
        let noted = self.noted.filter(|noted| noted.position == self.through)?;
        if self.whole.hash == noted.chain {
            self.outcome = NotedOutcome::Confirmed;
            return None;
        }
        self.outcome = NotedOutcome::Contradicted;
        let words = format!("the chain has {} here, {} was noted", self.whole.hash, noted.chain);
        Some(difference(noted.position, DifferenceKind::Rewritten, "", words))
    }

    /// All was compared and the noted head was not met.
    fn noted_beyond(&mut self) -> Option<Difference> {
        let noted = self.noted.filter(|_| self.outcome == NotedOutcome::NotReached)?;
        self.outcome = NotedOutcome::Contradicted;
        let (kind, words) = if noted.position > self.through {
            (
                DifferenceKind::Truncated,
                format!("log and chain end at position {}, a later head was noted", self.through),
            )
        } else {
            (DifferenceKind::Rewritten, "a head was noted where there is no event".to_owned())
        };
        Some(difference(noted.position, kind, "", words))
    }
}

fn difference(position: u64, kind: DifferenceKind, stream: &str, words: String) -> Difference {
    let description = format!("at position {position}, {}: {words}", kind.words());
    Difference { position, kind, stream: stream.to_owned(), description }
}

/// The chain as one of the tables that are held against the log.
#[derive(Debug, Default)]
pub struct VerifyChain;

#[async_trait]
impl VerifyView for VerifyChain {
    async fn verify(&self, log: &Arc<dyn EventLog>, model: &ReadModel) -> Result<ViewReport, ProjectionError> {
        let report = verify_chain(log, model).await?;
        let named: Vec<_> = report.first_difference.map(|difference| difference.description).into_iter().collect();
        let mismatches = named.len() as u64;
        Ok(ViewReport {
            view: "chain",
            events: report.events,
            rows: report.events,
            mismatches,
            named,
            ..ViewReport::default()
        })
    }
}
