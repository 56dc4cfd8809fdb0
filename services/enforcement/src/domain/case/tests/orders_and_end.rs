use super::*;
use crate::domain::ids::counter_order_id;
use crate::domain::order::Cause;
use crate::domain::samples::{health, mute};

fn both() -> Vec<Measure> {
    vec![mute(&weibo(), 7), mute(&douyin(), 7)]
}

fn on_weibo() -> OrderId {
    mute(&weibo(), 7).order_id(decision(0))
}

fn on_douyin() -> OrderId {
    mute(&douyin(), 7).order_id(decision(0))
}

/// Issue 2: a case is not closed while a platform has not answered; executed on one of two platforms is an end.
#[test]
fn a_case_closes_when_every_order_has_ended() {
    let given = decided(both()).after(record_service(DECIDED));
    given.clone().when(close(CaseOutcome::MeasuresTaken)).refused(CaseRefusal::OrdersUnreceipted { count: 2 });
    let one = given.after(settle(on_weibo(), executed(DECIDED)));
    one.clone().when(close(CaseOutcome::MeasuresTaken)).refused(CaseRefusal::OrdersUnreceipted { count: 1 });
    let not_found = OrderEnd { cause: Some(Cause::AccountNotFound), ..ended(OrderEndOutcome::Refused) };
    let given = one.after(settle(on_douyin(), not_found)).after(close(CaseOutcome::MeasuresTaken));
    assert_eq!(stage(&given), "closed");
    given.when(close(CaseOutcome::MeasuresTaken)).refused(CaseRefusal::StageDoesNotFit { stage: "closed" });
}

/// A case ends as what it was: measures where a decision stands, and nowhere else.
#[test]
fn the_outcome_fits_what_was_decided() {
    opened().when(close(CaseOutcome::MeasuresTaken)).refused(CaseRefusal::OutcomeDoesNotFit);
    for outcome in [CaseOutcome::NotEstablished, CaseOutcome::NoMeasure, CaseOutcome::ReferredToJustice] {
        assert_eq!(stage(&opened().after(close(outcome))), "closed");
        assert_eq!(stage(&told(both()).after(close(outcome))), "closed");
    }
    proposed(both()).when(close(CaseOutcome::NoMeasure)).refused(CaseRefusal::ProposalPending);
    let settled = decided(both())
        .after(record_service(DECIDED))
        .after(settle(on_weibo(), executed(DECIDED)))
        .after(settle(on_douyin(), executed(DECIDED)));
    settled.clone().when(close(CaseOutcome::NoMeasure)).refused(CaseRefusal::OutcomeDoesNotFit);
    settled.after(file_appeal(DECIDED)).when(close(CaseOutcome::MeasuresTaken)).refused(CaseRefusal::AppealPending);
    let by = health("h");
    opened()
        .when(CaseCommand::Close { by, outcome: CaseOutcome::NoMeasure, summary: "x".to_owned(), now: at(DECIDED) })
        .refused(CaseRefusal::NotHoldingAgency { agency: "cac-310000".parse().expect("agency") });
}

#[test]
fn a_closed_case_is_opened_again_where_it_was() {
    let reopen = || CaseCommand::Reopen { by: cyberspace("d"), reasons: "新证据".to_owned() };
    assert_eq!(stage(&opened().after(close(CaseOutcome::NoMeasure)).after(reopen())), "under investigation");
    assert_eq!(stage(&told(both()).after(close(CaseOutcome::NoMeasure)).after(reopen())), "with the subject");
    opened().when(reopen()).refused(CaseRefusal::NotClosed);
    // Not by whoever had a hand in it, closing it and the finding behind it included.
    for name in ["a", "s", "r1", "r2"] {
        let by_name = CaseCommand::Reopen { by: cyberspace(name), reasons: "新证据".to_owned() };
        let refusal = CaseRefusal::SameOfficer { officer: officer(name) };
        opened().after(close(CaseOutcome::NoMeasure)).when(by_name).refused(refusal);
    }
}

/// The reaction that reports an order's end may run twice; a corrected receipt changes the end.
#[test]
fn an_orders_end_is_noted_once_and_may_be_corrected() {
    let given = decided(both()).after(settle(on_weibo(), executed(DECIDED)));
    given.clone().when(settle(on_weibo(), executed(DECIDED))).refused(CaseRefusal::OrderAlreadySettled);
    let corrected = given.after(settle(on_weibo(), ended(OrderEndOutcome::Refused)));
    let state = corrected.state();
    let end = state.file().and_then(CaseFile::ruling).expect("ruling").orders[&on_weibo()].end;
    assert_eq!(end, Some(ended(OrderEndOutcome::Refused)));
    let unknown = OrderId::from(Uuid::from_u128(99));
    decided(both()).when(settle(unknown, executed(DECIDED))).refused(CaseRefusal::NoSuchOrder { order: unknown });
    opened().when(settle(on_weibo(), executed(DECIDED))).refused(CaseRefusal::NotDecided);
}

/// A reversal's counter-order is not waited for where the order was taken back before delivery.
#[test]
fn an_order_that_was_taken_back_needs_no_counter_order() {
    let given = decided(both()).after(file_appeal(DECIDED)).after(CaseCommand::DecideAppeal {
        by: cyberspace("d"),
        appeal_id: appeal(0),
        ruling: AppealRuling::Upheld,
        reasons: "申诉成立".to_owned(),
        remedies: vec![],
        now: later(DECIDED),
    });
    given
        .clone()
        .when(settle(on_weibo(), ended(OrderEndOutcome::Cancelled)))
        .then([
            event(CaseChange::OrderSettled {
                order_id: on_weibo(),
                end: ended(OrderEndOutcome::Cancelled),
                revision: None,
            }),
            event(CaseChange::OrderSettled {
                order_id: counter_order_id(on_weibo()),
                end: ended(OrderEndOutcome::NotNeeded),
                revision: None,
            }),
        ])
        .after(settle(on_douyin(), ended(OrderEndOutcome::Cancelled)))
        .after(close(CaseOutcome::NoMeasure));
}

/// Executed although it had been taken back: the case waits for the counter-order.
#[test]
fn an_order_executed_after_it_was_taken_back_is_countered() {
    let given = decided(both())
        .after(record_service(DECIDED))
        .after(settle(on_weibo(), ended(OrderEndOutcome::Cancelled)))
        .after(settle(on_douyin(), executed(DECIDED)))
        .after(settle(on_weibo(), executed(DECIDED)));
    given.clone().when(close(CaseOutcome::MeasuresTaken)).refused(CaseRefusal::OrdersUnreceipted { count: 1 });
    let lifted = given.after(settle(counter_order_id(on_weibo()), ended(OrderEndOutcome::Executed)));
    assert_eq!(stage(&lifted.after(close(CaseOutcome::MeasuresTaken))), "closed");
}

/// 行政处罚法 art. 61: while the subject does not have the decision, its time to appeal has not begun.
#[test]
fn a_case_is_not_closed_before_its_decision_is_served() {
    let settled =
        decided(both()).after(settle(on_weibo(), executed(DECIDED))).after(settle(on_douyin(), executed(DECIDED)));
    settled.clone().when(close(CaseOutcome::MeasuresTaken)).refused(CaseRefusal::DecisionNotServed);
    let served = settled.after(record_service(DECIDED));
    assert_eq!(stage(&served.after(close(CaseOutcome::MeasuresTaken))), "closed");
}

/// Reports may come twice and late: an older one never replaces a newer one.
#[test]
fn an_older_report_of_an_order_changes_nothing() {
    let report =
        |end, revision| CaseCommand::SettleOrder(OrderReport { order_id: on_weibo(), end, revision: Some(revision) });
    let refused_first = || ended(OrderEndOutcome::Refused);
    let given = decided(both()).after(report(refused_first(), 2)).after(report(executed(DECIDED), 3));
    given.clone().when(report(refused_first(), 2)).refused(CaseRefusal::OrderAlreadySettled);
    given.clone().when(report(refused_first(), 3)).refused(CaseRefusal::OrderAlreadySettled);
    let corrected = given.after(report(refused_first(), 4));
    let state = corrected.state();
    assert_eq!(state.file().and_then(CaseFile::ruling).expect("ruling").orders[&on_weibo()].end, Some(refused_first()));
}
