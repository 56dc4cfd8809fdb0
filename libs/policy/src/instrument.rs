//! How far a decision binds: which bases may carry it and what it may contain.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::ids::MeasureId;
use crate::legal_basis::LegalBasisKind;
use crate::text::Text;

/// The legal form of a decision and of the orders that follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Instrument {
    /// 督促处置: the platform acts by law and by its agreement, and may decline with reasons.
    PlatformMeasureRequest,
    /// 要求停止传输: content only.
    ContentDemand,
    /// 责令改正.
    CorrectionOrder,
    /// 行政处罚.
    AdministrativePenalty,
    /// 单位内部处理.
    InstitutionalSanction,
    /// 临时措施: restricts while something is verified, always with an end.
    Interim,
}

impl Instrument {
    pub const ALL: [Self; 6] = [
        Self::PlatformMeasureRequest,
        Self::ContentDemand,
        Self::CorrectionOrder,
        Self::AdministrativePenalty,
        Self::InstitutionalSanction,
        Self::Interim,
    ];

    /// The word that packs, messages and rows use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PlatformMeasureRequest => "PLATFORM_MEASURE_REQUEST",
            Self::ContentDemand => "CONTENT_DEMAND",
            Self::CorrectionOrder => "CORRECTION_ORDER",
            Self::AdministrativePenalty => "ADMINISTRATIVE_PENALTY",
            Self::InstitutionalSanction => "INSTITUTIONAL_SANCTION",
            Self::Interim => "INTERIM",
        }
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Instrument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|instrument| instrument.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not an instrument"))
    }
}

/// What the pack says of one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentRule {
    pub id: Instrument,
    pub name: Text,
    /// The kinds of basis that may carry it.
    pub basis_kinds: Vec<LegalBasisKind>,
    /// The measures it may contain.
    pub measures: Vec<MeasureId>,
    /// What whoever disagrees can do.
    pub redress: Text,
}
