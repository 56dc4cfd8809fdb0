//! Filing an appeal and taking it back.

use super::appeals::{HEARD, appealed, decide, seven_days};
use super::*;

/// X09 in spirit: within its window, which runs from the service; before it is served, it has not begun.
#[test]
fn an_appeal_is_filed_within_its_window() {
    let served = decided(vec![seven_days()]).after(record_service(DECIDED));
    served.clone().when(file_appeal(APPEAL_UNTIL)).refused(CaseRefusal::AppealWindowClosed { until: at(APPEAL_UNTIL) });
    assert_eq!(stage(&served.clone().after(file_appeal("2026-03-27T15:59:59Z"))), "under appeal");
    assert_eq!(stage(&decided(vec![seven_days()]).after(file_appeal("2027-01-01T00:00:00Z"))), "under appeal");
    served.clone().after(file_appeal(DECIDED)).when(file_appeal(DECIDED)).refused(CaseRefusal::AppealPending);
    proposed(vec![seven_days()]).when(file_appeal(DECIDED)).refused(CaseRefusal::NotDecided);
    let elsewhere = file(FileAppeal { kind: AppealKind::Reconsideration, ..filing(DECIDED) });
    served.when(elsewhere).refused(CaseRefusal::HeardElsewhere);
}

/// X09: the appeal is the subject's: for whoever runs another account there is no such case.
#[test]
fn only_the_subject_of_the_case_appeals() {
    let appeal_by = |by: Actor| file(FileAppeal { by, ..filing(DECIDED) });
    let decided = decided(vec![seven_days()]);
    decided.clone().when(appeal_by(operator_of(&on("weibo", "u2")))).refused(CaseRefusal::UnknownCase);
    // Nothing of the decision meets it.
    decided.when(appeal_by(operator_of(&douyin()))).refused(CaseRefusal::NothingInForce);
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
    let file = |window_until: Option<&str>| {
        let window_until = window_until.map(at);
        file(FileAppeal { window_until, ..filing("2026-03-29T00:00:00Z") })
    };
    assert_eq!(stage(&served.clone().after(file(None))), "under appeal");
    assert_eq!(stage(&served.clone().after(file(Some("2026-03-30T16:00:00Z")))), "under appeal");
    let until = at("2026-03-28T16:00:00Z");
    served.when(file(Some("2026-03-28T16:00:00Z"))).refused(CaseRefusal::AppealWindowClosed { until });
}

/// An officer's word uses nobody's right up: an appeal that an officer files is proven by the subject's document (X09).
#[test]
fn an_officer_files_an_appeal_by_the_subjects_document_alone() {
    let decided = decided(vec![seven_days()]);
    let by_officer =
        |sha256| file(FileAppeal { by: cyberspace("a"), account: Some(weibo()), sha256, ..filing(DECIDED) });
    decided.clone().when(by_officer(None)).refused(CaseRefusal::AppealUnproven);
    assert_eq!(stage(&decided.after(by_officer(Some("9".repeat(64))))), "under appeal");
}

/// Whoever appealed may think better of it, and better still within the window; an officer takes nothing back for it.
#[test]
fn the_subject_withdraws_its_appeal() {
    let withdraw = |by: Actor, number, sha256| CaseCommand::WithdrawAppeal {
        by,
        appeal_id: appeal(number),
        reasons: "另行沟通".to_owned(),
        sha256,
        now: at(HEARD),
    };
    let pending = appealed(vec![seven_days()]);
    pending.clone().when(withdraw(cyberspace("a"), 0, None)).refused(CaseRefusal::AppealUnproven);
    pending.clone().when(withdraw(operator_of(&douyin()), 0, None)).refused(CaseRefusal::NotOwnAccount);
    pending.clone().when(withdraw(subject(), 1, None)).refused(CaseRefusal::NoSuchAppeal);
    assert_eq!(stage(&pending.clone().after(withdraw(cyberspace("c"), 0, Some("8".repeat(64))))), "decided");
    let withdrawn = pending.after(withdraw(subject(), 0, None));
    assert_eq!(stage(&withdrawn), "decided");
    withdrawn.clone().when(decide("d", AppealRuling::Rejected)).refused(CaseRefusal::NoSuchAppeal);
    let again = withdrawn.after(file_appeal(HEARD));
    assert_eq!(stage(&again), "under appeal");
    let last = (1..APPEALS_EACH_MAX).fold(again, |given, number| {
        let given = given.after(withdraw(subject(), number, None));
        if number + 1 < APPEALS_EACH_MAX { given.after(file_appeal(HEARD)) } else { given }
    });
    last.when(file_appeal(HEARD)).refused(CaseRefusal::TooManyAppeals);
}

/// What officers file and take back in the subject's name uses none of its own appeals up.
#[test]
fn the_subject_appeals_however_often_officers_did() {
    let document = || Some("9".repeat(64));
    let by_officer =
        || file(FileAppeal { by: cyberspace("a"), account: Some(weibo()), sha256: document(), ..filing(DECIDED) });
    let withdraw = |number| CaseCommand::WithdrawAppeal {
        by: cyberspace("a"),
        appeal_id: appeal(number),
        reasons: "另行沟通".to_owned(),
        sha256: document(),
        now: at(DECIDED),
    };
    let used_up = (0..APPEALS_EACH_MAX)
        .fold(decided(vec![seven_days()]), |given, number| given.after(by_officer()).after(withdraw(number)));
    used_up.clone().when(by_officer()).refused(CaseRefusal::TooManyAppeals);
    assert_eq!(stage(&used_up.after(file_appeal(DECIDED))), "under appeal");
}

/// 行政复议法 in spirit: silence rejects nothing. An appeal that nobody decides is overdue, and waits on.
#[test]
fn an_appeal_that_nobody_decides_is_overdue_and_waits_on() {
    let due = at("2026-04-10T16:00:00Z");
    let mark = |now: &str| CaseCommand::MarkAppealsOverdue { now: at(now) };
    let pending = appealed(vec![seven_days()]);
    assert_eq!(pending.state().timers(), [(APPEAL_DECISION, due)]);
    pending.clone().when(mark("2026-04-10T15:59:59Z")).refused(CaseRefusal::NotYetDue { due });
    let overdue = pending
        .when(mark("2026-04-10T16:00:00Z"))
        .then([event(CaseChange::AppealOverdue { appeal_id: appeal(0), due_at: due })]);
    assert_eq!(overdue.state().timers(), []);
    overdue.clone().when(mark("2026-04-11T16:00:00Z")).refused(CaseRefusal::NoSuchAppeal);
    assert_eq!(stage(&overdue), "under appeal");
    assert_eq!(stage(&overdue.after(decide("d", AppealRuling::Rejected))), "decided");
}

/// Decision 14: reckoned without a calendar, the day would be too early. The appeal has none, and nobody is called late.
#[test]
fn an_appeal_without_a_known_day_is_not_called_overdue() {
    let pending = decided(vec![seven_days()]).after(file(FileAppeal { decide_until: None, ..filing(DECIDED) }));
    assert_eq!(pending.state().timers(), []);
    pending
        .when(CaseCommand::MarkAppealsOverdue { now: at("2027-03-20T10:00:00Z") })
        .refused(CaseRefusal::NoSuchAppeal);
}
