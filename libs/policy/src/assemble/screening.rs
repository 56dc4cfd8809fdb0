//! A file to a screening pack.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use crate::error::PackError;
use crate::ids::{ClassId, check_id};
use crate::pack::Pack;
use crate::parse::{Entry, PolicyFile, entries};
use crate::screening::{ScreeningPack, ScreeningRule, TermClass, Trigger};

/// The most terms that all classes of a screening pack may have.
pub const TERMS_MAX: usize = 50_000;
/// The most characters of a term.
pub const TERM_CHARS_MAX: usize = 64;
/// The most rules of a screening pack.
pub const RULES_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScreeningText {
    #[serde(rename = "kind")]
    _kind: String,
    version: String,
    effective_from: NaiveDate,
    class: Vec<Spanned<TermClass>>,
    rule: Vec<Spanned<ScreeningRule>>,
}

impl ScreeningPack {
    /// Reads a screening pack whose rules refer to `pack`.
    pub fn parse(file_name: &str, text: &str, pack: &Pack) -> Result<Self, PackError> {
        Self::parse_file(&PolicyFile::new(file_name.to_owned(), text.to_owned()), pack)
    }

    pub(crate) fn parse_file(file: &PolicyFile, pack: &Pack) -> Result<Self, PackError> {
        let text: ScreeningText = file.read()?;
        check_id(&text.version).map_err(|reason| file.refuse(0, reason))?;
        let (mut class_entries, mut rule_entries) = (Vec::new(), Vec::new());
        entries(file, text.class, &mut class_entries);
        entries(file, text.rule, &mut rule_entries);
        let classes = checked_classes(class_entries)?;
        if rule_entries.len() > RULES_MAX {
            return Err(file.refuse(0, format!("a screening pack has at most {RULES_MAX} rules")));
        }
        let mut rules: Vec<ScreeningRule> = Vec::with_capacity(rule_entries.len());
        for entry in rule_entries {
            check_rule(&entry, &classes, pack)?;
            if rules.iter().any(|rule| rule.id == entry.value.id) {
                return Err(entry.refuse(format!("`{}` is defined twice", entry.value.id)));
            }
            rules.push(entry.value);
        }
        Ok(Self { version: text.version, effective_from: text.effective_from, classes, rules })
    }
}

fn checked_classes(entries: Vec<Entry<'_, TermClass>>) -> Result<BTreeMap<ClassId, TermClass>, PackError> {
    let mut classes = BTreeMap::new();
    let mut terms_total = 0;
    for entry in entries {
        let class = &entry.value;
        entry.check_text("name", &class.name)?;
        if class.terms.is_empty() && class.patterns.is_empty() {
            return Err(entry.refuse(format!("the class `{}` is empty", class.id)));
        }
        terms_total += class.terms.len();
        if terms_total > TERMS_MAX {
            return Err(entry.refuse(format!("a screening pack has at most {TERMS_MAX} terms")));
        }
        let mut seen = BTreeSet::new();
        for term in &class.terms {
            if term.trim().is_empty() || term.trim() != term || term.chars().count() > TERM_CHARS_MAX {
                let reason = format!("a term has 1 to {TERM_CHARS_MAX} characters and no space around them");
                return Err(entry.refuse_word(term, reason));
            }
            if !seen.insert(term) {
                return Err(entry.refuse_word(term, format!("`{term}` stands in `{}` twice", class.id)));
            }
        }
        if classes.contains_key(&class.id) {
            return Err(entry.refuse(format!("`{}` is defined twice", class.id)));
        }
        classes.insert(class.id.clone(), entry.value);
    }
    Ok(classes)
}

fn check_rule(
    entry: &Entry<'_, ScreeningRule>,
    classes: &BTreeMap<ClassId, TermClass>,
    pack: &Pack,
) -> Result<(), PackError> {
    let rule = &entry.value;
    entry.check_text("name", &rule.name)?;
    let unknown = |what: &str, id: &str| entry.refuse_word(id, format!("the pack has no {what} `{id}`"));
    if pack.violation(rule.violation.as_str()).is_none() {
        return Err(unknown("violation", rule.violation.as_str()));
    }
    for basis in &rule.bases {
        if pack.legal_basis(basis.as_str()).is_none() {
            return Err(unknown("legal basis", basis.as_str()));
        }
    }
    if rule.bases.is_empty() {
        return Err(entry.refuse(format!("`{}` needs a legal basis", rule.id)));
    }
    for class in rule.trigger.classes().chain(&rule.unless) {
        if !classes.contains_key(class) {
            return Err(unknown("class", class.as_str()));
        }
    }
    let enough = match &rule.trigger {
        Trigger::Term { any_of } | Trigger::LabelRequired { any_of, .. } => !any_of.is_empty(),
        Trigger::WhenUncertified { any_of, distinct_min } => !any_of.is_empty() && *distinct_min > 0,
        Trigger::Cooccurrence { all_of } => all_of.len() > 1 && all_of.iter().all(|group| !group.is_empty()),
    };
    if enough {
        Ok(())
    } else {
        Err(entry.refuse(format!("the trigger of `{}` names too little to ever fire rightly", rule.id)))
    }
}
