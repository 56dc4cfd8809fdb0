//! Certificates as they are kept: without their numbers.

use casebook_kernel::Timestamp;
use casebook_kernel::calendar::{CalendarError, end_of_day};
use casebook_kernel::certificate::{CertificateNumberError, CertificateType};
use casebook_kernel::uscc::UsccCheck;
use casebook_policy::CertificateRequirement;
use chrono::{Months, NaiveDate};

/// A number with fewer characters is not shown in part: its last four would be most of it.
const SHOWN_NUMBER_CHARS_MIN: usize = 8;
const SHOWN_CHARS: usize = 4;

/// Whether a number has the form of its certificate; judged while the number was at hand (R22, R26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberForm {
    WellFormed,
    Malformed,
    /// Well formed but for the check digit, which a few real legacy codes fail: a warning.
    CheckDigitWrong,
}

impl NumberForm {
    pub fn of(certificate: CertificateType, number: &str) -> Self {
        match certificate.check_number(number) {
            Err(CertificateNumberError::Length { .. })
            | Err(CertificateNumberError::NotDigits { .. })
            | Err(CertificateNumberError::Uscc(_))
            | Err(CertificateNumberError::TooLong { .. }) => Self::Malformed,
            Ok(()) if certificate == CertificateType::OrganisationCode => match casebook_kernel::uscc::check(number) {
                Ok(UsccCheck::WrongCheckCharacter { .. }) => Self::CheckDigitWrong,
                Ok(UsccCheck::Valid) | Err(_) => Self::WellFormed,
            },
            Ok(()) => Self::WellFormed,
        }
    }
}

/// A certificate, with what identifies its number and not the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub kind: CertificateType,
    /// Keyed hash in hexadecimal; empty if the certificate has no number.
    pub number_hmac: String,
    /// Empty if there is no number, or a short one.
    pub number_last_four: String,
    pub number_form: NumberForm,
    pub issuing_authority: String,
    /// 落款部门 (R26).
    pub issuing_department: String,
    /// The holder's department as the proof names it (具体到科室, R23).
    pub holder_department: String,
    pub valid_from: NaiveDate,
    /// The last day; none: without end.
    pub valid_until: Option<NaiveDate>,
    /// In lower-case hexadecimal.
    pub document_sha256: String,
    pub professional_scope: String,
}

/// The last characters of a number, for people who hold the paper in hand.
pub fn last_four(number: &str) -> String {
    let chars = number.chars().count();
    if chars < SHOWN_NUMBER_CHARS_MIN { String::new() } else { number.chars().skip(chars - SHOWN_CHARS).collect() }
}

/// Whether a certificate of this type belongs to one person: its number may then be claimed by one holder only.
/// Everybody in a department has the same organisation code, and proofs of employment are numbered as each
/// office likes.
pub fn is_personal(kind: CertificateType) -> bool {
    match kind {
        CertificateType::PhysicianQualification
        | CertificateType::PhysicianPractice
        | CertificateType::NursePractice
        | CertificateType::PharmacyTitle
        | CertificateType::TechnologyTitle => true,
        CertificateType::EmploymentProof
        | CertificateType::SchoolEmploymentProof
        | CertificateType::DepartmentEmploymentProof
        | CertificateType::OrganisationCode
        | CertificateType::OtherQualification => false,
    }
}

/// What the policy pack says of one type of certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    pub kind: CertificateType,
    pub names_department: bool,
    pub names_issuing_department: bool,
    /// A verification needs a registry's word on it (R27).
    pub in_registry: bool,
    /// For how many months it is valid, whatever it says itself (X12).
    pub validity_months: Option<u32>,
}

impl From<&CertificateRequirement> for Requirement {
    fn from(requirement: &CertificateRequirement) -> Self {
        Self {
            kind: requirement.id,
            names_department: requirement.names_department,
            names_issuing_department: requirement.names_issuing_department,
            in_registry: requirement.in_registry,
            validity_months: requirement.validity_months,
        }
    }
}

/// What one kind of applicant needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRules {
    pub required: Vec<CertificateType>,
    /// The reviewer says and records what is needed beyond `required` (R25).
    pub case_by_case: bool,
    /// What holds of each type of certificate.
    pub catalogue: Vec<Requirement>,
}

impl CertificateRules {
    pub fn of(&self, kind: CertificateType) -> Option<&Requirement> {
        self.catalogue.iter().find(|requirement| requirement.kind == kind)
    }

    /// Only what is needed may be collected (个人信息保护法 art. 6, 19; X11).
    pub fn admits(&self, kind: CertificateType) -> bool {
        self.case_by_case || self.required.contains(&kind)
    }
}

impl Certificate {
    /// The last day on which it is valid: its own, or the one that the policy pack allows; none: without end.
    pub fn last_day(&self, requirement: Option<&Requirement>) -> Option<NaiveDate> {
        let by_pack = requirement
            .and_then(|requirement| requirement.validity_months)
            .and_then(|months| self.valid_from.checked_add_months(Months::new(months)));
        match (self.valid_until, by_pack) {
            (Some(own), Some(pack)) => Some(own.min(pack)),
            (own, pack) => own.or(pack),
        }
    }

    /// When it ends, exclusive.
    pub fn end(&self, requirement: Option<&Requirement>) -> Result<Option<Timestamp>, CalendarError> {
        self.last_day(requirement).map(end_of_day).transpose()
    }
}

/// Replaces or adds: a certificate of a type takes the place of the one there is.
pub fn merge(present: &[Certificate], supplement: &[Certificate]) -> Vec<Certificate> {
    let kept = present.iter().filter(|old| supplement.iter().all(|new| new.kind != old.kind));
    kept.chain(supplement).cloned().collect()
}

/// The first type of which there are two.
pub fn repeated(certificates: &[Certificate]) -> Option<CertificateType> {
    certificates
        .iter()
        .enumerate()
        .find(|(index, certificate)| certificates[..*index].iter().any(|earlier| earlier.kind == certificate.kind))
        .map(|(_, certificate)| certificate.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R35: of a number nothing is shown that would give it away.
    #[test]
    fn only_long_numbers_show_their_last_four_characters() {
        assert_eq!(last_four("110110000012345"), "2345");
        assert_eq!(last_four("1234567"), "");
        assert_eq!(last_four(""), "");
        assert_eq!(last_four("沪医人字二〇二六第十二号"), "第十二号");
    }

    #[test]
    fn a_wrong_check_digit_is_a_warning_and_a_wrong_length_is_not() {
        use CertificateType::{OrganisationCode, PhysicianPractice};
        assert_eq!(NumberForm::of(OrganisationCode, "91350100M000100Y43"), NumberForm::WellFormed);
        assert_eq!(NumberForm::of(OrganisationCode, "91350100M000100Y44"), NumberForm::CheckDigitWrong);
        assert_eq!(NumberForm::of(OrganisationCode, "91350100"), NumberForm::Malformed);
        assert_eq!(NumberForm::of(PhysicianPractice, "12345"), NumberForm::Malformed);
    }
}
