//! What a void decision took is given back: a case does not end while it is not.

use super::*;
use crate::domain::ids::counter_order_id;
use crate::domain::order::Cause;
use crate::domain::samples::mute;

fn muted() -> Measure {
    mute(&weibo(), 30)
}

fn order() -> OrderId {
    muted().order_id(decision(0))
}

fn counter() -> OrderId {
    counter_order_id(order())
}

/// Executed, served, appealed against, and void.
fn voided() -> Given<Case> {
    void(muted(), executed(DECIDED))
}

fn void(measure: Measure, original: OrderEnd) -> Given<Case> {
    let order = measure.order_id(decision(0));
    decided(vec![measure])
        .after(record_service(DECIDED))
        .after(settle(order, original))
        .after(file_appeal(DECIDED))
        .after(CaseCommand::DecideAppeal {
            by: cyberspace("d"),
            appeal_id: appeal(0),
            ruling: AppealRuling::Upheld,
            reasons: "事实不清".to_owned(),
            remedies: vec![],
            now: at("2026-03-14T02:00:00Z"),
        })
}

fn end(outcome: OrderEndOutcome, cause: Cause) -> OrderEnd {
    OrderEnd { cause: Some(cause), ..ended(outcome) }
}

/// X09: a platform that will not lift what was taken without right leaves the case open.
#[test]
fn a_case_does_not_end_while_a_void_measure_is_in_force() {
    voided().when(close(CaseOutcome::NotEstablished)).refused(CaseRefusal::OrdersUnreceipted { count: 1 });
    for refused in [
        end(OrderEndOutcome::Refused, Cause::DeclinedUnderAgreement),
        end(OrderEndOutcome::Refused, Cause::TechnicalFault),
        end(OrderEndOutcome::Partly, Cause::Other),
        ended(OrderEndOutcome::Undeliverable),
    ] {
        let answered = voided().after(settle(counter(), refused));
        answered.clone().when(close(CaseOutcome::NotEstablished)).refused(CaseRefusal::NotLifted { count: 1 });
        // It does it after all.
        let lifted = answered.after(settle(counter(), ended(OrderEndOutcome::Executed)));
        assert_eq!(stage(&lifted.after(close(CaseOutcome::NotEstablished))), "closed");
    }
}

/// Only somebody who had no hand in it forgoes that, and says why: not whoever decided, nor whoever heard the appeal.
#[test]
fn an_officer_who_had_no_hand_in_it_closes_a_case_that_cannot_be_made_good() {
    let reasoned = |by: &str| close_by(by, CaseOutcome::NotEstablished, Some("平台已停止运营"));
    let unanswered = voided();
    for by in ["a", "b", "d"] {
        unanswered.clone().when(reasoned(by)).refused(CaseRefusal::SameOfficer { officer: officer(by) });
    }
    let closed = unanswered.after(reasoned("e"));
    assert_eq!(stage(&closed), "closed");
    // The counter-order is waited for all the same: what comes of it is noted.
    let late = closed.after(settle(counter(), ended(OrderEndOutcome::Executed)));
    let state = late.state();
    assert!(state.file().and_then(CaseFile::ruling).expect("a ruling").has_lifted(order()));
    // Where everything is lifted there is nothing to give reasons for.
    let lifted = voided().after(settle(counter(), ended(OrderEndOutcome::Executed)));
    lifted.when(reasoned("e")).refused(CaseRefusal::NothingUnlifted);
    // Reasons do not make up for an order that nobody answered.
    decided(vec![muted()])
        .after(record_service(DECIDED))
        .when(close_by("e", CaseOutcome::MeasuresTaken, Some("x")))
        .refused(CaseRefusal::OrdersUnreceipted { count: 1 });
}

/// X09: a counter-order that was carried out before its original was lifted nothing: the case is open until it is lifted.
#[test]
fn a_case_does_not_end_while_a_measure_outlasts_its_counter_order() {
    let lifted = voided().after(settle(counter(), ended(OrderEndOutcome::Executed)));
    let outlasted = lifted.after(settle(counter(), end(OrderEndOutcome::Partly, Cause::Other)));
    let state = outlasted.state();
    assert!(!state.file().and_then(CaseFile::ruling).expect("a ruling").has_lifted(order()));
    outlasted.clone().when(close(CaseOutcome::NotEstablished)).refused(CaseRefusal::NotLifted { count: 1 });
    let again = outlasted.after(settle(counter(), ended(OrderEndOutcome::Executed)));
    assert_eq!(stage(&again.after(close(CaseOutcome::NotEstablished))), "closed");
}

/// What has run its time, and what never came into force, needs no lifting.
#[test]
fn a_measure_that_is_over_needs_no_lifting() {
    let refused = end(OrderEndOutcome::Refused, Cause::AccountNotFound);
    let over = OrderEnd { over: true, ..executed(DECIDED) };
    for original in [over, refused] {
        let given = voided().after(settle(order(), original)).after(settle(counter(), refused));
        assert_eq!(stage(&given.after(close(CaseOutcome::NotEstablished))), "closed", "{original:?}");
    }
    // Countered before the platform answered: it may have done it.
    let unknown = voided().after(settle(order(), ended(OrderEndOutcome::Countered))).after(settle(counter(), refused));
    unknown.when(close(CaseOutcome::NotEstablished)).refused(CaseRefusal::NotLifted { count: 1 });
}

/// X09: a counter-order that nobody answers keeps no case open once there is nothing left for it to lift.
#[test]
fn a_case_does_not_wait_for_a_counter_order_to_what_ended_by_itself() {
    let waits = CaseRefusal::OrdersUnreceipted { count: 1 };
    // Three days, until midnight of the 15th in Shanghai; the case closes on the 18th.
    let short = void(mute(&weibo(), 3), executed(DECIDED));
    let early = CaseCommand::Close {
        by: cyberspace("a"),
        outcome: CaseOutcome::NotEstablished,
        summary: "结案".to_owned(),
        unlifted_reasons: None,
        now: at("2026-03-15T15:59:59Z"),
    };
    short.clone().when(early).refused(waits.clone());
    assert_eq!(stage(&short.clone().after(close(CaseOutcome::NotEstablished))), "closed");
    // There is nothing to give reasons for either.
    short.when(close_by("e", CaseOutcome::NotEstablished, Some("x"))).refused(CaseRefusal::NothingUnlifted);
    // Countered before the platform answered, which then says that it did nothing.
    let countered = voided().after(settle(order(), ended(OrderEndOutcome::Countered)));
    countered.clone().when(close(CaseOutcome::NotEstablished)).refused(waits.clone());
    let refused = countered.after(settle(order(), end(OrderEndOutcome::Refused, Cause::AccountNotFound)));
    let closed = refused.after(close(CaseOutcome::NotEstablished));
    assert_eq!(stage(&closed), "closed");
    // It found the account after all: whoever opens the case again waits for the counter-order.
    let found = closed.after(settle(order(), executed(DECIDED)));
    let reopened = found.after(CaseCommand::Reopen { by: cyberspace("f"), reasons: "平台更正".to_owned() });
    reopened.when(close(CaseOutcome::NotEstablished)).refused(waits);
}
