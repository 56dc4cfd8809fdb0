//! What may be asked of an account.

use casebook_kernel::ids::{CaseId, InstitutionId, OrderId};
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, Timestamp};
use casebook_policy::{AccountLevel, LegalBasisId, PlatformId};
use uuid::Uuid;

use super::state::{ApprovalStep, Declaration, RestrictionCause};
use crate::domain::authority::{Authority, Observer};
use crate::domain::form::{AccountDetails, Mcn, Person, SubjectKind, Supervisor};

#[derive(Debug, Clone)]
pub enum AccountCommand {
    Declare(Box<Declare>),
    Submit {
        actor: Actor,
        chain: ApprovalChain,
        now: Timestamp,
    },
    Withdraw {
        actor: Actor,
        reason: String,
        now: Timestamp,
    },
    /// The actor is the signer.
    Sign {
        actor: Actor,
        step: ApprovalStep,
        opinion: String,
        now: Timestamp,
    },
    Return {
        actor: Actor,
        reasons: String,
        now: Timestamp,
    },
    File {
        actor: Actor,
        filing_number: String,
        now: Timestamp,
    },
    Amend {
        actor: Actor,
        amendment: Box<Amendment>,
        now: Timestamp,
    },
    ChangeHandle {
        observer: Observer,
        new_handle: String,
        institution_names: Vec<String>,
        observed_at: Timestamp,
    },
    CountFollowers {
        observer: Observer,
        followers: u64,
        head_account_followers: u64,
        observed_at: Timestamp,
    },
    Restrict(Box<Restrict>),
    LiftRestriction {
        authority: Authority,
        restriction_id: Uuid,
        reasons: String,
        now: Timestamp,
    },
    Close {
        actor: Actor,
        reasons: String,
        now: Timestamp,
    },
    Deregister {
        actor: Actor,
        reasons: String,
        now: Timestamp,
    },
    /// A platform executed an order that closes the account.
    CloseByOrder {
        order_id: OrderId,
        case_id: CaseId,
        reasons: String,
        executed_at: Timestamp,
    },
    /// The closure by an order holds no longer: a platform executed its counter-order, or, without one, corrected its
    /// answer.
    UndoClosure {
        order_id: OrderId,
        counter_order_id: Option<OrderId>,
        undone_at: Timestamp,
    },
}

/// A declaration, with what was looked up about its institution.
#[derive(Debug, Clone)]
pub struct Declare {
    pub institution_id: InstitutionId,
    pub institution_region: Region,
    pub institution_names: Vec<String>,
    pub platform: PlatformId,
    pub platform_uid: String,
    pub handle: String,
    pub level: AccountLevel,
    pub subject_kind: SubjectKind,
    /// Where the account is supervised; none: where its institution is.
    pub region: Option<Region>,
    pub details: AccountDetails,
    pub commitment_accepted: bool,
    /// What claiming the institution's place on the platform came to.
    pub quota: Quota,
    pub actor: Actor,
    pub now: Timestamp,
}

/// Whether an institution may have one more account of its own on a platform (R12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// It is the one account that the rule allows.
    First,
    /// It is the further account of this exception.
    Exception(Uuid),
    /// The first place and every exception in force are taken.
    Exhausted,
}

/// The boxes that the policy pack asks of each level, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApprovalChain {
    pub institution: Vec<ApprovalStep>,
    pub department: Vec<ApprovalStep>,
    pub staff: Vec<ApprovalStep>,
}

impl ApprovalChain {
    pub fn of(self, level: AccountLevel) -> Vec<ApprovalStep> {
        match level {
            AccountLevel::Institution => self.institution,
            AccountLevel::Department => self.department,
            AccountLevel::Staff => self.staff,
        }
    }
}

/// The fields that an amendment names, with their new values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    pub level: Option<AccountLevel>,
    pub subject_kind: Option<SubjectKind>,
    pub department: Option<String>,
    pub responsible_person: Option<Person>,
    pub duty_officer: Option<Option<Person>>,
    pub operator: Option<Option<Person>>,
    pub supervisors: Option<Vec<Supervisor>>,
    pub mcn: Option<Option<Mcn>>,
    pub background: Option<String>,
}

impl Amendment {
    /// What the declaration says after it.
    pub fn applied_to(self, before: &Declaration) -> (AccountLevel, SubjectKind, AccountDetails) {
        let old = before.details.clone();
        let details = AccountDetails {
            department: self.department.unwrap_or(old.department),
            responsible_person: self.responsible_person.unwrap_or(old.responsible_person),
            duty_officer: self.duty_officer.unwrap_or(old.duty_officer),
            operator: self.operator.unwrap_or(old.operator),
            supervisors: self.supervisors.unwrap_or(old.supervisors),
            mcn: self.mcn.unwrap_or(old.mcn),
            background: self.background.unwrap_or(old.background),
        };
        (self.level.unwrap_or(before.level), self.subject_kind.unwrap_or(before.subject_kind), details)
    }
}

/// A restriction to be laid on a filed account.
#[derive(Debug, Clone)]
pub struct Restrict {
    pub authority: Authority,
    pub restriction_id: Uuid,
    pub cause: RestrictionCause,
    pub legal_bases: Vec<LegalBasisId>,
    pub reasons: String,
    pub reference: String,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    pub now: Timestamp,
}
