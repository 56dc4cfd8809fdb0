//! The tables of the credentials service.

use casebook_readmodel::{IndexColumns, Tables, create_tables, drop_tables};
use sea_orm_migration::prelude::*;

pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = casebook_readmodel::base_migrations();
        all.push(Box::new(CreateCredentialTables));
        all
    }
}

impl Tables for Migrator {
    const SHAPE: u32 = 1;
}

struct CreateCredentialTables;

impl MigrationName for CreateCredentialTables {
    fn name(&self) -> &str {
        "m000002_create_credentials_recertifications_and_headcounts"
    }
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().to_owned()
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().to_owned()
}

fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).binary().not_null().to_owned()
}

const TABLES: [&str; 3] = ["credentials", "recertifications", "headcounts"];

#[async_trait::async_trait]
impl MigrationTrait for CreateCredentialTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let credentials = Table::create()
            .table("credentials")
            .col(text("id").primary_key())
            .col(text("account_id"))
            .col(text("institution_id"))
            .col(text("platform"))
            .col(text("region"))
            .col(text("department"))
            .col(text("holder"))
            .col(text("state"))
            .col(text("category"))
            .col(text("cohort"))
            .col(number("created"))
            .col(number("updated"))
            .col(number("valid_until_us"))
            .col(bytes("body"))
            .to_owned();
        let recertifications = Table::create()
            .table("recertifications")
            .col(text("id").primary_key())
            .col(text("platform"))
            .col(text("state"))
            .col(number("due_us"))
            .col(bytes("body"))
            .to_owned();
        let headcounts = Table::create()
            .table("headcounts")
            .col(text("id").primary_key())
            .col(text("institution_id"))
            .col(text("department"))
            .col(text("place"))
            .col(number("most"))
            .col(bytes("body"))
            .to_owned();
        let indexes: [IndexColumns; 9] = [
            ("credentials_by_account", "credentials", &["account_id", "created"]),
            ("credentials_by_department", "credentials", &["institution_id", "department", "state", "holder"]),
            ("credentials_by_creation", "credentials", &["created", "id"]),
            ("credentials_by_update", "credentials", &["updated", "id"]),
            ("credentials_by_end", "credentials", &["valid_until_us", "id"]),
            ("credentials_by_state", "credentials", &["state", "created"]),
            ("recertifications_by_due", "recertifications", &["due_us", "id"]),
            ("recertifications_by_state", "recertifications", &["state", "due_us"]),
            ("headcounts_by_place", "headcounts", &["place", "id"]),
        ];
        create_tables(manager, [credentials, recertifications, headcounts], &indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &TABLES).await
    }
}
