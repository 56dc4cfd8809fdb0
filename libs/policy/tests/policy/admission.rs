//! Which instrument may rest on what, and contain what.

use casebook_policy::{Instrument, PolicyRefusal, measures as m};
use chrono::NaiveDate;

use crate::{bases, measures, pack};

fn admits(instrument: Instrument, cited: &[&str], chosen: &[&str]) -> Result<(), PolicyRefusal> {
    admits_on("2026-03-02", instrument, cited, chosen)
}

fn admits_on(day: &str, instrument: Instrument, cited: &[&str], chosen: &[&str]) -> Result<(), PolicyRefusal> {
    let on: NaiveDate = day.parse().expect(day);
    pack().admits(instrument, &bases(cited), &measures(chosen), on)
}

const LADDER: [&str; 6] = [
    m::INTERACTIONS_REMOVED,
    m::FOLLOWERS_CLEARED,
    m::MONETISATION_REVOKED,
    m::MUTED,
    m::MUTED_PERMANENTLY,
    m::ACCOUNT_CLOSED,
];

/// S1 §8: platforms apply the ladder 依法依约.
#[test]
fn a_platform_measure_request_carries_the_ladder() {
    for measure in LADDER {
        for basis in ["S1-8", "PLATFORM-AGREEMENT", "WEIBO-19"] {
            assert_eq!(admits(Instrument::PlatformMeasureRequest, &[basis], &[measure]), Ok(()));
        }
    }
    // Other articles may stand beside the one that carries it.
    assert_eq!(admits(Instrument::PlatformMeasureRequest, &["AD-19", "S1-8"], &[m::MUTED, m::CONTENT_REMOVED]), Ok(()));
}

/// 行政处罚法 art. 16, 38: whatever is cited, the ladder is no penalty.
#[test]
fn the_ladder_as_a_penalty_is_always_refused() {
    for measure in LADDER {
        for cited in [&["S1-8"][..], &["AD-58"], &["S1-8", "AD-58", "PENALTY-9"], &["PLATFORM-AGREEMENT"]] {
            let refused = admits(Instrument::AdministrativePenalty, cited, &[measure]);
            assert!(matches!(refused, Err(PolicyRefusal::BasisCannotSetPenalty { .. })), "{measure} {cited:?}");
        }
    }
}

#[test]
fn a_penalty_rests_on_an_article_that_sets_one() {
    let penalty = Instrument::AdministrativePenalty;
    assert_eq!(admits(penalty, &["AD-58"], &["FINE"]), Ok(()));
    assert_eq!(admits(penalty, &["S1-7", "AD-59"], &["FINE"]), Ok(()));
    // A normative document, a procedure and a ban without a sanction set none.
    for cited in ["S1-8", "NHC-2", "SH-2", "PENALTY-9", "AD-19", "S2-16"] {
        assert_eq!(
            admits(penalty, &[cited], &["FINE"]),
            Err(PolicyRefusal::BasisCannotSetPenalty { bases: cited.to_owned() })
        );
    }
}

#[test]
fn each_instrument_contains_its_own_measures_only() {
    assert_eq!(admits(Instrument::ContentDemand, &["CSL-52"], &[m::CONTENT_REMOVED]), Ok(()));
    for (instrument, basis, measure) in [
        // Content only.
        (Instrument::ContentDemand, "CSL-52", m::MUTED),
        (Instrument::PlatformMeasureRequest, "S1-8", "FINE"),
        (Instrument::PlatformMeasureRequest, "S1-8", "AWARDS_CANCELLED"),
        (Instrument::CorrectionOrder, "PENALTY-28", "FINE"),
        (Instrument::Interim, "S1-4", m::ACCOUNT_CLOSED),
        (Instrument::AdministrativePenalty, "AD-58", m::CONTENT_REMOVED),
    ] {
        let refused = admits(instrument, &[basis], &[measure]);
        assert!(matches!(refused, Err(PolicyRefusal::MeasureOutsideInstrument { .. })), "{instrument} {measure}");
    }
}

#[test]
fn each_instrument_needs_a_basis_that_carries_it() {
    for (instrument, basis, measure, carries) in [
        (Instrument::CorrectionOrder, "PENALTY-28", "CORRECTION_REQUIRED", true),
        (Instrument::CorrectionOrder, "S1-8", "CORRECTION_REQUIRED", false),
        (Instrument::InstitutionalSanction, "S2-16", "AWARDS_CANCELLED", true), // R94
        (Instrument::InstitutionalSanction, "S2-18", "ACCOUNT_CLOSED_BY_INSTITUTION", true), // R95
        (Instrument::InstitutionalSanction, "S1-8", "AWARDS_CANCELLED", false),
        (Instrument::Interim, "S1-4", m::PUBLISHING_RESTRICTED, true), // R30
        (Instrument::Interim, "S1-5", m::PUBLISHING_RESTRICTED, true),
        (Instrument::Interim, "NHC-2", m::PUBLISHING_RESTRICTED, false),
        (Instrument::PlatformMeasureRequest, "NHC-2", m::MUTED, false),
        (Instrument::ContentDemand, "S1-8", m::CONTENT_REMOVED, false),
    ] {
        let got = admits(instrument, &[basis], &[measure]);
        if carries {
            assert_eq!(got, Ok(()), "{instrument} {basis}");
        } else {
            assert_eq!(got, Err(PolicyRefusal::BasisCannotCarry { instrument, bases: basis.to_owned() }));
        }
    }
}

#[test]
fn a_basis_must_be_in_force_on_the_day() {
    let request = Instrument::PlatformMeasureRequest;
    assert!(matches!(
        admits_on("2025-07-27", request, &["S1-8"], &[m::MUTED]),
        Err(PolicyRefusal::BasisNotInForce { basis, .. }) if basis == "S1-8"
    ));
    assert_eq!(admits_on("2025-12-31", Instrument::ContentDemand, &["CSL-50"], &[m::CONTENT_REMOVED]), Ok(()));
    assert!(admits_on("2026-01-01", Instrument::ContentDemand, &["CSL-50"], &[m::CONTENT_REMOVED]).is_err());
    // Published verdicts of 2020 rest on the platform's rules of their day.
    assert_eq!(
        admits_on("2020-03-09", request, &["WEIBO-19"], &[m::CREDIT_DEDUCTED, m::MUTED, m::FOLLOW_BANNED]),
        Ok(())
    );
}

#[test]
fn nothing_may_be_missing_or_unknown() {
    let request = Instrument::PlatformMeasureRequest;
    assert_eq!(admits(request, &[], &[m::MUTED]), Err(PolicyRefusal::BasisMissing));
    assert_eq!(admits(request, &["S1-8"], &[]), Err(PolicyRefusal::MeasureMissing));
    assert_eq!(
        admits(request, &["S1-99"], &[m::MUTED]),
        Err(PolicyRefusal::BasisUnknown { basis: "S1-99".to_owned() })
    );
    assert_eq!(
        admits(request, &["S1-8"], &["BANISHED"]),
        Err(PolicyRefusal::MeasureUnknown { measure: "BANISHED".to_owned() })
    );
}
