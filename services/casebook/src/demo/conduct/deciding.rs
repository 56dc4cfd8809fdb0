//! From a lead to a closed case: two case officers, and one who hears appeals.

use casebook_proto::enforcement::v1 as enforcement;
use casebook_proto::timestamp;
use sha2::{Digest as _, Sha256};

use super::{Conduct, at, request_id, until};
use crate::demo::DemoError;
use crate::demo::cast::Part;
use crate::matter::AppealOutcome;

type Enforcement = enforcement::enforcement_service_client::EnforcementServiceClient<crate::client::Authorised>;

impl Conduct<'_> {
    /// A case officer takes the lead up, opens the case, fixes the evidence and tells the subject what is intended.
    pub async fn open(&mut self) -> Result<(), DemoError> {
        let agency = self.deciding()?;
        let officer = self.cast.officer(&agency, Part::CaseOfficer)?;
        let lead_id = self.progress.lead_id.clone();
        let lead = until("the lead", || {
            let (mut officer, lead_id) = (officer.enforcement(), lead_id.clone());
            async move {
                Ok(officer
                    .get_lead(enforcement::GetLeadRequest { lead_id, ..Default::default() })
                    .await?
                    .into_inner()
                    .lead)
            }
        })
        .await?;
        let mut officer = officer.enforcement();
        let accept = enforcement::AcceptLeadRequest {
            request_id: request_id(),
            lead_id: lead_id.clone(),
            reasons: "线索清楚，属本机关管辖。".into(),
            ..Default::default()
        };
        officer.accept_lead(accept).await.map_err(at("AcceptLead"))?;
        let further_accounts = self.matter.also_on.iter().map(account).collect();
        let opened = officer
            .open_case(enforcement::OpenCaseRequest {
                request_id: request_id(),
                lead_id,
                instrument: enforcement::Instrument::PlatformMeasureRequest.into(),
                further_accounts,
                officers: [Part::CaseOfficer, Part::SecondCaseOfficer].map(|part| part.officer().to_owned()).to_vec(),
                ..Default::default()
            })
            .await
            .map_err(at("OpenCase"))?
            .into_inner();
        self.progress.case_id = opened.case.map(|case| case.case_id).unwrap_or_default();
        let evidence = enforcement::AddEvidenceRequest {
            request_id: request_id(),
            case_id: self.progress.case_id.clone(),
            kind: enforcement::EvidenceKind::PageCapture.into(),
            sha256: if lead.item_sha256.is_empty() { sha256(&self.matter.item.text) } else { lead.item_sha256 },
            captured_at: Some(timestamp(self.matter.reported_at)),
            description: "举报时的页面固定。".into(),
            ..Default::default()
        };
        let evidenced = officer.add_evidence(evidence).await.map_err(at("AddEvidence"))?.into_inner();
        self.progress.measures = self.measures(&mut officer, evidenced.position).await?;
        self.serve_notice(&mut officer).await
    }

    async fn serve_notice(&mut self, officer: &mut Enforcement) -> Result<(), DemoError> {
        let finding = self.progress.finding.clone().ok_or(DemoError::Waited("a finding"))?;
        let notice = enforcement::ServeNoticeRequest {
            request_id: request_id(),
            case_id: self.progress.case_id.clone(),
            facts: format!("该账号发布的内容含“{}”。{}", finding.quote, finding.reasons),
            measures: self.progress.measures.clone(),
            legal_bases: finding.legal_bases,
            method: enforcement::ServiceMethod::PlatformInbox.into(),
            served_at: Some(timestamp(self.now())),
            ..Default::default()
        };
        officer.serve_notice(notice).await.map_err(at("ServeNotice")).map(|_| ())
    }

    /// What the sample decides or, without that, what the ladder recommends for each account.
    async fn measures(
        &self,
        officer: &mut Enforcement,
        at_least_position: u64,
    ) -> Result<Vec<enforcement::MeasureChoice>, DemoError> {
        let mut chosen = Vec::new();
        for subject in std::iter::once(&self.matter.account).chain(&self.matter.also_on) {
            let of = |measure: &str, days, points| enforcement::MeasureChoice {
                account: Some(account(subject)),
                measure: measure.to_owned(),
                days,
                points,
            };
            if !self.matter.measures.is_empty() {
                chosen.extend(
                    self.matter.measures.iter().map(|measure| of(&measure.measure, measure.days, measure.points)),
                );
                continue;
            }
            let violation = self.progress.finding.as_ref().map(|finding| finding.violation.clone()).unwrap_or_default();
            let request =
                enforcement::RecommendMeasuresRequest { account: Some(account(subject)), violation, at_least_position };
            let recommended = officer.recommend_measures(request).await.map_err(at("RecommendMeasures"))?.into_inner();
            let recommended = recommended.recommendation.ok_or(DemoError::Waited("a recommendation"))?;
            chosen.push(of(&recommended.measure, recommended.days, 0));
            chosen.extend(recommended.accompanied_by.iter().map(|measure| of(measure, 0, 0)));
        }
        Ok(chosen)
    }

    /// The subject answers or waives; one officer proposes, another confirms; the decision is served.
    pub async fn decide(&mut self) -> Result<(), DemoError> {
        let agency = self.deciding()?;
        let finding = self.progress.finding.clone().ok_or(DemoError::Waited("a finding"))?;
        let mut officer = self.cast.officer(&agency, Part::CaseOfficer)?.enforcement();
        let mut second = self.cast.officer(&agency, Part::SecondCaseOfficer)?.enforcement();
        self.hear(&mut officer).await?;
        let irreversible = self.progress.measures.iter().any(|choice| {
            self.cast
                .policy
                .pack
                .measure(&choice.measure)
                .is_some_and(casebook_policy::Measure::needs_extra_confirmation)
        });
        let case_id = self.progress.case_id.clone();
        let proposed = officer
            .propose_decision(enforcement::ProposeDecisionRequest {
                request_id: request_id(),
                case_id: case_id.clone(),
                measures: self.progress.measures.clone(),
                legal_bases: finding.legal_bases,
                reasons: finding.reasons,
                departure_reason: self.matter.departure_reason.clone(),
                irreversible_confirmed: irreversible,
                ..Default::default()
            })
            .await
            .map_err(at("ProposeDecision"))?
            .into_inner();
        let decision = proposed.case.and_then(|case| case.decision).ok_or(DemoError::Waited("a proposal"))?;
        for subject in std::iter::once(&self.matter.account).chain(&self.matter.also_on) {
            self.answers.expect(&subject.platform, &subject.platform_uid, &self.matter.receipts);
        }
        let confirm = enforcement::ConfirmDecisionRequest {
            request_id: request_id(),
            case_id: case_id.clone(),
            decision_id: decision.decision_id,
            irreversible_confirmed: irreversible,
            ..Default::default()
        };
        second.confirm_decision(confirm).await.map_err(at("ConfirmDecision"))?;
        let service = enforcement::RecordServiceRequest {
            request_id: request_id(),
            case_id,
            method: enforcement::ServiceMethod::PlatformInbox.into(),
            served_at: Some(timestamp(self.now())),
            ..Default::default()
        };
        officer.record_service(service).await.map_err(at("RecordService"))?;
        Ok(())
    }

    /// Whoever runs an account of the case answers or waives, each for itself.
    async fn hear(&mut self, officer: &mut Enforcement) -> Result<(), DemoError> {
        for subject in self.subjects() {
            self.hear_one(officer, subject).await?;
        }
        Ok(())
    }

    async fn hear_one(&self, officer: &mut Enforcement, subject: enforcement::AccountRef) -> Result<(), DemoError> {
        let case_id = self.progress.case_id.clone();
        if let Some(statement) = &self.matter.statement {
            let request = enforcement::RecordStatementRequest {
                request_id: request_id(),
                case_id,
                summary: statement.clone(),
                sha256: sha256(statement),
                stated_at: Some(timestamp(self.now())),
                account: Some(subject),
                ..Default::default()
            };
            return officer.record_statement(request).await.map_err(at("RecordStatement")).map(|_| ());
        }
        let reasons = "当事人收到告知后表示不作陈述申辩。".to_owned();
        let request = enforcement::WaiveStatementRequest {
            request_id: request_id(),
            case_id,
            sha256: sha256(&reasons),
            reasons,
            account: Some(subject),
            ..Default::default()
        };
        officer.waive_statement(request).await.map_err(at("WaiveStatement")).map(|_| ())
    }

    /// The accounts that the matter is about.
    fn subjects(&self) -> Vec<enforcement::AccountRef> {
        std::iter::once(&self.matter.account).chain(&self.matter.also_on).map(account).collect()
    }

    /// Whoever runs an account of the case appeals; an officer who had no part decides.
    pub async fn appeal(&mut self) -> Result<(), DemoError> {
        let Some(appeal) = &self.matter.appeal else { return Ok(()) };
        let agency = self.deciding()?;
        self.settled("the receipts before the appeal").await?;
        let mut filing = self.cast.officer(&agency, Part::CaseOfficer)?.enforcement();
        let mut hearing = self.cast.officer(&agency, Part::AppealOfficer)?.enforcement();
        let outcome = match appeal.outcome {
            AppealOutcome::Upheld => enforcement::AppealOutcome::Upheld,
            AppealOutcome::Rejected => enforcement::AppealOutcome::Rejected,
        };
        for subject in self.subjects() {
            let file = enforcement::FileAppealRequest {
                request_id: request_id(),
                case_id: self.progress.case_id.clone(),
                kind: enforcement::AppealKind::InternalReview.into(),
                grounds: appeal.grounds.clone(),
                account: Some(subject),
                sha256: sha256(&appeal.grounds),
                ..Default::default()
            };
            let filed = filing.file_appeal(file).await.map_err(at("FileAppeal"))?.into_inner();
            let filed = filed.case.and_then(|case| case.appeals.last().map(|appeal| appeal.appeal_id.clone()));
            let decide = enforcement::DecideAppealRequest {
                request_id: request_id(),
                case_id: self.progress.case_id.clone(),
                appeal_id: filed.unwrap_or_default(),
                outcome: outcome.into(),
                reasons: appeal.reasons.clone(),
                ..Default::default()
            };
            hearing.decide_appeal(decide).await.map_err(at("DecideAppeal"))?;
        }
        Ok(())
    }

    /// Everything is answered: the case is closed.
    pub async fn close(&mut self) -> Result<(), DemoError> {
        self.settled("the receipts").await?;
        let agency = self.deciding()?;
        let mut officer = self.cast.officer(&agency, Part::CaseOfficer)?.enforcement();
        let request = enforcement::GetCaseRequest { case_id: self.progress.case_id.clone(), ..Default::default() };
        let case = officer.get_case(request).await.map_err(at("GetCase"))?.into_inner().case.unwrap_or_default();
        let outcome = if case.reversals.is_empty() {
            enforcement::CaseOutcome::MeasuresTaken
        } else {
            enforcement::CaseOutcome::NotEstablished
        };
        let close = enforcement::CloseCaseRequest {
            request_id: request_id(),
            case_id: self.progress.case_id.clone(),
            outcome: outcome.into(),
            summary: format!("共下达指令{}件，平台均已回执。", case.orders.len()),
            ..Default::default()
        };
        officer.close_case(close).await.map_err(at("CloseCase"))?;
        Ok(())
    }

    /// Waits until the platforms have answered every order of the case.
    async fn settled(&mut self, what: &'static str) -> Result<(), DemoError> {
        let agency = self.deciding()?;
        let officer = self.cast.officer(&agency, Part::CaseOfficer)?;
        let case_id = self.progress.case_id.clone();
        until(what, || {
            let (mut officer, case_id) = (officer.enforcement(), case_id.clone());
            async move {
                let request = enforcement::GetCaseRequest { case_id, ..Default::default() };
                let case = officer.get_case(request).await?.into_inner().case.unwrap_or_default();
                let unspecified = i32::from(enforcement::OrderOutcome::Unspecified);
                let answered = !case.orders.is_empty() && case.orders.iter().all(|order| order.outcome != unspecified);
                Ok(answered.then_some(()))
            }
        })
        .await
    }
}

fn account(account: &crate::matter::Account) -> enforcement::AccountRef {
    enforcement::AccountRef { platform: account.platform.clone(), platform_uid: account.platform_uid.clone() }
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
