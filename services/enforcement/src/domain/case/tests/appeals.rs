use super::*;
use crate::domain::ids::counter_order_id;
use crate::domain::samples::{closure, credit, followers, mute, permanent_mute};

const HEARD: &str = "2026-03-16T02:00:00Z";

fn seven_days() -> Measure {
    mute(&weibo(), 7)
}

fn order(measure: &Measure) -> OrderId {
    measure.order_id(decision(0))
}

/// Executed on the day of the decision, served, and appealed against.
fn appealed(measures: Vec<Measure>) -> Given<Case> {
    let given = decided(measures.clone()).after(record_service(DECIDED));
    let given = measures.iter().fold(given, |given, measure| given.after(settle(order(measure), executed(DECIDED))));
    given.after(file_appeal("2026-03-15T02:00:00Z"))
}

fn decide(by: &str, ruling: AppealRuling) -> CaseCommand {
    CaseCommand::DecideAppeal {
        by: cyberspace(by),
        appeal_id: appeal(0),
        ruling,
        reasons: "事实不清".to_owned(),
        remedies: vec![RemedyText {
            measure: followers(&weibo()).id, text: "公开更正并协助恢复关注".to_owned()
        }],
        now: at(HEARD),
    }
}

fn reversal(given: &Given<Case>) -> Reversal {
    let state = given.state();
    let ruling = state.file().and_then(CaseFile::ruling).expect("a ruling");
    ruling.reversals.last().expect("a reversal").clone()
}

/// X09 in spirit: within its window, which runs from the service; before it is served, it has not begun.
#[test]
fn an_appeal_is_filed_within_its_window() {
    let served = decided(vec![seven_days()]).after(record_service(DECIDED));
    served.clone().when(file_appeal(APPEAL_UNTIL)).refused(CaseRefusal::AppealWindowClosed { until: at(APPEAL_UNTIL) });
    assert_eq!(stage(&served.clone().after(file_appeal("2026-03-27T15:59:59Z"))), "under appeal");
    assert_eq!(stage(&decided(vec![seven_days()]).after(file_appeal("2027-01-01T00:00:00Z"))), "under appeal");
    served.clone().after(file_appeal(DECIDED)).when(file_appeal(DECIDED)).refused(CaseRefusal::AppealPending);
    proposed(vec![seven_days()]).when(file_appeal(DECIDED)).refused(CaseRefusal::NotDecided);
    let elsewhere = CaseCommand::FileAppeal {
        by: subject(),
        kind: AppealKind::Reconsideration,
        grounds: "x".to_owned(),
        window_until: None,
        decide_until: at(APPEAL_UNTIL),
        now: at(DECIDED),
    };
    served.when(elsewhere).refused(CaseRefusal::HeardElsewhere);
}

/// X09: the appeal is the subject's: for whoever runs another account there is no such case.
#[test]
fn only_the_subject_of_the_case_appeals() {
    let appeal_by = |by: Actor| CaseCommand::FileAppeal {
        by,
        kind: AppealKind::InternalReview,
        grounds: "处置过重".to_owned(),
        window_until: None,
        decide_until: at("2026-04-10T16:00:00Z"),
        now: at(DECIDED),
    };
    let decided = decided(vec![seven_days()]);
    decided.clone().when(appeal_by(operator_of(&on("weibo", "u2")))).refused(CaseRefusal::UnknownCase);
    assert_eq!(stage(&decided.after(appeal_by(operator_of(&douyin())))), "under appeal");
}

/// domain.md section 3: where the calendar of the next year is not published, the window's end is not known yet, and
/// nobody loses a right to a guess.
#[test]
fn a_provisional_window_closes_when_its_end_is_known() {
    let service = Service {
        method: ServiceMethod::Electronic,
        served_at: at(DECIDED),
        appeal_until: at(APPEAL_UNTIL),
        provisional: true,
    };
    let served = decided(vec![seven_days()]).after(CaseCommand::RecordService {
        by: cyberspace("a"),
        service,
        now: at(DECIDED),
    });
    let file = |window_until: Option<&str>| CaseCommand::FileAppeal {
        by: subject(),
        kind: AppealKind::InternalReview,
        grounds: "x".to_owned(),
        window_until: window_until.map(at),
        decide_until: at("2026-05-01T00:00:00Z"),
        now: at("2026-03-29T00:00:00Z"),
    };
    assert_eq!(stage(&served.clone().after(file(None))), "under appeal");
    assert_eq!(stage(&served.clone().after(file(Some("2026-03-30T16:00:00Z")))), "under appeal");
    let until = at("2026-03-28T16:00:00Z");
    served.when(file(Some("2026-03-28T16:00:00Z"))).refused(CaseRefusal::AppealWindowClosed { until });
}

/// Issue 2: heard by an officer who took no part: not the proposer, the confirmer, an investigator, whoever added
/// evidence or served the notice.
#[test]
fn nobody_who_had_a_hand_in_the_case_hears_the_appeal() {
    let with_c =
        decided(vec![seven_days()]).after(evidence(7, cyberspace("c"))).after(file_appeal("2026-03-15T02:00:00Z"));
    for by in ["a", "b", "c"] {
        with_c
            .clone()
            .when(decide(by, AppealRuling::Rejected))
            .refused(CaseRefusal::SameOfficer { officer: officer(by) });
    }
    let heard = with_c.after(decide("d", AppealRuling::Rejected));
    assert_eq!(stage(&heard), "decided");
    heard.clone().when(decide("d", AppealRuling::Rejected)).refused(CaseRefusal::NoSuchAppeal);
    heard.when(file_appeal(HEARD)).refused(CaseRefusal::AlreadyReviewed);
}

/// The same: whoever screened the lead, wrote down what the subject said, served the decision or filed the appeal for it.
#[test]
fn whoever_helped_the_case_along_has_had_a_hand_in_it() {
    let by = |officer: &str| cyberspace(officer);
    let stated = CaseCommand::RecordStatement {
        by: by("e"),
        summary: "视频系转载".to_owned(),
        sha256: Some("e".repeat(64)),
        stated_at: at(TOLD),
    };
    let service = Service {
        method: ServiceMethod::PlatformInbox,
        served_at: at(DECIDED),
        appeal_until: at(APPEAL_UNTIL),
        provisional: false,
    };
    let filed = CaseCommand::FileAppeal {
        by: by("g"),
        kind: AppealKind::InternalReview,
        grounds: "处置过重".to_owned(),
        window_until: None,
        decide_until: at("2026-04-10T16:00:00Z"),
        now: at(DECIDED),
    };
    let given = told(vec![seven_days()])
        .after(stated)
        .after(propose(proposal(vec![seven_days()], 4)))
        .after(confirm("b"))
        .after(CaseCommand::RecordService { by: by("f"), service, now: at(DECIDED) })
        .after(filed);
    for name in ["s", "e", "f", "g"] {
        let refusal = CaseRefusal::SameOfficer { officer: officer(name) };
        given.clone().when(decide(name, AppealRuling::Rejected)).refused(refusal);
    }
    assert_eq!(stage(&given.after(decide("d", AppealRuling::Rejected))), "decided");
}

/// Issue 2: the same for the officers of the finding that the case goes back to, whichever agency they are of.
#[test]
fn whoever_made_the_finding_does_not_hear_the_appeal() {
    let given = appealed(vec![seven_days()]);
    for name in ["r1", "r2"] {
        let refusal = CaseRefusal::SameOfficer { officer: officer(name) };
        given.clone().when(decide(name, AppealRuling::Rejected)).refused(refusal);
    }
    assert_eq!(stage(&given.after(decide("r3", AppealRuling::Rejected))), "decided");
}

/// 申诉不成立: the decision stands, and no order is touched.
#[test]
fn a_rejected_appeal_changes_no_order() {
    let before = appealed(vec![seven_days()]);
    let after = before.clone().after(decide("d", AppealRuling::Rejected));
    let standing =
        |given: &Given<Case>| given.state().file().and_then(CaseFile::ruling).expect("ruling").standing.clone();
    assert_eq!(standing(&before), standing(&after));
    assert!(after.state().file().and_then(CaseFile::ruling).expect("ruling").reversals.is_empty());
}

/// 申诉成立: a new decision voids the old one and counters each order that is in force. It edits nothing.
#[test]
fn an_upheld_appeal_voids_the_decision_and_counters_its_orders() {
    let given = appealed(vec![seven_days(), credit(&weibo(), 5)]).after(decide("d", AppealRuling::Upheld));
    let reversal = reversal(&given);
    assert_eq!((reversal.voids, reversal.reversal_id), (decision(0), decision(1)));
    assert_eq!(reversal.undoings.len(), 2);
    assert!(reversal.irreversible.is_empty() && reversal.replacements.is_empty() && reversal.remaining.is_empty());
    let state = given.state();
    let ruling = state.file().and_then(CaseFile::ruling).expect("a ruling");
    assert_eq!(ruling.decision.proposal.measures.len(), 2, "the decision is still what it was");
    assert!(ruling.standing.is_empty());
    let counter = counter_order_id(order(&seven_days()));
    assert_eq!(ruling.orders[&counter].counters, Some(order(&seven_days())));
    given.clone().when(close(CaseOutcome::NoMeasure)).refused(CaseRefusal::OrdersUnreceipted { count: 2 });
    // Nothing is left to void a second time.
    given.when(file_appeal(HEARD)).refused(CaseRefusal::AlreadyReviewed);
}

/// domain.md, Orders: cleared followers do not come back: said so, with a remedy, and not pretended.
#[test]
fn what_cannot_be_undone_is_said_and_answered_with_a_remedy() {
    let given = appealed(vec![seven_days(), followers(&weibo())]).after(decide("d", AppealRuling::Upheld));
    let reversal = reversal(&given);
    assert_eq!(reversal.undoings.iter().map(|undoing| &undoing.measure).collect::<Vec<_>>(), [&seven_days()]);
    assert_eq!(
        reversal.irreversible,
        [Irreversible {
            order_id: order(&followers(&weibo())),
            measure: followers(&weibo()),
            remedy: "公开更正并协助恢复关注".to_owned(),
        }]
    );
    let mut without_remedy = decide("d", AppealRuling::Upheld);
    if let CaseCommand::DecideAppeal { remedies, .. } = &mut without_remedy {
        remedies.clear();
    }
    appealed(vec![followers(&weibo())])
        .when(without_remedy)
        .refused(CaseRefusal::RemedyMissing { measure: boxed(followers(&weibo())) });
    // Not executed yet, it may be: no counter-order would help, and the remedy is named already.
    let outstanding =
        decided(vec![followers(&weibo())]).after(file_appeal(DECIDED)).after(decide("d", AppealRuling::Upheld));
    let reversal = super::appeals::reversal(&outstanding);
    assert_eq!((reversal.undoings.len(), reversal.irreversible.len()), (0, 1));
    let cleared = outstanding.after(settle(order(&followers(&weibo())), executed(HEARD)));
    let state = cleared.state();
    let orders = &state.file().and_then(CaseFile::ruling).expect("a ruling").orders;
    assert!(!orders.contains_key(&counter_order_id(order(&followers(&weibo())))));
}

/// An order that was refused or taken back needs no counter-order.
#[test]
fn orders_that_never_took_effect_are_left_alone() {
    let given = decided(vec![seven_days(), mute(&douyin(), 7)])
        .after(settle(order(&seven_days()), ended(OrderEndOutcome::Refused)))
        .after(file_appeal(DECIDED))
        .after(decide("d", AppealRuling::Upheld));
    let undone: Vec<_> = reversal(&given).undoings.into_iter().map(|undoing| undoing.measure).collect();
    assert_eq!(undone, [mute(&douyin(), 7)]);
    // Void it is all the same: executed after all, it waits for its counter-order.
    assert_eq!(reversal(&given).voided, [order(&seven_days())]);
    let counter = counter_order_id(order(&seven_days()));
    let track = |given: &Given<Case>| {
        let state = given.state();
        state.file().and_then(CaseFile::ruling).and_then(|ruling| ruling.orders.get(&counter).cloned())
    };
    assert_eq!(track(&given), None);
    let executed_yet = given.after(settle(order(&seven_days()), executed(HEARD)));
    assert_eq!(track(&executed_yet).map(|track| (track.counters, track.end)), Some((Some(order(&seven_days())), None)));
    // One that was thought unnecessary is waited for again.
    let spared = executed_yet.after(settle(counter, ended(OrderEndOutcome::NotNeeded)));
    let corrected = OrderEnd { late: true, ..executed(HEARD) };
    let again = spared.after(settle(order(&seven_days()), corrected));
    assert_eq!(track(&again).map(|track| track.end), Some(None));
}

/// 部分成立: what remains is lighter; days served under the heavier measure count.
#[test]
fn an_appeal_upheld_in_part_leaves_lighter_measures_less_the_days_served() {
    // Executed on 12 March, decided on 16 March: four days are served.
    for (decided_on, remaining, days_left) in [
        (mute(&weibo(), 15), mute(&weibo(), 10), Some(6)),
        (mute(&weibo(), 15), mute(&weibo(), 4), None),
        (closure(&weibo()), mute(&weibo(), 7), Some(3)),
        (permanent_mute(&weibo()), mute(&weibo(), 30), Some(26)),
    ] {
        let kept = mute(&douyin(), 7);
        let given = appealed(vec![decided_on.clone(), kept.clone()])
            .after(decide("d", AppealRuling::UpheldInPart(vec![remaining.clone(), kept.clone()])));
        let reversal = reversal(&given);
        assert_eq!(reversal.undoings.iter().map(|undoing| &undoing.measure).collect::<Vec<_>>(), [&decided_on]);
        let replaced: Vec<_> =
            reversal.replacements.iter().map(|r| (r.measure.parameters.days, r.days_served)).collect();
        match days_left {
            Some(left) => assert_eq!(replaced, [(Some(left), 4)], "{decided_on} -> {remaining}"),
            None => assert!(replaced.is_empty(), "{decided_on} -> {remaining}: served"),
        }
        let state = given.state();
        let ruling = state.file().and_then(CaseFile::ruling).expect("a ruling");
        assert_eq!(ruling.standing.get(&order(&kept)), Some(&kept));
        assert_eq!(ruling.standing.len(), 1 + usize::from(days_left.is_some()));
    }
}

/// X07, 行政处罚法 art. 45, 63: never worse, and not the same under another name.
#[test]
fn an_appeal_never_makes_it_worse() {
    let in_part = |measures: Vec<Measure>| decide("d", AppealRuling::UpheldInPart(measures));
    let given = appealed(vec![seven_days()]);
    for worse in [mute(&weibo(), 15), closure(&weibo()), mute(&douyin(), 1)] {
        given.clone().when(in_part(vec![worse.clone()])).refused(CaseRefusal::OutcomeWorse { measure: boxed(worse) });
    }
    given.clone().when(in_part(vec![seven_days()])).refused(CaseRefusal::NothingLightened);
    given.clone().when(in_part(vec![])).refused(CaseRefusal::RemainderMissing);
    let twice = vec![mute(&weibo(), 3), mute(&weibo(), 2)];
    given.clone().when(in_part(twice)).refused(CaseRefusal::MeasureTwice { measure: boxed(mute(&weibo(), 2)) });
    let other = on("weibo", "u2");
    given.when(in_part(vec![mute(&other, 1)])).refused(CaseRefusal::AccountNotSubject { account: other });
}

/// A closed case may be appealed against while the window is open; a mute that ended meanwhile changes nothing of
/// that.
#[test]
fn a_closed_case_can_be_appealed_against() {
    let closed = decided(vec![seven_days()])
        .after(record_service(DECIDED))
        .after(settle(order(&seven_days()), executed(DECIDED)))
        .after(close(CaseOutcome::MeasuresTaken));
    let given = closed.after(file_appeal("2026-03-25T02:00:00Z"));
    assert_eq!(stage(&given), "under appeal");
    assert_eq!(stage(&given.after(decide("d", AppealRuling::Upheld))), "decided");
    opened().after(close(CaseOutcome::NoMeasure)).when(file_appeal(DECIDED)).refused(CaseRefusal::NotDecided);
}

fn external(kind: AppealKind, ruling: AppealRuling, decided_at: &str) -> CaseCommand {
    CaseCommand::RecordExternalOutcome {
        by: cyberspace("a"),
        outcome: Box::new(ExternalOutcome {
            kind,
            ruling,
            reasons: "撤销".to_owned(),
            body: "上海市人民政府".to_owned(),
            document_number: "沪府复字〔2026〕1号".to_owned(),
            decided_at: at(decided_at),
        }),
        remedies: vec![],
        now: at("2026-06-01T02:00:00Z"),
    }
}

/// 行政复议法 art. 24-25: decided elsewhere; recorded here, the outcome takes effect like an internal one.
#[test]
fn the_outcome_of_a_reconsideration_takes_effect_here() {
    let given = appealed(vec![seven_days()]).after(decide("d", AppealRuling::Rejected));
    let voided =
        given.clone().after(external(AppealKind::Reconsideration, AppealRuling::Upheld, "2026-05-20T02:00:00Z"));
    assert_eq!(reversal(&voided).undoings.len(), 1);
    assert_eq!(reversal(&voided).appeal_id, appeal(1));
    voided
        .clone()
        .when(external(AppealKind::Litigation, AppealRuling::Upheld, "2026-05-20T02:00:00Z"))
        .refused(CaseRefusal::NothingInForce);
    given
        .clone()
        .when(external(AppealKind::InternalReview, AppealRuling::Upheld, "2026-05-20T02:00:00Z"))
        .refused(CaseRefusal::HeardHere);
    given
        .when(external(AppealKind::Litigation, AppealRuling::Upheld, "2026-03-01T02:00:00Z"))
        .refused(CaseRefusal::DecidedBeforeDecision { issued_at: at(DECIDED) });
    appealed(vec![seven_days()])
        .when(external(AppealKind::Litigation, AppealRuling::Upheld, "2026-05-20T02:00:00Z"))
        .refused(CaseRefusal::AppealPending);
    // Once all is void, there is nothing to ask an internal review about.
    decided(vec![seven_days()])
        .after(external(AppealKind::Litigation, AppealRuling::Upheld, "2026-05-20T02:00:00Z"))
        .when(file_appeal("2026-03-20T02:00:00Z"))
        .refused(CaseRefusal::NothingInForce);
}
