//! The tables that every read model has: how far it reaches, which deadlines run, and which events reactions could not be
//! done with.

use sea_orm_migration::prelude::*;

/// The tables of a read model.
pub trait Tables: MigratorTrait {
    /// Counted up whenever these tables, or the rows in them, would be made otherwise than before: a read model of another shape
    /// is dropped when it is opened, and made anew from the log. 0: it never is, because it holds what the log does not.
    const SHAPE: u32;
}

/// The migrations of the base tables; a service's own come behind them.
pub fn base_migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(CreateBaseTables), Box::new(CreateParked)]
}

struct CreateBaseTables;

impl MigrationName for CreateBaseTables {
    fn name(&self) -> &str {
        "m000001_create_cursors_and_timers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateBaseTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let cursors = Table::create()
            .table("cursors")
            .col(ColumnDef::new("name").string().not_null().primary_key())
            .col(ColumnDef::new("position").big_integer().not_null())
            .to_owned();
        let timers = Table::create()
            .table("timers")
            .col(ColumnDef::new("stream").string().not_null())
            .col(ColumnDef::new("kind").string().not_null())
            .col(ColumnDef::new("due_us").big_integer().not_null())
            .primary_key(Index::create().col("stream").col("kind"))
            .to_owned();
        let timers_by_due = Index::create().name("timers_by_due").table("timers").col("due_us").to_owned();
        manager.create_table(cursors).await?;
        manager.create_table(timers).await?;
        manager.create_index(timers_by_due).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("timers").to_owned()).await?;
        manager.drop_table(Table::drop().table("cursors").to_owned()).await
    }
}

struct CreateParked;

impl MigrationName for CreateParked {
    fn name(&self) -> &str {
        "m000002_create_parked"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateParked {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let parked = Table::create()
            .table("parked")
            .col(ColumnDef::new("reaction").string().not_null())
            .col(ColumnDef::new("position").big_integer().not_null())
            .col(ColumnDef::new("stream").string().not_null())
            .col(ColumnDef::new("reason").text().not_null())
            .primary_key(Index::create().col("reaction").col("position"))
            .to_owned();
        manager.create_table(parked).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("parked").to_owned()).await
    }
}

pub(crate) mod cursor {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cursors")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub position: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod timer {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "timers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub stream: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        /// Microseconds since the epoch.
        pub due_us: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod parked {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "parked")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub reaction: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i64,
        pub stream: String,
        #[sea_orm(column_type = "Text")]
        pub reason: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
