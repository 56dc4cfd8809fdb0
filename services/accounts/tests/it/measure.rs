//! The measures in force on an account, from platforms' answers (R92).

use casebook_accounts::domain::measure::{
    MeasureOrder, OrderEvent, OrderReader, OrderState, Receipt, ReceiptOutcome, in_force, muted_until,
};
use casebook_kernel::{Decider as _, Timestamp};
use casebook_policy::measures::{ACCOUNT_CLOSED, FOLLOWERS_CLEARED, MUTED, MUTED_PERMANENTLY};

use crate::people::{at, case, order};

fn issued(number: u128, measure: &str) -> MeasureOrder {
    MeasureOrder {
        order_id: order(number),
        case_id: case(),
        account_id: casebook_kernel::ids::AccountId::of("weibo", "uid-9"),
        platform: "weibo".into(),
        platform_uid: "uid-9".into(),
        measure: measure.into(),
        reasons: "散布虚假信息".into(),
        counters: None,
        receipt: None,
        ended_at: None,
        countered_by: None,
        voided: false,
    }
}

/// R92: what was void before its platform carried it out is not held against the account, unless it is to be lifted.
#[test]
fn a_void_order_is_in_force_only_until_it_is_lifted() {
    let void_then = |more: Vec<OrderEvent>| {
        let events = [OrderEvent::Voided, OrderEvent::Answered(executed(3, None))].into_iter().chain(more);
        fold(issued(1, FOLLOWERS_CLEARED), events)
    };
    assert_eq!(holding(&[void_then(vec![])], at(4)), [0; 0]);
    let lifted_by = || void_then(vec![OrderEvent::Countered { by: order(2) }]);
    assert_eq!(holding(&[lifted_by()], at(4)), [1], "until the counter-order is executed");
    let lifting = answered(counter(2, 1), executed(5, None));
    assert_eq!(holding(&[lifted_by(), lifting], at(6)), [0; 0]);
    // Executed first and void afterwards, it cannot be undone either.
    let events = [OrderEvent::Answered(executed(3, None)), OrderEvent::Voided];
    assert_eq!(holding(&[fold(issued(1, FOLLOWERS_CLEARED), events)], at(4)), [0; 0]);
}

fn executed(from: u32, until: Option<u32>) -> Receipt {
    Receipt {
        outcome: ReceiptOutcome::Executed,
        executed_at: Some(at(from)),
        effective_from: Some(at(from)),
        until: until.map(at),
    }
}

fn answered(order: MeasureOrder, receipt: Receipt) -> MeasureOrder {
    fold(order, [OrderEvent::Answered(receipt)])
}

fn fold(order: MeasureOrder, more: impl IntoIterator<Item = OrderEvent>) -> MeasureOrder {
    let events: Vec<_> = std::iter::once(OrderEvent::Issued(Box::new(order))).chain(more).collect();
    OrderReader::fold(&events).order().unwrap().clone()
}

fn counter(number: u128, of: u128) -> MeasureOrder {
    MeasureOrder { counters: Some(order(of)), ..issued(number, MUTED) }
}

fn holding(orders: &[MeasureOrder], now: Timestamp) -> Vec<u128> {
    in_force(orders, now).into_iter().map(|order| order.order_id.uuid().as_u128()).collect()
}

/// An order is an instruction: until the platform has answered, nothing is in force.
#[test]
fn only_an_executed_measure_is_in_force() {
    let refused = Receipt { outcome: ReceiptOutcome::Refused, effective_from: None, ..executed(3, None) };
    let partly = Receipt { outcome: ReceiptOutcome::Partly, ..executed(3, None) };
    let orders = [
        issued(1, MUTED),
        answered(issued(2, MUTED), refused),
        answered(issued(3, MUTED), partly),
        answered(issued(4, ACCOUNT_CLOSED), executed(3, None)),
    ];
    assert_eq!(holding(&orders, at(5)), [3, 4]);
}

#[test]
fn a_mute_past_its_end_is_not_in_force() {
    let orders = [answered(issued(1, MUTED), executed(3, Some(10)))];
    let just_before = at(10) - chrono::TimeDelta::microseconds(1);
    assert_eq!(holding(&orders, just_before), [1]);
    assert!(holding(&orders, at(10)).is_empty(), "the end is exclusive");
    let ended =
        fold(issued(2, MUTED), [OrderEvent::Answered(executed(3, Some(10))), OrderEvent::Ended { ended_at: at(6) }]);
    assert!(holding(&[ended], at(7)).is_empty());
}

/// R92: a platform that corrects itself after the end says when the measure really ends; enforcement has it running again, and so
/// has the registry.
#[test]
fn a_correction_after_the_end_may_move_the_end_on() {
    let ended = [OrderEvent::Answered(executed(3, Some(10))), OrderEvent::Ended { ended_at: at(10) }];
    let corrected = |until| ended.clone().into_iter().chain([OrderEvent::Answered(executed(4, until))]);
    let later = fold(issued(1, MUTED), corrected(Some(14)));
    assert_eq!(holding(std::slice::from_ref(&later), at(12)), [1]);
    assert!(holding(std::slice::from_ref(&later), at(14)).is_empty(), "also before its end is told");
    let again = fold(issued(1, MUTED), corrected(Some(14)).chain([OrderEvent::Ended { ended_at: at(14) }]));
    assert!(holding(&[again], at(14)).is_empty());
    // Never earlier than what it corrects, nor by what did not move it.
    assert!(holding(&[fold(issued(1, MUTED), corrected(Some(10)))], at(10)).is_empty());
}

#[test]
fn a_counter_order_ends_a_measure_once_it_is_executed() {
    let muted = answered(issued(1, MUTED), executed(3, Some(20)));
    assert_eq!(holding(&[muted.clone(), counter(2, 1)], at(5)), [1]);
    let refused = Receipt { outcome: ReceiptOutcome::Refused, effective_from: None, ..executed(4, None) };
    assert_eq!(holding(&[muted.clone(), answered(counter(2, 1), refused)], at(5)), [1]);
    assert!(holding(&[muted, answered(counter(2, 1), executed(4, None))], at(5)).is_empty());
}

/// X09: what a platform carries out after the counter-order holds until it is lifted anew.
#[test]
fn a_measure_that_begins_after_its_counter_order_holds() {
    let behind = answered(issued(1, MUTED), executed(5, Some(20)));
    let early = answered(counter(2, 1), executed(4, None));
    assert_eq!(holding(&[behind.clone(), early.clone()], at(6)), [1]);
    let again = fold(early, [OrderEvent::Answered(executed(7, None))]);
    assert!(holding(&[behind, again], at(8)).is_empty());
}

/// Overlapping mutes are both listed, and the later end is when the account may speak.
#[test]
fn of_overlapping_mutes_the_later_end_counts() {
    let first = answered(issued(1, MUTED), executed(3, Some(10)));
    let second = answered(issued(2, MUTED), executed(4, Some(18)));
    let orders = [second, first];
    assert_eq!(holding(&orders, at(5)), [1, 2]);
    assert_eq!(muted_until(&in_force(&orders, at(5))), Some(at(18)));
    assert_eq!(muted_until(&in_force(&orders, at(12))), Some(at(18)));
    assert_eq!(muted_until(&in_force(&orders, at(18))), None);
}

#[test]
fn a_mute_without_an_end_has_none() {
    let orders = [
        answered(issued(1, MUTED), executed(3, Some(10))),
        answered(issued(2, MUTED_PERMANENTLY), executed(3, None)),
        answered(issued(3, ACCOUNT_CLOSED), executed(3, None)),
    ];
    assert_eq!(muted_until(&in_force(&orders, at(5))), None);
    assert_eq!(muted_until(&in_force(&orders[2..], at(5))), None);
}

/// A receipt that corrects the one before takes its place.
#[test]
fn the_last_answer_counts() {
    let corrected = Receipt { outcome: ReceiptOutcome::Refused, effective_from: None, ..executed(4, None) };
    let order = fold(issued(1, MUTED), [OrderEvent::Answered(executed(3, None)), OrderEvent::Answered(corrected)]);
    assert!(holding(&[order], at(5)).is_empty());
}

#[test]
fn what_does_not_belong_to_an_order_changes_nothing() {
    assert_eq!(OrderReader::fold(&[OrderEvent::Answered(executed(3, None))]), OrderState::Absent);
    let order = fold(issued(1, MUTED), [OrderEvent::Other]);
    assert_eq!(order, issued(1, MUTED));
}
