//! The tables of this service.

use casebook_readmodel::{IndexColumns, Tables, base_migrations, create_tables, drop_tables};
use sea_orm_migration::prelude::*;

#[derive(Debug)]
pub struct Migrations;

#[async_trait::async_trait]
impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = base_migrations();
        migrations.push(Box::new(CreateRegistryTables));
        migrations
    }
}

impl Tables for Migrations {
    const SHAPE: u32 = 1;
}

struct CreateRegistryTables;

impl MigrationName for CreateRegistryTables {
    fn name(&self) -> &str {
        "m000101_create_institutions_accounts_and_orders"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateRegistryTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [institutions(), accounts(), orders()], INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["orders", "accounts", "institutions"]).await
    }
}

/// Each filter of a list has an index that begins with it and goes on in the default order.
const INDEXES: &[IndexColumns] = &[
    ("institutions_by_region", "institutions", &["region", "created"]),
    ("institutions_by_created", "institutions", &["created"]),
    ("institutions_by_name", "institutions", &["name"]),
    ("accounts_by_created", "accounts", &["created"]),
    ("accounts_by_institution", "accounts", &["institution_id", "created"]),
    ("accounts_by_platform", "accounts", &["platform", "created"]),
    ("accounts_by_state", "accounts", &["state", "created"]),
    ("accounts_by_region", "accounts", &["region", "created"]),
    ("accounts_by_followers", "accounts", &["followers"]),
    ("accounts_by_handle", "accounts", &["handle"]),
    ("orders_by_account", "orders", &["account_id"]),
];

fn institutions() -> TableCreateStatement {
    Table::create()
        .table("institutions")
        .col(ColumnDef::new("id").string().not_null().primary_key())
        .col(ColumnDef::new("name").string().not_null())
        .col(ColumnDef::new("kind").integer().not_null())
        .col(ColumnDef::new("grade").integer().not_null())
        .col(ColumnDef::new("region").string().not_null())
        .col(ColumnDef::new("created").big_integer().not_null())
        .col(ColumnDef::new("body").binary().not_null())
        .to_owned()
}

fn accounts() -> TableCreateStatement {
    Table::create()
        .table("accounts")
        .col(ColumnDef::new("id").string().not_null().primary_key())
        .col(ColumnDef::new("institution_id").string().not_null())
        .col(ColumnDef::new("platform").string().not_null())
        .col(ColumnDef::new("handle").string().not_null())
        .col(ColumnDef::new("state").integer().not_null())
        .col(ColumnDef::new("level").integer().not_null())
        .col(ColumnDef::new("region").string().not_null())
        .col(ColumnDef::new("followers").big_integer().not_null())
        .col(ColumnDef::new("head_account").boolean().not_null())
        .col(ColumnDef::new("created").big_integer().not_null())
        .col(ColumnDef::new("body").binary().not_null())
        .to_owned()
}

fn orders() -> TableCreateStatement {
    let some_moment = |name: &'static str| ColumnDef::new(name).big_integer().null().to_owned();
    Table::create()
        .table("orders")
        .col(ColumnDef::new("id").string().not_null().primary_key())
        .col(ColumnDef::new("account_id").string().not_null())
        .col(ColumnDef::new("case_id").string().not_null())
        .col(ColumnDef::new("platform").string().not_null())
        .col(ColumnDef::new("platform_uid").string().not_null())
        .col(ColumnDef::new("measure").string().not_null())
        .col(ColumnDef::new("reasons").string().not_null())
        .col(ColumnDef::new("counters").string().null())
        .col(ColumnDef::new("countered_by").string().null())
        .col(ColumnDef::new("outcome").integer().not_null())
        .col(some_moment("executed_at_us"))
        .col(some_moment("effective_from_us"))
        .col(some_moment("until_us"))
        .col(some_moment("ended_at_us"))
        .col(ColumnDef::new("voided").boolean().not_null())
        .to_owned()
}
