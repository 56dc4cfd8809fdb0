//! What an account's events amount to.

use casebook_kernel::ids::{AccountId, CaseId, InstitutionId, OrderId};
use casebook_kernel::region::Region;
use casebook_kernel::{AgencyId, Timestamp};
use casebook_policy::{AccountLevel, LegalBasisId, PlatformId};
use uuid::Uuid;

use crate::domain::form::{AccountDetails, Person, SubjectKind};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AccountState {
    #[default]
    Absent,
    Declared(Box<Account>),
}

impl AccountState {
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Absent => None,
            Self::Declared(account) => Some(account),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub declaration: Declaration,
    pub phase: Phase,
    /// The last count of followers, of whichever declaration.
    pub followers: Option<FollowerCount>,
    /// When the present handle was observed.
    pub handle_observed_at: Timestamp,
    /// A personal account that took its institution's name (R13).
    pub institution_name_misused: bool,
    /// The latest first.
    pub former_handles: Vec<String>,
}

/// What the institution declared, with its amendments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    pub institution_id: InstitutionId,
    pub platform: PlatformId,
    pub platform_uid: String,
    pub handle: String,
    pub level: AccountLevel,
    pub subject_kind: SubjectKind,
    pub region: Region,
    pub details: AccountDetails,
    /// Who declared it, and therefore signs nothing.
    pub applicant: Person,
    /// The exception under which it is one account more than the rule allows (R12).
    pub quota_exception: Option<Uuid>,
    /// When the commitment was accepted (R15).
    pub declared_at: Timestamp,
}

impl Declaration {
    pub fn account_id(&self) -> AccountId {
        AccountId::of(self.platform.as_str(), &self.platform_uid)
    }
}

/// Where an account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// The reasons are those of the last return; empty before the first.
    Draft {
        return_reasons: String,
    },
    InApproval(Approval),
    Approved(Approval),
    Filed(Record),
    /// At least one restriction holds.
    Restricted {
        record: Record,
        restrictions: Vec<Restriction>,
    },
    /// At least one closure holds; `before` is what the account is again when the last of them is undone.
    Closed {
        closures: Vec<Closure>,
        before: Box<Phase>,
    },
    Deregistered {
        reasons: String,
    },
    Withdrawn {
        reason: String,
    },
}

impl Phase {
    /// The agency's record that counts: of an account that is filed and not closed.
    pub fn record(&self) -> Option<&Record> {
        match self {
            Self::Filed(record) | Self::Restricted { record, .. } => Some(record),
            Self::Draft { .. }
            | Self::InApproval(_)
            | Self::Approved(_)
            | Self::Closed { .. }
            | Self::Deregistered { .. }
            | Self::Withdrawn { .. } => None,
        }
    }

    /// Whether the account is given up, so that it may be declared anew.
    pub fn is_given_up(&self) -> bool {
        matches!(self, Self::Deregistered { .. } | Self::Withdrawn { .. })
    }

    /// The same, also of an account that was closed after it had been given up.
    pub fn was_given_up(&self) -> bool {
        match self {
            Self::Closed { before, .. } => before.was_given_up(),
            phase => phase.is_given_up(),
        }
    }
}

/// One box of the approval form (R16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ApprovalStep {
    Department,
    FunctionalOffice,
    PartyGovernmentOffice,
    LeaderInCharge,
}

impl ApprovalStep {
    pub const ALL: [Self; 4] =
        [Self::Department, Self::FunctionalOffice, Self::PartyGovernmentOffice, Self::LeaderInCharge];

    /// The id that policy packs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::FunctionalOffice => "functional_office",
            Self::PartyGovernmentOffice => "party_admin_office",
            Self::LeaderInCharge => "publicity_leader",
        }
    }

    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == id)
    }
}

/// A declaration on its way through the institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub submitted_by: Person,
    pub submitted_at: Timestamp,
    /// The boxes to be signed, in order.
    pub steps: Vec<ApprovalStep>,
    /// Those that are: always the first of `steps`.
    pub signatures: Vec<Signature>,
}

impl Approval {
    pub fn next_step(&self) -> Option<ApprovalStep> {
        self.steps.get(self.signatures.len()).copied()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub step: ApprovalStep,
    pub signer: Person,
    pub opinion: String,
    pub signed_at: Timestamp,
}

/// An approved account on the agency's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub approval: Approval,
    pub filing: Filing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    pub agency: AgencyId,
    /// The agency's own number of the record; may be empty.
    pub filing_number: String,
    pub filed_at: Timestamp,
}

/// Why an account may not publish professional content for the time being.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RestrictionCause {
    /// A new account without a medical credential (R33).
    Uncertified,
    /// The two months of an existing account have passed (R32).
    RecertificationMissed,
    /// A credential is verified again after a doubt (R28, R30).
    Reverification,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    pub restriction_id: Uuid,
    pub cause: RestrictionCause,
    pub legal_bases: Vec<LegalBasisId>,
    pub reasons: String,
    /// What it follows from; may be empty.
    pub reference: String,
    pub restricted_at: Timestamp,
    /// When it ends by itself; none: it holds until it is lifted.
    pub until: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    pub reasons: String,
    /// The order that a platform executed, and its case; none where the institution closed the account.
    pub order: Option<(OrderId, CaseId)>,
    pub closed_at: Timestamp,
}

impl Closure {
    pub fn is_by(&self, order_id: OrderId) -> bool {
        self.order.is_some_and(|(by, _)| by == order_id)
    }
}

/// A count of followers (R06).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowerCount {
    pub followers: u64,
    pub observed_at: Timestamp,
    /// Enough for a head account (头部账号) under the pack of that time.
    pub head_account: bool,
}
