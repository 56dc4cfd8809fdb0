//! Files to a pack: every entry unique, every reference resolved, every rule of the law that no pack may
//! change upheld.

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use crate::agency::Agency;
use crate::certificate_set::{CertificateRequirement, CertificateSet};
use crate::deadlines::{DeadlineName, NamedTerm};
use crate::error::PackError;
use crate::ids::{LegalBasisId, check_id};
use crate::instrument::{Instrument, InstrumentRule};
use crate::ladder::Ladder;
use crate::legal_basis::LegalBasis;
use crate::measure::{Measure, measures};
use crate::pack::{Figures, Pack};
use crate::parse::{Entry, PolicyFile, entries};
use crate::platform::{ApprovalStep, Platform};
use crate::violation::Violation;

/// The most files a pack may have.
const FILES_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: String,
    effective_from: NaiveDate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyText {
    #[serde(rename = "kind")]
    _kind: String,
    pack: Option<Spanned<Head>>,
    figures: Option<Spanned<Figures>>,
    #[serde(default)]
    legal_basis: Vec<Spanned<LegalBasis>>,
    #[serde(default)]
    instrument: Vec<Spanned<InstrumentRule>>,
    #[serde(default)]
    measure: Vec<Spanned<Measure>>,
    #[serde(default)]
    ladder: Vec<Spanned<Ladder>>,
    #[serde(default)]
    violation: Vec<Spanned<Violation>>,
    #[serde(default)]
    deadline: Vec<Spanned<NamedTerm>>,
    #[serde(default)]
    certificate: Vec<Spanned<CertificateRequirement>>,
    #[serde(default)]
    certificate_set: Vec<Spanned<CertificateSet>>,
    #[serde(default)]
    platform: Vec<Spanned<Platform>>,
    #[serde(default)]
    approval_step: Vec<Spanned<ApprovalStep>>,
    #[serde(default)]
    agency: Vec<Spanned<Agency>>,
}

/// The entries of all files, before they are checked.
#[derive(Default)]
struct Sections<'a> {
    head: Vec<Entry<'a, Head>>,
    figures: Vec<Entry<'a, Figures>>,
    legal_bases: Vec<Entry<'a, LegalBasis>>,
    instruments: Vec<Entry<'a, InstrumentRule>>,
    measures: Vec<Entry<'a, Measure>>,
    ladders: Vec<Entry<'a, Ladder>>,
    violations: Vec<Entry<'a, Violation>>,
    deadlines: Vec<Entry<'a, NamedTerm>>,
    certificates: Vec<Entry<'a, CertificateRequirement>>,
    certificate_sets: Vec<Entry<'a, CertificateSet>>,
    platforms: Vec<Entry<'a, Platform>>,
    approval_steps: Vec<Entry<'a, ApprovalStep>>,
    agencies: Vec<Entry<'a, Agency>>,
}

impl<'a> Sections<'a> {
    fn read(files: &'a [PolicyFile]) -> Result<Self, PackError> {
        let mut sections = Self::default();
        for file in files {
            let text: PolicyText = file.read()?;
            entries(file, text.pack.into_iter().collect(), &mut sections.head);
            entries(
                file,
                text.figures.into_iter().collect(),
                &mut sections.figures,
            );
            entries(file, text.legal_basis, &mut sections.legal_bases);
            entries(file, text.instrument, &mut sections.instruments);
            entries(file, text.measure, &mut sections.measures);
            entries(file, text.ladder, &mut sections.ladders);
            entries(file, text.violation, &mut sections.violations);
            entries(file, text.deadline, &mut sections.deadlines);
            entries(file, text.certificate, &mut sections.certificates);
            entries(file, text.certificate_set, &mut sections.certificate_sets);
            entries(file, text.platform, &mut sections.platforms);
            entries(file, text.approval_step, &mut sections.approval_steps);
            entries(file, text.agency, &mut sections.agencies);
        }
        Ok(sections)
    }
}

/// The entries of a section by their key; a key twice is refused at the second one.
fn by_key<K: Ord + Clone, T: Clone>(
    section: &[Entry<'_, T>],
    key: impl Fn(&T) -> K,
    name: impl Fn(&T) -> String,
) -> Result<BTreeMap<K, T>, PackError> {
    let mut map = BTreeMap::new();
    for entry in section {
        if map.insert(key(&entry.value), entry.value.clone()).is_some() {
            return Err(entry.refuse(format!("{} is defined twice", name(&entry.value))));
        }
    }
    Ok(map)
}

/// Refuses an entry that names something that the pack does not define.
fn resolve<'i, T, I, V>(
    entry: &Entry<'_, T>,
    what: &str,
    named: impl IntoIterator<Item = &'i I>,
    defined: &BTreeMap<I, V>,
) -> Result<(), PackError>
where
    I: Ord + Display + 'i,
{
    for id in named {
        if !defined.contains_key(id) {
            return Err(
                entry.refuse_word(&id.to_string(), format!("the pack has no {what} `{id}`"))
            );
        }
    }
    Ok(())
}

/// The single entry of a section that must be there once.
fn once<'s, 'a, T>(
    section: &'s [Entry<'a, T>],
    name: &str,
    files: &[PolicyFile],
) -> Result<&'s Entry<'a, T>, PackError> {
    match section {
        [entry] => Ok(entry),
        [] => Err(missing(files, format!("the pack has no [{name}]"))),
        [_, second, ..] => Err(second.refuse(format!("[{name}] stands in the pack twice"))),
    }
}

/// What is missing has no line: it is laid to the first file.
fn missing(files: &[PolicyFile], reason: String) -> PackError {
    match files.first() {
        Some(file) => file.refuse(0, reason),
        None => PackError {
            file: "(no file)".to_owned(),
            line: 0,
            reason,
        },
    }
}

impl Pack {
    /// Reads a pack that is spread over files; any section may stand in any of them.
    pub fn parse_files(files: &[PolicyFile]) -> Result<Self, PackError> {
        if files.len() > FILES_MAX {
            return Err(missing(
                files,
                format!("a pack has at most {FILES_MAX} files"),
            ));
        }
        let sections = Sections::read(files)?;
        let head = once(&sections.head, "pack", files)?;
        check_id(&head.value.version).map_err(|reason| head.refuse(reason))?;
        let figures = once(&sections.figures, "figures", files)?;
        let quoted = |id: &dyn Display| format!("`{id}`");
        let pack = Self {
            version: head.value.version.clone(),
            effective_from: head.value.effective_from,
            figures: figures.value,
            legal_bases: by_key(&sections.legal_bases, |v| v.id.clone(), |v| quoted(&v.id))?,
            instruments: by_key(&sections.instruments, |v| v.id, |v| quoted(&v.id))?,
            measures: by_key(&sections.measures, |v| v.id.clone(), |v| quoted(&v.id))?,
            ladders: by_key(&sections.ladders, |v| v.id.clone(), |v| quoted(&v.id))?,
            violations: by_key(&sections.violations, |v| v.id.clone(), |v| quoted(&v.id))?,
            deadlines: by_key(&sections.deadlines, |v| v.id, |v| quoted(&v.id.as_str()))?,
            certificates: by_key(&sections.certificates, |v| v.id, |v| quoted(&v.id))?,
            certificate_sets: by_key(
                &sections.certificate_sets,
                |v| (v.category, v.subcategory),
                |v| format!("the certificate set of `{}`", v.category.as_str()),
            )
            .map(|_| {
                sections
                    .certificate_sets
                    .iter()
                    .map(|entry| entry.value.clone())
                    .collect()
            })?,
            platforms: by_key(&sections.platforms, |v| v.id.clone(), |v| quoted(&v.id))?,
            approval_steps: by_key(
                &sections.approval_steps,
                |v| v.id.clone(),
                |v| quoted(&v.id),
            )
            .map(|_| {
                sections
                    .approval_steps
                    .iter()
                    .map(|entry| entry.value.clone())
                    .collect()
            })?,
            agencies: by_key(&sections.agencies, |v| v.id.clone(), |v| quoted(&v.id))?,
            competences: by_key(
                &sections.agencies,
                |v| (v.kind, v.region),
                |v| format!("an agency for `{}` in {}", v.kind.as_str(), v.region),
            )
            .map(|map| {
                map.into_iter()
                    .map(|(key, agency)| (key, agency.id))
                    .collect()
            })?,
        };
        pack.check_complete(files)?;
        pack.check_bases(&sections)?;
        pack.check_instruments(&sections)?;
        pack.check_measures(&sections)?;
        pack.check_ladders(&sections)?;
        pack.check_violations(&sections)?;
        pack.check_deadlines(&sections)?;
        pack.check_certificates(&sections)?;
        pack.check_platforms(&sections)?;
        Ok(pack)
    }

    /// What the program names must be there.
    fn check_complete(&self, files: &[PolicyFile]) -> Result<(), PackError> {
        for instrument in Instrument::ALL {
            if !self.instruments.contains_key(&instrument) {
                return Err(missing(
                    files,
                    format!("the pack has no instrument `{instrument}`"),
                ));
            }
        }
        for name in DeadlineName::ALL {
            if !self.deadlines.contains_key(name) {
                return Err(missing(
                    files,
                    format!("the pack has no deadline `{}`", name.as_str()),
                ));
            }
        }
        for measure in measures::REQUIRED {
            if !self.measures.contains_key(measure) {
                return Err(missing(
                    files,
                    format!("the pack has no measure `{measure}`"),
                ));
            }
        }
        Ok(())
    }

    fn check_named_bases<T>(
        &self,
        entry: &Entry<'_, T>,
        bases: &[LegalBasisId],
    ) -> Result<(), PackError> {
        resolve(entry, "legal basis", bases, &self.legal_bases)
    }

    fn check_bases(&self, sections: &Sections<'_>) -> Result<(), PackError> {
        for entry in &sections.legal_bases {
            let basis = &entry.value;
            entry.check_text("document", &basis.document)?;
            entry.check_text("article", &basis.article)?;
            if basis
                .effective_to
                .is_some_and(|last| last < basis.effective_from)
            {
                return Err(entry.refuse(format!("`{}` ends before it takes effect", basis.id)));
            }
            for instrument in &basis.carries {
                // 行政处罚法 art. 16 stands above any pack.
                if *instrument == Instrument::AdministrativePenalty && !basis.kind.can_set_penalty()
                {
                    let reason =
                        "only laws, regulations and rules can set a penalty (行政处罚法 art. 16)";
                    return Err(entry.refuse_word(instrument.as_str(), reason));
                }
                if !self
                    .instrument(*instrument)
                    .basis_kinds
                    .contains(&basis.kind)
                {
                    let reason = format!(
                        "a basis of the kind of `{}` does not carry `{instrument}`",
                        basis.id
                    );
                    return Err(entry.refuse_word(instrument.as_str(), reason));
                }
            }
        }
        Ok(())
    }

    fn check_instruments(&self, sections: &Sections<'_>) -> Result<(), PackError> {
        for entry in &sections.instruments {
            let rule = &entry.value;
            entry.check_text("name", &rule.name)?;
            entry.check_text("redress", &rule.redress)?;
            resolve(entry, "measure", &rule.measures, &self.measures)?;
            if rule.basis_kinds.is_empty() || rule.measures.is_empty() {
                return Err(
                    entry.refuse(format!("`{}` needs kinds of basis and measures", rule.id))
                );
            }
            if rule.id != Instrument::AdministrativePenalty {
                continue;
            }
            if let Some(kind) = rule.basis_kinds.iter().find(|kind| !kind.can_set_penalty()) {
                return Err(entry.refuse(format!(
                    "{kind:?} cannot set a penalty (行政处罚法 art. 16)"
                )));
            }
            if let Some(id) = rule
                .measures
                .iter()
                .find(|id| self.measures[*id].rung.is_some())
            {
                let reason =
                    format!("`{id}` is of the ladder and no kind of penalty (行政处罚法 art. 9)");
                return Err(entry.refuse_word(id.as_str(), reason));
            }
        }
        Ok(())
    }

    fn check_measures(&self, sections: &Sections<'_>) -> Result<(), PackError> {
        for entry in &sections.measures {
            let measure = &entry.value;
            entry.check_text("name", &measure.name)?;
            self.check_named_bases(entry, &measure.bases)?;
            if measure
                .rung
                .is_some_and(|rung| !(1..=crate::LADDER_RUNGS).contains(&rung))
            {
                return Err(entry.refuse(format!("a rung is from 1 to {}", crate::LADDER_RUNGS)));
            }
            for range in [measure.days, measure.points].into_iter().flatten() {
                if range.min == 0 || range.min > range.max {
                    return Err(
                        entry.refuse("a parameter ranges from at least 1 to at least its min")
                    );
                }
            }
            match &measure.undoing {
                crate::Undoing::Reversible { name, .. } => {
                    entry.check_text("undoing.name", name)?
                }
                crate::Undoing::Irreversible { remedy } => {
                    entry.check_text("undoing.remedy", remedy)?
                }
            }
        }
        Ok(())
    }

    fn check_ladders(&self, sections: &Sections<'_>) -> Result<(), PackError> {
        for entry in &sections.ladders {
            let ladder = &entry.value;
            entry.check_text("name", &ladder.name)?;
            resolve(entry, "measure", &ladder.rungs, &self.measures)?;
            if ladder.rungs.len() != usize::from(crate::LADDER_RUNGS) {
                return Err(entry.refuse(format!("a ladder has {} rungs", crate::LADDER_RUNGS)));
            }
            for (rung, id) in (1u8..).zip(&ladder.rungs) {
                if self.measures[id].rung != Some(rung) {
                    return Err(entry.refuse_word(
                        id.as_str(),
                        format!("`{id}` is not a measure of rung {rung}"),
                    ));
                }
            }
            let start = ladder.start;
            if !(1 <= start.minor && start.minor <= start.serious && start.serious <= start.grave) {
                return Err(
                    entry.refuse("a graver violation starts on no lower rung, and none below 1")
                );
            }
            if start.grave > crate::LADDER_RUNGS || ladder.step == 0 || ladder.window_months == 0 {
                return Err(entry.refuse(
                    "a ladder starts on one of its rungs, and its step and window are at least 1",
                ));
            }
        }
        Ok(())
    }

    fn check_violations(&self, sections: &Sections<'_>) -> Result<(), PackError> {
        for entry in &sections.violations {
            let violation = &entry.value;
            entry.check_text("name", &violation.name)?;
            self.check_named_bases(entry, &violation.bases)?;
            resolve(entry, "ladder", [&violation.ladder], &self.ladders)?;
            resolve(entry, "measure", &violation.accompanied_by, &self.measures)?;
            if violation.bases.is_empty() || violation.agencies.is_empty() {
                return Err(entry.refuse(format!(
                    "`{}` needs a legal basis and an agency",
                    violation.id
                )));
            }
        }
        Ok(())
    }

    fn check_deadlines(&self, sections: &Sections<'_>) -> Result<(), PackError> {
        for entry in &sections.deadlines {
            let deadline = &entry.value;
            entry.check_text("name", &deadline.name)?;
            self.check_named_bases(entry, &deadline.bases)?;
            deadline.check().map_err(|reason| entry.refuse(reason))?;
            if deadline.bases.is_empty() && deadline.note.is_empty() {
                return Err(entry
                    .refuse("a deadline without a legal basis needs a note that says who set it"));
            }
        }
        Ok(())
    }

    fn check_certificates(&self, sections: &Sections<'_>) -> Result<(), PackError> {
        for entry in &sections.certificates {
            entry.check_text("name", &entry.value.name)?;
            self.check_named_bases(entry, &entry.value.bases)?;
            if entry.value.validity_months == Some(0) {
                return Err(entry.refuse("a certificate is valid for at least one month"));
            }
        }
        for entry in &sections.certificate_sets {
            let set = &entry.value;
            entry.check_text("name", &set.name)?;
            entry.check_text("professional_scope", &set.professional_scope)?;
            self.check_named_bases(entry, &set.bases)?;
            resolve(entry, "certificate", &set.required, &self.certificates)?;
            if set.required.is_empty() && !set.case_by_case {
                return Err(entry.refuse(
                    "a set needs a certificate, or a reviewer who chooses (case_by_case)",
                ));
            }
            let of_institution = set.category == crate::ApplicantCategory::MedicalInstitution;
            if of_institution != set.subcategory.is_some() {
                return Err(entry.refuse(
                    "staff of a medical institution have a sub-category, and nobody else (R21)",
                ));
            }
        }
        Ok(())
    }

    fn check_platforms(&self, sections: &Sections<'_>) -> Result<(), PackError> {
        for entry in &sections.platforms {
            entry.check_text("name", &entry.value.name)?;
            resolve(entry, "measure", &entry.value.measures, &self.measures)?;
        }
        for entry in &sections.approval_steps {
            entry.check_text("name", &entry.value.name)?;
            self.check_named_bases(entry, &entry.value.bases)?;
            if entry.value.levels.is_empty() {
                return Err(entry.refuse("an approval step needs a level of account"));
            }
        }
        for entry in &sections.agencies {
            entry.check_text("name", &entry.value.name)?;
        }
        Ok(())
    }
}
