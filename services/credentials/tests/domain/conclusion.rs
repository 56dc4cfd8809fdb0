//! S1 §1, §4: how a verification is concluded.

use casebook_credentials::domain::certificate::Certificate;
use casebook_credentials::domain::checks::CheckKind;
use casebook_credentials::domain::credential::{
    ConcludeVerification, CredentialEvent, CredentialRefusal, FileCredential, Verdict, Verified,
};
use casebook_credentials::domain::registry::LookupOutcome;
use casebook_kernel::Actor;
use casebook_policy::SubCategory;
use chrono::TimeDelta;

use crate::support::*;

fn refuse(reasons: &str) -> ConcludeVerification {
    ConcludeVerification { verdict: Verdict::Refused, reasons: reasons.to_owned(), ..verify() }
}

fn until(last_day: &str) -> ConcludeVerification {
    let verdict = Verdict::Verified { last_day: Some(day(last_day)), mismatch_explanation: String::new() };
    ConcludeVerification { verdict, ..verify() }
}

/// R33, X13: the event says all that others need to judge the account at the time of a publication.
#[test]
fn a_verification_lasts_a_year_and_reminds_thirty_days_before_its_end() {
    ready().when(conclude(verify())).then([CredentialEvent::Verified(Box::new(Verified {
        credential: credential(),
        applicant: (&applicant()).into(),
        from: now(),
        until: year_later(),
        remind_at: year_later() - TimeDelta::days(30),
        professional_scopes: vec!["中医专业".to_owned()],
        concluded_by: (&verifier()).into(),
        reasons: String::new(),
        mismatch_explanation: String::new(),
        predecessor: None,
    }))]);
}

/// X12: a nurse has to ask for renewal thirty days before the end, and hears of it earlier.
#[test]
fn a_nurse_is_reminded_sixty_days_before_the_end() {
    let mut nurse = application();
    nurse.applicant.profession = Some(SubCategory::Nurse);
    let given = nothing().after(file(nurse)).after(run_checks()).after(record(lookup(LookupOutcome::Match)));
    let events = events(given, conclude(verify()));
    let [CredentialEvent::Verified(verified)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(verified.until - verified.remind_at, TimeDelta::days(60));
}

/// A verification ends with the first certificate that it rests on.
#[test]
fn no_verification_outlives_its_certificates() {
    let mut certificates = certificates();
    certificates[1] = Certificate { valid_until: Some(day("2026-06-30")), ..certificates[1].clone() };
    let given = || {
        nothing()
            .after(file(FileCredential { certificates: certificates.clone(), ..application() }))
            .after(run_checks())
            .after(record(lookup(LookupOutcome::Match)))
    };
    let limit = at("2026-06-30T16:00:00Z");
    let events = events(given(), conclude(verify()));
    assert!(matches!(events.as_slice(), [CredentialEvent::Verified(verified)] if verified.until == limit));
    given().when(conclude(until("2026-07-01"))).refused(CredentialRefusal::ValidityTooLong { limit });
}

#[test]
fn an_officer_may_verify_for_less_and_not_for_more() {
    let events = events(ready(), conclude(until("2026-12-31")));
    assert!(
        matches!(events.as_slice(), [CredentialEvent::Verified(verified)] if verified.until == at("2026-12-31T16:00:00Z"))
    );
    ready().when(conclude(until("2027-03-03"))).refused(CredentialRefusal::ValidityTooLong { limit: year_later() });
    ready()
        .when(conclude(until("2026-03-01")))
        .refused(CredentialRefusal::ValidityOver { end: at("2026-03-01T16:00:00Z") });
    ready().when(conclude(until("+262142-12-31"))).refused(CredentialRefusal::BeyondCalendar);
}

/// A certificate that was valid at the checks may be over at the conclusion.
#[test]
fn a_certificate_that_has_run_out_since_the_checks_carries_no_verification() {
    let mut certificates = certificates();
    certificates[0] = Certificate { valid_until: Some(day("2026-03-02")), ..certificates[0].clone() };
    nothing()
        .after(file(FileCredential { certificates, ..application() }))
        .after(run_checks())
        .after(record(lookup(LookupOutcome::Match)))
        .when(conclude(ConcludeVerification { now: now() + TimeDelta::days(1), ..verify() }))
        .refused(CredentialRefusal::ValidityOver { end: at("2026-03-02T16:00:00Z") });
}

/// R26: papers that fail a check verify nobody.
#[test]
fn nobody_is_verified_on_incomplete_evidence() {
    let mut certificates = certificates();
    certificates.pop();
    nothing()
        .after(file(FileCredential { certificates, ..application() }))
        .after(run_checks())
        .when(conclude(verify()))
        .refused(CredentialRefusal::EvidenceIncomplete {
            failed: vec![CheckKind::CompleteSet],
            supplement_awaited: false,
        });
}

#[test]
fn nothing_is_concluded_before_the_checks() {
    filed().when(conclude(verify())).refused(CredentialRefusal::ChecksNotRun);
    filed().when(conclude(refuse("证件不实"))).refused(CredentialRefusal::ChecksNotRun);
}

#[test]
fn a_refusal_gives_its_reasons() {
    ready().when(conclude(refuse("执业地点与申报机构不符"))).then([CredentialEvent::Refused {
        credential: credential(),
        account: applicant().account,
        reasons: "执业地点与申报机构不符".to_owned(),
        by: (&verifier()).into(),
        at: now(),
    }]);
    ready().when(conclude(refuse("  "))).refused(CredentialRefusal::ReasonsMissing);
}

#[test]
fn a_conclusion_is_drawn_once() {
    verified().when(conclude(verify())).refused(CredentialRefusal::AlreadyConcluded);
    let refused = ready().after(conclude(refuse("材料不实")));
    refused.when(conclude(verify())).refused(CredentialRefusal::AlreadyConcluded);
}

/// Whoever filed it, and the institution's own office, does not judge it.
#[test]
fn an_interested_officer_does_not_conclude() {
    let by = |actor: Actor| conclude(ConcludeVerification { actor, ..verify() });
    ready().when(by(officer("douyin", "desk"))).refused(CredentialRefusal::ReviewerConflict);
    let office = officer(&format!("institution-{}", institution()), "office-1");
    ready().when(by(office)).refused(CredentialRefusal::ReviewerConflict);
    // Another officer of the platform that filed it may: S1 has platforms verify.
    assert_eq!(events(ready(), by(officer("douyin", "verification"))).len(), 1);
}

/// What has happened is a fact, but an event that does not fit changes nothing.
#[test]
fn an_event_that_does_not_fit_leaves_the_state_as_it_is() {
    use casebook_kernel::Decider as _;
    let concluding = events(ready(), conclude(verify()));
    let revoke = casebook_credentials::domain::credential::CredentialCommand::Revoke {
        reasons: "注销".to_owned(),
        actor: verifier(),
        now: now(),
    };
    let revoked = verified().after(revoke).state();
    let after = concluding.iter().fold(revoked.clone(), casebook_credentials::domain::credential::Credential::evolve);
    assert_eq!(after, revoked);
}
