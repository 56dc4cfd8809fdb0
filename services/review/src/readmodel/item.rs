//! Items, one row each.

use casebook_execution::Head;
use casebook_proto::review::v1 as proto;
use casebook_readmodel::{Listing, PageError, View, page};
use prost::Message as _;
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseConnection, QueryTrait as _};

use super::sight::{items_within, regions};
use super::{body, column_of};
use crate::domain::item::{Item, ItemState, ItemVersion};
use crate::domain::visibility::Sight;
use crate::resource;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "items")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The number of `casebook.review.v1.ItemStage`.
    pub stage: i32,
    pub platform: String,
    pub account_id: String,
    pub region: String,
    /// The regions that answer for it.
    pub regions: String,
    /// The rules that the latest version meets.
    pub hits: i64,
    /// The position of the first event.
    pub created: i64,
    /// The resource, as a reply carries it.
    pub body: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[derive(Debug)]
pub(crate) struct ItemView;

impl View for ItemView {
    type Aggregate = Item;
    type Entity = Entity;

    fn row(id: Uuid, state: &ItemState, head: &Head) -> Option<Model> {
        let item = state.item()?;
        let hits =
            |version: &ItemVersion| version.screened.as_ref().map_or(0, |screened| screened.screening.hits.len());
        Some(Model {
            id: id.to_string(),
            stage: resource::item_stage(item.stage()).into(),
            platform: item.observed.capture.platform.clone(),
            account_id: item.observed.capture.account_id().to_string(),
            region: item.observed.region.code(),
            regions: regions(&item.regions),
            hits: i64::try_from(item.versions.last().map_or(0, hits)).unwrap_or(i64::MAX),
            created: column_of(head.first_position),
            body: resource::item(item, head).encode_to_vec(),
        })
    }
}

/// Which items, and in which order.
#[derive(Debug, Clone)]
pub(crate) struct ItemFilter {
    pub sight: Sight,
    pub stage: Option<i32>,
    pub platform: Option<String>,
    pub account_id: Option<String>,
    pub region: Option<String>,
    pub hits_min: u32,
    pub order: ItemOrder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemOrder {
    Created,
    CreatedDescending,
    HitsDescending,
}

/// One page of items, and the token of the next.
pub(crate) async fn list_items(
    db: &DatabaseConnection,
    filter: ItemFilter,
    page_size: u32,
    page_token: &str,
) -> Result<(Vec<proto::Item>, String), PageError> {
    let filters = format!("{filter:?}");
    let hits_min = (filter.hits_min > 0).then_some(i64::from(filter.hits_min));
    let select = Entity::find()
        .filter(items_within(&filter.sight))
        .apply_if(filter.stage, |select, stage| select.filter(Column::Stage.eq(stage)))
        .apply_if(filter.platform, |select, platform| select.filter(Column::Platform.eq(platform)))
        .apply_if(filter.account_id, |select, account| select.filter(Column::AccountId.eq(account)))
        .apply_if(filter.region, |select, region| select.filter(Column::Region.eq(region)))
        .apply_if(hits_min, |select, hits| select.filter(Column::Hits.gte(hits)));
    let (sort, descending) = match filter.order {
        ItemOrder::Created => (Column::Created, false),
        ItemOrder::CreatedDescending => (Column::Created, true),
        ItemOrder::HitsDescending => (Column::Hits, true),
    };
    let listing = Listing { select, sort, descending, id: Column::Id, filters };
    let (rows, next) = page(db, listing, page_size, page_token).await?;
    let items = rows.iter().map(|row| body(&row.body)).collect::<Result<_, _>>()?;
    Ok((items, next))
}
