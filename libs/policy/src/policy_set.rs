//! A policy folder: the pack, the screening rules and the calendar, told apart by `kind`.

use std::collections::BTreeMap;

use casebook_kernel::calendar::WorkingDays;
use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use crate::error::PackError;
use crate::ids::{ClassId, check_id};
use crate::pack::{Pack, PolicySet};
use crate::parse::{Entry, PolicyFile, entries};
use crate::screening::{ScreeningPack, ScreeningRule, TermClass, Trigger};

/// The most terms that all classes of a screening pack may have.
pub const TERMS_MAX: usize = 50_000;
/// The most characters of a term.
pub const TERM_CHARS_MAX: usize = 64;
/// The most rules of a screening pack.
pub const RULES_MAX: usize = 1_000;

/// The files that the program carries.
const SHIPPED: [(&str, &str); 8] = [
    ("pack.toml", include_str!("../../../policy/pack.toml")),
    (
        "legal_bases.toml",
        include_str!("../../../policy/legal_bases.toml"),
    ),
    (
        "measures.toml",
        include_str!("../../../policy/measures.toml"),
    ),
    (
        "violations.toml",
        include_str!("../../../policy/violations.toml"),
    ),
    (
        "credentials.toml",
        include_str!("../../../policy/credentials.toml"),
    ),
    (
        "registers.toml",
        include_str!("../../../policy/registers.toml"),
    ),
    (
        "screening/health-science.toml",
        include_str!("../../../policy/screening/health-science.toml"),
    ),
    (
        "calendar/cn-working-days.toml",
        include_str!("../../../policy/calendar/cn-working-days.toml"),
    ),
];

#[derive(Deserialize)]
struct Kind {
    kind: Option<Spanned<String>>,
}

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

impl PolicySet {
    /// The policy that the program carries.
    pub fn shipped() -> Result<Self, PackError> {
        Self::parse(&SHIPPED.map(|(name, text)| PolicyFile::new(name, text)))
    }

    /// Reads the files of a policy folder: any number of `kind = "policy"`, which are one pack, one of
    /// `kind = "screening"` and one of `kind = "working_days"`.
    pub fn parse(files: &[PolicyFile]) -> Result<Self, PackError> {
        let (mut policy, mut screening, mut calendar) = (Vec::new(), None, None);
        for file in files {
            let (offset, kind) = match file.read::<Kind>()?.kind {
                Some(kind) => (kind.span().start, kind.into_inner()),
                None => return Err(file.refuse(0, "a policy file says its `kind`")),
            };
            let taken = match kind.as_str() {
                "policy" => {
                    policy.push(file.clone());
                    false
                }
                "screening" => screening.replace(file).is_some(),
                "working_days" => calendar.replace(file).is_some(),
                other => {
                    let reason = format!(
                        "`{other}` is not a kind of policy file (policy, screening, working_days)"
                    );
                    return Err(file.refuse(offset, reason));
                }
            };
            if taken {
                return Err(file.refuse(
                    offset,
                    format!("the folder has more than one file of kind `{kind}`"),
                ));
            }
        }
        let missing = |kind: &str| PackError {
            file: files
                .first()
                .map_or_else(|| "(no file)".to_owned(), |file| file.name.to_string()),
            line: 0,
            reason: format!("the folder has no file of kind `{kind}`"),
        };
        let pack = Pack::parse_files(&policy)?;
        let screening = screening.ok_or_else(|| missing("screening"))?;
        let calendar = calendar.ok_or_else(|| missing("working_days"))?;
        Ok(Self {
            screening: ScreeningPack::parse_file(screening, &pack)?,
            calendar: WorkingDays::parse(&calendar.text).map_err(|error| PackError {
                file: calendar.name.to_string(),
                line: error.line,
                reason: error.reason,
            })?,
            pack,
        })
    }
}

impl ScreeningPack {
    /// Reads a screening pack whose rules refer to `pack`.
    pub fn parse(file_name: &str, text: &str, pack: &Pack) -> Result<Self, PackError> {
        Self::parse_file(
            &PolicyFile::new(file_name.to_owned(), text.to_owned()),
            pack,
        )
    }

    fn parse_file(file: &PolicyFile, pack: &Pack) -> Result<Self, PackError> {
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
        Ok(Self {
            version: text.version,
            effective_from: text.effective_from,
            classes,
            rules,
        })
    }
}

fn checked_classes(
    entries: Vec<Entry<'_, TermClass>>,
) -> Result<BTreeMap<ClassId, TermClass>, PackError> {
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
        let mut seen = std::collections::BTreeSet::new();
        for term in &class.terms {
            if term.trim().is_empty()
                || term.trim() != term
                || term.chars().count() > TERM_CHARS_MAX
            {
                let reason =
                    format!("a term has 1 to {TERM_CHARS_MAX} characters and no space around them");
                return Err(entry.refuse_word(term, reason));
            }
            if !seen.insert(term) {
                return Err(
                    entry.refuse_word(term, format!("`{term}` stands in `{}` twice", class.id))
                );
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
    let unknown =
        |what: &str, id: &str| entry.refuse_word(id, format!("the pack has no {what} `{id}`"));
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
        Trigger::WhenUncertified {
            any_of,
            distinct_min,
        } => !any_of.is_empty() && *distinct_min > 0,
        Trigger::Cooccurrence { all_of } => {
            all_of.len() > 1 && all_of.iter().all(|group| !group.is_empty())
        }
    };
    if enough {
        Ok(())
    } else {
        Err(entry.refuse(format!(
            "the trigger of `{}` names too little to ever fire rightly",
            rule.id
        )))
    }
}
