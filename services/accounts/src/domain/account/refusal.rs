//! Why something asked of an account did not happen.

use casebook_kernel::Timestamp;
use casebook_policy::PlatformId;

use super::state::ApprovalStep;
use super::{CLOSURES_MAX, RESTRICTIONS_MAX};
use crate::domain::form::SupervisorRole;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefusal {
    #[error("this account of the platform is declared already")]
    HandleAlreadyDeclared,
    #[error("the commitment of the approval form is not accepted (S2 annex 1)")]
    CommitmentMissing,
    #[error("a personal account bears the name of its institution (S2 art. 6)")]
    InstitutionNameMisused,
    #[error("the institution has its account on `{platform}` and no exception that is free (S2 art. 6)")]
    QuotaExceeded { platform: PlatformId },
    #[error("the caller acts neither for the institution nor for an agency that answers for it")]
    ActsForAnother,
    #[error("the account is supervised where its institution is: in its region, one around it or one within it")]
    RegionElsewhere,
    #[error("the kind of subject is not the one of the level: institution, department, personal (S2 art. 5)")]
    LevelSubjectMismatch,
    #[error("a supervisor is missing, or is the same person as another: the {} (S2 art. 5)", missing.name())]
    SupervisorsIncomplete { missing: SupervisorRole },
    #[error("an account of a department or of staff names its department (S2 annex 1)")]
    DepartmentMissing,
    #[error("an account of staff names the member of staff who runs it (S2 annex 1)")]
    OperatorMissing,
    #[error("a personal account tells its operator's professional background")]
    BackgroundMissing,
    #[error("no such account is declared")]
    NothingDeclared,
    #[error("the declaration is not a draft")]
    NotADraft,
    #[error("the declaration is not in approval")]
    NotInApproval,
    #[error("the next box to be signed is {}, the given one is not", expected.as_str())]
    StepOutOfOrder { expected: ApprovalStep },
    #[error("who declared, handed in or runs the account cannot sign its approval")]
    SignerIsApplicant,
    #[error("whoever signed a box of this approval signs no other: each is the word of another office (S2 annex 1)")]
    SignerSignedBefore,
    #[error("what an officer does while something is looked into has an end (S1 §4-5)")]
    NoExpiry,
    #[error("the account is on the agency's record already")]
    AlreadyFiled,
    #[error("the institution has not approved the account yet (S2 art. 6)")]
    ApprovalIncomplete,
    #[error("only an agency that answers for the account's region may do this")]
    NotSupervisingAgency,
    #[error("`{field}` is part of what was approved: deregister the account and declare it anew")]
    RedeclarationRequired { field: &'static str },
    #[error("the declaration is being approved or is approved: have it returned, then amend it")]
    ApprovalInProgress,
    #[error("nothing would change")]
    NothingChanged,
    #[error("there is a later observation, of {last}")]
    Stale { last: Timestamp },
    #[error("a platform reports of its own accounts only")]
    OtherPlatform,
    #[error("there is no basis for it: a restriction rests on a legal basis, and only one that holds can be lifted")]
    NoBasis,
    #[error("the account is not on the agency's record")]
    NotFiled,
    #[error("the account is restricted for this cause already")]
    AlreadyRestricted,
    #[error("{RESTRICTIONS_MAX} restrictions hold on the account, more are not kept")]
    TooManyRestrictions,
    #[error("the account is closed")]
    AccountIsClosed,
    #[error("the order closed the account already")]
    ClosedByThisOrder,
    #[error("no closure by this order holds on the account")]
    NotClosedByThisOrder,
    #[error("{CLOSURES_MAX} closures hold on the account, more are not kept")]
    TooManyClosures,
}
