//! The automatic checks: what can be seen from the papers alone (S1 §1, §4; R22-R26).

use casebook_kernel::Timestamp;
use casebook_kernel::calendar::shanghai_date;
use casebook_kernel::certificate::CertificateType;

use super::applicant::Applicant;
use super::certificate::{Certificate, CertificateRules, NumberForm, Requirement};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckKind {
    /// Every certificate that is needed is there.
    CompleteSet,
    /// Every certificate is valid on the day of the check.
    Validity,
    /// Every proof names the department that signed it, and the applicant's.
    SigningDepartment,
    NumberForm,
    /// Every proof of employment is by the institution that the applicant names.
    Employer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckOutcome {
    Passed,
    Failed,
    /// For a person to look at; does not stand in the way.
    Warning,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    pub kind: CheckKind,
    pub outcome: CheckOutcome,
    /// The certificates that it objects to.
    pub certificates: Vec<CertificateType>,
    pub reason: String,
}

/// The results of one run, and what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checks {
    pub results: Vec<CheckResult>,
    pub required: Vec<CertificateType>,
    /// Why these, for an applicant of another field (R25).
    pub required_reason: String,
    pub run_at: Timestamp,
}

impl Checks {
    /// The checks that stand in the way of a verification.
    pub fn failed(&self) -> Vec<CheckKind> {
        self.results.iter().filter(|result| result.outcome == CheckOutcome::Failed).map(|result| result.kind).collect()
    }

    /// Every certificate that some failed check objects to: what a complete supplement must ask for.
    pub fn objected(&self) -> Vec<CertificateType> {
        let mut objected: Vec<_> = self
            .results
            .iter()
            .filter(|result| result.outcome == CheckOutcome::Failed)
            .flat_map(|result| result.certificates.iter().copied())
            .collect();
        objected.sort_unstable();
        objected.dedup();
        objected
    }
}

/// Runs every check on the day of `now`.
pub fn run(
    applicant: &Applicant,
    certificates: &[Certificate],
    required: &[CertificateType],
    rules: &CertificateRules,
    now: Timestamp,
) -> Vec<CheckResult> {
    vec![
        complete_set(certificates, required),
        validity(certificates, rules, now),
        signing_department(applicant, certificates, rules),
        number_form(certificates),
        employer(applicant, certificates),
    ]
}

fn result(kind: CheckKind, objected: Vec<CertificateType>, objection: &str) -> CheckResult {
    let (outcome, reason) = if objected.is_empty() {
        (CheckOutcome::Passed, String::new())
    } else {
        (CheckOutcome::Failed, objection.to_owned())
    };
    CheckResult { kind, outcome, certificates: objected, reason }
}

fn objected(certificates: &[Certificate], objects: impl Fn(&Certificate) -> bool) -> Vec<CertificateType> {
    certificates.iter().filter(|certificate| objects(certificate)).map(|certificate| certificate.kind).collect()
}

fn complete_set(certificates: &[Certificate], required: &[CertificateType]) -> CheckResult {
    let there = |kind: &CertificateType| certificates.iter().any(|certificate| certificate.kind == *kind);
    let missing = required.iter().copied().filter(|kind| !there(kind)).collect();
    result(CheckKind::CompleteSet, missing, "a certificate that this applicant needs is not there")
}

fn validity(certificates: &[Certificate], rules: &CertificateRules, now: Timestamp) -> CheckResult {
    let today = shanghai_date(now);
    let invalid = objected(certificates, |certificate| {
        let over = certificate.last_day(rules.of(certificate.kind)).is_some_and(|last_day| last_day < today);
        certificate.valid_from > today || over
    });
    result(CheckKind::Validity, invalid, "the certificate is not valid on the day of the check")
}

fn signing_department(applicant: &Applicant, certificates: &[Certificate], rules: &CertificateRules) -> CheckResult {
    let lacking = objected(certificates, |certificate| {
        let asked = |rule: fn(&Requirement) -> bool| rules.of(certificate.kind).is_some_and(rule);
        let unsigned = asked(|rule| rule.names_issuing_department) && certificate.issuing_department.trim().is_empty();
        let other_department =
            asked(|rule| rule.names_department) && !same_text(&certificate.holder_department, &applicant.department);
        unsigned || other_department
    });
    result(
        CheckKind::SigningDepartment,
        lacking,
        "the proof does not show which department signed it, or does not name the applicant's department",
    )
}

fn number_form(certificates: &[Certificate]) -> CheckResult {
    let malformed = objected(certificates, |certificate| certificate.number_form == NumberForm::Malformed);
    let doubtful = objected(certificates, |certificate| certificate.number_form == NumberForm::CheckDigitWrong);
    if malformed.is_empty() && !doubtful.is_empty() {
        return CheckResult {
            kind: CheckKind::NumberForm,
            outcome: CheckOutcome::Warning,
            certificates: doubtful,
            reason: "the check digit of the code is wrong; a few real legacy codes are like this".to_owned(),
        };
    }
    result(CheckKind::NumberForm, malformed, "the number does not have the form that numbers of its certificate have")
}

fn employer(applicant: &Applicant, certificates: &[Certificate]) -> CheckResult {
    let other = objected(certificates, |certificate| match certificate.kind {
        CertificateType::EmploymentProof => !same_text(&certificate.issuing_authority, &applicant.institution_name),
        // A college of the school, or a department of the research body, signs with its own name behind the body's.
        CertificateType::SchoolEmploymentProof | CertificateType::DepartmentEmploymentProof => {
            !plain(&certificate.issuing_authority).starts_with(&plain(&applicant.institution_name))
        }
        CertificateType::PhysicianQualification
        | CertificateType::PhysicianPractice
        | CertificateType::NursePractice
        | CertificateType::PharmacyTitle
        | CertificateType::TechnologyTitle
        | CertificateType::OrganisationCode
        | CertificateType::OtherQualification => false,
    });
    result(CheckKind::Employer, other, "the proof of employment is not by the institution that the applicant names")
}

/// Whether two names are the same but for spaces and the width of brackets.
pub fn same_text(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '（' => '(',
            '）' => ')',
            c => c,
        })
        .collect()
}
