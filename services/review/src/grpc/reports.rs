//! Reports: filed, accepted, declined, withdrawn, merged, concluded.

use casebook_bootstrap::{Explained, Write, history, invalid, list_status, store_status};
use casebook_execution::batch::part;
use casebook_execution::{Context, Metadata};
use casebook_kernel::AgencyId;
use casebook_kernel::ids::ReportId;
use casebook_proto::review::v1 as proto;
use tonic::{Request, Status};

use super::{Review, knowledge_status, not_found, parse, report_reply, row_error};
use crate::codec::values::{channel, decline_reason, text, text_from};
use crate::domain::finding::OfficerReference;
use crate::domain::report::{FiledReport, MergeTarget, Outcome, ReportCommand};
use crate::reactions::acceptance_due;
use crate::readmodel::{ReportFilter, ReportOrder, list_reports};
use crate::resource;

const GET: &str = "/casebook.review.v1.ReviewService/GetReport";
const LIST: &str = "/casebook.review.v1.ReviewService/ListReports";
const LIST_HISTORY: &str = "/casebook.review.v1.ReviewService/ListReportHistory";
const NOT_FOUND: &str = "REPORT_NOT_FOUND";

impl Review {
    pub(super) async fn file(
        &self,
        request: Request<proto::FileReportRequest>,
    ) -> Result<proto::FileReportResponse, Status> {
        let Write { request, context, principal } = self.gate.write(request)?;
        let item = request.item.ok_or_else(|| invalid("item", "is required"))?;
        let capture = parse::capture(item, &self.policy.pack).map_err(|misread| misread.within("item"))?;
        if principal.platform().is_some_and(|platform| platform != capture.platform) {
            return Err(other_platform());
        }
        let standing = self.examiner.knowledge.standing(capture.account_id()).await.map_err(knowledge_status)?;
        let report_id: ReportId = context.new_id("report");
        let command = ReportCommand::File {
            report_id,
            channel: channel(request.channel).map_err(|error| invalid("channel", error))?,
            reporter_ref: text_from(request.reporter_ref),
            reasons: request.reasons,
            region: parse::region(&request.region, &context.actor)?,
            attachments_sha256: (0..)
                .zip(&request.attachments_sha256)
                .map(|(index, hash): (usize, _)| parse::id(&format!("attachments_sha256[{index}]"), hash))
                .collect::<Result<_, _>>()?,
            capture,
            account_standing: standing,
            acceptance_due: acceptance_due(&self.policy, context.now)
                .map_err(|error| Explained::precondition("CALENDAR_OUT_OF_RANGE").status(error))?,
            now: context.now,
        };
        let (report, position) = report_reply(&self.command_report(&context, report_id, command).await?);
        Ok(proto::FileReportResponse { report, position })
    }

    pub(super) async fn accept(
        &self,
        request: Request<proto::AcceptReportRequest>,
    ) -> Result<proto::AcceptReportResponse, Status> {
        let Write { request, context, .. } = self.gate.write(request)?;
        let command = ReportCommand::Accept { by: by(&context), region: context.actor.region, now: context.now };
        let id = parse::id("report_id", &request.report_id)?;
        let (report, position) = report_reply(&self.command_report(&context, id, command).await?);
        Ok(proto::AcceptReportResponse { report, position })
    }

    pub(super) async fn decline(
        &self,
        request: Request<proto::DeclineReportRequest>,
    ) -> Result<proto::DeclineReportResponse, Status> {
        let Write { request, context, .. } = self.gate.write(request)?;
        let competent_agency = match request.competent_agency.as_str() {
            "" => None,
            agency => Some(text("competent_agency", agency).map_err(|error| invalid("competent_agency", error))?),
        };
        let id = parse::id("report_id", &request.report_id)?;
        let command = ReportCommand::Decline {
            by: by(&context),
            region: context.actor.region,
            filed_by: self.filed_by(id).await?,
            reason: decline_reason(request.reason).map_err(|error| invalid("reason", error))?,
            explanation: request.explanation,
            competent_agency,
            now: context.now,
        };
        let (report, position) = report_reply(&self.command_report(&context, id, command).await?);
        Ok(proto::DeclineReportResponse { report, position })
    }

    pub(super) async fn withdraw(
        &self,
        request: Request<proto::WithdrawReportRequest>,
    ) -> Result<proto::WithdrawReportResponse, Status> {
        let Write { request, context, .. } = self.gate.write(request)?;
        let id = parse::id("report_id", &request.report_id)?;
        let command = ReportCommand::Withdraw {
            by: context.actor.agency.clone(),
            filed_by: self.filed_by(id).await?,
            reporter_ref: text_from(request.reporter_ref),
            reasons: request.reasons,
            now: context.now,
        };
        let (report, position) = report_reply(&self.command_report(&context, id, command).await?);
        Ok(proto::WithdrawReportResponse { report, position })
    }

    pub(super) async fn conclude(
        &self,
        request: Request<proto::ConcludeReportRequest>,
    ) -> Result<proto::ConcludeReportResponse, Status> {
        let Write { request, context, .. } = self.gate.write(request)?;
        let outcome = Outcome::NoViolation { reasons: request.reasons };
        let command =
            ReportCommand::Conclude { outcome, by: by(&context), region: context.actor.region, now: context.now };
        let id = parse::id("report_id", &request.report_id)?;
        let (report, position) = report_reply(&self.command_report(&context, id, command).await?);
        Ok(proto::ConcludeReportResponse { report, position })
    }

    /// The agency that took a report in: the log says in whose name it was filed.
    async fn filed_by(&self, id: ReportId) -> Result<AgencyId, Status> {
        let filed = self.reports.history(id.uuid(), 0, 1).await.map_err(store_status)?;
        let filed = filed.first().ok_or_else(|| not_found(NOT_FOUND, "report", &id.to_string()))?;
        let agency = Metadata::parse(&filed.metadata).and_then(|metadata| metadata.agency.parse());
        agency.map_err(|error| Status::data_loss(format!("report {id}: {error}")))
    }

    pub(super) async fn merge(
        &self,
        request: Request<proto::MergeReportsRequest>,
    ) -> Result<proto::MergeReportsResponse, Status> {
        let write = self.gate.write(request)?;
        let (request, context) = (&write.request, &write.context);
        let into: ReportId = parse::id("into_report_id", &request.into_report_id)?;
        let target = self.reports.load(into.uuid()).await.map_err(store_status)?;
        let target = target.state.report().ok_or_else(|| not_found(NOT_FOUND, "report", &request.into_report_id))?;
        self.gate.begin_batch(&write).await?;
        let mut rows = Vec::with_capacity(request.report_ids.len());
        let mut last = 0;
        for report_id in write.request.report_ids.clone() {
            let merged = self.merge_one(context, &report_id, target).await;
            rows.push(match merged {
                Ok((report, position)) => {
                    last = last.max(position);
                    proto::MergedRow { report_id, report, error: None }
                }
                Err(status) => proto::MergedRow { report_id, report: None, error: Some(row_error(&status)) },
            });
        }
        Ok(proto::MergeReportsResponse { rows, position: last })
    }

    async fn merge_one(
        &self,
        context: &Context,
        report_id: &str,
        target: &FiledReport,
    ) -> Result<(Option<proto::Report>, u64), Status> {
        let id: ReportId = parse::id("report_ids", report_id)?;
        let context = part(context, &format!("merge/{id}"));
        let into =
            MergeTarget { report_id: target.filed.report_id, item_id: target.filed.item_id, open: target.is_open() };
        let command = ReportCommand::Merge { into, by: by(&context), now: context.now };
        Ok(report_reply(&self.command_report(&context, id, command).await?))
    }

    pub(super) async fn report(
        &self,
        request: Request<proto::GetReportRequest>,
    ) -> Result<proto::GetReportResponse, Status> {
        let read = self.gate.recorded_read(request, GET, |request| format!("report-{}", request.report_id)).await?;
        let asked = read.request;
        let as_of = self.gate.as_of(asked.as_of_time.as_ref(), asked.as_of_position).await?;
        let id: ReportId = parse::id("report_id", &asked.report_id)?;
        let loaded = self.reports.load_as_of(id.uuid(), as_of).await.map_err(store_status)?;
        match (loaded.state.report(), loaded.head) {
            (Some(report), Some(head)) => {
                Ok(proto::GetReportResponse { report: Some(resource::report(report, &head)) })
            }
            _ => Err(not_found(NOT_FOUND, "report", &asked.report_id)),
        }
    }

    pub(super) async fn reports(
        &self,
        request: Request<proto::ListReportsRequest>,
    ) -> Result<proto::ListReportsResponse, Status> {
        let described = |request: &proto::ListReportsRequest| {
            report_filter(request).map_or_else(|_| "reports".to_owned(), |filter| format!("reports {filter:?}"))
        };
        let read = self.gate.recorded_read(request, LIST, described).await?;
        let filter = report_filter(&read.request)?;
        self.gate.at_least(&self.model, read.request.at_least_position).await?;
        let (reports, next_page_token) =
            list_reports(self.model.reader(), filter, read.request.page_size, &read.request.page_token)
                .await
                .map_err(list_status)?;
        Ok(proto::ListReportsResponse { reports, next_page_token })
    }

    pub(super) async fn report_history(
        &self,
        request: Request<proto::ListReportHistoryRequest>,
    ) -> Result<proto::ListReportHistoryResponse, Status> {
        let of_report = |request: &proto::ListReportHistoryRequest| format!("report-{}", request.report_id);
        let asked = self.gate.recorded_read(request, LIST_HISTORY, of_report).await?.request;
        let id: ReportId = parse::id("report_id", &asked.report_id)?;
        let page = history(&self.reports, id.uuid(), asked.page_size, &asked.page_token).await?;
        let (entries, next_page_token) = page.ok_or_else(|| not_found(NOT_FOUND, "report", &asked.report_id))?;
        Ok(proto::ListReportHistoryResponse { entries, next_page_token })
    }
}

fn by(context: &Context) -> OfficerReference {
    OfficerReference::from(&context.actor)
}

/// A platform's back end speaks for that platform and no other.
pub(super) fn other_platform() -> Status {
    Explained::denied("OTHER_PLATFORM").status("a platform reports what is published on it and on no other")
}

fn report_filter(request: &proto::ListReportsRequest) -> Result<ReportFilter, Status> {
    let order = match request.order_by.as_str() {
        "" | "create_time desc" => ReportOrder::CreatedDescending,
        "create_time" => ReportOrder::Created,
        "acceptance_due_at" => ReportOrder::Due,
        "acceptance_due_at desc" => ReportOrder::DueDescending,
        _ => return Err(invalid("order_by", "is none of the orders of this list")),
    };
    let chosen = |number: i32| Some(number).filter(|number| *number != 0);
    Ok(ReportFilter {
        stage: chosen(request.stage),
        channel: chosen(request.channel),
        account_standing: chosen(request.account_standing),
        platform: text_from(request.platform.clone()),
        item_id: text_from(request.item_id.clone()),
        account_id: text_from(request.account_id.clone()),
        region: text_from(request.region.clone()),
        overdue_only: request.overdue_only,
        order,
    })
}
