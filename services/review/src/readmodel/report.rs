//! Reports, one row each.

use casebook_execution::Head;
use casebook_execution::timer::Timer;
use casebook_kernel::ids::{ItemId, ReportId};
use casebook_proto::review::v1 as proto;
use casebook_readmodel::{Listing, PageError, View, page};
use prost::Message as _;
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseConnection, QueryOrder as _, QuerySelect as _, QueryTrait as _};

use super::sight::reports_within;
use super::{body, column_of};
use crate::codec::values::{channel_of, standing_of, string_or_empty};
use crate::domain::report::{Report, ReportStage, ReportState};
use crate::domain::visibility::Sight;
use crate::reactions::ACCEPTANCE_TIMER;
use crate::resource;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The number of `casebook.review.v1.ReportStage`.
    pub stage: i32,
    pub channel: i32,
    pub account_standing: i32,
    pub platform: String,
    pub item_id: String,
    pub account_id: String,
    pub region: String,
    /// The agency; empty where it is not known.
    pub taken_in_by: String,
    /// The report that it is part of.
    pub merged_into: Option<String>,
    pub overdue: bool,
    /// Microseconds since the epoch.
    pub acceptance_due_us: i64,
    /// The position of the first event.
    pub created: i64,
    /// The resource, as a reply carries it.
    pub body: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[derive(Debug)]
pub(crate) struct ReportView;

impl View for ReportView {
    type Aggregate = Report;
    type Entity = Entity;

    fn row(id: Uuid, state: &ReportState, head: &Head) -> Option<Model> {
        let report = state.report()?;
        Some(Model {
            id: id.to_string(),
            stage: resource::report_stage(&report.stage).into(),
            channel: channel_of(report.filed.channel).into(),
            account_standing: standing_of(report.filed.account_standing).into(),
            platform: report.filed.capture.platform.clone(),
            item_id: report.filed.item_id.to_string(),
            account_id: report.filed.account_id().to_string(),
            region: report.filed.region.code(),
            taken_in_by: string_or_empty(&report.filed.taken_in_by),
            merged_into: report.merged.as_ref().map(|merged| merged.into.to_string()),
            overdue: report.acceptance_overdue,
            acceptance_due_us: report.acceptance_due.at().timestamp_micros(),
            created: column_of(head.first_position),
            body: resource::report(report, head).encode_to_vec(),
        })
    }

    /// X10: 7 working days to accept or decline.
    fn timers(state: &ReportState) -> Vec<Timer> {
        state
            .report()
            .filter(|report| report.stage == ReportStage::Received && !report.acceptance_overdue)
            .map(|report| Timer { kind: ACCEPTANCE_TIMER, due: report.acceptance_due.at() })
            .into_iter()
            .collect()
    }
}

/// The most ids that one look gives.
pub(crate) const REPORTS_A_PAGE: usize = 500;

/// Reports that share the fate of something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ReportsOf {
    Item(ItemId),
    /// Those that are part of another.
    MergedInto(ReportId),
}

/// The next such reports by their ids; fewer than a page: there are no more.
pub(crate) async fn report_ids(
    db: &DatabaseConnection,
    which: ReportsOf,
    after: Option<ReportId>,
) -> Result<Vec<ReportId>, DbErr> {
    let those = match which {
        ReportsOf::Item(item) => Column::ItemId.eq(item.to_string()),
        ReportsOf::MergedInto(report) => Column::MergedInto.eq(report.to_string()),
    };
    let select = Entity::find().select_only().column(Column::Id).filter(those).order_by_asc(Column::Id);
    let select = select.apply_if(after, |select, id| select.filter(Column::Id.gt(id.to_string())));
    let ids: Vec<String> = select.limit(REPORTS_A_PAGE as u64).into_tuple().all(db).await?;
    ids.iter().map(|id| id.parse().map_err(|error| DbErr::Custom(format!("the id of a report: {error}")))).collect()
}

/// Which reports, and in which order.
#[derive(Debug, Clone)]
pub(crate) struct ReportFilter {
    pub sight: Sight,
    pub stage: Option<i32>,
    pub channel: Option<i32>,
    pub account_standing: Option<i32>,
    pub platform: Option<String>,
    pub item_id: Option<String>,
    pub account_id: Option<String>,
    pub region: Option<String>,
    pub overdue_only: bool,
    pub order: ReportOrder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportOrder {
    Created,
    CreatedDescending,
    Due,
    DueDescending,
}

/// One page of reports, and the token of the next.
pub(crate) async fn list_reports(
    db: &DatabaseConnection,
    filter: ReportFilter,
    page_size: u32,
    page_token: &str,
) -> Result<(Vec<proto::Report>, String), PageError> {
    let filters = format!("{filter:?}");
    let overdue = filter.overdue_only.then_some(true);
    let select = Entity::find()
        .filter(reports_within(&filter.sight))
        .apply_if(filter.stage, |select, stage| select.filter(Column::Stage.eq(stage)))
        .apply_if(filter.channel, |select, channel| select.filter(Column::Channel.eq(channel)))
        .apply_if(filter.account_standing, |select, standing| select.filter(Column::AccountStanding.eq(standing)))
        .apply_if(filter.platform, |select, platform| select.filter(Column::Platform.eq(platform)))
        .apply_if(filter.item_id, |select, item| select.filter(Column::ItemId.eq(item)))
        .apply_if(filter.account_id, |select, account| select.filter(Column::AccountId.eq(account)))
        .apply_if(filter.region, |select, region| select.filter(Column::Region.eq(region)))
        .apply_if(overdue, |select, overdue| select.filter(Column::Overdue.eq(overdue)));
    let (sort, descending) = match filter.order {
        ReportOrder::Created => (Column::Created, false),
        ReportOrder::CreatedDescending => (Column::Created, true),
        ReportOrder::Due => (Column::AcceptanceDueUs, false),
        ReportOrder::DueDescending => (Column::AcceptanceDueUs, true),
    };
    let listing = Listing { select, sort, descending, id: Column::Id, filters };
    let (rows, next) = page(db, listing, page_size, page_token).await?;
    let shown = |row: &Model| body(&row.body).map(|report| resource::report_shown(report, &filter.sight));
    let reports = rows.iter().map(shown).collect::<Result<_, _>>()?;
    Ok((reports, next))
}
