//! What happens to a credential.

use casebook_kernel::Timestamp;
use casebook_kernel::certificate::CertificateType;
use casebook_kernel::ids::{AccountId, CredentialId};

use super::command::FraudOutcome;
use crate::domain::applicant::{Account, Applicant, Consent, Display, Signatory};
use crate::domain::certificate::Certificate;
use crate::domain::checks::Checks;
use crate::domain::due::Due;
use crate::domain::registry::Lookup;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialEvent {
    Filed(Box<Filed>),
    ChecksRun(Checks),
    SupplementRequested {
        wanted: Vec<CertificateType>,
        reasons: String,
        due: Due,
        at: Timestamp,
    },
    SupplementDueMoved {
        due: Due,
        at: Timestamp,
    },
    SupplementLapsed {
        due_at: Timestamp,
        at: Timestamp,
    },
    SupplementSubmitted {
        certificates: Vec<Certificate>,
        at: Timestamp,
    },
    RegistryLookedUp(Lookup),
    Verified(Box<Verified>),
    Refused {
        credential: CredentialId,
        account: Account,
        reasons: String,
        by: Signatory,
        at: Timestamp,
    },
    Expiring {
        credential: CredentialId,
        account: Account,
        until: Timestamp,
    },
    /// `at` is the end of the verification, however late the timer was.
    Expired {
        credential: CredentialId,
        account: Account,
        at: Timestamp,
    },
    Revoked {
        credential: CredentialId,
        account: Account,
        reasons: String,
        by: Signatory,
        at: Timestamp,
    },
    Superseded {
        credential: CredentialId,
        account: AccountId,
        successor: CredentialId,
        at: Timestamp,
    },
    BadgeSuspended {
        account: AccountId,
        reasons: String,
        /// When it ends by itself; none in what was recorded before this was kept.
        until: Option<Timestamp>,
        at: Timestamp,
    },
    BadgeRestored {
        account: AccountId,
        reasons: String,
        at: Timestamp,
    },
    DisplayAmended {
        display: Display,
        at: Timestamp,
    },
    FraudReported(FraudReported),
    FraudConcluded(Box<FraudConcluded>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    pub credential: CredentialId,
    pub applicant: Applicant,
    pub certificates: Vec<Certificate>,
    pub consent: Consent,
    pub display: Display,
    pub filed_by: Signatory,
    pub predecessor: Option<CredentialId>,
    pub at: Timestamp,
}

/// Says all that others need to judge the account at the time of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub credential: CredentialId,
    pub applicant: VerifiedApplicant,
    pub from: Timestamp,
    /// Exclusive.
    pub until: Timestamp,
    pub remind_at: Timestamp,
    pub professional_scopes: Vec<String>,
    pub concluded_by: Signatory,
    pub reasons: String,
    pub mismatch_explanation: String,
    pub predecessor: Option<CredentialId>,
}

/// The part of an applicant that a verification repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedApplicant {
    pub account: Account,
    pub category: casebook_policy::ApplicantCategory,
    pub profession: Option<casebook_policy::SubCategory>,
    pub institution: casebook_kernel::ids::InstitutionId,
    pub department: String,
}

impl From<&Applicant> for VerifiedApplicant {
    fn from(applicant: &Applicant) -> Self {
        Self {
            account: applicant.account.clone(),
            category: applicant.category,
            profession: applicant.profession,
            institution: applicant.institution,
            department: applicant.department.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FraudReported {
    pub credential: CredentialId,
    pub account: AccountId,
    pub certificates: Vec<CertificateType>,
    pub reasons: String,
    pub evidence_sha256: Vec<String>,
    pub by: Signatory,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FraudConcluded {
    pub credential: CredentialId,
    pub account: Account,
    /// Whose name was used.
    pub institution: casebook_kernel::ids::InstitutionId,
    pub region: casebook_kernel::region::Region,
    pub outcome: FraudOutcome,
    pub reasons: String,
    pub certificates: Vec<CertificateType>,
    pub evidence_sha256: Vec<String>,
    pub reported_by: Signatory,
    pub concluded_by: Signatory,
    pub at: Timestamp,
}
