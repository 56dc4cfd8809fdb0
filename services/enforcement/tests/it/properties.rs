//! What holds of every history: a restart at any step finds the live state, what is stored says all of it, and the
//! promises of the procedure hold whatever is asked in whatever order.

use casebook_enforcement::domain::case::{
    AcceptedLead, Addressee, Advice, AppealKind, AppealRuling, Author, Case, CaseCommand, CaseOutcome, CaseState,
    Competence, EvidenceKind, FileAppeal, OpenCase, OrderEnd, OrderEndOutcome, OrderReport, ProposeDecision,
    RemedyText, ServeNotice, Service, ServiceMethod,
};
use casebook_enforcement::domain::ids::{AppealId, DecisionId, counter_order_id};
use casebook_enforcement::domain::measure::{AccountRef, Measure};
use casebook_enforcement::domain::order::{Answer, Cause, Order, OrderCommand, OrderTerms, Outcome};
use casebook_execution::Aggregate;
use casebook_kernel::calendar::shanghai_date;
use casebook_kernel::ids::{CaseId, LeadId, OrderId};
use casebook_kernel::{Actor, AgencyKind, Decider, Timestamp};
use casebook_policy::{Instrument, MeasureParameters, Recommendation};
use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use crate::burden::{appeals_lighten, nothing_gets_worse};
use crate::house::{START, time};

fn case_id() -> CaseId {
    CaseId::from(Uuid::from_u128(2))
}

/// Each step is an hour after the one before.
fn at(step: usize) -> Timestamp {
    time(START) + TimeDelta::hours(i64::try_from(step).unwrap())
}

fn by(agency: usize, officer: usize) -> Actor {
    let (agency, kind) = [("cac-310000", AgencyKind::Cyberspace), ("health-310000", AgencyKind::Health)][agency % 2];
    Actor {
        agency: agency.parse().unwrap(),
        officer: ["a", "b", "c", "d"][officer % 4].parse().unwrap(),
        agency_kind: Some(kind),
        region: "310000".parse().unwrap(),
    }
}

pub fn account(number: usize) -> AccountRef {
    let platform = ["weibo", "douyin"][number % 2];
    AccountRef { platform: platform.parse().unwrap(), platform_uid: "u".to_owned() }
}

fn measure(number: usize) -> Measure {
    let (id, rung, days, irreversible) = [
        ("INTERACTIONS_REMOVED", 1, None, false),
        ("FOLLOWERS_CLEARED", 2, None, true),
        ("MUTED", 4, Some(3), false),
        ("MUTED", 4, Some(7), false),
        ("ACCOUNT_CLOSED", 5, None, false),
    ][number % 5];
    Measure {
        account: account(number / 5),
        id: id.parse().unwrap(),
        parameters: MeasureParameters { days, points: None },
        rung: Some(rung),
        irreversible,
    }
}

fn recommended() -> Vec<Advice> {
    let recommendation = Recommendation {
        rung: 4,
        measure: "MUTED".parse().unwrap(),
        days: Some(7),
        accompanied_by: vec![],
        earlier_rung: None,
    };
    [0, 1].map(|number| Advice { account: account(number), recommendation: recommendation.clone() }).to_vec()
}

fn open(step: usize) -> CaseCommand {
    CaseCommand::Open(Box::new(OpenCase {
        case_id: case_id(),
        lead_id: LeadId::from(Uuid::from_u128(1)),
        lead: Some(AcceptedLead {
            agency: by(0, 0).agency,
            screened_by: by(0, 0).officer,
            raised_by: ["d".parse().unwrap()].into(),
            region: "310115".parse().unwrap(),
            competence: competence(),
        }),
        by: by(0, 0),
        instrument: Instrument::PlatformMeasureRequest,
        accounts: vec![account(0), account(1)],
        violation: "V-05".parse().unwrap(),
        competence: competence(),
        officers: vec!["a".parse().unwrap(), "b".parse().unwrap()],
        region: "310115".parse().unwrap(),
        conduct_at: at(0),
        discovered_at: at(0),
        harm_to_health: false,
        limitation_until: None,
        now: at(step),
    }))
}

fn competence() -> Competence {
    Competence { kinds: vec![AgencyKind::Cyberspace, AgencyKind::Health] }
}

fn remedies() -> Vec<RemedyText> {
    vec![RemedyText { measure: "FOLLOWERS_CLEARED".parse().unwrap(), text: "更正".to_owned() }]
}

fn proposal(actor: Actor, measures: Vec<Measure>, reasoned: bool, step: usize) -> CaseCommand {
    CaseCommand::ProposeDecision(Box::new(ProposeDecision {
        by: actor,
        instrument: Instrument::PlatformMeasureRequest,
        measures,
        legal_bases: vec!["S1-8".parse().unwrap()],
        admission: Ok(()),
        reasons: "清楚".to_owned(),
        recommended: recommended(),
        departure_reason: reasoned.then(|| "不同".to_owned()),
        irreversible_confirmed: reasoned,
        redress: "复核".to_owned(),
        now: at(step),
    }))
}

fn announced(state: &CaseState) -> Option<Vec<Measure>> {
    Some(state.file()?.told()?.notice.measures.clone())
}

/// What is asked: which kind of command, and four numbers that make it up.
type Asked = (usize, usize, usize, usize, bool);

fn command(state: &CaseState, asked: Asked, step: usize) -> CaseCommand {
    let (kind, x, y, z, flag) = asked;
    let actor = by(usize::from(x % 7 == 0), y);
    let now = at(step);
    // Only the officers of the case decide, and only somebody who had no hand in it hears the appeal.
    let conducting = |actor: &Actor| {
        let officer = state.file().and_then(|file| file.officers.get(y % file.officers.len()).cloned());
        Actor { officer: officer.unwrap_or(actor.officer.clone()), ..actor.clone() }
    };
    // The subject answers itself, or an officer writes down that it did.
    let answering = |actor: Actor| match z % 2 {
        0 => Actor {
            agency: format!("subject-{}", account(x % 2).account_id()).parse().unwrap(),
            agency_kind: None,
            ..actor
        },
        _ => actor,
    };
    let last = state.file().map_or(0, |file| file.decisions.saturating_sub(1));
    let orders: Vec<OrderId> = state
        .file()
        .and_then(|file| file.ruling())
        .map(|ruling| ruling.orders.keys().copied().collect())
        .unwrap_or_default();
    match kind % 21 {
        0 => open(step),
        1 => CaseCommand::AddEvidence {
            by: actor,
            kind: EvidenceKind::Document,
            sha256: format!("{z:064x}"),
            captured_at: now,
            description: "文书".to_owned(),
            now,
        },
        2 | 3 => CaseCommand::ServeNotice(Box::new(ServeNotice {
            by: actor,
            facts: "事实".to_owned(),
            instrument: Instrument::PlatformMeasureRequest,
            measures: [z, z + 5].map(measure).to_vec(),
            legal_bases: vec!["S1-8".parse().unwrap()],
            admission: Ok(()),
            method: ServiceMethod::Post,
            served_at: now,
            answer_until: now + TimeDelta::hours(3),
            now,
        })),
        4 => CaseCommand::RecordStatement {
            by: answering(actor),
            account: Some(account(x % 2)),
            summary: "申辩".to_owned(),
            sha256: flag.then(|| "d".repeat(64)),
            stated_at: now,
        },
        5 => CaseCommand::WaiveStatement {
            by: answering(actor),
            account: Some(account(x % 2)),
            reasons: "放弃".to_owned(),
            sha256: flag.then(|| "e".repeat(64)),
            now,
        },
        // Mostly what was announced, sometimes something else.
        6..=8 => proposal(
            conducting(&actor),
            announced(state).filter(|_| x > 3).unwrap_or_else(|| [z, z + 5].map(measure).to_vec()),
            flag,
            step,
        ),
        9 | 10 => CaseCommand::ConfirmDecision {
            by: conducting(&actor),
            decision_id: DecisionId::nth(case_id(), last),
            irreversible_confirmed: flag,
            now,
        },
        11 => CaseCommand::RejectProposal {
            by: actor,
            decision_id: DecisionId::nth(case_id(), last),
            reasons: "退回".to_owned(),
        },
        12 => CaseCommand::RecordService {
            by: actor,
            service: Service {
                method: ServiceMethod::Post,
                // Sometimes dated back, before the decision or for longer than a day.
                served_at: now - TimeDelta::hours(i64::try_from(x.saturating_sub(10) * 3).unwrap()),
                appeal_until: now + TimeDelta::hours(20),
                provisional: flag,
            },
            now,
        },
        13 | 14 => {
            let order_id = orders.get(z % orders.len().max(1)).copied().unwrap_or(OrderId::from(Uuid::from_u128(5)));
            let outcome = [OrderEndOutcome::Executed, OrderEndOutcome::Refused, OrderEndOutcome::Cancelled][x % 3];
            let effective_from = (outcome == OrderEndOutcome::Executed).then_some(now);
            CaseCommand::SettleOrder(OrderReport {
                order_id,
                end: OrderEnd { outcome, cause: None, effective_from, late: flag, over: false },
                revision: flag.then_some(u64::try_from(step).unwrap()),
            })
        }
        15 => CaseCommand::FileAppeal(Box::new(FileAppeal {
            by: answering(actor),
            account: Some(account(x % 2)),
            kind: AppealKind::InternalReview,
            grounds: "不服".to_owned(),
            sha256: (y > 0).then(|| "9".repeat(64)),
            window_until: flag.then(|| now + TimeDelta::hours(1)),
            decide_until: Some(now + TimeDelta::hours(9)),
            now,
        })),
        16 | 17 => CaseCommand::DecideAppeal {
            by: if flag { Actor { officer: ["e", "f", "g"][y % 3].parse().unwrap(), ..actor } } else { actor },
            appeal_id: AppealId::nth(case_id(), y % 3),
            ruling: match x % 3 {
                0 => AppealRuling::Upheld,
                1 => AppealRuling::UpheldInPart(vec![measure(z)]),
                _ => AppealRuling::Rejected,
            },
            reasons: "复核".to_owned(),
            remedies: remedies(),
            now,
        },
        18 if flag => CaseCommand::OfferTransfer {
            by: actor,
            to: Addressee { agency: by(1, 0).agency, kind: AgencyKind::Health, region: "310000".parse().unwrap() },
            competence: competence(),
            reasons: "移送".to_owned(),
            lapse_at: now + TimeDelta::hours(4),
            now,
        },
        18 => CaseCommand::AcceptTransfer {
            by: by(1, y),
            officers: vec!["c".parse().unwrap(), "d".parse().unwrap()],
            competence: competence(),
            now,
        },
        19 if flag => CaseCommand::LapseTransfer { now },
        19 => CaseCommand::Close {
            by: actor,
            outcome: CaseOutcome::MeasuresTaken,
            summary: "结".to_owned(),
            unlifted_reasons: (x % 5 == 0).then(|| "停运".to_owned()),
            now,
        },
        _ if flag => CaseCommand::MarkAppealsOverdue { now },
        _ => CaseCommand::WithdrawAppeal {
            by: answering(actor),
            appeal_id: AppealId::nth(case_id(), y % 3),
            reasons: "撤回".to_owned(),
            sha256: (y > 0).then(|| "9".repeat(64)),
            now,
        },
    }
}

/// What was stored, read again.
fn stored_and_read<A: Aggregate>(event: &A::Event) -> A::Event {
    let stored = A::encode(event);
    A::decode(stored.event_type, &stored.json).unwrap()
}

/// What no case may ever come to.
fn promises_hold(state: &CaseState) {
    let Some(file) = state.file() else { return };
    let Some(ruling) = file.ruling() else { return };
    let decision = &ruling.decision;
    assert_ne!(decision.proposal.proposer, decision.confirmer, "four eyes");
    assert!(!file.evidence.is_empty(), "a decision rests on evidence");
    if let Some(service) = &decision.service {
        assert!(service.served_at >= decision.issued_at, "nothing is served before it was decided");
    }
    for verdict in ruling.appeals.iter().filter_map(|appeal| appeal.verdict.as_ref()) {
        let behind = file.opening.raised_by.iter().any(|officer| officer.to_string() == verdict.decided_by);
        assert!(!behind, "whoever made the finding hears no appeal");
    }
    let notice = &ruling.told.notice;
    let today = shanghai_date(decision.issued_at);
    let announced: Vec<_> = notice.measures.iter().map(|measure| (measure.clone(), today)).collect();
    let decided: Vec<_> = decision.proposal.measures.iter().map(|measure| (measure.clone(), today)).collect();
    nothing_gets_worse(&announced, &decided, today);
    for (measure, _) in &decided {
        let of = |account: &Option<AccountRef>| *account == Some(measure.account.clone());
        let proves = |author, document: &Option<String>| author == Author::Subject || document.is_some();
        let heard = ruling.told.given.iter().any(|it| of(&it.account) && proves(it.author, &it.sha256))
            || ruling.told.waivers.iter().any(|it| of(&it.account) && proves(it.author, &it.sha256));
        assert!(heard || decision.proposal.proposed_at >= notice.answer_until, "everybody whom it meets was heard");
    }
    for reversal in &ruling.reversals {
        for undoing in &reversal.undoings {
            let counter = ruling.orders.get(&counter_order_id(undoing.order_id));
            assert_eq!(counter.and_then(|track| track.counters), Some(undoing.order_id));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_case_restarted_at_every_step_is_the_live_case(
        asked in prop::collection::vec((0usize..21, 0usize..21, 0usize..4, 0usize..10, any::<bool>()), 1..120)
    ) {
        let mut live = CaseState::default();
        let mut log = Vec::new();
        let asked = std::iter::once((0, 1, 0, 0, true)).chain(asked);
        for (step, asked) in asked.enumerate() {
            let Ok(events) = Case::decide(&live, command(&live, asked, step)) else { continue };
            prop_assert!(!events.is_empty());
            let before = live.clone();
            for event in events {
                live = Case::evolve(live, &event);
                log.push(stored_and_read::<Case>(&event));
            }
            prop_assert_eq!(&Case::fold(&log), &live);
            promises_hold(&live);
            appeals_lighten(&before, &live, at(step));
        }
    }

    #[test]
    fn an_order_restarted_at_every_step_is_the_live_order(
        asked in prop::collection::vec((0usize..10, 0usize..6, any::<bool>()), 1..40)
    ) {
        let mut live = <Order as Decider>::State::default();
        let mut log = Vec::new();
        for (step, (kind, x, flag)) in std::iter::once((0, 2, true)).chain(asked).enumerate() {
            let Ok(events) = Order::decide(&live, order_command(kind, x, flag, at(step * 9))) else { continue };
            for event in events {
                live = Order::evolve(live, &event);
                log.push(stored_and_read::<Order>(&event));
            }
            prop_assert_eq!(&Order::fold(&log), &live);
            let file = live.file().unwrap();
            if let Some(effect) = file.standing.receipt().and_then(|receipt| receipt.effect) {
                prop_assert!(effect.from >= file.terms.issued_at, "nothing is in force before it was ordered");
                prop_assert!(effect.until.is_none_or(|until| until > effect.from));
            }
        }
    }
}

/// The histories above get where it matters: without this, they might hold of nothing.
#[test]
fn random_histories_reach_decisions_reversals_and_transfers() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let asked = prop::collection::vec((0usize..21, 0usize..21, 0usize..4, 0usize..10, any::<bool>()), 120);
    let (mut decided, mut reversed, mut handed_on, mut closed) = (0, 0, 0, 0);
    for _ in 0..400 {
        let asked = asked.new_tree(&mut runner).unwrap().current();
        let mut state = CaseState::default();
        for (step, asked) in std::iter::once((0, 1, 0, 0, true)).chain(asked).enumerate() {
            if let Ok(events) = Case::decide(&state, command(&state, asked, step)) {
                state = events.iter().fold(state, Case::evolve);
            }
        }
        let file = state.file().unwrap();
        decided += usize::from(file.ruling().is_some());
        reversed += usize::from(file.ruling().is_some_and(|ruling| !ruling.reversals.is_empty()));
        handed_on += usize::from(file.agency != by(0, 0).agency);
        closed += usize::from(matches!(file.stage, casebook_enforcement::domain::case::Stage::Closed { .. }));
    }
    assert!(
        decided >= 100 && reversed >= 5 && handed_on >= 5 && closed >= 5,
        "{decided} {reversed} {handed_on} {closed}"
    );
}

fn order_command(kind: usize, x: usize, flag: bool, now: Timestamp) -> OrderCommand {
    let outcome_of = x % 3;
    match kind {
        0 => OrderCommand::Issue(Box::new(OrderTerms {
            order_id: OrderId::from(Uuid::from_u128(9)),
            case_id: case_id(),
            decision_id: DecisionId::nth(case_id(), 0),
            measure: measure(x),
            instrument: Instrument::PlatformMeasureRequest,
            violation: "V-05".parse().unwrap(),
            legal_bases: vec!["S1-8".parse().unwrap()],
            reasons: "清楚".to_owned(),
            agency: by(0, 0).agency,
            region: "310115".parse().unwrap(),
            issued_at: now,
            due_at: now + TimeDelta::hours(24),
            escalate_at: now + TimeDelta::hours(48),
            counters: None,
        })),
        1 => OrderCommand::MarkDelivered { now },
        2..=4 => OrderCommand::RecordReceipt {
            answer: Answer {
                outcome: [Outcome::Executed, Outcome::Partly, Outcome::Refused][outcome_of],
                cause: (outcome_of != 0).then_some(Cause::TechnicalFault),
                detail: format!("{x}"),
                executed_at: Some(if flag { now } else { now - TimeDelta::hours(99) }),
                evidence_sha256: Some("e".repeat(64)),
            },
            corrects: flag,
            now,
        },
        5 => OrderCommand::MarkOverdue { now },
        6 => OrderCommand::Escalate { now },
        7 => OrderCommand::EndMeasure { now },
        8 if flag => OrderCommand::Cancel { by: by(x, 0), reasons: "撤回".to_owned() },
        8 => OrderCommand::MarkUndeliverable { by: by(x, 0), reasons: "停运".to_owned() },
        _ => OrderCommand::Undo {
            reversal: None,
            served: flag.then(|| Box::new(measure(2))),
            reasons: "撤销".to_owned(),
            by: by(0, 0).officer,
        },
    }
}
