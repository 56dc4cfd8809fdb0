//! One case and the officers who conduct it: the steps that most journeys through enforcement share.

use std::time::{Duration, Instant};

use casebook_execution::Clock as _;
use casebook_kernel::Timestamp;
use casebook_proto::enforcement::v1::{self as pb, CaseStage, OrderState, ReceiptCause, ReceiptOutcome};
use casebook_proto::timestamp;
use chrono::TimeDelta;
use tonic::{Code, Status};

use super::people::{self, REGION, appeal_officer, officer};
use super::{Desk, Journey, request_id};
use crate::world::reason;

/// S1 §8: the normative document that the ladder rests on.
pub const BASIS: &str = "S1-8";
/// How long a deadline may take to fire once the clock has passed it.
const FIRING_PATIENCE: Duration = Duration::from_secs(20);
const ASK_EVERY: Duration = Duration::from_millis(25);

pub fn account(platform: &str, platform_uid: &str) -> pb::AccountRef {
    pb::AccountRef { platform: platform.into(), platform_uid: platform_uid.into() }
}

/// A measure without parameters.
pub fn measure(account: &pb::AccountRef, measure: &str) -> pb::MeasureChoice {
    pb::MeasureChoice { account: Some(account.clone()), measure: measure.into(), days: 0, points: 0 }
}

pub fn mute(account: &pb::AccountRef, days: u32) -> pb::MeasureChoice {
    pb::MeasureChoice { days, ..measure(account, "MUTED") }
}

/// What was refused, and why.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>) -> (Code, String) {
    let status = outcome.expect_err("it should be refused");
    (status.code(), reason(&status))
}

/// A failed precondition with this reason.
pub fn not_now(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

pub fn denied(reason: &str) -> (Code, String) {
    (Code::PermissionDenied, reason.to_owned())
}

pub struct Docket<'j> {
    pub journey: &'j Journey,
    pub case_id: String,
    pub lead_id: String,
    pub accounts: Vec<pb::AccountRef>,
}

/// A lead on an account, as an officer who saw it himself opens it.
pub fn lead_on(journey: &Journey, account: &pb::AccountRef, violation: &str) -> pb::OpenLeadRequest {
    pb::OpenLeadRequest {
        request_id: request_id(),
        source: pb::LeadSource::Officer.into(),
        account: Some(account.clone()),
        violation: violation.into(),
        reasons: "巡查发现".into(),
        published_at: Some(timestamp(journey.world.clock.now() - TimeDelta::days(1))),
        region: REGION.into(),
        ..Default::default()
    }
}

impl<'j> Docket<'j> {
    /// A case that is there already.
    pub fn of(journey: &'j Journey, case_id: &str, lead_id: &str, accounts: &[pb::AccountRef]) -> Self {
        Self { journey, case_id: case_id.into(), lead_id: lead_id.into(), accounts: accounts.to_vec() }
    }

    /// A lead that was taken up, the case on it, and one piece of evidence.
    pub async fn open(journey: &'j Journey, violation: &str, accounts: &[pb::AccountRef]) -> Self {
        let desk = journey.desk(officer("officer-1"));
        let mut enforcement = desk.enforcement();
        let lead = lead_on(journey, &accounts[0], violation);
        let lead = enforcement.open_lead(lead).await.expect("a lead").into_inner().lead.expect("a lead");
        let accept = pb::AcceptLeadRequest {
            request_id: request_id(),
            lead_id: lead.lead_id.clone(),
            reasons: "线索清楚，属本机关管辖".into(),
            ..Default::default()
        };
        enforcement.accept_lead(accept).await.expect("taken up");
        let open = pb::OpenCaseRequest {
            request_id: request_id(),
            lead_id: lead.lead_id.clone(),
            instrument: pb::Instrument::PlatformMeasureRequest.into(),
            further_accounts: accounts[1..].to_vec(),
            officers: vec!["officer-1".into(), "officer-2".into()],
            ..Default::default()
        };
        let case = enforcement.open_case(open).await.expect("a case").into_inner().case.expect("a case");
        assert_eq!((case.stage(), case.case_id.as_str()), (CaseStage::Investigating, lead.case_id.as_str()));
        let docket = Self { journey, case_id: case.case_id, lead_id: lead.lead_id, accounts: accounts.to_vec() };
        docket.add_evidence("a").await;
        docket
    }

    /// From the lead to the service of the decision; whatever departs from the ladder says why.
    pub async fn decide(journey: &'j Journey, violation: &str, measures: &[pb::MeasureChoice]) -> Self {
        let mut accounts: Vec<pb::AccountRef> = Vec::new();
        for account in measures.iter().filter_map(|choice| choice.account.as_ref()) {
            if !accounts.contains(account) {
                accounts.push(account.clone());
            }
        }
        let docket = Self::open(journey, violation, &accounts).await;
        docket.tell(measures).await;
        docket.waive().await;
        docket.propose(docket.proposal(measures)).await;
        let case = docket.confirm().await;
        assert_eq!(case.stage(), CaseStage::Decided);
        docket.serve().await;
        journey.world.at_rest().await;
        docket
    }

    pub fn now(&self) -> Timestamp {
        self.journey.world.clock.now()
    }

    pub fn desk(&self, name: &str) -> Desk {
        self.journey.desk(officer(name))
    }

    /// A page capture whose hash repeats `digit`.
    pub fn evidence(&self, digit: &str) -> pb::AddEvidenceRequest {
        pb::AddEvidenceRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            kind: pb::EvidenceKind::PageCapture.into(),
            sha256: digit.repeat(64),
            captured_at: Some(timestamp(self.now())),
            description: "巡查时的页面固定".into(),
            ..Default::default()
        }
    }

    pub async fn add_evidence(&self, digit: &str) -> pb::Case {
        let reply = self.desk("officer-1").enforcement().add_evidence(self.evidence(digit)).await.expect("evidence");
        reply.into_inner().case.expect("the case")
    }

    /// 告知: what the subject is said to have done, and what is intended.
    pub fn notice(&self, measures: &[pb::MeasureChoice]) -> pb::ServeNoticeRequest {
        pb::ServeNoticeRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            facts: "该账号发布的内容涉嫌违规".into(),
            measures: measures.to_vec(),
            legal_bases: vec![BASIS.into()],
            method: pb::ServiceMethod::PlatformInbox.into(),
            served_at: Some(timestamp(self.now())),
            ..Default::default()
        }
    }

    pub async fn tell(&self, measures: &[pb::MeasureChoice]) -> pb::Case {
        let reply = self.desk("officer-1").enforcement().serve_notice(self.notice(measures)).await.expect("told");
        reply.into_inner().case.expect("the case")
    }

    pub fn waiver(&self) -> pb::WaiveStatementRequest {
        pb::WaiveStatementRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            reasons: "当事人表示不作陈述申辩".into(),
            sha256: "f".repeat(64),
            account: self.accounts.first().cloned(),
            ..Default::default()
        }
    }

    /// Whoever runs an account of the case waives, each for itself.
    pub async fn waive(&self) -> pb::Case {
        for account in &self.accounts {
            let waiver = pb::WaiveStatementRequest { account: Some(account.clone()), ..self.waiver() };
            self.desk("officer-1").enforcement().waive_statement(waiver).await.expect("waived");
        }
        self.case().await
    }

    pub fn proposal(&self, measures: &[pb::MeasureChoice]) -> pb::ProposeDecisionRequest {
        pb::ProposeDecisionRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            measures: measures.to_vec(),
            legal_bases: vec![BASIS.into()],
            reasons: "事实清楚，依据充分".into(),
            departure_reason: "结合情节和影响范围确定".into(),
            irreversible_confirmed: true,
            ..Default::default()
        }
    }

    pub async fn propose(&self, request: pb::ProposeDecisionRequest) -> pb::Case {
        let reply = self.desk("officer-1").enforcement().propose_decision(request).await.expect("proposed");
        let case = reply.into_inner().case.expect("the case");
        assert_eq!(case.stage(), CaseStage::Proposed);
        case
    }

    /// What confirms the proposal that waits.
    pub async fn confirmation(&self) -> pb::ConfirmDecisionRequest {
        let decision_id = self.case().await.decision.expect("a proposal").decision_id;
        pb::ConfirmDecisionRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            decision_id,
            irreversible_confirmed: true,
            ..Default::default()
        }
    }

    pub async fn confirm(&self) -> pb::Case {
        let request = self.confirmation().await;
        let reply = self.desk("officer-2").enforcement().confirm_decision(request).await.expect("confirmed");
        reply.into_inner().case.expect("the case")
    }

    /// 送达.
    pub fn service(&self) -> pb::RecordServiceRequest {
        pb::RecordServiceRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            method: pb::ServiceMethod::PlatformInbox.into(),
            served_at: Some(timestamp(self.now())),
            ..Default::default()
        }
    }

    pub async fn serve(&self) -> pb::Case {
        let reply = self.desk("officer-1").enforcement().record_service(self.service()).await.expect("served");
        reply.into_inner().case.expect("the case")
    }

    pub fn closing(&self, outcome: pb::CaseOutcome) -> pb::CloseCaseRequest {
        pb::CloseCaseRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            outcome: outcome.into(),
            summary: "处置完毕".into(),
            ..Default::default()
        }
    }

    pub async fn close(&self, outcome: pb::CaseOutcome) -> pb::Case {
        let reply = self.desk("officer-1").enforcement().close_case(self.closing(outcome)).await.expect("closed");
        reply.into_inner().case.expect("the case")
    }

    pub fn appeal(&self) -> pb::FileAppealRequest {
        pb::FileAppealRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            kind: pb::AppealKind::InternalReview.into(),
            grounds: "处置过重".into(),
            account: self.accounts.first().cloned(),
            sha256: "9".repeat(64),
            ..Default::default()
        }
    }

    /// Files an appeal and gives its id.
    pub async fn file_appeal(&self) -> String {
        let reply = self.desk("officer-1").enforcement().file_appeal(self.appeal()).await.expect("filed").into_inner();
        let case = reply.case.expect("the case");
        assert_eq!(case.stage(), CaseStage::UnderAppeal);
        case.appeals.last().expect("the appeal").appeal_id.clone()
    }

    pub fn judgement(&self, appeal_id: &str, outcome: pb::AppealOutcome) -> pb::DecideAppealRequest {
        pb::DecideAppealRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            appeal_id: appeal_id.into(),
            outcome: outcome.into(),
            reasons: "经复核".into(),
            ..Default::default()
        }
    }

    /// Decides an appeal as an officer who took no part in the case.
    pub async fn judge(&self, request: pb::DecideAppealRequest) -> pb::Case {
        let desk = self.journey.desk(appeal_officer("officer-9"));
        let case = desk.enforcement().decide_appeal(request).await.expect("judged").into_inner().case;
        self.journey.world.at_rest().await;
        case.expect("the case")
    }

    pub async fn case(&self) -> pb::Case {
        let request = pb::GetCaseRequest { case_id: self.case_id.clone(), ..Default::default() };
        let reply = self.desk("officer-1").enforcement().get_case(request).await.expect("there");
        reply.into_inner().case.expect("the case")
    }

    /// The case's own view of an order.
    pub async fn track(&self, order_id: &str) -> pb::OrderTrack {
        self.journey.world.at_rest().await;
        let case = self.case().await;
        case.orders.into_iter().find(|track| track.order_id == order_id).expect("an order of the case")
    }

    /// The order that carries `measure` to `platform`.
    pub async fn order(&self, platform: &str, measure: &str) -> pb::Order {
        self.journey.world.at_rest().await;
        let carries = |track: &&pb::OrderTrack| {
            let chosen = track.measure.as_ref().expect("a measure");
            let at = chosen.account.as_ref().expect("an account");
            chosen.measure == measure && at.platform == platform && track.counters_order_id.is_empty()
        };
        let case = self.case().await;
        let order_id = case.orders.iter().find(carries).expect("an order of the case").order_id.clone();
        self.order_by_id(&order_id).await
    }

    pub async fn order_by_id(&self, order_id: &str) -> pb::Order {
        let request = pb::GetOrderRequest { order_id: order_id.into(), ..Default::default() };
        let reply = self.desk("officer-1").enforcement().get_order(request).await.expect("there");
        reply.into_inner().order.expect("the order")
    }

    /// Waits until a deadline has changed the order so.
    pub async fn until_order(&self, order_id: &str, so: impl Fn(&pb::Order) -> bool) -> pb::Order {
        let start = Instant::now();
        loop {
            let order = self.order_by_id(order_id).await;
            if so(&order) {
                return order;
            }
            assert!(start.elapsed() < FIRING_PATIENCE, "it stays {order:?}");
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// Waits until the case is so.
    pub async fn until_case(&self, so: impl Fn(&pb::Case) -> bool) -> pb::Case {
        let start = Instant::now();
        loop {
            let case = self.case().await;
            if so(&case) {
                return case;
            }
            assert!(start.elapsed() < FIRING_PATIENCE, "it stays {case:?}");
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
}

/// A receipt, as the platform of the order writes it.
pub fn receipt(
    order: &pb::Order,
    outcome: ReceiptOutcome,
    cause: ReceiptCause,
    now: Timestamp,
) -> pb::ReportReceiptRequest {
    let done = outcome != ReceiptOutcome::Refused;
    pb::ReportReceiptRequest {
        request_id: request_id(),
        order_id: order.order_id.clone(),
        outcome: outcome.into(),
        cause: cause.into(),
        detail: if cause == ReceiptCause::Unspecified { String::new() } else { "平台说明".into() },
        executed_at: done.then(|| timestamp(now)),
        evidence_sha256: if done { "e".repeat(64) } else { String::new() },
        ..Default::default()
    }
}

/// The platform of an order.
pub fn platform_of(order: &pb::Order) -> &str {
    &order.measure.as_ref().and_then(|measure| measure.account.as_ref()).expect("an account").platform
}

/// Lets the platform of an order report a receipt.
pub async fn report(
    journey: &Journey,
    order: &pb::Order,
    request: pb::ReportReceiptRequest,
) -> Result<pb::PlatformOrder, Status> {
    let desk = journey.desk(people::platform(platform_of(order)));
    let reply = desk.platform().report_receipt(request).await?.into_inner();
    Ok(reply.order.expect("the order"))
}

/// Lets the platform carry an order out now.
pub async fn execute(journey: &Journey, order: &pb::Order) -> pb::PlatformOrder {
    let request = receipt(order, ReceiptOutcome::Executed, ReceiptCause::Unspecified, journey.world.clock.now());
    let answered = report(journey, order, request).await.expect("the receipt is taken");
    assert_eq!(answered.state(), OrderState::Receipted);
    answered
}
