//! From a lead to a closed case: two case officers, the subject, and one who hears appeals.

use casebook_proto::enforcement::v1 as pb;
use tonic::Status;

use super::plan::{Answer, Appeal};
use super::{Matter, Reply};
use crate::cast::{Cast, OFFICERS};
use crate::method::Method;
use crate::signal;

/// S1 §8: the normative document that the ladder rests on.
pub const BASIS: &str = "S1-8";
const REASONS: &str = "事实清楚，证据充分。";

impl Matter {
    pub(super) async fn enforce(&mut self, method: Method, cast: &Cast) -> Result<Reply, Status> {
        match method {
            Method::OpenLead => return self.open_lead(cast).await,
            Method::AcceptLead => return self.accept_lead(cast).await,
            _ => {}
        }
        let position = match method {
            Method::OpenCase => self.open_case(cast).await?,
            Method::AddEvidence => self.add_evidence(cast).await?,
            Method::ServeNotice => self.serve_notice(cast).await?,
            Method::RecordStatement | Method::RecordStatementElsewhere => self.record_statement(cast, method).await?,
            Method::WaiveStatement | Method::WaiveStatementElsewhere => self.waive_statement(cast, method).await?,
            Method::ProposeDecision => self.propose(cast).await?,
            Method::ConfirmDecision => self.confirm(cast).await?,
            Method::RecordService => self.record_service(cast).await?,
            Method::FileAppeal => self.file_appeal(cast).await?,
            Method::DecideAppeal => self.decide_appeal(cast).await?,
            _ => self.close(cast).await?,
        };
        Ok((format!("case-{}", self.known.case_id), position))
    }

    async fn open_lead(&mut self, cast: &Cast) -> Result<Reply, Status> {
        let request = signal::lead(self.request_id(Method::OpenLead), &self.account(), self.id);
        let reply = cast.officer.enforcement().open_lead(request).await?.into_inner();
        self.known.lead_id = reply.lead.unwrap_or_default().lead_id;
        Ok((format!("lead-{}", self.known.lead_id), reply.position))
    }

    async fn accept_lead(&self, cast: &Cast) -> Result<Reply, Status> {
        let request = pb::AcceptLeadRequest {
            request_id: self.request_id(Method::AcceptLead).to_string(),
            lead_id: self.known.lead_id.clone(),
            reasons: "线索清楚，属本机关管辖。".into(),
            ..Default::default()
        };
        let reply = cast.officer.enforcement().accept_lead(request).await?.into_inner();
        Ok((format!("lead-{}", self.known.lead_id), reply.position))
    }

    async fn open_case(&mut self, cast: &Cast) -> Result<u64, Status> {
        let request = pb::OpenCaseRequest {
            request_id: self.request_id(Method::OpenCase).to_string(),
            lead_id: self.known.lead_id.clone(),
            instrument: pb::Instrument::PlatformMeasureRequest.into(),
            further_accounts: self.account_elsewhere().into_iter().collect(),
            officers: OFFICERS.map(str::to_owned).to_vec(),
            ..Default::default()
        };
        let reply = cast.officer.enforcement().open_case(request).await?.into_inner();
        self.known.case_id = reply.case.unwrap_or_default().case_id;
        Ok(reply.position)
    }

    async fn add_evidence(&self, cast: &Cast) -> Result<u64, Status> {
        let request = pb::AddEvidenceRequest {
            request_id: self.request_id(Method::AddEvidence).to_string(),
            case_id: self.known.case_id.clone(),
            kind: pb::EvidenceKind::PageCapture.into(),
            sha256: "a".repeat(64),
            captured_at: Some(self.moment()),
            description: "巡查时的页面固定。".into(),
            ..Default::default()
        };
        Ok(cast.officer.enforcement().add_evidence(request).await?.into_inner().position)
    }

    fn measures(&self) -> Vec<pb::MeasureChoice> {
        let cleared = self.plan.irreversible.then(|| pb::MeasureChoice {
            account: Some(self.account()),
            measure: "FOLLOWERS_CLEARED".into(),
            ..Default::default()
        });
        let accounts = std::iter::once(self.account()).chain(self.account_elsewhere());
        accounts.map(|account| mute(account, 7)).chain(cleared).collect()
    }

    async fn serve_notice(&self, cast: &Cast) -> Result<u64, Status> {
        let request = pb::ServeNoticeRequest {
            request_id: self.request_id(Method::ServeNotice).to_string(),
            case_id: self.known.case_id.clone(),
            facts: "该账号以编造的治病经历推销产品。".into(),
            measures: self.measures(),
            legal_bases: vec![BASIS.into()],
            method: pb::ServiceMethod::PlatformInbox.into(),
            served_at: Some(self.moment()),
            ..Default::default()
        };
        Ok(cast.officer.enforcement().serve_notice(request).await?.into_inner().position)
    }

    /// By an officer, with the hash of what was handed in: else it would not count within the window.
    async fn record_statement(&self, cast: &Cast, method: Method) -> Result<u64, Status> {
        let request = pb::RecordStatementRequest {
            request_id: self.request_id(method).to_string(),
            case_id: self.known.case_id.clone(),
            summary: "内容系代运营公司发布。".into(),
            sha256: "5".repeat(64),
            stated_at: Some(self.moment()),
            account: Some(self.answering(method)),
            ..Default::default()
        };
        Ok(cast.officer.enforcement().record_statement(request).await?.into_inner().position)
    }

    async fn waive_statement(&self, cast: &Cast, method: Method) -> Result<u64, Status> {
        let account = self.answering(method);
        let (client, sha256) = match self.plan.answer {
            Answer::WaivedByItself => (cast.subject(&account).map_err(no_token)?, String::new()),
            Answer::WaivedToOfficer | Answer::Statement => (cast.officer.clone(), "f".repeat(64)),
        };
        let request = pb::WaiveStatementRequest {
            request_id: self.request_id(method).to_string(),
            case_id: self.known.case_id.clone(),
            reasons: "当事人表示不作陈述申辩。".into(),
            sha256,
            account: Some(account),
            ..Default::default()
        };
        Ok(client.enforcement().waive_statement(request).await?.into_inner().position)
    }

    /// Nobody answers for another account: the account elsewhere has an answer of its own.
    fn answering(&self, method: Method) -> pb::AccountRef {
        match method {
            Method::RecordStatementElsewhere | Method::WaiveStatementElsewhere => {
                self.account_elsewhere().unwrap_or_default()
            }
            _ => self.account(),
        }
    }

    async fn propose(&mut self, cast: &Cast) -> Result<u64, Status> {
        let request = pb::ProposeDecisionRequest {
            request_id: self.request_id(Method::ProposeDecision).to_string(),
            case_id: self.known.case_id.clone(),
            measures: self.measures(),
            legal_bases: vec![BASIS.into()],
            reasons: REASONS.into(),
            departure_reason: "结合情节和影响范围确定。".into(),
            irreversible_confirmed: self.plan.irreversible,
            ..Default::default()
        };
        let reply = cast.officer.enforcement().propose_decision(request).await?.into_inner();
        self.known.decision_id = reply.case.and_then(|case| case.decision).unwrap_or_default().decision_id;
        Ok(reply.position)
    }

    async fn confirm(&mut self, cast: &Cast) -> Result<u64, Status> {
        let request = pb::ConfirmDecisionRequest {
            request_id: self.request_id(Method::ConfirmDecision).to_string(),
            case_id: self.known.case_id.clone(),
            decision_id: self.known.decision_id.clone(),
            irreversible_confirmed: self.plan.irreversible,
            ..Default::default()
        };
        let reply = cast.second_officer.enforcement().confirm_decision(request).await?.into_inner();
        self.known.order_ids = reply.case.unwrap_or_default().orders.into_iter().map(|order| order.order_id).collect();
        Ok(reply.position)
    }

    async fn record_service(&self, cast: &Cast) -> Result<u64, Status> {
        let request = pb::RecordServiceRequest {
            request_id: self.request_id(Method::RecordService).to_string(),
            case_id: self.known.case_id.clone(),
            method: pb::ServiceMethod::PlatformInbox.into(),
            served_at: Some(self.moment()),
            ..Default::default()
        };
        Ok(cast.officer.enforcement().record_service(request).await?.into_inner().position)
    }

    async fn file_appeal(&mut self, cast: &Cast) -> Result<u64, Status> {
        let request = pb::FileAppealRequest {
            request_id: self.request_id(Method::FileAppeal).to_string(),
            case_id: self.known.case_id.clone(),
            kind: pb::AppealKind::InternalReview.into(),
            grounds: "处置过重。".into(),
            ..Default::default()
        };
        let subject = cast.subject(&self.account()).map_err(no_token)?;
        let reply = subject.enforcement().file_appeal(request).await?.into_inner();
        let appeal = reply.case.and_then(|mut case| case.appeals.pop());
        self.known.appeal_id = appeal.unwrap_or_default().appeal_id;
        Ok(reply.position)
    }

    async fn decide_appeal(&self, cast: &Cast) -> Result<u64, Status> {
        let (outcome, remaining) = match self.plan.appeal {
            Appeal::Never | Appeal::Rejected => (pb::AppealOutcome::Rejected, vec![]),
            Appeal::Upheld | Appeal::UpheldAtOnce => (pb::AppealOutcome::Upheld, vec![]),
            Appeal::UpheldInPart => (pb::AppealOutcome::UpheldInPart, vec![mute(self.account(), 3)]),
        };
        let request = pb::DecideAppealRequest {
            request_id: self.request_id(Method::DecideAppeal).to_string(),
            case_id: self.known.case_id.clone(),
            appeal_id: self.known.appeal_id.clone(),
            outcome: outcome.into(),
            remaining,
            reasons: "经复核。".into(),
            ..Default::default()
        };
        Ok(cast.appeal_officer.enforcement().decide_appeal(request).await?.into_inner().position)
    }

    async fn close(&self, cast: &Cast) -> Result<u64, Status> {
        let outcome = match self.plan.decision_stands() {
            true => pb::CaseOutcome::MeasuresTaken,
            false => pb::CaseOutcome::NotEstablished,
        };
        let request = pb::CloseCaseRequest {
            request_id: self.request_id(Method::CloseCase).to_string(),
            case_id: self.known.case_id.clone(),
            outcome: outcome.into(),
            summary: "处置完毕。".into(),
            ..Default::default()
        };
        Ok(cast.officer.enforcement().close_case(request).await?.into_inner().position)
    }
}

fn mute(account: pb::AccountRef, days: u32) -> pb::MeasureChoice {
    pb::MeasureChoice { account: Some(account), measure: "MUTED".into(), days, points: 0 }
}

fn no_token(failure: crate::Failure) -> Status {
    Status::internal(format!("no token for the subject: {failure}"))
}
