//! R22-R26: what can be seen from the papers alone.

use casebook_credentials::domain::certificate::{Certificate, CertificateRules, NumberForm};
use casebook_credentials::domain::checks::{CheckKind, CheckOutcome, CheckResult, Checks};
use casebook_credentials::domain::credential::{
    CaseByCase, CredentialCommand, CredentialEvent, CredentialRefusal, FileCredential,
};
use casebook_kernel::certificate::CertificateType;

use crate::support::*;

/// The results of the checks for a physician with these certificates.
fn results(certificates: Vec<Certificate>) -> Vec<CheckResult> {
    let filed = nothing().after(file(FileCredential { certificates, ..application() }));
    match events(filed, run_checks()).as_slice() {
        [CredentialEvent::ChecksRun(checks)] => checks.results.clone(),
        other => panic!("{other:?}"),
    }
}

/// Replaces one certificate of a physician who has everything.
fn with(kind: CertificateType, change: impl Fn(&mut Certificate)) -> Vec<Certificate> {
    let mut certificates = certificates();
    certificates.iter_mut().filter(|certificate| certificate.kind == kind).for_each(change);
    certificates
}

#[track_caller]
fn only_fails(certificates: Vec<Certificate>, kind: CheckKind, objected: &[CertificateType]) {
    for result in results(certificates) {
        if result.kind == kind {
            assert_eq!((result.outcome, &result.certificates[..]), (CheckOutcome::Failed, objected));
            assert!(!result.reason.is_empty(), "an objection says why");
        } else {
            assert_eq!(result.outcome, CheckOutcome::Passed, "{result:?}");
        }
    }
}

#[test]
fn papers_in_order_pass_every_check() {
    let results = results(certificates());
    assert_eq!(results.len(), 5);
    assert!(results.iter().all(|result| result.outcome == CheckOutcome::Passed), "{results:?}");
}

/// R22: a physician needs the qualification and the licence.
#[test]
fn a_missing_certificate_fails_the_complete_set() {
    let certificates = certificates().into_iter().filter(|certificate| certificate.kind != PhysicianPractice).collect();
    only_fails(certificates, CheckKind::CompleteSet, &[PhysicianPractice]);
}

/// R26: the dates are compared with the Shanghai day of the check, both ends included.
#[test]
fn validity_counts_shanghai_days_with_both_ends() {
    // now() is 10 o'clock on 2026-03-02 in Shanghai.
    let until = |last: &str| with(PhysicianPractice, |certificate| certificate.valid_until = Some(day(last)));
    only_fails(until("2026-03-01"), CheckKind::Validity, &[PhysicianPractice]);
    assert!(results(until("2026-03-02")).iter().all(|result| result.outcome == CheckOutcome::Passed));
    let from = |first: &str| with(PhysicianPractice, |certificate| certificate.valid_from = day(first));
    only_fails(from("2026-03-03"), CheckKind::Validity, &[PhysicianPractice]);
    assert!(results(from("2026-03-02")).iter().all(|result| result.outcome == CheckOutcome::Passed));
}

/// X12: a nurse's registration ends after five years, whatever the copy says.
#[test]
fn the_packs_term_of_validity_holds_beside_the_certificates_own() {
    let nurse = Certificate { valid_from: day("2021-03-01"), ..certificate(NursePractice) };
    assert_eq!(nurse.last_day(Some(&requirement(NursePractice))), Some(day("2026-03-01")));
    let shorter = Certificate { valid_until: Some(day("2025-01-01")), ..nurse };
    assert_eq!(shorter.last_day(Some(&requirement(NursePractice))), Some(day("2025-01-01")));
    assert_eq!(certificate(PhysicianPractice).last_day(Some(&requirement(PhysicianPractice))), None);
}

/// R26: 落款部门.
#[test]
fn a_proof_of_employment_shows_who_signed_it() {
    let unsigned = with(EmploymentProof, |certificate| certificate.issuing_department = " ".to_owned());
    only_fails(unsigned, CheckKind::SigningDepartment, &[EmploymentProof]);
}

/// R23: 具体到科室, and it is the department that the applicant names.
#[test]
fn a_proof_of_employment_names_the_applicants_department() {
    for named in ["", "骨伤科"] {
        let other = with(EmploymentProof, |certificate| certificate.holder_department = named.to_owned());
        only_fails(other, CheckKind::SigningDepartment, &[EmploymentProof]);
    }
}

/// R26: the employer is the institution that the applicant names; spaces and the width of brackets do not matter.
#[test]
fn a_proof_by_another_hospital_fails_the_employer_check() {
    let other = with(EmploymentProof, |certificate| certificate.issuing_authority = "越州市第一医院".to_owned());
    only_fails(other, CheckKind::Employer, &[EmploymentProof]);
    let spaced = with(EmploymentProof, |certificate| certificate.issuing_authority = "越州市 中医院".to_owned());
    assert!(results(spaced).iter().all(|result| result.outcome == CheckOutcome::Passed));
}

#[test]
fn a_number_of_the_wrong_form_fails_and_a_wrong_check_digit_only_warns() {
    let malformed = with(PhysicianPractice, |certificate| certificate.number_form = NumberForm::Malformed);
    only_fails(malformed, CheckKind::NumberForm, &[PhysicianPractice]);
    let doubtful = with(PhysicianPractice, |certificate| certificate.number_form = NumberForm::CheckDigitWrong);
    let number = results(doubtful).into_iter().find(|result| result.kind == CheckKind::NumberForm).expect("checked");
    assert_eq!((number.outcome, number.certificates), (CheckOutcome::Warning, vec![PhysicianPractice]));
}

/// R25: for an applicant of another field the reviewer records what is asked for, and why.
#[test]
fn a_case_by_case_set_is_recorded_by_the_reviewer() {
    let rules = CertificateRules { required: vec![OtherQualification], case_by_case: true, ..rules() };
    let certificates = vec![certificate(OtherQualification)];
    let filed = nothing().after(file(FileCredential { certificates, rules: Some(rules.clone()), ..application() }));
    let run = |case_by_case| CredentialCommand::RunChecks { rules: rules.clone(), case_by_case, now: now() };
    filed.clone().when(run(None)).refused(CredentialRefusal::RequirementNotRecorded);
    let unexplained = CaseByCase { required: vec![PharmacyTitle], reason: " ".to_owned() };
    filed.clone().when(run(Some(unexplained))).refused(CredentialRefusal::RequirementNotRecorded);
    let case = CaseByCase { required: vec![PharmacyTitle], reason: "简介自称执业药师".to_owned() };
    let recorded = events(filed.clone(), run(Some(case)));
    let [CredentialEvent::ChecksRun(checks)] = recorded.as_slice() else { panic!("{recorded:?}") };
    assert_eq!(checks.required, [OtherQualification, PharmacyTitle]);
    assert_eq!(checks.failed(), [CheckKind::CompleteSet]);
    // A later run needs not repeat it.
    let again = events(filed.and(recorded.clone()), run(None));
    assert!(matches!(again.as_slice(), [CredentialEvent::ChecksRun(Checks { required, .. })] if required.len() == 2));
}

#[test]
fn what_a_physician_needs_is_not_for_the_reviewer_to_say() {
    let case = CaseByCase { required: vec![PharmacyTitle], reason: "简介自称执业药师".to_owned() };
    filed()
        .when(CredentialCommand::RunChecks { rules: rules(), case_by_case: Some(case), now: now() })
        .refused(CredentialRefusal::RequirementFixed);
}

#[test]
fn what_is_concluded_is_not_checked_again() {
    verified().when(run_checks()).refused(CredentialRefusal::AlreadyConcluded);
}

/// A researcher's proof of employment may be all that the reviewer wants; that, too, is said and has a reason.
#[test]
fn a_reviewer_may_want_no_more_than_the_pack() {
    let rules = CertificateRules { required: vec![EmploymentProof], case_by_case: true, ..rules() };
    let certificates = vec![certificate(EmploymentProof)];
    let filed = nothing().after(file(FileCredential { certificates, rules: Some(rules.clone()), ..application() }));
    let case = CaseByCase { required: Vec::new(), reason: "简介仅称科研人员".to_owned() };
    let recorded = events(filed, CredentialCommand::RunChecks { rules, case_by_case: Some(case), now: now() });
    let [CredentialEvent::ChecksRun(checks)] = recorded.as_slice() else { panic!("{recorded:?}") };
    assert_eq!((checks.required.as_slice(), checks.failed()), (&[EmploymentProof][..], Vec::new()));
}
