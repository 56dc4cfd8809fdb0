//! The tables of the audit.

use casebook_readmodel::{IndexColumns, Tables, create_tables, drop_tables};
use sea_orm_migration::prelude::*;

pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = casebook_readmodel::base_migrations();
        all.push(Box::new(CreateAuditTables));
        all
    }
}

impl Tables for Migrator {
    /// The chain over a log is no second time made from it: one that was altered meanwhile would agree.
    const SHAPE: u32 = 0;
}

struct CreateAuditTables;

impl MigrationName for CreateAuditTables {
    fn name(&self) -> &str {
        "m000002_create_kept_events_and_reads"
    }
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().to_owned()
}

fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).binary().not_null().to_owned()
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for CreateAuditTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let kept_events = Table::create()
            .table("kept_events")
            .col(number("position").primary_key())
            .col(number("events"))
            .col(text("stream"))
            .col(number("revision"))
            .col(bytes("event_id"))
            .col(text("event_type"))
            .col(number("recorded_us"))
            .col(bytes("correlation"))
            .col(text("agency"))
            .col(text("officer"))
            .col(bytes("leaf"))
            .col(bytes("chain"))
            .col(number("case_events"))
            .col(bytes("case_chain"))
            .to_owned();
        let reads = Table::create()
            .table("reads")
            .col(number("position").primary_key())
            .col(text("agency"))
            .col(text("officer"))
            .col(text("method"))
            .col(text("resource"))
            .col(number("recorded_us"))
            .to_owned();
        let indexes: [IndexColumns; 6] = [
            ("kept_events_by_case", "kept_events", &["correlation", "position"]),
            ("kept_events_by_stream", "kept_events", &["stream", "revision"]),
            ("reads_by_agency", "reads", &["agency", "position"]),
            ("reads_by_officer", "reads", &["officer", "position"]),
            ("reads_by_resource", "reads", &["resource", "position"]),
            ("reads_by_time", "reads", &["recorded_us", "position"]),
        ];
        create_tables(manager, [kept_events, reads], &indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["reads", "kept_events"]).await
    }
}
