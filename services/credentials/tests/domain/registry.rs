//! R27: comparison with an official registry.

use casebook_credentials::domain::credential::{ConcludeVerification, CredentialEvent, CredentialRefusal, Verdict};
use casebook_credentials::domain::registry::{
    Lookup, LookupOutcome, RecordStatus, RegistryField, RegistryRecord, compare,
};
use chrono::TimeDelta;

use crate::support::*;

fn checked() -> casebook_testkit::Given<casebook_credentials::domain::credential::Credential> {
    filed().after(run_checks())
}

fn explained(explanation: &str) -> ConcludeVerification {
    let verdict = Verdict::Verified { last_day: None, mismatch_explanation: explanation.to_owned() };
    ConcludeVerification { verdict, ..verify() }
}

#[test]
fn a_result_is_recorded_with_its_time_and_its_differing_fields() {
    let mismatch = lookup(LookupOutcome::Mismatch(vec![RegistryField::Institution]));
    checked().when(record(mismatch.clone())).then([CredentialEvent::RegistryLookedUp(mismatch)]);
}

#[test]
fn only_a_certificate_that_is_there_is_looked_up() {
    checked()
        .when(record(Lookup { certificate: NursePractice, ..lookup(LookupOutcome::Match) }))
        .refused(CredentialRefusal::CertificateAbsent { certificate: NursePractice });
}

#[test]
fn after_the_conclusion_nothing_is_looked_up() {
    verified().when(record(lookup(LookupOutcome::Match))).refused(CredentialRefusal::AlreadyConcluded);
}

/// Too old, older than what is known of the same registry, or from the future.
#[test]
fn a_stale_result_is_refused() {
    let stale = CredentialRefusal::StaleResult { certificate: PhysicianPractice };
    let at = |moment| record(Lookup { looked_up_at: moment, ..lookup(LookupOutcome::Match) });
    checked().when(at(now() - TimeDelta::days(31))).refused(stale.clone());
    checked().when(at(now() + TimeDelta::minutes(6))).refused(stale.clone());
    checked().after(record(lookup(LookupOutcome::NotFound))).when(at(now() - TimeDelta::days(1))).refused(stale);
}

#[test]
fn a_physician_is_not_verified_without_a_registrys_word() {
    checked().when(conclude(verify())).refused(CredentialRefusal::LookupMissing { missing: vec![PhysicianPractice] });
}

/// A registry that is down is not a certificate that is not found: it proves nothing, either way.
#[test]
fn a_registry_that_is_down_says_nothing() {
    let down = lookup(LookupOutcome::Unavailable);
    checked()
        .after(record(down.clone()))
        .when(conclude(verify()))
        .refused(CredentialRefusal::LookupMissing { missing: vec![PhysicianPractice] });
    // And it does not unsay what it said before.
    let later = Lookup { looked_up_at: now() + TimeDelta::seconds(1), ..down };
    assert_eq!(events(ready().after(record(later)), conclude(verify())).len(), 1);
}

#[test]
fn a_word_of_more_than_thirty_days_ago_is_stale_at_the_conclusion() {
    let late = ConcludeVerification { now: now() + TimeDelta::days(31), ..verify() };
    ready().when(conclude(late)).refused(CredentialRefusal::StaleResult { certificate: PhysicianPractice });
}

#[test]
fn what_no_registry_lists_is_not_verified_whatever_is_said_for_it() {
    let refused = CredentialRefusal::NotInRegistry { certificate: PhysicianPractice };
    checked().after(record(lookup(LookupOutcome::NotFound))).when(conclude(explained("漏录"))).refused(refused.clone());
    // Listed as cancelled is not listed as being in force.
    let cancelled = lookup(LookupOutcome::Mismatch(vec![RegistryField::Status]));
    checked().after(record(cancelled)).when(conclude(explained("漏录"))).refused(refused);
}

/// A legal change of name: the reviewer says why it does not matter, and that stands in the event.
#[test]
fn a_mismatch_is_explained_or_stands_in_the_way() {
    let given = checked().after(record(lookup(LookupOutcome::Mismatch(vec![RegistryField::Holder]))));
    given
        .clone()
        .when(conclude(verify()))
        .refused(CredentialRefusal::MismatchUnexplained { certificate: PhysicianPractice });
    let events = events(given, conclude(explained("依法更名，已核验户籍证明")));
    assert!(
        matches!(events.as_slice(), [CredentialEvent::Verified(verified)] if !verified.mismatch_explanation.is_empty())
    );
}

#[test]
fn registries_that_disagree_are_a_mismatch() {
    let other = Lookup { source: "province".to_owned(), ..lookup(LookupOutcome::NotFound) };
    ready()
        .after(record(other))
        .when(conclude(verify()))
        .refused(CredentialRefusal::MismatchUnexplained { certificate: PhysicianPractice });
}

/// R27: every field is compared that the registry lists, and none that it does not.
#[test]
fn the_comparison_names_every_field_that_differs() {
    let claimed = certificate(PhysicianPractice);
    assert_eq!(compare(&applicant(), &claimed, &RegistryRecord::default()), LookupOutcome::Match);
    let same = RegistryRecord {
        holder: Some("holder-1".to_owned()),
        institution_name: Some("越州市中医院".to_owned()),
        issuing_authority: Some("越州市卫生健康委员会".to_owned()),
        professional_scope: Some("中医专业".to_owned()),
        valid_from: Some(day("2024-01-01")),
        valid_until: None,
        status: RecordStatus::InForce,
    };
    assert_eq!(compare(&applicant(), &claimed, &same), LookupOutcome::Match);
    let other = RegistryRecord {
        holder: Some("holder-2".to_owned()),
        institution_name: Some("越州市第一医院".to_owned()),
        issuing_authority: Some("另一机关".to_owned()),
        professional_scope: Some("口腔专业".to_owned()),
        valid_from: Some(day("2023-01-01")),
        valid_until: Some(day("2025-01-01")),
        status: RecordStatus::Cancelled,
    };
    let all = vec![
        RegistryField::Holder,
        RegistryField::Institution,
        RegistryField::IssuingAuthority,
        RegistryField::Scope,
        RegistryField::ValidFrom,
        RegistryField::ValidUntil,
        RegistryField::Status,
    ];
    assert_eq!(compare(&applicant(), &claimed, &other), LookupOutcome::Mismatch(all));
}
