//! S1 §5, R32: two months to be verified.

use casebook_proto::common::v1::Role;
use casebook_proto::credentials::v1::*;
use chrono::TimeDelta;
use tonic::Code;

use crate::harness::*;

fn notice(house: &House, uid: &str) -> IssueRecertificationNoticeRequest {
    IssueRecertificationNoticeRequest {
        request_id: house.request_id(),
        platform: "douyin".to_owned(),
        platform_uid: uid.to_owned(),
        served_at: proto(at("2026-03-02T01:00:00Z")),
        service_proof_sha256: "b".repeat(64),
        ..IssueRecertificationNoticeRequest::default()
    }
}

async fn get(house: &House, uid: &str) -> Recertification {
    let request = GetRecertificationRequest {
        platform: "douyin".to_owned(),
        platform_uid: uid.to_owned(),
        ..GetRecertificationRequest::default()
    };
    house.verifier().get_recertification(request).await.expect("there").into_inner().recertification.expect("a notice")
}

async fn until(house: &House, uid: &str, state: RecertificationState) -> Recertification {
    for _ in 0..200 {
        let notice = get(house, uid).await;
        if notice.state() == state {
            return notice;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("not {state:?} in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_runs_two_months_and_lapses_or_is_fulfilled() {
    let house = House::open().await;
    let issued =
        house.verifier().issue_recertification_notice(notice(&house, "dy-1")).await.expect("issued").into_inner();
    let running = issued.recertification.expect("a notice");
    // 2026-05-02 is a day of the Labour Day holiday, which ends on the 5th.
    assert_eq!((running.due_at, running.due_provisional), (proto(at("2026-05-06T16:00:00Z")), false));
    house.verifier().issue_recertification_notice(notice(&house, "dy-9")).await.expect("issued");
    let again = house.verifier().issue_recertification_notice(notice(&house, "dy-9")).await;
    assert_eq!(reason(again), (Code::FailedPrecondition, "NOTICE_ALREADY_RUNNING".to_owned()));

    let credential = house.verify(house.application()).await;
    let fulfilled = until(&house, "dy-1", RecertificationState::Fulfilled).await;
    assert_eq!(fulfilled.credential_id, credential.credential_id);
    house.rest().await;
    let needless = house.verifier().issue_recertification_notice(notice(&house, "dy-1")).await;
    assert_eq!(reason(needless), (Code::FailedPrecondition, "ALREADY_CERTIFIED".to_owned()));

    let due = at("2026-05-06T16:00:00Z");
    // A token does not outlive the turning of the clock: each call mints its own.
    house.clock.turn_to(due - TimeDelta::days(14));
    for _ in 0..200 {
        if get(&house, "dy-9").await.reminded_at.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(get(&house, "dy-9").await.reminded_at.is_some(), "a reminder comes before the end");
    house.clock.turn_to(due);
    let lapsed = until(&house, "dy-9", RecertificationState::Lapsed).await;
    assert_eq!(lapsed.lapsed_at, proto(due));
    house.rest().await;

    let list = ListRecertificationsRequest { state: RecertificationState::Lapsed as i32, ..Default::default() };
    let listed = house.verifier().list_recertifications(list).await.expect("listed").into_inner().recertifications;
    assert_eq!(listed.iter().map(|notice| notice.platform_uid.as_str()).collect::<Vec<_>>(), ["dy-9"]);
    let history = ListRecertificationHistoryRequest {
        platform: "douyin".to_owned(),
        platform_uid: "dy-9".to_owned(),
        ..Default::default()
    };
    let history = house.verifier().list_recertification_history(history).await.expect("history").into_inner().entries;
    let types: Vec<_> = history.iter().map(|entry| entry.event_type.rsplit('.').next().unwrap_or_default()).collect();
    assert_eq!(types, ["RecertificationNoticeIssued", "RecertificationReminded", "RecertificationLapsed"]);
    house.assert_rows_match().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_notifies_its_own_accounts_only() {
    let house = House::open().await;
    let mut weibo = house.client("platform-weibo", "back-end", &[Role::Platform]);
    assert_eq!(fields(weibo.issue_recertification_notice(notice(&house, "dy-1")).await), ["platform"]);
    house.platform().issue_recertification_notice(notice(&house, "dy-1")).await.expect("issued");
    let request = GetRecertificationRequest {
        platform: "douyin".to_owned(),
        platform_uid: "dy-1".to_owned(),
        ..GetRecertificationRequest::default()
    };
    let hidden = reason(weibo.get_recertification(request).await);
    assert_eq!(hidden, (Code::NotFound, "RECERTIFICATION_UNKNOWN".to_owned()));
}
