use casebook_kernel::ids::{CaseId, OrderId};
use casebook_policy::Instrument;
use casebook_testkit::{Given, given};
use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::domain::measure::Measure;
use crate::domain::samples::{at, bases, cyberspace, followers, health, mute, officer, on};

#[path = "tests/undoing.rs"]
mod undoing;

const ISSUED: &str = "2026-03-02T02:00:00Z";
const DUE: &str = "2026-03-05T16:00:00Z";
const ESCALATE: &str = "2026-03-10T16:00:00Z";

fn order_id() -> OrderId {
    OrderId::from(Uuid::from_u128(9))
}

fn terms(measure: Measure) -> OrderTerms {
    OrderTerms {
        order_id: order_id(),
        case_id: CaseId::from(Uuid::from_u128(2)),
        decision_id: DecisionId::from(Uuid::from_u128(3)),
        measure,
        instrument: Instrument::PlatformMeasureRequest,
        violation: "V-05".parse().expect("violation"),
        legal_bases: bases(),
        reasons: "假冒医生身份开展科普".to_owned(),
        agency: "cac-310000".parse().expect("agency"),
        region: "310000".parse().expect("region"),
        issued_at: at(ISSUED),
        due_at: at(DUE),
        escalate_at: at(ESCALATE),
        counters: None,
    }
}

fn weibo() -> crate::domain::measure::AccountRef {
    on("weibo", "u1")
}

fn event(change: OrderChange) -> OrderEvent {
    OrderEvent { order_id: order_id(), change }
}

fn issued_as(terms: OrderTerms) -> Given<Order> {
    given([event(OrderChange::Issued(Box::new(terms)))])
}

/// A mute of seven days, issued.
fn issued() -> Given<Order> {
    issued_as(terms(mute(&weibo(), 7)))
}

fn delivered() -> Given<Order> {
    issued().after(OrderCommand::MarkDelivered { now: at(ISSUED) })
}

fn executed(executed_at: &str) -> Answer {
    Answer {
        outcome: Outcome::Executed,
        cause: None,
        detail: String::new(),
        executed_at: Some(at(executed_at)),
        evidence_sha256: Some("b".repeat(64)),
    }
}

fn refused(cause: Cause) -> Answer {
    Answer {
        outcome: Outcome::Refused,
        cause: Some(cause),
        detail: String::new(),
        executed_at: None,
        evidence_sha256: None,
    }
}

fn receipt(answer: Answer, now: &str) -> OrderCommand {
    OrderCommand::RecordReceipt { answer, corrects: false, now: at(now) }
}

fn correction(answer: Answer, now: &str) -> OrderCommand {
    OrderCommand::RecordReceipt { answer, corrects: true, now: at(now) }
}

fn recorded(given: &Given<Order>) -> Receipt {
    let state = given.state();
    state.file().and_then(|file| file.standing.receipt()).expect("a receipt").clone()
}

fn undo() -> OrderCommand {
    let reversal = Some(DecisionId::from(Uuid::from_u128(4)));
    OrderCommand::Undo { reversal, served: None, reasons: "申诉成立".to_owned(), by: officer("system") }
}

fn countered() -> OrderChange {
    OrderChange::Countered {
        counter: counter_order_id(order_id()),
        reversal: Some(DecisionId::from(Uuid::from_u128(4))),
        served: None,
        reasons: "申诉成立".to_owned(),
    }
}

fn cancel() -> OrderCommand {
    OrderCommand::Cancel { by: cyberspace("a"), reasons: "撤回".to_owned() }
}

fn standing(given: &Given<Order>) -> &'static str {
    given.state().file().map_or("absent", |file| file.standing.name())
}

/// The reaction that issues orders may run twice: there is one order.
#[test]
fn an_order_is_issued_once() {
    let issue = OrderCommand::Issue(Box::new(terms(mute(&weibo(), 7))));
    given::<Order>([]).when(issue.clone()).then([event(OrderChange::Issued(Box::new(terms(mute(&weibo(), 7)))))]);
    issued().when(issue).refused(OrderRefusal::OrderAlreadyIssued);
    given::<Order>([]).when(cancel()).refused(OrderRefusal::UnknownOrder);
}

/// That an order was handed over proves nothing: only a receipt says what was done.
#[test]
fn delivery_is_noted_once_and_is_no_receipt() {
    issued()
        .when(OrderCommand::MarkDelivered { now: at(ISSUED) })
        .then([event(OrderChange::Delivered { at: at(ISSUED) })]);
    delivered()
        .when(OrderCommand::MarkDelivered { now: at(ISSUED) })
        .refused(OrderRefusal::NothingToDeliver { standing: "delivered" });
    issued()
        .after(cancel())
        .when(OrderCommand::MarkDelivered { now: at(ISSUED) })
        .refused(OrderRefusal::NothingToDeliver { standing: "cancelled" });
    assert!(delivered().state().file().expect("file").standing.receipt().is_none());
}

/// R92: a mute has an end: the day of execution is not counted, the seventh day ends at midnight in Shanghai
/// (民法典 art. 201), working day or not.
#[test]
fn a_mute_of_seven_days_ends_with_its_seventh_shanghai_day() {
    for (executed_at, until) in [
        ("2026-03-02T03:00:00Z", "2026-03-09T16:00:00Z"),
        // Twenty to midnight and twenty past in Shanghai are different days.
        ("2026-03-02T15:40:00Z", "2026-03-09T16:00:00Z"),
        ("2026-03-02T16:20:00Z", "2026-03-10T16:00:00Z"),
    ] {
        let given = delivered().after(receipt(executed(executed_at), "2026-03-02T20:00:00Z"));
        let effect = recorded(&given).effect.expect("in force");
        assert_eq!(effect, Effect { from: at(executed_at), until: Some(at(until)) });
        assert_eq!(given.state().timer(), Some((OrderTimer::MeasureEnd, at(until))));
        given
            .clone()
            .when(OrderCommand::EndMeasure { now: at(until) - TimeDelta::microseconds(1) })
            .refused(OrderRefusal::NotYetDue { due: at(until) });
        let ended = given
            .when(OrderCommand::EndMeasure { now: at(until) })
            .then([event(OrderChange::MeasureEnded { at: at(until) })]);
        assert_eq!(ended.state().timer(), None);
        ended.when(OrderCommand::EndMeasure { now: at(until) }).refused(OrderRefusal::NothingInForce);
    }
}

#[test]
fn a_mute_beyond_the_calendar_is_refused_and_no_panic() {
    issued_as(terms(mute(&weibo(), u32::MAX)))
        .when(receipt(executed("2026-03-02T03:00:00Z"), "2026-03-02T03:00:00Z"))
        .refused(OrderRefusal::MeasureEndOutOfRange);
}

/// The platform's clock is not ours: ahead, the effect counts from our time; behind the order, from the order.
#[test]
fn a_clock_that_is_wrong_neither_lengthens_nor_backdates_a_measure() {
    let ahead = delivered().after(receipt(executed("2026-03-03T02:00:00Z"), "2026-03-02T03:00:00Z"));
    assert!(recorded(&ahead).clock_ahead);
    assert_eq!(recorded(&ahead).effect.expect("in force").from, at("2026-03-02T03:00:00Z"));
    let before = delivered().after(receipt(executed("2026-02-01T02:00:00Z"), "2026-03-02T03:00:00Z"));
    assert!(!recorded(&before).clock_ahead);
    assert_eq!(recorded(&before).effect.expect("in force").from, at(ISSUED));
}

/// domain.md, Orders: not done, done in part, account gone, measure unknown: each has a cause.
#[test]
fn a_refusal_and_a_part_name_their_cause() {
    for cause in [
        Cause::AccountNotFound,
        Cause::ClosedByOwner,
        Cause::MeasureUnsupported,
        Cause::TechnicalFault,
        Cause::Irreversible,
    ] {
        let given = delivered().after(receipt(refused(cause), "2026-03-02T03:00:00Z"));
        assert_eq!(recorded(&given).effect, None, "{cause:?}");
        assert_eq!(given.state().timer(), None);
    }
    let partly = Answer {
        outcome: Outcome::Partly,
        cause: Some(Cause::TechnicalFault),
        detail: "直播间未禁言".to_owned(),
        ..executed("2026-03-02T03:00:00Z")
    };
    let given = delivered().after(receipt(partly.clone(), "2026-03-02T03:00:00Z"));
    assert!(recorded(&given).effect.is_some());
    for (answer, refusal) in [
        (Answer { cause: None, ..partly.clone() }, OrderRefusal::CauseMissing),
        (Answer { detail: String::new(), ..partly }, OrderRefusal::DetailMissing),
        (refused(Cause::Other), OrderRefusal::DetailMissing),
        (Answer { cause: Some(Cause::ClosedByOwner), ..executed(ISSUED) }, OrderRefusal::CauseContradictsOutcome),
        (Answer { evidence_sha256: None, ..executed(ISSUED) }, OrderRefusal::ProofMissing),
        (Answer { executed_at: None, ..executed(ISSUED) }, OrderRefusal::ProofMissing),
    ] {
        delivered().when(receipt(answer, "2026-03-02T03:00:00Z")).refused(refusal);
    }
}

/// S1 §8, 依法依约: a platform may decline a request, and nothing else.
#[test]
fn only_a_request_can_be_declined_under_the_agreement() {
    let declined = receipt(refused(Cause::DeclinedUnderAgreement), "2026-03-02T03:00:00Z");
    assert_eq!(standing(&delivered().after(declined.clone())), "receipted");
    let demand = OrderTerms { instrument: Instrument::ContentDemand, ..terms(mute(&weibo(), 7)) };
    issued_as(demand).when(declined).refused(OrderRefusal::DeclineNotOpen);
}

/// The platform had gone further on its own: nothing of ours is in force, and nothing of ours is undone.
#[test]
fn a_platform_that_did_more_before_leaves_nothing_of_ours_in_force() {
    let answer = Answer { cause: Some(Cause::AlreadyStricter), ..executed(ISSUED) };
    let given = delivered().after(receipt(answer, "2026-03-02T03:00:00Z"));
    assert_eq!(recorded(&given).effect, None);
    given.after(undo()).when(undo()).refused(OrderRefusal::NothingInForce);
}

/// domain.md, Orders: contradictory receipts. The same answer again is no conflict; another one is, unless it
/// corrects.
#[test]
fn a_second_receipt_repeats_conflicts_or_corrects() {
    let now = "2026-03-02T03:00:00Z";
    let first = delivered().after(receipt(executed(ISSUED), now));
    first.clone().when(receipt(executed(ISSUED), "2026-03-09T03:00:00Z")).refused(OrderRefusal::ReceiptRepeated);
    first.clone().when(correction(executed(ISSUED), now)).refused(OrderRefusal::ReceiptRepeated);
    first.clone().when(receipt(refused(Cause::AccountNotFound), now)).refused(OrderRefusal::ReceiptConflicts);
    first.clone().when(correction(refused(Cause::AccountNotFound), now)).refused(OrderRefusal::CorrectionWithoutReason);
    let reasoned = Answer { detail: "误报".to_owned(), ..refused(Cause::AccountNotFound) };
    let corrected = first.after(correction(reasoned.clone(), now));
    assert_eq!(recorded(&corrected).effect, None);
    assert!(recorded(&corrected).corrects);
    delivered().when(correction(reasoned, now)).refused(OrderRefusal::NothingToCorrect);
}

/// An unanswered order is overdue at the end of its term and escalates at the end of the second, never early.
#[test]
fn an_unanswered_order_is_overdue_and_then_escalates() {
    let (due, escalate) = (at(DUE), at(ESCALATE));
    let early = due - TimeDelta::microseconds(1);
    assert_eq!(delivered().state().timer(), Some((OrderTimer::Overdue, due)));
    delivered().when(OrderCommand::MarkOverdue { now: early }).refused(OrderRefusal::NotYetDue { due });
    delivered().when(OrderCommand::Escalate { now: escalate }).refused(OrderRefusal::NotYetDue { due });
    let overdue =
        issued().when(OrderCommand::MarkOverdue { now: due }).then([event(OrderChange::Overdue { due_at: due })]);
    assert_eq!(overdue.state().timer(), Some((OrderTimer::Escalation, escalate)));
    overdue.clone().when(OrderCommand::MarkOverdue { now: due }).refused(OrderRefusal::AlreadyLate);
    overdue.clone().when(OrderCommand::Escalate { now: due }).refused(OrderRefusal::NotYetDue { due: escalate });
    let escalated =
        overdue.when(OrderCommand::Escalate { now: escalate }).then([event(OrderChange::Escalated { at: escalate })]);
    assert_eq!(escalated.state().timer(), None);
    escalated.when(OrderCommand::Escalate { now: escalate }).refused(OrderRefusal::AlreadyLate);
}

/// A receipt after escalation is accepted, and marked late.
#[test]
fn a_late_receipt_is_taken_and_marked() {
    let (due, escalate) = (at(DUE), at(ESCALATE));
    let escalated =
        delivered().after(OrderCommand::MarkOverdue { now: due }).after(OrderCommand::Escalate { now: escalate });
    let answered = escalated.after(receipt(executed("2026-03-11T00:00:00Z"), "2026-03-11T01:00:00Z"));
    assert!(recorded(&answered).late);
    answered
        .when(OrderCommand::MarkOverdue { now: escalate })
        .refused(OrderRefusal::OrderNotOutstanding { standing: "receipted" });
    // The deadline has not fired yet, the term is over all the same.
    assert!(recorded(&delivered().after(receipt(executed(ISSUED), DUE))).late);
    let in_time = delivered().after(receipt(executed(ISSUED), "2026-03-05T15:59:59Z"));
    assert!(!recorded(&in_time).late);
}

/// An agency takes its own order back while nobody has answered.
#[test]
fn an_order_is_taken_back_before_its_answer_by_its_agency() {
    let cancelled = OrderChange::Cancelled {
        platform: "weibo".parse().expect("platform"),
        reasons: "撤回".to_owned(),
        by: officer("a"),
        reversal: None,
    };
    delivered().when(cancel()).then([event(cancelled)]);
    delivered()
        .when(OrderCommand::Cancel { by: health("h"), reasons: "撤回".to_owned() })
        .refused(OrderRefusal::NotIssuingAgency { agency: "cac-310000".parse().expect("agency") });
    delivered()
        .after(receipt(executed(ISSUED), ISSUED))
        .when(cancel())
        .refused(OrderRefusal::OrderNotOutstanding { standing: "receipted" });
    let counter = OrderTerms { counters: Some(OrderId::from(Uuid::from_u128(8))), ..terms(mute(&weibo(), 7)) };
    issued_as(counter.clone()).when(cancel()).refused(OrderRefusal::CounterOrderStands);
    issued_as(counter).when(undo()).refused(OrderRefusal::CounterOrderStands);
}

/// domain.md, Orders: platform gone.
#[test]
fn an_order_to_a_platform_that_is_gone_is_undeliverable() {
    let mark = |by| OrderCommand::MarkUndeliverable { by, reasons: "平台停运".to_owned() };
    let undeliverable = OrderChange::Undeliverable { reasons: "平台停运".to_owned(), by: officer("a") };
    let gone = issued().when(mark(cyberspace("a"))).then([event(undeliverable)]);
    assert_eq!(gone.state().timer(), None);
    gone.clone().after(undo()).when(undo()).refused(OrderRefusal::NothingInForce);
    gone.clone().when(mark(cyberspace("a"))).refused(OrderRefusal::OrderNotOutstanding { standing: "undeliverable" });
    // It comes back after all: what it says is taken.
    assert_eq!(standing(&gone.after(receipt(executed(ISSUED), DUE))), "receipted");
    issued()
        .when(mark(health("h")))
        .refused(OrderRefusal::NotIssuingAgency { agency: "cac-310000".parse().expect("agency") });
}

/// Executed although it had been taken back: taken, marked, and then countered.
#[test]
fn a_receipt_after_the_order_was_taken_back_leads_to_a_counter_order() {
    let crossed = delivered().after(cancel()).after(receipt(executed(ISSUED), "2026-03-02T03:00:00Z"));
    assert!(recorded(&crossed).after_cancellation);
    assert_eq!(standing(&crossed.after(undo())), "countered");
}

/// A counter-order brings nothing into force; a countered order stays countered, whatever comes in late.
#[test]
fn counter_orders_lift_and_impose_nothing() {
    let counter = OrderTerms { counters: Some(OrderId::from(Uuid::from_u128(8))), ..terms(mute(&weibo(), 7)) };
    let lifted = issued_as(counter).after(receipt(executed(ISSUED), "2026-03-02T03:00:00Z"));
    assert_eq!(recorded(&lifted).effect, None);
    assert_eq!(lifted.state().timer(), None);
    let late = delivered().after(undo()).after(receipt(executed(ISSUED), "2026-03-02T03:00:00Z"));
    assert_eq!(standing(&late), "countered");
    assert!(recorded(&late).effect.is_some());
}

/// Overlapping mutes: each order keeps its own end, and ends by itself.
#[test]
fn overlapping_mutes_end_each_by_itself() {
    let short = delivered().after(receipt(executed(ISSUED), ISSUED));
    let long = issued_as(terms(mute(&weibo(), 15))).after(receipt(executed(ISSUED), ISSUED));
    assert_eq!(short.state().timer().expect("end").1, at("2026-03-09T16:00:00Z"));
    assert_eq!(long.state().timer().expect("end").1, at("2026-03-17T16:00:00Z"));
}

#[test]
fn an_event_that_does_not_fit_changes_nothing() {
    let ended = event(OrderChange::MeasureEnded { at: at(DUE) });
    assert_eq!(given::<Order>([ended.clone()]).state(), OrderState::Absent);
    let state = issued().state();
    for change in [OrderChange::MeasureEnded { at: at(DUE) }, OrderChange::Issued(Box::new(terms(followers(&weibo()))))]
    {
        assert_eq!(Order::evolve(state.clone(), &event(change)), state);
    }
}

/// A correction after the measure's end changes what was said of it, and brings nothing back into force.
#[test]
fn a_correction_after_the_end_leaves_a_measure_ended() {
    let over = at("2026-03-09T16:00:00Z");
    let ended = delivered().after(receipt(executed(ISSUED), ISSUED)).after(OrderCommand::EndMeasure { now: over });
    let reasoned = Answer { detail: "补充存证".to_owned(), ..executed(ISSUED) };
    let corrected = ended.after(correction(reasoned.clone(), "2026-03-10T02:00:00Z"));
    assert_eq!((standing(&corrected), corrected.state().timer()), ("ended", None));
    assert_eq!(recorded(&corrected).answer, reasoned);
}
