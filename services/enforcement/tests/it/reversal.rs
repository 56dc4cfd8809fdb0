//! Appeals that are upheld: counter-orders, remedies, and what stays.

use casebook_proto::enforcement::v1 as pb;
use casebook_proto::enforcement::v1::enforcement_service_server::EnforcementService as _;
use casebook_proto::enforcement::v1::platform_service_server::PlatformService as _;

use crate::house::{House, by, close, measure, officer, on, platform, refused, request_id};

fn counter_of<'a>(case: &'a pb::Case, measure: &str) -> &'a pb::OrderTrack {
    let found = case.orders.iter().find(|order| {
        let lifts = !order.counters_order_id.is_empty() && order.outcome() != pb::OrderOutcome::NotNeeded;
        lifts && order.measure.as_ref().is_some_and(|of| of.measure == measure)
    });
    found.expect("a counter-order")
}

/// 申诉成立: what was executed is countered, what cannot be undone is answered with a remedy, what was not delivered is
/// taken back; nothing of it is held against the account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upheld_appeal_takes_back_what_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let measures =
        [measure("u-1", "MUTED", 7), measure("u-1", "FOLLOWERS_CLEARED", 0), on("douyin", "d-1", "MUTED", 7)];
    let case = house.decided("u-1", "V-05", &measures).await;
    for order in
        case.orders.iter().filter(|order| order.measure.as_ref().unwrap().account.as_ref().unwrap().platform == "weibo")
    {
        house.execute(&order.order_id).await;
    }
    assert_eq!(house.recommended("u-1", "V-05").await.rung, 5, "the mute and the clearing count");
    let reversed = house.appeal(&case.case_id, pb::AppealOutcome::Upheld, &[]).await;
    let reversal = &reversed.reversals[0];
    assert_eq!(reversal.irreversible.len(), 1);
    assert!(reversal.irreversible[0].irreversible && !reversal.irreversible[0].remedy.is_empty());
    assert_eq!(reversal.undoings.len(), 1, "the other account has an appeal of its own");
    let reversed = house
        .appeal_for(&case.case_id, crate::house::account("douyin", "d-1"), "e", pb::AppealOutcome::Upheld, &[])
        .await;
    assert_eq!(reversed.reversals[1].undoings.len(), 1);
    assert_eq!(reversed.decision.as_ref().unwrap().measures.len(), 3, "the decision is still what it was");

    let on_douyin =
        reversed.orders.iter().find(|order| order.outcome() == pb::OrderOutcome::Cancelled).expect("taken back");
    let spared = reversed.orders.iter().filter(|order| order.outcome() == pb::OrderOutcome::NotNeeded).count();
    assert_eq!(spared, 1, "what was taken back needs no counter-order");
    assert_eq!(on_douyin.measure.as_ref().unwrap().account.as_ref().unwrap().platform, "douyin");
    let counter = counter_of(&reversed, "MUTED").clone();
    assert_eq!(counter.outcome(), pb::OrderOutcome::Unspecified);
    let lifts = house.order(&counter.order_id).await;
    assert_eq!(lifts.counters_order_id, counter.counters_order_id);
    // It follows from the reversal, says why in its words, and asks for what restores.
    assert_eq!((&*lifts.decision_id, &*lifts.reasons), (&*reversed.reversals[0].reversal_id, "事实不清"));
    assert_eq!(lifts.measure.map(|measure| (measure.measure, measure.days)), Some(("UNMUTED".to_owned(), 0)));
    assert_eq!(house.order(&counter.counters_order_id).await.state(), pb::OrderState::Countered);

    house.execute(&counter.order_id).await;
    assert_eq!(house.recommended("u-1", "V-05").await.earlier_rung, 0, "a void decision is no history");
    let closed =
        house.officers.close_case(by(officer("a"), close(&case.case_id, pb::CaseOutcome::NotEstablished))).await;
    assert_eq!(closed.unwrap().into_inner().case.unwrap().stage(), pb::CaseStage::Closed);
    house.verify().await;
    house.close().await;
}

/// 部分成立: a closure is eased to a mute: a counter-order lifts the one, an order of its own carries the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_appeal_upheld_in_part_eases_a_closure_to_a_mute() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let case = house.decided("u-1", "V-05", &[measure("u-1", "ACCOUNT_CLOSED", 0)]).await;
    house.execute(&case.orders[0].order_id).await;
    house.clock.turn_to(crate::house::time("2026-03-05T02:00:00Z"));
    let eased = house.appeal(&case.case_id, pb::AppealOutcome::UpheldInPart, &[measure("u-1", "MUTED", 10)]).await;
    let replacement = &eased.reversals[0].replacements[0];
    assert_eq!((replacement.days_served, replacement.measure.as_ref().unwrap().days), (3, 7));
    let lift = counter_of(&eased, "ACCOUNT_CLOSED").order_id.clone();
    for order_id in [lift, replacement.order_id.clone()] {
        house.execute(&order_id).await;
    }
    assert_eq!(house.recommended("u-1", "V-05").await.earlier_rung, 4, "the mute counts, the closure does not");
    let closed =
        house.officers.close_case(by(officer("a"), close(&case.case_id, pb::CaseOutcome::MeasuresTaken))).await;
    assert_eq!(closed.unwrap().into_inner().case.unwrap().stage(), pb::CaseStage::Closed);
    house.verify().await;
    house.close().await;
}

/// 申诉成立 voids what a platform had refused as well: executed after all, it is lifted, and the case waits for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_void_order_that_is_executed_after_all_is_lifted() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let case = house.decided("u-1", "V-05", &[measure("u-1", "MUTED", 7)]).await;
    let order_id = case.orders[0].order_id.clone();
    let refusal = pb::ReportReceiptRequest {
        request_id: request_id(),
        order_id: order_id.clone(),
        outcome: pb::ReceiptOutcome::Refused.into(),
        cause: pb::ReceiptCause::AccountNotFound.into(),
        ..Default::default()
    };
    house.platforms.report_receipt(by(platform("weibo"), refusal)).await.unwrap();
    house.rest().await;
    let reversed = house.appeal(&case.case_id, pb::AppealOutcome::Upheld, &[]).await;
    assert!(reversed.reversals[0].undoings.is_empty());
    assert!(house.order(&order_id).await.voided, "void, though it had no effect");

    let found =
        pb::ReportReceiptRequest { corrects: true, detail: "账号已找到".into(), ..house.executed(&order_id) };
    house.platforms.report_receipt(by(platform("weibo"), found)).await.unwrap();
    house.rest().await;
    assert_eq!(house.order(&order_id).await.state(), pb::OrderState::Countered);
    let waiting =
        house.officers.close_case(by(officer("a"), close(&case.case_id, pb::CaseOutcome::NotEstablished))).await;
    assert_eq!(refused(waiting).1, "ORDERS_UNRECEIPTED");
    let counter = counter_of(&house.case(&case.case_id).await, "MUTED").order_id.clone();
    house.execute(&counter).await;
    let closed =
        house.officers.close_case(by(officer("a"), close(&case.case_id, pb::CaseOutcome::NotEstablished))).await;
    assert_eq!(closed.unwrap().into_inner().case.unwrap().stage(), pb::CaseStage::Closed);
    house.verify().await;
    house.close().await;
}
