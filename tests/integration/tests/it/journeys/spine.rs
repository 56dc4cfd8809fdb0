//! The spine: from a report to an executed sanction, its appeal and what becomes of it, through all services.
//!
//! It is cut into steps, so that whoever tries something between any two of them can.

use casebook_execution::Clock as _;
use casebook_kernel::ids::LeadId;
use casebook_proto::credentials::v1 as credentials;
use casebook_proto::enforcement::v1::{
    self as pb, AppealOutcome, CaseStage, LeadState, OrderLateness, OrderState, ReceiptCause, ReceiptOutcome,
};
use casebook_proto::review::v1::{self as review, ReportStage};
use chrono::TimeDelta;
use uuid::Uuid;

use super::docket::{BASIS, Docket, account, denied, execute, measure, mute, receipt, refused, report};
use super::{Journey, people, registry, request_id, reviewing, verification};

pub const CALLS: &[&str] = &[
    "AccountsService/CreateDeclaration",
    "AccountsService/RecordFiling",
    "AccountsService/RegisterInstitution",
    "AccountsService/SignApprovalStep",
    "AccountsService/SubmitDeclaration",
    "CredentialsService/FileCredential",
    "CredentialsService/RunChecks",
    "EnforcementService/AcceptLead",
    "EnforcementService/AddEvidence",
    "EnforcementService/CloseCase",
    "EnforcementService/ConfirmDecision",
    "EnforcementService/DecideAppeal",
    "EnforcementService/FileAppeal",
    "EnforcementService/GetCase",
    "EnforcementService/GetLead",
    "EnforcementService/GetOrder",
    "EnforcementService/OpenCase",
    "EnforcementService/ProposeDecision",
    "EnforcementService/RecordService",
    "EnforcementService/RecordStatement",
    "EnforcementService/ServeNotice",
    "PlatformService/ReportReceipt",
    "ReviewService/AcceptReport",
    "ReviewService/ConfirmFinding",
    "ReviewService/FileReport",
    "ReviewService/GetItem",
    "ReviewService/GetReport",
    "ReviewService/RecordFinding",
    "ReviewService/SubmitReferral",
];

const VIOLATION: &str = "V-01";
const PLATFORM: &str = "weibo";
/// The same person's account elsewhere.
const PLATFORM_TOO: &str = "douyin";
const UID: &str = "u1";

/// Each is one or few calls by whoever's business it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    FileAccount,
    FileCredential,
    FileReport,
    AcceptReport,
    RecordFinding,
    ConfirmFinding,
    Refer,
    AcceptLead,
    OpenCase,
    AddEvidence,
    Tell,
    Hear,
    Propose,
    Confirm,
    Serve,
    Execute,
    RunLate,
    RefuseLate,
    FileAppeal,
    JudgeAppeal,
    Undo,
    Close,
}

impl Step {
    pub const ALL: [Self; 22] = [
        Self::FileAccount,
        Self::FileCredential,
        Self::FileReport,
        Self::AcceptReport,
        Self::RecordFinding,
        Self::ConfirmFinding,
        Self::Refer,
        Self::AcceptLead,
        Self::OpenCase,
        Self::AddEvidence,
        Self::Tell,
        Self::Hear,
        Self::Propose,
        Self::Confirm,
        Self::Serve,
        Self::Execute,
        Self::RunLate,
        Self::RefuseLate,
        Self::FileAppeal,
        Self::JudgeAppeal,
        Self::Undo,
        Self::Close,
    ];
}

/// What is known of the matter so far.
#[derive(Debug, Clone, Default)]
pub struct Matter {
    report_id: String,
    item_id: String,
    finding_id: String,
    pub lead_id: String,
    pub case_id: String,
    appeal_id: String,
}

impl Matter {
    pub async fn play(&mut self, step: Step, journey: &Journey) {
        match step {
            Step::FileAccount => file_account(journey).await,
            Step::FileCredential => file_credential(journey).await,
            Step::FileReport | Step::AcceptReport => self.reported(step, journey).await,
            Step::RecordFinding | Step::ConfirmFinding | Step::Refer => self.reviewed(step, journey).await,
            Step::AcceptLead | Step::OpenCase => self.opened(step, journey).await,
            Step::AddEvidence | Step::Tell | Step::Hear | Step::Propose | Step::Confirm | Step::Serve => {
                self.decided(step, journey).await;
            }
            Step::Execute | Step::RunLate | Step::RefuseLate | Step::Undo => self.carried_out(step, journey).await,
            Step::FileAppeal | Step::JudgeAppeal | Step::Close => self.ended(step, journey).await,
        }
        journey.world.at_rest().await;
    }

    fn docket<'j>(&self, journey: &'j Journey) -> Docket<'j> {
        let accounts = [account(PLATFORM, UID), account(PLATFORM_TOO, UID)];
        Docket::of(journey, &self.case_id, &self.lead_id, &accounts)
    }

    async fn reported(&mut self, step: Step, journey: &Journey) {
        if step == Step::FileReport {
            let request = review::FileReportRequest {
                request_id: request_id(),
                item: Some(reviewing::capture("M1", reviewing::CURE)),
                channel: review::Channel::Hotline12345.into(),
                reporter_ref: "r-1".into(),
                reasons: "自称根治，诱导加微信".into(),
                region: "330600".into(),
                ..Default::default()
            };
            let filed = journey.desk(people::intake()).review().file_report(request).await.expect("filed").into_inner();
            let report = filed.report.expect("a report");
            self.report_id = report.report_id;
            self.item_id = report.filed.expect("as filed").item_id;
        } else {
            let report_id = self.report_id.clone();
            let accept = review::AcceptReportRequest { request_id: request_id(), report_id, ..Default::default() };
            journey.desk(people::reviewer("reviewer-1")).review().accept_report(accept).await.expect("accepted");
        }
    }

    async fn reviewed(&mut self, step: Step, journey: &Journey) {
        let (first, second) =
            (journey.desk(people::reviewer("reviewer-1")), journey.desk(people::reviewer("reviewer-2")));
        let (item_id, finding_id) = (self.item_id.clone(), self.finding_id.clone());
        match step {
            Step::RecordFinding => {
                let request = review::RecordFindingRequest {
                    request_id: request_id(),
                    item_id,
                    violation: VIOLATION.into(),
                    quote: "彻底根治".into(),
                    reasons: "虚假承诺疗效以吸引流量".into(),
                    legal_bases: vec![BASIS.into()],
                    ..Default::default()
                };
                let recorded = first.review().record_finding(request).await.expect("recorded").into_inner();
                self.finding_id = recorded.finding_id;
            }
            Step::ConfirmFinding => {
                let request = review::ConfirmFindingRequest {
                    request_id: request_id(),
                    item_id,
                    finding_id,
                    ..Default::default()
                };
                second.review().confirm_finding(request).await.expect("confirmed");
            }
            _ => {
                let request = review::SubmitReferralRequest {
                    request_id: request_id(),
                    item_id,
                    finding_id,
                    ..Default::default()
                };
                let referred = second.review().submit_referral(request).await.expect("referred").into_inner();
                let referral: Uuid = referred.referral_event_id.parse().expect("an id");
                // The lead that follows from a referral is named after it.
                self.lead_id = LeadId::derived(referral, "referral").to_string();
            }
        }
    }

    async fn opened(&mut self, step: Step, journey: &Journey) {
        let mut enforcement = self.docket(journey).desk("officer-1").enforcement();
        if step == Step::AcceptLead {
            let get = pb::GetLeadRequest { lead_id: self.lead_id.clone(), ..Default::default() };
            let lead =
                enforcement.get_lead(get).await.expect("opened by the referral").into_inner().lead.expect("a lead");
            assert_eq!((lead.state(), lead.source()), (LeadState::Received, pb::LeadSource::Referral));
            assert_eq!((&lead.item_id, &lead.report_ids), (&self.item_id, &vec![self.report_id.clone()]));
            assert_eq!(lead.raised_by, ["reviewer-1", "reviewer-2"]);
            let request = pb::AcceptLeadRequest {
                request_id: request_id(),
                lead_id: self.lead_id.clone(),
                reasons: "线索清楚，属本机关管辖".into(),
                ..Default::default()
            };
            enforcement.accept_lead(request).await.expect("taken up");
            return;
        }
        let request = pb::OpenCaseRequest {
            request_id: request_id(),
            lead_id: self.lead_id.clone(),
            instrument: pb::Instrument::PlatformMeasureRequest.into(),
            further_accounts: vec![account(PLATFORM_TOO, UID)],
            officers: vec!["officer-1".into(), "officer-2".into()],
            ..Default::default()
        };
        let case = enforcement.open_case(request).await.expect("a case").into_inner().case.expect("a case");
        self.case_id = case.case_id;
    }

    fn measures(&self) -> [pb::MeasureChoice; 3] {
        let (here, there) = (account(PLATFORM, UID), account(PLATFORM_TOO, UID));
        [measure(&here, "FOLLOWERS_CLEARED"), mute(&here, 15), mute(&there, 15)]
    }

    async fn decided(&mut self, step: Step, journey: &Journey) {
        let docket = self.docket(journey);
        match step {
            Step::AddEvidence => drop(docket.add_evidence("a").await),
            Step::Tell => drop(docket.tell(&self.measures()).await),
            Step::Hear => {
                let statement = pb::RecordStatementRequest {
                    request_id: request_id(),
                    case_id: self.case_id.clone(),
                    summary: "内容系代运营公司发布".into(),
                    sha256: "5".repeat(64),
                    ..Default::default()
                };
                docket.desk("officer-1").enforcement().record_statement(statement).await.expect("heard");
            }
            Step::Propose => drop(docket.propose(docket.proposal(&self.measures())).await),
            Step::Confirm => drop(docket.confirm().await),
            _ => drop(docket.serve().await),
        }
    }

    async fn carried_out(&mut self, step: Step, journey: &Journey) {
        let docket = self.docket(journey);
        match step {
            Step::Execute => {
                for name in ["FOLLOWERS_CLEARED", "MUTED"] {
                    execute(journey, &docket.order(PLATFORM, name).await).await;
                }
            }
            Step::RunLate => {
                let silent = docket.order(PLATFORM_TOO, "MUTED").await;
                for lateness in [OrderLateness::Overdue, OrderLateness::Escalated] {
                    journey.world.clock.turn_by(TimeDelta::hours(24));
                    docket.until_order(&silent.order_id, |order| order.lateness() == lateness).await;
                }
            }
            Step::RefuseLate => {
                let silent = docket.order(PLATFORM_TOO, "MUTED").await;
                let answer =
                    receipt(&silent, ReceiptOutcome::Refused, ReceiptCause::AccountNotFound, journey.world.clock.now());
                report(journey, &silent, answer).await.expect("taken, and marked late");
            }
            _ => {
                let case = docket.case().await;
                for undoing in &case.reversals[0].undoings {
                    execute(journey, &docket.order_by_id(&undoing.counter_order_id).await).await;
                }
                for replacement in &case.reversals[0].replacements {
                    execute(journey, &docket.order_by_id(&replacement.order_id).await).await;
                }
            }
        }
    }

    /// Issue 2: whoever recorded, confirmed or referred the finding took part in what is appealed against.
    async fn reviewers_do_not_hear_the_appeal(&self, journey: &Journey) {
        let docket = self.docket(journey);
        for name in ["reviewer-1", "reviewer-2"] {
            let desk = journey.desk(people::appeal_officer(name));
            let judgement = docket.judgement(&self.appeal_id, AppealOutcome::Rejected);
            assert_eq!(refused(desk.enforcement().decide_appeal(judgement).await), denied("SAME_OFFICER"), "{name}");
        }
    }

    async fn ended(&mut self, step: Step, journey: &Journey) {
        let docket = self.docket(journey);
        match step {
            Step::FileAppeal => self.appeal_id = docket.file_appeal().await,
            Step::JudgeAppeal => {
                let request = pb::DecideAppealRequest {
                    remaining: vec![mute(&account(PLATFORM, UID), 7)],
                    ..docket.judgement(&self.appeal_id, AppealOutcome::UpheldInPart)
                };
                docket.judge(request).await;
            }
            _ => drop(docket.close(pb::CaseOutcome::MeasuresTaken).await),
        }
    }
}

/// A hospital and the account of one of its doctors, on the record.
async fn file_account(journey: &Journey) {
    let registrar = journey.desk(people::registrar());
    let hospital = registrar.accounts().register_institution(registry::registration()).await.expect("registered");
    let hospital = hospital.into_inner().institution.expect("an institution");
    let clerk = journey.desk(people::office(&hospital.office, "p-clerk"));
    let doctor = registry::declare(&clerk, registry::declaration(&hospital.institution_id, "dy-0")).await;
    registry::approve_and_file(journey, &hospital.office, &doctor).await;
}

async fn file_credential(journey: &Journey) {
    let desk = journey.desk(people::verifier("desk"));
    let filed = desk.credentials().file_credential(verification::application(0)).await.expect("filed").into_inner();
    let credential_id = filed.credential.expect("a credential").credential_id;
    let check = credentials::RunChecksRequest { request_id: request_id(), credential_id, ..Default::default() };
    desk.credentials().run_checks(check).await.expect("checked");
}

/// R53-R59, R87-R97: the steps one after the other, and everything about the matter in one correlation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_becomes_an_executed_sanction() {
    let journey = Journey::begin().await;
    let mut matter = Matter::default();
    for step in Step::ALL {
        if step == Step::JudgeAppeal {
            matter.reviewers_do_not_hear_the_appeal(&journey).await;
        }
        matter.play(step, &journey).await;
    }
    let docket = matter.docket(&journey);
    let case = docket.case().await;
    assert_eq!((case.stage(), case.outcome()), (CaseStage::Closed, pb::CaseOutcome::MeasuresTaken));
    let intake = journey.desk(people::intake());
    let get = review::GetReportRequest { report_id: matter.report_id.clone(), ..Default::default() };
    let report = intake.review().get_report(get).await.expect("there").into_inner().report.expect("the report");
    assert_eq!(report.stage(), ReportStage::Concluded, "whoever reported is answered");
    let get = review::GetItemRequest { item_id: matter.item_id.clone(), ..Default::default() };
    let item = intake.review().get_item(get).await.expect("there").into_inner().item.expect("the item");
    assert_eq!(item.stage(), review::ItemStage::Referred);

    let reversal = &case.reversals[0];
    assert_eq!((reversal.undoings.len(), reversal.irreversible.len(), reversal.replacements.len()), (1, 1, 1));
    let mut states = Vec::new();
    for track in &case.orders {
        let order = docket.order_by_id(&track.order_id).await;
        assert_eq!(order.correlation, report.correlation, "an order belongs to what the report belongs to");
        states.push(order.state());
    }
    states.sort();
    // Refused, followers cleared, the counter-order and the lighter mute are answered; the first mute is lifted.
    let answered = OrderState::Receipted;
    assert_eq!(states, [answered, answered, answered, answered, OrderState::Countered]);
    assert_eq!((&item.correlation, &case.correlation), (&report.correlation, &report.correlation));
    drop(docket);
    journey.end(CALLS).await;
}
