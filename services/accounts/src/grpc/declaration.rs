//! From the declaration to the agency's record.

use casebook_bootstrap::{Explained, Write, claim_status, invalid};
use casebook_execution::{ClaimError, Context, Taken};
use casebook_kernel::Decider as _;
use casebook_kernel::ids::{AccountId, InstitutionId};
use casebook_policy::AccountLevel;
use casebook_proto::accounts::v1 as pb;
use tonic::{Request, Response, Status};

use super::parse::{amendment, field, platform, read, some_field};
use super::{Calls, account_reply, replied};
use crate::codec::values::{details, level, step, subject};
use crate::domain::account::{AccountCommand, AccountState, Declare, Quota};
use crate::domain::institution::Registered;
use crate::place;

impl Calls {
    pub(super) async fn create_declaration(
        &self,
        request: Request<pb::CreateDeclarationRequest>,
    ) -> Result<Response<pb::CreateDeclarationResponse>, Status> {
        let write = self.gate.write(request)?;
        let institution_id: InstitutionId = field("institution_id", &write.request.institution_id)?;
        let institution = self.institution(institution_id).await?;
        let mut declare = self.declaration(&write, &institution)?;
        let account_id = AccountId::of(declare.platform.as_str(), &declare.platform_uid);
        let mut taken = None;
        if declare.level == AccountLevel::Institution {
            (declare.quota, taken) = self.quota(&declare, &institution, account_id, &write.context).await?;
        }
        let command = AccountCommand::Declare(Box::new(declare));
        let outcome = self.accounts.execute(account_id.uuid(), &write.context, command).await;
        if let (Err(error), Some(taken)) = (&outcome, taken) {
            // Another institution may have declared the account since: the place serves nobody now.
            self.claims.give_back(taken, error, &write.context).await.map_err(place_status)?;
        }
        replied!(CreateDeclarationResponse { account }, account_reply(outcome)?)
    }

    fn declaration(
        &self,
        write: &Write<pb::CreateDeclarationRequest>,
        institution: &Registered,
    ) -> Result<Declare, Status> {
        let request = &write.request;
        let form = request.details.clone().ok_or_else(|| invalid("details", "is required"))?;
        Ok(Declare {
            institution_id: institution.institution_id,
            institution_region: institution.registration.region,
            institution_names: institution.registration.names(),
            platform: platform(&self.policy.pack, &request.platform)?,
            platform_uid: request.platform_uid.clone(),
            handle: request.handle.clone(),
            level: read(level("level", request.level))?,
            subject_kind: read(subject("subject_kind", request.subject_kind))?,
            region: some_field("region", &request.region)?,
            details: read(details(form))?,
            commitment_accepted: request.commitment_accepted,
            quota: Quota::Exhausted,
            actor: write.context.actor.clone(),
            now: write.context.now,
        })
    }

    /// Takes a place for the institution's own account, if nothing else speaks against its declaration: a place taken
    /// for a declaration that is then refused would have to be given back.
    async fn quota(
        &self,
        declare: &Declare,
        institution: &Registered,
        account_id: AccountId,
        context: &Context,
    ) -> Result<(Quota, Option<Taken>), Status> {
        let loaded = self.accounts.load(account_id.uuid()).await.map_err(casebook_bootstrap::store_status)?;
        let rehearsed = Declare { quota: Quota::First, ..declare.clone() };
        if !is_granted(&loaded.state, rehearsed) {
            // It is refused all the same, or it is a repetition that gets its first outcome.
            return Ok((Quota::Exhausted, None));
        }
        place::take(&self.claims, &self.accounts, institution, declare.platform.as_str(), account_id, context)
            .await
            .map_err(place_status)
    }

    pub(super) async fn submit_declaration(
        &self,
        request: Request<pb::SubmitDeclarationRequest>,
    ) -> Result<Response<pb::SubmitDeclarationResponse>, Status> {
        let chain = self.chain.clone();
        replied!(
            SubmitDeclarationResponse { account },
            self.on_account(request, |write| {
                let (actor, now) = (write.context.actor.clone(), write.context.now);
                Ok((field("account_id", &write.request.account_id)?, AccountCommand::Submit { actor, chain, now }))
            })
            .await?
        )
    }

    pub(super) async fn withdraw_declaration(
        &self,
        request: Request<pb::WithdrawDeclarationRequest>,
    ) -> Result<Response<pb::WithdrawDeclarationResponse>, Status> {
        replied!(
            WithdrawDeclarationResponse { account },
            self.on_account(request, |write| {
                let (actor, now) = (write.context.actor.clone(), write.context.now);
                let reason = write.request.reason.clone();
                Ok((field("account_id", &write.request.account_id)?, AccountCommand::Withdraw { actor, reason, now }))
            })
            .await?
        )
    }

    pub(super) async fn sign_approval_step(
        &self,
        request: Request<pb::SignApprovalStepRequest>,
    ) -> Result<Response<pb::SignApprovalStepResponse>, Status> {
        replied!(
            SignApprovalStepResponse { account },
            self.on_account(request, |write| {
                let (actor, now) = (write.context.actor.clone(), write.context.now);
                let step = read(step("step", write.request.step))?;
                let opinion = write.request.opinion.clone();
                let command = AccountCommand::Sign { actor, step, opinion, now };
                Ok((field("account_id", &write.request.account_id)?, command))
            })
            .await?
        )
    }

    pub(super) async fn return_declaration(
        &self,
        request: Request<pb::ReturnDeclarationRequest>,
    ) -> Result<Response<pb::ReturnDeclarationResponse>, Status> {
        replied!(
            ReturnDeclarationResponse { account },
            self.on_account(request, |write| {
                let (actor, now) = (write.context.actor.clone(), write.context.now);
                let reasons = write.request.reasons.clone();
                Ok((field("account_id", &write.request.account_id)?, AccountCommand::Return { actor, reasons, now }))
            })
            .await?
        )
    }

    pub(super) async fn record_filing(
        &self,
        request: Request<pb::RecordFilingRequest>,
    ) -> Result<Response<pb::RecordFilingResponse>, Status> {
        replied!(
            RecordFilingResponse { account },
            self.on_account(request, |write| {
                let (actor, now) = (write.context.actor.clone(), write.context.now);
                let filing_number = write.request.filing_number.clone();
                let command = AccountCommand::File { actor, filing_number, now };
                Ok((field("account_id", &write.request.account_id)?, command))
            })
            .await?
        )
    }

    pub(super) async fn amend_account(
        &self,
        request: Request<pb::AmendAccountRequest>,
    ) -> Result<Response<pb::AmendAccountResponse>, Status> {
        replied!(
            AmendAccountResponse { account },
            self.on_account(request, |write| {
                let (actor, now) = (write.context.actor.clone(), write.context.now);
                let amendment = Box::new(amendment(&write.request)?);
                let command = AccountCommand::Amend { actor, amendment, now };
                Ok((field("account_id", &write.request.account_id)?, command))
            })
            .await?
        )
    }
}

fn place_status(error: ClaimError) -> Status {
    claim_status(error, Explained::precondition("QUOTA_EXCEEDED"), "the institution's place on the platform is taken")
}

fn is_granted(state: &AccountState, declare: Declare) -> bool {
    crate::domain::account::AccountRegistry::decide(state, AccountCommand::Declare(Box::new(declare))).is_ok()
}
