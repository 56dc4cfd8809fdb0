//! Reports and items as replies and rows carry them.

use casebook_execution::Head;
use casebook_proto::common::v1::HistoryEntry;
use casebook_proto::review::v1 as proto;
use casebook_proto::timestamp;

use crate::codec::item::screened_of;
use crate::codec::report::{FILED, accepted_of, concluded_of, declined_of, filed_of, merged_of, withdrawn_of};
use crate::codec::values::{officer_of, source_of, span_of, strings, text_of, time_of};
use crate::domain::finding::{Finding, FindingStage};
use crate::domain::item::{ItemStage, ItemVersion, ObservedItem};
use crate::domain::report::{FiledReport, ReportStage};
use crate::domain::visibility::Sight;

pub(crate) fn report_stage(stage: &ReportStage) -> proto::ReportStage {
    match stage {
        ReportStage::Received => proto::ReportStage::Received,
        ReportStage::Accepted => proto::ReportStage::Accepted,
        ReportStage::Declined => proto::ReportStage::Declined,
        ReportStage::Concluded => proto::ReportStage::Concluded,
        ReportStage::Withdrawn => proto::ReportStage::Withdrawn,
        ReportStage::Merged { .. } => proto::ReportStage::Merged,
    }
}

pub(crate) fn report(report: &FiledReport, head: &Head) -> proto::Report {
    proto::Report {
        report_id: report.filed.report_id.to_string(),
        stage: report_stage(&report.stage).into(),
        filed: Some(filed_of(&report.filed)),
        accepted: report.accepted.as_ref().map(accepted_of),
        declined: report.declined.as_ref().map(declined_of),
        concluded: report.concluded.as_ref().map(concluded_of),
        withdrawn: report.withdrawn.as_ref().map(withdrawn_of),
        merged: report.merged.as_ref().map(merged_of),
        acceptance_overdue: report.acceptance_overdue,
        acceptance_due_at: time_of(report.acceptance_due.at()),
        correlation: head.correlation.to_string(),
        etag: head.revision.to_string(),
        create_time: Some(timestamp(head.first_at)),
        update_time: Some(timestamp(head.last_at)),
    }
}

/// The report as somebody is shown it who sees so far (X10).
pub(crate) fn report_shown(mut report: proto::Report, sight: &Sight) -> proto::Report {
    if let Some(filed) = report.filed.as_mut().filter(|filed| !sight.knows_reporter_of(&filed.taken_in_by)) {
        filed.reporter_ref = String::new();
    }
    report
}

/// An event of a report's history as somebody is shown it who sees so far (X10).
pub(crate) fn report_entry_shown(mut entry: HistoryEntry, report: &FiledReport, sight: &Sight) -> HistoryEntry {
    let taken_in_by = report.filed.taken_in_by.as_ref().map(ToString::to_string).unwrap_or_default();
    if entry.event_type == FILED && !sight.knows_reporter_of(&taken_in_by) {
        let filed = proto::ReportFiled { reporter_ref: String::new(), ..filed_of(&report.filed) };
        // A protobuf message always has a JSON form.
        entry.json = serde_json::to_string(&filed).unwrap_or_default();
    }
    entry
}

pub(crate) fn item_stage(stage: ItemStage) -> proto::ItemStage {
    match stage {
        ItemStage::Observed => proto::ItemStage::Observed,
        ItemStage::Screened => proto::ItemStage::Screened,
        ItemStage::UnderFinding => proto::ItemStage::UnderFinding,
        ItemStage::Found => proto::ItemStage::Found,
        ItemStage::Referred => proto::ItemStage::Referred,
    }
}

pub(crate) fn item(item: &ObservedItem, head: &Head) -> proto::Item {
    let observed = &item.observed;
    let capture = &observed.capture;
    let item_id = observed.item_id.to_string();
    proto::Item {
        stage: item_stage(item.stage()).into(),
        platform: capture.platform.clone(),
        platform_item_id: text_of(&capture.platform_item_id),
        platform_uid: capture.platform_uid.clone(),
        handle: capture.handle.clone(),
        account_id: capture.account_id().to_string(),
        source: source_of(observed.source).into(),
        region: observed.region.to_string(),
        published_at: capture.published_at.and_then(time_of),
        versions: (1..).zip(&item.versions).map(|(number, version)| item_version(number, version)).collect(),
        findings: item.findings.iter().map(|finding| self::finding(&item_id, item, finding)).collect(),
        report_ids: strings(&item.reports),
        deleted_at: item.deleted_at.and_then(time_of),
        correlation: head.correlation.to_string(),
        etag: head.revision.to_string(),
        create_time: Some(timestamp(head.first_at)),
        update_time: Some(timestamp(head.last_at)),
        regions: item.regions.iter().map(ToString::to_string).collect(),
        item_id,
    }
}

fn item_version(number: u32, version: &ItemVersion) -> proto::ItemVersion {
    proto::ItemVersion {
        version: number,
        text: version.snapshot.text.clone(),
        text_sha256: version.text_sha256.to_string(),
        labels: version.snapshot.labels.clone(),
        links: version.snapshot.links.clone(),
        observed_at: time_of(version.observed_at),
        screening: version.screened.as_ref().map(screened_of),
    }
}

fn finding(item_id: &str, item: &ObservedItem, finding: &Finding) -> proto::Finding {
    let finding_id = finding.id.to_string();
    let confirmation = |by, at| proto::FindingConfirmed {
        item_id: item_id.to_owned(),
        finding_id: finding_id.clone(),
        violation: finding.violation.clone(),
        confirmed_by: officer_of(by),
        confirmed_at: time_of(at),
    };
    let (stage, confirmed, rejected, referred_at) = match &finding.stage {
        FindingStage::Recorded => (proto::FindingStage::Recorded, None, None, None),
        FindingStage::Confirmed { by, at } => (proto::FindingStage::Confirmed, Some(confirmation(by, *at)), None, None),
        FindingStage::Rejected { by, at, reasons } => {
            let rejected = proto::FindingRejected {
                item_id: item_id.to_owned(),
                finding_id: finding_id.clone(),
                reasons: reasons.clone(),
                rejected_by: officer_of(by),
                rejected_at: time_of(*at),
            };
            (proto::FindingStage::Rejected, None, Some(rejected), None)
        }
        FindingStage::Referred { confirmed_by, confirmed_at, at } => {
            (proto::FindingStage::Referred, Some(confirmation(confirmed_by, *confirmed_at)), None, time_of(*at))
        }
    };
    let recorded = proto::FindingRecorded {
        item_id: item_id.to_owned(),
        finding_id: finding_id.clone(),
        version: finding.version,
        item_sha256: item.version(finding.version).map(|version| version.text_sha256.to_string()).unwrap_or_default(),
        violation: finding.violation.clone(),
        quoted_span: Some(span_of(&finding.quoted_span)),
        reasons: finding.reasons.clone(),
        legal_bases: finding.legal_bases.clone(),
        recorded_by: officer_of(&finding.recorded_by),
        recorded_at: time_of(finding.recorded_at),
    };
    proto::Finding { stage: stage.into(), recorded: Some(recorded), confirmed, rejected, referred_at, finding_id }
}
