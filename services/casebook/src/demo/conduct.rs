//! One matter through all of its stages, by the officers whose business each stage is.

use std::time::Duration;

use casebook_execution::Clock as _;
use casebook_kernel::Timestamp;
use casebook_policy::Agency;
use casebook_proto::enforcement::v1 as enforcement;
use casebook_proto::review::v1 as review;
use casebook_proto::timestamp;
use sha2::{Digest as _, Sha256};
use tonic::{Code, Status};
use uuid::Uuid;

use super::cast::{Cast, Part};
use super::platforms::Answers;
use super::{DemoError, Refusal};
use crate::import::file_report;
use crate::matter::{AppealOutcome, DeclineReason, Matter, Review};

/// How long a step waits for a reaction of the services.
const PATIENCE: Duration = Duration::from_secs(20);
const ASK_AGAIN: Duration = Duration::from_millis(5);

/// Where a matter stands.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    pub report_id: String,
    pub item_id: String,
    pub lead_id: String,
    pub case_id: String,
    pub region: String,
    /// What the finding came to: the violation, what shows it, on which bases.
    pub finding: Option<Finding>,
    pub measures: Vec<enforcement::MeasureChoice>,
}

#[derive(Debug, Clone)]
pub struct Finding {
    pub violation: String,
    pub quote: String,
    pub reasons: String,
    pub legal_bases: Vec<String>,
}

pub struct Conduct<'a> {
    pub cast: &'a mut Cast,
    pub answers: &'a Answers,
    pub matter: &'a Matter,
    pub progress: &'a mut Progress,
}

fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// Names the call that was refused.
pub fn at(what: &'static str) -> impl FnOnce(Status) -> DemoError {
    move |status| match status.code() {
        Code::FailedPrecondition | Code::InvalidArgument | Code::AlreadyExists | Code::PermissionDenied => {
            DemoError::Refused(Refusal { step: what, reason: status.message().to_owned() })
        }
        _ => DemoError::Call { step: what, status: Box::new(status) },
    }
}

/// Asks again until the services have reacted.
async fn until<T, F>(what: &'static str, mut ask: impl FnMut() -> F) -> Result<T, DemoError>
where
    F: Future<Output = Result<Option<T>, Status>>,
{
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match ask().await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(status) if status.code() == Code::NotFound => {}
            Err(status) => return Err(at(what)(status)),
        }
        if tokio::time::Instant::now() > deadline {
            return Err(DemoError::Waited(what));
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

impl Conduct<'_> {
    fn reviewing(&self) -> Result<Agency, DemoError> {
        self.cast.reviewing_agency(&self.matter.region)
    }

    fn deciding(&self) -> Result<Agency, DemoError> {
        let finding = self.progress.finding.as_ref().ok_or(DemoError::Waited("a finding"))?;
        self.cast.deciding_agency(&finding.violation, &self.progress.region)
    }

    fn now(&self) -> Timestamp {
        self.cast.clock.now()
    }

    /// Somebody reports; the hotline's office accepts or declines.
    pub async fn report(&mut self) -> Result<(), DemoError> {
        let agency = self.reviewing()?;
        let mut intake = self.cast.officer(&agency, Part::Intake)?.review();
        let filed = intake
            .file_report(file_report(self.matter, request_id()))
            .await
            .map_err(at("FileReport"))?
            .into_inner();
        let report = filed.report.ok_or(DemoError::Waited("a report"))?;
        self.progress.report_id = report.report_id;
        self.progress.item_id = report.filed.map(|filed| filed.item_id).unwrap_or_default();
        self.progress.region = self.matter.region.clone();
        Ok(())
    }

    /// A reviewer accepts the report and looks at what the screening shows; a second one confirms the finding.
    ///
    /// Says whether there is one.
    pub async fn review(&mut self) -> Result<bool, DemoError> {
        let agency = self.reviewing()?;
        let mut reviewer = self.cast.officer(&agency, Part::Reviewer)?.review();
        let report_id = self.progress.report_id.clone();
        if let Some(Review::Declined { reason, explanation }) = &self.matter.review {
            let reason = match reason {
                DeclineReason::OutOfScope => review::DeclineReason::OutOfScope,
                DeclineReason::EvidenceMissing => review::DeclineReason::EvidenceMissing,
                DeclineReason::Abusive => review::DeclineReason::Abusive,
            };
            let request = review::DeclineReportRequest {
                request_id: request_id(),
                report_id,
                reason: reason.into(),
                explanation: explanation.clone(),
                ..Default::default()
            };
            reviewer.decline_report(request).await.map_err(at("DeclineReport"))?;
            return Ok(false);
        }
        let read = review::GetReportRequest { report_id: report_id.clone(), ..Default::default() };
        let report = reviewer.get_report(read).await.map_err(at("GetReport"))?.into_inner().report.unwrap_or_default();
        if report.stage() != review::ReportStage::Received {
            // Somebody reported the same post before: the finding on it has answered this report, too.
            return Ok(false);
        }
        let accept = review::AcceptReportRequest { request_id: request_id(), report_id: report_id.clone(), ..Default::default() };
        reviewer.accept_report(accept).await.map_err(at("AcceptReport"))?;

        let item = self.screened_item(&reviewer).await?;
        let Some(finding) = self.conclude(&item) else {
            let request = review::ConcludeReportRequest {
                request_id: request_id(),
                report_id,
                reasons: match &self.matter.review {
                    Some(Review::Cleared { explanation }) => explanation.clone(),
                    _ => "经筛查和人工审读，未发现违规内容。".into(),
                },
                ..Default::default()
            };
            reviewer.conclude_report(request).await.map_err(at("ConcludeReport"))?;
            return Ok(false);
        };
        self.confirm_and_refer(&agency, finding).await?;
        Ok(true)
    }

    async fn screened_item(&self, reviewer: &review::review_service_client::ReviewServiceClient<crate::client::Authorised>) -> Result<review::Item, DemoError> {
        until("the screening", || {
            let mut reviewer = reviewer.clone();
            let request = review::GetItemRequest { item_id: self.progress.item_id.clone(), ..Default::default() };
            async move {
                let item = reviewer.get_item(request).await?.into_inner().item;
                Ok(item.filter(|item| item.versions.last().is_some_and(|version| version.screening.is_some())))
            }
        })
        .await
    }

    /// What the reviewer makes of it: what the sample says or, without that, the first rule that hit.
    fn conclude(&self, item: &review::Item) -> Option<Finding> {
        if let Some(Review::Found { violation, quote, reasons, legal_bases }) = &self.matter.review {
            let (violation, quote, reasons) = (violation.clone(), quote.clone(), reasons.clone());
            let legal_bases = if legal_bases.is_empty() { self.bases(&violation) } else { legal_bases.clone() };
            return Some(Finding { violation, quote, reasons, legal_bases });
        }
        if matches!(self.matter.review, Some(Review::Cleared { .. })) {
            return None;
        }
        let hit = item.versions.last()?.screening.as_ref()?.hits.iter().find(|hit| !hit.spans.is_empty())?;
        let quote = hit.spans.first()?.quote.clone();
        let rule = self.cast.policy.screening.rule(&hit.rule_id)?;
        let reasons = format!("筛查规则“{}”命中“{quote}”，经人工审读属实。", rule.name.zh);
        Some(Finding { violation: hit.violation.clone(), quote, reasons, legal_bases: self.bases(&hit.violation) })
    }

    /// The violation's bases that were in force when the post was published.
    fn bases(&self, violation: &str) -> Vec<String> {
        let pack = &self.cast.policy.pack;
        let day = casebook_kernel::calendar::shanghai_date(self.matter.item.published_at);
        let bases = pack.violation(violation).map(|violation| violation.bases.as_slice()).unwrap_or_default();
        bases
            .iter()
            .filter(|id| pack.legal_basis(id.as_str()).is_some_and(|basis| basis.in_force(day)))
            .map(ToString::to_string)
            .collect()
    }

    async fn confirm_and_refer(&mut self, agency: &Agency, finding: Finding) -> Result<(), DemoError> {
        let item_id = self.progress.item_id.clone();
        let mut reviewer = self.cast.officer(agency, Part::Reviewer)?.review();
        let recorded = reviewer
            .record_finding(review::RecordFindingRequest {
                request_id: request_id(),
                item_id: item_id.clone(),
                violation: finding.violation.clone(),
                quote: finding.quote.clone(),
                reasons: finding.reasons.clone(),
                legal_bases: finding.legal_bases.clone(),
                ..Default::default()
            })
            .await
            .map_err(at("RecordFinding"))?
            .into_inner();
        let finding_id = recorded.finding_id;
        let mut second = self.cast.officer(agency, Part::SecondReviewer)?.review();
        let confirm = review::ConfirmFindingRequest {
            request_id: request_id(),
            item_id: item_id.clone(),
            finding_id: finding_id.clone(),
            ..Default::default()
        };
        second.confirm_finding(confirm).await.map_err(at("ConfirmFinding"))?;
        let refer = review::SubmitReferralRequest { request_id: request_id(), item_id, finding_id, ..Default::default() };
        let referred = second.submit_referral(refer).await.map_err(at("SubmitReferral"))?.into_inner();
        let referral: Uuid = referred.referral_event_id.parse().map_err(|_| DemoError::Waited("a referral"))?;
        // The lead that follows from the referral is named after it.
        self.progress.lead_id = casebook_kernel::ids::LeadId::derived(referral, "referral").to_string();
        self.progress.finding = Some(finding);
        Ok(())
    }

    /// A case officer takes the lead up, opens the case, fixes the evidence and tells the subject what is intended.
    pub async fn open(&mut self) -> Result<(), DemoError> {
        let agency = self.deciding()?;
        let officer = self.cast.officer(&agency, Part::CaseOfficer)?;
        let lead_id = self.progress.lead_id.clone();
        let lead = until("the lead", || {
            let (mut officer, lead_id) = (officer.enforcement(), lead_id.clone());
            async move { Ok(officer.get_lead(enforcement::GetLeadRequest { lead_id, ..Default::default() }).await?.into_inner().lead) }
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
    async fn measures(&self, officer: &mut Enforcement, at_least_position: u64) -> Result<Vec<enforcement::MeasureChoice>, DemoError> {
        let mut chosen = Vec::new();
        for subject in std::iter::once(&self.matter.account).chain(&self.matter.also_on) {
            let of = |measure: &str, days, points| enforcement::MeasureChoice {
                account: Some(account(subject)),
                measure: measure.to_owned(),
                days,
                points,
            };
            if !self.matter.measures.is_empty() {
                chosen.extend(self.matter.measures.iter().map(|measure| of(&measure.measure, measure.days, measure.points)));
                continue;
            }
            let violation = self.progress.finding.as_ref().map(|finding| finding.violation.clone()).unwrap_or_default();
            let request = enforcement::RecommendMeasuresRequest { account: Some(account(subject)), violation, at_least_position };
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
            self.cast.policy.pack.measure(&choice.measure).is_some_and(casebook_policy::Measure::needs_extra_confirmation)
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

    async fn hear(&mut self, officer: &mut Enforcement) -> Result<(), DemoError> {
        let case_id = self.progress.case_id.clone();
        if let Some(statement) = &self.matter.statement {
            let request = enforcement::RecordStatementRequest {
                request_id: request_id(),
                case_id,
                summary: statement.clone(),
                sha256: sha256(statement),
                stated_at: Some(timestamp(self.now())),
                ..Default::default()
            };
            return officer.record_statement(request).await.map_err(at("RecordStatement")).map(|_| ());
        }
        let reasons = "当事人收到告知后表示不作陈述申辩。".to_owned();
        let request = enforcement::WaiveStatementRequest { request_id: request_id(), case_id, reasons, ..Default::default() };
        officer.waive_statement(request).await.map_err(at("WaiveStatement")).map(|_| ())
    }

    /// The subject appeals; an officer who had no part decides.
    pub async fn appeal(&mut self) -> Result<(), DemoError> {
        let Some(appeal) = &self.matter.appeal else { return Ok(()) };
        let agency = self.deciding()?;
        self.settled("the receipts before the appeal").await?;
        let mut filing = self.cast.officer(&agency, Part::CaseOfficer)?.enforcement();
        let case_id = self.progress.case_id.clone();
        let file = enforcement::FileAppealRequest {
            request_id: request_id(),
            case_id: case_id.clone(),
            kind: enforcement::AppealKind::InternalReview.into(),
            grounds: appeal.grounds.clone(),
            ..Default::default()
        };
        let filed = filing.file_appeal(file).await.map_err(at("FileAppeal"))?.into_inner();
        let appeal_id = filed.case.and_then(|case| case.appeals.last().map(|appeal| appeal.appeal_id.clone())).unwrap_or_default();
        let outcome = match appeal.outcome {
            AppealOutcome::Upheld => enforcement::AppealOutcome::Upheld,
            AppealOutcome::Rejected => enforcement::AppealOutcome::Rejected,
        };
        let mut hearing = self.cast.officer(&agency, Part::AppealOfficer)?.enforcement();
        let decide = enforcement::DecideAppealRequest {
            request_id: request_id(),
            case_id,
            appeal_id,
            outcome: outcome.into(),
            reasons: appeal.reasons.clone(),
            ..Default::default()
        };
        hearing.decide_appeal(decide).await.map_err(at("DecideAppeal"))?;
        Ok(())
    }

    /// Everything is answered: the case is closed.
    pub async fn close(&mut self) -> Result<(), DemoError> {
        self.settled("the receipts").await?;
        let agency = self.deciding()?;
        let mut officer = self.cast.officer(&agency, Part::CaseOfficer)?.enforcement();
        let request = enforcement::GetCaseRequest { case_id: self.progress.case_id.clone(), ..Default::default() };
        let case = officer.get_case(request).await.map_err(at("GetCase"))?.into_inner().case.unwrap_or_default();
        let outcome = if case.reversals.is_empty() { enforcement::CaseOutcome::MeasuresTaken } else { enforcement::CaseOutcome::NotEstablished };
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

type Enforcement = enforcement::enforcement_service_client::EnforcementServiceClient<crate::client::Authorised>;

fn account(account: &crate::matter::Account) -> enforcement::AccountRef {
    enforcement::AccountRef { platform: account.platform.clone(), platform_uid: account.platform_uid.clone() }
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
