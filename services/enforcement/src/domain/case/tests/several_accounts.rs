//! A case on several accounts: whoever runs one neither answers, nor waives, nor appeals for whoever runs another (decision
//! record 0021; 行政处罚法 art. 44, 45, 62).

use super::*;
use crate::domain::samples::{closure, mute};

fn both() -> Vec<Measure> {
    vec![mute(&weibo(), 7), mute(&douyin(), 7)]
}

fn waive(by: Actor, account: Option<AccountRef>) -> CaseCommand {
    CaseCommand::WaiveStatement {
        by, account, reasons: "放弃".to_owned(), sha256: Some("e".repeat(64)), now: at(TOLD)
    }
}

fn propose_at_once(measures: Vec<Measure>) -> CaseCommand {
    propose(ProposeDecision { now: at(TOLD), ..proposal(measures, 4) })
}

fn hear(by: &str, number: usize, ruling: AppealRuling) -> CaseCommand {
    CaseCommand::DecideAppeal {
        by: cyberspace(by),
        appeal_id: appeal(number),
        ruling,
        reasons: "复核".to_owned(),
        remedies: vec![],
        now: at("2026-03-16T02:00:00Z"),
    }
}

fn appeal_of(account: &AccountRef) -> CaseCommand {
    file(FileAppeal { by: operator_of(account), ..filing(DECIDED) })
}

/// Waiving gives away one's own time to answer, and nobody else's.
#[test]
fn a_waiver_ends_the_time_of_one_account() {
    let waived = told(both()).after(waive(operator_of(&weibo()), None));
    let not_heard = CaseRefusal::NotHeard { account: douyin(), until: at(ANSWER_UNTIL) };
    waived.clone().when(propose_at_once(both())).refused(not_heard);
    // What meets only the account that waived may be decided.
    let alone = vec![mute(&weibo(), 7)];
    assert_eq!(stage(&waived.clone().after(propose_at_once(alone))), "waiting for the second officer");
    waived.clone().when(waive(operator_of(&weibo()), None)).refused(CaseRefusal::AlreadyWaived);
    let all = waived.after(waive(operator_of(&douyin()), None));
    assert_eq!(stage(&all.after(propose_at_once(both()))), "waiting for the second officer");
    // Nobody speaks for another account, whatever is named.
    told(both()).when(waive(operator_of(&weibo()), Some(douyin()))).refused(CaseRefusal::NotOwnAccount);
    let stated = CaseCommand::RecordStatement {
        by: operator_of(&weibo()),
        account: Some(douyin()),
        summary: "认可".to_owned(),
        sha256: None,
        stated_at: at(TOLD),
    };
    told(both()).when(stated).refused(CaseRefusal::NotOwnAccount);
}

/// A document that an officer takes in says for which account it speaks.
#[test]
fn an_officer_names_the_account_that_a_document_speaks_for() {
    told(both()).when(waive(cyberspace("a"), None)).refused(CaseRefusal::AccountMissing);
    let other = on("weibo", "u2");
    let outside = CaseRefusal::AccountOutsideCase { account: other.clone() };
    told(both()).when(waive(cyberspace("a"), Some(other))).refused(outside);
    let waived = told(both()).after(waive(cyberspace("a"), Some(douyin())));
    let not_heard = CaseRefusal::NotHeard { account: weibo(), until: at(ANSWER_UNTIL) };
    waived.when(propose_at_once(both())).refused(not_heard);
    // In a case about one account there is no doubt.
    let mut alone = open_case();
    alone.accounts.truncate(1);
    let alone = given([]).after(CaseCommand::Open(Box::new(alone))).after(evidence(1, cyberspace("a")));
    let heard = alone.after(serve(vec![mute(&weibo(), 7)])).after(waive(cyberspace("a"), None));
    assert_eq!(stage(&heard.after(propose_at_once(vec![mute(&weibo(), 7)]))), "waiting for the second officer");
}

/// X09: each account has a review of its own, also while another one's is pending; what is decided on one leaves the measures on
/// the others as they are.
#[test]
fn each_account_has_its_own_review() {
    let pending = decided(both()).after(appeal_of(&weibo())).after(appeal_of(&douyin()));
    pending.clone().when(appeal_of(&weibo())).refused(CaseRefusal::AppealPending);
    let first = pending.after(hear("d", 0, AppealRuling::Upheld));
    assert_eq!(stage(&first), "under appeal");
    let standing = |given: &Given<Case>| -> Vec<Measure> {
        let state = given.state();
        state.file().and_then(CaseFile::ruling).expect("a ruling").standing.values().cloned().collect()
    };
    assert_eq!(standing(&first), [mute(&douyin(), 7)]);
    let state = first.state();
    let reversal = &state.file().and_then(CaseFile::ruling).expect("a ruling").reversals[0];
    assert_eq!(reversal.remaining, [mute(&douyin(), 7)], "it is not void as a whole");
    // One officer may hear them all.
    let second = first.after(hear("d", 1, AppealRuling::UpheldInPart(vec![mute(&douyin(), 3)])));
    assert_eq!((stage(&second), standing(&second)), ("decided", vec![mute(&douyin(), 3)]));
    second.when(appeal_of(&douyin())).refused(CaseRefusal::AlreadyReviewed);
}

/// 行政处罚法 art. 45, 63: one account's appeal makes nothing worse for another.
#[test]
fn an_appeal_touches_no_other_account() {
    let pending = decided(vec![closure(&weibo()), mute(&douyin(), 7)]).after(appeal_of(&weibo()));
    for measure in [mute(&douyin(), 3), mute(&douyin(), 7)] {
        let refusal = CaseRefusal::OutcomeWorse { measure: boxed(measure.clone()) };
        pending.clone().when(hear("d", 0, AppealRuling::UpheldInPart(vec![measure]))).refused(refusal);
    }
    let rejected = pending.after(hear("d", 0, AppealRuling::Rejected));
    assert_eq!(stage(&rejected.after(appeal_of(&douyin()))), "under appeal");
}
