//! S1 §5, R31-R33: 对未认证的账号通知其2个月内完成资质认证.

use casebook_credentials::domain::applicant::Account;
use casebook_credentials::domain::due::Due;
use casebook_credentials::domain::recertification::{
    Certified, Notice, Recertification, RecertificationCommand, RecertificationEvent, RecertificationRefusal,
    SERVED_AGO_MAX,
};
use casebook_kernel::Timestamp;
use casebook_kernel::calendar::{Reckoned, Term, deadline, reckon};
use casebook_testkit::{Given, given};
use chrono::TimeDelta;

use crate::support::{at, credential};

fn served() -> Timestamp {
    at("2025-12-31T04:00:00Z")
}

/// Two months from 2025-12-31: 2026-02-28, a make-up working day, so the end stays there.
fn due() -> Due {
    Due { at: at("2026-02-28T16:00:00Z"), provisional: false }
}

fn notice() -> Notice {
    Notice { account: Account::of("weibo", "uid-7"), served_at: served(), service_proof_sha256: "b".repeat(64) }
}

fn issue(due: Due, certified: bool) -> RecertificationCommand {
    RecertificationCommand::Issue { notice: notice(), due, certified, now: served() }
}

fn lapse(due: Due, now: Timestamp) -> RecertificationCommand {
    RecertificationCommand::Lapse { due, certified: None, now }
}

fn fulfil(now: Timestamp) -> RecertificationCommand {
    RecertificationCommand::Fulfil { credential: credential(), now }
}

fn running() -> Given<Recertification> {
    given([]).after(issue(due(), false))
}

fn lapsed() -> Given<Recertification> {
    running().after(lapse(due(), due().at))
}

fn fulfilled(late: bool, at: Timestamp) -> RecertificationEvent {
    RecertificationEvent::Fulfilled { account: notice().account, credential: credential(), at, late }
}

/// R32: the months begin when the notice is served, and it is written down within a day: nobody makes them begin in the past.
#[test]
fn a_notice_is_not_backdated() {
    let issue_at =
        |now: Timestamp| RecertificationCommand::Issue { notice: notice(), due: due(), certified: false, now };
    given::<Recertification>([]).after(issue_at(served() + SERVED_AGO_MAX));
    let late = served() + SERVED_AGO_MAX + TimeDelta::seconds(1);
    let refusal = RecertificationRefusal::ServedTooLongAgo { earliest: served() + TimeDelta::seconds(1) };
    given::<Recertification>([]).when(issue_at(late)).refused(refusal);
}

/// R32: the months are the law's months, counted by the calendar that the deadline rests on.
#[test]
fn two_months_end_as_the_calendar_says() {
    let calendar = casebook_policy::shipped().expect("the shipped packs are whole").calendar;
    let two_months = deadline(served(), Term::Months(2), &calendar).expect("2026 is published");
    assert_eq!(Due::from(Reckoned::Final(two_months)), due());
    // No calendar of 2027 is published: the end is provisional, and says so.
    let next_year = reckon(at("2026-11-22T00:00:00Z"), Term::Months(2), &calendar).expect("reckoned");
    assert!(Due::from(next_year).provisional);
}

#[test]
fn a_notice_starts_the_two_months_and_a_reminder() {
    given::<Recertification>([]).when(issue(due(), false)).then([RecertificationEvent::NoticeIssued {
        notice: notice(),
        due: due(),
        remind_at: due().at - TimeDelta::days(14),
        at: served(),
    }]);
}

#[test]
fn one_notice_runs_at_a_time() {
    running().when(issue(due(), false)).refused(RecertificationRefusal::NoticeAlreadyRunning { due_at: due().at });
}

#[test]
fn a_verified_account_is_not_notified() {
    given::<Recertification>([]).when(issue(due(), true)).refused(RecertificationRefusal::AlreadyCertified);
}

#[test]
fn the_reminder_comes_once_and_not_early() {
    let moment = due().at - TimeDelta::days(14);
    let remind = |now| RecertificationCommand::Remind { now };
    running().when(remind(moment - TimeDelta::microseconds(1))).refused(RecertificationRefusal::NotDue { due: moment });
    let reminded = RecertificationEvent::Reminded { account: notice().account, due_at: due().at, at: moment };
    running()
        .when(remind(moment))
        .then([reminded])
        .when(remind(moment))
        .refused(RecertificationRefusal::AlreadyReminded);
    lapsed().when(remind(moment)).refused(RecertificationRefusal::NoticeNotRunning);
}

/// R32: expiry leads to a restriction; the accounts service hears it from this event.
#[test]
fn two_months_without_a_verification_lapse_and_not_early() {
    running().when(lapse(due(), due().at)).then([RecertificationEvent::Lapsed {
        account: notice().account,
        due_at: due().at,
        at: due().at,
    }]);
    let early = due().at - TimeDelta::microseconds(1);
    running().when(lapse(due(), early)).refused(RecertificationRefusal::NotDue { due: due().at });
    given::<Recertification>([]).when(lapse(due(), due().at)).refused(RecertificationRefusal::NoticeNotRunning);
}

/// A verification that was concluded while the notice was on its way is found when the two months end.
#[test]
fn who_is_verified_when_the_two_months_end_has_not_missed_them() {
    let certified = |since| Some(Certified { credential: credential(), since });
    let lapse = |since| RecertificationCommand::Lapse { due: due(), certified: certified(since), now: due().at };
    running().when(lapse(served())).then([fulfilled(false, due().at)]);
    running().when(lapse(due().at)).then([fulfilled(true, due().at)]);
}

/// The calendar was published, or still is not: the end moves, and nobody lapses on a guess.
#[test]
fn an_end_that_nobody_can_know_yet_moves() {
    let provisional = Due { provisional: true, ..due() };
    let guessed = given::<Recertification>([]).after(issue(provisional, false));
    let known = Due { at: due().at + TimeDelta::days(3), provisional: false };
    let moved = |due| RecertificationEvent::DueMoved { account: notice().account, due, at: provisional.at };
    guessed.clone().when(lapse(known, provisional.at)).then([moved(known)]);
    let tomorrow = Due { at: provisional.at + TimeDelta::days(1), provisional: true };
    guessed.when(lapse(provisional, provisional.at)).then([moved(tomorrow)]);
}

#[test]
fn a_verification_fulfils_the_notice_in_time_or_late() {
    let early = served() + TimeDelta::days(20);
    running().when(fulfil(early)).then([fulfilled(false, early)]);
    running().when(fulfil(due().at)).then([fulfilled(true, due().at)]);
    lapsed()
        .when(fulfil(due().at))
        .then([fulfilled(true, due().at)])
        .when(fulfil(due().at))
        .refused(RecertificationRefusal::NoticeNotRunning);
    given::<Recertification>([]).when(fulfil(early)).refused(RecertificationRefusal::NoticeNotRunning);
}

/// R32: a verification that ended, or was revoked, is no answer to the notice that came after it.
#[test]
fn an_earlier_verification_does_not_fulfil_a_later_notice() {
    let before = served() - TimeDelta::microseconds(1);
    let refusal = RecertificationRefusal::VerifiedBefore { served_at: served() };
    running().when(fulfil(before)).refused(refusal.clone());
    lapsed().when(fulfil(before)).refused(refusal);
    running().when(fulfil(served())).then([fulfilled(false, served())]);
}

/// R31: a verification ends, and the account is notified again.
#[test]
fn a_later_notice_follows_an_earlier_one() {
    let again = running().after(fulfil(served())).after(issue(due(), false));
    again.when(issue(due(), false)).refused(RecertificationRefusal::NoticeAlreadyRunning { due_at: due().at });
    let after_lapse = lapsed().after(issue(due(), false));
    after_lapse.when(lapse(due(), due().at)).then([RecertificationEvent::Lapsed {
        account: notice().account,
        due_at: due().at,
        at: due().at,
    }]);
}
