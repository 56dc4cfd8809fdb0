//! Rows that are a pure function of a stream's folded state.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use casebook_eventlog::{Direction, EventLog, READ_EVENTS_MAX, ReadError, RecordedEvent};
use casebook_execution::timer::Timer;
use casebook_execution::{Aggregate, Head, Loaded, Store};
use lru::LruCache;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, DatabaseTransaction, EntityTrait, IntoActiveModel,
    Iterable as _, PrimaryKeyToColumn as _, QueryFilter as _,
};
use uuid::Uuid;

use crate::base::timer;
use crate::projection::{Projection, ProjectionError};

/// How many folded states a projection keeps.
const STATES_MAX: NonZeroUsize = NonZeroUsize::new(16_384).unwrap();
/// Rows of one statement: SQLite binds at most 32,766 values in one.
const STATEMENT_ROWS_MAX: usize = 400;

/// How the state of an aggregate shows in a table, one row a stream, its primary key the stream's id.
pub trait View: Send + Sync + 'static {
    type Aggregate: Aggregate;
    type Entity: EntityTrait<
            Model: IntoActiveModel<<Self::Entity as EntityTrait>::ActiveModel> + PartialEq + Send + Sync,
            ActiveModel: Send,
        >;

    /// The categories of the aggregate's streams: one, `Aggregate::CATEGORY`.
    const CATEGORIES: &'static [&'static str] = &[Self::Aggregate::CATEGORY];

    /// The row of a stream in this state, if it has one.
    fn row(
        id: Uuid,
        state: &<Self::Aggregate as casebook_kernel::Decider>::State,
        head: &Head,
    ) -> Option<<Self::Entity as EntityTrait>::Model>;

    /// The deadlines that run in this state.
    fn timers(_state: &<Self::Aggregate as casebook_kernel::Decider>::State) -> Vec<Timer> {
        Vec::new()
    }
}

/// A folded state, and whether the table of timers may hold something of its stream.
struct Folded<A: Aggregate> {
    loaded: Loaded<A>,
    has_timers: bool,
}

/// Keeps the rows and timers of a [`View`].
pub struct ViewProjection<V: View> {
    log: Arc<dyn EventLog>,
    states: LruCache<Uuid, Folded<V::Aggregate>>,
}

impl<V: View> ViewProjection<V> {
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log, states: LruCache::new(STATES_MAX) }
    }

    /// The state right before `event`.
    async fn before(&mut self, id: Uuid, event: &RecordedEvent) -> Result<Folded<V::Aggregate>, ProjectionError> {
        if let Some(folded) = self.states.pop(&id) {
            return Ok(folded);
        }
        let stream = Store::<V::Aggregate>::stream(id);
        let mut loaded = Loaded::default();
        let mut from = 0;
        while from < event.revision {
            let limit = usize::try_from(event.revision - from).unwrap_or(READ_EVENTS_MAX).min(READ_EVENTS_MAX);
            let events = self.log.read_stream(&stream, Direction::Forwards, Some(from), limit).await?;
            if events.is_empty() {
                return Err(ReadError::Corrupt(format!("`{stream}` lacks revision {from}")).into());
            }
            for event in &events {
                loaded.apply(event)?;
            }
            from += events.len() as u64;
        }
        // What was written before this process began is not known here.
        Ok(Folded { loaded, has_timers: event.revision > 0 })
    }

    async fn write_rows(
        &self,
        touched: &HashMap<Uuid, Folded<V::Aggregate>>,
        rows: &DatabaseTransaction,
    ) -> Result<(), ProjectionError> {
        let mut upserts = Vec::new();
        let mut gone = Vec::new();
        for (id, Folded { loaded, .. }) in touched {
            let row = loaded.head.and_then(|head| V::row(*id, &loaded.state, &head));
            match row {
                Some(row) => upserts.push(row.into_active_model().reset_all()),
                None => gone.push(id.to_string()),
            }
        }
        let keys: Vec<_> = <V::Entity as EntityTrait>::PrimaryKey::iter().map(|key| key.into_column()).collect();
        let on_conflict =
            OnConflict::columns(keys.clone()).update_columns(<V::Entity as EntityTrait>::Column::iter()).to_owned();
        while !upserts.is_empty() {
            let rest = upserts.split_off(upserts.len().min(STATEMENT_ROWS_MAX));
            V::Entity::insert_many(upserts).on_conflict(on_conflict.clone()).exec_without_returning(rows).await?;
            upserts = rest;
        }
        if let (false, [key]) = (gone.is_empty(), keys.as_slice()) {
            V::Entity::delete_many().filter(key.is_in(gone)).exec(rows).await?;
        }
        Ok(())
    }

    async fn write_timers(
        &self,
        touched: &mut HashMap<Uuid, Folded<V::Aggregate>>,
        rows: &DatabaseTransaction,
    ) -> Result<(), ProjectionError> {
        let mut old = Vec::new();
        let mut running = Vec::new();
        for (id, folded) in touched {
            let timers = V::timers(&folded.loaded.state);
            if timers.is_empty() && !folded.has_timers {
                continue;
            }
            let stream = Store::<V::Aggregate>::stream(*id).to_string();
            if folded.has_timers {
                old.push(stream.clone());
            }
            folded.has_timers = !timers.is_empty();
            running.extend(timers.into_iter().map(|timer| timer::ActiveModel {
                stream: Set(stream.clone()),
                kind: Set(timer.kind.to_owned()),
                due_us: Set(timer.due.timestamp_micros()),
            }));
        }
        for streams in old.chunks(STATEMENT_ROWS_MAX) {
            timer::Entity::delete_many().filter(timer::Column::Stream.is_in(streams)).exec(rows).await?;
        }
        while !running.is_empty() {
            let rest = running.split_off(running.len().min(STATEMENT_ROWS_MAX));
            timer::Entity::insert_many(running).exec_without_returning(rows).await?;
            running = rest;
        }
        Ok(())
    }
}

#[async_trait]
impl<V: View> Projection for ViewProjection<V> {
    fn categories(&self) -> &'static [&'static str] {
        V::CATEGORIES
    }

    async fn apply(
        &mut self,
        events: &[Arc<RecordedEvent>],
        rows: &DatabaseTransaction,
    ) -> Result<(), ProjectionError> {
        let mut touched: HashMap<Uuid, Folded<V::Aggregate>> = HashMap::new();
        for event in events {
            let Some(id) = event.stream.id() else {
                return Err(ReadError::Corrupt(format!("`{}` is not named by an id", event.stream)).into());
            };
            let folded = match touched.entry(id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(self.before(id, event).await?),
            };
            if folded.loaded.head.is_none_or(|head| head.revision < event.revision) {
                folded.loaded.apply(event)?;
            }
        }
        self.write_rows(&touched, rows).await?;
        self.write_timers(&mut touched, rows).await?;
        for (id, folded) in touched {
            self.states.put(id, folded);
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.states.clear();
    }
}
