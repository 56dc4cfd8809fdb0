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
use sea_orm::{
    ColumnTrait as _, DatabaseTransaction, EntityTrait, IntoActiveModel, Iterable as _, PrimaryKeyToColumn as _,
    QueryFilter as _,
};
use uuid::Uuid;

use crate::base::timer;
use crate::projection::{Projection, ProjectionError};
use crate::rows::Rows;

/// How many folded states a projection keeps.
const STATES_MAX: NonZeroUsize = NonZeroUsize::new(16_384).unwrap();
/// Keys of one statement: SQLite binds at most 32,766 values in one.
const STATEMENT_KEYS_MAX: usize = 400;

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
    rows: Rows<V::Entity>,
    timers: Rows<timer::Entity>,
}

impl<V: View> ViewProjection<V> {
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log, states: LruCache::new(STATES_MAX), rows: Rows::replacing(), timers: Rows::inserting() }
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
        &mut self,
        touched: &HashMap<Uuid, Folded<V::Aggregate>>,
        transaction: &DatabaseTransaction,
    ) -> Result<(), ProjectionError> {
        let mut rows = Vec::new();
        let mut gone = Vec::new();
        for (id, Folded { loaded, .. }) in touched {
            match loaded.head.and_then(|head| V::row(*id, &loaded.state, &head)) {
                Some(row) => rows.push(row),
                None => gone.push(id.to_string()),
            }
        }
        self.rows.write(rows, transaction).await?;
        let key = <V::Entity as EntityTrait>::PrimaryKey::iter().next().map(|key| key.into_column());
        if let (false, Some(key)) = (gone.is_empty(), key) {
            V::Entity::delete_many().filter(key.is_in(gone)).exec(transaction).await?;
        }
        Ok(())
    }

    async fn write_timers(
        &mut self,
        touched: &mut HashMap<Uuid, Folded<V::Aggregate>>,
        transaction: &DatabaseTransaction,
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
            running.extend(timers.into_iter().map(|timer| timer::Model {
                stream: stream.clone(),
                kind: timer.kind.to_owned(),
                due_us: timer.due.timestamp_micros(),
            }));
        }
        for streams in old.chunks(STATEMENT_KEYS_MAX) {
            timer::Entity::delete_many().filter(timer::Column::Stream.is_in(streams)).exec(transaction).await?;
        }
        self.timers.write(running, transaction).await?;
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
        transaction: &DatabaseTransaction,
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
        self.write_rows(&touched, transaction).await?;
        self.write_timers(&mut touched, transaction).await?;
        for (id, folded) in touched {
            self.states.put(id, folded);
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.states.clear();
    }
}
