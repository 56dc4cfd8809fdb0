//! Keeps the chain and the list of reads up to date.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use casebook_eventlog::RecordedEvent;
use casebook_readmodel::{Projection, ProjectionError};
use lru::LruCache;
use sea_orm::{DatabaseTransaction, EntityTrait as _, IntoActiveModel as _};
use uuid::Uuid;

use super::kept_event::{self, Belonging, kept_anew};
use super::kept_queries::{last_kept, tips_of_cases};
use super::read;
use crate::domain::chain::Tip;

/// The chains of how many cases are kept in memory.
const CASES_MAX: NonZeroUsize = NonZeroUsize::new(65_536).unwrap();
/// Rows of one statement: SQLite binds at most 32,766 values in one, a kept event has 14.
const STATEMENT_ROWS_MAX: usize = 500;

/// Keeps the hashes of every event of the log.
pub struct ChainProjection {
    /// The chain at the last event kept; none until it was looked up.
    whole: Option<Tip>,
    cases: LruCache<Uuid, Tip>,
}

impl Default for ChainProjection {
    fn default() -> Self {
        Self { whole: None, cases: LruCache::new(CASES_MAX) }
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
        rows: &DatabaseTransaction,
    ) -> Result<(), ProjectionError> {
        let mut whole = self.whole(rows).await?;
        let belongings: Vec<_> = events.iter().map(|event| Belonging::of(event)).collect();
        let mut tips = self.tips(&belongings, rows).await?;
        let mut belongings = belongings.into_iter();
        let mut statement = Vec::new();
        for events in events.chunks(STATEMENT_ROWS_MAX) {
            let hashed = async {
                let mut next = Vec::with_capacity(events.len());
                for (event, belonging) in events.iter().zip(belongings.by_ref()) {
                    let row = kept_anew(event, belonging, whole, &mut tips);
                    whole = row.whole_tip();
                    next.push(row.into_active_model());
                }
                next
            };
            // The database writes one statement while the hashes of the next are computed.
            let (written, next) = tokio::join!(insert(statement, rows), hashed);
            written?;
            statement = next;
        }
        insert(statement, rows).await?;
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

async fn insert(statement: Vec<kept_event::ActiveModel>, rows: &DatabaseTransaction) -> Result<(), ProjectionError> {
    if !statement.is_empty() {
        kept_event::Entity::insert_many(statement).exec_without_returning(rows).await?;
    }
    Ok(())
}

/// Keeps the list of who read what.
#[derive(Debug, Default)]
pub struct ReadProjection;

#[async_trait]
impl Projection for ReadProjection {
    fn categories(&self) -> &'static [&'static str] {
        &[read::CATEGORY]
    }

    async fn apply(
        &mut self,
        events: &[Arc<RecordedEvent>],
        rows: &DatabaseTransaction,
    ) -> Result<(), ProjectionError> {
        for events in events.chunks(STATEMENT_ROWS_MAX) {
            let statement = events.iter().map(|event| read::Model::of(event).into_active_model());
            read::Entity::insert_many(statement).exec_without_returning(rows).await?;
        }
        Ok(())
    }

    fn forget(&mut self) {}
}
