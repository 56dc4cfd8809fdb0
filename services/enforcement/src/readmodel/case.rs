//! Cases, one row each, and the one deadline that a case has.

use casebook_execution::Head;
use casebook_execution::timer::Timer;
use casebook_proto::enforcement::v1;
use casebook_readmodel::{Listing, PageError, View, page};
use prost::Message as _;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::LikeExpr;
use sea_orm::{Condition, DatabaseConnection, QueryTrait as _};

use super::sight::{EDGE, MatterColumns, escaped, parties, within_sight};
use super::{SortKey, Sorting, body, column_of};
use crate::domain::case::{Case, CaseState};
use crate::domain::measure::AccountRef;
use crate::domain::visibility::{Matter, Sight};
use crate::resource::{case_resource, stage};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The number of `casebook.enforcement.v1.CaseStage`.
    pub stage: i32,
    pub agency: String,
    pub violation: String,
    pub region: String,
    /// The agencies that have or had to do with the case, each between two edges.
    pub parties: String,
    pub lead_id: String,
    /// Every account that the case is about, each between two edges.
    pub accounts: String,
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
pub struct CaseView;

impl View for CaseView {
    type Aggregate = Case;
    type Entity = Entity;

    fn row(id: Uuid, state: &CaseState, head: &Head) -> Option<Model> {
        let file = state.file()?;
        Some(Model {
            id: id.to_string(),
            stage: stage(file).into(),
            agency: file.agency.to_string(),
            violation: file.opening.violation.to_string(),
            region: file.opening.region.code(),
            parties: parties(&Matter::of_case(file)),
            lead_id: file.opening.lead_id.to_string(),
            accounts: accounts(&file.opening.accounts),
            created: column_of(head.first_position),
            updated: column_of(head.position),
            body: case_resource(state, head)?.encode_to_vec(),
        })
    }

    fn timers(state: &CaseState) -> Vec<Timer> {
        state.timers().into_iter().map(|(kind, due)| Timer { kind, due }).collect()
    }
}

fn accounts(accounts: &[AccountRef]) -> String {
    accounts.iter().map(|account| format!("{EDGE}{account}{EDGE}")).collect()
}

/// The cases that lie within a sight.
pub(super) fn cases_within(sight: &Sight) -> Condition {
    let columns = MatterColumns { violation: Column::Violation, region: Column::Region, parties: Column::Parties };
    within_sight(sight, columns)
}

/// Which cases, and in which order.
#[derive(Debug, Clone)]
pub struct CaseFilter {
    /// Whose list it is.
    pub sight: Sight,
    /// The number of `casebook.enforcement.v1.CaseStage`.
    pub stage: Option<i32>,
    pub agency: Option<String>,
    pub violation: Option<String>,
    pub lead_id: Option<String>,
    pub platform: Option<String>,
    pub platform_uid: Option<String>,
    pub sorting: Sorting,
}

/// What the accounts of a row must look like.
fn account_pattern(platform: Option<&str>, platform_uid: Option<&str>) -> Option<LikeExpr> {
    let pattern = match (platform.map(escaped), platform_uid.map(escaped)) {
        (None, None) => return None,
        (Some(platform), Some(uid)) => format!("%{EDGE}{platform}/{uid}{EDGE}%"),
        (Some(platform), None) => format!("%{EDGE}{platform}/%"),
        (None, Some(uid)) => format!("%/{uid}{EDGE}%"),
    };
    Some(LikeExpr::new(pattern).escape('\\'))
}

/// One page of cases, and the token of the next.
pub async fn list_cases(
    db: &DatabaseConnection,
    filter: CaseFilter,
    page_size: u32,
    page_token: &str,
) -> Result<(Vec<v1::Case>, String), PageError> {
    let filters = format!("{filter:?}");
    let pattern = account_pattern(filter.platform.as_deref(), filter.platform_uid.as_deref());
    let select = Entity::find()
        .filter(cases_within(&filter.sight))
        .apply_if(filter.stage, |select, stage| select.filter(Column::Stage.eq(stage)))
        .apply_if(filter.agency, |select, agency| select.filter(Column::Agency.eq(agency)))
        .apply_if(filter.violation, |select, violation| select.filter(Column::Violation.eq(violation)))
        .apply_if(filter.lead_id, |select, lead| select.filter(Column::LeadId.eq(lead)))
        .apply_if(pattern, |select, pattern| select.filter(Column::Accounts.like(pattern)));
    let sort = match filter.sorting.by {
        SortKey::Created => Column::Created,
        SortKey::Updated => Column::Updated,
    };
    let listing = Listing { select, sort, descending: filter.sorting.descending, id: Column::Id, filters };
    let (rows, next) = page(db, listing, page_size, page_token).await?;
    Ok((rows.iter().map(|row| body(&row.body)).collect::<Result<_, _>>()?, next))
}
