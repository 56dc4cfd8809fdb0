//! Revocation, badge, display and fraud.

use casebook_kernel::ids::CredentialId;
use casebook_proto::credentials::v1::*;
use tonic::{Request, Status};

use super::{Credentials, parse, refusals};
use crate::codec::values::{certificate_type, each, id};
use crate::domain::credential::{ConcludeFraud, CredentialCommand, FraudOutcome as Outcome, ReportFraud};
use crate::reactions::deadlines::interim_end;

impl Credentials {
    pub(super) async fn revoke_credential(
        &self,
        request: Request<RevokeCredentialRequest>,
    ) -> Result<RevokeCredentialResponse, Status> {
        let write = self.gate.write(request)?;
        let credential: CredentialId = id("credential_id", &write.request.credential_id).map_err(parse::field)?;
        self.visible(credential, &write.principal).await?;
        let (reasons, actor, now) = (write.request.reasons, write.context.actor.clone(), write.context.now);
        let command = CredentialCommand::Revoke { reasons, actor, now };
        let (credential, position) = self.command(credential, &write.context, command).await?;
        Ok(RevokeCredentialResponse { credential: Some(credential), position })
    }

    pub(super) async fn suspend_badge(
        &self,
        request: Request<SuspendBadgeRequest>,
    ) -> Result<SuspendBadgeResponse, Status> {
        let write = self.gate.write(request)?;
        let credential: CredentialId = id("credential_id", &write.request.credential_id).map_err(parse::field)?;
        self.visible(credential, &write.principal).await?;
        let now = write.context.now;
        let until = interim_end(&self.policy, now).map_err(refusals::calendar)?;
        let command = CredentialCommand::SuspendBadge { reasons: write.request.reasons, until, now };
        let (credential, position) = self.command(credential, &write.context, command).await?;
        Ok(SuspendBadgeResponse { credential: Some(credential), position })
    }

    pub(super) async fn restore_badge(
        &self,
        request: Request<RestoreBadgeRequest>,
    ) -> Result<RestoreBadgeResponse, Status> {
        let write = self.gate.write(request)?;
        let credential: CredentialId = id("credential_id", &write.request.credential_id).map_err(parse::field)?;
        self.visible(credential, &write.principal).await?;
        let command = CredentialCommand::RestoreBadge { reasons: write.request.reasons, now: write.context.now };
        let (credential, position) = self.command(credential, &write.context, command).await?;
        Ok(RestoreBadgeResponse { credential: Some(credential), position })
    }

    pub(super) async fn amend_display(
        &self,
        request: Request<AmendDisplayRequest>,
    ) -> Result<AmendDisplayResponse, Status> {
        let write = self.gate.write(request)?;
        let credential: CredentialId = id("credential_id", &write.request.credential_id).map_err(parse::field)?;
        self.visible(credential, &write.principal).await?;
        let display = parse::display(write.request.display)?;
        let command = CredentialCommand::AmendDisplay { display, now: write.context.now };
        let (credential, position) = self.command(credential, &write.context, command).await?;
        Ok(AmendDisplayResponse { credential: Some(credential), position })
    }

    pub(super) async fn report_fraud(
        &self,
        request: Request<ReportFraudRequest>,
    ) -> Result<ReportFraudResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let credential: CredentialId = id("credential_id", &request.credential_id).map_err(parse::field)?;
        self.visible(credential, &write.principal).await?;
        let command = CredentialCommand::ReportFraud(Box::new(ReportFraud {
            certificates: each("certificate_types", &request.certificate_types, certificate_type)
                .map_err(parse::field)?,
            reasons: request.reasons,
            evidence_sha256: request.evidence_sha256,
            suspend_until: request
                .suspend_badge
                .then(|| interim_end(&self.policy, write.context.now))
                .transpose()
                .map_err(refusals::calendar)?,
            actor: write.context.actor.clone(),
            now: write.context.now,
        }));
        let (credential, position) = self.command(credential, &write.context, command).await?;
        Ok(ReportFraudResponse { credential: Some(credential), position })
    }

    pub(super) async fn conclude_fraud(
        &self,
        request: Request<ConcludeFraudRequest>,
    ) -> Result<ConcludeFraudResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let credential: CredentialId = id("credential_id", &request.credential_id).map_err(parse::field)?;
        self.visible(credential, &write.principal).await?;
        let outcome = match request.outcome() {
            FraudOutcome::Confirmed => Outcome::Confirmed,
            // The field is required: its rule has refused the unspecified.
            FraudOutcome::Unfounded | FraudOutcome::Unspecified => Outcome::Unfounded,
        };
        let command = CredentialCommand::ConcludeFraud(Box::new(ConcludeFraud {
            outcome,
            reasons: request.reasons,
            actor: write.context.actor.clone(),
            now: write.context.now,
        }));
        let (credential, position) = self.command(credential, &write.context, command).await?;
        Ok(ConcludeFraudResponse { credential: Some(credential), position })
    }
}
