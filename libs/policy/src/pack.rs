//! A policy pack as a whole, and what one asks of it.

use std::collections::BTreeMap;

use casebook_kernel::calendar::WorkingDays;
use casebook_kernel::certificate::CertificateType;
use casebook_kernel::region::Region;
use casebook_kernel::{AgencyId, AgencyKind, Timestamp};
use chrono::NaiveDate;
use serde::Deserialize;

use crate::agency::Agency;
use crate::certificate_set::{ApplicantCategory, CertificateRequirement, CertificateSet, SubCategory};
use crate::deadlines::{DeadlineName, NamedTerm};
use crate::error::{PackError, PolicyRefusal};
use crate::ids::{LadderId, LegalBasisId, MeasureId, PlatformId, ViolationId};
use crate::instrument::{Instrument, InstrumentRule};
use crate::ladder::{EarlierMeasure, Ladder, Recommendation};
use crate::legal_basis::LegalBasis;
use crate::measure::Measure;
use crate::platform::{AccountLevel, ApprovalStep, Platform};
use crate::screening::ScreeningPack;
use crate::violation::{Severity, Violation};

pub use crate::parse::PolicyFile;

/// Numbers that figures and flags rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// From how many followers an account is a head account (R06).
    pub head_account_followers: u64,
}

/// A checked policy pack. It refers to nothing that it does not define.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    pub(crate) version: String,
    pub(crate) effective_from: NaiveDate,
    pub(crate) figures: Figures,
    pub(crate) legal_bases: BTreeMap<LegalBasisId, LegalBasis>,
    pub(crate) instruments: BTreeMap<Instrument, InstrumentRule>,
    pub(crate) measures: BTreeMap<MeasureId, Measure>,
    pub(crate) ladders: BTreeMap<LadderId, Ladder>,
    pub(crate) violations: BTreeMap<ViolationId, Violation>,
    pub(crate) deadlines: BTreeMap<DeadlineName, NamedTerm>,
    pub(crate) certificates: BTreeMap<CertificateType, CertificateRequirement>,
    pub(crate) certificate_sets: Vec<CertificateSet>,
    pub(crate) platforms: BTreeMap<PlatformId, Platform>,
    pub(crate) approval_steps: Vec<ApprovalStep>,
    pub(crate) agencies: BTreeMap<AgencyId, Agency>,
    pub(crate) competences: BTreeMap<(AgencyKind, Region), AgencyId>,
}

/// Everything that a policy folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySet {
    pub pack: Pack,
    pub screening: ScreeningPack,
    pub calendar: WorkingDays,
}

impl Pack {
    /// Reads a pack that is one file.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, PackError> {
        Self::parse_files(&[PolicyFile::new(file_name.to_owned(), text.to_owned())])
    }

    /// The pack's version, which every event that rests on the pack names.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn effective_from(&self) -> NaiveDate {
        self.effective_from
    }

    pub fn figures(&self) -> Figures {
        self.figures
    }

    pub fn legal_basis(&self, id: &str) -> Option<&LegalBasis> {
        self.legal_bases.get(id)
    }

    pub fn legal_bases(&self) -> impl Iterator<Item = &LegalBasis> {
        self.legal_bases.values()
    }

    pub fn instrument(&self, instrument: Instrument) -> &InstrumentRule {
        // A pack that leaves out an instrument is refused when it is read.
        &self.instruments[&instrument]
    }

    pub fn measure(&self, id: &str) -> Option<&Measure> {
        self.measures.get(id)
    }

    pub fn measures(&self) -> impl Iterator<Item = &Measure> {
        self.measures.values()
    }

    pub fn violation(&self, id: &str) -> Option<&Violation> {
        self.violations.get(id)
    }

    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.violations.values()
    }

    pub fn ladder(&self, id: &str) -> Option<&Ladder> {
        self.ladders.get(id)
    }

    pub fn deadline(&self, name: DeadlineName) -> &NamedTerm {
        // A pack that leaves out a deadline is refused when it is read.
        &self.deadlines[&name]
    }

    pub fn deadlines(&self) -> impl Iterator<Item = &NamedTerm> {
        self.deadlines.values()
    }

    pub fn certificate(&self, certificate: CertificateType) -> Option<&CertificateRequirement> {
        self.certificates.get(&certificate)
    }

    /// The proofs that an applicant needs; none where the sub-category does not belong to the category.
    pub fn certificate_set(
        &self,
        category: ApplicantCategory,
        subcategory: Option<SubCategory>,
    ) -> Option<&CertificateSet> {
        self.certificate_sets.iter().find(|set| set.category == category && set.subcategory == subcategory)
    }

    pub fn certificate_sets(&self) -> &[CertificateSet] {
        &self.certificate_sets
    }

    pub fn platform(&self, id: &str) -> Option<&Platform> {
        self.platforms.get(id)
    }

    /// Whether a platform can execute a measure. Nothing is said of a platform that the pack does not know.
    pub fn offers(&self, platform: &str, measure: &MeasureId) -> Result<(), PolicyRefusal> {
        match self.platform(platform) {
            Some(platform) if !platform.supports(measure.as_str()) => {
                Err(PolicyRefusal::MeasureUnsupported { platform: platform.id.clone(), measure: measure.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }

    pub fn platforms(&self) -> impl Iterator<Item = &Platform> {
        self.platforms.values()
    }

    /// The steps of the approval that an account of `level` needs, in their order (R14, R16).
    pub fn approval_steps(&self, level: AccountLevel) -> impl Iterator<Item = &ApprovalStep> {
        self.approval_steps.iter().filter(move |step| step.levels.contains(&level))
    }

    pub fn agency(&self, id: &str) -> Option<&Agency> {
        let id: AgencyId = id.parse().ok()?;
        self.agencies.get(&id)
    }

    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.values()
    }

    /// The agency of `kind` that answers for `region`: its own, or that of the nearest region around it (R80).
    pub fn competent(&self, kind: AgencyKind, region: Region) -> Option<&Agency> {
        let mut around = Some(region);
        while let Some(region) = around {
            if let Some(id) = self.competences.get(&(kind, region)) {
                return self.agencies.get(id);
            }
            around = region.parent();
        }
        None
    }

    /// Who leads on a violation in a region (R93).
    pub fn lead_agency(&self, violation: &str, region: Region) -> Option<&Agency> {
        self.competent(self.violation(violation)?.lead(), region)
    }

    /// Whether a decision of `instrument` may rest on `bases` and contain `measures`, on the day `on`.
    ///
    /// At least one basis must carry the instrument; the others may stand beside it. Nothing of the ladder is
    /// ever an administrative penalty, whatever is cited for it (行政处罚法 art. 9, 16, 38).
    pub fn admits(
        &self,
        instrument: Instrument,
        bases: &[LegalBasisId],
        measures: &[MeasureId],
        on: NaiveDate,
    ) -> Result<(), PolicyRefusal> {
        let cited = self.cited(bases, on)?;
        if measures.is_empty() {
            return Err(PolicyRefusal::MeasureMissing);
        }
        let names = || bases.iter().map(LegalBasisId::as_str).collect::<Vec<_>>().join(", ");
        let allowed = &self.instrument(instrument).measures;
        for id in measures {
            let measure =
                self.measure(id.as_str()).ok_or_else(|| PolicyRefusal::MeasureUnknown { measure: id.to_string() })?;
            if instrument == Instrument::AdministrativePenalty && measure.rung.is_some() {
                return Err(PolicyRefusal::BasisCannotSetPenalty { bases: names() });
            }
            if !allowed.contains(id) {
                return Err(PolicyRefusal::MeasureOutsideInstrument { instrument, measure: id.clone() });
            }
        }
        if cited.iter().any(|basis| basis.carries.contains(&instrument)) {
            Ok(())
        } else if instrument == Instrument::AdministrativePenalty {
            Err(PolicyRefusal::BasisCannotSetPenalty { bases: names() })
        } else {
            Err(PolicyRefusal::BasisCannotCarry { instrument, bases: names() })
        }
    }

    fn cited(&self, bases: &[LegalBasisId], on: NaiveDate) -> Result<Vec<&LegalBasis>, PolicyRefusal> {
        if bases.is_empty() {
            return Err(PolicyRefusal::BasisMissing);
        }
        bases
            .iter()
            .map(|id| {
                let basis = self
                    .legal_basis(id.as_str())
                    .ok_or_else(|| PolicyRefusal::BasisUnknown { basis: id.to_string() })?;
                if basis.in_force(on) {
                    Ok(basis)
                } else {
                    Err(PolicyRefusal::BasisNotInForce { basis: id.clone(), on })
                }
            })
            .collect()
    }

    /// What follows from a violation of its usual severity, after `history` (R92).
    ///
    /// `history` holds what was decided against the account and not reversed; measures outside the ladder and
    /// measures that are older than the ladder's window do not count.
    pub fn recommend(
        &self,
        violation: &str,
        history: &[EarlierMeasure],
        now: Timestamp,
    ) -> Result<Recommendation, PolicyRefusal> {
        let severity = self.known_violation(violation)?.severity;
        self.recommend_for(violation, severity, history, now)
    }

    /// The same with the severity that was found in the case, which may differ from the usual one.
    pub fn recommend_for(
        &self,
        violation: &str,
        severity: Severity,
        history: &[EarlierMeasure],
        now: Timestamp,
    ) -> Result<Recommendation, PolicyRefusal> {
        let violation = self.known_violation(violation)?;
        // A violation's ladder, its rungs and their measures were resolved when the pack was read.
        let ladder = &self.ladders[&violation.ladder];
        let earlier_rung = history
            .iter()
            .filter(|earlier| ladder.counts(earlier.decided_at, now))
            .filter_map(|earlier| self.measure(earlier.measure.as_str())?.rung)
            .max();
        let rung = ladder.next_rung(severity, earlier_rung);
        let measure = &self.measures[&ladder.rungs[usize::from(rung) - 1]];
        let clamp = |range: crate::ParameterRange| ladder.mute_days(severity).clamp(range.min, range.max);
        Ok(Recommendation {
            rung,
            measure: measure.id.clone(),
            days: measure.days.map(clamp),
            accompanied_by: violation.accompanied_by.clone(),
            earlier_rung,
        })
    }

    fn known_violation(&self, id: &str) -> Result<&Violation, PolicyRefusal> {
        self.violation(id).ok_or_else(|| PolicyRefusal::ViolationUnknown { violation: id.chars().take(64).collect() })
    }
}
