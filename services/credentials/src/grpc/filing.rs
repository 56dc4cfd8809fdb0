//! Applications, renewals and supplements: where certificates come in and their numbers are claimed.

use casebook_bootstrap::{Explained, claim_status, execute_status, invalid, store_status};
use casebook_eventlog::StreamName;
use casebook_execution::{ClaimError, ClaimKey, Claims, Context, Executed, Holder, Taken};
use casebook_kernel::Decider as _;
use casebook_kernel::certificate::CertificateType;
use casebook_kernel::ids::CredentialId;
use casebook_proto::credentials::v1::*;
use tonic::{Request, Status};

use super::{Credentials, is_operator, parse, refusals, shown, shown_to};
use crate::codec::values::{category, cohort, id, some_profession, text};
use crate::domain::applicant::{Applicant, Signatory};
use crate::domain::certificate::{Certificate, CertificateRules, is_personal};
use crate::domain::credential::{
    Application, Credential as CredentialRules, CredentialCommand, CredentialState, FileCredential, Fraud, Predecessor,
    PredecessorStanding, Stage,
};

const CLAIM: &str = "certificate";
const GIVING_UP: [&str; 3] = [
    "casebook.credentials.v1.SupplementSubmitted",
    "casebook.credentials.v1.CredentialRefused",
    "casebook.credentials.v1.FraudConcluded",
];
/// Never seen by a caller: a number that is held is told as the refusal `CertificateAlreadyClaimed`.
const HELD: Explained = Explained::exists("CERTIFICATE_ALREADY_CLAIMED");

impl Credentials {
    pub(super) async fn file_credential(
        &self,
        request: Request<FileCredentialRequest>,
    ) -> Result<FileCredentialResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let account = parse::account(&request.platform, &request.platform_uid, &self.policy.pack)?;
        let category = category("category", request.category).map_err(parse::field)?;
        let profession = some_profession("profession", request.profession).map_err(parse::field)?;
        let applicant = Applicant {
            account,
            category,
            profession,
            institution: id("institution_id", &request.institution_id).map_err(parse::field)?,
            institution_name: request.institution_name.trim().to_owned(),
            department: parse::department(&request.department)?,
            region: text("region", &request.region).map_err(parse::field)?,
            holder: request.holder_reference,
            cohort: cohort("cohort", request.cohort).map_err(parse::field)?,
        };
        if write.principal.institution().is_some_and(|own| own != applicant.institution.to_string()) {
            return Err(invalid("institution_id", "is not the institution that you act for"));
        }
        if write.principal.platform().is_some_and(|own| own != applicant.account.platform) {
            return Err(invalid("platform", "is not the platform that you act for"));
        }
        if is_operator(&write.principal) && write.principal.subject() != Some(applicant.account.id) {
            return Err(invalid("platform_uid", "is not that of the account that you act for"));
        }
        let command = FileCredential {
            credential: write.context.new_id(CredentialId::CATEGORY),
            rules: parse::rules(category, profession, &self.policy.pack),
            applicant,
            certificates: parse::certificates(request.certificates, &self.claims)?,
            consent: parse::consent(request.consent)?,
            display: parse::display(request.display)?,
            claimed_by_others: Vec::new(),
            predecessor: None,
            filed_by: Signatory::from(&write.context.actor),
            now: write.context.now,
        };
        let (credential, position) = self.file(&write.context, command).await?;
        Ok(FileCredentialResponse { credential: Some(credential), position })
    }

    pub(super) async fn renew_credential(
        &self,
        request: Request<RenewCredentialRequest>,
    ) -> Result<RenewCredentialResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let predecessor: CredentialId = id("predecessor_id", &request.predecessor_id).map_err(parse::field)?;
        let (old, head) = self.visible(predecessor, &write.principal).await?;
        let applicant = old.applicant.clone();
        let command = FileCredential {
            credential: write.context.new_id(CredentialId::CATEGORY),
            rules: parse::rules(applicant.category, applicant.profession, &self.policy.pack),
            applicant,
            certificates: parse::certificates(request.certificates, &self.claims)?,
            consent: parse::consent(request.consent)?,
            display: old.display.clone(),
            claimed_by_others: Vec::new(),
            predecessor: Some(Predecessor { id: predecessor, standing: standing(&old) }),
            filed_by: Signatory::from(&write.context.actor),
            now: write.context.now,
        };
        let context = Context { correlation: Some(head.correlation), ..write.context };
        let (credential, position) = self.file(&context, command).await?;
        Ok(RenewCredentialResponse { credential: Some(credential), position })
    }

    pub(super) async fn submit_supplement(
        &self,
        request: Request<SubmitSupplementRequest>,
    ) -> Result<SubmitSupplementResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let credential: CredentialId = id("credential_id", &request.credential_id).map_err(parse::field)?;
        let (application, _) = self.visible(credential, &write.principal).await?;
        let certificates = parse::certificates(request.certificates, &self.claims)?;
        let rules = self.rules_of(&application)?;
        let claimed = self.claim(credential, &application.applicant.holder, &certificates, &write.context).await?;
        let command = CredentialCommand::SubmitSupplement {
            certificates,
            claimed_by_others: claimed.by_others,
            rules,
            now: write.context.now,
        };
        let executed = self.carry_out(credential, &write.context, command, claimed.taken).await?;
        let (credential, position) = shown_to(&write.principal, &executed)?;
        Ok(SubmitSupplementResponse { credential: Some(credential), position })
    }

    /// What the pack asks of an applicant who has been filed.
    pub(super) fn rules_of(&self, application: &Application) -> Result<CertificateRules, Status> {
        let applicant = &application.applicant;
        parse::rules(applicant.category, applicant.profession, &self.policy.pack).ok_or_else(|| {
            let refusal = crate::domain::credential::CredentialRefusal::CategoryMismatch;
            refusals::credential(&refusal).status(&refusal)
        })
    }

    async fn file(&self, context: &Context, mut command: FileCredential) -> Result<(Credential, u64), Status> {
        let id = command.credential;
        let loaded = self.credentials.load(id.uuid()).await.map_err(store_status)?;
        let mut taken = Vec::new();
        // A request that was carried out before claims nothing again, least of all with other content.
        if loaded.head.is_none() {
            // Nothing is claimed for what would be refused anyway.
            let dry = CredentialCommand::File(Box::new(command.clone()));
            if let Err(refusal) = CredentialRules::decide(&CredentialState::Absent, dry) {
                return Err(refusals::credential(&refusal).status(&refusal));
            }
            let claimed = self.claim(id, &command.applicant.holder, &command.certificates, context).await?;
            command.claimed_by_others = claimed.by_others;
            taken = claimed.taken;
        }
        let executed = self.carry_out(id, context, CredentialCommand::File(Box::new(command)), taken).await?;
        shown(&executed)
    }

    /// Gives a command that numbers were claimed for: if nothing comes of it, they are given back.
    async fn carry_out(
        &self,
        id: CredentialId,
        context: &Context,
        command: CredentialCommand,
        taken: Vec<Taken>,
    ) -> Result<Executed<CredentialRules>, Status> {
        let executed = self.credentials.execute(id.uuid(), context, command).await;
        if let Err(error) = &executed {
            for taken in taken {
                self.claims.give_back(taken, error, context).await.map_err(claimed_status)?;
            }
        }
        executed.map_err(|error| execute_status(error, refusals::credential))
    }

    /// Claims the number of every certificate that belongs to one person (R29: one certificate, one holder).
    async fn claim(
        &self,
        id: CredentialId,
        holder: &str,
        certificates: &[Certificate],
        context: &Context,
    ) -> Result<Claimed, Status> {
        let mut claimed = Claimed::default();
        for certificate in certificates.iter().filter(|certificate| is_claimed(certificate)) {
            match self.claims.take(&self.credentials, &claim_key(certificate, &self.claims), id.uuid(), context).await {
                Ok(taken) => claimed.taken.push(taken),
                Err(ClaimError::Held { owner }) if self.is_of_holder(&owner, holder).await? => {}
                Err(ClaimError::Held { .. }) => claimed.by_others.push(certificate.kind),
                Err(error) => return Err(claimed_status(error)),
            }
        }
        Ok(claimed)
    }

    /// Whether the credential is the same person's: one doctor may have five accounts.
    async fn is_of_holder(&self, credential: &StreamName, holder: &str) -> Result<bool, Status> {
        let Some(id) = credential.id() else { return Ok(false) };
        let loaded = self.credentials.load(id).await.map_err(store_status)?;
        Ok(loaded.state.application().is_some_and(|application| application.applicant.holder == holder))
    }
}

#[derive(Default)]
struct Claimed {
    taken: Vec<Taken>,
    by_others: Vec<CertificateType>,
}

impl Holder for CredentialRules {
    fn held(state: &CredentialState, claims: &Claims) -> Vec<ClaimKey> {
        let application = state.application().filter(|application| !is_void(application));
        let certificates = application.into_iter().flat_map(|application| &application.certificates);
        certificates
            .filter(|certificate| is_claimed(certificate))
            .map(|certificate| claim_key(certificate, claims))
            .collect()
    }

    fn gives_up(event_type: &str) -> bool {
        GIVING_UP.contains(&event_type)
    }
}

fn claim_key(certificate: &Certificate, claims: &Claims) -> ClaimKey {
    claims.key(CLAIM, &[&certificate.number_hmac])
}

fn claimed_status(error: ClaimError) -> Status {
    claim_status(error, HELD, "the number is claimed")
}

fn is_claimed(certificate: &Certificate) -> bool {
    is_personal(certificate.kind) && !certificate.number_hmac.is_empty()
}

/// An application that came to nothing, or to fraud, keeps no number from its true holder.
fn is_void(application: &Application) -> bool {
    matches!(application.stage, Stage::Refused { .. }) || matches!(application.fraud, Fraud::Confirmed { .. })
}

fn standing(old: &Application) -> PredecessorStanding {
    match old.stage {
        Stage::Verified(_) | Stage::Expired(_) => PredecessorStanding::Renewable,
        Stage::Revoked { .. } => PredecessorStanding::Revoked,
        Stage::Filed
        | Stage::Checked
        | Stage::AwaitingSupplement { .. }
        | Stage::Refused { .. }
        | Stage::Superseded { .. } => PredecessorStanding::NotVerified,
    }
}
