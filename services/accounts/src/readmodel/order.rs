//! What orders came to, one row each, so that the measures on an account can be found whether it is declared or not.

use casebook_execution::Head;
use casebook_kernel::Timestamp;
use casebook_kernel::ids::AccountId;
use casebook_readmodel::{PageError, View};
use chrono::DateTime;
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseConnection, DbErr, QueryOrder as _, QuerySelect as _};

use crate::domain::measure::{MeasureOrder, OrderReader, OrderState, Receipt, ReceiptOutcome};

/// The most orders on one account that a query looks at: the latest.
pub const ORDERS_OF_ACCOUNT_MAX: u64 = 1_000;

const UNANSWERED: i32 = 0;
const EXECUTED: i32 = 1;
const PARTLY: i32 = 2;
const REFUSED: i32 = 3;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub account_id: String,
    pub case_id: String,
    pub platform: String,
    pub platform_uid: String,
    pub measure: String,
    pub reasons: String,
    pub counters: Option<String>,
    pub countered_by: Option<String>,
    /// 0 unanswered, 1 executed, 2 partly, 3 refused.
    pub outcome: i32,
    /// This and the following in microseconds since the epoch.
    pub executed_at_us: Option<i64>,
    pub effective_from_us: Option<i64>,
    pub until_us: Option<i64>,
    pub ended_at_us: Option<i64>,
    pub voided: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[derive(Debug)]
pub struct OrderView;

impl View for OrderView {
    type Aggregate = OrderReader;
    type Entity = Entity;

    fn row(id: Uuid, state: &OrderState, _: &Head) -> Option<Model> {
        let order = state.order()?;
        let receipt = order.receipt.as_ref();
        let micros = |at: Option<Timestamp>| at.map(|at| at.timestamp_micros());
        Some(Model {
            id: id.to_string(),
            account_id: order.account_id.to_string(),
            case_id: order.case_id.to_string(),
            platform: order.platform.clone(),
            platform_uid: order.platform_uid.clone(),
            measure: order.measure.clone(),
            reasons: order.reasons.clone(),
            counters: order.counters.map(|id| id.to_string()),
            countered_by: order.countered_by.map(|id| id.to_string()),
            outcome: match receipt.map(|receipt| receipt.outcome) {
                None => UNANSWERED,
                Some(ReceiptOutcome::Executed) => EXECUTED,
                Some(ReceiptOutcome::Partly) => PARTLY,
                Some(ReceiptOutcome::Refused) => REFUSED,
            },
            executed_at_us: micros(receipt.and_then(|receipt| receipt.executed_at)),
            effective_from_us: micros(order.effective_from()),
            until_us: micros(receipt.and_then(|receipt| receipt.until)),
            ended_at_us: micros(order.ended_at),
            voided: order.voided,
        })
    }
}

/// The orders on an account, at most [`ORDERS_OF_ACCOUNT_MAX`] of them.
pub async fn orders_on(db: &DatabaseConnection, account_id: AccountId) -> Result<Vec<MeasureOrder>, PageError> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(account_id.to_string()))
        .order_by_desc(Column::EffectiveFromUs)
        .limit(ORDERS_OF_ACCOUNT_MAX)
        .all(db)
        .await?;
    rows.into_iter()
        .map(|row| order(row).map_err(|reason| DbErr::Custom(format!("a row of orders: {reason}")).into()))
        .collect()
}

fn order(row: Model) -> Result<MeasureOrder, String> {
    let outcome = match row.outcome {
        EXECUTED => Some(ReceiptOutcome::Executed),
        PARTLY => Some(ReceiptOutcome::Partly),
        REFUSED => Some(ReceiptOutcome::Refused),
        UNANSWERED => None,
        other => return Err(format!("{other} is no outcome")),
    };
    let receipt = match outcome {
        None => None,
        Some(outcome) => Some(Receipt {
            outcome,
            executed_at: moment(row.executed_at_us)?,
            effective_from: moment(row.effective_from_us)?,
            until: moment(row.until_us)?,
        }),
    };
    Ok(MeasureOrder {
        order_id: id(&row.id)?,
        case_id: id(&row.case_id)?,
        account_id: id(&row.account_id)?,
        platform: row.platform,
        platform_uid: row.platform_uid,
        measure: row.measure,
        reasons: row.reasons,
        counters: row.counters.as_deref().map(id).transpose()?,
        receipt,
        ended_at: moment(row.ended_at_us)?,
        countered_by: row.countered_by.as_deref().map(id).transpose()?,
        voided: row.voided,
    })
}

fn id<Id: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<Id, String> {
    text.parse().map_err(|error: Id::Err| error.to_string())
}

fn moment(micros: Option<i64>) -> Result<Option<Timestamp>, String> {
    let one = |micros| DateTime::from_timestamp_micros(micros).ok_or_else(|| format!("{micros} is no time"));
    micros.map(one).transpose()
}
