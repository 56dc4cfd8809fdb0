//! The norm of a department as a row.

use casebook_execution::Head;
use casebook_readmodel::View;
use prost::Message as _;
use sea_orm::entity::prelude::*;

use crate::domain::headcount::{Headcount, HeadcountState};
use crate::messages::headcount_message;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "headcounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub institution_id: String,
    pub department: String,
    /// Institution and department in one: what lists sort by.
    pub place: String,
    /// The most verified people with whom the norm is not clearly exceeded.
    pub most: i64,
    pub body: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row of a norm.
pub struct HeadcountView;

impl View for HeadcountView {
    type Aggregate = Headcount;
    type Entity = Entity;

    fn row(id: Uuid, state: &HeadcountState, head: &Head) -> Option<Model> {
        let HeadcountState::Set(norm) = state else { return None };
        Some(Model {
            id: id.to_string(),
            institution_id: norm.institution.to_string(),
            department: norm.department.clone(),
            place: format!("{}/{}", norm.institution, norm.department),
            // A norm of at most 10,000 with a margin of at most 500 % is far inside the range.
            most: i64::try_from(norm.most()).unwrap_or(i64::MAX),
            body: headcount_message(norm, Some(head), 0).encode_to_vec(),
        })
    }
}
