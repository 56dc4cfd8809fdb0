//! What the tests of the rules share: two agencies, officers, accounts, measures.

use casebook_kernel::{Actor, AgencyKind, OfficerId, Timestamp};
use casebook_policy::{LegalBasisId, MeasureParameters, Recommendation, measures};

use super::measure::{AccountRef, Measure};

pub fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

pub fn actor(agency: &str, officer: &str, kind: Option<AgencyKind>, region: &str) -> Actor {
    Actor {
        agency: agency.parse().expect(agency),
        officer: officer.parse().expect(officer),
        agency_kind: kind,
        region: region.parse().expect(region),
    }
}

/// An officer of the municipal cyberspace office of Shanghai.
pub fn cyberspace(officer: &str) -> Actor {
    actor("cac-310000", officer, Some(AgencyKind::Cyberspace), "310000")
}

/// An officer of the municipal health commission of Shanghai.
pub fn health(officer: &str) -> Actor {
    actor("health-310000", officer, Some(AgencyKind::Health), "310000")
}

/// Whoever runs an account.
pub fn operator_of(account: &AccountRef) -> Actor {
    actor(&format!("subject-{}", account.account_id()), "operator-1", None, "310000")
}

/// Whoever runs the account u1 on weibo.
pub fn subject() -> Actor {
    operator_of(&on("weibo", "u1"))
}

pub fn officer(id: &str) -> OfficerId {
    id.parse().expect(id)
}

pub fn on(platform: &str, uid: &str) -> AccountRef {
    AccountRef { platform: platform.parse().expect(platform), platform_uid: uid.to_owned() }
}

fn measure(account: &AccountRef, id: &str, rung: Option<u8>) -> Measure {
    let parameters = MeasureParameters::default();
    Measure { account: account.clone(), id: id.parse().expect(id), parameters, rung, irreversible: false }
}

pub fn interactions(account: &AccountRef) -> Measure {
    measure(account, measures::INTERACTIONS_REMOVED, Some(1))
}

pub fn followers(account: &AccountRef) -> Measure {
    Measure { irreversible: true, ..measure(account, measures::FOLLOWERS_CLEARED, Some(2)) }
}

pub fn mute(account: &AccountRef, days: u32) -> Measure {
    let parameters = MeasureParameters { days: Some(days), points: None };
    Measure { parameters, ..measure(account, measures::MUTED, Some(4)) }
}

pub fn permanent_mute(account: &AccountRef) -> Measure {
    measure(account, measures::MUTED_PERMANENTLY, Some(4))
}

pub fn closure(account: &AccountRef) -> Measure {
    measure(account, measures::ACCOUNT_CLOSED, Some(5))
}

pub fn credit(account: &AccountRef, points: u32) -> Measure {
    let parameters = MeasureParameters { days: None, points: Some(points) };
    Measure { parameters, ..measure(account, measures::CREDIT_DEDUCTED, None) }
}

pub fn bases() -> Vec<LegalBasisId> {
    vec!["S1-8".parse().expect("basis")]
}

pub fn recommendation(rung: u8) -> Recommendation {
    let ids = [
        measures::INTERACTIONS_REMOVED,
        measures::FOLLOWERS_CLEARED,
        measures::MONETISATION_REVOKED,
        measures::MUTED,
        measures::ACCOUNT_CLOSED,
    ];
    Recommendation {
        rung,
        measure: ids[usize::from(rung) - 1].parse().expect("measure"),
        days: (rung == 4).then_some(7),
        accompanied_by: vec![measures::CONTENT_REMOVED.parse().expect("measure")],
        earlier_rung: (rung > 1).then(|| rung - 1),
    }
}
