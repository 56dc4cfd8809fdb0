//! What an account can be found to have done.

use casebook_kernel::AgencyKind;
use serde::Deserialize;

use crate::ids::{LadderId, LegalBasisId, MeasureId, ViolationId};
use crate::text::Text;

/// How grave a violation is; where its ladder starts depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Minor,
    Serious,
    Grave,
}

impl Severity {
    pub const ALL: [Self; 3] = [Self::Minor, Self::Serious, Self::Grave];

    /// The word that packs, messages and rows use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Serious => "serious",
            Self::Grave => "grave",
        }
    }
}

/// One kind of violation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    pub id: ViolationId,
    pub name: Text,
    pub severity: Severity,
    /// What forbids it, and what carries the measures against it.
    pub bases: Vec<LegalBasisId>,
    /// Who is competent; the first one leads (R93, R107).
    #[serde(deserialize_with = "crate::parse::many_from_text")]
    pub agencies: Vec<AgencyKind>,
    pub ladder: LadderId,
    /// What goes with any rung: usually the content is removed or labelled.
    #[serde(default)]
    pub accompanied_by: Vec<MeasureId>,
    /// The requirement it comes from, such as `R87`.
    pub requirement: String,
}

impl Violation {
    /// The agency that leads; a pack without one is refused.
    pub fn lead(&self) -> AgencyKind {
        self.agencies[0]
    }
}
