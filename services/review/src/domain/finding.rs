//! A reviewer's conclusion about an item, and the second officer's word on it.

use std::fmt;
use std::str::FromStr;

use casebook_kernel::ids::{NotAnId, parse_uuid};
use casebook_kernel::{Actor, AgencyId, OfficerId, Timestamp};
use uuid::Uuid;

use super::screening::Span;

/// Names a finding within its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingId(Uuid);

impl FindingId {
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for FindingId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for FindingId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        parse_uuid("finding", text).map(Self)
    }
}

/// An officer of an agency. Two references are the same person only if both ids are the same: officer ids are given
/// out by agencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficerReference {
    pub agency: AgencyId,
    pub officer: OfficerId,
}

impl From<&Actor> for OfficerReference {
    fn from(actor: &Actor) -> Self {
        Self { agency: actor.agency.clone(), officer: actor.officer.clone() }
    }
}

/// Where a finding stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindingStage {
    /// Waits for a second officer.
    Recorded,
    Confirmed {
        by: OfficerReference,
        at: Timestamp,
    },
    Rejected {
        by: OfficerReference,
        at: Timestamp,
        reasons: String,
    },
    Referred {
        confirmed_by: OfficerReference,
        confirmed_at: Timestamp,
        at: Timestamp,
    },
}

/// A conclusion about one version of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub id: FindingId,
    pub version: u32,
    pub violation: String,
    pub quoted_span: Span,
    pub reasons: String,
    pub legal_bases: Vec<String>,
    pub recorded_by: OfficerReference,
    pub recorded_at: Timestamp,
    pub stage: FindingStage,
}
