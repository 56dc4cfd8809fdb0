use casebook_testkit::{Given, given};
use uuid::Uuid;

use super::*;
use crate::domain::samples::{actor, at, bases, cyberspace, officer, on};
use crate::domain::visibility::Matter;

fn lead_id(number: u128) -> LeadId {
    LeadId::from(Uuid::from_u128(number))
}

fn signal() -> Box<Signal> {
    Box::new(Signal {
        source: LeadSource::Referral,
        account: on("weibo", "u1"),
        violation: "V-05".parse().expect("violation"),
        reasons: "假冒医生身份开展科普".to_owned(),
        quoted_span: "我是三甲医院主任".to_owned(),
        item_id: Some(ItemId::from(Uuid::from_u128(70))),
        item_sha256: Some("a".repeat(64)),
        published_at: at("2026-03-01T02:00:00Z"),
        report_ids: vec![ReportId::from(Uuid::from_u128(71))],
        finding_id: Some(Uuid::from_u128(72)),
        region: "310000".parse().expect("region"),
        legal_bases: bases(),
        discovered_at: at("2026-03-02T02:00:00Z"),
        raised_by: ["r1", "r2"].map(officer).into(),
    })
}

fn event(change: LeadChange) -> LeadEvent {
    LeadEvent { lead_id: lead_id(1), change }
}

fn opened() -> Given<Lead> {
    given([event(LeadChange::Opened(signal()))])
}

fn accept(duplicate_of: Option<LeadId>) -> LeadCommand {
    LeadCommand::Accept { by: cyberspace("a"), reasons: "属实".to_owned(), duplicate_of }
}

fn decline(duplicate_of: Option<LeadId>) -> LeadCommand {
    LeadCommand::Decline { by: cyberspace("a"), reasons: "重复".to_owned(), duplicate_of }
}

fn by_a(reasons: &str) -> Screening {
    Screening { officer: officer("a"), agency: "cac-310000".parse().expect("agency"), reasons: reasons.to_owned() }
}

/// R79: a referral becomes a lead, once.
#[test]
fn a_lead_opens_once() {
    let open = LeadCommand::Open { lead_id: lead_id(1), signal: signal() };
    given::<Lead>([]).when(open.clone()).then([event(LeadChange::Opened(signal()))]);
    opened().when(open).refused(LeadRefusal::LeadAlreadyOpened);
}

/// R77: an officer accepts or declines, with reasons, and does it once.
#[test]
fn an_officer_screens_a_lead_once() {
    opened().when(accept(None)).then([event(LeadChange::Accepted(by_a("属实")))]);
    let declined = LeadChange::Declined { screening: by_a("重复"), duplicate_of: Some(lead_id(2)) };
    opened().when(decline(Some(lead_id(2)))).then([event(declined)]);
    opened().after(accept(None)).when(decline(None)).refused(LeadRefusal::LeadAlreadyScreened { outcome: "accepted" });
    opened().after(decline(None)).when(accept(None)).refused(LeadRefusal::LeadAlreadyScreened { outcome: "declined" });
    given::<Lead>([]).when(accept(None)).refused(LeadRefusal::UnknownLead);
}

/// One matter, one case: the second lead on the same item, account and violation is not taken up.
#[test]
fn a_lead_that_repeats_another_is_not_taken_up() {
    opened().when(accept(Some(lead_id(2)))).refused(LeadRefusal::DuplicateOf { of: lead_id(2) });
    // The claim is its own: a repeated attempt after a crash.
    opened().when(accept(Some(lead_id(1)))).then([event(LeadChange::Accepted(by_a("属实")))]);
    opened().when(decline(Some(lead_id(1)))).refused(LeadRefusal::DuplicateOfItself);
}

/// R80: 属地管理.
#[test]
fn an_agency_of_another_region_does_not_screen_it() {
    let by = actor("cac-330000", "z", Some(casebook_kernel::AgencyKind::Cyberspace), "330000");
    let (agency_region, region) = (by.region, "310000".parse().expect("region"));
    opened()
        .when(LeadCommand::Accept { by, reasons: "x".to_owned(), duplicate_of: None })
        .refused(LeadRefusal::NoJurisdiction { agency_region, region });
}

/// Who screened a lead is a party to it; before that, nobody is.
#[test]
fn whoever_screened_a_lead_may_know_of_it() {
    let parties = |given: &Given<Lead>| {
        let state = given.state();
        Matter::of_lead(&state).map(|matter| matter.parties.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(parties(&given([])), None);
    assert_eq!(parties(&opened()), Some(Vec::new()));
    for screened in [accept(None), decline(None)] {
        assert_eq!(parties(&opened().after(screened)), Some(vec!["cac-310000".to_owned()]));
    }
}

#[test]
fn an_event_that_does_not_fit_changes_nothing() {
    let accepted = event(LeadChange::Accepted(by_a("属实")));
    assert_eq!(given::<Lead>([accepted.clone()]).state(), LeadState::Absent);
    let state = opened().and([accepted.clone()]).state();
    assert_eq!(Lead::evolve(state.clone(), &event(LeadChange::Opened(signal()))), state);
}

#[test]
fn one_lead_leads_to_one_case() {
    assert_eq!(case_id_of(lead_id(1)), case_id_of(lead_id(1)));
    assert_ne!(case_id_of(lead_id(1)), case_id_of(lead_id(2)));
}
