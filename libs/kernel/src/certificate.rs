//! Certificates, and the form their numbers have.
//!
//! Only length and digits are checked: the published structures of these numbers contradict each other, so
//! anything finer would refuse real certificates. A number is personal: it is checked and not kept here.

use std::fmt;
use std::str::FromStr;

/// The proofs that a verification may ask for (R22-R25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CertificateType {
    /// 医师资格证书.
    PhysicianQualification,
    /// 医师执业证书.
    PhysicianPractice,
    /// 护士执业证书.
    NursePractice,
    /// 卫生专业技术资格证书（药学）.
    PharmacyTitle,
    /// 卫生专业技术资格证书（医技）.
    TechnologyTitle,
    /// 医疗机构出具的在职证明, which names the department (R23).
    EmploymentProof,
    /// 学校学院出具的在职证明 (R24).
    SchoolEmploymentProof,
    /// 机构部门出具的在职证明 of a research and development body (R24).
    DepartmentEmploymentProof,
    /// 组织机构代码证, today the unified social credit code (R24).
    OrganisationCode,
    /// Whatever else the reviewer asks for, case by case (R25).
    OtherQualification,
}

/// Why a number cannot be the number of such a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateNumberError {
    #[error("the number of a {certificate} has {expected} digits, not {got} characters")]
    Length { certificate: CertificateType, expected: &'static str, got: usize },
    #[error("the number of a {certificate} has digits only")]
    NotDigits { certificate: CertificateType },
    #[error("the code is not a unified social credit code: {0}")]
    Uscc(#[from] crate::uscc::UsccError),
    #[error("the number of a {certificate} has at most {NUMBER_CHARS_MAX} characters")]
    TooLong { certificate: CertificateType },
}

/// The most characters any certificate's number may have.
pub const NUMBER_CHARS_MAX: usize = 64;

impl CertificateType {
    pub const ALL: [Self; 10] = [
        Self::PhysicianQualification,
        Self::PhysicianPractice,
        Self::NursePractice,
        Self::PharmacyTitle,
        Self::TechnologyTitle,
        Self::EmploymentProof,
        Self::SchoolEmploymentProof,
        Self::DepartmentEmploymentProof,
        Self::OrganisationCode,
        Self::OtherQualification,
    ];

    /// The word that policy packs and rows use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PhysicianQualification => "physician_qualification",
            Self::PhysicianPractice => "physician_practice",
            Self::NursePractice => "nurse_practice",
            Self::PharmacyTitle => "pharmacy_title",
            Self::TechnologyTitle => "technology_title",
            Self::EmploymentProof => "employment_proof",
            Self::SchoolEmploymentProof => "school_employment_proof",
            Self::DepartmentEmploymentProof => "department_employment_proof",
            Self::OrganisationCode => "organisation_code",
            Self::OtherQualification => "other_qualification",
        }
    }

    /// Checks the form of a certificate's number. Proofs of employment and titles have no common form.
    pub fn check_number(self, number: &str) -> Result<(), CertificateNumberError> {
        let chars = number.chars().count();
        let digits = |lengths: &[usize], expected: &'static str| {
            if !lengths.contains(&chars) {
                Err(CertificateNumberError::Length { certificate: self, expected, got: chars })
            } else if !number.bytes().all(|byte| byte.is_ascii_digit()) {
                Err(CertificateNumberError::NotDigits { certificate: self })
            } else {
                Ok(())
            }
        };
        match self {
            Self::PhysicianPractice => digits(&[15], "15"),
            Self::PhysicianQualification => digits(&[24, 27], "24 or 27"),
            Self::NursePractice => digits(&[12, 13, 14, 15, 16], "12 to 16"),
            Self::OrganisationCode => crate::uscc::check(number).map(|_| ()).map_err(Into::into),
            Self::PharmacyTitle
            | Self::TechnologyTitle
            | Self::EmploymentProof
            | Self::SchoolEmploymentProof
            | Self::DepartmentEmploymentProof
            | Self::OtherQualification => {
                if chars > NUMBER_CHARS_MAX {
                    Err(CertificateNumberError::TooLong { certificate: self })
                } else {
                    Ok(())
                }
            }
        }
    }
}

impl fmt::Display for CertificateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CertificateType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|certificate| certificate.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a type of certificate"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_one_word() {
        for certificate in CertificateType::ALL {
            assert_eq!(certificate.as_str().parse(), Ok(certificate));
        }
        assert!("diploma".parse::<CertificateType>().is_err());
    }

    /// R22, R26: what cannot be a certificate's number is refused before anybody looks it up.
    #[test]
    fn numbers_have_the_length_and_the_digits_of_their_certificate() {
        let of = |length: usize| "1".repeat(length);
        for (certificate, right, wrong) in [
            (CertificateType::PhysicianPractice, vec![15], vec![0, 14, 16]),
            (CertificateType::PhysicianQualification, vec![24, 27], vec![23, 25, 26, 28]),
            (CertificateType::NursePractice, vec![12, 13, 14, 15, 16], vec![11, 17]),
        ] {
            for length in right {
                assert_eq!(certificate.check_number(&of(length)), Ok(()), "{certificate} {length}");
                let letter = format!("{}X", of(length - 1));
                assert_eq!(certificate.check_number(&letter), Err(CertificateNumberError::NotDigits { certificate }));
            }
            for length in wrong {
                let refused = certificate.check_number(&of(length));
                assert!(matches!(refused, Err(CertificateNumberError::Length { got, .. }) if got == length));
            }
        }
    }

    #[test]
    fn full_width_digits_are_no_digits() {
        let number = "１".repeat(15);
        assert!(CertificateType::PhysicianPractice.check_number(&number).is_err());
    }

    #[test]
    fn a_proof_of_employment_may_have_any_number_or_none() {
        for number in ["", "沪医人〔2026〕12号"] {
            assert_eq!(CertificateType::EmploymentProof.check_number(number), Ok(()));
        }
        assert!(CertificateType::EmploymentProof.check_number(&"证".repeat(NUMBER_CHARS_MAX + 1)).is_err());
    }

    #[test]
    fn an_organisation_is_named_by_its_credit_code() {
        assert_eq!(CertificateType::OrganisationCode.check_number("91350100M000100Y43"), Ok(()));
        assert!(CertificateType::OrganisationCode.check_number("12345").is_err());
    }
}
