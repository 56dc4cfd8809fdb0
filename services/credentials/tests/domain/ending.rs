//! X12, X13, R30, R34: how a verification ends, and what is done with its badge meanwhile.

use casebook_credentials::domain::applicant::{Display, Employment};
use casebook_credentials::domain::credential::{
    ConcludeVerification, Credential, CredentialCommand, CredentialEvent, CredentialRefusal, Verdict,
};
use casebook_kernel::Timestamp;
use casebook_kernel::ids::CredentialId;
use casebook_testkit::Given;
use chrono::TimeDelta;
use uuid::Uuid;

use crate::support::*;

fn remind(now: Timestamp) -> CredentialCommand {
    CredentialCommand::RemindOfExpiry { now }
}

fn expire(now: Timestamp) -> CredentialCommand {
    CredentialCommand::Expire { now }
}

fn revoke() -> CredentialCommand {
    CredentialCommand::Revoke { reasons: "医师执业注册被注销".to_owned(), actor: verifier(), now: now() }
}

fn suspend() -> CredentialCommand {
    CredentialCommand::SuspendBadge { reasons: "进一步核验".to_owned(), until: suspended_until(), now: now() }
}

fn restore() -> CredentialCommand {
    CredentialCommand::RestoreBadge { reasons: "核验无误".to_owned(), now: now() }
}

fn supersede() -> CredentialCommand {
    CredentialCommand::Supersede { successor: CredentialId::from(Uuid::from_u128(9)), now: now() }
}

fn amend(display: Display) -> CredentialCommand {
    CredentialCommand::AmendDisplay { display, now: now() }
}

fn refused() -> Given<Credential> {
    let refusal = ConcludeVerification { verdict: Verdict::Refused, reasons: "材料不实".to_owned(), ..verify() };
    ready().after(conclude(refusal))
}

/// X12: one reminder, not before its time.
#[test]
fn the_reminder_comes_once_and_not_early() {
    let due = year_later() - TimeDelta::days(30);
    verified().when(remind(due - TimeDelta::microseconds(1))).refused(CredentialRefusal::NotDue { due });
    let reminder =
        CredentialEvent::Expiring { credential: credential(), account: applicant().account, until: year_later() };
    verified().when(remind(due)).then([reminder]).when(remind(due)).refused(CredentialRefusal::AlreadyReminded);
    refused().when(remind(due)).refused(CredentialRefusal::NotVerified);
}

/// X13: it ends at its end, however late the timer is.
#[test]
fn a_verification_ends_at_its_end_and_not_early() {
    let end = year_later();
    verified().when(expire(end - TimeDelta::microseconds(1))).refused(CredentialRefusal::NotDue { due: end });
    verified().when(expire(end + TimeDelta::hours(3))).then([CredentialEvent::Expired {
        credential: credential(),
        account: applicant().account,
        at: end,
    }]);
    expired().when(expire(end)).refused(CredentialRefusal::NotVerified);
}

#[test]
fn a_revocation_gives_its_reasons_and_happens_once() {
    verified().when(revoke()).then([CredentialEvent::Revoked {
        credential: credential(),
        account: applicant().account,
        reasons: "医师执业注册被注销".to_owned(),
        by: (&verifier()).into(),
        at: now(),
    }]);
    verified().after(revoke()).when(revoke()).refused(CredentialRefusal::AlreadyRevoked);
    refused().when(revoke()).refused(CredentialRefusal::NotVerified);
    expired().when(revoke()).refused(CredentialRefusal::NotVerified);
}

/// X12: the successor takes the place of what was verified or has expired.
#[test]
fn a_successor_takes_the_place_of_its_predecessor_once() {
    let superseded = CredentialEvent::Superseded {
        credential: credential(),
        account: applicant().account.id,
        successor: CredentialId::from(Uuid::from_u128(9)),
        at: now(),
    };
    expired().when(supersede()).then([superseded.clone()]);
    verified().when(supersede()).then([superseded]).when(supersede()).refused(CredentialRefusal::NotVerified);
    verified().after(revoke()).when(supersede()).refused(CredentialRefusal::AlreadyRevoked);
}

/// R30: measures on the account while something is verified further.
#[test]
fn a_badge_is_suspended_and_restored() {
    let account = applicant().account.id;
    verified()
        .when(suspend())
        .then([CredentialEvent::BadgeSuspended {
            account,
            reasons: "进一步核验".to_owned(),
            until: Some(suspended_until()),
            at: now(),
        }])
        .when(restore())
        .then([CredentialEvent::BadgeRestored { account, reasons: "核验无误".to_owned(), at: now() }]);
    verified().after(suspend()).when(suspend()).refused(CredentialRefusal::BadgeAlreadySuspended);
    verified().when(restore()).refused(CredentialRefusal::BadgeNotSuspended);
    filed().when(suspend()).refused(CredentialRefusal::NotVerified);
    filed().when(restore()).refused(CredentialRefusal::NotVerified);
}

/// S1 §4-5: a suspension ends by itself, never early, and whether or not a report of fraud is still open.
#[test]
fn a_suspension_has_an_end() {
    let end = |now| CredentialCommand::EndSuspension { reasons: "期限届满".to_owned(), now };
    let restored = CredentialEvent::BadgeRestored {
        account: applicant().account.id,
        reasons: "期限届满".to_owned(),
        at: suspended_until(),
    };
    let early = suspended_until() - chrono::TimeDelta::microseconds(1);
    verified().after(suspend()).when(end(early)).refused(CredentialRefusal::SuspensionNotOver);
    verified().after(suspend()).when(end(suspended_until())).then([restored]);
    verified().when(end(suspended_until())).refused(CredentialRefusal::BadgeNotSuspended);
    verified()
        .after(suspend())
        .after(restore())
        .when(end(suspended_until()))
        .refused(CredentialRefusal::BadgeNotSuspended);
}

/// R34, X01: a departure shows.
#[test]
fn what_the_badge_shows_besides_is_amended() {
    let departed = Display { employment: Employment::Departed, ..display() };
    verified().when(amend(departed.clone())).then([CredentialEvent::DisplayAmended { display: departed, at: now() }]);
    verified().when(amend(display())).refused(CredentialRefusal::DisplayUnchanged);
    for given in [refused(), verified().after(revoke()), verified().after(supersede())] {
        given.when(amend(Display::default())).refused(CredentialRefusal::NotDisplayable);
    }
}
