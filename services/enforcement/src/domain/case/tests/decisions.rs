use casebook_policy::{Departure, PolicyRefusal};

use super::*;
use crate::domain::samples::{closure, credit, followers, health, interactions, mute};

fn seven_days() -> Vec<Measure> {
    vec![mute(&weibo(), 7)]
}

fn heard(measures: Vec<Measure>) -> Given<Case> {
    told(measures).after(statement("2026-03-04T02:00:00Z"))
}

/// Issue 2: one officer proposes, another confirms; the decision names bases, reasons, instrument, measures, both
/// officers, the statement that was weighed, and the redress.
#[test]
fn two_officers_decide() {
    let both = vec![mute(&weibo(), 7), mute(&douyin(), 7)];
    let given = heard(both.clone()).after(propose(proposal(both.clone(), 4)));
    assert_eq!(stage(&given), "waiting for the second officer");
    let state = given.state();
    let told = state.file().and_then(CaseFile::told).expect("told").clone();
    let Answer::Given(statements) = told.answer else { panic!("heard") };
    let decided = given.when(confirm("b")).then([event(CaseChange::DecisionIssued(Box::new(DecisionIssued {
        decision_id: decision(0),
        instrument: Instrument::PlatformMeasureRequest,
        measures: both.clone(),
        legal_bases: bases(),
        reasons: "事实清楚".to_owned(),
        departure_reason: None,
        proposer: officer("a"),
        confirmer: officer("b"),
        agency: "cac-310000".parse().expect("agency"),
        violation: "V-05".parse().expect("violation"),
        region: "310115".parse().expect("region"),
        statement_id: Some(statements[0].statement_id),
        redress: "十五日内可申请复核".to_owned(),
        issued_at: at(DECIDED),
    })))]);
    // One order for each measure on each account, all waiting for their platforms.
    let state = decided.state();
    let ruling = state.file().and_then(CaseFile::ruling).expect("a ruling");
    let expected: Vec<_> = both.iter().map(|measure| measure.order_id(decision(0))).collect();
    assert_eq!(ruling.orders.len(), 2);
    assert!(expected.iter().all(|id| ruling.orders[id].end.is_none()));
}

/// Four eyes: the proposer does not confirm, nor does another agency.
#[test]
fn the_proposer_does_not_confirm() {
    proposed(seven_days()).when(confirm("a")).refused(CaseRefusal::SameOfficer { officer: officer("a") });
    let elsewhere = CaseCommand::ConfirmDecision {
        by: health("h"),
        decision_id: decision(0),
        irreversible_confirmed: true,
        now: at(DECIDED),
    };
    proposed(seven_days())
        .when(elsewhere)
        .refused(CaseRefusal::NotHoldingAgency { agency: "cac-310000".parse().expect("agency") });
    let another = CaseCommand::ConfirmDecision {
        by: cyberspace("b"),
        decision_id: decision(1),
        irreversible_confirmed: true,
        now: at(DECIDED),
    };
    proposed(seven_days()).when(another).refused(CaseRefusal::NoSuchProposal);
    heard(seven_days()).when(confirm("b")).refused(CaseRefusal::NoSuchProposal);
}

/// X07, 行政处罚法 art. 44, 45, 62: told, and heard or the window is over.
#[test]
fn nothing_is_decided_before_the_subject_could_answer() {
    let command = |now: &str| propose(ProposeDecision { now: at(now), ..proposal(seven_days(), 4) });
    opened().when(command(PROPOSED)).refused(CaseRefusal::NotServed);
    told(seven_days()).when(command("2026-03-10T15:59:59Z")).refused(CaseRefusal::NotHeard { until: at(ANSWER_UNTIL) });
    assert_eq!(stage(&told(seven_days()).after(command(ANSWER_UNTIL))), "waiting for the second officer");
    let waived = told(seven_days()).after(CaseCommand::WaiveStatement {
        by: subject(),
        reasons: "放弃".to_owned(),
        sha256: None,
        now: at(TOLD),
    });
    assert_eq!(stage(&waived.after(command(TOLD))), "waiting for the second officer");
    proposed(seven_days()).when(command(PROPOSED)).refused(CaseRefusal::ProposalPending);
    decided(seven_days()).when(command(PROPOSED)).refused(CaseRefusal::StageDoesNotFit { stage: "decided" });
}

#[test]
fn a_decision_rests_on_evidence() {
    opened()
        .after(serve(seven_days()))
        .after(statement(TOLD))
        .when(propose(proposal(seven_days(), 4)))
        .refused(CaseRefusal::EvidenceMissing);
}

/// X07, 行政处罚法 art. 45: nothing heavier than was announced; lighter is fine.
#[test]
fn a_decision_is_not_heavier_than_its_notice() {
    let heavier = ProposeDecision { departure_reason: Some("x".to_owned()), ..proposal(vec![closure(&weibo())], 4) };
    heard(seven_days())
        .when(propose(heavier))
        .refused(CaseRefusal::HeavierAfterDefence { measure: boxed(closure(&weibo())) });
    let more = proposal(vec![mute(&weibo(), 7), credit(&weibo(), 5)], 4);
    heard(seven_days())
        .when(propose(more))
        .refused(CaseRefusal::HeavierAfterDefence { measure: boxed(credit(&weibo(), 5)) });
    let lighter =
        ProposeDecision { departure_reason: Some("情节轻微".to_owned()), ..proposal(vec![mute(&weibo(), 3)], 4) };
    assert_eq!(stage(&heard(vec![mute(&weibo(), 15)]).after(propose(lighter))), "waiting for the second officer");
}

/// R92: no skipping without reason, up or down, on any of the accounts.
#[test]
fn whoever_departs_from_the_ladder_says_why() {
    for (measures, recommended, departure) in [
        (seven_days(), 1, Departure::Skips { recommended: 1, chosen: 4 }),
        (vec![interactions(&weibo())], 3, Departure::Lighter { recommended: 3, chosen: 1 }),
        (vec![credit(&weibo(), 2)], 1, Departure::Lighter { recommended: 1, chosen: 0 }),
    ] {
        let silent = proposal(measures.clone(), recommended);
        heard(measures.clone())
            .when(propose(silent.clone()))
            .refused(CaseRefusal::StepSkippedWithoutReason { account: weibo(), departure });
        let reasoned = ProposeDecision { departure_reason: Some("后果严重".to_owned()), ..silent };
        assert_eq!(stage(&heard(measures).after(propose(reasoned))), "waiting for the second officer");
    }
    let mixed = vec![mute(&weibo(), 7), interactions(&douyin())];
    heard(mixed.clone()).when(propose(proposal(mixed, 4))).refused(CaseRefusal::StepSkippedWithoutReason {
        account: douyin(),
        departure: Departure::Lighter { recommended: 4, chosen: 1 },
    });
    let unadvised = ProposeDecision { recommended: vec![], ..proposal(seven_days(), 4) };
    heard(seven_days()).when(propose(unadvised)).refused(CaseRefusal::RecommendationMissing { account: weibo() });
}

/// domain.md, Orders: followers are not recoverable: both officers say that they know.
#[test]
fn what_cannot_be_undone_is_confirmed_by_both() {
    let measures = vec![followers(&weibo())];
    let unaware = ProposeDecision { irreversible_confirmed: false, ..proposal(measures.clone(), 2) };
    let refusal = || CaseRefusal::IrreversibleNotConfirmed { measure: boxed(followers(&weibo())) };
    heard(measures.clone()).when(propose(unaware)).refused(refusal());
    let second = CaseCommand::ConfirmDecision {
        by: cyberspace("b"),
        decision_id: decision(0),
        irreversible_confirmed: false,
        now: at(DECIDED),
    };
    proposed(measures).when(second.clone()).refused(refusal());
    assert_eq!(stage(&proposed(seven_days()).after(second)), "decided");
}

/// domain.md section 0; 行政处罚法 art. 16, 38: the ladder is never a penalty, whatever a pack would say of it.
#[test]
fn the_ladder_is_not_a_penalty() {
    let penalty = |measures: Vec<Measure>, admission| {
        let instrument = Instrument::AdministrativePenalty;
        let departure_reason = Some("x".to_owned());
        propose(ProposeDecision { instrument, admission, departure_reason, ..proposal(measures, 4) })
    };
    heard(seven_days()).when(penalty(seven_days(), Ok(()))).refused(CaseRefusal::BasisCannotSetPenalty);
    let baseless = PolicyRefusal::BasisCannotSetPenalty { bases: "S1-8".to_owned() };
    let points = vec![credit(&weibo(), 2)];
    heard(points.clone()).when(penalty(points.clone(), Err(baseless))).refused(CaseRefusal::BasisCannotSetPenalty);
    // A penalty with a basis needs the procedure of a penalty, and this track does not have it.
    heard(points.clone()).when(penalty(points, Ok(()))).refused(CaseRefusal::LegalReviewMissing);
}

/// 行政处罚法 art. 37, X14: what was done is judged by the rules in force when it was done.
#[test]
fn a_basis_that_was_not_in_force_carries_nothing() {
    let refusal = PolicyRefusal::BasisNotInForce { basis: bases().remove(0), on: "2020-03-01".parse().expect("a day") };
    let command = ProposeDecision { admission: Err(refusal.clone()), ..proposal(seven_days(), 4) };
    heard(seven_days()).when(propose(command)).refused(CaseRefusal::Policy(refusal));
}

/// S1 §4-5: an interim measure always has an end.
#[test]
fn an_interim_measure_has_an_end() {
    let interim = |measures: Vec<Measure>, rung| {
        propose(ProposeDecision { instrument: Instrument::Interim, ..proposal(measures, rung) })
    };
    let endless = vec![interactions(&weibo())];
    heard(endless.clone())
        .when(interim(endless, 1))
        .refused(CaseRefusal::NoExpiry { measure: boxed(interactions(&weibo())) });
    assert_eq!(stage(&heard(seven_days()).after(interim(seven_days(), 4))), "waiting for the second officer");
}

/// A proposal that is sent back may be made anew; each has an id of its own.
#[test]
fn a_proposal_is_sent_back_with_reasons() {
    let reject = |number| CaseCommand::RejectProposal {
        by: cyberspace("b"),
        decision_id: decision(number),
        reasons: "证据不足".to_owned(),
    };
    let back = proposed(seven_days()).after(reject(0));
    assert_eq!(stage(&back), "with the subject");
    back.clone().when(reject(0)).refused(CaseRefusal::NoSuchProposal);
    let again = back.after(propose(proposal(seven_days(), 4)));
    again.clone().when(confirm("b")).refused(CaseRefusal::NoSuchProposal);
    let endless = (1..PROPOSALS_MAX).fold(again, |given, number| {
        let given = given.after(reject(number));
        if number + 1 < PROPOSALS_MAX { given.after(propose(proposal(seven_days(), 4))) } else { given }
    });
    endless.when(propose(proposal(seven_days(), 4))).refused(CaseRefusal::TooManyProposals);
}

/// X07, 行政处罚法 art. 61: a decision is served once, after it was issued.
#[test]
fn a_decision_is_served_once() {
    let served = decided(seven_days()).after(record_service(DECIDED));
    served.when(record_service(DECIDED)).refused(CaseRefusal::AlreadyServed);
    decided(seven_days())
        .when(record_service("2026-03-12T01:59:59Z"))
        .refused(CaseRefusal::ServedBeforeDecision { issued_at: at(DECIDED) });
    proposed(seven_days()).when(record_service(DECIDED)).refused(CaseRefusal::NotDecided);
}

/// X07, X09: the window for an appeal runs from service, so service is not dated back: it could have closed before anybody
/// was told.
#[test]
fn service_is_recorded_while_it_is_fresh() {
    let recorded = |served_at: &str, now: &str| CaseCommand::RecordService {
        by: cyberspace("a"),
        service: Service {
            method: ServiceMethod::Post,
            served_at: at(served_at),
            appeal_until: at(APPEAL_UNTIL),
            provisional: false,
        },
        now: at(now),
    };
    let served = "2026-03-14T02:00:00Z";
    decided(seven_days())
        .when(recorded(served, "2026-03-15T02:00:00.000001Z"))
        .refused(CaseRefusal::ServedTooLongAgo { earliest: at("2026-03-14T02:00:00.000001Z") });
    let in_time = decided(seven_days()).after(recorded(served, "2026-03-15T02:00:00Z"));
    let state = in_time.state();
    let service = state.file().and_then(CaseFile::ruling).and_then(|ruling| ruling.decision.service.as_ref());
    assert_eq!(service.map(|service| service.served_at), Some(at(served)));
    // However fresh the record is, nothing is served before it was decided.
    decided(seven_days())
        .when(recorded("2026-03-12T01:59:59Z", DECIDED))
        .refused(CaseRefusal::ServedBeforeDecision { issued_at: at(DECIDED) });
}

/// 行政处罚法 art. 42: those who conduct the case decide it; a colleague from the same agency does not.
#[test]
fn only_the_officers_of_the_case_decide_it() {
    let by_c = propose(ProposeDecision { by: cyberspace("c"), ..proposal(seven_days(), 4) });
    heard(seven_days()).when(by_c).refused(CaseRefusal::NotOfficerOfCase { officer: officer("c") });
    proposed(seven_days()).when(confirm("c")).refused(CaseRefusal::NotOfficerOfCase { officer: officer("c") });
}
