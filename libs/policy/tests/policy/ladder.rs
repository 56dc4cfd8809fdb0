//! R92: what the ladder recommends, and what counts as a departure from it.

use casebook_kernel::Timestamp;
use casebook_policy::{
    Chosen, Departure, EarlierMeasure, LADDER_RUNGS, PolicyRefusal, Recommendation, Severity, departure, measures as m,
};
use proptest::prelude::*;

use crate::pack;

fn at(day: &str) -> Timestamp {
    format!("{day}T02:00:00Z").parse().expect(day)
}

fn earlier(measure: &str, day: &str) -> EarlierMeasure {
    EarlierMeasure { measure: measure.parse().expect(measure), decided_at: at(day) }
}

fn recommended(violation: &str, history: &[EarlierMeasure]) -> Recommendation {
    pack().recommend(violation, history, at("2026-03-02")).expect("recommendation")
}

#[test]
fn r92_the_recommendation_follows_from_severity_and_history() {
    let before = |measure| earlier(measure, "2025-12-01");
    for (violation, history, measure, days) in [
        // A first violation starts where its severity says.
        ("LABEL-OLD-NEWS", vec![], m::INTERACTIONS_REMOVED, None),
        ("UNCERTIFIED", vec![], m::MONETISATION_REVOKED, None),
        ("V-05", vec![], m::MUTED, Some(30)),
        // A repetition climbs one rung from the highest that was decided.
        ("LABEL-OLD-NEWS", vec![before(m::INTERACTIONS_REMOVED)], m::FOLLOWERS_CLEARED, None),
        ("LABEL-OLD-NEWS", vec![before(m::FOLLOWERS_CLEARED)], m::MONETISATION_REVOKED, None),
        ("LABEL-OLD-NEWS", vec![before(m::MONETISATION_REVOKED)], m::MUTED, Some(7)),
        ("LABEL-OLD-NEWS", vec![before(m::MUTED)], m::ACCOUNT_CLOSED, None),
        ("LABEL-OLD-NEWS", vec![before(m::MUTED), before(m::INTERACTIONS_REMOVED)], m::ACCOUNT_CLOSED, None),
        ("UNCERTIFIED", vec![before(m::MONETISATION_REVOKED)], m::MUTED, Some(15)),
        ("V-05", vec![before(m::MUTED_PERMANENTLY)], m::ACCOUNT_CLOSED, None),
        // The severity of the new violation wins over a low history.
        ("V-05", vec![before(m::INTERACTIONS_REMOVED)], m::MUTED, Some(30)),
        // The top is the top.
        ("V-05", vec![before(m::ACCOUNT_CLOSED)], m::ACCOUNT_CLOSED, None),
        // What is outside the ladder does not climb it.
        ("LABEL-OLD-NEWS", vec![before(m::CREDIT_DEDUCTED), before(m::CONTENT_REMOVED)], m::INTERACTIONS_REMOVED, None),
    ] {
        let got = recommended(violation, &history);
        assert_eq!((got.measure.as_str(), got.days), (measure, days), "{violation} after {history:?}");
    }
}

#[test]
fn an_account_that_repeats_a_minor_violation_climbs_the_whole_ladder() {
    let mut history = Vec::new();
    for (rung, measure) in (1u8..).zip([
        m::INTERACTIONS_REMOVED,
        m::FOLLOWERS_CLEARED,
        m::MONETISATION_REVOKED,
        m::MUTED,
        m::ACCOUNT_CLOSED,
    ]) {
        let got = recommended("AD-COOCCURRENCE", &history);
        assert_eq!((got.rung, got.measure.as_str()), (rung, measure));
        assert_eq!(got.earlier_rung, rung.checked_sub(1).filter(|earlier| *earlier > 0));
        history.push(earlier(got.measure.as_str(), "2026-01-05"));
    }
}

#[test]
fn what_is_older_than_the_window_does_not_count() {
    let after = |day| recommended("LABEL-OLD-NEWS", &[earlier(m::MUTED, day)]).rung;
    assert_eq!(after("2024-03-02"), 5, "24 months ago to the day");
    assert_eq!(after("2024-03-01"), 1, "a day more");
    assert_eq!(after("2026-03-03"), 1, "not decided yet at that moment");
}

#[test]
fn the_severity_found_in_the_case_may_differ_from_the_usual_one() {
    let got = pack().recommend_for("LABEL-OLD-NEWS", Severity::Grave, &[], at("2026-03-02")).expect("recommendation");
    assert_eq!(got.measure, m::MUTED);
}

#[test]
fn the_content_goes_with_every_rung() {
    assert_eq!(recommended("V-04", &[]).accompanied_by, [m::CONTENT_REMOVED]);
    assert_eq!(recommended("LABEL-AI-GENERATED", &[]).accompanied_by, [m::CONTENT_LABELLED]);
    assert!(recommended("DOCTOR-ABSENT", &[]).accompanied_by.is_empty());
}

#[test]
fn an_unknown_violation_has_no_recommendation() {
    assert_eq!(
        pack().recommend("V-99", &[], at("2026-03-02")),
        Err(PolicyRefusal::ViolationUnknown { violation: "V-99".to_owned() })
    );
}

#[test]
fn a_departure_skips_rungs_or_is_lighter() {
    let third = recommended("UNCERTIFIED", &[]);
    let departs = |ids: &[&str]| {
        let measures = ids.iter().map(|id| pack().measure(id).expect(id));
        departure(&third, measures.map(|measure| Chosen { measure: &measure.id, rung: measure.rung, days: None }))
    };
    assert_eq!(departs(&[m::MONETISATION_REVOKED, m::CONTENT_REMOVED]), None);
    assert_eq!(
        departs(&[m::MONETISATION_REVOKED, m::ACCOUNT_CLOSED]),
        Some(Departure::Skips { recommended: 3, chosen: 5 })
    );
    assert_eq!(departs(&[m::INTERACTIONS_REMOVED]), Some(Departure::Lighter { recommended: 3, chosen: 1 }));
    assert_eq!(departs(&[m::CREDIT_DEDUCTED]), Some(Departure::Lighter { recommended: 3, chosen: 0 }));
}

/// R92: the rung alone does not say how heavy a decision is.
#[test]
fn a_longer_mute_or_a_further_measure_of_the_ladder_is_a_departure_on_the_same_rung() {
    let mute = Recommendation {
        rung: 4,
        measure: m::MUTED.parse().unwrap(),
        days: Some(7),
        accompanied_by: vec![],
        earlier_rung: Some(3),
    };
    let departs = |chosen: &[(&str, Option<u32>)]| {
        let measures = chosen.iter().map(|(id, days)| (pack().measure(id).expect(id), *days));
        departure(&mute, measures.map(|(measure, days)| Chosen { measure: &measure.id, rung: measure.rung, days }))
    };
    assert_eq!(departs(&[(m::MUTED, Some(7))]), None);
    for heavier in [
        &[(m::MUTED, Some(365))][..],
        &[(m::MUTED_PERMANENTLY, None)],
        &[(m::MUTED, Some(7)), (m::FOLLOWERS_CLEARED, None)],
    ] {
        assert_eq!(departs(heavier), Some(Departure::Differs { rung: 4 }), "{heavier:?}");
    }
}

fn any_history() -> impl Strategy<Value = Vec<EarlierMeasure>> {
    let measures: Vec<_> = pack().measures().map(|measure| measure.id.clone()).collect();
    let one = (prop::sample::select(measures), 0i64..1_200).prop_map(|(measure, days_ago)| EarlierMeasure {
        measure,
        decided_at: at("2026-03-02") - chrono::TimeDelta::days(days_ago),
    });
    prop::collection::vec(one, 0..6)
}

proptest! {
    /// Whatever happened before, one more earlier measure or a graver violation never recommends less.
    #[test]
    fn the_ladder_never_descends(history in any_history(), more in any_history()) {
        let now = at("2026-03-02");
        let rung = |severity, history: &[EarlierMeasure]| {
            pack().recommend_for("UNCERTIFIED", severity, history, now).expect("recommendation").rung
        };
        let longer = [history.clone(), more].concat();
        for severity in Severity::ALL {
            let got = rung(severity, &history);
            prop_assert!((1..=LADDER_RUNGS).contains(&got));
            prop_assert!(rung(severity, &longer) >= got);
        }
        prop_assert!(rung(Severity::Minor, &history) <= rung(Severity::Serious, &history));
        prop_assert!(rung(Severity::Serious, &history) <= rung(Severity::Grave, &history));
    }
}
