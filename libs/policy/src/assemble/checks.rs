//! What must hold of each section of a pack once all of it is read.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::Sections;
use crate::error::PackError;
use crate::ids::LegalBasisId;
use crate::instrument::Instrument;
use crate::pack::Pack;
use crate::parse::Entry;
use crate::{ApplicantCategory, LADDER_RUNGS, Undoing};

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
            return Err(entry.refuse_word(&id.to_string(), format!("the pack has no {what} `{id}`")));
        }
    }
    Ok(())
}

impl Pack {
    /// Checks every entry of every section against the whole pack.
    pub(super) fn check_sections(&self, sections: &Sections<'_>) -> Result<(), PackError> {
        self.check_instruments(sections)?;
        self.check_bases(sections)?;
        self.check_measures(sections)?;
        self.check_ladders(sections)?;
        self.check_violations(sections)?;
        self.check_deadlines(sections)?;
        self.check_certificates(sections)?;
        self.check_platforms(sections)
    }

    fn check_named_bases<T>(&self, entry: &Entry<'_, T>, bases: &[LegalBasisId]) -> Result<(), PackError> {
        resolve(entry, "legal basis", bases, &self.legal_bases)
    }

    fn check_bases(&self, sections: &Sections<'_>) -> Result<(), PackError> {
        for entry in &sections.legal_bases {
            let basis = &entry.value;
            entry.check_text("document", &basis.document)?;
            entry.check_text("article", &basis.article)?;
            if basis.effective_to.is_some_and(|last| last < basis.effective_from) {
                return Err(entry.refuse(format!("`{}` ends before it takes effect", basis.id)));
            }
            for instrument in &basis.carries {
                // 行政处罚法 art. 16 stands above any pack.
                if *instrument == Instrument::AdministrativePenalty && !basis.kind.can_set_penalty() {
                    let reason = "only laws, regulations and rules can set a penalty (行政处罚法 art. 16)";
                    return Err(entry.refuse_word(instrument.as_str(), reason));
                }
                if !self.instrument(*instrument).basis_kinds.contains(&basis.kind) {
                    let reason = format!("a basis of the kind of `{}` does not carry `{instrument}`", basis.id);
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
                return Err(entry.refuse(format!("`{}` needs kinds of basis and measures", rule.id)));
            }
            if rule.id != Instrument::AdministrativePenalty {
                continue;
            }
            if let Some(kind) = rule.basis_kinds.iter().find(|kind| !kind.can_set_penalty()) {
                return Err(entry.refuse(format!("{kind:?} cannot set a penalty (行政处罚法 art. 16)")));
            }
            if let Some(id) = rule.measures.iter().find(|id| self.measures[*id].rung.is_some()) {
                let reason = format!("`{id}` is of the ladder and no kind of penalty (行政处罚法 art. 9)");
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
            if measure.rung.is_some_and(|rung| !(1..=LADDER_RUNGS).contains(&rung)) {
                return Err(entry.refuse(format!("a rung is from 1 to {}", LADDER_RUNGS)));
            }
            for range in [measure.days, measure.points].into_iter().flatten() {
                if range.min == 0 || range.min > range.max {
                    return Err(entry.refuse("a parameter ranges from at least 1 to at least its min"));
                }
            }
            match &measure.undoing {
                Undoing::Reversible { name, .. } => entry.check_text("undoing.name", name)?,
                Undoing::Irreversible { remedy } => entry.check_text("undoing.remedy", remedy)?,
            }
        }
        Ok(())
    }

    fn check_ladders(&self, sections: &Sections<'_>) -> Result<(), PackError> {
        for entry in &sections.ladders {
            let ladder = &entry.value;
            entry.check_text("name", &ladder.name)?;
            resolve(entry, "measure", &ladder.rungs, &self.measures)?;
            if ladder.rungs.len() != usize::from(LADDER_RUNGS) {
                return Err(entry.refuse(format!("a ladder has {} rungs", LADDER_RUNGS)));
            }
            for (rung, id) in (1u8..).zip(&ladder.rungs) {
                if self.measures[id].rung != Some(rung) {
                    return Err(entry.refuse_word(id.as_str(), format!("`{id}` is not a measure of rung {rung}")));
                }
            }
            let start = ladder.start;
            if !(1 <= start.minor && start.minor <= start.serious && start.serious <= start.grave) {
                return Err(entry.refuse("a graver violation starts on no lower rung, and none below 1"));
            }
            if start.grave > LADDER_RUNGS || ladder.step == 0 || ladder.window_months == 0 {
                return Err(entry.refuse("a ladder starts on one of its rungs, and its step and window are at least 1"));
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
                return Err(entry.refuse(format!("`{}` needs a legal basis and an agency", violation.id)));
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
                return Err(entry.refuse("a deadline without a legal basis needs a note that says who set it"));
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
                return Err(entry.refuse("a set needs a certificate, or a reviewer who chooses (case_by_case)"));
            }
            let of_institution = set.category == ApplicantCategory::MedicalInstitution;
            if of_institution != set.subcategory.is_some() {
                return Err(entry.refuse("staff of a medical institution have a sub-category, and nobody else (R21)"));
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
