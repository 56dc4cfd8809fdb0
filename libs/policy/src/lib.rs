//! Policy packs: the rules that change more often than the program, as versioned data.
//!
//! A pack says which violations there are, what the law bases them on, which measures may follow, how the
//! ladder climbs, how long everybody has, which certificates an applicant needs, who is competent, and what
//! the screening looks for. It is TOML, checked whole when it is read: a pack that was read has no reference
//! that leads nowhere, so a lookup by an id that came from the pack finds it.
//!
//! Nothing here reads a file: texts come in, [`PolicySet::shipped`] holds those that the program carries.

mod agency;
mod assemble;
mod certificate_set;
mod deadlines;
mod error;
mod ids;
mod instrument;
mod ladder;
mod legal_basis;
mod measure;
mod pack;
mod parse;
mod platform;
mod policy_set;
mod screening;
mod text;
mod violation;

pub use agency::Agency;
pub use certificate_set::{ApplicantCategory, CertificateRequirement, CertificateSet, Issuer, SubCategory};
pub use deadlines::{DeadlineName, NamedTerm};
pub use error::{PackError, PolicyRefusal};
pub use ids::{ApprovalStepId, ClassId, LadderId, LegalBasisId, MeasureId, PlatformId, RuleId, ViolationId};
pub use instrument::{Instrument, InstrumentRule};
pub use ladder::{Chosen, Departure, EarlierMeasure, LADDER_RUNGS, Ladder, Recommendation, departure};
pub use legal_basis::{BasisSource, LegalBasis, LegalBasisKind};
pub use measure::{Measure, MeasureParameters, Object, ParameterRange, Undoing, measures};
pub use pack::{Figures, Pack, PolicyFile, PolicySet};
pub use platform::{AccountLevel, ApprovalStep, Platform};
pub use screening::{Label, Pattern, ScreeningPack, ScreeningRule, TermClass, Trigger};
pub use text::Text;
pub use violation::{Severity, Violation};

/// The policy that the program carries. A test holds that it is sound.
pub fn shipped() -> Result<PolicySet, PackError> {
    PolicySet::shipped()
}
