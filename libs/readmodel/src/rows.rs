//! Rows of one table, many at a time.

use std::collections::HashMap;
use std::marker::PhantomData;

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait as _, DatabaseTransaction, DbErr, EntityTrait, IdenStatic as _, IntoActiveModel,
    Iterable as _, PrimaryKeyToColumn as _, QueryTrait as _, Statement,
};

/// How many rows a statement has. There are few sizes, so that the text of each is made once, and a database prepares it once.
const SIZES: [usize; 4] = [128, 16, 4, 1];

/// Writes whole rows.
pub struct Rows<E> {
    on_conflict: Option<OnConflict>,
    /// By the number of rows.
    texts: HashMap<usize, String>,
    entity: PhantomData<fn() -> E>,
}

impl<E> Rows<E>
where
    E: EntityTrait<Model: IntoActiveModel<E::ActiveModel>>,
{
    /// A row of a known key is an error.
    pub fn inserting() -> Self {
        Self { on_conflict: None, texts: HashMap::new(), entity: PhantomData }
    }

    /// A row of a known key replaces the one that was there.
    pub fn replacing() -> Self {
        let keys: Vec<_> = E::PrimaryKey::iter().map(|key| key.into_column()).collect();
        let others = E::Column::iter().filter(|column| !keys.iter().any(|key| key.as_str() == column.as_str()));
        let on_conflict = OnConflict::columns(keys.iter().copied()).update_columns(others).to_owned();
        Self { on_conflict: Some(on_conflict), ..Self::inserting() }
    }

    /// Writes them all, in this order.
    pub async fn write(&mut self, rows: Vec<E::Model>, transaction: &DatabaseTransaction) -> Result<(), DbErr> {
        let mut left = rows.len();
        let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model);
        for size in SIZES {
            while left >= size {
                let statement = self.statement(rows.by_ref().take(size).collect(), transaction);
                transaction.execute_raw(statement).await?;
                left -= size;
            }
        }
        Ok(())
    }

    fn statement(&mut self, rows: Vec<E::ActiveModel>, transaction: &DatabaseTransaction) -> Statement {
        let backend = transaction.get_database_backend();
        let size = rows.len();
        if let Some(text) = self.texts.get(&size) {
            let values = rows.into_iter().flat_map(values::<E>);
            return Statement::from_sql_and_values(backend, text, values);
        }
        let mut insert = E::insert_many(rows);
        if let Some(on_conflict) = &self.on_conflict {
            insert = insert.on_conflict(on_conflict.clone());
        }
        let statement = insert.build(backend);
        self.texts.insert(size, statement.sql.clone());
        statement
    }
}

/// What a statement binds for a row: the value of every column, in their order.
fn values<E: EntityTrait>(mut row: E::ActiveModel) -> impl Iterator<Item = sea_orm::Value> {
    E::Column::iter().filter_map(move |column| row.take(column).into_value())
}
