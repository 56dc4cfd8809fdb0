//! The platforms, and the steps by which an institution approves an account.

use serde::Deserialize;

use crate::ids::{ApprovalStepId, LegalBasisId, MeasureId, PlatformId};
use crate::text::Text;

/// A platform on which accounts are kept (R08).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    pub id: PlatformId,
    pub name: Text,
    /// The measures it is able to execute.
    pub measures: Vec<MeasureId>,
}

impl Platform {
    /// Whether an order for `measure` can be executed there.
    pub fn supports(&self, measure: &str) -> bool {
        self.measures.iter().any(|supported| supported == measure)
    }
}

/// The level of an account in its institution (R09): 1 hospital, 2 department, 3 staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountLevel {
    Institution,
    Department,
    Staff,
}

/// One step of the approval of Annex 1 (R16); the steps are taken in the order of the pack.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalStep {
    pub id: ApprovalStepId,
    pub name: Text,
    /// The levels of account that need it (R14).
    pub levels: Vec<AccountLevel>,
    pub bases: Vec<LegalBasisId>,
}
