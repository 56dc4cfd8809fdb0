//! The spine: from a referral to orders that two platforms answer, and a case that closes and replays.

use casebook_proto::enforcement::v1 as pb;
use casebook_proto::enforcement::v1::enforcement_service_server::EnforcementService as _;
use casebook_proto::enforcement::v1::platform_service_server::PlatformService as _;

use crate::house::{House, START, accept, by, close, health, measure, officer, on, platform, refused, request_id};

/// Issue 2: executed on one of two platforms; the other cannot. Everything has the correlation of the report, and a
/// restart finds the same case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_referral_becomes_orders_that_platforms_answer() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let measures = [measure("u-1", "MUTED", 7), on("douyin", "d-1", "MUTED", 7)];
    let case = house.decided("u-1", "V-05", &measures).await;
    assert_eq!(case.stage(), pb::CaseStage::Decided);
    let decision = case.decision.clone().unwrap();
    assert_eq!((decision.proposer.as_str(), decision.confirmer.as_str()), ("a", "b"));
    assert!(!decision.redress.is_empty() && decision.appeal_until.is_some());
    assert_eq!(case.orders.len(), 2);
    assert_eq!(
        refused(
            house.officers.close_case(by(officer("a"), close(&case.case_id, pb::CaseOutcome::MeasuresTaken))).await
        )
        .1,
        "ORDERS_UNRECEIPTED"
    );

    for order in &case.orders {
        let of = order.measure.clone().unwrap().account.unwrap().platform;
        if of == "weibo" {
            house.execute(&order.order_id).await;
        } else {
            let refusal = pb::ReportReceiptRequest {
                request_id: request_id(),
                order_id: order.order_id.clone(),
                outcome: pb::ReceiptOutcome::Refused.into(),
                cause: pb::ReceiptCause::AccountNotFound.into(),
                ..Default::default()
            };
            house.platforms.report_receipt(by(platform("douyin"), refusal)).await.unwrap();
        }
    }
    house.rest().await;
    let closed =
        house.officers.close_case(by(officer("a"), close(&case.case_id, pb::CaseOutcome::MeasuresTaken))).await;
    let closed = closed.unwrap().into_inner().case.unwrap();
    assert_eq!(closed.stage(), pb::CaseStage::Closed);
    let outcomes: Vec<_> = closed.orders.iter().map(|order| (order.outcome(), order.in_force)).collect();
    assert!(
        outcomes.contains(&(pb::OrderOutcome::Executed, true))
            && outcomes.contains(&(pb::OrderOutcome::Refused, false))
    );
    for order in &closed.orders {
        assert_eq!(house.order(&order.order_id).await.correlation, closed.correlation);
    }
    house.verify().await;
    let before = house.case(&case.case_id).await;
    house.close().await;

    let house = House::open_at(folder.path(), START).await;
    assert_eq!(house.case(&case.case_id).await, before, "a restart changes nothing");
    let as_of = pb::GetCaseRequest {
        case_id: case.case_id.clone(),
        as_of_position: closed_position(&house, &case.case_id).await,
        ..Default::default()
    };
    let then = house.officers.get_case(by(officer("a"), as_of)).await.unwrap().into_inner().case.unwrap();
    assert_eq!(then.stage(), pb::CaseStage::Investigating, "the case as of its first event");
    house.verify().await;
    house.close().await;
}

/// The position of the case's first event.
async fn closed_position(house: &House, case_id: &str) -> u64 {
    let request = pb::ListCaseHistoryRequest { case_id: case_id.into(), page_size: 1, ..Default::default() };
    let history = house.officers.list_case_history(by(officer("a"), request)).await.unwrap().into_inner();
    assert!(!history.next_page_token.is_empty());
    history.entries[0].position
}

/// The lead belongs to the matter of the referral, the case to that of the lead; one matter is taken up once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_matter_is_taken_up_once() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (first, correlation) = house.refer("u-1", "V-05", "同一条视频").await;
    let (second, _) = house.refer("u-1", "V-05", "同一条视频").await;
    let accepted = house.officers.accept_lead(by(officer("a"), accept(&first))).await.unwrap().into_inner();
    assert_eq!(accepted.lead.unwrap().correlation, correlation.to_string());
    assert_eq!(refused(house.officers.accept_lead(by(officer("a"), accept(&second))).await).1, "DUPLICATE_OF");
    assert_eq!(refused(house.officers.accept_lead(by(officer("b"), accept(&first))).await).1, "LEAD_ALREADY_SCREENED");
    let decline = pb::DeclineLeadRequest {
        request_id: request_id(),
        lead_id: second,
        reasons: "重复".into(),
        duplicate_of: first.clone(),
        ..Default::default()
    };
    house.officers.decline_lead(by(officer("a"), decline)).await.unwrap();
    let opened = house.officers.open_case(by(officer("a"), crate::house::open(&first))).await.unwrap().into_inner();
    assert_eq!(opened.case.unwrap().correlation, correlation.to_string());
    assert_eq!(
        refused(house.officers.open_case(by(officer("a"), crate::house::open(&first))).await).1,
        "CASE_ALREADY_OPENED"
    );
    house.verify().await;
    house.close().await;
}

/// R92: the account climbs the ladder by what was executed, one rung for each repetition.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_climbs_the_ladder_by_its_history() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let mut climbed = Vec::new();
    for rung in 1..=5 {
        let recommended = house.recommended("u-1", "DIVERSION").await;
        assert_eq!(recommended.rung, rung);
        climbed.push(recommended.measure.clone());
        let measures = [measure("u-1", &recommended.measure, recommended.days)];
        let case_id = house.told("u-1", "DIVERSION", &measures).await;
        house.waive(&case_id).await;
        // The ladder is followed: no reason is needed.
        let request = pb::ProposeDecisionRequest {
            departure_reason: String::new(),
            ..crate::house::propose(&case_id, &measures)
        };
        let proposed = house.officers.propose_decision(by(officer("a"), request)).await.unwrap().into_inner();
        let decision = proposed.case.unwrap().decision.unwrap();
        assert_eq!(decision.recommended[0].rung, rung);
        let confirm = crate::house::confirm(&case_id, &decision.decision_id);
        house.officers.confirm_decision(by(officer("b"), confirm)).await.unwrap();
        house.rest().await;
        let order_id = house.case(&case_id).await.orders[0].order_id.clone();
        // Decided is not done: only what came into force counts.
        assert_eq!(house.recommended("u-1", "DIVERSION").await.rung, rung);
        house.execute(&order_id).await;
    }
    assert_eq!(
        climbed,
        ["INTERACTIONS_REMOVED", "FOLLOWERS_CLEARED", "MONETISATION_REVOKED", "MUTED", "ACCOUNT_CLOSED"]
    );
    let skipping = [measure("u-2", "ACCOUNT_CLOSED", 0)];
    let case_id = house.told("u-2", "DIVERSION", &skipping).await;
    house.waive(&case_id).await;
    let silent =
        pb::ProposeDecisionRequest { departure_reason: String::new(), ..crate::house::propose(&case_id, &skipping) };
    assert_eq!(
        refused(house.officers.propose_decision(by(officer("a"), silent)).await).1,
        "STEP_SKIPPED_WITHOUT_REASON"
    );
    house.verify().await;
    house.close().await;
}

/// R79, R93: a case goes to another agency with everything; the first one acts no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_handed_to_another_agency() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let measures = [measure("u-1", "MUTED", 7)];
    let case_id = house.told("u-1", "V-05", &measures).await;
    let offer = |to: &str| pb::OfferTransferRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        to_agency: to.into(),
        reasons: "属医师执业行为".into(),
        ..Default::default()
    };
    assert_eq!(refused(house.officers.offer_transfer(by(officer("a"), offer("cac-310000"))).await).1, "SELF_TRANSFER");
    house.officers.offer_transfer(by(officer("a"), offer("health-310000"))).await.unwrap();
    assert_eq!(
        refused(house.officers.waive_statement(by(health("h"), crate::house::waive(&case_id))).await).1,
        "NOT_HOLDING_AGENCY"
    );
    let pending = house.officers.serve_notice(by(officer("a"), house.notice(&case_id, &measures))).await;
    assert_eq!(refused(pending).1, "TRANSFER_PENDING");
    let accept = pb::AcceptTransferRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        officers: vec!["h".into(), "i".into()],
        ..Default::default()
    };
    let taken = house.officers.accept_transfer(by(health("h"), accept)).await.unwrap().into_inner().case.unwrap();
    assert_eq!((taken.agency.as_str(), taken.evidence.len()), ("health-310000", 1));
    assert_eq!(taken.transfers[0].clocks[0].name, "answer_until");
    let again = house.officers.serve_notice(by(officer("a"), house.notice(&case_id, &measures))).await;
    assert_eq!(refused(again).1, "NOT_HOLDING_AGENCY");
    let listed = pb::ListCasesRequest {
        agency: "health-310000".into(),
        platform: "douyin".into(),
        platform_uid: "d-1".into(),
        at_least_position: house.head().await,
        ..Default::default()
    };
    let listed = house.officers.list_cases(by(health("h"), listed)).await.unwrap().into_inner();
    assert_eq!(listed.cases.len(), 1);
    house.verify().await;
    house.close().await;
}
