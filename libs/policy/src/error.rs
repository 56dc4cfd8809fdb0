//! Why a pack is not read, and why a decision does not fit the pack.

use chrono::NaiveDate;

use crate::ids::{LegalBasisId, MeasureId, PlatformId};
use crate::instrument::Instrument;

/// Why a pack is refused: its file, the line in it (from one) and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct PackError {
    pub file: String,
    pub line: usize,
    pub reason: String,
}

/// Why the policy does not allow what a decision asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    #[error("a decision needs a legal basis")]
    BasisMissing,
    #[error("the policy pack has no legal basis `{basis}`")]
    BasisUnknown { basis: String },
    #[error("the legal basis {basis} is not in force on {on}")]
    BasisNotInForce { basis: LegalBasisId, on: NaiveDate },
    /// 行政处罚法 art. 16 and 38.
    #[error(
        "no penalty can rest on {bases}: only laws, regulations and rules set penalties, and a penalty without a basis is void (行政处罚法 art. 16, 38)"
    )]
    BasisCannotSetPenalty { bases: String },
    #[error("none of the legal bases {bases} carries a {instrument}")]
    BasisCannotCarry { instrument: Instrument, bases: String },
    #[error("a decision needs a measure")]
    MeasureMissing,
    #[error("the policy pack has no measure `{measure}`")]
    MeasureUnknown { measure: String },
    #[error("a {instrument} cannot contain {measure}")]
    MeasureOutsideInstrument { instrument: Instrument, measure: MeasureId },
    #[error("{platform} cannot execute {measure}")]
    MeasureUnsupported { platform: PlatformId, measure: MeasureId },
    #[error("{measure} needs {parameter} from {min} to {max}")]
    ParameterMissing { measure: MeasureId, parameter: &'static str, min: u32, max: u32 },
    #[error("{measure} takes {parameter} from {min} to {max}, not {got}")]
    ParameterOutOfRange { measure: MeasureId, parameter: &'static str, min: u32, max: u32, got: u32 },
    #[error("{measure} takes no {parameter}")]
    ParameterNotTaken { measure: MeasureId, parameter: &'static str },
    #[error("the policy pack has no violation `{violation}`")]
    ViolationUnknown { violation: String },
}
