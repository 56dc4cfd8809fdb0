//! What happens to an account that is declared.

use casebook_bootstrap::Write;
use casebook_kernel::ids::AccountId;
use casebook_proto::accounts::v1 as pb;
use tonic::{Request, Response, Status};

use super::known::sight;
use super::parse::{authority, field, legal_bases, observer, read};
use super::{Calls, refusal, replied};
use crate::codec::values::{at, cause, uuid};
use crate::domain::account::{AccountCommand, Restrict};
use crate::reactions::interim_end;

impl Calls {
    pub(super) async fn record_handle_change(
        &self,
        request: Request<pb::RecordHandleChangeRequest>,
    ) -> Result<Response<pb::RecordHandleChangeResponse>, Status> {
        let Write { request, context, principal } = self.gate.write(request)?;
        let account_id: AccountId = field("account_id", &request.account_id)?;
        let account = self.known_account(&sight(&principal), account_id).await?;
        let institution = self.institution(account.declaration.institution_id).await?;
        let command = AccountCommand::ChangeHandle {
            observer: observer(&principal),
            new_handle: request.new_handle,
            institution_names: institution.registration.names(),
            observed_at: read(at("observed_at", request.observed_at))?,
        };
        replied!(RecordHandleChangeResponse { account }, self.execute_account(account_id, &context, command).await?)
    }

    pub(super) async fn record_follower_snapshot(
        &self,
        request: Request<pb::RecordFollowerSnapshotRequest>,
    ) -> Result<Response<pb::RecordFollowerSnapshotResponse>, Status> {
        let head_account_followers = self.policy.pack.figures().head_account_followers;
        replied!(
            RecordFollowerSnapshotResponse { account },
            self.on_account(request, |write| {
                let command = AccountCommand::CountFollowers {
                    observer: observer(&write.principal),
                    followers: write.request.followers,
                    head_account_followers,
                    observed_at: read(at("observed_at", write.request.observed_at))?,
                };
                Ok((field("account_id", &write.request.account_id)?, command))
            })
            .await?
        )
    }

    pub(super) async fn restrict_publishing(
        &self,
        request: Request<pb::RestrictPublishingRequest>,
    ) -> Result<Response<pb::RestrictPublishingResponse>, Status> {
        replied!(
            RestrictPublishingResponse { account },
            self.on_account(request, |write| {
                let (request, context) = (&write.request, &write.context);
                let command = AccountCommand::Restrict(Box::new(Restrict {
                    authority: authority(&write.principal),
                    restriction_id: context.new_id("restriction"),
                    cause: read(cause("cause", request.cause))?,
                    legal_bases: legal_bases(&self.policy.pack, &request.legal_bases, context.now)?,
                    reasons: request.reasons.clone(),
                    reference: request.reference.clone(),
                    until: Some(interim_end(&self.policy, context.now).map_err(refusal::calendar)?),
                    now: context.now,
                }));
                Ok((field("account_id", &request.account_id)?, command))
            })
            .await?
        )
    }

    pub(super) async fn lift_restriction(
        &self,
        request: Request<pb::LiftRestrictionRequest>,
    ) -> Result<Response<pb::LiftRestrictionResponse>, Status> {
        replied!(
            LiftRestrictionResponse { account },
            self.on_account(request, |write| {
                let command = AccountCommand::LiftRestriction {
                    authority: authority(&write.principal),
                    restriction_id: read(uuid("restriction_id", &write.request.restriction_id))?,
                    reasons: write.request.reasons.clone(),
                    now: write.context.now,
                };
                Ok((field("account_id", &write.request.account_id)?, command))
            })
            .await?
        )
    }

    pub(super) async fn close_account(
        &self,
        request: Request<pb::CloseAccountRequest>,
    ) -> Result<Response<pb::CloseAccountResponse>, Status> {
        replied!(
            CloseAccountResponse { account },
            self.on_account(request, |write| {
                let (actor, now) = (write.context.actor.clone(), write.context.now);
                let reasons = write.request.reasons.clone();
                Ok((field("account_id", &write.request.account_id)?, AccountCommand::Close { actor, reasons, now }))
            })
            .await?
        )
    }

    pub(super) async fn deregister_account(
        &self,
        request: Request<pb::DeregisterAccountRequest>,
    ) -> Result<Response<pb::DeregisterAccountResponse>, Status> {
        replied!(
            DeregisterAccountResponse { account },
            self.on_account(request, |write| {
                let (actor, now) = (write.context.actor.clone(), write.context.now);
                let reasons = write.request.reasons.clone();
                let command = AccountCommand::Deregister { actor, reasons, now };
                Ok((field("account_id", &write.request.account_id)?, command))
            })
            .await?
        )
    }
}
