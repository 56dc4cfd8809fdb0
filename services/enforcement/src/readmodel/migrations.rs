//! The tables of this service.

use casebook_readmodel::{IndexColumns, Tables, base_migrations, create_tables, drop_tables};
use sea_orm_migration::prelude::*;

#[derive(Debug)]
pub struct Migrations;

#[async_trait::async_trait]
impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = base_migrations();
        migrations.push(Box::new(CreateEnforcementTables));
        migrations
    }
}

impl Tables for Migrations {
    const SHAPE: u32 = 1;
}

struct CreateEnforcementTables;

impl MigrationName for CreateEnforcementTables {
    fn name(&self) -> &str {
        "m000401_create_leads_cases_and_orders"
    }
}

const TABLES: [&str; 3] = ["leads", "cases", "orders"];

/// Each filter of a list has an index that begins with it and goes on in the default order.
const INDEXES: &[IndexColumns] = &[
    ("leads_by_created", "leads", &["created"]),
    ("leads_by_updated", "leads", &["updated"]),
    ("leads_by_state", "leads", &["state", "created"]),
    ("leads_by_account", "leads", &["platform", "platform_uid", "created"]),
    ("leads_by_violation", "leads", &["violation", "created"]),
    ("leads_by_region", "leads", &["region", "created"]),
    ("cases_by_created", "cases", &["created"]),
    ("cases_by_updated", "cases", &["updated"]),
    ("cases_by_stage", "cases", &["stage", "created"]),
    ("cases_by_agency", "cases", &["agency", "created"]),
    ("cases_by_violation", "cases", &["violation", "created"]),
    ("cases_by_region", "cases", &["region", "created"]),
    ("cases_by_lead", "cases", &["lead_id"]),
    ("orders_by_created", "orders", &["created"]),
    ("orders_by_updated", "orders", &["updated"]),
    ("orders_by_state", "orders", &["state", "created"]),
    ("orders_by_account", "orders", &["platform", "platform_uid", "created"]),
    ("orders_by_case", "orders", &["case_id", "created"]),
    ("orders_by_measure", "orders", &["measure", "created"]),
    ("orders_by_lateness", "orders", &["late", "created"]),
];

#[async_trait::async_trait]
impl MigrationTrait for CreateEnforcementTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [leads(), cases(), orders()], INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &TABLES).await
    }
}

/// A table whose rows have an id, their place in time and a body, with `columns` to filter by.
fn table(name: &'static str, columns: &mut [ColumnDef]) -> TableCreateStatement {
    let mut table = Table::create().table(name).col(ColumnDef::new("id").string().not_null().primary_key()).to_owned();
    for column in columns {
        table.col(column);
    }
    table
        .col(ColumnDef::new("created").big_integer().not_null())
        .col(ColumnDef::new("updated").big_integer().not_null())
        .col(ColumnDef::new("body").binary().not_null());
    table
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).string().not_null().to_owned()
}

fn word(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().to_owned()
}

fn leads() -> TableCreateStatement {
    let columns = &mut [
        word("state"),
        text("platform"),
        text("platform_uid"),
        text("violation"),
        text("region"),
        text("parties"),
    ];
    table("leads", columns)
}

fn cases() -> TableCreateStatement {
    let columns = &mut [
        word("stage"),
        text("agency"),
        text("violation"),
        text("region"),
        text("parties"),
        text("lead_id"),
        text("accounts"),
    ];
    table("cases", columns)
}

fn orders() -> TableCreateStatement {
    let flag = |name: &'static str| ColumnDef::new(name).boolean().not_null().to_owned();
    table(
        "orders",
        &mut [
            word("state"),
            text("platform"),
            text("platform_uid"),
            text("case_id"),
            text("measure"),
            flag("late"),
            flag("counts"),
        ],
    )
}
