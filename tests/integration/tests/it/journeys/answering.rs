//! What platforms answer, and what becomes of it: the edge cases of orders. Each function is one of them.

use casebook_proto::accounts::v1::{ListMeasuresInForceRequest, ListMeasuresInForceResponse};
use casebook_proto::enforcement::v1::{
    self as pb, OrderLateness, OrderOutcome, OrderState, ReceiptCause, ReceiptOutcome,
};
use casebook_proto::{moment, timestamp};
use chrono::TimeDelta;
use tonic::Code;

use super::docket::{Docket, account, execute, measure, mute, not_now, receipt, refused, report};
use super::{Journey, people, request_id};

pub const CALLS: &[&str] = &[
    "AccountsService/ListMeasuresInForce",
    "EnforcementService/AcceptLead",
    "EnforcementService/AddEvidence",
    "EnforcementService/CancelOrder",
    "EnforcementService/CloseCase",
    "EnforcementService/ConfirmDecision",
    "EnforcementService/GetCase",
    "EnforcementService/GetOrder",
    "EnforcementService/ListOrders",
    "EnforcementService/MarkOrderUndeliverable",
    "EnforcementService/OpenCase",
    "EnforcementService/OpenLead",
    "EnforcementService/ProposeDecision",
    "EnforcementService/RecordService",
    "EnforcementService/ServeNotice",
    "EnforcementService/WaiveStatement",
    "PlatformService/GetPlatformOrder",
    "PlatformService/ReportReceipt",
    "PlatformService/StreamOrders",
];

/// S1 §6: a minor violation, so that any measure of the ladder is a departure and says why.
const MINOR: &str = "DOCTOR-ABSENT";

/// R92, X14 and domain.md section 3, *Orders*: every answer that a platform can give.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn platforms_answer_their_orders() {
    let journey = Journey::begin().await;
    a_platform_follows_its_orders_and_nobody_elses(&journey).await;
    a_platform_does_a_part(&journey).await;
    a_platform_says_why_it_does_nothing(&journey).await;
    a_request_may_be_declined_and_the_case_ends_all_the_same(&journey).await;
    a_platform_had_gone_further_before(&journey).await;
    an_answer_is_not_contradicted_but_corrected(&journey).await;
    one_of_two_platforms_does_it(&journey).await;
    a_platform_is_gone(&journey).await;
    an_order_is_carried_out_after_it_was_taken_back(&journey).await;
    a_clock_that_is_ahead_lengthens_nothing(&journey).await;
    overlapping_mutes_do_not_add_up(&journey).await;
    an_answer_after_the_escalation_is_taken_and_marked(&journey).await;
    journey.end(CALLS).await;
}

async fn in_force(journey: &Journey, at: &pb::AccountRef) -> ListMeasuresInForceResponse {
    let request = ListMeasuresInForceRequest {
        platform: at.platform.clone(),
        platform_uid: at.platform_uid.clone(),
        at_least_position: journey.world.at_rest().await.0,
    };
    journey.desk(people::auditor()).accounts().list_measures_in_force(request).await.expect("listed").into_inner()
}

/// A platform goes on from the last position it has dealt with, and does not see what is for another one.
async fn a_platform_follows_its_orders_and_nobody_elses(journey: &Journey) {
    let (ours, theirs) = (account("kuaishou", "o-1"), account("bilibili", "o-1"));
    let docket = Docket::decide(journey, MINOR, &[mute(&ours, 7), mute(&theirs, 7)]).await;
    let platform = journey.desk(people::platform("kuaishou"));
    let from = |after_position| pb::StreamOrdersRequest { after_position };
    let mut stream = platform.platform().stream_orders(from(0)).await.expect("a stream").into_inner();
    let first = stream.message().await.expect("a message").expect("an order");
    let order = first.order.clone().expect("an order");
    assert_eq!(
        (first.news(), order.state()),
        (pb::OrderNews::Issued, OrderState::Delivered),
        "noted before it is sent"
    );
    let met = order.measure.and_then(|measure| measure.account);
    assert_eq!(met.as_ref(), Some(&ours), "the first of this platform");
    assert_eq!(docket.order("kuaishou", "MUTED").await.state(), OrderState::Delivered);

    let foreign = docket.order("bilibili", "MUTED").await;
    assert_eq!(foreign.state(), OrderState::Issued, "nobody has fetched it");
    let not_found = (Code::NotFound, "ORDER_NOT_FOUND".to_owned());
    let get = pb::GetPlatformOrderRequest { order_id: foreign.order_id.clone() };
    assert_eq!(refused(platform.platform().get_platform_order(get).await), not_found);
    let answer = receipt(&foreign, ReceiptOutcome::Executed, ReceiptCause::Unspecified, docket.now());
    assert_eq!(refused(platform.platform().report_receipt(answer).await), not_found);

    let second = Docket::decide(journey, MINOR, &[measure(&account("kuaishou", "o-2"), "INTERACTIONS_REMOVED")]).await;
    let second = second.order("kuaishou", "INTERACTIONS_REMOVED").await;
    let mut resumed = platform.platform().stream_orders(from(first.position)).await.expect("a stream").into_inner();
    for stream in [&mut stream, &mut resumed] {
        let next = stream.message().await.expect("a message").expect("an order");
        assert_eq!(next.order.map(|order| order.order_id).as_ref(), Some(&second.order_id), "live, and from a cursor");
    }
    let get = pb::GetPlatformOrderRequest { order_id: second.order_id.clone() };
    let order = platform.platform().get_platform_order(get).await.expect("its own").into_inner().order;
    assert_eq!(order.map(|order| order.order_id), Some(second.order_id));
}

async fn a_platform_does_a_part(journey: &Journey) {
    let at = account("weibo", "o-part");
    let docket = Docket::decide(journey, MINOR, &[mute(&at, 7)]).await;
    let order = docket.order("weibo", "MUTED").await;
    let partly = receipt(&order, ReceiptOutcome::Partly, ReceiptCause::TechnicalFault, docket.now());
    let silent = pb::ReportReceiptRequest { detail: String::new(), request_id: request_id(), ..partly.clone() };
    assert_eq!(refused(report(journey, &order, silent).await).1, "DETAIL_MISSING", "which part is missing");
    report(journey, &order, partly).await.expect("taken");
    let track = docket.track(&order.order_id).await;
    assert_eq!((track.outcome(), track.in_force), (OrderOutcome::Partly, true));
    let measures = in_force(journey, &at).await.measures;
    assert_eq!(measures.iter().map(|measure| measure.partly).collect::<Vec<_>>(), [true]);
}

async fn a_platform_says_why_it_does_nothing(journey: &Journey) {
    for (uid, cause) in [
        ("o-unknown", ReceiptCause::AccountNotFound),
        ("o-closed", ReceiptCause::ClosedByOwner),
        ("o-unsupported", ReceiptCause::MeasureUnsupported),
    ] {
        let at = account("weibo", uid);
        let docket = Docket::decide(journey, MINOR, &[mute(&at, 7)]).await;
        let order = docket.order("weibo", "MUTED").await;
        let mute_answer = receipt(&order, ReceiptOutcome::Refused, ReceiptCause::Unspecified, docket.now());
        assert_eq!(refused(report(journey, &order, mute_answer).await).1, "CAUSE_MISSING");
        let answer = receipt(&order, ReceiptOutcome::Refused, cause, docket.now());
        report(journey, &order, answer).await.expect("taken");
        let track = docket.track(&order.order_id).await;
        assert_eq!((track.outcome(), track.cause(), track.in_force), (OrderOutcome::Refused, cause, false));
        assert!(in_force(journey, &at).await.measures.is_empty(), "nothing of it is in force");
    }
}

/// S1 §8: 依法依约: a request leaves the platform a choice, and its case is not kept open for it.
async fn a_request_may_be_declined_and_the_case_ends_all_the_same(journey: &Journey) {
    let docket = Docket::decide(journey, MINOR, &[mute(&account("weibo", "o-declined"), 7)]).await;
    let order = docket.order("weibo", "MUTED").await;
    let close = docket.closing(pb::CaseOutcome::MeasuresTaken);
    let early = docket.desk("officer-1").enforcement().close_case(close).await;
    assert_eq!(refused(early), not_now("ORDERS_UNRECEIPTED"));
    let answer = receipt(&order, ReceiptOutcome::Refused, ReceiptCause::DeclinedUnderAgreement, docket.now());
    report(journey, &order, answer).await.expect("taken");
    journey.world.at_rest().await;
    assert_eq!(docket.close(pb::CaseOutcome::MeasuresTaken).await.stage(), pb::CaseStage::Closed);
}

async fn a_platform_had_gone_further_before(journey: &Journey) {
    let at = account("weibo", "o-stricter");
    let docket = Docket::decide(journey, MINOR, &[mute(&at, 7)]).await;
    let order = docket.order("weibo", "MUTED").await;
    let answer = receipt(&order, ReceiptOutcome::Executed, ReceiptCause::AlreadyStricter, docket.now());
    let answered = report(journey, &order, answer).await.expect("taken");
    assert_eq!((answered.state(), answered.measure_until), (OrderState::Receipted, None));
    let track = docket.track(&order.order_id).await;
    assert_eq!((track.outcome(), track.in_force), (OrderOutcome::Executed, false), "what it did was its own doing");
    assert!(in_force(journey, &at).await.measures.is_empty());
}

async fn an_answer_is_not_contradicted_but_corrected(journey: &Journey) {
    let at = account("weibo", "o-corrected");
    let docket = Docket::decide(journey, MINOR, &[mute(&at, 7)]).await;
    let order = docket.order("weibo", "MUTED").await;
    let early = pb::ReportReceiptRequest {
        corrects: true,
        ..receipt(&order, ReceiptOutcome::Refused, ReceiptCause::AccountNotFound, docket.now())
    };
    assert_eq!(refused(report(journey, &order, early).await), not_now("NOTHING_TO_CORRECT"));
    let executed = receipt(&order, ReceiptOutcome::Executed, ReceiptCause::Unspecified, docket.now());
    let answered = report(journey, &order, executed.clone()).await.expect("taken");
    let head = journey.world.at_rest().await;
    let again = pb::ReportReceiptRequest { request_id: request_id(), ..executed };
    assert_eq!(report(journey, &order, again).await.expect("the same answer is harmless"), answered);
    assert_eq!(journey.world.at_rest().await, head, "and written once");

    let contrary = receipt(&order, ReceiptOutcome::Refused, ReceiptCause::AccountNotFound, docket.now());
    let conflict = (Code::AlreadyExists, "RECEIPT_CONFLICTS".to_owned());
    assert_eq!(refused(report(journey, &order, contrary.clone()).await), conflict);
    let unexplained = pb::ReportReceiptRequest {
        detail: String::new(),
        corrects: true,
        request_id: request_id(),
        ..contrary.clone()
    };
    assert_eq!(refused(report(journey, &order, unexplained).await).1, "CORRECTION_WITHOUT_REASON");
    let corrected = pb::ReportReceiptRequest { corrects: true, request_id: request_id(), ..contrary };
    let corrected = report(journey, &order, corrected).await.expect("corrected");
    assert!(corrected.receipt.as_ref().is_some_and(|receipt| receipt.corrected && !receipt.late));
    assert_eq!(docket.track(&order.order_id).await.outcome(), OrderOutcome::Refused, "the case follows");
    assert!(in_force(journey, &at).await.measures.is_empty(), "and so does the registry");
}

async fn one_of_two_platforms_does_it(journey: &Journey) {
    let (first, second) = (account("douyin", "o-mixed"), account("xiaohongshu", "o-mixed"));
    let docket = Docket::decide(journey, MINOR, &[mute(&first, 7), mute(&second, 7)]).await;
    let (done, not_done) = (docket.order("douyin", "MUTED").await, docket.order("xiaohongshu", "MUTED").await);
    execute(journey, &done).await;
    let answer = receipt(&not_done, ReceiptOutcome::Refused, ReceiptCause::AccountNotFound, docket.now());
    report(journey, &not_done, answer).await.expect("taken");
    assert_eq!(docket.track(&done.order_id).await.outcome(), OrderOutcome::Executed);
    assert_eq!(docket.track(&not_done.order_id).await.outcome(), OrderOutcome::Refused);
    assert_eq!(
        (in_force(journey, &first).await.measures.len(), in_force(journey, &second).await.measures.len()),
        (1, 0)
    );
    let list = pb::ListOrdersRequest { case_id: docket.case_id.clone(), ..Default::default() };
    let listed = docket.desk("officer-2").enforcement().list_orders(list).await.expect("listed").into_inner().orders;
    assert_eq!(listed.len(), 2, "one order for each measure on each platform");
}

async fn a_platform_is_gone(journey: &Journey) {
    let docket = Docket::decide(journey, MINOR, &[mute(&account("wechat", "o-gone"), 7)]).await;
    let order = docket.order("wechat", "MUTED").await;
    let gone = pb::MarkOrderUndeliverableRequest {
        request_id: request_id(),
        order_id: order.order_id.clone(),
        reasons: "平台已停止运营".into(),
        ..Default::default()
    };
    let desk = docket.desk("officer-1");
    let reply = desk.enforcement().mark_order_undeliverable(gone).await.expect("marked").into_inner();
    assert_eq!(reply.order.expect("the order").state(), OrderState::Undeliverable);
    assert_eq!(docket.track(&order.order_id).await.outcome(), OrderOutcome::Undeliverable);
}

/// What was done all the same is lifted by a counter-order: it is in force without a basis.
async fn an_order_is_carried_out_after_it_was_taken_back(journey: &Journey) {
    let at = account("weibo", "o-cancelled");
    let docket = Docket::decide(journey, MINOR, &[mute(&at, 7)]).await;
    let order = docket.order("weibo", "MUTED").await;
    let cancel = pb::CancelOrderRequest {
        request_id: request_id(),
        order_id: order.order_id.clone(),
        reasons: "对象有误".into(),
        ..Default::default()
    };
    let desk = docket.desk("officer-1");
    let reply = desk.enforcement().cancel_order(cancel).await.expect("taken back").into_inner();
    assert_eq!(reply.order.expect("the order").state(), OrderState::Cancelled);
    assert_eq!(docket.track(&order.order_id).await.outcome(), OrderOutcome::Cancelled);
    let answer = receipt(&order, ReceiptOutcome::Executed, ReceiptCause::Unspecified, docket.now());
    let answered = report(journey, &order, answer).await.expect("taken");
    assert!(answered.receipt.is_some_and(|receipt| receipt.after_cancellation));
    journey.world.at_rest().await;
    let countered = docket.order_by_id(&order.order_id).await;
    assert_eq!(countered.state(), OrderState::Countered);
    let counter = docket.order_by_id(&countered.countered_by_order_id).await;
    assert_eq!((counter.state(), counter.counters_order_id.as_str()), (OrderState::Issued, order.order_id.as_str()));
    execute(journey, &counter).await;
    assert!(in_force(journey, &at).await.measures.is_empty());
}

/// 民法典 art. 201: the day of execution, by our clock, is not counted.
async fn a_clock_that_is_ahead_lengthens_nothing(journey: &Journey) {
    let docket = Docket::decide(journey, MINOR, &[mute(&account("weibo", "o-ahead"), 7)]).await;
    let order = docket.order("weibo", "MUTED").await;
    let ahead = docket.now() + TimeDelta::days(2);
    let answer = receipt(&order, ReceiptOutcome::Executed, ReceiptCause::Unspecified, ahead);
    let answered = report(journey, &order, answer).await.expect("taken");
    let noted = answered.receipt.expect("the receipt");
    assert!(noted.clock_ahead);
    assert_eq!(noted.executed_at, Some(timestamp(ahead)), "what the platform said stays said");
    let order = docket.order_by_id(&order.order_id).await;
    assert_eq!(order.effective_from, Some(timestamp(docket.now())));
    let until = order.measure_until.as_ref().and_then(moment).expect("an end");
    let days = (until - docket.now()).num_days();
    assert_eq!(days, 7, "the end of the seventh day after today, in Shanghai");
}

async fn overlapping_mutes_do_not_add_up(journey: &Journey) {
    let at = account("weibo", "o-overlap");
    let mut ends = Vec::new();
    for days in [15, 7] {
        let docket = Docket::decide(journey, MINOR, &[mute(&at, days)]).await;
        let order = docket.order("weibo", "MUTED").await;
        ends.push(execute(journey, &order).await.measure_until.expect("an end"));
    }
    let held = in_force(journey, &at).await;
    assert_eq!(held.measures.len(), 2);
    assert_eq!(held.muted_until.as_ref(), Some(&ends[0]), "the one that ends last prevails");
    journey.world.clock.turn_by(TimeDelta::days(9));
    let held = in_force(journey, &at).await;
    assert_eq!((held.measures.len(), held.muted_until.as_ref()), (1, Some(&ends[0])), "the shorter one is over");
    journey.world.clock.turn_by(TimeDelta::days(9));
    assert!(in_force(journey, &at).await.measures.is_empty());
}

/// The term is 24 hours, and as long again until it is escalated; both fire once, never early.
async fn an_answer_after_the_escalation_is_taken_and_marked(journey: &Journey) {
    let at = account("weibo", "o-late");
    let docket = Docket::decide(journey, MINOR, &[mute(&at, 7)]).await;
    let order = docket.order("weibo", "MUTED").await;
    assert_eq!(order.due_at, Some(timestamp(docket.now() + TimeDelta::hours(24))));
    journey.world.clock.turn_by(TimeDelta::hours(24));
    docket.until_order(&order.order_id, |order| order.lateness() == OrderLateness::Overdue).await;
    journey.world.clock.turn_by(TimeDelta::hours(24));
    docket.until_order(&order.order_id, |order| order.lateness() == OrderLateness::Escalated).await;
    let late = pb::ListOrdersRequest {
        case_id: docket.case_id.clone(),
        late_only: true,
        at_least_position: journey.world.at_rest().await.0,
        ..Default::default()
    };
    let listed = docket.desk("officer-1").enforcement().list_orders(late).await.expect("listed").into_inner().orders;
    assert_eq!(listed.len(), 1, "who watches over orders sees it");
    let answered = execute(journey, &order).await;
    assert!(answered.receipt.is_some_and(|receipt| receipt.late));
    let track = docket.track(&order.order_id).await;
    assert_eq!((track.outcome(), track.late, track.in_force), (OrderOutcome::Executed, true, true));
    assert_eq!(in_force(journey, &at).await.measures.len(), 1);
}
