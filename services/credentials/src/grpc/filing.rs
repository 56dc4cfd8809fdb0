//! Applications, renewals and supplements: where certificates come in and their numbers are claimed.

use casebook_bootstrap::{Explained, claim_status, execute_status, invalid, store_status};
use casebook_eventlog::StreamName;
use casebook_execution::{ClaimError, ClaimKey, Context, Store};
use casebook_kernel::Decider as _;
use casebook_kernel::certificate::CertificateType;
use casebook_kernel::ids::CredentialId;
use casebook_proto::credentials::v1::*;
use tonic::{Request, Status};

use super::{Credentials, is_operator, parse, refusals, shown};
use crate::codec::values::{category, cohort, id, some_profession, text};
use crate::domain::applicant::{Applicant, Signatory};
use crate::domain::certificate::{Certificate, CertificateRules, is_personal};
use crate::domain::credential::{
    Application, Credential as CredentialRules, CredentialCommand, CredentialState, FileCredential, Fraud, Predecessor,
    PredecessorStanding, Stage,
};

const CLAIM: &str = "certificate";
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
            certificates: certificates.clone(),
            claimed_by_others: claimed.by_others,
            rules,
            now: write.context.now,
        };
        let executed = self.credentials.execute(credential.uuid(), &write.context, command).await;
        // What it holds now keeps its claims; what was replaced, or never came to be, gives them back.
        let held = match &executed {
            Ok(executed) => executed.state.application().map(|application| application.certificates.clone()),
            Err(_) => {
                let loaded = self.credentials.load(credential.uuid()).await.map_err(store_status)?;
                loaded.state.application().map(|application| application.certificates.clone())
            }
        };
        let candidates = application.certificates.iter().chain(&certificates);
        let held = held.unwrap_or_default();
        let lost = candidates.filter(|certificate| held.iter().all(|kept| kept.number_hmac != certificate.number_hmac));
        self.give_back(credential, lost, &write.context).await?;
        let executed = executed.map_err(|error| execute_status(error, refusals::credential))?;
        let (credential, position) = shown(&executed)?;
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
        // A request that was carried out before claims nothing again, least of all with other content.
        if loaded.head.is_none() {
            // Nothing is claimed for what would be refused anyway.
            let dry = CredentialCommand::File(Box::new(command.clone()));
            if let Err(refusal) = CredentialRules::decide(&CredentialState::Absent, dry) {
                return Err(refusals::credential(&refusal).status(&refusal));
            }
            let claimed = self.claim(id, &command.applicant.holder, &command.certificates, context).await?;
            if !claimed.by_others.is_empty() {
                let taken = command.certificates.iter().filter(|certificate| claimed.taken.contains(&certificate.kind));
                self.give_back(id, taken, context).await?;
            }
            command.claimed_by_others = claimed.by_others;
        }
        self.command(id, context, CredentialCommand::File(Box::new(command))).await
    }

    /// Claims the number of every certificate that belongs to one person (R29: one certificate, one holder).
    async fn claim(
        &self,
        id: CredentialId,
        holder: &str,
        certificates: &[Certificate],
        context: &Context,
    ) -> Result<Claimed, Status> {
        let owner = Store::<CredentialRules>::stream(id.uuid());
        let mut claimed = Claimed::default();
        for certificate in certificates.iter().filter(|certificate| is_claimed(certificate)) {
            let key = self.claim_key(certificate);
            let holds = match self.claims.take(&key, &owner, context).await {
                Ok(()) => Some(Hold::Own),
                Err(ClaimError::Held { owner: other }) => self.contest(&key, &owner, &other, holder, context).await?,
                Err(error) => return Err(claim_status(error, HELD, "the number is claimed")),
            };
            match holds {
                Some(Hold::Own) => claimed.taken.push(certificate.kind),
                Some(Hold::SameHolders) => {}
                None => claimed.by_others.push(certificate.kind),
            }
        }
        Ok(claimed)
    }

    /// Somebody else has the number: the same person's other account, an application that came to nothing, or another.
    async fn contest(
        &self,
        key: &ClaimKey,
        owner: &StreamName,
        other: &StreamName,
        holder: &str,
        context: &Context,
    ) -> Result<Option<Hold>, Status> {
        let Some(other_id) = other.id() else { return Ok(None) };
        let loaded = self.credentials.load(other_id).await.map_err(store_status)?;
        let Some(application) = loaded.state.application() else { return Ok(None) };
        if application.applicant.holder == holder {
            return Ok(Some(Hold::SameHolders));
        }
        if !is_void(application) {
            return Ok(None);
        }
        if !context.validate_only {
            let held = |error| claim_status(error, HELD, "the number is claimed");
            self.claims.release(key, other, context).await.map_err(held)?;
            match self.claims.take(key, owner, context).await {
                Ok(()) => {}
                Err(ClaimError::Held { .. }) => return Ok(None),
                Err(error) => return Err(held(error)),
            }
        }
        Ok(Some(Hold::Own))
    }

    async fn give_back<'a>(
        &self,
        id: CredentialId,
        certificates: impl Iterator<Item = &'a Certificate>,
        context: &Context,
    ) -> Result<(), Status> {
        if context.validate_only {
            return Ok(());
        }
        let owner = Store::<CredentialRules>::stream(id.uuid());
        for certificate in certificates.filter(|certificate| is_claimed(certificate)) {
            let released = self.claims.release(&self.claim_key(certificate), &owner, context).await;
            released.map_err(|error| claim_status(error, HELD, "the number is claimed"))?;
        }
        Ok(())
    }

    fn claim_key(&self, certificate: &Certificate) -> ClaimKey {
        self.claims.key(CLAIM, &[&certificate.number_hmac])
    }
}

#[derive(Default)]
struct Claimed {
    taken: Vec<CertificateType>,
    by_others: Vec<CertificateType>,
}

enum Hold {
    Own,
    /// The same person's other account holds it: one doctor may have five accounts.
    SameHolders,
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
