//! The methods of content review: parse, command, reply.

mod items;
mod known;
mod parse;
mod refusal;
mod reports;
mod rules;

use std::sync::Arc;

use casebook_bootstrap::{Foundation, Gate, execute_status, operation_status};
use casebook_execution::{Context, Executed, Store};
use casebook_kernel::ids::{ItemId, ReportId};
use casebook_policy::PolicySet;
use casebook_proto::review::v1 as proto;
use casebook_proto::review::v1::review_service_server::ReviewService;
use casebook_readmodel::ReadModel;
use tonic::{Request, Response, Status};

use crate::domain::item::{Item, ItemCommand};
use crate::domain::report::{Report, ReportCommand};
use crate::domain::visibility::Sight;
use crate::examination::Examiner;
use crate::readmodel::KnowledgeError;
use crate::resource;

/// Answers for content review.
#[derive(Debug)]
pub struct Review {
    gate: Gate,
    policy: Arc<PolicySet>,
    reports: Arc<Store<Report>>,
    items: Arc<Store<Item>>,
    examiner: Examiner,
    model: Arc<ReadModel>,
}

impl Review {
    pub(crate) fn new(
        foundation: &Foundation,
        reports: Arc<Store<Report>>,
        examiner: Examiner,
        model: Arc<ReadModel>,
    ) -> Self {
        Self {
            gate: foundation.gate.clone(),
            policy: foundation.policy.clone(),
            reports,
            items: examiner.items.clone(),
            examiner,
            model,
        }
    }

    async fn command_report(
        &self,
        context: &Context,
        id: ReportId,
        command: ReportCommand,
    ) -> Result<Executed<Report>, Status> {
        let executed = self.reports.execute(id.uuid(), context, command).await;
        executed.map_err(|error| execute_status(error, refusal::report))
    }

    async fn command_item(
        &self,
        context: &Context,
        id: ItemId,
        command: ItemCommand,
    ) -> Result<Executed<Item>, Status> {
        let executed = self.items.execute(id.uuid(), context, command).await;
        executed.map_err(|error| execute_status(error, refusal::item))
    }
}

/// The report of a reply as the caller is shown it, and the position of the effect.
fn report_reply(executed: &Executed<Report>, sight: &Sight) -> (Option<proto::Report>, u64) {
    let report = executed.state.report().map(|report| resource::report(report, &executed.head));
    let report = report.map(|report| resource::report_shown(report, sight));
    (report, executed.head.position.0)
}

fn item_reply(executed: &Executed<Item>) -> (Option<proto::Item>, u64) {
    let item = executed.state.item().map(|item| resource::item(item, &executed.head));
    (item, executed.head.position.0)
}

fn knowledge_status(error: KnowledgeError) -> Status {
    operation_status(&error)
}

/// What came of one row of a batch that had no effect.
fn row_error(status: &Status) -> proto::RowError {
    use tonic_types::StatusExt as _;
    let details = status.get_error_details();
    let reason = details.error_info().map_or_else(|| format!("{:?}", status.code()), |info| info.reason.clone());
    let field = details
        .bad_request()
        .and_then(|request| request.field_violations.first())
        .map(|violation| violation.field.clone())
        .unwrap_or_default();
    proto::RowError { reason, message: status.message().to_owned(), field }
}

/// Writes the methods down: each is the method of [`Review`] named behind it.
macro_rules! methods {
    ($($method:ident($request:ident) -> $response:ident = $does:ident;)*) => {
        #[tonic::async_trait]
        impl ReviewService for Review {
            $(async fn $method(
                &self,
                request: Request<proto::$request>,
            ) -> Result<Response<proto::$response>, Status> {
                self.$does(request).await.map(Response::new)
            })*
        }
    };
}

methods! {
    file_report(FileReportRequest) -> FileReportResponse = file;
    accept_report(AcceptReportRequest) -> AcceptReportResponse = accept;
    decline_report(DeclineReportRequest) -> DeclineReportResponse = decline;
    withdraw_report(WithdrawReportRequest) -> WithdrawReportResponse = withdraw;
    merge_reports(MergeReportsRequest) -> MergeReportsResponse = merge;
    conclude_report(ConcludeReportRequest) -> ConcludeReportResponse = conclude;
    ingest_items(IngestItemsRequest) -> IngestItemsResponse = ingest;
    screen_text(ScreenTextRequest) -> ScreenTextResponse = try_text;
    record_finding(RecordFindingRequest) -> RecordFindingResponse = find;
    confirm_finding(ConfirmFindingRequest) -> ConfirmFindingResponse = confirm;
    reject_finding(RejectFindingRequest) -> RejectFindingResponse = reject;
    submit_referral(SubmitReferralRequest) -> SubmitReferralResponse = refer;
    get_report(GetReportRequest) -> GetReportResponse = report;
    list_reports(ListReportsRequest) -> ListReportsResponse = reports;
    list_report_history(ListReportHistoryRequest) -> ListReportHistoryResponse = report_history;
    get_item(GetItemRequest) -> GetItemResponse = item;
    list_items(ListItemsRequest) -> ListItemsResponse = items;
    list_item_history(ListItemHistoryRequest) -> ListItemHistoryResponse = item_history;
    get_rule_pack(GetRulePackRequest) -> GetRulePackResponse = rule_pack;
}
