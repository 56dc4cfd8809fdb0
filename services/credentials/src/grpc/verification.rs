//! Checks, registries and conclusions.

use casebook_bootstrap::execute_status;
use casebook_kernel::ids::CredentialId;
use casebook_policy::DeadlineName;
use casebook_proto::credentials::v1::*;
use tonic::{Request, Status};

use super::{Credentials, parse, refusals, shown};
use crate::codec::values::{at, certificate_type, each, id, lookup_message, lookup_outcome, some_text};
use crate::domain::credential::{CaseByCase, ConcludeVerification, CredentialCommand, Verdict};
use crate::domain::registry::{Lookup, LookupOutcome, compare};
use crate::reactions::deadlines::due;
use crate::registry::RegistryAnswer;

impl Credentials {
    pub(super) async fn run_checks(&self, request: Request<RunChecksRequest>) -> Result<RunChecksResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let credential: CredentialId = id("credential_id", &request.credential_id).map_err(parse::field)?;
        let (application, _) = self.visible(credential, &write.principal).await?;
        let required = each("required_types", &request.required_types, certificate_type).map_err(parse::field)?;
        let said = !required.is_empty() || !request.required_reason.is_empty();
        let command = CredentialCommand::RunChecks {
            rules: self.rules_of(&application)?,
            case_by_case: said.then_some(CaseByCase { required, reason: request.required_reason }),
            now: write.context.now,
        };
        let (credential, position) = self.command(credential, &write.context, command).await?;
        Ok(RunChecksResponse { credential: Some(credential), position })
    }

    pub(super) async fn request_supplement(
        &self,
        request: Request<RequestSupplementRequest>,
    ) -> Result<RequestSupplementResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let credential: CredentialId = id("credential_id", &request.credential_id).map_err(parse::field)?;
        self.visible(credential, &write.principal).await?;
        let command = CredentialCommand::RequestSupplement {
            wanted: each("wanted", &request.wanted, certificate_type).map_err(parse::field)?,
            reasons: request.reasons,
            due: due(&self.policy, DeadlineName::CredentialSupplement, write.context.now)
                .map_err(refusals::calendar)?,
            now: write.context.now,
        };
        let (credential, position) = self.command(credential, &write.context, command).await?;
        Ok(RequestSupplementResponse { credential: Some(credential), position })
    }

    pub(super) async fn look_up_registry(
        &self,
        request: Request<LookUpRegistryRequest>,
    ) -> Result<LookUpRegistryResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let id: CredentialId = id("credential_id", &request.credential_id).map_err(parse::field)?;
        let kind = certificate_type("certificate_type", request.certificate_type).map_err(parse::field)?;
        let (application, _) = self.visible(id, &write.principal).await?;
        let outcome = match application.certificates.iter().find(|certificate| certificate.kind == kind) {
            // The rules say what is wrong with that; no registry is asked.
            None => LookupOutcome::Unavailable,
            Some(certificate) => match self.registry.look_up(kind, &certificate.number_hmac).await {
                RegistryAnswer::Listed(record) => compare(&application.applicant, certificate, &record),
                RegistryAnswer::NotListed => LookupOutcome::NotFound,
                RegistryAnswer::Unavailable(reason) => {
                    tracing::warn!(source = self.registry.source(), reason, "a registry does not answer");
                    LookupOutcome::Unavailable
                }
            },
        };
        let source = self.registry.source().to_owned();
        let lookup = Lookup { certificate: kind, source, looked_up_at: write.context.now, outcome };
        let command = CredentialCommand::RecordLookup { lookup: lookup.clone(), now: write.context.now };
        let executed = self
            .credentials
            .execute(id.uuid(), &write.context, command)
            .await
            .map_err(|error| execute_status(error, refusals::credential))?;
        // A repeated request gets the answer of the first.
        let same = |known: &&Lookup| known.certificate == lookup.certificate && known.source == lookup.source;
        let known = executed.state.application().and_then(|application| application.lookups.iter().find(same));
        let answer = known.filter(|_| executed.repeated).unwrap_or(&lookup);
        let answer = Some(lookup_message(answer));
        let (credential, position) = shown(&executed)?;
        Ok(LookUpRegistryResponse { credential: Some(credential), lookup: answer, position })
    }

    pub(super) async fn record_registry_lookup(
        &self,
        request: Request<RecordRegistryLookupRequest>,
    ) -> Result<RecordRegistryLookupResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let credential: CredentialId = id("credential_id", &request.credential_id).map_err(parse::field)?;
        self.visible(credential, &write.principal).await?;
        let lookup = Lookup {
            certificate: certificate_type("certificate_type", request.certificate_type).map_err(parse::field)?,
            source: request.source,
            looked_up_at: at("looked_up_at", request.looked_up_at).map_err(parse::field)?,
            outcome: lookup_outcome(request.outcome, &request.mismatching).map_err(parse::field)?,
        };
        let command = CredentialCommand::RecordLookup { lookup, now: write.context.now };
        let (credential, position) = self.command(credential, &write.context, command).await?;
        Ok(RecordRegistryLookupResponse { credential: Some(credential), position })
    }

    pub(super) async fn conclude_verification(
        &self,
        request: Request<ConcludeVerificationRequest>,
    ) -> Result<ConcludeVerificationResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let credential: CredentialId = id("credential_id", &request.credential_id).map_err(parse::field)?;
        let (application, _) = self.visible(credential, &write.principal).await?;
        let verdict = match request.outcome() {
            VerificationOutcome::Verified => Verdict::Verified {
                last_day: some_text("valid_until", &request.valid_until).map_err(parse::field)?,
                mismatch_explanation: request.mismatch_explanation,
            },
            // The field is required: its rule has refused the unspecified.
            VerificationOutcome::Refused | VerificationOutcome::Unspecified => Verdict::Refused,
        };
        let command = CredentialCommand::Conclude(Box::new(ConcludeVerification {
            verdict,
            reasons: request.reasons,
            rules: self.rules_of(&application)?,
            actor: write.context.actor.clone(),
            now: write.context.now,
        }));
        let (credential, position) = self.command(credential, &write.context, command).await?;
        Ok(ConcludeVerificationResponse { credential: Some(credential), position })
    }
}
