//! The screening rules.

use std::collections::BTreeSet;

use casebook_policy::{Label, Pattern, Trigger};

use crate::{pack, policy};

#[test]
fn the_terms_are_many_and_every_class_is_used() {
    let screening = &policy().screening;
    let terms: BTreeSet<&str> = screening.classes().flat_map(|class| class.terms.iter().map(String::as_str)).collect();
    assert!(terms.len() >= 250, "{} terms", terms.len());
    let used: BTreeSet<&str> = screening
        .rules()
        .iter()
        .flat_map(|rule| rule.trigger.classes().chain(&rule.unless))
        .map(|class| class.as_str())
        .collect();
    for class in screening.classes() {
        assert!(used.contains(class.id.as_str()), "no rule uses `{}`", class.id);
    }
}

/// A single character hits everywhere.
#[test]
fn no_term_is_a_single_character() {
    for class in policy().screening.classes() {
        for term in &class.terms {
            assert!(term.chars().count() > 1, "`{term}` in `{}`", class.id);
        }
    }
}

/// R39-R43: each label is asked for by one rule, and some text can satisfy it.
#[test]
fn r39_to_r43_labels() {
    let screening = &policy().screening;
    for (label, violation) in [
        (Label::QuotedSource, "LABEL-QUOTED-SOURCE"),
        (Label::OldNews, "LABEL-OLD-NEWS"),
        (Label::StagedDrama, "LABEL-STAGED-DRAMA"),
        (Label::AiGenerated, "LABEL-AI-GENERATED"),
        (Label::PersonalExperience, "LABEL-PERSONAL-EXPERIENCE"),
    ] {
        let rules: Vec<_> = screening
            .rules()
            .iter()
            .filter(|rule| matches!(&rule.trigger, Trigger::LabelRequired { label: asked, labelled_by, .. } if *asked == label && !labelled_by.is_empty()))
            .collect();
        assert_eq!(rules.len(), 1, "{label:?}");
        assert_eq!(rules[0].violation, violation);
    }
}

/// R66: knowledge beside an address, a contact or a shopping link.
#[test]
fn r66_cooccurrence() {
    let screening = &policy().screening;
    let rule = screening.rule("knowledge-with-contact").expect("rule");
    let Trigger::Cooccurrence { all_of } = &rule.trigger else { panic!("{:?}", rule.trigger) };
    let groups: Vec<Vec<&str>> =
        all_of.iter().map(|group| group.iter().map(|class| class.as_str()).collect()).collect();
    assert_eq!(groups, [vec!["knowledge"], vec!["address", "contact", "shopping-link"]]);
    let patterns = |class: &str| screening.class(class).expect(class).patterns.clone();
    assert_eq!(patterns("contact"), [Pattern::MobileNumber, Pattern::LandlineNumber, Pattern::ServiceNumber]);
    assert_eq!(patterns("address"), [Pattern::StreetAddress]);
    assert_eq!(patterns("shopping-link"), [Pattern::ShopUrl]);
}

/// R65: a rule for each class of product; R87: a rule for each of the six kinds; R33: the uncertified.
#[test]
fn what_the_notice_names_is_looked_for() {
    let looked_for: BTreeSet<&str> = policy().screening.rules().iter().map(|rule| rule.violation.as_str()).collect();
    for violation in pack().violations() {
        if ["R65", "R66", "R87", "R88", "R90", "R33"].contains(&violation.requirement.as_str()) {
            assert!(looked_for.contains(violation.id.as_str()), "{}", violation.id);
        }
    }
    assert!(matches!(
        policy().screening.rule("uncertified").expect("rule").trigger,
        Trigger::WhenUncertified { distinct_min: 2, .. }
    ));
}
