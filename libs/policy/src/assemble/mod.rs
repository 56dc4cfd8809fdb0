//! Files to a pack: every entry unique, every reference resolved, every rule of the law that no pack may
//! change upheld.

mod checks;
mod screening;

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use crate::agency::Agency;
use crate::certificate_set::{CertificateRequirement, CertificateSet};
use crate::deadlines::{DeadlineName, NamedTerm};
use crate::error::PackError;
use crate::ids::check_id;
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
            entries(file, text.figures.into_iter().collect(), &mut sections.figures);
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
        None => PackError { file: "(no file)".to_owned(), line: 0, reason },
    }
}

impl Pack {
    /// Reads a pack that is spread over files; any section may stand in any of them.
    pub fn parse_files(files: &[PolicyFile]) -> Result<Self, PackError> {
        if files.len() > FILES_MAX {
            return Err(missing(files, format!("a pack has at most {FILES_MAX} files")));
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
            .map(|_| sections.certificate_sets.iter().map(|entry| entry.value.clone()).collect())?,
            platforms: by_key(&sections.platforms, |v| v.id.clone(), |v| quoted(&v.id))?,
            approval_steps: by_key(&sections.approval_steps, |v| v.id.clone(), |v| quoted(&v.id))
                .map(|_| sections.approval_steps.iter().map(|entry| entry.value.clone()).collect())?,
            agencies: by_key(&sections.agencies, |v| v.id.clone(), |v| quoted(&v.id))?,
            competences: by_key(
                &sections.agencies,
                |v| (v.kind, v.region),
                |v| format!("an agency for `{}` in {}", v.kind.as_str(), v.region),
            )
            .map(|map| map.into_iter().map(|(key, agency)| (key, agency.id)).collect())?,
        };
        pack.check_complete(files)?;
        pack.check_sections(&sections)?;
        Ok(pack)
    }

    /// What the program names must be there.
    fn check_complete(&self, files: &[PolicyFile]) -> Result<(), PackError> {
        for instrument in Instrument::ALL {
            if !self.instruments.contains_key(&instrument) {
                return Err(missing(files, format!("the pack has no instrument `{instrument}`")));
            }
        }
        for name in DeadlineName::ALL {
            if !self.deadlines.contains_key(name) {
                return Err(missing(files, format!("the pack has no deadline `{}`", name.as_str())));
            }
        }
        for measure in measures::REQUIRED {
            if !self.measures.contains_key(measure) {
                return Err(missing(files, format!("the pack has no measure `{measure}`")));
            }
        }
        Ok(())
    }
}
