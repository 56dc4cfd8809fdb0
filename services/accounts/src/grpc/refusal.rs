//! How each refusal shows to a caller: one exhaustive match an aggregate.

use casebook_bootstrap::Explained;
use casebook_kernel::calendar::CalendarError;
use tonic::Status;

use crate::domain::account::AccountRefusal;
use crate::domain::institution::InstitutionRefusal;

pub(super) fn institution(refusal: &InstitutionRefusal) -> Explained {
    match refusal {
        InstitutionRefusal::InstitutionAlreadyRegistered => Explained::exists("INSTITUTION_ALREADY_REGISTERED"),
        InstitutionRefusal::NotRegistered => Explained::not_found("INSTITUTION_UNKNOWN"),
        InstitutionRefusal::UsccMalformed(_) => Explained::invalid("uscc", "USCC_MALFORMED"),
        InstitutionRefusal::AliasesUnfit => Explained::invalid("aliases", "ALIASES_UNFIT"),
        InstitutionRefusal::GradeWithoutHospital => Explained::invalid("grade", "GRADE_WITHOUT_HOSPITAL"),
        InstitutionRefusal::NotSupervisingAgency => Explained::denied("NOT_SUPERVISING_AGENCY"),
        InstitutionRefusal::ExpiryInPast => Explained::invalid("expires_at", "EXPIRY_IN_PAST"),
        InstitutionRefusal::TooManyExceptions => Explained::precondition("TOO_MANY_EXCEPTIONS"),
    }
}

/// A term that cannot be reckoned: a year without a calendar is an error, never a guess.
pub(super) fn calendar(error: CalendarError) -> Status {
    Explained::precondition("CALENDAR_OUT_OF_RANGE").status(error)
}

pub(super) fn account(refusal: &AccountRefusal) -> Explained {
    match refusal {
        AccountRefusal::HandleAlreadyDeclared => Explained::exists("HANDLE_ALREADY_DECLARED"),
        AccountRefusal::CommitmentMissing => Explained::precondition("COMMITMENT_MISSING"),
        AccountRefusal::InstitutionNameMisused => Explained::precondition("INSTITUTION_NAME_MISUSED"),
        AccountRefusal::QuotaExceeded { .. } => Explained::precondition("QUOTA_EXCEEDED"),
        AccountRefusal::ActsForAnother => Explained::denied("ACTS_FOR_ANOTHER"),
        AccountRefusal::RegionElsewhere => Explained::invalid("region", "REGION_ELSEWHERE"),
        AccountRefusal::LevelSubjectMismatch => Explained::invalid("subject_kind", "LEVEL_SUBJECT_MISMATCH"),
        AccountRefusal::SupervisorsIncomplete { .. } => {
            Explained::invalid("details.supervisors", "SUPERVISORS_INCOMPLETE")
        }
        AccountRefusal::DepartmentMissing => Explained::invalid("details.department", "DEPARTMENT_MISSING"),
        AccountRefusal::OperatorMissing => Explained::invalid("details.operator", "OPERATOR_MISSING"),
        AccountRefusal::BackgroundMissing => Explained::invalid("details.background", "BACKGROUND_MISSING"),
        AccountRefusal::NothingDeclared => Explained::not_found("NOTHING_DECLARED"),
        AccountRefusal::NotADraft => Explained::precondition("NOT_A_DRAFT"),
        AccountRefusal::NotInApproval => Explained::precondition("NOT_IN_APPROVAL"),
        AccountRefusal::StepOutOfOrder { .. } => Explained::precondition("STEP_OUT_OF_ORDER"),
        AccountRefusal::SignerIsApplicant => Explained::denied("SIGNER_IS_APPLICANT"),
        AccountRefusal::SignerSignedBefore => Explained::denied("SIGNER_SIGNED_BEFORE"),
        AccountRefusal::NoExpiry => Explained::precondition("NO_EXPIRY"),
        AccountRefusal::AlreadyFiled => Explained::precondition("ALREADY_FILED"),
        AccountRefusal::ApprovalIncomplete => Explained::precondition("APPROVAL_INCOMPLETE"),
        AccountRefusal::NotSupervisingAgency => Explained::denied("NOT_SUPERVISING_AGENCY"),
        AccountRefusal::RedeclarationRequired { .. } => Explained::precondition("REDECLARATION_REQUIRED"),
        AccountRefusal::ApprovalInProgress => Explained::precondition("APPROVAL_IN_PROGRESS"),
        AccountRefusal::NothingChanged => Explained::precondition("NOTHING_CHANGED"),
        AccountRefusal::Stale { .. } => Explained::precondition("STALE"),
        AccountRefusal::OtherPlatform => Explained::denied("OTHER_PLATFORM"),
        AccountRefusal::NoBasis => Explained::precondition("NO_BASIS"),
        AccountRefusal::NotFiled => Explained::precondition("NOT_FILED"),
        AccountRefusal::AlreadyRestricted => Explained::precondition("ALREADY_RESTRICTED"),
        AccountRefusal::TooManyRestrictions => Explained::precondition("TOO_MANY_RESTRICTIONS"),
        AccountRefusal::AccountIsClosed => Explained::precondition("ACCOUNT_IS_CLOSED"),
        AccountRefusal::ClosedByThisOrder => Explained::precondition("CLOSED_BY_THIS_ORDER"),
        AccountRefusal::NotClosedByThisOrder => Explained::precondition("NOT_CLOSED_BY_THIS_ORDER"),
        AccountRefusal::TooManyClosures => Explained::precondition("TOO_MANY_CLOSURES"),
    }
}

pub(super) fn unknown_institution() -> Status {
    institution(&InstitutionRefusal::NotRegistered).status(InstitutionRefusal::NotRegistered)
}

pub(super) fn unknown_account() -> Status {
    account(&AccountRefusal::NothingDeclared).status(AccountRefusal::NothingDeclared)
}
