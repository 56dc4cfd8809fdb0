//! Which proofs an applicant needs (R20-R25), and for how long they are good.

use casebook_kernel::certificate::CertificateType;
use serde::Deserialize;

use crate::ids::LegalBasisId;
use crate::text::Text;

macro_rules! words {
    ($($(#[$doc:meta])* $enum:ident { $($(#[$vdoc:meta])* $name:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $enum {
            $($(#[$vdoc])* $name,)*
        }

        impl $enum {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word that packs, messages and rows use.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }

        impl std::str::FromStr for $enum {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|word| word.as_str() == text)
                    .ok_or_else(|| format!("`{text}` is none of {:?}", Self::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()))
            }
        }
    )*};
}

words! {
    /// The field an applicant works in (R20).
    ApplicantCategory {
        /// 医疗机构从业人员.
        MedicalInstitution = "medical_institution",
        /// 医学院校人员.
        MedicalSchool = "medical_school",
        /// 医药研发机构人员.
        ResearchBody = "research_body",
        /// 其他医疗领域从业人员.
        Other = "other",
    }
    /// What staff of a medical institution do (R21). Staff of schools and research bodies, and others, have none.
    SubCategory {
        /// 医师（西医）.
        PhysicianWestern = "physician_western",
        /// 医师（中医）.
        PhysicianTcm = "physician_tcm",
        /// 护士.
        Nurse = "nurse",
        /// 药学技术人员.
        Pharmacist = "pharmacist",
        /// 医技人员.
        MedicalTechnician = "medical_technician",
        /// 科研人员.
        Researcher = "researcher",
    }
    /// Who issues a proof.
    Issuer {
        /// 卫生健康部门.
        HealthAuthority = "health_authority",
        /// 用人的医疗机构.
        MedicalInstitution = "medical_institution",
        /// 学校学院.
        School = "school",
        /// 研发机构的部门.
        ResearchDepartment = "research_department",
        /// 登记管理机关.
        RegistrationAuthority = "registration_authority",
        /// 人力资源社会保障和卫生健康部门.
        TitleAuthority = "title_authority",
        /// Whoever the reviewer accepts and records (R25).
        AsReviewed = "as_reviewed",
    }
}

/// What the pack says of one type of certificate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRequirement {
    #[serde(deserialize_with = "crate::parse::from_text")]
    pub id: CertificateType,
    pub name: Text,
    pub issuer: Issuer,
    /// The proof must name the department that the applicant works in (R23).
    #[serde(default)]
    pub names_department: bool,
    /// The proof must show which department signed it (落款部门, R26).
    #[serde(default)]
    pub names_issuing_department: bool,
    /// The proof is compared with the official registry (R27).
    #[serde(default)]
    pub in_registry: bool,
    /// For how many months it is valid; none if its own dates or nothing limits it (X12: a nurse's five years).
    pub validity_months: Option<u32>,
    pub bases: Vec<LegalBasisId>,
}

/// The proofs that one kind of applicant needs: all of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateSet {
    pub category: ApplicantCategory,
    /// Set for staff of medical institutions, and only for them.
    pub subcategory: Option<SubCategory>,
    pub name: Text,
    #[serde(deserialize_with = "crate::parse::many_from_text")]
    pub required: Vec<CertificateType>,
    /// The reviewer adds to the set what the account's name and profile call for, and records it (R25).
    #[serde(default)]
    pub case_by_case: bool,
    /// What the public page shows as 专业范围 (R36).
    pub professional_scope: Text,
    pub bases: Vec<LegalBasisId>,
}
