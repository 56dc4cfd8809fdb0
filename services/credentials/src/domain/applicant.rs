//! Who applies, for which account, and with whose consent.

use casebook_kernel::ids::{AccountId, InstitutionId};
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, AgencyId, OfficerId, Timestamp};
use casebook_policy::{ApplicantCategory, SubCategory};

/// Which of the two cohorts an account belongs to (复审存量、严管新增, R31).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cohort {
    /// 存量: existed before verification was required.
    Existing,
    /// 新增: new, and silent on professional matters until it is verified (R33).
    New,
}

impl Cohort {
    /// The word that rows use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Existing => "existing",
            Self::New => "new",
        }
    }
}

/// An account, and who operates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    pub account: Account,
    pub category: ApplicantCategory,
    /// Staff of medical institutions have one, others none (R21).
    pub profession: Option<SubCategory>,
    pub institution: InstitutionId,
    /// The exact name of hospital, school or research body (R37).
    pub institution_name: String,
    /// The exact name of the department (R23, R37).
    pub department: String,
    /// The region of the institution.
    pub region: Region,
    /// Who holds the certificates: a pseudonym that is the same on every platform.
    pub holder: String,
    pub cohort: Cohort,
}

/// An account on a platform. The platform's own id stays when the handle is renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub platform: String,
    pub platform_uid: String,
}

impl Account {
    pub fn of(platform: &str, platform_uid: &str) -> Self {
        Self {
            id: AccountId::of(platform, platform_uid),
            platform: platform.to_owned(),
            platform_uid: platform_uid.to_owned(),
        }
    }
}

/// What a holder can agree to, each separately (个人信息保护法 art. 29, X11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConsentPurpose {
    Verification,
    RegistryComparison,
    PublicDisplay,
}

impl ConsentPurpose {
    pub const ALL: [Self; 3] = [Self::Verification, Self::RegistryComparison, Self::PublicDisplay];
}

/// The holder's consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub purposes: Vec<ConsentPurpose>,
    pub text_version: String,
    pub given_at: Timestamp,
}

impl Consent {
    /// The purposes that were not agreed to. A verification needs all: it checks, compares and shows.
    pub fn missing(consent: Option<&Self>) -> Vec<ConsentPurpose> {
        let given = |purpose: &ConsentPurpose| consent.is_some_and(|consent| consent.purposes.contains(purpose));
        ConsentPurpose::ALL.into_iter().filter(|purpose| !given(purpose)).collect()
    }
}

/// Whether the operator works where the badge says (是否在职, R34).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Employment {
    #[default]
    Unknown,
    Employed,
    Retired,
    /// Left: must stop using the position (X01).
    Departed,
}

/// Whether the operator has signed with an MCN (R37). Not known is not none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mcn {
    #[default]
    Unknown,
    None,
    Signed(String),
}

/// What a badge shows and no certificate proves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Display {
    pub employment: Employment,
    pub mcn: Mcn,
    /// Professional background and experience (R38).
    pub background: String,
}

/// Somebody who did something that a rule looks back at (four eyes), pseudonymous.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatory {
    pub agency: AgencyId,
    pub officer: OfficerId,
}

impl From<&Actor> for Signatory {
    fn from(actor: &Actor) -> Self {
        Self { agency: actor.agency.clone(), officer: actor.officer.clone() }
    }
}
