//! Reports: filed, accepted, declined, withdrawn, merged, concluded.

use casebook_bootstrap::{Explained, Write, history, invalid, list_status, store_status};
use casebook_execution::batch::part;
use casebook_execution::{Context, Metadata};
use casebook_kernel::AgencyId;
use casebook_kernel::ids::{ItemId, ReportId};
use casebook_proto::review::v1 as proto;
use tonic::{Request, Status};

use super::known::{no_report, sight};
use super::{Review, knowledge_status, parse, report_reply, row_error};
use crate::codec::values::{channel, decline_reason, text, text_from};
use crate::domain::finding::OfficerReference;
use crate::domain::report::{FiledReport, MergeTarget, Outcome, ReportCommand};
use crate::domain::visibility::Sight;
use crate::reactions::acceptance_due;
use crate::readmodel::{ReportFilter, ReportOrder, list_reports};
use crate::resource;

const GET: &str = "/casebook.review.v1.ReviewService/GetReport";
const LIST: &str = "/casebook.review.v1.ReviewService/ListReports";
const LIST_HISTORY: &str = "/casebook.review.v1.ReviewService/ListReportHistory";

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
        let context = self.belonging_to_item(context, capture.item_id()).await?;
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
            taken_in_by: context.actor.agency.clone(),
            acceptance_due: acceptance_due(&self.policy, context.now)
                .map_err(|error| Explained::precondition("CALENDAR_OUT_OF_RANGE").status(error))?,
            now: context.now,
        };
        let executed = self.command_report(&context, report_id, command).await?;
        let (report, position) = report_reply(&executed, &sight(&principal));
        Ok(proto::FileReportResponse { report, position })
    }

    pub(super) async fn accept(
        &self,
        request: Request<proto::AcceptReportRequest>,
    ) -> Result<proto::AcceptReportResponse, Status> {
        let Write { request, context, principal } = self.gate.write(request)?;
        let command = ReportCommand::Accept { by: by(&context), region: context.actor.region, now: context.now };
        let id = parse::id("report_id", &request.report_id)?;
        let sight = sight(&principal);
        self.known_report(&sight, id).await?;
        let (report, position) = report_reply(&self.command_report(&context, id, command).await?, &sight);
        Ok(proto::AcceptReportResponse { report, position })
    }

    pub(super) async fn decline(
        &self,
        request: Request<proto::DeclineReportRequest>,
    ) -> Result<proto::DeclineReportResponse, Status> {
        let Write { request, context, principal } = self.gate.write(request)?;
        let competent_agency = match request.competent_agency.as_str() {
            "" => None,
            agency => Some(text("competent_agency", agency).map_err(|error| invalid("competent_agency", error))?),
        };
        let id = parse::id("report_id", &request.report_id)?;
        let sight = sight(&principal);
        self.known_report(&sight, id).await?;
        let command = ReportCommand::Decline {
            by: by(&context),
            region: context.actor.region,
            filed_by: self.filed_by(id).await?,
            reason: decline_reason(request.reason).map_err(|error| invalid("reason", error))?,
            explanation: request.explanation,
            competent_agency,
            now: context.now,
        };
        let (report, position) = report_reply(&self.command_report(&context, id, command).await?, &sight);
        Ok(proto::DeclineReportResponse { report, position })
    }

    pub(super) async fn withdraw(
        &self,
        request: Request<proto::WithdrawReportRequest>,
    ) -> Result<proto::WithdrawReportResponse, Status> {
        let Write { request, context, principal } = self.gate.write(request)?;
        let id = parse::id("report_id", &request.report_id)?;
        let sight = sight(&principal);
        self.known_report(&sight, id).await?;
        let command = ReportCommand::Withdraw {
            by: context.actor.agency.clone(),
            filed_by: self.filed_by(id).await?,
            reporter_ref: text_from(request.reporter_ref),
            reasons: request.reasons,
            now: context.now,
        };
        let (report, position) = report_reply(&self.command_report(&context, id, command).await?, &sight);
        Ok(proto::WithdrawReportResponse { report, position })
    }

    pub(super) async fn conclude(
        &self,
        request: Request<proto::ConcludeReportRequest>,
    ) -> Result<proto::ConcludeReportResponse, Status> {
        let Write { request, context, principal } = self.gate.write(request)?;
        let outcome = Outcome::NoViolation { reasons: request.reasons };
        let command =
            ReportCommand::Conclude { outcome, by: by(&context), region: context.actor.region, now: context.now };
        let id = parse::id("report_id", &request.report_id)?;
        let sight = sight(&principal);
        self.known_report(&sight, id).await?;
        let (report, position) = report_reply(&self.command_report(&context, id, command).await?, &sight);
        Ok(proto::ConcludeReportResponse { report, position })
    }

    /// A report belongs to what its item belongs to: whatever comes of the item is in one dossier with every report on it,
    /// and two that are filed at once agree on it without knowing of each other.
    async fn belonging_to_item(&self, context: Context, item: Option<ItemId>) -> Result<Context, Status> {
        let Some(item) = item else { return Ok(context) };
        let known = self.items.load(item.uuid()).await.map_err(store_status)?.head;
        Ok(Context { correlation: Some(known.map_or(item.uuid(), |head| head.correlation)), ..context })
    }

    /// The agency that took a report in: the log says in whose name it was filed.
    async fn filed_by(&self, id: ReportId) -> Result<AgencyId, Status> {
        let filed = self.reports.history(id.uuid(), 0, 1).await.map_err(store_status)?;
        let filed = filed.first().ok_or_else(no_report)?;
        let agency = Metadata::parse(&filed.metadata).and_then(|metadata| metadata.agency.parse());
        agency.map_err(|error| Status::data_loss(format!("report {id}: {error}")))
    }

    pub(super) async fn merge(
        &self,
        request: Request<proto::MergeReportsRequest>,
    ) -> Result<proto::MergeReportsResponse, Status> {
        let write = self.gate.write(request)?;
        let sight = sight(&write.principal);
        let into = parse::id("into_report_id", &write.request.into_report_id)?;
        let target = self.known_report(&sight, into).await?;
        self.gate.begin_batch(&write).await?;
        let mut rows = Vec::with_capacity(write.request.report_ids.len());
        let mut last = 0;
        for report_id in write.request.report_ids.clone() {
            let merged = self.merge_one(&write.context, &sight, &report_id, &target).await;
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
        sight: &Sight,
        report_id: &str,
        target: &FiledReport,
    ) -> Result<(Option<proto::Report>, u64), Status> {
        let id: ReportId = parse::id("report_ids", report_id)?;
        self.known_report(sight, id).await?;
        let context = part(context, &format!("merge/{id}"));
        let filed = &target.filed;
        let (report_id, item_id, region, open) = (filed.report_id, filed.item_id, filed.region, target.is_open());
        let into = MergeTarget { report_id, item_id, region, open };
        let command = ReportCommand::Merge { into, by: by(&context), region: context.actor.region, now: context.now };
        Ok(report_reply(&self.command_report(&context, id, command).await?, sight))
    }

    pub(super) async fn report(
        &self,
        request: Request<proto::GetReportRequest>,
    ) -> Result<proto::GetReportResponse, Status> {
        let read = self.gate.recorded_read(request, GET, |request| format!("report-{}", request.report_id)).await?;
        let asked = read.request;
        let as_of = self.gate.as_of(asked.as_of_time.as_ref(), asked.as_of_position).await?;
        let id: ReportId = parse::id("report_id", &asked.report_id)?;
        let sight = sight(&read.principal);
        self.known_report(&sight, id).await?;
        let loaded = self.reports.load_as_of(id.uuid(), as_of).await.map_err(store_status)?;
        match (loaded.state.report(), loaded.head) {
            (Some(report), Some(head)) => {
                let report = resource::report_shown(resource::report(report, &head), &sight);
                Ok(proto::GetReportResponse { report: Some(report) })
            }
            _ => Err(no_report()),
        }
    }

    pub(super) async fn reports(
        &self,
        request: Request<proto::ListReportsRequest>,
    ) -> Result<proto::ListReportsResponse, Status> {
        let read = self.gate.recorded_read(request, LIST, |request| format!("{request:?}")).await?;
        let filter = report_filter(&read.request, sight(&read.principal))?;
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
        let read = self.gate.recorded_read(request, LIST_HISTORY, of_report).await?;
        let (asked, sight) = (read.request, sight(&read.principal));
        let id: ReportId = parse::id("report_id", &asked.report_id)?;
        let report = self.known_report(&sight, id).await?;
        let page = history(&self.reports, id.uuid(), asked.page_size, &asked.page_token).await?;
        let (entries, next_page_token) = page.ok_or_else(no_report)?;
        let entries = entries.into_iter().map(|entry| resource::report_entry_shown(entry, &report, &sight)).collect();
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

fn report_filter(request: &proto::ListReportsRequest, sight: Sight) -> Result<ReportFilter, Status> {
    let order = match request.order_by.as_str() {
        "" | "create_time desc" => ReportOrder::CreatedDescending,
        "create_time" => ReportOrder::Created,
        "acceptance_due_at" => ReportOrder::Due,
        "acceptance_due_at desc" => ReportOrder::DueDescending,
        _ => return Err(invalid("order_by", "is none of the orders of this list")),
    };
    let chosen = |number: i32| Some(number).filter(|number| *number != 0);
    Ok(ReportFilter {
        sight,
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
