//! Content review: from a report to a referral, and the other ends that a report may come to.

use casebook_proto::review::v1::{self as pb, ReportOutcome, ReportStage};
use tonic::Code;

use super::{Desk, Journey, people, request_id, time};
use crate::world;

pub const CALLS: &[&str] = &[
    "ReviewService/AcceptReport",
    "ReviewService/ConcludeReport",
    "ReviewService/ConfirmFinding",
    "ReviewService/DeclineReport",
    "ReviewService/FileReport",
    "ReviewService/GetItem",
    "ReviewService/GetReport",
    "ReviewService/GetRulePack",
    "ReviewService/IngestItems",
    "ReviewService/ListItemHistory",
    "ReviewService/ListItems",
    "ReviewService/ListReportHistory",
    "ReviewService/ListReports",
    "ReviewService/MergeReports",
    "ReviewService/RecordFinding",
    "ReviewService/RejectFinding",
    "ReviewService/ScreenText",
    "ReviewService/SubmitReferral",
    "ReviewService/WithdrawReport",
];

pub const CURE: &str = "高血压合并糖尿病怎么办？祖传膏方彻底根治，加薇❤咨询138-1234-5678";
const WATER: &str = "春天到了，多喝水，多运动。";

pub fn capture(item: &str, text: &str) -> pb::ItemCapture {
    pb::ItemCapture {
        platform: "weibo".into(),
        platform_item_id: item.into(),
        platform_uid: "u1".into(),
        handle: "养生老王".into(),
        content: pb::Content::Captured.into(),
        text: text.into(),
        published_at: time("2026-03-01T02:00:00Z"),
        ..Default::default()
    }
}

async fn file(intake: &Desk, item: &str, text: &str) -> pb::Report {
    let request = pb::FileReportRequest {
        request_id: request_id(),
        item: Some(capture(item, text)),
        channel: pb::Channel::Hotline12345.into(),
        reporter_ref: "r-1".into(),
        reasons: "自称根治，诱导加微信".into(),
        region: "330600".into(),
        ..Default::default()
    };
    intake.review().file_report(request).await.expect("filed").into_inner().report.expect("a report")
}

async fn get(desk: &Desk, report: &pb::Report) -> pb::Report {
    let request = pb::GetReportRequest { report_id: report.report_id.clone(), ..Default::default() };
    desk.review().get_report(request).await.expect("there").into_inner().report.expect("a report")
}

/// R53-R59, X10: reports on what a rule meets and on what none does, each answered in its own way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_come_to_their_ends() {
    let journey = Journey::begin().await;
    let intake = journey.desk(people::intake());
    referred(&journey, &intake).await;
    accepted_and_found_harmless(&journey, &intake).await;
    declined_and_withdrawn(&intake).await;
    monitored(&journey).await;
    looked_up(&journey, &intake).await;
    journey.end(CALLS).await;
}

/// A reviewer finds, another confirms, and the finding goes to enforcement; a finding that is wrong is rejected.
async fn referred(journey: &Journey, intake: &Desk) {
    let report = file(intake, "M1", CURE).await;
    journey.world.at_rest().await;
    let (first, second) = (journey.desk(people::reviewer("reviewer-1")), journey.desk(people::reviewer("reviewer-2")));
    let item_id = report.filed.clone().expect("as filed").item_id;
    let record = |quote: &str| pb::RecordFindingRequest {
        request_id: request_id(),
        item_id: item_id.clone(),
        violation: "FALSE-INFO".into(),
        quote: quote.into(),
        reasons: "虚假承诺疗效".into(),
        legal_bases: vec!["S1-3".into()],
        ..Default::default()
    };
    let nowhere = first.review().record_finding(record("完全没有")).await.expect_err("the item does not say so");
    assert_eq!((nowhere.code(), world::reason(&nowhere).as_str()), (Code::InvalidArgument, "SPAN_NOT_IN_ITEM"));
    let wrong = first.review().record_finding(record("怎么办")).await.expect("recorded").into_inner().finding_id;
    let reject = pb::RejectFindingRequest {
        request_id: request_id(),
        item_id: item_id.clone(),
        finding_id: wrong,
        reasons: "提问不构成违规".into(),
        ..Default::default()
    };
    second.review().reject_finding(reject).await.expect("rejected");

    let finding_id = first.review().record_finding(record("彻底根治")).await.expect("recorded").into_inner().finding_id;
    let confirm = pb::ConfirmFindingRequest {
        request_id: request_id(),
        item_id: item_id.clone(),
        finding_id: finding_id.clone(),
        ..Default::default()
    };
    let same = first.review().confirm_finding(confirm.clone()).await.expect_err("four eyes");
    assert_eq!((same.code(), world::reason(&same).as_str()), (Code::PermissionDenied, "SAME_OFFICER"));
    second.review().confirm_finding(confirm).await.expect("confirmed");
    let refer = pb::SubmitReferralRequest { request_id: request_id(), item_id, finding_id, ..Default::default() };
    first.review().submit_referral(refer).await.expect("referred");
    journey.world.at_rest().await;
    let answered = get(intake, &report).await;
    assert_eq!(answered.stage(), ReportStage::Concluded);
    assert_eq!(answered.concluded.as_ref().map(pb::ReportConcluded::outcome), Some(ReportOutcome::Found));
}

/// Two reports on the same post become one; it is looked into and nothing is found.
async fn accepted_and_found_harmless(journey: &Journey, intake: &Desk) {
    let (one, other) = (file(intake, "M2", WATER).await, file(intake, "M2", WATER).await);
    journey.world.at_rest().await;
    let merge = pb::MergeReportsRequest {
        request_id: request_id(),
        report_ids: vec![other.report_id.clone()],
        into_report_id: one.report_id.clone(),
        ..Default::default()
    };
    intake.review().merge_reports(merge).await.expect("merged");
    let accept =
        pb::AcceptReportRequest { request_id: request_id(), report_id: one.report_id.clone(), ..Default::default() };
    intake.review().accept_report(accept).await.expect("accepted");
    let conclude = pb::ConcludeReportRequest {
        request_id: request_id(),
        report_id: one.report_id.clone(),
        reasons: "内容未见违规".into(),
        ..Default::default()
    };
    journey.desk(people::reviewer("reviewer-1")).review().conclude_report(conclude).await.expect("concluded");
    journey.world.at_rest().await;
    let merged = get(intake, &other).await;
    assert_eq!(merged.stage(), ReportStage::Merged);
    assert_eq!(merged.concluded.as_ref().map(pb::ReportConcluded::outcome), Some(ReportOutcome::NoViolation));
}

async fn declined_and_withdrawn(intake: &Desk) {
    let report = file(intake, "M3", WATER).await;
    let decline = pb::DeclineReportRequest {
        request_id: request_id(),
        report_id: report.report_id.clone(),
        reason: pb::DeclineReason::OutOfScope.into(),
        explanation: "涉嫌广告违法，请向市场监管部门反映".into(),
        competent_agency: "market-330000".into(),
        ..Default::default()
    };
    intake.review().decline_report(decline).await.expect("declined");
    assert_eq!(get(intake, &report).await.stage(), ReportStage::Declined);
    let report = file(intake, "M4", WATER).await;
    let withdraw = pb::WithdrawReportRequest {
        request_id: request_id(),
        report_id: report.report_id.clone(),
        reporter_ref: "r-1".into(),
        reasons: "误报".into(),
        ..Default::default()
    };
    intake.review().withdraw_report(withdraw).await.expect("withdrawn");
    assert_eq!(get(intake, &report).await.stage(), ReportStage::Withdrawn);
}

/// R72: a platform pushes what it monitors; a text is screened without being kept.
async fn monitored(journey: &Journey) {
    let weibo = journey.desk(people::platform("weibo"));
    let items = vec![capture("M5", CURE), capture("M6", WATER)];
    let batch = pb::IngestItemsRequest { request_id: request_id(), items, ..Default::default() };
    let rows = weibo.review().ingest_items(batch).await.expect("taken in").into_inner().rows;
    assert!(rows[0].rule_ids.contains(&"cure-promise".to_owned()), "{rows:?}");
    assert_eq!(rows[1].error, None);
    let reviewer = journey.desk(people::reviewer("reviewer-1"));
    let screen = pb::ScreenTextRequest { text: CURE.into(), ..Default::default() };
    let screened = reviewer.review().screen_text(screen).await.expect("screened").into_inner();
    let pack = reviewer.review().get_rule_pack(pb::GetRulePackRequest {}).await.expect("the pack").into_inner();
    assert_eq!(pack.version, screened.rule_pack_version);
    assert!(
        !screened.hits.is_empty()
            && screened.hits.iter().all(|hit| pack.rules.iter().any(|it| it.rule_id == hit.rule_id))
    );
}

/// Lists say what a replay says; histories tell every step.
async fn looked_up(journey: &Journey, intake: &Desk) {
    let at_least_position = journey.world.at_rest().await.0;
    let reviewer = journey.desk(people::reviewer("reviewer-1"));
    let list = pb::ListReportsRequest { stage: ReportStage::Withdrawn.into(), at_least_position, ..Default::default() };
    let listed = intake.review().list_reports(list).await.expect("listed").into_inner().reports;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0], get(intake, &listed[0]).await);
    let history = pb::ListReportHistoryRequest { report_id: listed[0].report_id.clone(), ..Default::default() };
    let entries = reviewer.review().list_report_history(history).await.expect("a history").into_inner().entries;
    let types: Vec<_> = entries.iter().map(|entry| entry.event_type.as_str()).collect();
    assert_eq!(types, ["casebook.review.v1.ReportFiled", "casebook.review.v1.ReportWithdrawn"]);

    let list = pb::ListItemsRequest { hits_min: 1, at_least_position, ..Default::default() };
    let items = reviewer.review().list_items(list).await.expect("listed").into_inner().items;
    assert_eq!(items.len(), 2, "M1 and M5 promise a cure");
    let item = pb::GetItemRequest { item_id: items[0].item_id.clone(), ..Default::default() };
    assert_eq!(reviewer.review().get_item(item).await.expect("there").into_inner().item.as_ref(), Some(&items[0]));
    let history = pb::ListItemHistoryRequest { item_id: items[0].item_id.clone(), ..Default::default() };
    let entries = reviewer.review().list_item_history(history).await.expect("a history").into_inner().entries;
    assert_eq!(entries[0].event_type, "casebook.review.v1.ItemObserved");
}
