//! What a caller is told of a refusal: one arm each, and no arm for the rest.

use casebook_bootstrap::Explained;
use casebook_kernel::calendar::CalendarError;
use tonic::Status;

use crate::domain::credential::CredentialRefusal;
use crate::domain::headcount::HeadcountRefusal;
use crate::domain::recertification::RecertificationRefusal;

pub fn credential(refusal: &CredentialRefusal) -> Explained {
    use CredentialRefusal as R;
    match refusal {
        R::CredentialUnknown => Explained::not_found("CREDENTIAL_UNKNOWN"),
        R::AlreadyFiled => Explained::exists("ALREADY_FILED"),
        R::ConsentMissing { .. } => Explained::precondition("CONSENT_MISSING"),
        R::CategoryMismatch => Explained::invalid("profession", "CATEGORY_MISMATCH"),
        R::TypeNotInSet { .. } => Explained::invalid("certificates", "TYPE_NOT_IN_SET"),
        R::CertificateRepeated { .. } => Explained::invalid("certificates", "CERTIFICATE_REPEATED"),
        R::CertificateAlreadyClaimed { .. } => Explained::exists("CERTIFICATE_ALREADY_CLAIMED"),
        R::PredecessorRevoked => Explained::precondition("PREDECESSOR_REVOKED"),
        R::PredecessorNotVerified => Explained::precondition("PREDECESSOR_NOT_VERIFIED"),
        R::EvidenceIncomplete { .. } => Explained::precondition("EVIDENCE_INCOMPLETE"),
        R::RequirementNotRecorded => Explained::precondition("REQUIREMENT_NOT_RECORDED"),
        R::RequirementFixed => Explained::invalid("required_types", "REQUIREMENT_FIXED"),
        R::ChecksNotRun => Explained::precondition("CHECKS_NOT_RUN"),
        R::SupplementAlreadyRequested => Explained::precondition("SUPPLEMENT_ALREADY_REQUESTED"),
        R::SupplementListIncomplete { .. } => Explained::precondition("SUPPLEMENT_LIST_INCOMPLETE"),
        R::SupplementNotRequested => Explained::precondition("SUPPLEMENT_NOT_REQUESTED"),
        R::SupplementWindowClosed { .. } => Explained::precondition("SUPPLEMENT_WINDOW_CLOSED"),
        R::SupplementRunning { .. } => Explained::precondition("SUPPLEMENT_RUNNING"),
        R::SupplementDueUnchanged => Explained::precondition("SUPPLEMENT_DUE_UNCHANGED"),
        R::CertificateAbsent { .. } => Explained::precondition("CERTIFICATE_ABSENT"),
        R::LookupMissing { .. } => Explained::precondition("LOOKUP_MISSING"),
        R::StaleResult { .. } => Explained::precondition("STALE_RESULT"),
        R::NotInRegistry { .. } => Explained::precondition("NOT_IN_REGISTRY"),
        R::MismatchUnexplained { .. } => Explained::precondition("MISMATCH_UNEXPLAINED"),
        R::ReviewerConflict => Explained::denied("REVIEWER_CONFLICT"),
        R::ValidityTooLong { .. } => Explained::precondition("VALIDITY_TOO_LONG"),
        R::ValidityOver { .. } => Explained::precondition("VALIDITY_OVER"),
        R::ReasonsMissing => Explained::invalid("reasons", "REASONS_MISSING"),
        R::AlreadyConcluded => Explained::precondition("ALREADY_CONCLUDED"),
        R::NotVerified => Explained::precondition("NOT_VERIFIED"),
        R::AlreadyRevoked => Explained::precondition("ALREADY_REVOKED"),
        R::NotDue { .. } => Explained::precondition("NOT_DUE"),
        R::AlreadyReminded => Explained::precondition("ALREADY_REMINDED"),
        R::BadgeAlreadySuspended => Explained::precondition("BADGE_ALREADY_SUSPENDED"),
        R::SuspensionNotOver => Explained::precondition("SUSPENSION_NOT_OVER"),
        R::BadgeNotSuspended => Explained::precondition("BADGE_NOT_SUSPENDED"),
        R::NotDisplayable => Explained::precondition("NOT_DISPLAYABLE"),
        R::DisplayUnchanged => Explained::precondition("DISPLAY_UNCHANGED"),
        R::FraudOutstanding => Explained::precondition("FRAUD_OUTSTANDING"),
        R::FraudAlreadyConfirmed => Explained::precondition("FRAUD_ALREADY_CONFIRMED"),
        R::FraudNotReported => Explained::precondition("FRAUD_NOT_REPORTED"),
        R::SameOfficer => Explained::denied("SAME_OFFICER"),
        R::BeyondCalendar => Explained::precondition("BEYOND_CALENDAR"),
    }
}

pub fn recertification(refusal: &RecertificationRefusal) -> Explained {
    use RecertificationRefusal as R;
    match refusal {
        R::NoticeAlreadyRunning { .. } => Explained::precondition("NOTICE_ALREADY_RUNNING"),
        R::ServedTooLongAgo { .. } => Explained::invalid("served_at", "SERVED_TOO_LONG_AGO"),
        R::AlreadyCertified => Explained::precondition("ALREADY_CERTIFIED"),
        R::NoticeNotRunning => Explained::precondition("NOTICE_NOT_RUNNING"),
        R::VerifiedBefore { .. } => Explained::precondition("VERIFIED_BEFORE"),
        R::AlreadyReminded => Explained::precondition("ALREADY_REMINDED"),
        R::NotDue { .. } => Explained::precondition("NOT_DUE"),
    }
}

pub fn headcount(refusal: &HeadcountRefusal) -> Explained {
    match refusal {
        HeadcountRefusal::HeadcountUnchanged => Explained::precondition("HEADCOUNT_UNCHANGED"),
    }
}

/// A term that no calendar can reckon.
pub fn calendar(error: CalendarError) -> Status {
    Explained::precondition("BEYOND_CALENDAR").status(error)
}

pub fn no_notice() -> Status {
    Explained::not_found("RECERTIFICATION_UNKNOWN").status("this account has never been notified")
}

pub fn no_norm() -> Status {
    Explained::not_found("HEADCOUNT_UNKNOWN").status("no norm is set for this department")
}
