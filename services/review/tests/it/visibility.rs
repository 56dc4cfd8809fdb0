//! X10, R80: who may know of a report and an item: one by one, in histories, in lists; and who is told the reporter.

use casebook_proto::common::v1::Role;
use casebook_proto::review::v1::*;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::world::{Client, World, request_id, time};

const NOW: &str = "2026-03-02T02:00:00Z";
const REPORTER: &str = "r-7";

fn filing(number: u128, region: &str) -> FileReportRequest {
    FileReportRequest {
        request_id: request_id(number),
        item: Some(ItemCapture {
            platform: "weibo".into(),
            platform_item_id: "M1".into(),
            platform_uid: "u1".into(),
            content: casebook_proto::review::v1::Content::Captured.into(),
            text: "多喝水".into(),
            published_at: time("2026-03-01T02:00:00Z"),
            ..Default::default()
        }),
        channel: Channel::Hotline12345.into(),
        reporter_ref: REPORTER.into(),
        reasons: "自称根治".into(),
        region: region.into(),
        ..Default::default()
    }
}

/// Whether a read finds something; where it does not, it says no more than that there is nothing.
fn found<T>(read: Result<tonic::Response<T>, tonic::Status>, reason: &str) -> Option<T> {
    match read {
        Ok(found) => Some(found.into_inner()),
        Err(status) => {
            assert_eq!(status.code(), Code::NotFound, "{status:?}");
            assert_eq!(status.get_error_details().error_info().map(|info| info.reason.as_str()), Some(reason));
            None
        }
    }
}

/// Whether somebody sees the report, the item, and the reporter. All ways of asking agree, or the test fails.
async fn sees(client: &mut Client, report_id: &str, item_id: &str) -> (bool, bool, bool) {
    let report_id = report_id.to_owned();
    let get = GetReportRequest { report_id: report_id.clone(), ..Default::default() };
    let got = found(client.get_report(get).await, "REPORT_NOT_FOUND").and_then(|reply| reply.report);
    let history = ListReportHistoryRequest { report_id: report_id.clone(), ..Default::default() };
    let history = found(client.list_report_history(history).await, "REPORT_NOT_FOUND");
    let listed = client.list_reports(ListReportsRequest::default()).await.expect("a list").into_inner().reports;
    let listed = listed.into_iter().find(|report| report.report_id == report_id);
    assert_eq!(got, listed, "rows and the log agree");
    assert_eq!(got.is_some(), history.is_some());
    let reporter = got.as_ref().and_then(|report| report.filed.as_ref()).map(|filed| filed.reporter_ref.as_str());
    let knows = reporter == Some(REPORTER);
    assert!(knows || reporter.is_none_or(str::is_empty));
    if let Some(history) = history {
        assert_eq!(history.entries[0].json.contains(REPORTER), knows, "{}", history.entries[0].json);
    }

    let get = GetItemRequest { item_id: item_id.to_owned(), ..Default::default() };
    let item = found(client.get_item(get).await, "ITEM_NOT_FOUND").and_then(|reply| reply.item);
    let history = ListItemHistoryRequest { item_id: item_id.to_owned(), ..Default::default() };
    let history = found(client.list_item_history(history).await, "ITEM_NOT_FOUND");
    let listed = client.list_items(ListItemsRequest::default()).await.expect("a list").into_inner().items;
    let listed = listed.into_iter().find(|listed| listed.item_id == item_id);
    assert_eq!(item, listed, "rows and the log agree");
    assert_eq!(item.is_some(), history.is_some());
    (got.is_some(), item.is_some(), knows)
}

/// What somebody brings in who may not know of the item tells them nothing of what others made of it; a platform hears what the rules
/// say of its own text.
#[tokio::test(flavor = "multi_thread")]
async fn who_brings_an_item_in_is_told_no_more_than_they_may_know() {
    let world = World::start(NOW).await;
    let all = [Role::Intake, Role::Reviewer];
    let text = "我说：三天根治糖尿病，加微信购买";
    let capture = ItemCapture { text: text.into(), ..filing(1, "").item.expect("an item") };
    let batch = |number, region: &str, item: &ItemCapture| IngestItemsRequest {
        request_id: request_id(number),
        region: region.into(),
        items: vec![item.clone()],
        ..Default::default()
    };
    for (agency, roles, region, number, version, meets) in [
        ("cac-310115", &all as &[Role], "310115", 1, 1, true),
        ("cac-310115", &all, "310115", 2, 1, true),
        ("cac-330000", &all, "330000", 3, 0, false),
        ("platform-weibo", &[Role::Platform], "310115", 4, 0, true),
    ] {
        let mut client = world.client(agency, "o-1", region, roles);
        let rows = client.ingest_items(batch(number, "310115", &capture)).await.expect("a reply").into_inner().rows;
        assert_eq!(rows[0].error, None);
        assert_eq!((rows[0].version, !rows[0].rule_ids.is_empty()), (version, meets), "{number}");
    }
    world.rows_agree().await;
    world.stop().await;
}

/// An agency, its region and roles, and what it sees: the report, the item, the reporter.
type Row<'a> = (&'a str, &'a str, &'a [Role], (bool, bool, bool));

#[tokio::test(flavor = "multi_thread")]
async fn a_report_exists_for_whoever_answers_for_it_and_whoever_took_it_in() {
    let world = World::start(NOW).await;
    let all = [Role::Intake, Role::Reviewer];
    // Zhejiang's hotline takes in what was seen in Pudong; then Beijing reports the same post.
    let mut zhejiang = world.client("cac-330000", "o-1", "330000", &all);
    let filed = zhejiang.file_report(filing(1, "310115")).await.expect("filed").into_inner().report.expect("a report");
    world.at_rest().await;
    let (report_id, item_id) = (filed.report_id.clone(), filed.filed.expect("as filed").item_id);
    let mut beijing = world.client("cac-110000", "o-1", "110000", &all);
    assert_eq!(sees(&mut beijing, &report_id, &item_id).await, (false, false, false), "before it reports, too");
    beijing.file_report(filing(2, "110101")).await.expect("filed");
    world.at_rest().await;
    let table: [Row<'_>; 8] = [
        ("audit-office", "000000", &[Role::Auditor], (true, true, true)),
        ("cac-330000", "330000", &all, (true, false, true)),
        ("cac-310115", "310115", &all, (true, true, false)),
        ("cac-310000", "310000", &[Role::CaseOfficer], (true, true, false)),
        ("cac-000000", "000000", &all, (true, true, false)),
        ("cac-110000", "110000", &all, (false, true, false)),
        ("cac-310104", "310104", &all, (false, false, false)),
        ("cac-650000", "650000", &[Role::AppealOfficer], (false, false, false)),
    ];
    for (agency, region, roles, expected) in table {
        let mut client = world.client(agency, "o-9", region, roles);
        assert_eq!(sees(&mut client, &report_id, &item_id).await, expected, "{agency} {region}");
    }
    // A refusal tells no more than a read; and the reply of a write names the reporter to nobody else either.
    let accept = |number| AcceptReportRequest {
        request_id: request_id(number),
        report_id: report_id.clone(),
        ..Default::default()
    };
    assert!(found(beijing.accept_report(accept(11)).await, "REPORT_NOT_FOUND").is_none());
    let refused = zhejiang.accept_report(accept(12)).await.expect_err("took it in and does not answer for it");
    assert_eq!(refused.code(), Code::PermissionDenied);
    let mut pudong = world.client("cac-310115", "o-1", "310115", &all);
    let accepted = pudong.accept_report(accept(13)).await.expect("accepted").into_inner().report.expect("a report");
    assert_eq!(accepted.filed.expect("as filed").reporter_ref, "");
    let find = RecordFindingRequest {
        request_id: request_id(14),
        item_id: item_id.clone(),
        violation: "FALSE-INFO".into(),
        quote: "多喝水".into(),
        reasons: "虚假承诺疗效".into(),
        legal_bases: vec!["S1-3".into()],
        ..Default::default()
    };
    assert!(found(zhejiang.record_finding(find.clone()).await, "ITEM_NOT_FOUND").is_none());
    beijing.record_finding(find).await.expect("R80: its own report makes Beijing competent");
    world.rows_agree().await;
    world.stop().await;
}
