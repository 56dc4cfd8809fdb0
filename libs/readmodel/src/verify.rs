//! Holds every row and every timer against the state folded from the log.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use casebook_eventlog::{EventLog, Filter, Position, ReadError, StreamName};
use casebook_execution::reaction::Parked;
use casebook_execution::{Loaded, Store, replay};
use sea_orm::{
    ColumnTrait as _, EntityTrait, Iterable as _, ModelTrait as _, PrimaryKeyToColumn as _, QueryFilter as _, Value,
};
use uuid::Uuid;

use crate::base::timer;
use crate::model::ReadModel;
use crate::projection::ProjectionError;
use crate::view::View;

/// Mismatches that are named one by one; the rest is counted.
const NAMED_MAX: usize = 20;

/// What the comparison of one table found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ViewReport {
    pub view: &'static str,
    pub streams: u64,
    pub events: u64,
    pub rows: u64,
    pub mismatches: u64,
    /// The first of them, in words.
    pub named: Vec<String>,
}

impl ViewReport {
    fn mismatch(&mut self, words: impl FnOnce() -> String) {
        self.mismatches += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(words());
        }
    }
}

/// A table that can be held against the log.
#[async_trait]
pub trait VerifyView: Send + Sync {
    async fn verify(&self, log: &Arc<dyn EventLog>, model: &ReadModel) -> Result<ViewReport, ProjectionError>;
}

/// Compares the rows and timers of `V` with the states folded from the log, both ways. The read model must have come to rest.
pub fn verify_view<V: View>() -> Box<dyn VerifyView> {
    Box::new(Verification::<V>(std::marker::PhantomData))
}

struct Verification<V>(std::marker::PhantomData<fn() -> V>);

#[async_trait]
impl<V: View> VerifyView for Verification<V> {
    async fn verify(&self, log: &Arc<dyn EventLog>, model: &ReadModel) -> Result<ViewReport, ProjectionError> {
        let mut report = ViewReport { view: V::CATEGORIES[0], ..ViewReport::default() };
        let (states, through) = fold_all::<V>(log, &mut report).await?;
        if model.reached() < through {
            report.mismatch(|| format!("the rows reach position {} of {through}", model.reached()));
        }
        let mut rows = HashMap::new();
        for row in V::Entity::find().all(model.reader()).await? {
            report.rows += 1;
            rows.insert(primary_key::<V>(&row), row);
        }
        for (id, loaded) in &states {
            let expected = loaded.head.and_then(|head| V::row(*id, &loaded.state, &head));
            let found = rows.remove(&id.to_string());
            if expected != found {
                report.mismatch(|| {
                    format!("{}-{id}: the log gives {expected:?}, the row is {found:?}", V::CATEGORIES[0])
                });
            }
        }
        for id in rows.keys() {
            report.mismatch(|| format!("{}-{id}: a row without a stream", V::CATEGORIES[0]));
        }
        verify_timers::<V>(&states, model, &mut report).await?;
        Ok(report)
    }
}

/// Compares the table of deadlines with those that run in the states, both ways.
async fn verify_timers<V: View>(
    states: &HashMap<Uuid, Loaded<V::Aggregate>>,
    model: &ReadModel,
    report: &mut ViewReport,
) -> Result<(), ProjectionError> {
    let of_category = timer::Column::Stream.starts_with(format!("{}-", V::CATEGORIES[0]));
    let rows = timer::Entity::find().filter(of_category).all(model.reader()).await?;
    let mut found: BTreeMap<(String, String), i64> =
        rows.into_iter().map(|row| ((row.stream, row.kind), row.due_us)).collect();
    for (id, loaded) in states {
        let stream = Store::<V::Aggregate>::stream(*id);
        for running in V::timers(&loaded.state) {
            let expected = running.due.timestamp_micros();
            let due_us = found.remove(&(stream.to_string(), running.kind.to_owned()));
            if due_us != Some(expected) {
                let kind = running.kind;
                report.mismatch(|| format!("{stream}: the log gives {kind} at {expected} us, the timer is {due_us:?}"));
            }
        }
    }
    for (stream, kind) in found.keys() {
        report.mismatch(|| format!("{stream}: a timer {kind} that does not run"));
    }
    Ok(())
}

async fn fold_all<V: View>(
    log: &Arc<dyn EventLog>,
    report: &mut ViewReport,
) -> Result<(HashMap<Uuid, Loaded<V::Aggregate>>, Position), ProjectionError> {
    let filter = Filter::categories(V::CATEGORIES.iter().copied());
    let replayed = replay::<Loaded<V::Aggregate>>(&**log, &filter).await?;
    report.events = replayed.events;
    report.streams = replayed.states.len() as u64;
    let by_id = |(stream, loaded): (StreamName, _)| match stream.id() {
        Some(id) => Ok((id, loaded)),
        None => Err(ReadError::Corrupt(format!("`{stream}` is not named by an id")).into()),
    };
    let states: Result<_, ProjectionError> = replayed.states.into_iter().map(by_id).collect();
    Ok((states?, replayed.last))
}

fn primary_key<V: View>(row: &<V::Entity as EntityTrait>::Model) -> String {
    let key = <V::Entity as EntityTrait>::PrimaryKey::iter().next().map(|key| row.get(key.into_column()));
    match key {
        Some(Value::String(Some(text))) => text.to_string(),
        other => format!("{other:?}"),
    }
}

/// Names the events that the service's reactions could not be done with: what should have followed is not there.
pub fn verify_reactions() -> Box<dyn VerifyView> {
    Box::new(Reactions)
}

struct Reactions;

#[async_trait]
impl VerifyView for Reactions {
    async fn verify(&self, _: &Arc<dyn EventLog>, model: &ReadModel) -> Result<ViewReport, ProjectionError> {
        let mut report = ViewReport { view: "reactions", ..ViewReport::default() };
        for Parked { reaction, stream, position, reason } in model.all_parked().await? {
            report.rows += 1;
            report.mismatch(|| format!("{reaction} has parked {stream} at position {position}: {reason}"));
        }
        Ok(report)
    }
}
