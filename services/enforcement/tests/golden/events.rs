//! One event of each type, with every field set to something that could be told from its default.

use casebook_enforcement::domain::case::{
    Advice, Appeal, AppealKind, AppealResult, AppealVerdict, Author, CaseChange, CaseEvent, CaseOutcome, Closure,
    DecisionIssued, Evidence, EvidenceKind, Irreversible, Notice, Opening, OrderEnd, OrderEndOutcome, Proposal,
    Replacement, Reversal, RunningClock, Service, ServiceMethod, Statement, Transfer, TransferStanding, Undoing,
    Waiver,
};
use casebook_enforcement::domain::ids::{
    AppealId, DecisionId, EvidenceId, NoticeId, StatementId, TransferId, counter_order_id,
};
use casebook_enforcement::domain::lead::{LeadChange, LeadEvent, LeadSource, Screening, Signal};
use casebook_enforcement::domain::measure::{AccountRef, Measure};
use casebook_enforcement::domain::order::{
    Answer, Cause, Effect, OrderChange, OrderEvent, OrderTerms, Outcome, Receipt,
};
use casebook_kernel::ids::{CaseId, ItemId, LeadId, OrderId, ReportId};
use casebook_kernel::{AgencyId, AgencyKind, OfficerId, Timestamp};
use casebook_policy::{Instrument, LegalBasisId, MeasureParameters, Recommendation, ViolationId};
use uuid::Uuid;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn officer(text: &str) -> OfficerId {
    text.parse().expect(text)
}

fn agency() -> AgencyId {
    "cac-310000".parse().expect("agency")
}

fn violation() -> ViolationId {
    "V-05".parse().expect("violation")
}

fn bases() -> Vec<LegalBasisId> {
    ["S1-8", "WEIBO-19"].map(|basis| basis.parse().expect(basis)).to_vec()
}

fn account() -> AccountRef {
    AccountRef { platform: "weibo".parse().expect("platform"), platform_uid: "u1".to_owned() }
}

fn mute(days: u32) -> Measure {
    Measure {
        account: account(),
        id: "MUTED".parse().expect("measure"),
        parameters: MeasureParameters { days: Some(days), points: None },
        rung: Some(4),
        irreversible: false,
    }
}

fn credit() -> Measure {
    Measure {
        account: account(),
        id: "CREDIT_DEDUCTED".parse().expect("measure"),
        parameters: MeasureParameters { days: None, points: Some(5) },
        rung: None,
        irreversible: false,
    }
}

fn followers() -> Measure {
    Measure {
        account: account(),
        id: "FOLLOWERS_CLEARED".parse().expect("measure"),
        parameters: MeasureParameters::default(),
        rung: Some(2),
        irreversible: true,
    }
}

fn lead_id(number: u128) -> LeadId {
    LeadId::from(Uuid::from_u128(number))
}

fn case_id() -> CaseId {
    CaseId::from(Uuid::from_u128(2))
}

fn order_id() -> OrderId {
    OrderId::from(Uuid::from_u128(9))
}

fn decision(number: usize) -> DecisionId {
    DecisionId::nth(case_id(), number)
}

pub fn leads() -> Vec<LeadEvent> {
    let screening =
        |reasons: &str| Screening { officer: officer("o-17"), agency: agency(), reasons: reasons.to_owned() };
    let signal = Signal {
        source: LeadSource::Referral,
        account: account(),
        violation: violation(),
        reasons: "假冒医生身份开展科普".to_owned(),
        quoted_span: "我是三甲医院主任".to_owned(),
        item_id: Some(ItemId::from(Uuid::from_u128(70))),
        item_sha256: Some("a".repeat(64)),
        published_at: at("2020-03-01T14:30:00Z"),
        report_ids: vec![ReportId::from(Uuid::from_u128(71))],
        finding_id: Some(Uuid::from_u128(72)),
        region: "310115".parse().expect("region"),
        legal_bases: bases(),
        discovered_at: at("2026-03-01T02:00:00.123456Z"),
        raised_by: [].into(),
    };
    [
        LeadChange::Opened(Box::new(signal)),
        LeadChange::Accepted(screening("属实")),
        LeadChange::Declined { screening: screening("重复"), duplicate_of: Some(lead_id(11)) },
    ]
    .map(|change| LeadEvent { lead_id: lead_id(1), change })
    .to_vec()
}

/// Leads and cases as they are written since they name the officers behind them.
pub fn leads_v2() -> Vec<LeadEvent> {
    let mut opened = leads().remove(0);
    if let LeadChange::Opened(signal) = &mut opened.change {
        signal.raised_by = ["o-21", "o-22"].map(officer).into();
    }
    vec![opened]
}

pub fn cases_v2() -> Vec<CaseEvent> {
    let mut opened = cases().remove(0);
    if let CaseChange::Opened(opening) = &mut opened.change {
        opening.screened_by = Some(officer("o-20"));
        opening.raised_by = ["o-21", "o-22"].map(officer).into();
    }
    vec![opened]
}

pub fn cases() -> Vec<CaseEvent> {
    let changes = procedure().into_iter().chain(decisions()).chain(redress()).chain(hand_over());
    changes.map(|change| CaseEvent { case_id: case_id(), change }).collect()
}

fn procedure() -> Vec<CaseChange> {
    vec![
        CaseChange::Opened(Box::new(Opening {
            case_id: case_id(),
            lead_id: lead_id(1),
            instrument: Instrument::PlatformMeasureRequest,
            accounts: vec![account()],
            violation: violation(),
            agency: agency(),
            agency_kind: AgencyKind::Cyberspace,
            region: "310115".parse().expect("region"),
            officers: vec![officer("o-17"), officer("o-18")],
            opened_by: officer("o-17"),
            screened_by: None,
            raised_by: [].into(),
            conduct_at: at("2020-03-01T14:30:00Z"),
            discovered_at: at("2026-03-01T02:00:00Z"),
            harm_to_health: true,
            opened_at: at("2026-03-02T02:00:00.000001Z"),
        })),
        CaseChange::EvidenceAdded(Evidence {
            evidence_id: EvidenceId::nth(case_id(), 0),
            kind: EvidenceKind::PageCapture,
            sha256: "c".repeat(64),
            captured_at: at("2026-03-02T02:00:00Z"),
            description: "网页存证".to_owned(),
            added_by: officer("o-18"),
            added_at: at("2026-03-02T03:00:00Z"),
        }),
        CaseChange::NoticeServed(Box::new(Notice {
            notice_id: NoticeId::nth(case_id(), 0),
            facts: "假冒医生身份发布诊疗视频".to_owned(),
            measures: vec![mute(7), followers(), credit()],
            legal_bases: bases(),
            method: ServiceMethod::PlatformInbox,
            served_at: at("2026-03-03T02:00:00Z"),
            answer_until: at("2026-03-10T16:00:00Z"),
            served_by: officer("o-17"),
        })),
        CaseChange::StatementRecorded(Statement {
            statement_id: StatementId::nth(case_id(), 0),
            summary: "视频系转载".to_owned(),
            sha256: Some("d".repeat(64)),
            recorded_by: officer("s-1"),
            author: Author::Officer,
            stated_at: at("2026-03-11T02:00:00Z"),
            late: true,
        }),
        CaseChange::StatementWaived(Waiver {
            reasons: "放弃陈述申辩".to_owned(),
            sha256: None,
            author: Author::Officer,
            recorded_by: officer("s-1"),
            waived_at: at("2026-03-04T02:00:00Z"),
        }),
        CaseChange::Closed(Closure {
            outcome: CaseOutcome::MeasuresTaken,
            summary: "结案".to_owned(),
            closed_by: officer("o-17"),
            closed_at: at("2026-04-20T02:00:00Z"),
        }),
        CaseChange::Reopened { reasons: "新证据".to_owned(), by: officer("o-19") },
    ]
}

fn decisions() -> Vec<CaseChange> {
    vec![
        CaseChange::DecisionProposed(Box::new(Proposal {
            decision_id: decision(0),
            instrument: Instrument::PlatformMeasureRequest,
            measures: vec![mute(7), followers(), credit()],
            legal_bases: bases(),
            reasons: "事实清楚".to_owned(),
            recommended: vec![Advice {
                account: account(),
                recommendation: Recommendation {
                    rung: 4,
                    measure: "MUTED".parse().expect("measure"),
                    days: Some(15),
                    accompanied_by: vec!["CONTENT_REMOVED".parse().expect("measure")],
                    earlier_rung: Some(3),
                },
            }],
            departure_reason: Some("情节较轻".to_owned()),
            irreversible_confirmed: true,
            proposer: officer("o-17"),
            statement_id: Some(StatementId::nth(case_id(), 0)),
            redress: "十五日内可申请复核".to_owned(),
            proposed_at: at("2026-03-11T02:00:00Z"),
        })),
        CaseChange::ProposalRejected {
            decision_id: decision(0), reasons: "证据不足".to_owned(), by: officer("o-18")
        },
        CaseChange::DecisionIssued(Box::new(DecisionIssued {
            decision_id: decision(0),
            instrument: Instrument::PlatformMeasureRequest,
            measures: vec![mute(7), followers(), credit()],
            legal_bases: bases(),
            reasons: "事实清楚".to_owned(),
            departure_reason: Some("情节较轻".to_owned()),
            proposer: officer("o-17"),
            confirmer: officer("o-18"),
            agency: agency(),
            violation: violation(),
            region: "310115".parse().expect("region"),
            statement_id: Some(StatementId::nth(case_id(), 0)),
            redress: "十五日内可申请复核".to_owned(),
            issued_at: at("2026-03-12T02:00:00Z"),
        })),
        CaseChange::DecisionServed {
            decision_id: decision(0),
            service: Service {
                method: ServiceMethod::Electronic,
                served_at: at("2026-03-12T03:00:00Z"),
                appeal_until: at("2026-03-27T16:00:00Z"),
                provisional: true,
            },
            recorded_by: officer("o-17"),
        },
        CaseChange::OrderSettled {
            order_id: order_id(),
            end: OrderEnd {
                outcome: OrderEndOutcome::Partly,
                cause: Some(Cause::TechnicalFault),
                effective_from: Some(at("2026-03-13T02:00:00Z")),
                late: true,
            },
            revision: None,
        },
    ]
}

fn redress() -> Vec<CaseChange> {
    let appeal_id = AppealId::nth(case_id(), 0);
    vec![
        CaseChange::AppealFiled(Box::new(Appeal {
            appeal_id,
            kind: AppealKind::InternalReview,
            decision_id: decision(0),
            grounds: "处置过重".to_owned(),
            filed: Some((officer("s-1"), at("2026-03-15T02:00:00Z"))),
            decide_until: Some(at("2026-04-07T16:00:00Z")),
            verdict: None,
        })),
        CaseChange::AppealDecided {
            appeal_id,
            kind: AppealKind::Reconsideration,
            verdict: Box::new(AppealVerdict {
                result: AppealResult::UpheldInPart,
                remaining: vec![mute(3)],
                reasons: "处置过重".to_owned(),
                decided_by: "上海市人民政府".to_owned(),
                document_number: Some("沪府复字〔2026〕1号".to_owned()),
                decided_at: at("2026-03-16T02:00:00Z"),
            }),
        },
        CaseChange::ReversalIssued(Box::new(Reversal {
            reversal_id: decision(1),
            voids: decision(0),
            appeal_id,
            undoings: vec![Undoing {
                order_id: order_id(),
                counter_order_id: counter_order_id(order_id()),
                measure: mute(7),
            }],
            irreversible: vec![Irreversible {
                order_id: followers().order_id(decision(0)),
                measure: followers(),
                remedy: "公开更正".to_owned(),
            }],
            voided: vec![],
            replacements: vec![Replacement {
                order_id: mute(2).order_id(decision(1)),
                measure: mute(2),
                days_served: 1,
            }],
            remaining: vec![mute(3)],
            reasons: "处置过重".to_owned(),
            instrument: Instrument::PlatformMeasureRequest,
            legal_bases: bases(),
            agency: agency(),
            issued_at: at("2026-03-16T02:00:00Z"),
        })),
    ]
}

fn hand_over() -> Vec<CaseChange> {
    let transfer_id = TransferId::nth(case_id(), 0);
    vec![
        CaseChange::TransferOffered(Box::new(Transfer {
            transfer_id,
            from_agency: agency(),
            to_agency: "health-310000".parse().expect("agency"),
            reasons: "属医师执业行为".to_owned(),
            evidence: vec![EvidenceId::nth(case_id(), 0)],
            clocks: vec![RunningClock { name: "answer_until".to_owned(), due_at: at("2026-03-10T16:00:00Z") }],
            offered_by: officer("o-17"),
            offered_at: at("2026-03-04T02:00:00Z"),
            lapse_at: at("2026-03-13T16:00:00Z"),
            standing: TransferStanding::Offered,
        })),
        CaseChange::TransferAccepted {
            transfer_id,
            agency: "health-310000".parse().expect("agency"),
            agency_kind: AgencyKind::Health,
            officers: vec![officer("h-1"), officer("h-2")],
            by: officer("h-1"),
        },
        CaseChange::TransferDeclined { transfer_id, reasons: "不属本部门".to_owned(), by: officer("h-1") },
        CaseChange::TransferLapsed { transfer_id, at: at("2026-03-13T16:00:00Z") },
    ]
}

pub fn orders() -> Vec<OrderEvent> {
    let receipt = Receipt {
        answer: Answer {
            outcome: Outcome::Partly,
            cause: Some(Cause::TechnicalFault),
            detail: "直播间未禁言".to_owned(),
            executed_at: Some(at("2026-03-14T02:00:00Z")),
            evidence_sha256: Some("e".repeat(64)),
        },
        late: true,
        clock_ahead: true,
        after_cancellation: true,
        corrects: true,
        received_at: at("2026-03-14T01:00:00Z"),
        effect: Some(Effect { from: at("2026-03-14T01:00:00Z"), until: Some(at("2026-03-21T16:00:00Z")) }),
    };
    [
        OrderChange::Issued(Box::new(OrderTerms {
            order_id: order_id(),
            case_id: case_id(),
            decision_id: decision(0),
            measure: mute(7),
            instrument: Instrument::PlatformMeasureRequest,
            violation: violation(),
            legal_bases: bases(),
            reasons: "事实清楚".to_owned(),
            agency: agency(),
            region: "310115".parse().expect("region"),
            issued_at: at("2026-03-12T02:00:00Z"),
            due_at: at("2026-03-13T02:00:00Z"),
            escalate_at: at("2026-03-14T02:00:00Z"),
            counters: Some(OrderId::from(Uuid::from_u128(8))),
        })),
        OrderChange::Delivered { at: at("2026-03-12T02:00:01Z") },
        OrderChange::ReceiptRecorded(Box::new(receipt)),
        OrderChange::Overdue { due_at: at("2026-03-13T02:00:00Z") },
        OrderChange::Escalated { at: at("2026-03-14T02:00:00Z") },
        OrderChange::Cancelled {
            platform: "weibo".parse().expect("platform"),
            reasons: "申诉成立".to_owned(),
            by: officer("system"),
            reversal: Some(decision(1)),
        },
        OrderChange::Undeliverable { reasons: "平台停运".to_owned(), by: officer("o-17") },
        OrderChange::Countered { counter: counter_order_id(order_id()), reversal: Some(decision(1)) },
        OrderChange::MeasureEnded { at: at("2026-03-21T16:00:00Z") },
        OrderChange::Voided { reversal: Some(decision(1)) },
    ]
    .map(|change| OrderEvent { order_id: order_id(), change })
    .to_vec()
}
