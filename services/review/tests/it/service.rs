//! Content review as its callers meet it.

use casebook_eventlog::EventLog as _;
use casebook_kernel::ids::AccountId;
use casebook_proto::common::v1::Role;
use casebook_proto::review::v1::*;
use casebook_proto::{accounts, credentials};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::world::{World, request_id, time};

const NOW: &str = "2026-03-02T02:00:00Z";
const TEXT: &str = "高血压合并糖尿病怎么办？祖传膏方彻底根治，加薇❤咨询138-1234-5678";

fn capture(text: &str) -> ItemCapture {
    ItemCapture {
        platform: "weibo".into(),
        platform_item_id: "M1".into(),
        platform_uid: "u1".into(),
        handle: "养生老王".into(),
        content: Content::Captured.into(),
        text: text.into(),
        published_at: time("2026-03-01T02:00:00Z"),
        ..Default::default()
    }
}

fn filing(number: u128, text: &str) -> FileReportRequest {
    FileReportRequest {
        request_id: request_id(number),
        item: Some(capture(text)),
        channel: Channel::Hotline12345.into(),
        reporter_ref: format!("r-{number}"),
        reasons: "自称根治".into(),
        region: "310104".into(),
        ..Default::default()
    }
}

#[track_caller]
fn reason(status: Result<impl std::fmt::Debug, Status>, code: Code) -> String {
    let status = status.expect_err("is refused");
    assert_eq!(status.code(), code, "{status:?}");
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// From a report to a referral, with four eyes on the finding, and every reporter answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_becomes_a_referral_and_is_answered() {
    let world = World::start(NOW).await;
    let mut intake = world.client("cac-310000", "o-1", "310000", &[Role::Intake]);
    let mut first = world.client("cac-310000", "o-2", "310000", &[Role::Reviewer]);
    let mut second = world.client("cac-310000", "o-3", "310000", &[Role::Reviewer]);

    let filed = intake.file_report(filing(1, TEXT)).await.expect("filed").into_inner().report.expect("a report");
    let facts = filed.filed.clone().expect("as filed");
    assert_eq!(facts.account_standing(), AccountStanding::Unknown);
    assert_eq!(filed.acceptance_due_at, time("2026-03-11T16:00:00Z"), "X10: 7 working days");
    let other = intake.file_report(filing(2, TEXT)).await.expect("filed").into_inner().report.expect("a report");
    // The same request again has the same effect and no other.
    let again = intake.file_report(filing(1, TEXT)).await.expect("repeated").into_inner().report.expect("a report");
    assert_eq!(again, filed);
    assert_eq!(reason(intake.file_report(filing(1, "别的")).await, Code::AlreadyExists), "REQUEST_ID_REUSED");
    world.at_rest().await;

    let item_id = facts.item_id.clone();
    let get = GetItemRequest { item_id: item_id.clone(), ..Default::default() };
    let item = first.get_item(get.clone()).await.expect("the item").into_inner().item.expect("an item");
    assert_eq!((item.stage(), item.report_ids.len()), (ItemStage::Screened, 2));
    assert_eq!(item.correlation, filed.correlation, "the item belongs to what the report belongs to");
    let screening = item.versions[0].screening.clone().expect("screened");
    let rules: Vec<_> = screening.hits.iter().map(|hit| hit.rule_id.as_str()).collect();
    for rule in ["cure-promise", "knowledge-with-contact", "uncertified"] {
        assert!(rules.contains(&rule), "{rule} is not among {rules:?}");
    }

    let record = RecordFindingRequest {
        request_id: request_id(3),
        item_id: item_id.clone(),
        violation: "FALSE-INFO".into(),
        quote: "彻底根治".into(),
        reasons: "虚假承诺疗效".into(),
        legal_bases: vec!["S1-3".into()],
        ..Default::default()
    };
    let wrong = RecordFindingRequest { quote: "完全没有".into(), request_id: request_id(4), ..record.clone() };
    assert_eq!(reason(first.record_finding(wrong).await, Code::InvalidArgument), "SPAN_NOT_IN_ITEM");
    let unknown = RecordFindingRequest { violation: "NONE".into(), request_id: request_id(4), ..record.clone() };
    assert_eq!(reason(first.record_finding(unknown).await, Code::InvalidArgument), "FIELD_VIOLATION");
    let finding_id = first.record_finding(record).await.expect("recorded").into_inner().finding_id;

    let refer = SubmitReferralRequest {
        request_id: request_id(5),
        item_id: item_id.clone(),
        finding_id: finding_id.clone(),
        ..Default::default()
    };
    assert_eq!(reason(first.submit_referral(refer.clone()).await, Code::FailedPrecondition), "UNCONFIRMED_FINDING");
    let confirm = ConfirmFindingRequest { request_id: request_id(6), item_id, finding_id, ..Default::default() };
    assert_eq!(reason(first.confirm_finding(confirm.clone()).await, Code::PermissionDenied), "SAME_OFFICER");
    second.confirm_finding(confirm).await.expect("confirmed");
    let referred = first.submit_referral(refer).await.expect("referred").into_inner();
    assert!(Uuid::parse_str(&referred.referral_event_id).is_ok());
    world.at_rest().await;

    for report in [&filed, &other] {
        let get = GetReportRequest { report_id: report.report_id.clone(), ..Default::default() };
        let report = intake.get_report(get).await.expect("the report").into_inner().report.expect("a report");
        assert_eq!(report.stage(), ReportStage::Concluded);
        assert_eq!(report.concluded.as_ref().map(ReportConcluded::outcome), Some(ReportOutcome::Found));
    }
    // What is reported once more has its answer at once.
    let late = intake.file_report(filing(7, TEXT)).await.expect("filed").into_inner();
    world.at_rest().await;
    let list = ListReportsRequest {
        stage: ReportStage::Concluded.into(),
        order_by: "create_time".into(),
        page_size: 2,
        at_least_position: late.position,
        ..Default::default()
    };
    let page = intake.list_reports(list.clone()).await.expect("listed").into_inner();
    assert_eq!(page.reports.len(), 2);
    let next = ListReportsRequest { page_token: page.next_page_token, ..list };
    let page = intake.list_reports(next).await.expect("listed").into_inner();
    assert_eq!((page.reports.len(), page.next_page_token.as_str()), (1, ""));
    assert_eq!(page.reports[0].concluded.as_ref().map(ReportConcluded::outcome), Some(ReportOutcome::Referred));
    world.rows_agree().await;
    world.stop().await;
}

/// R33: judged by what the registry and the verification say of the moment of publication.
#[tokio::test(flavor = "multi_thread")]
async fn a_certified_account_may_publish_professional_content() {
    let world = World::start(NOW).await;
    let account = AccountId::of("weibo", "u1");
    let declared = accounts::v1::AccountDeclared { account_id: account.to_string(), ..Default::default() };
    world.elsewhere("account", account.uuid(), "casebook.accounts.v1.AccountDeclared", &declared).await;
    let verified = credentials::v1::CredentialVerified {
        account_id: account.to_string(),
        valid_from: time("2026-02-01T00:00:00Z"),
        valid_until: time("2027-02-01T00:00:00Z"),
        ..Default::default()
    };
    world.elsewhere("credential", Uuid::from_u128(77), "casebook.credentials.v1.CredentialVerified", &verified).await;
    world.at_rest().await;

    let mut reviewer = world.client("cac-310000", "o-2", "310000", &[Role::Reviewer]);
    let screen = |published_at: &str| ScreenTextRequest {
        text: "高血压合并糖尿病时的联合用药".into(),
        platform: "weibo".into(),
        platform_uid: "u1".into(),
        published_at: time(published_at),
        ..Default::default()
    };
    let during = reviewer.screen_text(screen("2026-03-01T00:00:00Z")).await.expect("screened").into_inner();
    assert_eq!(during.account_standing(), AccountStanding::Declared);
    assert_eq!(during.certification(), Certification::Certified);
    assert!(during.hits.is_empty(), "{:?}", during.hits);
    let before = reviewer.screen_text(screen("2026-01-01T00:00:00Z")).await.expect("screened").into_inner();
    assert_eq!(before.certification(), Certification::Uncertified);
    assert!(before.hits.iter().any(|hit| hit.rule_id == "uncertified"));
    let pack = reviewer.get_rule_pack(GetRulePackRequest {}).await.expect("the pack").into_inner();
    assert_eq!(pack.version, before.rule_pack_version);
    assert!(before.hits.iter().all(|hit| pack.rules.iter().any(|rule| rule.rule_id == hit.rule_id)));
    world.rows_agree().await;
    world.stop().await;
}

/// R33: what was screened by what was known then is not screened anew because a report is met again.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_met_again_screens_nothing_anew() {
    let world = World::start(NOW).await;
    let account = AccountId::of("weibo", "u1");
    let mut platform = world.client("platform-weibo", "weibo", "000000", &[Role::Platform]);
    let batch = IngestItemsRequest { request_id: request_id(1), items: vec![capture(TEXT)], ..Default::default() };
    let item_id = platform.ingest_items(batch).await.expect("taken in").into_inner().rows[0].item_id.clone();
    let mut intake = world.client("cac-310000", "o-1", "310000", &[Role::Intake]);
    intake.file_report(filing(2, TEXT)).await.expect("filed");
    world.at_rest().await;
    let declared = accounts::v1::AccountDeclared { account_id: account.to_string(), ..Default::default() };
    world.elsewhere("account", account.uuid(), "casebook.accounts.v1.AccountDeclared", &declared).await;
    world.at_rest().await;

    let world = world.begin_anew(NOW).await;
    world.at_rest().await;
    let mut reviewer = world.client("cac-310000", "o-2", "310000", &[Role::Reviewer]);
    let history = ListItemHistoryRequest { item_id, ..Default::default() };
    let entries = reviewer.list_item_history(history).await.expect("a history").into_inner().entries;
    let types: Vec<_> = entries.iter().map(|entry| entry.event_type.rsplit('.').next().unwrap_or_default()).collect();
    assert_eq!(types, ["ItemObserved", "ItemScreened", "ItemReported"]);
    world.rows_agree().await;
    world.stop().await;
}

/// R72: monitored items come in by batches, each by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_takes_in_what_can_be_taken_in() {
    let world = World::start(NOW).await;
    let mut platform = world.client("platform-weibo", "weibo", "000000", &[Role::Platform]);
    let elsewhere = ItemCapture { platform: "douyin".into(), ..capture(TEXT) };
    let nowhere = ItemCapture { platform: "nowhere".into(), ..capture(TEXT) };
    let gone = ItemCapture { content: Content::Deleted.into(), text: String::new(), ..capture("") };
    let batch = |number, items| IngestItemsRequest { request_id: request_id(number), items, ..Default::default() };
    let rows = platform
        .ingest_items(batch(1, vec![capture(TEXT), elsewhere, nowhere]))
        .await
        .expect("taken in")
        .into_inner()
        .rows;
    assert!(rows[0].error.is_none() && rows[0].rule_ids.contains(&"cure-promise".to_owned()));
    assert_eq!(rows[1].error.as_ref().map(|error| error.reason.as_str()), Some("OTHER_PLATFORM"));
    assert_eq!(rows[2].error.as_ref().map(|error| error.field.as_str()), Some("platform"));

    let rows = platform.ingest_items(batch(2, vec![capture(TEXT)])).await.expect("known").into_inner().rows;
    assert!(rows[0].unchanged && !rows[0].rule_ids.is_empty());
    let rows = platform.ingest_items(batch(3, vec![capture("多喝水")])).await.expect("edited").into_inner().rows;
    assert_eq!(
        (rows[0].version, rows[0].rule_ids.len()),
        (0, 0),
        "how often it was seen is not the platform's to know"
    );
    let rows = platform.ingest_items(batch(4, vec![gone])).await.expect("gone").into_inner().rows;
    assert_eq!((rows[0].version, rows[0].unchanged), (0, false));
    world.rows_agree().await;
    world.stop().await;
}

/// One request id stands for one batch: with other content it is refused as a whole, also where only one row differs, and
/// under the id of a single command or the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_under_a_used_request_id_is_refused_as_a_whole() {
    let world = World::start(NOW).await;
    let mut intake = world.client("cac-310000", "o-1", "310000", &[Role::Intake, Role::Reviewer]);
    let batch = |number, texts: &[&str]| IngestItemsRequest {
        request_id: request_id(number),
        items: texts.iter().map(|text| ItemCapture { platform_item_id: (*text).to_owned(), ..capture(text) }).collect(),
        ..Default::default()
    };
    let first = intake.ingest_items(batch(1, &["甲", "乙"])).await.expect("taken in").into_inner();
    world.at_rest().await;
    let head = world.log.head().await;
    let again = intake.ingest_items(batch(1, &["甲", "乙"])).await.expect("the same once more").into_inner();
    assert_eq!(again, first);
    let rehearsal = |number, texts| IngestItemsRequest { validate_only: true, ..batch(number, texts) };
    for other in [batch(1, &["甲", "丙"]), batch(1, &["甲"]), batch(1, &["甲", "乙", "丙"]), rehearsal(1, &["丙"])]
    {
        assert_eq!(reason(intake.ingest_items(other).await, Code::AlreadyExists), "REQUEST_ID_REUSED");
    }
    let single = FileReportRequest { request_id: request_id(1), ..filing(1, "多喝水") };
    assert_eq!(reason(intake.file_report(single).await, Code::AlreadyExists), "REQUEST_ID_REUSED");
    intake.ingest_items(rehearsal(5, &["丁"])).await.expect("a rehearsal");
    world.at_rest().await;
    assert_eq!(world.log.head().await, head, "nothing is written");

    let mut ids = Vec::new();
    for number in 11..=13 {
        let report = intake.file_report(filing(number, "多喝水")).await.expect("filed").into_inner().report;
        ids.push(report.expect("a report").report_id);
    }
    world.at_rest().await;
    let merge = |number, reports: &[usize]| MergeReportsRequest {
        request_id: request_id(number),
        report_ids: reports.iter().map(|index| ids[*index].clone()).collect(),
        into_report_id: ids[0].clone(),
        ..Default::default()
    };
    let first = intake.merge_reports(merge(20, &[1])).await.expect("merged").into_inner();
    world.at_rest().await;
    let head = world.log.head().await;
    assert_eq!(intake.merge_reports(merge(20, &[1])).await.expect("the same once more").into_inner(), first);
    for other in [merge(20, &[1, 2]), merge(20, &[2]), merge(1, &[2]), merge(11, &[2])] {
        assert_eq!(reason(intake.merge_reports(other).await, Code::AlreadyExists), "REQUEST_ID_REUSED");
    }
    assert_eq!(world.log.head().await, head, "nothing is written");
    world.stop().await;
}

/// X10, D9: every reporter is answered whatever became of the report that theirs was merged into, and all of it is one matter.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_merged_into_a_withdrawn_report_stands_by_itself_again() {
    let world = World::start(NOW).await;
    let mut intake = world.client("cac-310000", "o-1", "310000", &[Role::Intake, Role::Reviewer]);
    let mut filed = Vec::new();
    for number in 1..=2 {
        let report = intake.file_report(filing(number, "多喝水")).await.expect("filed").into_inner().report;
        filed.push(report.expect("a report"));
    }
    assert_eq!(filed[0].correlation, filed[1].correlation, "also before the item is observed");
    world.at_rest().await;
    let merge = MergeReportsRequest {
        request_id: request_id(10),
        report_ids: vec![filed[1].report_id.clone()],
        into_report_id: filed[0].report_id.clone(),
        ..Default::default()
    };
    let rows = intake.merge_reports(merge).await.expect("merged").into_inner().rows;
    assert!(rows[0].error.is_none(), "{rows:?}");
    let withdraw = WithdrawReportRequest {
        request_id: request_id(11),
        report_id: filed[0].report_id.clone(),
        reporter_ref: "r-1".into(),
        ..Default::default()
    };
    intake.withdraw_report(withdraw).await.expect("withdrawn");
    world.at_rest().await;
    let get = GetReportRequest { report_id: filed[1].report_id.clone(), ..Default::default() };
    let alone = intake.get_report(get).await.expect("read").into_inner().report.expect("a report");
    assert_eq!((alone.stage(), alone.merged), (ReportStage::Received, None));
    let item = GetItemRequest { item_id: filed[0].filed.clone().expect("as filed").item_id, ..Default::default() };
    let item = intake.get_item(item).await.expect("the item").into_inner().item.expect("an item");
    assert_eq!(item.correlation, filed[1].correlation);
    world.rows_agree().await;
    world.stop().await;
}

/// domain.md, edge cases: merged, and each reporter answered. X10: overdue once, never early.
#[tokio::test(flavor = "multi_thread")]
async fn merged_reports_are_answered_and_unanswered_ones_become_overdue() {
    let world = World::start(NOW).await;
    let mut intake = world.client("cac-310000", "o-1", "310000", &[Role::Intake, Role::Reviewer]);
    let mut ids = Vec::new();
    for number in 1..=3 {
        let report = intake.file_report(filing(number, "多喝水")).await.expect("filed").into_inner().report;
        ids.push(report.expect("a report").report_id);
    }
    world.at_rest().await;
    let merge = MergeReportsRequest {
        request_id: request_id(10),
        report_ids: vec![ids[1].clone(), ids[0].clone(), request_id(999)],
        into_report_id: ids[0].clone(),
        ..Default::default()
    };
    let rows = intake.merge_reports(merge).await.expect("merged").into_inner().rows;
    let reasons: Vec<_> = rows.iter().map(|row| row.error.as_ref().map(|error| error.reason.as_str())).collect();
    assert_eq!(reasons, [None, Some("MERGE_INTO_ITSELF"), Some("REPORT_NOT_FOUND")]);

    let accept = |number, id: &String| AcceptReportRequest {
        request_id: request_id(number),
        report_id: id.clone(),
        ..Default::default()
    };
    let mut zhejiang = world.client("cac-330000", "o-1", "330000", &[Role::Intake]);
    let refused = zhejiang.accept_report(accept(11, &ids[0])).await;
    assert_eq!(reason(refused, Code::NotFound), "REPORT_NOT_FOUND", "R80: for Zhejiang there is no such report");
    let stale = AcceptReportRequest { etag: "7".into(), ..accept(12, &ids[0]) };
    assert_eq!(reason(intake.accept_report(stale).await, Code::FailedPrecondition), "STALE_ETAG");
    let withdraw = WithdrawReportRequest {
        request_id: request_id(15),
        report_id: ids[0].clone(),
        reporter_ref: "r-1".into(),
        ..Default::default()
    };
    let mut other = world.client("health-310000", "o-1", "310000", &[Role::Intake]);
    let refused = other.withdraw_report(withdraw).await;
    assert_eq!(reason(refused, Code::PermissionDenied), "NOT_THE_REPORTER");
    let decline = DeclineReportRequest {
        request_id: request_id(16),
        report_id: ids[0].clone(),
        reason: DeclineReason::OutOfScope.into(),
        explanation: "不属于受理范围".into(),
        ..Default::default()
    };
    assert_eq!(reason(zhejiang.decline_report(decline).await, Code::NotFound), "REPORT_NOT_FOUND");
    intake.accept_report(accept(13, &ids[0])).await.expect("accepted");
    let conclude = ConcludeReportRequest {
        request_id: request_id(14),
        report_id: ids[0].clone(),
        reasons: "内容与事实相符".into(),
        ..Default::default()
    };
    intake.conclude_report(conclude).await.expect("concluded");
    world.at_rest().await;
    let get = |id: &String| GetReportRequest { report_id: id.clone(), ..Default::default() };
    let merged = intake.get_report(get(&ids[1])).await.expect("read").into_inner().report.expect("a report");
    assert_eq!(merged.stage(), ReportStage::Merged);
    assert_eq!(merged.concluded.as_ref().map(ReportConcluded::outcome), Some(ReportOutcome::NoViolation));

    world.clock.turn_to("2026-03-11T15:59:59Z".parse().expect("a time"));
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    let waiting = world.client("cac-310000", "o-1", "310000", &[Role::Intake]).get_report(get(&ids[2])).await;
    assert!(!waiting.expect("read").into_inner().report.expect("a report").acceptance_overdue, "never early");
    world.clock.turn_to("2026-03-11T16:00:00Z".parse().expect("a time"));
    let mut intake = world.client("cac-310000", "o-1", "310000", &[Role::Intake]);
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let report = intake.get_report(get(&ids[2])).await.expect("read").into_inner().report.expect("a report");
        if report.acceptance_overdue {
            let overdue = ListReportsRequest { overdue_only: true, ..Default::default() };
            world.at_rest().await;
            let listed = intake.list_reports(overdue).await.expect("listed").into_inner().reports;
            assert_eq!(listed.iter().map(|report| &report.report_id).collect::<Vec<_>>(), [&ids[2]]);
            world.rows_agree().await;
            world.stop().await;
            return;
        }
    }
    panic!("the report did not become overdue");
}
