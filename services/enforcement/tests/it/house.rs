//! A running enforcement service in a throw-away folder, and callers of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use casebook_authz::Principal;
use casebook_bootstrap::{Foundation, Keys, Service, Settings};
use casebook_enforcement::grpc::{Enforcement, Platforms};
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Expected, NewEvent, StreamName};
use casebook_execution::{Clock as _, Metadata, TurnedClock};
use casebook_kernel::ids::{AccountId, LeadId};
use casebook_kernel::{Actor, AgencyKind, Timestamp};
use casebook_proto::common::v1::Role;
use casebook_proto::enforcement::v1 as pb;
use casebook_proto::enforcement::v1::enforcement_service_server::EnforcementService as _;
use casebook_proto::enforcement::v1::platform_service_server::PlatformService as _;
use casebook_proto::{review, timestamp};
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(20);
/// When every test begins: a Monday far from holidays.
pub const START: &str = "2026-03-02T02:00:00Z";

pub struct House {
    pub officers: Enforcement,
    pub platforms: Platforms,
    pub service: Service,
    pub foundation: Foundation,
    pub clock: Arc<TurnedClock>,
    log: Arc<EmbeddedLog>,
}

impl House {
    /// Opens what is in `folder`, or begins there; the clock shows `now`.
    pub async fn open_at(folder: &Path, now: &str) -> Self {
        let clock = Arc::new(TurnedClock::at(time(now)));
        let turned = clock.clone();
        let options = Options { clock: Arc::new(move || turned.now()), ..Options::default() };
        let log = Arc::new(EmbeddedLog::open(&folder.join("log"), options).unwrap());
        let keys = Keys::load_or_make(&folder.join("keys")).unwrap();
        let policy = Arc::new(casebook_policy::shipped().unwrap());
        let settings = Settings { data_dir: folder.join("rows"), registry_file: None };
        let foundation = Foundation::new(log.clone(), clock.clone(), policy, &keys, settings).unwrap();
        let (officers, platforms, service) = casebook_enforcement::open(&foundation).await.unwrap();
        Self { officers, platforms, service, foundation, clock, log }
    }

    pub async fn open(folder: &Path) -> Self {
        Self::open_at(folder, START).await
    }

    pub async fn close(self) {
        self.foundation.stop().await;
        self.log.close().await;
    }

    /// Waits until every reaction has reacted and all rows show it.
    pub async fn rest(&self) {
        self.foundation.at_rest(PATIENCE).await.unwrap();
    }

    pub async fn head(&self) -> u64 {
        self.log.head().await.unwrap().0
    }

    /// Holds every row against the log.
    pub async fn verify(&self) {
        self.rest().await;
        let log: Arc<dyn EventLog> = self.log.clone();
        for view in &self.service.views {
            let report = view.verify(&log, &self.service.read_model).await.unwrap();
            assert_eq!(report.mismatches, 0, "{:?}", report.named);
        }
    }

    /// What review writes when it refers an item. Says which lead follows, and what the matter is called.
    pub async fn refer(&self, uid: &str, violation: &str, text: &str) -> (String, Uuid) {
        let item_id = Uuid::now_v7();
        let correlation = Uuid::now_v7();
        let referral = review::v1::ReferralSubmitted {
            item_id: item_id.to_string(),
            finding_id: Uuid::now_v7().to_string(),
            platform: "weibo".into(),
            platform_uid: uid.into(),
            violation: violation.into(),
            reasons: "假冒医生身份开展科普".into(),
            quoted_span: Some(review::v1::Span { quote: text.into(), ..Default::default() }),
            item_sha256: sha256(text),
            published_at: Some(timestamp(self.clock.now() - chrono::TimeDelta::days(1))),
            report_ids: vec![Uuid::now_v7().to_string()],
            region: "310115".into(),
            legal_bases: vec!["S1-8".into()],
            submitted_at: Some(timestamp(self.clock.now())),
            recorded_by: reference("reviewer-1"),
            confirmed_by: reference("reviewer-2"),
            submitted_by: reference("reviewer-2"),
            ..Default::default()
        };
        let metadata = Metadata {
            agency: "cac-310000".into(),
            officer: "reviewer".into(),
            request_id: Uuid::now_v7().to_string(),
            request_sha256: String::new(),
            at: self.clock.now(),
            correlation,
            causation: None,
            policy_version: String::new(),
            trace_parent: String::new(),
            schema_version: 1,
        };
        let event = NewEvent {
            id: Uuid::now_v7(),
            event_type: "casebook.review.v1.ReferralSubmitted".into(),
            data: serde_json::to_vec(&referral).unwrap().into(),
            metadata: metadata.to_json().into(),
        };
        let lead = LeadId::derived(event.id, "referral").to_string();
        self.log.append(&StreamName::of("item", item_id), Expected::Any, vec![event]).await.unwrap();
        self.rest().await;
        (lead, correlation)
    }

    /// From a referral to a case whose subject is told of `measures`.
    pub async fn told(&self, uid: &str, violation: &str, measures: &[pb::MeasureChoice]) -> String {
        let (lead_id, _) = self.refer(uid, violation, &format!("{uid} {violation} {}", Uuid::now_v7())).await;
        let accept = accept(&lead_id);
        self.officers.accept_lead(by(officer("a"), accept)).await.unwrap();
        let opened = self.officers.open_case(by(officer("a"), open(&lead_id))).await.unwrap().into_inner();
        let case_id = opened.case.unwrap().case_id;
        self.officers.add_evidence(by(officer("b"), evidence(&case_id, &case_id))).await.unwrap();
        self.officers.serve_notice(by(officer("a"), self.notice(&case_id, measures))).await.unwrap();
        case_id
    }

    pub fn notice(&self, case_id: &str, measures: &[pb::MeasureChoice]) -> pb::ServeNoticeRequest {
        pb::ServeNoticeRequest {
            request_id: request_id(),
            case_id: case_id.into(),
            facts: "发布假冒医生身份的诊疗视频".into(),
            measures: measures.to_vec(),
            legal_bases: vec!["S1-8".into()],
            method: pb::ServiceMethod::PlatformInbox.into(),
            served_at: Some(timestamp(self.clock.now())),
            ..Default::default()
        }
    }

    /// The subject waives; officers a and b decide. The orders are issued when this returns.
    pub async fn decided(&self, uid: &str, violation: &str, measures: &[pb::MeasureChoice]) -> pb::Case {
        let case_id = self.told(uid, violation, measures).await;
        self.decide(&case_id, measures).await
    }

    pub async fn decide(&self, case_id: &str, measures: &[pb::MeasureChoice]) -> pb::Case {
        self.officers.waive_statement(by(officer("a"), waive(case_id))).await.unwrap();
        let proposed =
            self.officers.propose_decision(by(officer("a"), propose(case_id, measures))).await.unwrap().into_inner();
        let decision_id = proposed.case.unwrap().decision.unwrap().decision_id;
        self.officers.confirm_decision(by(officer("b"), confirm(case_id, &decision_id))).await.unwrap();
        self.officers.record_service(by(officer("a"), self.service(case_id))).await.unwrap();
        self.rest().await;
        self.case(case_id).await
    }

    /// The decision of the case was served just now.
    pub fn service(&self, case_id: &str) -> pb::RecordServiceRequest {
        pb::RecordServiceRequest {
            request_id: request_id(),
            case_id: case_id.into(),
            method: pb::ServiceMethod::PlatformInbox.into(),
            served_at: Some(timestamp(self.clock.now())),
            ..Default::default()
        }
    }

    pub async fn case(&self, case_id: &str) -> pb::Case {
        let request = pb::GetCaseRequest { case_id: case_id.into(), ..Default::default() };
        self.officers.get_case(by(auditor(), request)).await.unwrap().into_inner().case.unwrap()
    }

    pub async fn order(&self, order_id: &str) -> pb::Order {
        let request = pb::GetOrderRequest { order_id: order_id.into(), ..Default::default() };
        self.officers.get_order(by(auditor(), request)).await.unwrap().into_inner().order.unwrap()
    }

    /// The platform answers that it did what the order asked for, now.
    pub async fn execute(&self, order_id: &str) {
        let order = self.order(order_id).await;
        let of = order.measure.unwrap().account.unwrap().platform;
        self.platforms.report_receipt(by(platform(&of), self.executed(order_id))).await.unwrap();
        self.rest().await;
    }

    pub fn executed(&self, order_id: &str) -> pb::ReportReceiptRequest {
        pb::ReportReceiptRequest {
            request_id: request_id(),
            order_id: order_id.into(),
            outcome: pb::ReceiptOutcome::Executed.into(),
            executed_at: Some(timestamp(self.clock.now())),
            evidence_sha256: "e".repeat(64),
            ..Default::default()
        }
    }

    pub async fn recommended(&self, uid: &str, violation: &str) -> pb::Recommendation {
        let request = pb::RecommendMeasuresRequest {
            account: Some(account("weibo", uid)),
            violation: violation.into(),
            at_least_position: self.head().await,
        };
        self.officers.recommend_measures(by(auditor(), request)).await.unwrap().into_inner().recommendation.unwrap()
    }

    /// An internal review, filed and decided by an officer who took no part.
    pub async fn appeal(&self, case_id: &str, outcome: pb::AppealOutcome, remaining: &[pb::MeasureChoice]) -> pb::Case {
        let filed = self.officers.file_appeal(by(officer("a"), file_appeal(case_id))).await.unwrap().into_inner();
        let appeal_id = filed.case.unwrap().appeals.last().unwrap().appeal_id.clone();
        let decide = pb::DecideAppealRequest {
            request_id: request_id(),
            case_id: case_id.into(),
            appeal_id,
            outcome: outcome.into(),
            remaining: remaining.to_vec(),
            reasons: "事实不清".into(),
            ..Default::default()
        };
        self.officers.decide_appeal(by(reviewer("d"), decide)).await.unwrap();
        self.rest().await;
        self.case(case_id).await
    }
}

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An officer of the municipal cyberspace office, as review names them.
fn reference(officer: &str) -> Option<review::v1::OfficerReference> {
    Some(review::v1::OfficerReference { agency: "cac-310000".into(), officer: officer.into() })
}

pub fn sha256(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// A request with its caller's token looked at already.
pub fn by<R>(principal: Principal, request: R) -> Request<R> {
    let mut request = Request::new(request);
    request.extensions_mut().insert(Arc::new(principal));
    request
}

pub fn principal(agency: &str, officer: &str, kind: Option<AgencyKind>, region: &str, role: Role) -> Principal {
    let actor = Actor {
        agency: agency.parse().unwrap(),
        officer: officer.parse().unwrap(),
        agency_kind: kind,
        region: region.parse().unwrap(),
    };
    Principal { actor, roles: vec![role] }
}

/// An officer of the municipal cyberspace office of Shanghai.
pub fn officer(name: &str) -> Principal {
    principal("cac-310000", name, Some(AgencyKind::Cyberspace), "310000", Role::CaseOfficer)
}

/// An officer of the same office who hears appeals.
pub fn reviewer(name: &str) -> Principal {
    principal("cac-310000", name, Some(AgencyKind::Cyberspace), "310000", Role::AppealOfficer)
}

/// An officer of the municipal health commission.
pub fn health(name: &str) -> Principal {
    principal("health-310000", name, Some(AgencyKind::Health), "310000", Role::CaseOfficer)
}

pub fn auditor() -> Principal {
    principal("cac-000000", "auditor", Some(AgencyKind::Cyberspace), "000000", Role::Auditor)
}

/// Whoever runs an account.
pub fn operator_of(platform: &str, uid: &str) -> Principal {
    principal(&format!("subject-{}", AccountId::of(platform, uid)), "operator", None, "310000", Role::Subject)
}

pub fn platform(id: &str) -> Principal {
    principal(&format!("platform-{id}"), "gateway", None, "000000", Role::Platform)
}

pub fn account(platform: &str, uid: &str) -> pb::AccountRef {
    pb::AccountRef { platform: platform.into(), platform_uid: uid.into() }
}

pub fn measure(uid: &str, measure: &str, days: u32) -> pb::MeasureChoice {
    on("weibo", uid, measure, days)
}

pub fn on(platform: &str, uid: &str, measure: &str, days: u32) -> pb::MeasureChoice {
    pb::MeasureChoice { account: Some(account(platform, uid)), measure: measure.into(), days, points: 0 }
}

pub fn accept(lead_id: &str) -> pb::AcceptLeadRequest {
    pb::AcceptLeadRequest {
        request_id: request_id(),
        lead_id: lead_id.into(),
        reasons: "属实".into(),
        ..Default::default()
    }
}

pub fn open(lead_id: &str) -> pb::OpenCaseRequest {
    pb::OpenCaseRequest {
        request_id: request_id(),
        lead_id: lead_id.into(),
        instrument: pb::Instrument::PlatformMeasureRequest.into(),
        further_accounts: vec![account("douyin", "d-1")],
        officers: vec!["a".into(), "b".into()],
        ..Default::default()
    }
}

pub fn evidence(case_id: &str, bytes: &str) -> pb::AddEvidenceRequest {
    pb::AddEvidenceRequest {
        request_id: request_id(),
        case_id: case_id.into(),
        kind: pb::EvidenceKind::PageCapture.into(),
        sha256: sha256(bytes),
        captured_at: Some(timestamp(time(START))),
        description: "网页存证".into(),
        ..Default::default()
    }
}

pub fn waive(case_id: &str) -> pb::WaiveStatementRequest {
    pb::WaiveStatementRequest {
        request_id: request_id(),
        case_id: case_id.into(),
        reasons: "放弃陈述申辩".into(),
        sha256: "f".repeat(64),
        ..Default::default()
    }
}

pub fn propose(case_id: &str, measures: &[pb::MeasureChoice]) -> pb::ProposeDecisionRequest {
    pb::ProposeDecisionRequest {
        request_id: request_id(),
        case_id: case_id.into(),
        measures: measures.to_vec(),
        legal_bases: vec!["S1-8".into()],
        reasons: "事实清楚，证据充分".into(),
        departure_reason: "情节不同".into(),
        irreversible_confirmed: true,
        ..Default::default()
    }
}

pub fn confirm(case_id: &str, decision_id: &str) -> pb::ConfirmDecisionRequest {
    pb::ConfirmDecisionRequest {
        request_id: request_id(),
        case_id: case_id.into(),
        decision_id: decision_id.into(),
        irreversible_confirmed: true,
        ..Default::default()
    }
}

pub fn file_appeal(case_id: &str) -> pb::FileAppealRequest {
    pb::FileAppealRequest {
        request_id: request_id(),
        case_id: case_id.into(),
        kind: pb::AppealKind::InternalReview.into(),
        grounds: "处置过重".into(),
        ..Default::default()
    }
}

pub fn close(case_id: &str, outcome: pb::CaseOutcome) -> pb::CloseCaseRequest {
    pb::CloseCaseRequest {
        request_id: request_id(),
        case_id: case_id.into(),
        outcome: outcome.into(),
        summary: "结案".into(),
        ..Default::default()
    }
}

/// The code and the reason of a refusal.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> (Code, String) {
    let status = answer.expect_err("it should be refused");
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

/// The fields that a refusal names.
#[track_caller]
pub fn violated<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> Vec<String> {
    let status = answer.expect_err("it should be refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let request = status.get_details_bad_request().unwrap();
    request.field_violations.into_iter().map(|violation| violation.field).collect()
}
