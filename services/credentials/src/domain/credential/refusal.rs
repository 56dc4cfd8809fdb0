//! Why something did not happen to a credential.

use casebook_kernel::Timestamp;
use casebook_kernel::certificate::CertificateType;

use crate::domain::applicant::ConsentPurpose;
use crate::domain::checks::CheckKind;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialRefusal {
    #[error("there is no such credential")]
    CredentialUnknown,
    #[error("this credential has been filed already")]
    AlreadyFiled,
    /// R35, X11.
    #[error("the holder has not consented to {missing:?}")]
    ConsentMissing { missing: Vec<ConsentPurpose> },
    /// R20, R21.
    #[error(
        "the policy pack knows no applicant of this category and profession: only staff of medical institutions have one"
    )]
    CategoryMismatch,
    /// R22-R24; X11: what is not needed is not collected.
    #[error("a {certificate} is not among the certificates that this applicant needs")]
    TypeNotInSet { certificate: CertificateType },
    #[error("there are two certificates of type {certificate}")]
    CertificateRepeated { certificate: CertificateType },
    #[error("the number of the {certificate} has been claimed by another holder")]
    CertificateAlreadyClaimed { certificate: CertificateType },
    #[error("a revoked credential is not renewed; file a new one")]
    PredecessorRevoked,
    #[error("only a verified or expired credential that has no successor is renewed")]
    PredecessorNotVerified,
    /// S1 §1, §4: a verification rests on complete and valid papers.
    #[error("the evidence is incomplete: {failed:?}{}", if *.supplement_awaited { ", and a supplement is awaited" } else { "" })]
    EvidenceIncomplete { failed: Vec<CheckKind>, supplement_awaited: bool },
    /// R25.
    #[error("for an applicant of another field the reviewer records what is asked for, and why")]
    RequirementNotRecorded,
    #[error("what this applicant needs is fixed; only for an applicant of another field does the reviewer say it")]
    RequirementFixed,
    #[error("the automatic checks have not run since the last change of the papers")]
    ChecksNotRun,
    #[error("a supplement has been asked for before, and may be asked for only once")]
    SupplementAlreadyRequested,
    #[error("the list is not complete: the checks also object to {omitted:?}, and one may ask only once")]
    SupplementListIncomplete { omitted: Vec<CertificateType> },
    #[error("no supplement is awaited")]
    SupplementNotRequested,
    #[error("the supplement could be handed in until {due_at}")]
    SupplementWindowClosed { due_at: Timestamp },
    #[error("the applicant may hand in the supplement until {due_at}; until then nothing is refused")]
    SupplementRunning { due_at: Timestamp },
    #[error("the time for the supplement has been reckoned already")]
    SupplementDueUnchanged,
    #[error("the credential has no {certificate}")]
    CertificateAbsent { certificate: CertificateType },
    /// R27.
    #[error("a registry's word on {missing:?} is missing; a registry that does not answer says nothing")]
    LookupMissing { missing: Vec<CertificateType> },
    /// R27.
    #[error("the registry's word on the {certificate} is too old, or from a time that has not come")]
    StaleResult { certificate: CertificateType },
    #[error("no registry lists the {certificate} as being in force")]
    NotInRegistry { certificate: CertificateType },
    #[error("a registry differs on the {certificate}, or registries disagree: say why that does not matter")]
    MismatchUnexplained { certificate: CertificateType },
    #[error("whoever filed a credential, or belongs to its institution, does not conclude it")]
    ReviewerConflict,
    #[error("certificates and rules allow a verification until {limit} at most")]
    ValidityTooLong { limit: Timestamp },
    #[error("a verification that ends at {end} is over before it begins")]
    ValidityOver { end: Timestamp },
    #[error("a refusal needs reasons")]
    ReasonsMissing,
    #[error("the verification has been concluded already")]
    AlreadyConcluded,
    #[error("the credential is not verified")]
    NotVerified,
    #[error("the credential has been revoked already")]
    AlreadyRevoked,
    #[error("it is not due before {due}")]
    NotDue { due: Timestamp },
    #[error("the reminder of its end has been sent")]
    AlreadyReminded,
    #[error("the badge is suspended already")]
    BadgeAlreadySuspended,
    #[error("the badge is not suspended")]
    BadgeNotSuspended,
    #[error("the suspension of the badge is not over")]
    SuspensionNotOver,
    #[error("a refused, revoked or superseded credential shows nothing")]
    NotDisplayable,
    #[error("the display says this already")]
    DisplayUnchanged,
    #[error("a report of fraud is waiting for a second officer")]
    FraudOutstanding,
    #[error("fraud has been confirmed already")]
    FraudAlreadyConfirmed,
    #[error("no report of fraud is waiting")]
    FraudNotReported,
    /// Four eyes: one person cannot be both.
    #[error("the officer who reported the fraud does not conclude it")]
    SameOfficer,
    #[error("the calendar does not reach so far")]
    BeyondCalendar,
}
