//! Platforms' back ends: their own orders, live and again from a cursor; receipts that repeat, conflict and correct.

use std::time::Duration;

use casebook_execution::Clock as _;
use casebook_proto::enforcement::v1 as pb;
use casebook_proto::enforcement::v1::enforcement_service_server::EnforcementService as _;
use casebook_proto::enforcement::v1::platform_service_server::PlatformService as _;
use casebook_proto::timestamp;
use chrono::TimeDelta;
use tokio_stream::StreamExt as _;
use tonic::Code;

use crate::house::{House, by, close, measure, officer, on, platform, refused, request_id, violated};

const PATIENCE: Duration = Duration::from_secs(10);

/// The next message that carries an order.
async fn next<S>(stream: &mut S) -> pb::StreamOrdersResponse
where
    S: tokio_stream::Stream<Item = Result<pb::StreamOrdersResponse, tonic::Status>> + Unpin,
{
    loop {
        let message =
            tokio::time::timeout(PATIENCE, stream.next()).await.expect("news in time").expect("a stream").unwrap();
        if message.order.is_some() {
            return message;
        }
    }
}

async fn stream_from(
    house: &House,
    id: &str,
    after_position: u64,
) -> impl tokio_stream::Stream<Item = Result<pb::StreamOrdersResponse, tonic::Status>> + Unpin + use<> {
    let request = pb::StreamOrdersRequest { after_position };
    house.platforms.stream_orders(by(platform(id), request)).await.unwrap().into_inner()
}

/// A platform sees its own orders, from its cursor and then live, each noted as handed over; others do not exist for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_follows_its_own_orders() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let mut live = stream_from(&house, "weibo", 0).await;
    let both = [measure("u-1", "MUTED", 7), on("douyin", "d-1", "MUTED", 7)];
    let case = house.decided("u-1", "V-05", &both).await;
    let first = next(&mut live).await;
    assert_eq!(first.news(), pb::OrderNews::Issued);
    let order = first.order.unwrap();
    assert_eq!(order.measure.unwrap().account.unwrap().platform, "weibo");
    assert_eq!(house.order(&order.order_id).await.state(), pb::OrderState::Delivered);

    let second = house.decided("u-2", "V-05", &[measure("u-2", "MUTED", 7)]).await;
    assert_eq!(next(&mut live).await.order.unwrap().order_id, second.orders[0].order_id);
    // From the first cursor on, the second order comes again: at least once.
    let mut again = stream_from(&house, "weibo", first.position).await;
    assert_eq!(next(&mut again).await.order.unwrap().order_id, second.orders[0].order_id);
    // Taken back by its agency: the platform is told.
    let cancel = pb::CancelOrderRequest {
        request_id: request_id(),
        order_id: second.orders[0].order_id.clone(),
        reasons: "撤回".into(),
        ..Default::default()
    };
    house.officers.cancel_order(by(officer("a"), cancel)).await.unwrap();
    for stream in [&mut live, &mut again] {
        let news = next(stream).await;
        assert_eq!((news.news(), news.order.unwrap().state()), (pb::OrderNews::Cancelled, pb::OrderState::Cancelled));
    }

    let foreign =
        case.orders.iter().find(|order| order.measure.as_ref().unwrap().account.as_ref().unwrap().platform == "douyin");
    let foreign = foreign.unwrap().order_id.clone();
    let get = |order_id: &str| pb::GetPlatformOrderRequest { order_id: order_id.into() };
    assert_eq!(
        refused(house.platforms.get_platform_order(by(platform("weibo"), get(&foreign))).await),
        (Code::NotFound, "ORDER_NOT_FOUND".into())
    );
    assert_eq!(
        refused(house.platforms.report_receipt(by(platform("weibo"), house.executed(&foreign))).await),
        (Code::NotFound, "ORDER_NOT_FOUND".into())
    );
    house.platforms.get_platform_order(by(platform("douyin"), get(&foreign))).await.unwrap();
    assert_eq!(
        refused(house.platforms.get_platform_order(by(officer("a"), get(&foreign))).await),
        (Code::PermissionDenied, "NOT_A_PLATFORM".into())
    );
    house.verify().await;
    house.close().await;
}

/// The same answer is harmless, another one conflicts, a correction replaces; a clock ahead is noted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_repeat_conflict_and_correct() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let case = house.decided("u-1", "V-05", &[measure("u-1", "MUTED", 7)]).await;
    let order_id = case.orders[0].order_id.clone();
    let ahead = pb::ReportReceiptRequest {
        executed_at: Some(timestamp(crate::house::time(crate::house::START) + TimeDelta::hours(2))),
        ..house.executed(&order_id)
    };
    let taken = house.platforms.report_receipt(by(platform("weibo"), ahead.clone())).await.unwrap().into_inner();
    assert!(taken.order.unwrap().receipt.unwrap().clock_ahead);
    // Another request that says the same; and the very same request again.
    let repeated = pb::ReportReceiptRequest { request_id: request_id(), ..ahead.clone() };
    let repeated = house.platforms.report_receipt(by(platform("weibo"), repeated)).await.unwrap().into_inner();
    assert_eq!(repeated.position, taken.position);
    let same = house.platforms.report_receipt(by(platform("weibo"), ahead.clone())).await.unwrap().into_inner();
    assert_eq!(same.position, taken.position);
    let reused = pb::ReportReceiptRequest { detail: "另".into(), ..ahead };
    assert_eq!(refused(house.platforms.report_receipt(by(platform("weibo"), reused)).await).1, "REQUEST_ID_REUSED");

    let refusal = |corrects| pb::ReportReceiptRequest {
        request_id: request_id(),
        order_id: order_id.clone(),
        outcome: pb::ReceiptOutcome::Refused.into(),
        cause: pb::ReceiptCause::AccountNotFound.into(),
        detail: "前次误报".into(),
        corrects,
        ..Default::default()
    };
    assert_eq!(
        refused(house.platforms.report_receipt(by(platform("weibo"), refusal(false))).await),
        (Code::AlreadyExists, "RECEIPT_CONFLICTS".into())
    );
    let corrected = house.platforms.report_receipt(by(platform("weibo"), refusal(true))).await.unwrap().into_inner();
    assert!(corrected.order.unwrap().receipt.unwrap().corrected);
    house.rest().await;
    let settled = house.case(&case.case_id).await.orders[0].clone();
    assert_eq!((settled.outcome(), settled.cause()), (pb::OrderOutcome::Refused, pb::ReceiptCause::AccountNotFound));
    let unproven = pb::ReportReceiptRequest { evidence_sha256: String::new(), ..house.executed(&order_id) };
    assert_eq!(violated(house.platforms.report_receipt(by(platform("weibo"), unproven)).await), ["executed_at"]);
    house.verify().await;
    house.close().await;
}

/// Executed although it had been taken back: a counter-order follows by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_executed_after_it_was_taken_back_is_countered() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let mut live = stream_from(&house, "weibo", 0).await;
    let case = house.decided("u-1", "V-05", &[measure("u-1", "MUTED", 7)]).await;
    let order_id = next(&mut live).await.order.unwrap().order_id;
    let cancel = pb::CancelOrderRequest {
        request_id: request_id(),
        order_id: order_id.clone(),
        reasons: "撤回".into(),
        ..Default::default()
    };
    house.officers.cancel_order(by(officer("a"), cancel)).await.unwrap();
    house.execute(&order_id).await;
    assert_eq!(house.order(&order_id).await.state(), pb::OrderState::Countered);
    next(&mut live).await;
    let counter = next(&mut live).await.order.unwrap();
    assert_eq!(counter.counters_order_id, order_id);
    house.execute(&counter.order_id).await;
    let case = house.case(&case.case_id).await;
    assert!(case.orders.iter().all(|order| order.outcome() == pb::OrderOutcome::Executed), "{:?}", case.orders);
    house.verify().await;
    house.close().await;
}

/// X09: carried out first the counter-order and then what it lifts: that is in force, the counter-order is raised, and the case
/// stays open until the platform has lifted it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_executed_after_its_counter_order_is_not_lifted() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let mut live = stream_from(&house, "weibo", 0).await;
    let case_id = house.decided("u-1", "V-05", &[measure("u-1", "MUTED", 30)]).await.case_id;
    let order_id = next(&mut live).await.order.unwrap().order_id;
    house.rest().await;
    house.appeal(&case_id, pb::AppealOutcome::Upheld, &[]).await;
    let counter = next(&mut live).await.order.unwrap();
    assert_eq!(counter.counters_order_id, order_id);
    house.execute(&counter.order_id).await;
    assert_ne!(house.order(&counter.order_id).await.lateness(), pb::OrderLateness::Escalated);
    house.clock.turn_to(house.clock.now() + TimeDelta::hours(1));
    house.execute(&order_id).await;
    assert_eq!(house.order(&counter.order_id).await.lateness(), pb::OrderLateness::Escalated);
    let original = |case: pb::Case| case.orders.into_iter().find(|order| order.order_id == order_id).unwrap();
    assert!(original(house.case(&case_id).await).in_force);
    let closing = || close(&case_id, pb::CaseOutcome::NotEstablished);
    let unlifted = house.officers.close_case(by(officer("a"), closing())).await;
    assert_eq!(refused(unlifted), (Code::FailedPrecondition, "NOT_LIFTED".into()));
    let again =
        pb::ReportReceiptRequest { corrects: true, detail: "再次解除".into(), ..house.executed(&counter.order_id) };
    house.platforms.report_receipt(by(platform("weibo"), again)).await.unwrap();
    house.rest().await;
    assert!(!original(house.case(&case_id).await).in_force);
    house.officers.close_case(by(officer("a"), closing())).await.unwrap();
    house.verify().await;
    house.close().await;
}

/// X09: what is void is handed to no platform any more: taken back where nobody has answered, told as void where somebody had
/// refused, and not issued again to whoever connects from an older cursor. The case waits for neither.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_void_is_not_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let mut live = stream_from(&house, "weibo", 0).await;
    let measures = [measure("u-1", "FOLLOWERS_CLEARED", 0), measure("u-1", "MUTED", 7)];
    let case = house.decided("u-1", "V-05", &measures).await;
    let (mut clearing, mut muting) = (String::new(), String::new());
    for _ in 0..2 {
        let order = next(&mut live).await.order.unwrap();
        let of = if order.measure.unwrap().irreversible { &mut clearing } else { &mut muting };
        *of = order.order_id;
    }
    let refusal = pb::ReportReceiptRequest {
        request_id: request_id(),
        order_id: muting.clone(),
        outcome: pb::ReceiptOutcome::Refused.into(),
        cause: pb::ReceiptCause::AccountNotFound.into(),
        ..Default::default()
    };
    house.platforms.report_receipt(by(platform("weibo"), refusal)).await.unwrap();
    house.rest().await;
    house.appeal(&case.case_id, pb::AppealOutcome::Upheld, &[]).await;
    for _ in 0..2 {
        let news = next(&mut live).await;
        let order = news.order.clone().unwrap();
        let expected = if order.order_id == clearing {
            (pb::OrderNews::Cancelled, pb::OrderState::Cancelled, false)
        } else {
            (pb::OrderNews::Voided, pb::OrderState::Receipted, true)
        };
        assert_eq!((news.news(), order.state(), order.voided), expected);
    }
    let mut again = stream_from(&house, "weibo", 0).await;
    for _ in 0..2 {
        assert_ne!(next(&mut again).await.news(), pb::OrderNews::Issued);
    }
    let closing = crate::house::close(&case.case_id, pb::CaseOutcome::NotEstablished);
    let closed = house.officers.close_case(by(officer("a"), closing)).await;
    assert_eq!(closed.unwrap().into_inner().case.unwrap().stage(), pb::CaseStage::Closed);
    house.verify().await;
    house.close().await;
}

/// X09: a platform does not decline to give back, and a case does not end before it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_order_is_carried_out() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let case = house.decided("u-1", "V-05", &[measure("u-1", "MUTED", 7)]).await;
    house.execute(&case.orders[0].order_id).await;
    let reversed = house.appeal(&case.case_id, pb::AppealOutcome::Upheld, &[]).await;
    let counter = reversed.reversals[0].undoings[0].counter_order_id.clone();
    let refusal = |cause: pb::ReceiptCause| pb::ReportReceiptRequest {
        request_id: request_id(),
        order_id: counter.clone(),
        outcome: pb::ReceiptOutcome::Refused.into(),
        cause: cause.into(),
        ..Default::default()
    };
    let declined = refusal(pb::ReceiptCause::DeclinedUnderAgreement);
    assert_eq!(refused(house.platforms.report_receipt(by(platform("weibo"), declined)).await).1, "DECLINE_NOT_OPEN");
    let given_up = pb::MarkOrderUndeliverableRequest {
        request_id: request_id(),
        order_id: counter.clone(),
        reasons: "平台停运".into(),
        ..Default::default()
    };
    assert_eq!(
        refused(house.officers.mark_order_undeliverable(by(officer("a"), given_up)).await).1,
        "COUNTER_ORDER_STANDS"
    );
    let fault = refusal(pb::ReceiptCause::TechnicalFault);
    house.platforms.report_receipt(by(platform("weibo"), fault)).await.unwrap();
    house.rest().await;
    assert_eq!(house.order(&counter).await.lateness(), pb::OrderLateness::Escalated);
    let closing = |reasons: &str| pb::CloseCaseRequest {
        unlifted_reasons: reasons.into(),
        ..crate::house::close(&case.case_id, pb::CaseOutcome::NotEstablished)
    };
    let unlifted = house.officers.close_case(by(officer("a"), closing(""))).await;
    assert_eq!(refused(unlifted), (Code::FailedPrecondition, "NOT_LIFTED".into()));
    let own = house.officers.close_case(by(officer("a"), closing("平台停运"))).await;
    assert_eq!(refused(own), (Code::PermissionDenied, "SAME_OFFICER".into()));
    let closed = house.officers.close_case(by(officer("z"), closing("平台停运"))).await.unwrap().into_inner();
    assert_eq!(closed.case.unwrap().unlifted_reasons, "平台停运");
    // Waited for all the same.
    let done = pb::ReportReceiptRequest { corrects: true, detail: "已恢复".into(), ..house.executed(&counter) };
    house.platforms.report_receipt(by(platform("weibo"), done)).await.unwrap();
    house.rest().await;
    let case = house.case(&case.case_id).await;
    let muted = case.orders.iter().find(|order| order.counters_order_id.is_empty()).unwrap();
    assert!(!muted.in_force && muted.effective_from.is_some());
    house.verify().await;
    house.close().await;
}
