//! Rows say what the log says: after a restart, after a rebuild, and while they are paged through.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Position, StreamName};
use casebook_execution::reaction::{Cursors as _, Parked};
use casebook_execution::timer::{DueIndex as _, Timer};
use casebook_execution::{Aggregate, Context, DecodeError, Head, Store, Stored};
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, Decider, Timestamp};
use casebook_readmodel::{
    Listing, PageError, ReadModel, Tables, View, ViewProjection, base_migrations, page, verify_view,
};
use chrono::TimeDelta;
use proptest::prelude::*;
use sea_orm::EntityTrait as _;
use sea_orm_migration::prelude::*;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A sum. Odd sums have a deadline; a sum of thirteen has no row.
#[derive(Debug)]
struct Sum;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("never")]
struct Never;

impl Decider for Sum {
    type State = i64;
    type Command = i64;
    type Event = i64;
    type Refusal = Never;

    fn decide(_: &i64, add: i64) -> Result<Vec<i64>, Never> {
        Ok(vec![add])
    }

    fn evolve(state: i64, added: &i64) -> i64 {
        state + added
    }
}

impl Aggregate for Sum {
    const CATEGORY: &'static str = "sum";

    fn encode(event: &i64) -> Stored {
        Stored { event_type: "test.Added", json: event.to_string().into_bytes() }
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<i64, DecodeError> {
        serde_json::from_slice(json).map_err(|error| DecodeError::new(event_type, error))
    }
}

mod sum {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sums")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub revision: i64,
        pub sum: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

struct SumView;

impl View for SumView {
    type Aggregate = Sum;
    type Entity = sum::Entity;

    fn row(id: Uuid, state: &i64, head: &Head) -> Option<sum::Model> {
        let revision = <i64 as TryFrom<u64>>::try_from(head.revision).unwrap();
        (*state != 13).then(|| sum::Model { id: id.to_string(), revision, sum: *state })
    }

    fn timers(state: &i64) -> Vec<Timer> {
        let due = start() + TimeDelta::seconds(*state);
        if state % 2 == 0 { vec![] } else { vec![Timer { kind: "odd", due }] }
    }
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = base_migrations();
        all.push(Box::new(CreateSums));
        all
    }
}

impl Tables for Migrator {
    const SHAPE: u32 = 1;
}

struct CreateSums;

impl MigrationName for CreateSums {
    fn name(&self) -> &str {
        "m000002_create_sums"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateSums {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("sums")
            .col(ColumnDef::new("id").string().not_null().primary_key())
            .col(ColumnDef::new("revision").big_integer().not_null())
            .col(ColumnDef::new("sum").big_integer().not_null())
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("sums").to_owned()).await
    }
}

fn start() -> Timestamp {
    "2026-03-02T01:00:00Z".parse().unwrap()
}

fn log(folder: &Path) -> Arc<dyn EventLog> {
    Arc::new(EmbeddedLog::open(folder, Options::default()).unwrap())
}

async fn add(log: &Arc<dyn EventLog>, id: u128, amount: i64) {
    let context = Context {
        actor: Actor {
            agency: "a".parse().unwrap(),
            officer: "o".parse().unwrap(),
            agency_kind: None,
            region: Region::NATIONAL,
        },
        request_id: Uuid::new_v4().to_string(),
        content_sha256: [0; 32],
        etag: None,
        validate_only: false,
        correlation: None,
        causation: None,
        policy_version: "p".into(),
        trace_parent: String::new(),
        now: start(),
    };
    Store::<Sum>::new(log.clone()).execute(Uuid::from_u128(id), &context, amount).await.unwrap();
}

/// Runs the projection until it has seen everything.
async fn project(log: &Arc<dyn EventLog>, model: &Arc<ReadModel>) {
    let stop = CancellationToken::new();
    let projection = Box::new(ViewProjection::<SumView>::new(log.clone()));
    let task = tokio::spawn(casebook_readmodel::run(log.clone(), model.clone(), vec![projection], stop.clone()));
    model.wait_for(log.head().await.unwrap(), Duration::from_secs(30)).await.unwrap();
    stop.cancel();
    task.await.unwrap();
}

async fn open(folder: &Path) -> Arc<ReadModel> {
    Arc::new(ReadModel::open_sqlite::<Migrator>(&folder.join("rows.db")).await.unwrap())
}

type Rows = (Vec<sum::Model>, Vec<casebook_execution::timer::DueTimer>);

async fn rows(model: &ReadModel) -> Rows {
    let mut sums = sum::Entity::find().all(model.reader()).await.unwrap();
    sums.sort_by(|a, b| a.id.cmp(&b.id));
    let mut timers = model.due(start() + TimeDelta::days(9), 1000).await.unwrap();
    timers.sort_by(|a, b| a.stream.cmp(&b.stream));
    (sums, timers)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Promise 4: however the projection is interrupted, its rows are those of a rebuild, and of the log.
    #[test]
    fn rows_after_restarts_are_the_rows_of_a_rebuild(
        rounds in prop::collection::vec(prop::collection::vec((0u128..6, -3i64..14), 0..20), 1..4)
    ) {
        runtime().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let log = log(folder.path());
            for round in &rounds {
                for (id, amount) in round {
                    add(&log, *id, *amount).await;
                }
                // A new process each time: nothing but the file remembers.
                project(&log, &open(folder.path()).await).await;
            }
            let model = open(folder.path()).await;
            let live = rows(&model).await;
            let report = verify_view::<SumView>().verify(&log, &model).await.unwrap();
            assert_eq!(report.named, Vec::<String>::new());
            model.rebuild::<Migrator>().await.unwrap();
            assert_eq!(model.reached(), Position::START);
            project(&log, &model).await;
            assert_eq!(rows(&model).await, live);
        });
    }
}

/// The same tables, and rows that say something else.
struct Reshaped;

impl MigratorTrait for Reshaped {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Migrator::migrations()
    }
}

impl Tables for Reshaped {
    const SHAPE: u32 = Migrator::SHAPE + 1;
}

/// Rows of another build are made anew from the log; what reactions have done is no row.
#[tokio::test]
async fn rows_of_another_shape_are_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    add(&log, 1, 3).await;
    let before = open(folder.path()).await;
    project(&log, &before).await;
    let live = rows(&before).await;
    before.save("reaction", Position(1)).await.unwrap();
    let same = open(folder.path()).await;
    assert_eq!(same.reached(), log.head().await.unwrap(), "the same shape is kept");
    let after = Arc::new(ReadModel::open_sqlite::<Reshaped>(&folder.path().join("rows.db")).await.unwrap());
    assert_eq!(after.reached(), Position::START);
    assert_eq!(rows(&after).await, (vec![], vec![]));
    assert_eq!(after.load("reaction").await, Ok(Position(1)));
    project(&log, &after).await;
    assert_eq!(rows(&after).await, live);
}

#[tokio::test]
async fn a_row_that_somebody_changed_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    for id in 0..5 {
        add(&log, id, 1).await;
    }
    let model = open(folder.path()).await;
    project(&log, &model).await;
    let verify = async || verify_view::<SumView>().verify(&log, &model).await.unwrap().mismatches;
    assert_eq!(verify().await, 0);
    sea_orm::ConnectionTrait::execute_unprepared(model.reader(), "UPDATE sums SET sum = 2 WHERE id LIKE '%3'")
        .await
        .unwrap();
    assert_eq!(verify().await, 1);
    sea_orm::ConnectionTrait::execute_unprepared(model.reader(), "DELETE FROM sums WHERE id LIKE '%4'").await.unwrap();
    assert_eq!(verify().await, 2);
    sea_orm::ConnectionTrait::execute_unprepared(model.reader(), "UPDATE timers SET due_us = 1 WHERE stream LIKE '%0'")
        .await
        .unwrap();
    assert_eq!(verify().await, 3);
    sea_orm::ConnectionTrait::execute_unprepared(model.reader(), "DELETE FROM timers WHERE stream LIKE '%1'")
        .await
        .unwrap();
    assert_eq!(verify().await, 4);
    sea_orm::ConnectionTrait::execute_unprepared(model.reader(), "INSERT INTO timers VALUES ('sum-9', 'odd', 1)")
        .await
        .unwrap();
    assert_eq!(verify().await, 5);
}

#[tokio::test]
async fn what_is_parked_is_there_after_a_restart_until_it_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let parked = |reaction: &str, position, reason: &str| Parked {
        reaction: reaction.into(),
        stream: StreamName::of("sum", Uuid::from_u128(1)),
        position: Position(position),
        reason: reason.into(),
    };
    let model = open(folder.path()).await;
    for one in [parked("a", 7, "damaged"), parked("a", 3, "damaged"), parked("b", 7, "other"), parked("a", 7, "again")]
    {
        model.park(&one).await.unwrap();
    }
    drop(model);
    let model = open(folder.path()).await;
    assert_eq!(model.parked("a").await.unwrap(), [parked("a", 3, "damaged"), parked("a", 7, "again")]);
    model.unpark("a", Position(3)).await.unwrap();
    assert_eq!(model.all_parked().await.unwrap(), [parked("a", 7, "again"), parked("b", 7, "other")]);
}

fn listing(descending: bool, filters: &str) -> Listing<sum::Entity> {
    Listing {
        select: sum::Entity::find(),
        sort: sum::Column::Sum,
        descending,
        id: sum::Column::Id,
        filters: filters.into(),
    }
}

#[tokio::test]
async fn pages_show_every_row_once_also_where_many_sort_alike_and_rows_come_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    for id in 0..25 {
        add(&log, id, (id as i64) % 3).await;
    }
    let model = open(folder.path()).await;
    project(&log, &model).await;
    for descending in [false, true] {
        let (mut seen, mut token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let (rows, next) = page(model.reader(), listing(descending, "all"), 4, &token).await.unwrap();
            seen.extend(rows.into_iter().map(|row| (row.sum, row.id)));
            pages += 1;
            if next.is_empty() {
                break;
            }
            token = next;
        }
        let mut sorted = seen.clone();
        sorted.sort();
        if descending {
            sorted.reverse();
        }
        assert_eq!((seen.len(), pages), (25, 7));
        assert_eq!(seen, sorted);
    }
}

#[tokio::test]
async fn a_token_of_other_filters_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    for id in 0..5 {
        add(&log, id, 2).await;
    }
    let model = open(folder.path()).await;
    project(&log, &model).await;
    let (_, token) = page(model.reader(), listing(false, "platform=weibo"), 2, "").await.unwrap();
    for (filters, token) in
        [("platform=douyin", token.as_str()), ("platform=weibo", "bm9uc2Vuc2U"), ("platform=weibo", "%")]
    {
        let refused = page(model.reader(), listing(false, filters), 2, token).await;
        assert!(matches!(refused, Err(PageError::Token)), "{filters} {token}");
    }
}
