//! What time brings: never early, once, and also after a restart.

use std::time::Duration;

use casebook_proto::enforcement::v1 as pb;
use casebook_proto::enforcement::v1::enforcement_service_server::EnforcementService as _;
use casebook_proto::enforcement::v1::platform_service_server::PlatformService as _;

use crate::house::{House, auditor, by, measure, officer, platform, request_id, time};

/// Waits until an order is as it should be; a deadline fires within a moment of real time.
async fn until(house: &House, order_id: &str, fits: impl Fn(&pb::Order) -> bool) -> pb::Order {
    for _ in 0..200 {
        let order = house.order(order_id).await;
        if fits(&order) {
            return order;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the deadline never fired");
}

async fn history(house: &House, order_id: &str) -> Vec<String> {
    let request = pb::ListOrderHistoryRequest { order_id: order_id.into(), ..Default::default() };
    let entries = house.officers.list_order_history(by(auditor(), request)).await.unwrap().into_inner().entries;
    entries.into_iter().map(|entry| entry.event_type.rsplit('.').next().unwrap().to_owned()).collect()
}

/// domain.md, Orders: overdue, then escalated; the late receipt is taken and marked; the mute ends on its day.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unanswered_order_escalates_and_a_mute_ends() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let case = house.decided("u-1", "V-05", &[measure("u-1", "MUTED", 7)]).await;
    let order_id = case.orders[0].order_id.clone();
    // A moment before the term of 24 hours is over, nothing has fired.
    house.clock.turn_to(time("2026-03-03T01:59:59Z"));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(house.order(&order_id).await.lateness(), pb::OrderLateness::InTime);
    house.close().await;

    // It fires after a restart, too.
    let house = House::open_at(folder.path(), "2026-03-03T03:00:00Z").await;
    until(&house, &order_id, |order| order.lateness() == pb::OrderLateness::Overdue).await;
    house.clock.turn_to(time("2026-03-04T03:00:00Z"));
    until(&house, &order_id, |order| order.lateness() == pb::OrderLateness::Escalated).await;
    let late = pb::ListOrdersRequest { late_only: true, at_least_position: house.head().await, ..Default::default() };
    assert_eq!(house.officers.list_orders(by(auditor(), late)).await.unwrap().into_inner().orders.len(), 1);

    let receipt =
        house.platforms.report_receipt(by(platform("weibo"), house.executed(&order_id))).await.unwrap().into_inner();
    assert!(receipt.order.unwrap().receipt.unwrap().late);
    house.rest().await;
    // An appeal is filed; the mute ends meanwhile; the appeal goes on.
    let filed = house
        .officers
        .file_appeal(by(
            officer("a"),
            crate::house::file_appeal_for(&case.case_id, crate::house::account("weibo", "u-1")),
        ))
        .await;
    assert_eq!(filed.unwrap().into_inner().case.unwrap().stage(), pb::CaseStage::UnderAppeal);
    house.clock.turn_to(time("2026-03-11T15:59:59Z"));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(house.order(&order_id).await.state(), pb::OrderState::Receipted);
    house.clock.turn_to(time("2026-03-11T16:00:00Z"));
    until(&house, &order_id, |order| order.state() == pb::OrderState::Ended).await;
    assert_eq!(house.case(&case.case_id).await.stage(), pb::CaseStage::UnderAppeal);
    assert_eq!(
        history(&house, &order_id).await,
        ["OrderIssued", "OrderOverdue", "OrderEscalated", "ReceiptRecorded", "MeasureEnded"],
        "each deadline fired once"
    );
    house.verify().await;
    house.close().await;
}

/// X10: an offer to another agency lapses after seven working days.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unanswered_offer_lapses() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let case_id = house.told("u-1", "V-05", &[measure("u-1", "MUTED", 7)]).await;
    let offer = pb::OfferTransferRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        to_agency: "health-310000".into(),
        reasons: "属医师执业行为".into(),
        ..Default::default()
    };
    house.officers.offer_transfer(by(officer("a"), offer)).await.unwrap();
    house.rest().await;
    house.clock.turn_to(time("2026-03-11T16:00:00Z"));
    for attempt in 0.. {
        let case = house.case(&case_id).await;
        if case.transfers[0].state() == pb::TransferState::Lapsed {
            assert_eq!(case.agency, "cac-310000");
            break;
        }
        assert!(attempt < 200, "the offer never lapsed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    house.verify().await;
    house.close().await;
}
