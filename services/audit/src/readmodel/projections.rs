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

use super::kept_event::{self, correlation_of, kept_anew};
use super::kept_queries::{last_kept, tips_of_cases};
use super::read;
use crate::domain::chain::Tip;

/// The chains of how many cases are kept in memory.
const CASES_MAX: NonZeroUsize = NonZeroUsize::new(65_536).unwrap();
/// Rows of one statement: SQLite binds at most 32,766 values in one, a kept event has 14.
const STATEMENT_ROWS_MAX: usize = 500;

/// Keeps the hashes of every event of the log.
pub struct ChainProjection {
    /// The last event kept and the chain there; none until it was looked up.
    head: Option<(u64, Tip)>,
    cases: LruCache<Uuid, Tip>,
}

impl Default for ChainProjection {
    fn default() -> Self {
        Self { head: None, cases: LruCache::new(CASES_MAX) }
    }
}

impl ChainProjection {
    async fn head(&mut self, rows: &DatabaseTransaction) -> Result<(u64, Tip), ProjectionError> {
        if let Some(head) = self.head {
            return Ok(head);
        }
        let last = last_kept(rows, u64::MAX).await?;
        Ok(last.map_or((0, Tip::GENESIS), |kept| (kept.position.cast_unsigned(), kept.whole_tip())))
    }

    /// The chains of the cases of `events`, before them.
    async fn tips(&mut self, events: &[Arc<RecordedEvent>], rows: &DatabaseTransaction) -> Result<HashMap<Uuid, Tip>, ProjectionError> {
        let cases: HashSet<Uuid> = events.iter().map(|event| correlation_of(event)).collect();
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

    async fn apply(&mut self, events: &[Arc<RecordedEvent>], rows: &DatabaseTransaction) -> Result<(), ProjectionError> {
        let (mut last, mut whole) = self.head(rows).await?;
        let mut tips = self.tips(events, rows).await?;
        let mut statement = Vec::with_capacity(STATEMENT_ROWS_MAX.min(events.len()));
        for event in events {
            debug_assert!(event.position.0 > last, "the cursor and the rows move together");
            let row = kept_anew(event, whole, &mut tips);
            whole = row.whole_tip();
            last = event.position.0;
            statement.push(row.into_active_model());
            if statement.len() == STATEMENT_ROWS_MAX {
                insert(std::mem::take(&mut statement), rows).await?;
            }
        }
        if !statement.is_empty() {
            insert(statement, rows).await?;
        }
        self.head = Some((last, whole));
        for (case, tip) in tips {
            self.cases.put(case, tip);
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.head = None;
        self.cases.clear();
    }
}

async fn insert(statement: Vec<kept_event::ActiveModel>, rows: &DatabaseTransaction) -> Result<(), ProjectionError> {
    kept_event::Entity::insert_many(statement).exec_without_returning(rows).await?;
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

    async fn apply(&mut self, events: &[Arc<RecordedEvent>], rows: &DatabaseTransaction) -> Result<(), ProjectionError> {
        for events in events.chunks(STATEMENT_ROWS_MAX) {
            let statement = events.iter().map(|event| read::Model::of(event).into_active_model());
            read::Entity::insert_many(statement).exec_without_returning(rows).await?;
        }
        Ok(())
    }

    fn forget(&mut self) {}
}
