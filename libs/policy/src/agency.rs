//! The agencies that Casebook knows.

use casebook_kernel::{AgencyId, AgencyKind, region::Region};
use serde::Deserialize;

use crate::text::Text;

/// An agency: what it is competent for, and where.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    #[serde(deserialize_with = "crate::parse::from_text")]
    pub id: AgencyId,
    #[serde(deserialize_with = "crate::parse::from_text")]
    pub kind: AgencyKind,
    #[serde(deserialize_with = "crate::parse::from_text")]
    pub region: Region,
    pub name: Text,
}
