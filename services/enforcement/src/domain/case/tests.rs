//! The rules of a case, as law: given what happened, when somebody asks for something, then this follows.

mod appeals;
mod decisions;
mod filing;
mod lifting;
mod opening_and_hearing;
mod orders_and_end;
mod several_accounts;
mod transfers;

use casebook_kernel::ids::{CaseId, LeadId, OrderId};
use casebook_kernel::{Actor, AgencyKind, Timestamp};
use casebook_policy::Instrument;
use casebook_testkit::{Given, given};
use uuid::Uuid;

use super::*;
use crate::domain::ids::{AppealId, DecisionId};
use crate::domain::measure::{AccountRef, Measure};
use crate::domain::samples::{at, bases, cyberspace, officer, on, operator_of, recommendation, subject};

const OPENED: &str = "2026-03-02T02:00:00Z";
const TOLD: &str = "2026-03-03T02:00:00Z";
const ANSWER_UNTIL: &str = "2026-03-10T16:00:00Z";
const PROPOSED: &str = "2026-03-11T02:00:00Z";
const DECIDED: &str = "2026-03-12T02:00:00Z";
const APPEAL_UNTIL: &str = "2026-03-27T16:00:00Z";

fn case_id() -> CaseId {
    CaseId::from(Uuid::from_u128(2))
}

fn weibo() -> AccountRef {
    on("weibo", "u1")
}

fn douyin() -> AccountRef {
    on("douyin", "u1")
}

fn open_case() -> OpenCase {
    OpenCase {
        case_id: case_id(),
        lead_id: LeadId::from(Uuid::from_u128(1)),
        lead: Some(AcceptedLead {
            agency: "cac-310000".parse().expect("agency"),
            screened_by: officer("s"),
            raised_by: ["r1", "r2"].map(officer).into(),
            region: "310115".parse().expect("region"),
            competence: Competence { kinds: vec![AgencyKind::Cyberspace, AgencyKind::Health] },
        }),
        by: cyberspace("a"),
        instrument: Instrument::PlatformMeasureRequest,
        accounts: vec![weibo(), douyin()],
        violation: "V-05".parse().expect("violation"),
        competence: Competence { kinds: vec![AgencyKind::Cyberspace, AgencyKind::Health] },
        officers: vec![officer("a"), officer("b")],
        region: "310115".parse().expect("region"),
        conduct_at: at("2026-02-20T02:00:00Z"),
        discovered_at: at("2026-03-01T02:00:00Z"),
        harm_to_health: false,
        limitation_until: None,
        now: at(OPENED),
    }
}

fn opened() -> Given<Case> {
    given([]).after(CaseCommand::Open(Box::new(open_case())))
}

fn evidence(number: u8, by: Actor) -> CaseCommand {
    CaseCommand::AddEvidence {
        by,
        kind: EvidenceKind::Screenshot,
        sha256: format!("{number:064x}"),
        captured_at: at(OPENED),
        description: "视频截图".to_owned(),
        now: at(OPENED),
    }
}

fn notice(measures: Vec<Measure>) -> ServeNotice {
    ServeNotice {
        by: cyberspace("a"),
        facts: "假冒医生身份发布诊疗视频".to_owned(),
        instrument: Instrument::PlatformMeasureRequest,
        measures,
        legal_bases: bases(),
        admission: Ok(()),
        method: ServiceMethod::PlatformInbox,
        served_at: at(TOLD),
        answer_until: at(ANSWER_UNTIL),
        now: at(TOLD),
    }
}

fn serve(measures: Vec<Measure>) -> CaseCommand {
    CaseCommand::ServeNotice(Box::new(notice(measures)))
}

/// Evidence is there, and the subject was told that `measures` are intended.
fn told(measures: Vec<Measure>) -> Given<Case> {
    opened().after(evidence(1, cyberspace("a"))).after(serve(measures))
}

fn statement(stated_at: &str) -> CaseCommand {
    CaseCommand::RecordStatement {
        by: subject(),
        account: None,
        summary: "视频系转载".to_owned(),
        sha256: Some("c".repeat(64)),
        stated_at: at(stated_at),
    }
}

fn proposal(measures: Vec<Measure>, rung: u8) -> ProposeDecision {
    ProposeDecision {
        by: cyberspace("a"),
        instrument: Instrument::PlatformMeasureRequest,
        recommended: [weibo(), douyin()]
            .map(|account| Advice { account, recommendation: recommendation(rung) })
            .to_vec(),
        measures,
        legal_bases: bases(),
        admission: Ok(()),
        reasons: "事实清楚".to_owned(),
        departure_reason: None,
        irreversible_confirmed: true,
        redress: "十五日内可申请复核".to_owned(),
        now: at(PROPOSED),
    }
}

fn propose(proposal: ProposeDecision) -> CaseCommand {
    CaseCommand::ProposeDecision(Box::new(proposal))
}

/// The `number`th decision of the case.
fn decision(number: usize) -> DecisionId {
    DecisionId::nth(case_id(), number)
}

fn confirm(by: &str) -> CaseCommand {
    CaseCommand::ConfirmDecision {
        by: cyberspace(by),
        decision_id: decision(0),
        irreversible_confirmed: true,
        now: at(DECIDED),
    }
}

/// Told, heard, and proposed by officer a exactly as it was announced.
fn proposed(measures: Vec<Measure>) -> Given<Case> {
    let rung = measures.iter().filter_map(|measure| measure.rung).max().unwrap_or(1);
    let departs = proposal(measures.clone(), rung);
    let command = ProposeDecision { departure_reason: Some("情节不同".to_owned()), ..departs };
    told(measures).after(statement("2026-03-04T02:00:00Z")).after(propose(command))
}

/// Decided by officers a and b.
fn decided(measures: Vec<Measure>) -> Given<Case> {
    proposed(measures).after(confirm("b"))
}

fn record_service(served_at: &str) -> CaseCommand {
    let service = Service {
        method: ServiceMethod::PlatformInbox,
        served_at: at(served_at),
        appeal_until: at(APPEAL_UNTIL),
        provisional: false,
    };
    CaseCommand::RecordService { by: cyberspace("a"), service, now: at(served_at) }
}

fn executed(from: &str) -> OrderEnd {
    OrderEnd {
        outcome: OrderEndOutcome::Executed,
        cause: None,
        effective_from: Some(at(from)),
        late: false,
        over: false,
    }
}

fn ended(outcome: OrderEndOutcome) -> OrderEnd {
    OrderEnd::without_effect(outcome)
}

fn settle(order_id: OrderId, end: OrderEnd) -> CaseCommand {
    CaseCommand::SettleOrder(OrderReport { order_id, end, revision: None })
}

/// An appeal by whoever runs the account on weibo.
fn filing(now: &str) -> FileAppeal {
    FileAppeal {
        by: subject(),
        account: None,
        kind: AppealKind::InternalReview,
        grounds: "处置过重".to_owned(),
        sha256: None,
        window_until: None,
        decide_until: Some(at("2026-04-10T16:00:00Z")),
        now: at(now),
    }
}

fn file(filing: FileAppeal) -> CaseCommand {
    CaseCommand::FileAppeal(Box::new(filing))
}

fn file_appeal(now: &str) -> CaseCommand {
    file(filing(now))
}

fn appeal(number: usize) -> AppealId {
    AppealId::nth(case_id(), number)
}

fn close_by(by: &str, outcome: CaseOutcome, unlifted_reasons: Option<&str>) -> CaseCommand {
    CaseCommand::Close {
        by: cyberspace(by),
        outcome,
        summary: "结案".to_owned(),
        unlifted_reasons: unlifted_reasons.map(str::to_owned),
        now: at("2026-03-18T02:00:00Z"),
    }
}

fn close(outcome: CaseOutcome) -> CaseCommand {
    close_by("a", outcome, None)
}

fn event(change: CaseChange) -> CaseEvent {
    CaseEvent { case_id: case_id(), change }
}

fn stage(given: &Given<Case>) -> &'static str {
    given.state().file().map_or("absent", |file| file.stage.name())
}

fn boxed(measure: Measure) -> Box<Measure> {
    Box::new(measure)
}

fn later(time: &str) -> Timestamp {
    at(time)
}

#[test]
fn an_event_that_does_not_fit_changes_nothing() {
    let lapsed = event(CaseChange::TransferLapsed {
        transfer_id: crate::domain::ids::TransferId::nth(case_id(), 0),
        at: at(TOLD),
    });
    assert_eq!(given::<Case>([lapsed.clone()]).state(), CaseState::Absent);
    let state = opened().state();
    assert_eq!(Case::evolve(state.clone(), &lapsed), state);
    let settled = event(CaseChange::OrderSettled {
        order_id: OrderId::from(Uuid::from_u128(5)),
        end: executed(TOLD),
        revision: None,
    });
    assert_eq!(Case::evolve(state.clone(), &settled), state);
}
