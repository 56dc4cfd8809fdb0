//! Orders, one row each, with their deadlines; and from them, what an account met before.

use casebook_execution::Head;
use casebook_execution::timer::Timer;
use casebook_proto::enforcement::v1;
use casebook_readmodel::{Listing, PageError, View, page};
use prost::Message as _;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Query;
use sea_orm::{Condition, DatabaseConnection, QueryOrder as _, QuerySelect as _, QueryTrait as _, Select};

use super::case::cases_within;
use super::{SortKey, Sorting, body, case, column_of};
use crate::domain::measure::AccountRef;
use crate::domain::order::{Lateness, Order, OrderState};
use crate::domain::visibility::Sight;
use crate::resource::{order_resource, order_state};

/// The most earlier orders that a recommendation looks at: the latest.
pub const HISTORY_MAX: u64 = 50;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The number of `casebook.enforcement.v1.OrderState`.
    pub state: i32,
    pub platform: String,
    pub platform_uid: String,
    pub case_id: String,
    pub measure: String,
    /// Overdue or escalated.
    pub late: bool,
    /// A measure of the ladder that came into force and that nobody voided: it counts for the next one (R92).
    pub counts: bool,
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
pub struct OrderView;

impl View for OrderView {
    type Aggregate = Order;
    type Entity = Entity;

    fn row(id: Uuid, state: &OrderState, head: &Head) -> Option<Model> {
        let file = state.file()?;
        let measure = &file.terms.measure;
        Some(Model {
            id: id.to_string(),
            state: order_state(file).into(),
            platform: measure.account.platform.to_string(),
            platform_uid: measure.account.platform_uid.clone(),
            case_id: file.terms.case_id.to_string(),
            measure: measure.id.to_string(),
            late: file.lateness != Lateness::InTime,
            counts: file.counts_as().is_some_and(|measure| measure.rung.is_some()),
            created: column_of(head.first_position),
            updated: column_of(head.position),
            body: order_resource(state, head)?.encode_to_vec(),
        })
    }

    fn timers(state: &OrderState) -> Vec<Timer> {
        state.timer().map(|(timer, due)| Timer { kind: timer.kind(), due }).into_iter().collect()
    }
}

/// The orders that lie within a sight: those of the cases that do.
fn orders_within(sight: &Sight) -> Condition {
    if *sight == Sight::Everything {
        return Condition::all();
    }
    let mut cases = Query::select();
    cases.column(case::Column::Id).from(case::Entity).cond_where(cases_within(sight));
    Condition::all().add(Column::CaseId.in_subquery(cases))
}

/// Which orders, and in which order.
#[derive(Debug, Clone)]
pub struct OrderFilter {
    /// Whose list it is.
    pub sight: Sight,
    /// The number of `casebook.enforcement.v1.OrderState`.
    pub state: Option<i32>,
    pub platform: Option<String>,
    pub platform_uid: Option<String>,
    pub case_id: Option<String>,
    pub measure: Option<String>,
    pub late_only: bool,
    pub sorting: Sorting,
}

/// One page of orders, and the token of the next.
pub async fn list_orders(
    db: &DatabaseConnection,
    filter: OrderFilter,
    page_size: u32,
    page_token: &str,
) -> Result<(Vec<v1::Order>, String), PageError> {
    let filters = format!("{filter:?}");
    let late_only = filter.late_only.then_some(true);
    let select = Entity::find()
        .filter(orders_within(&filter.sight))
        .apply_if(filter.state, |select, state| select.filter(Column::State.eq(state)))
        .apply_if(filter.platform, |select, platform| select.filter(Column::Platform.eq(platform)))
        .apply_if(filter.platform_uid, |select, uid| select.filter(Column::PlatformUid.eq(uid)))
        .apply_if(filter.case_id, |select, case| select.filter(Column::CaseId.eq(case)))
        .apply_if(filter.measure, |select, measure| select.filter(Column::Measure.eq(measure)))
        .apply_if(late_only, |select, late| select.filter(Column::Late.eq(late)));
    let sort = match filter.sorting.by {
        SortKey::Created => Column::Created,
        SortKey::Updated => Column::Updated,
    };
    let listing = Listing { select, sort, descending: filter.sorting.descending, id: Column::Id, filters };
    let (rows, next) = page(db, listing, page_size, page_token).await?;
    Ok((rows.iter().map(|row| body(&row.body)).collect::<Result<_, _>>()?, next))
}

/// The measures of the ladder that came into force on an account and that nobody voided, the latest first, at most
/// [`HISTORY_MAX`].
pub async fn ladder_history(db: &DatabaseConnection, account: &AccountRef) -> Result<Vec<v1::Order>, PageError> {
    let rows = counting(account).all(db).await?;
    rows.iter().map(|row| body(&row.body)).collect()
}

/// Those of them that lie within a sight.
pub async fn shown_history(
    db: &DatabaseConnection,
    account: &AccountRef,
    sight: &Sight,
) -> Result<Vec<v1::Order>, PageError> {
    let rows = counting(account).filter(orders_within(sight)).all(db).await?;
    rows.iter().map(|row| body(&row.body)).collect()
}

fn counting(account: &AccountRef) -> Select<Entity> {
    Entity::find()
        .filter(Column::Platform.eq(account.platform.to_string()))
        .filter(Column::PlatformUid.eq(account.platform_uid.clone()))
        .filter(Column::Counts.eq(true))
        .order_by_desc(Column::Created)
        .limit(HISTORY_MAX)
}
