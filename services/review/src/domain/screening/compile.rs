//! Compiles a rule pack, once per version.

use std::collections::BTreeMap;

use casebook_policy::{ClassId, Pattern, ScreeningPack, Trigger};
use daachorse::CharwiseDoubleArrayAhoCorasick;

use super::fold::{disguises, fold_term};
use super::shapes::{SHARE_MARKS, SHOP_HOSTS};

/// The most characters a term may have: where a term started is remembered for so many.
pub const TERM_CHARS_MAX: usize = 64;

/// Why a rule pack cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    #[error("class `{class}`: a term has 1 to {TERM_CHARS_MAX} characters that count, not `{term}`")]
    TermLength { class: String, term: String },
    #[error("rule `{rule}` names the class `{class}`, which the pack does not define")]
    ClassMissing { rule: String, class: String },
    #[error("the terms do not make an automaton: {0}")]
    Automaton(String),
}

/// What a text holds that starts a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Link,
    ShopHost,
    ShareMark,
}

/// One pattern of the automaton.
#[derive(Debug, Clone, Default)]
pub(super) struct Term {
    pub chars: usize,
    /// The classes it belongs to, with the number by which different terms are told apart: spellings share it.
    pub classes: Vec<(usize, u32)>,
    pub marker: Option<Marker>,
    /// It starts or ends with a letter or digit, and is then looked for as a whole word.
    pub wordy: bool,
}

/// A rule with its classes by their place in [`Screener::classes`].
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub id: String,
    pub violation: String,
    pub legal_bases: Vec<String>,
    pub condition: Condition,
    pub unless: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum Condition {
    Term { any_of: Vec<usize> },
    Cooccurrence { all_of: Vec<Vec<usize>> },
    LabelRequired { any_of: Vec<usize>, label: &'static str, labelled_by: Vec<usize> },
    WhenUncertified { any_of: Vec<usize>, distinct_min: usize },
}

/// A compiled rule pack.
pub struct Screener {
    pub(super) version: String,
    pub(super) automaton: CharwiseDoubleArrayAhoCorasick<u32>,
    pub(super) terms: Vec<Term>,
    /// The ids of the classes.
    pub(super) classes: Vec<String>,
    /// Which classes hold a shape.
    pub(super) shaped: Vec<(Pattern, usize)>,
    pub(super) rules: Vec<Rule>,
    spellings: Vec<String>,
}

impl std::fmt::Debug for Screener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screener").field("version", &self.version).field("terms", &self.terms.len()).finish()
    }
}

impl Screener {
    pub fn compile(pack: &ScreeningPack) -> Result<Self, CompileError> {
        let classes: Vec<String> = pack.classes().map(|class| class.id.to_string()).collect();
        let mut terms = Terms::default();
        let mut shaped = Vec::new();
        for (number, class) in pack.classes().enumerate() {
            shaped.extend(class.patterns.iter().map(|pattern| (*pattern, number)));
            for term in &class.terms {
                terms.add(number, &classes[number], term)?;
            }
        }
        terms.add_markers();
        let rules = pack
            .rules()
            .iter()
            .map(|rule| {
                let place = |class: &ClassId| {
                    classes
                        .binary_search_by(|known| known.as_str().cmp(class.as_str()))
                        .map_err(|_| CompileError::ClassMissing { rule: rule.id.to_string(), class: class.to_string() })
                };
                Ok(Rule {
                    id: rule.id.to_string(),
                    violation: rule.violation.to_string(),
                    legal_bases: rule.bases.iter().map(ToString::to_string).collect(),
                    condition: condition(&rule.trigger, &place)?,
                    unless: rule.unless.iter().map(place).collect::<Result<_, _>>()?,
                })
            })
            .collect::<Result<_, CompileError>>()?;
        let patterns = terms.by_spelling.iter().map(|(spelling, number)| (spelling.as_str(), *number));
        let automaton = CharwiseDoubleArrayAhoCorasick::with_values(patterns)
            .map_err(|error| CompileError::Automaton(error.to_string()))?;
        let spellings = terms.by_spelling.into_keys().collect();
        Ok(Self {
            version: pack.version().to_owned(),
            automaton,
            terms: terms.terms,
            classes,
            shaped,
            rules,
            spellings,
        })
    }

    /// The version of the pack.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Every pattern of the automaton: what a bare automaton has to be given to do the same search.
    pub fn spellings(&self) -> &[String] {
        &self.spellings
    }
}

fn condition(
    trigger: &Trigger,
    place: &impl Fn(&ClassId) -> Result<usize, CompileError>,
) -> Result<Condition, CompileError> {
    let places = |classes: &[ClassId]| classes.iter().map(place).collect::<Result<Vec<_>, _>>();
    Ok(match trigger {
        Trigger::Term { any_of } => Condition::Term { any_of: places(any_of)? },
        Trigger::Cooccurrence { all_of } => {
            Condition::Cooccurrence { all_of: all_of.iter().map(|group| places(group)).collect::<Result<_, _>>()? }
        }
        Trigger::LabelRequired { any_of, label, labelled_by } => Condition::LabelRequired {
            any_of: places(any_of)?,
            label: label.as_str(),
            labelled_by: places(labelled_by)?,
        },
        Trigger::WhenUncertified { any_of, distinct_min } => Condition::WhenUncertified {
            any_of: places(any_of)?,
            distinct_min: usize::try_from(*distinct_min).unwrap_or(usize::MAX),
        },
    })
}

/// The patterns on their way into the automaton, which holds each only once.
#[derive(Default)]
struct Terms {
    terms: Vec<Term>,
    by_spelling: BTreeMap<String, u32>,
    /// The terms of the pack so far.
    distinct: u32,
}

impl Terms {
    fn add(&mut self, class: usize, class_id: &str, term: &str) -> Result<(), CompileError> {
        let folded = fold_term(term);
        let spellings: Vec<String> = std::iter::once(folded.clone()).chain(disguises(&folded)).collect();
        let fits = |spelling: &String| (1..=TERM_CHARS_MAX).contains(&spelling.chars().count());
        if !spellings.iter().all(fits) {
            return Err(CompileError::TermLength { class: class_id.to_owned(), term: term.to_owned() });
        }
        // The same word in two classes is one word: it gets the number of the first.
        let known = self.by_spelling.get(&folded).and_then(|number| self.terms[*number as usize].classes.first());
        let distinct = known.map_or(self.distinct, |(_, distinct)| *distinct);
        self.distinct += 1;
        for spelling in spellings {
            let entry = self.entry(spelling);
            if !entry.classes.iter().any(|(known, _)| *known == class) {
                entry.classes.push((class, distinct));
            }
        }
        Ok(())
    }

    fn add_markers(&mut self) {
        for link in ["http://", "https://", "www."] {
            self.entry(link.to_owned()).marker = Some(Marker::Link);
        }
        for host in SHOP_HOSTS {
            self.entry((*host).to_owned()).marker = Some(Marker::ShopHost);
        }
        for mark in SHARE_MARKS {
            self.entry(mark.to_string()).marker = Some(Marker::ShareMark);
        }
    }

    fn entry(&mut self, spelling: String) -> &mut Term {
        let next = u32::try_from(self.terms.len()).unwrap_or(u32::MAX);
        let chars = spelling.chars().count();
        let wordy = spelling.starts_with(|c: char| c.is_ascii_alphanumeric())
            || spelling.ends_with(|c: char| c.is_ascii_alphanumeric());
        let number = *self.by_spelling.entry(spelling).or_insert(next);
        if number == next {
            self.terms.push(Term { chars, wordy, ..Term::default() });
        }
        &mut self.terms[number as usize]
    }
}
