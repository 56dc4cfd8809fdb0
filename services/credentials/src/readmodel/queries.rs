//! What is asked of the rows.

use std::collections::HashMap;

use casebook_eventlog::Position;
use casebook_kernel::ids::{AccountId, CredentialId, InstitutionId};
use casebook_policy::ApplicantCategory;
use casebook_proto::credentials::v1 as pb;
use casebook_readmodel::{Listing, PageError, ReadModel, page};
use prost::Message;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, DbErr, EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::{credential_row, headcount_row, recertification_row};
use crate::domain::applicant::Cohort;
use crate::domain::visibility::Sight;

/// An account has few credentials; of more, the latest are looked at.
const CREDENTIALS_OF_ACCOUNT_MAX: u64 = 64;
/// States in which somebody is verified now.
const IN_FORCE: [pb::CredentialState; 2] = [pb::CredentialState::Verified, pb::CredentialState::Expiring];

/// A position as a row holds it. The log would need centuries to leave this range.
pub(super) fn position(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

fn body<M: Message + Default>(bytes: &[u8]) -> Result<M, PageError> {
    M::decode(bytes).map_err(|error| DbErr::Custom(format!("a row's body: {error}")).into())
}

/// Which credentials are asked for; what is none does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialFilter {
    pub sight: Sight,
    pub account: Option<AccountId>,
    pub institution: Option<InstitutionId>,
    /// Any of these; empty: all.
    pub states: Vec<pb::CredentialState>,
    pub category: Option<ApplicantCategory>,
    pub cohort: Option<Cohort>,
    pub order: CredentialOrder,
    pub descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CredentialOrder {
    #[default]
    Created,
    Updated,
    ValidUntil,
}

/// The rule of [`crate::domain::visibility`] as a filter of rows.
fn within_sight(sight: &Sight) -> Condition {
    use credential_row::Column;
    let condition = Condition::all();
    match sight {
        Sight::Everything => condition,
        Sight::Region(region) => {
            let (first, last) = region.codes();
            condition.add(Column::Region.between(first, last))
        }
        Sight::Institution(own) => condition.add(Column::InstitutionId.eq(own)),
        Sight::Platform(own) => condition.add(Column::Platform.eq(own)),
        Sight::Account(own) => condition.add(Column::AccountId.eq(own.to_string())),
        Sight::Nothing => condition.add(Expr::value(false)),
    }
}

/// A page of credentials, and the token of the next.
pub async fn list_credentials(
    model: &ReadModel,
    filter: &CredentialFilter,
    size: u32,
    token: &str,
) -> Result<(Vec<pb::Credential>, String), PageError> {
    use credential_row::{Column, Entity};
    let mut select = Entity::find().filter(within_sight(&filter.sight));
    if let Some(account) = filter.account {
        select = select.filter(Column::AccountId.eq(account.to_string()));
    }
    if let Some(institution) = filter.institution {
        select = select.filter(Column::InstitutionId.eq(institution.to_string()));
    }
    if !filter.states.is_empty() {
        select = select.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str_name())));
    }
    if let Some(category) = filter.category {
        select = select.filter(Column::Category.eq(category.as_str()));
    }
    if let Some(cohort) = filter.cohort {
        select = select.filter(Column::Cohort.eq(cohort.as_str()));
    }
    let sort = match filter.order {
        CredentialOrder::Created => Column::Created,
        CredentialOrder::Updated => Column::Updated,
        CredentialOrder::ValidUntil => Column::ValidUntilUs,
    };
    let listing =
        Listing { select, sort, descending: filter.descending, id: Column::Id, filters: format!("{filter:?}") };
    let (rows, next) = page(model.reader(), listing, size, token).await?;
    let credentials = rows.iter().map(|row| body(&row.body)).collect::<Result<_, _>>()?;
    Ok((credentials, next))
}

/// The ids of an account's credentials, the latest first.
pub async fn credentials_of_account(model: &ReadModel, account: AccountId) -> Result<Vec<CredentialId>, DbErr> {
    use credential_row::{Column, Entity};
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::AccountId.eq(account.to_string()))
        .order_by_desc(Column::Created)
        .limit(CREDENTIALS_OF_ACCOUNT_MAX)
        .into_tuple()
        .all(model.reader())
        .await?;
    ids.iter().map(|id| id.parse().map_err(|error| DbErr::Custom(format!("a row's id: {error}")))).collect()
}

/// Which notices are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoticeFilter {
    pub state: Option<pb::RecertificationState>,
    pub platform: Option<String>,
    pub descending: bool,
}

/// A page of notices, the first due first, and the token of the next.
pub async fn list_notices(
    model: &ReadModel,
    filter: &NoticeFilter,
    size: u32,
    token: &str,
) -> Result<(Vec<pb::Recertification>, String), PageError> {
    use recertification_row::{Column, Entity};
    let mut select = Entity::find();
    if let Some(state) = filter.state {
        select = select.filter(Column::State.eq(state.as_str_name()));
    }
    if let Some(platform) = &filter.platform {
        select = select.filter(Column::Platform.eq(platform.as_str()));
    }
    let descending = filter.descending;
    let listing = Listing { select, sort: Column::DueUs, descending, id: Column::Id, filters: format!("{filter:?}") };
    let (rows, next) = page(model.reader(), listing, size, token).await?;
    let notices = rows.iter().map(|row| body(&row.body)).collect::<Result<_, _>>()?;
    Ok((notices, next))
}

#[derive(FromQueryResult)]
struct Verified {
    institution_id: String,
    department: String,
    holders: i64,
}

/// A page of departments whose norm is clearly exceeded (R29). People are counted and not accounts: one doctor with
/// five accounts is one.
pub async fn anomalies(
    model: &ReadModel,
    institution: Option<InstitutionId>,
    size: u32,
    token: &str,
) -> Result<(Vec<pb::DepartmentHeadcount>, String), PageError> {
    use headcount_row::{Column, Entity};
    let states = IN_FORCE.map(|state| format!("'{}'", state.as_str_name())).join(", ");
    let exceeded = format!(
        "(SELECT COUNT(DISTINCT c.holder) FROM credentials c WHERE c.institution_id = headcounts.institution_id \
         AND c.department = headcounts.department AND c.state IN ({states})) > headcounts.most"
    );
    let mut select = Entity::find().filter(Expr::cust(exceeded));
    if let Some(institution) = institution {
        select = select.filter(Column::InstitutionId.eq(institution.to_string()));
    }
    let filters = format!("{institution:?}");
    let listing = Listing { select, sort: Column::Place, descending: false, id: Column::Id, filters };
    let (rows, next) = page(model.reader(), listing, size, token).await?;
    let counts = verified_holders(model, &rows).await?;
    let mut anomalies = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut headcount: pb::DepartmentHeadcount = body(&row.body)?;
        let count = counts.get(&(row.institution_id.as_str(), row.department.as_str()).into()).copied().unwrap_or(0);
        headcount.verified = u32::try_from(count).unwrap_or(u32::MAX);
        anomalies.push(headcount);
    }
    Ok((anomalies, next))
}

/// A department of an institution.
#[derive(PartialEq, Eq, Hash)]
struct Place(String, String);

impl From<(&str, &str)> for Place {
    fn from((institution, department): (&str, &str)) -> Self {
        Self(institution.to_owned(), department.to_owned())
    }
}

async fn verified_holders(model: &ReadModel, rows: &[headcount_row::Model]) -> Result<HashMap<Place, i64>, DbErr> {
    use credential_row::{Column, Entity};
    let counts = Entity::find()
        .select_only()
        .column(Column::InstitutionId)
        .column(Column::Department)
        .column_as(Expr::cust("COUNT(DISTINCT holder)"), "holders")
        .filter(Column::InstitutionId.is_in(rows.iter().map(|row| row.institution_id.as_str())))
        .filter(Column::Department.is_in(rows.iter().map(|row| row.department.as_str())))
        .filter(Column::State.is_in(IN_FORCE.map(|state| state.as_str_name())))
        .group_by(Column::InstitutionId)
        .group_by(Column::Department)
        .into_model::<Verified>()
        .all(model.reader())
        .await?;
    Ok(counts.into_iter().map(|count| (Place(count.institution_id, count.department), count.holders)).collect())
}
