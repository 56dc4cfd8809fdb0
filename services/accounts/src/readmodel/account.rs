//! Accounts, one row each.

use casebook_execution::Head;
use casebook_execution::timer::Timer;
use casebook_kernel::ids::InstitutionId;
use casebook_kernel::region::Region;
use casebook_policy::AccountLevel;
use casebook_proto::accounts::v1 as pb;
use casebook_readmodel::{Listing, PageError, View, page};
use prost::Message as _;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, DatabaseConnection, QueryTrait as _};

use super::{body, column_of, within};
use crate::codec::values::level_number;
use crate::domain::account::{AccountRegistry, AccountState, Phase};
use crate::domain::visibility::Sight;
use crate::reactions::RESTRICTION_END;
use crate::resource;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub institution_id: String,
    pub platform: String,
    pub handle: String,
    /// The number of `casebook.accounts.v1.AccountState`.
    pub state: i32,
    pub level: i32,
    pub region: String,
    pub followers: i64,
    pub head_account: bool,
    /// The position of the first event.
    pub created: i64,
    /// The resource, as a reply carries it.
    pub body: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[derive(Debug)]
pub struct AccountView;

impl View for AccountView {
    type Aggregate = AccountRegistry;
    type Entity = Entity;

    fn row(id: Uuid, state: &AccountState, head: &Head) -> Option<Model> {
        let account = state.account()?;
        let declaration = &account.declaration;
        Some(Model {
            id: id.to_string(),
            institution_id: declaration.institution_id.to_string(),
            platform: declaration.platform.to_string(),
            handle: declaration.handle.clone(),
            state: resource::state(&account.phase).into(),
            level: level_number(declaration.level),
            region: declaration.region.code(),
            followers: account.followers.map_or(0, |count| i64::try_from(count.followers).unwrap_or(i64::MAX)),
            head_account: account.followers.is_some_and(|count| count.head_account),
            created: column_of(head.first_position),
            body: resource::account(account, head).encode_to_vec(),
        })
    }

    /// When the first of the restrictions ends that have an end.
    fn timers(state: &AccountState) -> Vec<Timer> {
        let restrictions = match state.account().map(|account| &account.phase) {
            Some(Phase::Restricted { restrictions, .. }) => restrictions.as_slice(),
            Some(_) | None => &[],
        };
        let first = restrictions.iter().filter_map(|one| one.until).min();
        first.map(|due| Timer { kind: RESTRICTION_END, due }).into_iter().collect()
    }
}

/// Which accounts, and in which order.
#[derive(Debug, Clone)]
pub struct AccountFilter {
    pub sight: Sight,
    pub institution_id: Option<InstitutionId>,
    pub platform: Option<String>,
    /// The number of `casebook.accounts.v1.AccountState`.
    pub state: Option<i32>,
    pub level: Option<AccountLevel>,
    pub head_only: bool,
    pub region: Option<Region>,
    pub order: AccountOrder,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AccountOrder {
    #[default]
    Created,
    CreatedDescending,
    FollowersDescending,
    Handle,
}

/// The rule of [`crate::domain::visibility`] as a filter of rows.
fn within_sight(sight: &Sight) -> Condition {
    let condition = Condition::all();
    match sight {
        Sight::Everything => condition,
        Sight::Institution(own) => condition.add(Column::InstitutionId.eq(own)),
        Sight::Platform(own) => condition.add(Column::Platform.eq(own)),
        Sight::Account(own) => condition.add(Column::Id.eq(own.to_string())),
        Sight::Nothing => condition.add(Expr::value(false)),
    }
}

/// One page of accounts, and the token of the next.
pub async fn list_accounts(
    db: &DatabaseConnection,
    filter: AccountFilter,
    page_size: u32,
    page_token: &str,
) -> Result<(Vec<pb::Account>, String), PageError> {
    let filters = format!("{filter:?}");
    let head_only = filter.head_only.then_some(true);
    let select = Entity::find()
        .filter(within_sight(&filter.sight))
        .apply_if(filter.institution_id, |select, id| select.filter(Column::InstitutionId.eq(id.to_string())))
        .apply_if(filter.platform, |select, platform| select.filter(Column::Platform.eq(platform)))
        .apply_if(filter.state, |select, state| select.filter(Column::State.eq(state)))
        .apply_if(filter.level, |select, level| select.filter(Column::Level.eq(level_number(level))))
        .apply_if(head_only, |select, head| select.filter(Column::HeadAccount.eq(head)))
        .apply_if(filter.region.and_then(|region| within(Column::Region, region)), QueryFilter::filter);
    let (sort, descending) = match filter.order {
        AccountOrder::Created => (Column::Created, false),
        AccountOrder::CreatedDescending => (Column::Created, true),
        AccountOrder::FollowersDescending => (Column::Followers, true),
        AccountOrder::Handle => (Column::Handle, false),
    };
    let listing = Listing { select, sort, descending, id: Column::Id, filters };
    let (rows, next) = page(db, listing, page_size, page_token).await?;
    let accounts = rows.iter().map(|row| body(&row.body)).collect::<Result<_, _>>()?;
    Ok((accounts, next))
}
