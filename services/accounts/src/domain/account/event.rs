//! What happened to an account.

use casebook_kernel::Timestamp;
use casebook_kernel::ids::{AccountId, CaseId, InstitutionId, OrderId};
use casebook_policy::AccountLevel;
use uuid::Uuid;

use super::state::{ApprovalStep, Declaration, Filing, FollowerCount, Restriction, Signature};
use crate::domain::form::{AccountDetails, Person, SubjectKind};

/// Something that happened, and to which account: a stored event says so by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEvent {
    pub account_id: AccountId,
    pub happened: Happened,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    Declared(Box<Declaration>),
    Amended(Box<Amended>),
    Submitted { steps: Vec<ApprovalStep>, submitted_by: Person, submitted_at: Timestamp },
    StepSigned(Signature),
    Returned { returned_by: Person, reasons: String, returned_at: Timestamp },
    Withdrawn { reason: String, withdrawn_at: Timestamp },
    Filed { institution_id: InstitutionId, filing: Filing },
    HandleChanged { old_handle: String, new_handle: String, observed_at: Timestamp, institution_name_misused: bool },
    FollowersObserved(FollowerCount),
    Restricted(Restriction),
    RestrictionLifted { restriction_id: Uuid, reasons: String, lifted_at: Timestamp },
    Closed { reasons: String, order: Option<(OrderId, CaseId)>, closed_at: Timestamp },
    Reopened { order_id: OrderId, counter_order_id: Option<OrderId>, reopened_at: Timestamp },
    Deregistered { reasons: String, deregistered_at: Timestamp },
}

/// The form after an amendment, whole, and the names of the fields that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amended {
    pub changed_fields: Vec<String>,
    pub level: AccountLevel,
    pub subject_kind: SubjectKind,
    pub details: AccountDetails,
    pub amended_at: Timestamp,
}
