//! Leads, one row each.

use casebook_execution::Head;
use casebook_proto::enforcement::v1;
use casebook_readmodel::{Listing, PageError, View, page};
use prost::Message as _;
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseConnection, QueryTrait as _};

use super::sight::{MatterColumns, parties, within_sight};
use super::{SortKey, Sorting, body, column_of};
use crate::domain::lead::{Lead, LeadState};
use crate::domain::visibility::{Matter, Sight};
use crate::resource::{lead_resource, lead_state};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The number of `casebook.enforcement.v1.LeadState`.
    pub state: i32,
    pub platform: String,
    pub platform_uid: String,
    pub violation: String,
    pub region: String,
    /// The agency that screened it, between two edges; empty: none did yet.
    pub parties: String,
    /// The position of the first event.
    pub created: i64,
    /// The position of the last event.
    pub updated: i64,
    /// The resource, as a reply carries it.
    pub body: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[derive(Debug)]
pub struct LeadView;

impl View for LeadView {
    type Aggregate = Lead;
    type Entity = Entity;

    fn row(id: Uuid, state: &LeadState, head: &Head) -> Option<Model> {
        let signal = &state.file()?.signal;
        Some(Model {
            id: id.to_string(),
            state: lead_state(state).into(),
            platform: signal.account.platform.to_string(),
            platform_uid: signal.account.platform_uid.clone(),
            violation: signal.violation.to_string(),
            region: signal.region.code(),
            parties: parties(&Matter::of_lead(state)?),
            created: column_of(head.first_position),
            updated: column_of(head.position),
            body: lead_resource(state, head)?.encode_to_vec(),
        })
    }
}

/// Which leads, and in which order.
#[derive(Debug, Clone)]
pub struct LeadFilter {
    /// Whose list it is.
    pub sight: Sight,
    /// The number of `casebook.enforcement.v1.LeadState`.
    pub state: Option<i32>,
    pub platform: Option<String>,
    pub platform_uid: Option<String>,
    pub violation: Option<String>,
    pub sorting: Sorting,
}

/// One page of leads, and the token of the next.
pub async fn list_leads(
    db: &DatabaseConnection,
    filter: LeadFilter,
    page_size: u32,
    page_token: &str,
) -> Result<(Vec<v1::Lead>, String), PageError> {
    let filters = format!("{filter:?}");
    let columns = MatterColumns { violation: Column::Violation, region: Column::Region, parties: Column::Parties };
    let select = Entity::find()
        .filter(within_sight(&filter.sight, columns))
        .apply_if(filter.state, |select, state| select.filter(Column::State.eq(state)))
        .apply_if(filter.platform, |select, platform| select.filter(Column::Platform.eq(platform)))
        .apply_if(filter.platform_uid, |select, uid| select.filter(Column::PlatformUid.eq(uid)))
        .apply_if(filter.violation, |select, violation| select.filter(Column::Violation.eq(violation)));
    let sort = match filter.sorting.by {
        SortKey::Created => Column::Created,
        SortKey::Updated => Column::Updated,
    };
    let listing = Listing { select, sort, descending: filter.sorting.descending, id: Column::Id, filters };
    let (rows, next) = page(db, listing, page_size, page_token).await?;
    Ok((rows.iter().map(|row| body(&row.body)).collect::<Result<_, _>>()?, next))
}
