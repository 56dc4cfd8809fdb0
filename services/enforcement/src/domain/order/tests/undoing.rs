//! What becomes of an order whose decision is void.

use super::*;

fn undo_but(served: Measure) -> OrderCommand {
    let reversal = Some(DecisionId::from(Uuid::from_u128(4)));
    let served = Some(Box::new(served));
    OrderCommand::Undo { reversal, served, reasons: "申诉部分成立".to_owned(), by: officer("system") }
}

/// Voiding a decision takes back what was not delivered, counters what was, and says so where neither is possible.
#[test]
fn undoing_depends_on_how_far_the_order_got() {
    let now = "2026-03-02T03:00:00Z";
    let taken_back = issued().after(undo());
    assert_eq!(standing(&taken_back), "cancelled");
    taken_back.after(undo()).when(undo()).refused(OrderRefusal::NothingInForce);
    delivered().when(undo()).then([event(countered())]);
    let undone = delivered().after(receipt(executed(ISSUED), now)).when(undo()).then([event(countered())]);
    assert_eq!(undone.state().timer(), None);
    undone.when(undo()).refused(OrderRefusal::AlreadyCountered);
    let voided = || event(OrderChange::Voided { reversal: Some(DecisionId::from(Uuid::from_u128(4))), served: None });
    let not_found = delivered().after(receipt(refused(Cause::AccountNotFound), now)).when(undo()).then([voided()]);
    // Found after all, and muted under a decision that is void: it is lifted.
    let found = Answer { detail: "账号已找到".to_owned(), ..executed(ISSUED) };
    assert_eq!(standing(&not_found.after(correction(found, now)).after(undo())), "countered");
}

/// X09: what nothing undoes and nobody has done yet is taken back: the platform learns it, and nobody waits for it any more.
#[test]
fn an_irreversible_order_that_is_unanswered_is_taken_back() {
    let now = "2026-03-02T03:00:00Z";
    let delivered = issued_as(terms(followers(&weibo()))).after(OrderCommand::MarkDelivered { now: at(ISSUED) });
    let cancelled = OrderChange::Cancelled {
        platform: "weibo".parse().expect("platform"),
        reasons: "申诉成立".to_owned(),
        by: officer("system"),
        reversal: Some(DecisionId::from(Uuid::from_u128(4))),
    };
    let taken_back = delivered.clone().when(undo()).then([event(cancelled)]);
    assert_eq!(taken_back.state().timer(), None);
    taken_back
        .clone()
        .when(OrderCommand::MarkOverdue { now: at(DUE) })
        .refused(OrderRefusal::OrderNotOutstanding { standing: "cancelled" });
    // Done all the same: nothing gives it back, and it is not held against the account.
    let done = taken_back.after(receipt(executed(ISSUED), now));
    assert!(recorded(&done).after_cancellation);
    assert_eq!(done.after(undo()).state().file().expect("a file").counts_as(), None);
    // As it is stored from before: void, and nobody waits for it either.
    let voided = OrderChange::Voided { reversal: None, served: None };
    let state = Order::evolve(delivered.state(), &event(voided));
    assert_eq!(state.timer(), None);
}

/// X09: no platform keeps what a void decision took, and no officer gives it up.
#[test]
fn a_counter_order_is_neither_declined_nor_given_up() {
    let counter = OrderTerms { counters: Some(OrderId::from(Uuid::from_u128(8))), ..terms(mute(&weibo(), 7)) };
    let now = "2026-03-02T03:00:00Z";
    let issued = issued_as(counter);
    issued.clone().when(receipt(refused(Cause::DeclinedUnderAgreement), now)).refused(OrderRefusal::DeclineNotOpen);
    let mark = OrderCommand::MarkUndeliverable { by: cyberspace("a"), reasons: "平台停运".to_owned() };
    issued.clone().when(mark).refused(OrderRefusal::CounterOrderStands);
    // Whatever else it says: somebody has to see to it, at once.
    let fault = issued.after(receipt(refused(Cause::TechnicalFault), now));
    assert_eq!(fault.state().file().expect("a file").lateness, Lateness::Escalated);
    let reasoned = Answer { detail: "已恢复".to_owned(), ..executed(ISSUED) };
    assert_eq!(standing(&fault.after(correction(reasoned, now))), "receipted");
    let late = delivered().after(receipt(refused(Cause::TechnicalFault), now));
    assert_eq!(late.state().file().expect("a file").lateness, Lateness::InTime, "an order like any other");
}

/// R92: what an appeal leaves as served counts as that, whether there was anything left to lift or not.
#[test]
fn what_is_served_counts_as_what_remains() {
    let counts = |given: &Given<Order>| given.state().file().expect("a file").counts_as().cloned();
    let executed = delivered().after(receipt(executed(ISSUED), ISSUED));
    assert_eq!(counts(&executed), Some(mute(&weibo(), 7)));
    let running = executed.clone().after(undo_but(mute(&weibo(), 3)));
    let over =
        executed.after(OrderCommand::EndMeasure { now: at("2026-03-09T16:00:00Z") }).after(undo_but(mute(&weibo(), 3)));
    assert_eq!((standing(&running), standing(&over)), ("countered", "ended"));
    for given in [running, over] {
        assert_eq!(counts(&given), Some(mute(&weibo(), 3)));
        given.clone().when(undo_but(mute(&weibo(), 3))).refused(OrderRefusal::NothingInForce);
        assert_eq!(counts(&given.clone().after(undo_but(mute(&weibo(), 1)))), Some(mute(&weibo(), 1)));
        // A court takes that as well.
        let void = given.after(undo());
        assert_eq!(counts(&void), None);
        assert!(matches!(
            Order::decide(&void.state(), undo()),
            Err(OrderRefusal::NothingInForce | OrderRefusal::AlreadyCountered)
        ));
    }
}

/// What cannot be undone, or is over, is void all the same: it is not held against the account (R92, escalation by
/// history).
#[test]
fn a_void_order_does_not_count_as_history() {
    let counts = |given: &Given<Order>| given.state().file().expect("a file").counts_as().is_some();
    let voided = || OrderChange::Voided { reversal: Some(DecisionId::from(Uuid::from_u128(4))), served: None };
    let cleared = issued_as(terms(followers(&weibo()))).after(receipt(executed(ISSUED), "2026-03-02T03:00:00Z"));
    let over = delivered()
        .after(receipt(executed(ISSUED), "2026-03-02T03:00:00Z"))
        .after(OrderCommand::EndMeasure { now: at("2026-03-09T16:00:00Z") });
    for given in [cleared, over] {
        assert!(counts(&given));
        let void = given.when(undo()).then([event(voided())]);
        assert!(!counts(&void));
        void.when(undo()).refused(OrderRefusal::NothingInForce);
    }
    assert!(!counts(&delivered()));
    assert!(!counts(&delivered().after(receipt(refused(Cause::AccountNotFound), ISSUED))));
    assert!(!counts(&delivered().after(receipt(executed(ISSUED), ISSUED)).after(undo())));
}

/// X09: a platform that carries out first the counter-order and then what it lifts leaves that in force: somebody has to see to
/// it.
#[test]
fn a_counter_order_that_came_too_early_is_raised() {
    let (early, late) = ("2026-03-03T03:00:00Z", "2026-03-03T04:00:00Z");
    let original = delivered().after(undo()).after(receipt(executed(late), late));
    let began_at = original.state().file().expect("a file").began_at().expect("in force");
    assert_eq!((standing(&original), began_at), ("countered", at(late)));
    let counter = || OrderTerms { counters: Some(order_id()), ..terms(mute(&weibo(), 7)) };
    let raise = || OrderCommand::RaiseUnlifted { began_at, now: at(late) };
    issued_as(counter()).when(raise()).refused(OrderRefusal::NothingInForce);
    let lifted = issued_as(counter()).after(receipt(executed(early), early));
    let raised = lifted.when(raise()).then([event(OrderChange::Escalated { at: at(late) })]);
    raised.clone().when(raise()).refused(OrderRefusal::AlreadyLate);
    // Lifted anew, and said so.
    let again = Answer { detail: "再次解除".to_owned(), ..executed(late) };
    raised.after(correction(again, late)).when(raise()).refused(OrderRefusal::NothingInForce);
    // Nothing to lift: refused, or more than that done before.
    let refused = delivered().after(undo()).after(receipt(refused(Cause::AccountNotFound), late));
    assert_eq!(refused.state().file().expect("a file").began_at(), None);
    // Only a counter-order is too early.
    delivered().after(receipt(executed(early), early)).when(raise()).refused(OrderRefusal::NothingInForce);
}
