//! Institutions, one row each.

use casebook_execution::Head;
use casebook_kernel::region::Region;
use casebook_proto::accounts::v1 as pb;
use casebook_readmodel::{Listing, PageError, View, page};
use prost::Message as _;
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseConnection, QueryTrait as _};

use super::{body, column_of, within};
use crate::codec::values::{grade_number, kind_number};
use crate::domain::institution::{Grade, Institution, InstitutionKind, InstitutionState};
use crate::resource;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "institutions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub kind: i32,
    pub grade: i32,
    pub region: String,
    /// The position of the first event.
    pub created: i64,
    /// The resource, as a reply carries it.
    pub body: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[derive(Debug)]
pub struct InstitutionView;

impl View for InstitutionView {
    type Aggregate = Institution;
    type Entity = Entity;

    fn row(id: Uuid, state: &InstitutionState, head: &Head) -> Option<Model> {
        let registered = state.registered()?;
        let registration = &registered.registration;
        Some(Model {
            id: id.to_string(),
            name: registration.name.clone(),
            kind: kind_number(registration.kind),
            grade: registration.grade.map_or(0, grade_number),
            region: registration.region.code(),
            created: column_of(head.first_position),
            body: resource::institution(registered, head).encode_to_vec(),
        })
    }
}

/// Which institutions, and in which order.
#[derive(Debug, Clone, Default)]
pub struct InstitutionFilter {
    pub region: Option<Region>,
    pub kind: Option<InstitutionKind>,
    pub grade: Option<Grade>,
    pub order: InstitutionOrder,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InstitutionOrder {
    #[default]
    Created,
    CreatedDescending,
    Name,
}

/// One page of institutions, and the token of the next.
pub async fn list_institutions(
    db: &DatabaseConnection,
    filter: InstitutionFilter,
    page_size: u32,
    page_token: &str,
) -> Result<(Vec<pb::Institution>, String), PageError> {
    let filters = format!("{filter:?}");
    let select = Entity::find()
        .apply_if(filter.region.and_then(|region| within(Column::Region, region)), QueryFilter::filter)
        .apply_if(filter.kind, |select, kind| select.filter(Column::Kind.eq(kind_number(kind))))
        .apply_if(filter.grade, |select, grade| select.filter(Column::Grade.eq(grade_number(grade))));
    let (sort, descending) = match filter.order {
        InstitutionOrder::Created => (Column::Created, false),
        InstitutionOrder::CreatedDescending => (Column::Created, true),
        InstitutionOrder::Name => (Column::Name, false),
    };
    let listing = Listing { select, sort, descending, id: Column::Id, filters };
    let (rows, next) = page(db, listing, page_size, page_token).await?;
    let institutions = rows.iter().map(|row| body(&row.body)).collect::<Result<_, _>>()?;
    Ok((institutions, next))
}
