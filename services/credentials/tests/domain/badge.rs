//! R35-R38: what the public may see.

use casebook_credentials::domain::applicant::{Display, Mcn};
use casebook_credentials::domain::badge::{Badge, BadgeState, DisplayField, missing};
use casebook_credentials::domain::credential::{Credential, CredentialCommand, CredentialState, FileCredential};
use casebook_testkit::Given;
use chrono::TimeDelta;

use crate::support::*;

fn badge(given: Given<Credential>) -> Badge {
    Badge::of_account(given.state().application(), now())
}

/// R36, R37: names of certificates, scope, hospital and department, employment, MCN.
#[test]
fn a_verified_account_shows_what_the_notice_wants() {
    let badge = badge(verified());
    assert_eq!((badge.state, badge.valid_until), (BadgeState::Verified, Some(year_later())));
    let content = badge.content.expect("shown");
    assert_eq!(content.certificates, [PhysicianQualification, PhysicianPractice, EmploymentProof]);
    assert_eq!(content.professional_scopes, ["中医专业"]);
    assert_eq!((content.institution_name.as_str(), content.department.as_str()), ("越州市中医院", "针灸科"));
    assert_eq!(content.display, display());
    assert_eq!(content.missing, []);
}

/// R35: neither number nor hash of it, whole or in part.
#[test]
fn a_badge_holds_nothing_of_a_certificates_number() {
    let shown = format!("{:?}", badge(verified()));
    for certificate in certificates().iter().filter(|certificate| !certificate.number_hmac.is_empty()) {
        assert!(!shown.contains(&certificate.number_hmac) && !shown.contains(&certificate.number_last_four), "{shown}");
    }
}

#[test]
fn nothing_is_shown_unless_verified_and_in_force() {
    let suspend =
        CredentialCommand::SuspendBadge { reasons: "进一步核验".to_owned(), until: suspended_until(), now: now() };
    let revoke = CredentialCommand::Revoke { reasons: "注销".to_owned(), actor: verifier(), now: now() };
    for (given, state) in [
        (nothing(), BadgeState::NotVerified),
        (ready(), BadgeState::NotVerified),
        (verified().after(suspend), BadgeState::Suspended),
        (expired(), BadgeState::Expired),
        (verified().after(revoke), BadgeState::Revoked),
    ] {
        let badge = badge(given);
        assert_eq!((badge.state, badge.content), (state, None));
    }
}

/// A timer may be late; the public is not told that a thing is valid which is not.
#[test]
fn past_its_end_a_badge_is_expired_even_before_the_timer_has_run() {
    let state = verified().state();
    let at = |moment| Badge::of_account(state.application(), moment).state;
    assert_eq!(at(year_later() - TimeDelta::microseconds(1)), BadgeState::Verified);
    assert_eq!(at(year_later()), BadgeState::Expired);
}

#[test]
fn of_several_credentials_the_one_in_force_speaks() {
    let states: [CredentialState; 3] = [expired().state(), verified().state(), filed().state()];
    let badge = Badge::of_account(states.iter().filter_map(CredentialState::application), now());
    assert_eq!(badge.state, BadgeState::Verified);
}

/// R37: what must be displayed and is not there.
#[test]
fn the_completeness_check_names_what_is_missing() {
    let given = nothing().after(file(FileCredential { display: Display::default(), ..application() }));
    let state = given.state();
    let fields = missing(state.application().expect("filed"));
    assert_eq!(fields, [DisplayField::EmploymentStatus, DisplayField::Mcn, DisplayField::Background]);
    let unnamed = Display { mcn: Mcn::Signed(" ".to_owned()), ..display() };
    let mut bare = FileCredential { display: unnamed, ..application() };
    bare.applicant.institution_name.clear();
    bare.applicant.department.clear();
    bare.certificates.clear();
    let state = nothing().after(file(bare)).state();
    let fields = missing(state.application().expect("filed"));
    assert_eq!(
        fields,
        [
            DisplayField::Certificates,
            DisplayField::ProfessionalScope,
            DisplayField::Institution,
            DisplayField::Department,
            DisplayField::Mcn,
        ]
    );
}
