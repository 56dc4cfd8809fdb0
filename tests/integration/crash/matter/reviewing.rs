//! From a report to a referral: intake and two reviewers.

use casebook_kernel::ids::LeadId;
use casebook_proto::review::v1 as pb;
use tonic::Status;
use uuid::Uuid;

use super::{Matter, Reply};
use crate::cast::Cast;
use crate::method::Method;
use crate::signal;

impl Matter {
    pub(super) async fn review(&mut self, method: Method, cast: &Cast) -> Result<Reply, Status> {
        match method {
            Method::FileReport => self.file_report(cast).await,
            Method::AcceptReport => self.accept_report(cast).await,
            Method::RecordFinding => self.record_finding(cast).await,
            Method::ConfirmFinding => self.confirm_finding(cast).await,
            _ => self.submit_referral(cast).await,
        }
    }

    async fn file_report(&mut self, cast: &Cast) -> Result<Reply, Status> {
        let request = signal::report(self.request_id(Method::FileReport), &self.account(), self.id);
        let reply = cast.intake.review().file_report(request).await?.into_inner();
        let report = reply.report.unwrap_or_default();
        self.known.report_id = report.report_id;
        self.known.item_id = report.filed.unwrap_or_default().item_id;
        Ok((format!("report-{}", self.known.report_id), reply.position))
    }

    async fn accept_report(&self, cast: &Cast) -> Result<Reply, Status> {
        let request = pb::AcceptReportRequest {
            request_id: self.request_id(Method::AcceptReport).to_string(),
            report_id: self.known.report_id.clone(),
            ..Default::default()
        };
        let reply = cast.reviewer.review().accept_report(request).await?.into_inner();
        Ok((format!("report-{}", self.known.report_id), reply.position))
    }

    async fn record_finding(&mut self, cast: &Cast) -> Result<Reply, Status> {
        let request = pb::RecordFindingRequest {
            request_id: self.request_id(Method::RecordFinding).to_string(),
            item_id: self.known.item_id.clone(),
            violation: signal::VIOLATION.into(),
            quote: signal::QUOTE.into(),
            reasons: "虚假承诺疗效以引流售药。".into(),
            legal_bases: vec![super::deciding::BASIS.into()],
            ..Default::default()
        };
        let reply = cast.reviewer.review().record_finding(request).await?.into_inner();
        self.known.finding_id = reply.finding_id;
        Ok((format!("item-{}", self.known.item_id), reply.position))
    }

    async fn confirm_finding(&self, cast: &Cast) -> Result<Reply, Status> {
        let request = pb::ConfirmFindingRequest {
            request_id: self.request_id(Method::ConfirmFinding).to_string(),
            item_id: self.known.item_id.clone(),
            finding_id: self.known.finding_id.clone(),
            ..Default::default()
        };
        let reply = cast.second_reviewer.review().confirm_finding(request).await?.into_inner();
        Ok((format!("item-{}", self.known.item_id), reply.position))
    }

    async fn submit_referral(&mut self, cast: &Cast) -> Result<Reply, Status> {
        let request = pb::SubmitReferralRequest {
            request_id: self.request_id(Method::SubmitReferral).to_string(),
            item_id: self.known.item_id.clone(),
            finding_id: self.known.finding_id.clone(),
            ..Default::default()
        };
        let reply = cast.second_reviewer.review().submit_referral(request).await?.into_inner();
        let referral: Uuid = reply.referral_event_id.parse().map_err(|_| Status::internal("the referral has no id"))?;
        // The lead that follows from a referral is named after it.
        self.known.lead_id = LeadId::derived(referral, "referral").to_string();
        Ok((format!("item-{}", self.known.item_id), reply.position))
    }
}
