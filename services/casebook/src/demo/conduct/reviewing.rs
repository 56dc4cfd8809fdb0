//! From a report to a referral: intake and two reviewers.

use casebook_policy::Agency;
use casebook_proto::review::v1 as review;
use uuid::Uuid;

use super::{Conduct, Finding, at, request_id, until};
use crate::demo::DemoError;
use crate::demo::cast::Part;
use crate::import::file_report;
use crate::matter::{DeclineReason, Review};

type Reviewing = review::review_service_client::ReviewServiceClient<crate::client::Authorised>;

impl Conduct<'_> {
    /// Somebody reports; the hotline's office accepts or declines.
    pub async fn report(&mut self) -> Result<(), DemoError> {
        let agency = self.reviewing()?;
        let mut intake = self.cast.officer(&agency, Part::Intake)?.review();
        let filed =
            intake.file_report(file_report(self.matter, request_id())).await.map_err(at("FileReport"))?.into_inner();
        let report = filed.report.ok_or(DemoError::Waited("a report"))?;
        self.progress.report_id = report.report_id;
        self.progress.item_id = report.filed.map(|filed| filed.item_id).unwrap_or_default();
        self.progress.region = self.matter.region.clone();
        // Whoever looks at the post from now on sees this report on it, too.
        let reviewer = self.cast.officer(&agency, Part::Reviewer)?.review();
        let report_id = self.progress.report_id.clone();
        self.item_when(&reviewer, "the report on its item", |item| item.report_ids.contains(&report_id)).await?;
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
        let accept = review::AcceptReportRequest {
            request_id: request_id(),
            report_id: report_id.clone(),
            ..Default::default()
        };
        let mut is_answered = false;
        if let Err(refused) = reviewer.accept_report(accept).await {
            let read = review::GetReportRequest { report_id: report_id.clone(), ..Default::default() };
            let report =
                reviewer.get_report(read).await.map_err(at("GetReport"))?.into_inner().report.unwrap_or_default();
            // Somebody reported the same post before: the finding on it has answered this report, too. Whether that came
            // before or comes after the acceptance, the post is looked at all the same.
            is_answered = report.stage() == review::ReportStage::Concluded;
            if !is_answered {
                return Err(at("AcceptReport")(refused));
            }
        }

        let item = self.screened_item(&reviewer).await?;
        let Some(finding) = self.conclude(&item) else {
            if is_answered {
                return Ok(false);
            }
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
        if was_found(&item, &finding.violation) {
            self.answered(&reviewer, &report_id).await?;
            return Ok(false);
        }
        self.confirm_and_refer(&agency, finding).await?;
        Ok(true)
    }

    async fn screened_item(&self, reviewer: &Reviewing) -> Result<review::Item, DemoError> {
        self.item_when(reviewer, "the screening", |item| {
            item.versions.last().is_some_and(|version| version.screening.is_some())
        })
        .await
    }

    async fn item_when(
        &self,
        reviewer: &Reviewing,
        what: &'static str,
        is_so: impl Fn(&review::Item) -> bool,
    ) -> Result<review::Item, DemoError> {
        until(what, || {
            let mut reviewer = reviewer.clone();
            let is_so = &is_so;
            let request = review::GetItemRequest { item_id: self.progress.item_id.clone(), ..Default::default() };
            async move { Ok(reviewer.get_item(request).await?.into_inner().item.filter(is_so)) }
        })
        .await
    }

    /// The finding answers everybody who reported the post: what the next one finds of it does not depend on who is quicker.
    async fn everybody_answered(&self, reviewer: &Reviewing) -> Result<(), DemoError> {
        let item = self.item_when(reviewer, "the item", |_| true).await?;
        for report_id in item.report_ids {
            self.answered(reviewer, &report_id).await?;
        }
        Ok(())
    }

    async fn answered(&self, reviewer: &Reviewing, report_id: &str) -> Result<(), DemoError> {
        let is_open = |stage| matches!(stage, review::ReportStage::Received | review::ReportStage::Accepted);
        until("the answer to a reporter", || {
            let mut reviewer = reviewer.clone();
            let request = review::GetReportRequest { report_id: report_id.to_owned(), ..Default::default() };
            async move {
                let report = reviewer.get_report(request).await?.into_inner().report.unwrap_or_default();
                Ok((!is_open(report.stage())).then_some(()))
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
        let refer =
            review::SubmitReferralRequest { request_id: request_id(), item_id, finding_id, ..Default::default() };
        let referred = second.submit_referral(refer).await.map_err(at("SubmitReferral"))?.into_inner();
        let referral: Uuid = referred.referral_event_id.parse().map_err(|_| DemoError::Waited("a referral"))?;
        // The lead that follows from the referral is named after it.
        self.progress.lead_id = casebook_kernel::ids::LeadId::derived(referral, "referral").to_string();
        self.progress.finding = Some(finding);
        self.everybody_answered(&second).await
    }
}

/// A confirmed finding on what the post reads now says so already, and answers whoever reports it again.
fn was_found(item: &review::Item, violation: &str) -> bool {
    let latest = item.versions.last().map(|version| version.version);
    item.findings.iter().any(|finding| {
        matches!(finding.stage(), review::FindingStage::Confirmed | review::FindingStage::Referred)
            && finding
                .recorded
                .as_ref()
                .is_some_and(|recorded| recorded.violation == violation && Some(recorded.version) == latest)
    })
}
