//! The tables of this service.

use casebook_readmodel::{IndexColumns, Tables, base_migrations, create_tables, drop_tables};
use sea_orm_migration::prelude::*;

#[derive(Debug)]
pub struct Migrations;

#[async_trait::async_trait]
impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = base_migrations();
        migrations.push(Box::new(CreateReviewTables));
        migrations
    }
}

impl Tables for Migrations {
    const SHAPE: u32 = 1;
}

struct CreateReviewTables;

impl MigrationName for CreateReviewTables {
    fn name(&self) -> &str {
        "m000201_create_reports_items_and_knowledge"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateReviewTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [reports(), items(), known_accounts(), known_credentials()], INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["known_credentials", "known_accounts", "items", "reports"]).await
    }
}

/// Each filter of a list has an index that begins with it and goes on in the default order.
const INDEXES: &[IndexColumns] = &[
    ("reports_by_created", "reports", &["created"]),
    ("reports_by_due", "reports", &["acceptance_due_us"]),
    ("reports_by_stage", "reports", &["stage", "created"]),
    ("reports_by_channel", "reports", &["channel", "created"]),
    ("reports_by_standing", "reports", &["account_standing", "created"]),
    ("reports_by_platform", "reports", &["platform", "created"]),
    ("reports_by_item", "reports", &["item_id", "created"]),
    ("reports_by_account", "reports", &["account_id", "created"]),
    ("reports_by_region", "reports", &["region", "created"]),
    ("reports_by_merged_into", "reports", &["merged_into", "id"]),
    ("reports_by_taken_in_by", "reports", &["taken_in_by", "created"]),
    ("reports_by_overdue", "reports", &["overdue", "created"]),
    ("items_by_created", "items", &["created"]),
    ("items_by_hits", "items", &["hits"]),
    ("items_by_stage", "items", &["stage", "created"]),
    ("items_by_platform", "items", &["platform", "created"]),
    ("items_by_account", "items", &["account_id", "created"]),
    ("items_by_region", "items", &["region", "created"]),
    ("known_credentials_by_account", "known_credentials", &["account_id"]),
];

fn reports() -> TableCreateStatement {
    Table::create()
        .table("reports")
        .col(ColumnDef::new("id").string().not_null().primary_key())
        .col(ColumnDef::new("stage").integer().not_null())
        .col(ColumnDef::new("channel").integer().not_null())
        .col(ColumnDef::new("account_standing").integer().not_null())
        .col(ColumnDef::new("platform").string().not_null())
        .col(ColumnDef::new("item_id").string().not_null())
        .col(ColumnDef::new("account_id").string().not_null())
        .col(ColumnDef::new("region").string().not_null())
        .col(ColumnDef::new("taken_in_by").string().not_null())
        .col(ColumnDef::new("merged_into").string().null())
        .col(ColumnDef::new("overdue").boolean().not_null())
        .col(ColumnDef::new("acceptance_due_us").big_integer().not_null())
        .col(ColumnDef::new("created").big_integer().not_null())
        .col(ColumnDef::new("body").binary().not_null())
        .to_owned()
}

fn items() -> TableCreateStatement {
    Table::create()
        .table("items")
        .col(ColumnDef::new("id").string().not_null().primary_key())
        .col(ColumnDef::new("stage").integer().not_null())
        .col(ColumnDef::new("platform").string().not_null())
        .col(ColumnDef::new("account_id").string().not_null())
        .col(ColumnDef::new("region").string().not_null())
        .col(ColumnDef::new("regions").text().not_null())
        .col(ColumnDef::new("hits").big_integer().not_null())
        .col(ColumnDef::new("created").big_integer().not_null())
        .col(ColumnDef::new("body").binary().not_null())
        .to_owned()
}

fn known_accounts() -> TableCreateStatement {
    Table::create()
        .table("known_accounts")
        .col(ColumnDef::new("id").string().not_null().primary_key())
        .col(ColumnDef::new("standing").integer().not_null())
        .to_owned()
}

fn known_credentials() -> TableCreateStatement {
    Table::create()
        .table("known_credentials")
        .col(ColumnDef::new("id").string().not_null().primary_key())
        .col(ColumnDef::new("account_id").string().not_null())
        .col(ColumnDef::new("from_us").big_integer().not_null())
        .col(ColumnDef::new("until_us").big_integer().null())
        .to_owned()
}
