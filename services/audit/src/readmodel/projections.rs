//! Keeps the chain and the list of reads up to date.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use casebook_eventlog::RecordedEvent;
use casebook_readmodel::{Projection, ProjectionError, Rows};
use lru::LruCache;
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::kept_event::{self, Belonging, kept_anew};
use super::kept_queries::{last_kept, tips_of_cases};
use super::read;
use crate::domain::chain::Tip;

/// The chains of how many cases are kept in memory.
const CASES_MAX: NonZeroUsize = NonZeroUsize::new(65_536).unwrap();
/// So many events are hashed while the rows of as many others are written.
const EVENTS_AT_ONCE: usize = 512;

/// Keeps the hashes of every event of the log.
pub struct ChainProjection {
    /// The chain at the last event kept; none until it was looked up.
    whole: Option<Tip>,
    cases: LruCache<Uuid, Tip>,
    rows: Rows<kept_event::Entity>,
}

impl Default for ChainProjection {
    fn default() -> Self {
        Self { whole: None, cases: LruCache::new(CASES_MAX), rows: Rows::inserting() }
    }
}

impl ChainProjection {
    async fn whole(&self, rows: &DatabaseTransaction) -> Result<Tip, ProjectionError> {
        match self.whole {
            Some(whole) => Ok(whole),
            None => Ok(last_kept(rows, u64::MAX).await?.map_or(Tip::GENESIS, |kept| kept.whole_tip())),
        }
    }

    /// The chains of these cases before the events at hand.
    async fn tips(
        &mut self,
        belongings: &[Belonging],
        rows: &DatabaseTransaction,
    ) -> Result<HashMap<Uuid, Tip>, ProjectionError> {
        let cases: HashSet<Uuid> = belongings.iter().map(|belonging| belonging.correlation).collect();
        let mut tips = HashMap::with_capacity(cases.len());
        let mut unknown = Vec::new();
        for case in cases {
            match self.cases.get(&case) {
                Some(tip) => _ = tips.insert(case, *tip),
                None => unknown.push(case),
            }
        }
        tips.extend(tips_of_cases(rows, &unknown, u64::MAX).await?);
        Ok(tips)
    }
}

#[async_trait]
impl Projection for ChainProjection {
    /// Every event of the log.
    fn categories(&self) -> &'static [&'static str] {
        &[]
    }

    async fn apply(
        &mut self,
        events: &[Arc<RecordedEvent>],
        transaction: &DatabaseTransaction,
    ) -> Result<(), ProjectionError> {
        let mut whole = self.whole(transaction).await?;
        let belongings: Vec<_> = events.iter().map(|event| Belonging::of(event)).collect();
        let mut tips = self.tips(&belongings, transaction).await?;
        let mut belongings = belongings.into_iter();
        let mut hashed = Vec::new();
        for events in events.chunks(EVENTS_AT_ONCE) {
            let next = async {
                let mut next = Vec::with_capacity(events.len());
                for (event, belonging) in events.iter().zip(belongings.by_ref()) {
                    let row = kept_anew(event, belonging, whole, &mut tips);
                    whole = row.whole_tip();
                    next.push(row);
                }
                next
            };
            // The database writes some while the hashes of the next are computed.
            let (written, next) = tokio::join!(self.rows.write(hashed, transaction), next);
            written?;
            hashed = next;
        }
        self.rows.write(hashed, transaction).await?;
        self.whole = Some(whole);
        for (case, tip) in tips {
            self.cases.put(case, tip);
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.whole = None;
        self.cases.clear();
    }
}

/// Keeps the list of who read what.
pub struct ReadProjection {
    rows: Rows<read::Entity>,
}

impl Default for ReadProjection {
    fn default() -> Self {
        Self { rows: Rows::inserting() }
    }
}

#[async_trait]
impl Projection for ReadProjection {
    fn categories(&self) -> &'static [&'static str] {
        &[read::CATEGORY]
    }

    async fn apply(
        &mut self,
        events: &[Arc<RecordedEvent>],
        transaction: &DatabaseTransaction,
    ) -> Result<(), ProjectionError> {
        let reads = events.iter().map(|event| read::Model::of(event)).collect();
        Ok(self.rows.write(reads, transaction).await?)
    }

    fn forget(&mut self) {}
}
