use super::*;
use crate::domain::ids::{EvidenceId, TransferId};
use crate::domain::samples::{actor, health, mute};
use crate::domain::visibility::Matter;

const OFFERED: &str = "2026-03-04T02:00:00Z";
const LAPSE: &str = "2026-03-13T16:00:00Z";

/// An agency of Shanghai, competent unless its kind is another.
fn addressee(agency: &str) -> Addressee {
    let kind = if agency.starts_with("cac") { AgencyKind::Cyberspace } else { AgencyKind::Health };
    Addressee { agency: agency.parse().expect(agency), kind, region: "310000".parse().expect("region") }
}

fn offer_by(by: Actor, to: &str) -> CaseCommand {
    CaseCommand::OfferTransfer {
        by,
        to: addressee(to),
        competence: open_case().competence,
        reasons: "属医师执业行为".to_owned(),
        lapse_at: at(LAPSE),
        now: at(OFFERED),
    }
}

fn offer(to: &str) -> CaseCommand {
    offer_by(cyberspace("a"), to)
}

fn accept_by(by: Actor, now: &str) -> CaseCommand {
    CaseCommand::AcceptTransfer {
        by,
        officers: vec![officer("h1"), officer("h2")],
        competence: open_case().competence,
        now: at(now),
    }
}

fn accept() -> CaseCommand {
    accept_by(health("h"), OFFERED)
}

fn decline(now: &str) -> CaseCommand {
    CaseCommand::DeclineTransfer { by: health("h"), reasons: "不属本部门".to_owned(), now: at(now) }
}

fn seven_days() -> Vec<Measure> {
    vec![mute(&weibo(), 7)]
}

/// Who is offered a case may look at it until it has answered; who handed it on still may.
#[test]
fn whoever_held_a_case_or_is_offered_it_is_a_party() {
    let parties = |given: &Given<Case>| match given.state().file() {
        Some(file) => Matter::of_case(file).parties.iter().map(ToString::to_string).collect::<Vec<_>>(),
        None => Vec::new(),
    };
    let given = told(seven_days());
    assert_eq!(parties(&given), ["cac-310000"]);
    let offered = given.after(offer("health-310000"));
    assert_eq!(parties(&offered), ["cac-310000", "health-310000"]);
    assert_eq!(parties(&offered.clone().after(decline(OFFERED))), ["cac-310000"]);
    let lapsed = offered.clone().after(CaseCommand::LapseTransfer { now: at(LAPSE) });
    assert_eq!(parties(&lapsed), ["cac-310000"]);
    let taken = offered.after(accept());
    assert_eq!(parties(&taken), ["cac-310000", "health-310000"]);
    assert_eq!(parties(&taken.after(offer_by(health("h"), "tcm-310000"))).len(), 3);
}

/// R79: the evidence and every running clock go along.
#[test]
fn evidence_and_clocks_go_along_with_a_case() {
    let given = told(seven_days()).after(offer("health-310000"));
    let state = given.state();
    let transfer = state.file().and_then(CaseFile::pending_transfer).expect("an offer").clone();
    assert_eq!(transfer.evidence, [EvidenceId::nth(case_id(), 0)]);
    assert_eq!(transfer.clocks, [RunningClock { name: "answer_until".to_owned(), due_at: at(ANSWER_UNTIL) }]);
    assert_eq!(state.timers(), [(TRANSFER_LAPSE, at(LAPSE))]);
    let taken = given.after(accept());
    let state = taken.state();
    let file = state.file().expect("a file");
    assert_eq!((file.agency.as_str(), file.agency_kind), ("health-310000", AgencyKind::Health));
    assert_eq!(file.officers, [officer("h1"), officer("h2")]);
    assert_eq!(file.told().expect("told").notice.answer_until, at(ANSWER_UNTIL), "the clock runs on");
    assert_eq!(file.evidence.len(), 1);
    assert_eq!(state.timers(), []);
    taken
        .when(serve(seven_days()))
        .refused(CaseRefusal::NotHoldingAgency { agency: "health-310000".parse().expect("agency") });
}

/// While the other agency thinks about it, nothing is decided; what comes in is taken.
#[test]
fn nothing_is_decided_while_an_offer_is_open() {
    let pending = || CaseRefusal::TransferPending { to: "health-310000".parse().expect("agency") };
    let given = told(seven_days()).after(offer("health-310000"));
    for command in
        [serve(seven_days()), propose(proposal(seven_days(), 4)), close(CaseOutcome::NoMeasure), offer("market-310000")]
    {
        given.clone().when(command).refused(pending());
    }
    let fed = given.after(evidence(9, cyberspace("a"))).after(statement(OFFERED));
    assert_eq!(fed.state().file().map(|file| file.evidence.len()), Some(2));
}

/// domain.md, Procedure: transfer with an order outstanding: the receipt settles all the same, and the orders stay
/// those of the agency that decided.
#[test]
fn a_receipt_settles_after_the_case_was_handed_on() {
    let order = mute(&weibo(), 7).order_id(decision(0));
    let given =
        decided(seven_days()).after(offer("health-310000")).after(settle(order, executed(DECIDED))).after(accept());
    let state = given.state();
    let ruling = state.file().and_then(CaseFile::ruling).expect("a ruling");
    assert_eq!(ruling.decision.agency.as_str(), "cac-310000");
    assert_eq!(ruling.orders[&order].end, Some(executed(DECIDED)));
}

#[test]
fn an_offer_goes_to_another_agency_and_not_back() {
    opened().when(offer("cac-310000")).refused(CaseRefusal::SelfTransfer);
    let handed_on = opened().after(offer("health-310000")).after(accept());
    handed_on
        .when(offer_by(health("h1"), "cac-310000"))
        .refused(CaseRefusal::TransferLoop { agency: "cac-310000".parse().expect("agency") });
    proposed(seven_days()).when(offer("health-310000")).refused(CaseRefusal::ProposalPending);
    decided(seven_days()).after(file_appeal(DECIDED)).when(offer("health-310000")).refused(CaseRefusal::AppealPending);
    opened()
        .after(close(CaseOutcome::NoMeasure))
        .when(offer("health-310000"))
        .refused(CaseRefusal::StageDoesNotFit { stage: "closed" });
    let declined =
        (0..TRANSFERS_MAX).fold(opened(), |given, _| given.after(offer("health-310000")).after(decline(OFFERED)));
    declined.when(offer("health-310000")).refused(CaseRefusal::TooManyTransfers);
}

/// R93, R80: whoever is asked gets to know the case: nobody is who could not take it over.
#[test]
fn an_offer_goes_to_a_competent_agency() {
    let to = |kind, region: &str| {
        let region = region.parse().expect(region);
        let CaseCommand::OfferTransfer { by, competence, reasons, lapse_at, now, .. } = offer("health-310000") else {
            panic!("an offer")
        };
        let to = Addressee { kind, region, ..addressee("health-310000") };
        CaseCommand::OfferTransfer { by, to, competence, reasons, lapse_at, now }
    };
    let refusal = || CaseRefusal::AddresseeNotCompetent {
        agency: "health-310000".parse().expect("agency"),
        region: open_case().region,
    };
    for elsewhere in
        [to(AgencyKind::Market, "310000"), to(AgencyKind::Health, "330000"), to(AgencyKind::Health, "310104")]
    {
        opened().when(elsewhere).refused(refusal());
    }
    assert!(
        opened().after(to(AgencyKind::Health, "310115")).state().file().and_then(CaseFile::pending_transfer).is_some()
    );
}

/// Whoever declined a case has had a hand in it: its officer hears no appeal in it.
#[test]
fn whoever_declined_an_offer_is_a_participant() {
    let declined = opened().after(offer("health-310000")).after(decline(OFFERED));
    assert!(declined.state().file().expect("a file").participants.contains(&officer("h")));
}

/// Only the agency that was asked answers, in time, with jurisdiction and two officers.
#[test]
fn only_the_addressee_answers_in_time() {
    let given = opened().after(offer("health-310000"));
    let addressee = || CaseRefusal::NotAddressee { agency: "health-310000".parse().expect("agency") };
    given.clone().when(accept_by(cyberspace("b"), OFFERED)).refused(addressee());
    let elsewhere = actor("health-310000", "h", Some(AgencyKind::Health), "330000");
    let (agency_region, region) = (elsewhere.region, open_case().region);
    given.clone().when(accept_by(elsewhere, OFFERED)).refused(CaseRefusal::NoJurisdiction { agency_region, region });
    let alone = CaseCommand::AcceptTransfer {
        by: health("h"),
        officers: vec![officer("h")],
        competence: open_case().competence,
        now: at(OFFERED),
    };
    given.clone().when(alone).refused(CaseRefusal::TooFewOfficers);
    for late in [accept_by(health("h"), LAPSE), decline(LAPSE)] {
        given.clone().when(late).refused(CaseRefusal::TransferOver { at: at(LAPSE) });
    }
    let declined = given.after(decline(OFFERED));
    declined.clone().when(accept()).refused(CaseRefusal::TransferNotOffered);
    assert_eq!(stage(&declined.after(serve(seven_days()))), "with the subject");
}

/// X10: seven working days, then the offer lapses and the case stays; never early.
#[test]
fn an_offer_lapses_when_nobody_answers() {
    let lapse = |now: &str| CaseCommand::LapseTransfer { now: at(now) };
    let given = opened().after(offer("health-310000"));
    given.clone().when(lapse("2026-03-13T15:59:59Z")).refused(CaseRefusal::NotYetDue { due: at(LAPSE) });
    let transfer_id = TransferId::nth(case_id(), 0);
    let lapsed = given.when(lapse(LAPSE)).then([event(CaseChange::TransferLapsed { transfer_id, at: at(LAPSE) })]);
    lapsed.clone().when(lapse(LAPSE)).refused(CaseRefusal::TransferNotOffered);
    assert_eq!(lapsed.state().file().map(|file| file.agency.as_str().to_owned()), Some("cac-310000".to_owned()));
}
