//! What may be asked of a credential.

use casebook_kernel::certificate::CertificateType;
use casebook_kernel::ids::CredentialId;
use casebook_kernel::{Actor, Timestamp};
use chrono::NaiveDate;

use crate::domain::applicant::{Applicant, Consent, Display, Signatory};
use crate::domain::certificate::{Certificate, CertificateRules};
use crate::domain::due::Due;
use crate::domain::registry::Lookup;

#[derive(Debug, Clone, PartialEq)]
pub enum CredentialCommand {
    File(Box<FileCredential>),
    RunChecks {
        rules: CertificateRules,
        /// What the reviewer asks for in this case (R25).
        case_by_case: Option<CaseByCase>,
        now: Timestamp,
    },
    RequestSupplement {
        wanted: Vec<CertificateType>,
        reasons: String,
        due: Due,
        now: Timestamp,
    },
    SubmitSupplement {
        certificates: Vec<Certificate>,
        /// Certificates whose number another holder has claimed.
        claimed_by_others: Vec<CertificateType>,
        rules: CertificateRules,
        now: Timestamp,
    },
    /// The supplement's timer is due; `due` is the term as it is reckoned now.
    LapseSupplement {
        due: Due,
        now: Timestamp,
    },
    RecordLookup {
        lookup: Lookup,
        now: Timestamp,
    },
    Conclude(Box<ConcludeVerification>),
    RemindOfExpiry {
        now: Timestamp,
    },
    Expire {
        now: Timestamp,
    },
    Revoke {
        reasons: String,
        actor: Actor,
        now: Timestamp,
    },
    Supersede {
        successor: CredentialId,
        now: Timestamp,
    },
    SuspendBadge {
        reasons: String,
        until: Timestamp,
        now: Timestamp,
    },
    /// The end of a suspension is due.
    EndSuspension {
        reasons: String,
        now: Timestamp,
    },
    RestoreBadge {
        reasons: String,
        now: Timestamp,
    },
    AmendDisplay {
        display: Display,
        now: Timestamp,
    },
    ReportFraud(Box<ReportFraud>),
    ConcludeFraud(Box<ConcludeFraud>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct FileCredential {
    pub credential: CredentialId,
    pub applicant: Applicant,
    pub certificates: Vec<Certificate>,
    pub consent: Option<Consent>,
    pub display: Display,
    /// None: the policy pack knows no applicant of this category and profession.
    pub rules: Option<CertificateRules>,
    /// Certificates whose number another holder has claimed.
    pub claimed_by_others: Vec<CertificateType>,
    /// The credential that this renews.
    pub predecessor: Option<Predecessor>,
    pub filed_by: Signatory,
    pub now: Timestamp,
}

/// The credential that another renews, as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Predecessor {
    pub id: CredentialId,
    pub standing: PredecessorStanding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PredecessorStanding {
    /// Verified, or it was until its time was over.
    Renewable,
    Revoked,
    /// Never verified, or renewed already.
    NotVerified,
}

/// What a reviewer asks of an applicant of another field, and why (R25).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseByCase {
    pub required: Vec<CertificateType>,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ConcludeVerification {
    pub verdict: Verdict,
    pub reasons: String,
    pub rules: CertificateRules,
    pub actor: Actor,
    pub now: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Verified {
        /// The last day; none: as long as certificates and rules allow.
        last_day: Option<NaiveDate>,
        /// Why a registry that differs does not stand in the way.
        mismatch_explanation: String,
    },
    Refused,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ReportFraud {
    pub certificates: Vec<CertificateType>,
    pub reasons: String,
    pub evidence_sha256: Vec<String>,
    /// Take the badge from view until it is concluded, and no longer than this (R30).
    pub suspend_until: Option<Timestamp>,
    pub actor: Actor,
    pub now: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FraudOutcome {
    Confirmed,
    Unfounded,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ConcludeFraud {
    pub outcome: FraudOutcome,
    pub reasons: String,
    pub actor: Actor,
    pub now: Timestamp,
}
