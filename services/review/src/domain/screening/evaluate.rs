//! Which rules the findings of a pass meet.

use std::collections::BTreeSet;

use super::compile::{Condition, Rule, Screener};
use super::scan::{Found, scan};
use super::{HITS_MAX, Hit, Passage, SPANS_MAX, Screening, Span, offset};
use crate::domain::standing::Certification;

/// The most bytes of a text that are looked at: offsets have 32 bits. Far beyond what a request may hold.
const TEXT_BYTES_MAX: usize = 1 << 24;

impl Screener {
    /// What the pack says of the passage.
    pub fn screen(&self, passage: &Passage<'_>) -> Screening {
        let text = &passage.text[..passage.text.floor_char_boundary(TEXT_BYTES_MAX)];
        let found = scan(self, text, passage.links);
        let mut screening = Screening { hits: Vec::new(), truncated: text.len() < passage.text.len() };
        // Every rule is met by something that was found.
        if found.is_nothing() {
            return screening;
        }
        for rule in &self.rules {
            let Some(met) = self.met(rule, &found, passage) else { continue };
            if screening.hits.len() == HITS_MAX {
                screening.truncated = true;
                break;
            }
            let (hit, complete) = self.hit(rule, met, &found, text, passage.links);
            screening.truncated |= !complete;
            screening.hits.push(hit);
        }
        screening
    }

    /// The classes whose findings make the rule met, or none if it is not.
    fn met(&self, rule: &Rule, found: &Found, passage: &Passage<'_>) -> Option<Vec<usize>> {
        let any = |classes: &[usize]| classes.iter().any(|class| !found.of(*class).is_empty());
        let met = match &rule.condition {
            Condition::Term { any_of } => any(any_of).then(|| any_of.clone()),
            Condition::Cooccurrence { all_of } => {
                all_of.iter().all(|group| any(group)).then(|| all_of.iter().flatten().copied().collect())
            }
            Condition::LabelRequired { any_of, label, labelled_by } => {
                let labelled = passage.labels.iter().any(|shown| shown == label) || any(labelled_by);
                (!labelled && any(any_of)).then(|| any_of.clone())
            }
            Condition::WhenUncertified { any_of, distinct_min } => {
                let distinct = any_of.iter().flat_map(|class| found.of(*class).distinct());
                let professional = || distinct.collect::<BTreeSet<_>>().len() >= *distinct_min;
                (passage.certification == Certification::Uncertified && professional()).then(|| any_of.clone())
            }
        }?;
        (!any(&rule.unless)).then_some(met)
    }

    /// The hit, and whether it lists everything.
    fn hit(&self, rule: &Rule, mut classes: Vec<usize>, found: &Found, text: &str, links: &[String]) -> (Hit, bool) {
        classes.sort_unstable();
        classes.dedup();
        let mut complete = classes.iter().all(|class| !found.of(*class).overflow);
        // Each class first shows one stretch, so that a hit of two groups always shows both of them.
        let count = |class: &usize| found.of(*class).stretches.len();
        let rounds = classes.iter().map(count).max().unwrap_or(0);
        let mut stretches = Vec::with_capacity(classes.iter().map(count).sum::<usize>().min(SPANS_MAX));
        for round in 0..rounds {
            for class in &classes {
                if let Some(stretch) = found.of(*class).stretches.get(round) {
                    if stretches.len() < SPANS_MAX {
                        stretches.push((*stretch, *class));
                    } else {
                        complete = false;
                    }
                }
            }
        }
        stretches.sort_unstable_by_key(|(stretch, class)| (stretch.start, stretch.end, *class));
        let mut counted = Counted::new(text);
        let spans = stretches
            .into_iter()
            .map(|(stretch, class)| {
                let quote = &text[stretch.start..stretch.end];
                let char_start = counted.chars_before(stretch.start);
                Span {
                    bytes: offset(stretch.start)..offset(stretch.end),
                    chars: char_start..char_start + offset(quote.chars().count()),
                    quote: quote.to_owned(),
                    class: Some(self.classes[class].clone()),
                }
            })
            .collect();
        let mut beside: Vec<usize> = classes.iter().flat_map(|class| &found.of(*class).links).copied().collect();
        beside.sort_unstable();
        beside.dedup();
        complete &= beside.len() <= SPANS_MAX;
        let missing_label = match &rule.condition {
            Condition::LabelRequired { label, .. } => Some((*label).to_owned()),
            Condition::Term { .. } | Condition::Cooccurrence { .. } | Condition::WhenUncertified { .. } => None,
        };
        let hit = Hit {
            rule: rule.id.clone(),
            violation: rule.violation.clone(),
            legal_bases: rule.legal_bases.clone(),
            spans,
            missing_label,
            links: beside.into_iter().take(SPANS_MAX).map(|number| links[number].clone()).collect(),
        };
        (hit, complete)
    }
}

/// Counts characters up to places that only ever move on.
struct Counted<'a> {
    text: &'a str,
    bytes: usize,
    chars: u32,
}

impl<'a> Counted<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, bytes: 0, chars: 0 }
    }

    fn chars_before(&mut self, byte: usize) -> u32 {
        self.chars += offset(self.text[self.bytes..byte].chars().count());
        self.bytes = byte;
        self.chars
    }
}
