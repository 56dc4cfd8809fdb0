//! R28, R30: certificates that seem forged or not the holder's.

use casebook_credentials::domain::credential::{
    ConcludeFraud, Credential, CredentialCommand, CredentialEvent, CredentialRefusal, FraudConcluded, FraudOutcome,
    FraudReported, ReportFraud,
};
use casebook_kernel::Actor;
use casebook_kernel::certificate::CertificateType;
use casebook_testkit::Given;

use crate::support::*;

fn report(certificates: &[CertificateType], suspend_badge: bool) -> CredentialCommand {
    CredentialCommand::ReportFraud(Box::new(ReportFraud {
        certificates: certificates.to_vec(),
        reasons: "印章与发证机关存样不符".to_owned(),
        evidence_sha256: vec!["a".repeat(64)],
        suspend_until: suspend_badge.then(suspended_until),
        actor: verifier(),
        now: now(),
    }))
}

fn settle(outcome: FraudOutcome, actor: Actor) -> CredentialCommand {
    let reasons = "经发证机关函复".to_owned();
    CredentialCommand::ConcludeFraud(Box::new(ConcludeFraud { outcome, reasons, actor, now: now() }))
}

fn reported_event() -> CredentialEvent {
    CredentialEvent::FraudReported(FraudReported {
        credential: credential(),
        account: applicant().account.id,
        certificates: vec![PhysicianPractice],
        reasons: "印章与发证机关存样不符".to_owned(),
        evidence_sha256: vec!["a".repeat(64)],
        by: (&verifier()).into(),
        at: now(),
    })
}

fn concluded_event(outcome: FraudOutcome) -> CredentialEvent {
    CredentialEvent::FraudConcluded(Box::new(FraudConcluded {
        credential: credential(),
        account: applicant().account,
        institution: institution(),
        region: applicant().region,
        outcome,
        reasons: "经发证机关函复".to_owned(),
        certificates: vec![PhysicianPractice],
        evidence_sha256: vec!["a".repeat(64)],
        reported_by: (&verifier()).into(),
        concluded_by: (&second()).into(),
        at: now(),
    }))
}

fn reported(given: Given<Credential>) -> Given<Credential> {
    given.after(report(&[PhysicianPractice], false))
}

/// R30: the badge is taken from view with the report, where the reporting officer wants it.
#[test]
fn a_report_may_suspend_the_badge_until_it_is_concluded() {
    let suspended = CredentialEvent::BadgeSuspended {
        account: applicant().account.id,
        reasons: "印章与发证机关存样不符".to_owned(),
        until: Some(suspended_until()),
        at: now(),
    };
    verified().when(report(&[PhysicianPractice], true)).then([reported_event(), suspended]);
    verified().when(report(&[PhysicianPractice], false)).then([reported_event()]);
    // A report that nobody concludes suspends for so long and no longer.
    let end = CredentialCommand::EndSuspension { reasons: String::new(), now: suspended_until() };
    verified().after(report(&[PhysicianPractice], true)).after(end);
    // Where no badge is shown there is none to suspend.
    filed().when(report(&[PhysicianPractice], true)).then([reported_event()]);
}

/// "Verified, later found forged": the second officer's conclusion revokes in the same step.
#[test]
fn confirmed_fraud_revokes_what_was_verified_and_refuses_what_was_not() {
    let revoked = CredentialEvent::Revoked {
        credential: credential(),
        account: applicant().account,
        reasons: "经发证机关函复".to_owned(),
        by: (&second()).into(),
        at: now(),
    };
    let refused = CredentialEvent::Refused {
        credential: credential(),
        account: applicant().account,
        reasons: "经发证机关函复".to_owned(),
        by: (&second()).into(),
        at: now(),
    };
    let confirm = || settle(FraudOutcome::Confirmed, second());
    let confirmed = || concluded_event(FraudOutcome::Confirmed);
    reported(verified()).when(confirm()).then([confirmed(), revoked.clone()]);
    reported(expired()).when(confirm()).then([confirmed(), revoked]);
    reported(filed()).when(confirm()).then([confirmed(), refused]);
}

#[test]
fn an_unfounded_report_changes_nothing_and_the_badge_can_be_restored() {
    let restore = || CredentialCommand::RestoreBadge { reasons: "查无实据".to_owned(), now: now() };
    let suspended = verified().after(report(&[PhysicianPractice], true));
    suspended.clone().when(restore()).refused(CredentialRefusal::FraudOutstanding);
    let unfounded =
        suspended.when(settle(FraudOutcome::Unfounded, second())).then([concluded_event(FraudOutcome::Unfounded)]);
    assert_eq!(events(unfounded, restore()).len(), 1);
}

/// Four eyes: one person cannot be both.
#[test]
fn the_officer_who_reported_does_not_conclude() {
    reported(verified()).when(settle(FraudOutcome::Confirmed, verifier())).refused(CredentialRefusal::SameOfficer);
    let filer = officer("douyin", "desk");
    reported(verified()).when(settle(FraudOutcome::Unfounded, filer)).refused(CredentialRefusal::ReviewerConflict);
}

#[test]
fn while_a_report_waits_nothing_else_is_concluded() {
    reported(ready()).when(conclude(verify())).refused(CredentialRefusal::FraudOutstanding);
    let revoke = CredentialCommand::Revoke { reasons: "证件不实".to_owned(), actor: verifier(), now: now() };
    reported(verified()).when(revoke).refused(CredentialRefusal::FraudOutstanding);
    reported(verified()).when(report(&[PhysicianPractice], false)).refused(CredentialRefusal::FraudOutstanding);
}

#[test]
fn only_what_is_reported_is_concluded_and_only_what_is_there_is_reported() {
    verified().when(settle(FraudOutcome::Confirmed, second())).refused(CredentialRefusal::FraudNotReported);
    verified()
        .when(report(&[NursePractice], false))
        .refused(CredentialRefusal::CertificateAbsent { certificate: NursePractice });
    reported(verified())
        .after(settle(FraudOutcome::Confirmed, second()))
        .when(report(&[PhysicianPractice], false))
        .refused(CredentialRefusal::FraudAlreadyConfirmed);
}
