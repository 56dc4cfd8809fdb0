//! Events folded per second, next to a raw scan of the same rows.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use casebook_accounts::domain::account::AccountRegistry;
use casebook_accounts::domain::institution::Institution;
use casebook_credentials::domain::credential::Credential;
use casebook_enforcement::domain::case::Case;
use casebook_enforcement::domain::lead::Lead;
use casebook_enforcement::domain::order::Order;
use casebook_eventlog::embedded::{DATABASE_FILE, EmbeddedLog, Options as LogOptions};
use casebook_eventlog::{EventLog, Expected, Filter, NewEvent, Position, READ_EVENTS_MAX, RecordedEvent, StreamName};
use casebook_execution::{Aggregate, DecodeError, Fold, Loaded, replay};
use casebook_review::domain::item::Item;
use casebook_review::domain::report::Report;
use serde::Serialize;
use uuid::Uuid;

use super::floor;
use crate::demo::{self, DemoOptions};
use crate::system::{Layout, LogAt};

/// What a replay of everything came to.
#[derive(Debug, Serialize)]
pub struct Replayed {
    pub events: u64,
    pub streams: usize,
    /// Read, checked, decoded and folded.
    pub events_per_s: f64,
    /// Read by bare SQLite, every column looked at, nothing made of it.
    pub scan_per_s: f64,
    pub ratio_to_scan: f64,
}

/// Plays the demonstration once, copies its histories until there are `events` of them, and folds them all.
pub async fn run(folder: &Path, events: u64) -> Result<Replayed, Box<dyn std::error::Error>> {
    let played = folder.join("played");
    demo::run(DemoOptions { input: None, data_dir: played.clone(), log: LogAt::default(), quiet: true }).await?;
    let copies = folder.join("copies");
    multiply(&Layout::of(&played).log, &copies, events).await?;

    let (scanned, scan_per_s) = floor::scan(&copies.join(DATABASE_FILE), u64::MAX)?;

    let fold_begun = Instant::now();
    let log = EmbeddedLog::open_read_only(&copies)?;
    let folded = replay::<State>(&log, &Filter::all()).await?;
    let (streams, folded) = (folded.states.len(), folded.events);
    let events_per_s = folded as f64 / fold_begun.elapsed().as_secs_f64();
    if scanned != folded {
        return Err(format!("{scanned} rows were scanned, but {folded} events folded").into());
    }
    Ok(Replayed { events: folded, streams, events_per_s, scan_per_s, ratio_to_scan: events_per_s / scan_per_s })
}

/// Writes the histories of `source` again and again, each time to streams of new names.
async fn multiply(source: &Path, target: &Path, events: u64) -> Result<(), Box<dyn std::error::Error>> {
    let source = EmbeddedLog::open_read_only(source)?;
    let target = EmbeddedLog::open(target, LogOptions::default())?;
    let mut histories: HashMap<StreamName, Vec<Arc<RecordedEvent>>> = HashMap::new();
    let mut after = Position::START;
    loop {
        let batch = source.read_all(after, &Filter::all(), READ_EVENTS_MAX).await?;
        for event in batch.events {
            // Claims and recorded reads have no state of their own.
            if !matches!(State::of(event.stream.category()), State::Unknown) {
                histories.entry(event.stream.clone()).or_default().push(event);
            }
        }
        if batch.at_head {
            break;
        }
        after = batch.through;
    }
    let mut written = 0;
    while written < events {
        let appends = histories.iter().map(|(stream, history)| {
            let copy = StreamName::of(stream.category(), Uuid::now_v7());
            let events = history.iter().map(|event| NewEvent {
                id: Uuid::now_v7(),
                event_type: event.event_type.clone(),
                data: event.data.clone(),
                metadata: event.metadata.clone(),
            });
            let events: Vec<_> = events.collect();
            let target = &target;
            async move { target.append(&copy, Expected::NoStream, events).await }
        });
        futures::future::try_join_all(appends).await?;
        written += histories.values().map(|history| history.len() as u64).sum::<u64>();
    }
    target.close().await;
    Ok(())
}

macro_rules! states {
    ($($aggregate:ident),*) => {
        /// The state of a stream of any service.
        #[derive(Default)]
        enum State {
            #[default]
            Unknown,
            $($aggregate(Box<Loaded<$aggregate>>)),*
        }

        impl State {
            /// That of a stream of this category without events.
            fn of(category: &str) -> Self {
                $(if category == <$aggregate as Aggregate>::CATEGORY {
                    return Self::$aggregate(Box::default());
                })*
                Self::Unknown
            }
        }

        impl Fold for State {
            fn take(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
                if matches!(self, Self::Unknown) {
                    *self = Self::of(event.stream.category());
                }
                match self {
                    Self::Unknown => Err(DecodeError::new(&event.event_type, "no service has streams of this category")),
                    $(Self::$aggregate(loaded) => loaded.apply(event)),*
                }
            }
        }
    };
}
states!(Institution, AccountRegistry, Credential, Report, Item, Lead, Case, Order);
