use casebook_bootstrap::{execute_status, invalid, store_status};
use casebook_execution::{ClaimError, ClaimKey, Context, ExecuteError, Executed, Store};
use casebook_kernel::ids::LeadId;
use casebook_proto::enforcement::v1;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use super::desk::{Desk, id, optional_id, required_time, set, value};
use super::refusal;
use crate::codec::words::Word as _;
use crate::domain::lead::{Lead, LeadCommand, LeadSource, LeadState, Signal};
use crate::resource::lead_resource;

impl Desk {
    pub(super) async fn open_lead(
        &self,
        request: Request<v1::OpenLeadRequest>,
    ) -> Result<v1::OpenLeadResponse, Status> {
        let (request, context, _) = self.admit(request)?;
        if self.policy.pack.violation(&request.violation).is_none() {
            return Err(invalid("violation", "is no violation of the policy pack"));
        }
        let signal = Signal {
            source: LeadSource::read(request.source).ok_or_else(|| invalid("source", "is required"))?,
            account: self.account("account", request.account.as_ref())?,
            violation: value("violation", &request.violation)?,
            reasons: request.reasons,
            quoted_span: request.quoted_span,
            item_id: optional_id("item_id", &request.item_id)?,
            item_sha256: set(request.item_sha256),
            published_at: required_time("published_at", request.published_at.as_ref())?,
            report_ids: request.report_ids.iter().map(|text| id("report_ids", text)).collect::<Result<_, _>>()?,
            finding_id: None,
            region: value("region", &request.region)?,
            legal_bases: self.bases(&request.legal_bases)?,
            discovered_at: context.now,
        };
        let lead_id: LeadId = context.new_id("lead");
        let (lead, position) =
            self.on_lead(&context, lead_id.uuid(), LeadCommand::Open { lead_id, signal: Box::new(signal) }).await?;
        Ok(v1::OpenLeadResponse { lead: Some(lead), position })
    }

    /// Takes the matter (item, account, violation) for this lead first: two leads on one matter meet at the claim, and
    /// only one of them is taken up.
    pub(super) async fn accept_lead(
        &self,
        request: Request<v1::AcceptLeadRequest>,
    ) -> Result<v1::AcceptLeadResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let lead_id: Uuid = id("lead_id", &request.lead_id)?;
        let owner = Store::<Lead>::stream(lead_id);
        let claim = self.matter(&self.known_lead(&sight, lead_id).await?.state);
        let accept = |duplicate_of| LeadCommand::Accept {
            by: context.actor.clone(),
            reasons: request.reasons.clone(),
            duplicate_of,
        };
        if claim.is_some() {
            // What is refused whoever holds the claim is refused before it is taken: a refusal writes nothing.
            let rehearsal = Context { validate_only: true, ..context.clone() };
            reply(self.leads.execute(lead_id, &rehearsal, accept(None)).await)?;
        }
        let duplicate_of = match &claim {
            None => None,
            Some(claim) => match self.claims.take(claim, &owner, &context).await {
                Ok(()) => None,
                Err(ClaimError::Held { owner }) => owner.id().map(LeadId::from),
                Err(ClaimError::Append(error)) => return Err(casebook_bootstrap::append_status(error)),
                Err(ClaimError::Read(error)) => return Err(store_status(error.into())),
            },
        };
        let executed = self.leads.execute(lead_id, &context, accept(duplicate_of)).await;
        if let (Err(_), Some(claim), None) = (&executed, &claim, duplicate_of) {
            self.give_back(claim, lead_id, &context).await;
        }
        let (lead, position) = reply(executed)?;
        Ok(v1::AcceptLeadResponse { lead: Some(lead), position })
    }

    pub(super) async fn decline_lead(
        &self,
        request: Request<v1::DeclineLeadRequest>,
    ) -> Result<v1::DeclineLeadResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let lead_id = id("lead_id", &request.lead_id)?;
        let duplicate_of: Option<LeadId> = optional_id("duplicate_of", &request.duplicate_of)?;
        self.known_lead(&sight, lead_id).await?;
        if let Some(other) = duplicate_of {
            self.known_lead(&sight, other.uuid()).await.map_err(|status| match status.code() {
                Code::NotFound => invalid("duplicate_of", "is no lead"),
                _ => status,
            })?;
        }
        let command = LeadCommand::Decline { by: context.actor.clone(), reasons: request.reasons, duplicate_of };
        let (lead, position) = self.on_lead(&context, lead_id, command).await?;
        Ok(v1::DeclineLeadResponse { lead: Some(lead), position })
    }

    /// What a lead that nobody has screened yet is about, as a value that may be taken up once. None where the item is
    /// not known by its text: two such leads cannot be told to be one.
    fn matter(&self, lead: &LeadState) -> Option<ClaimKey> {
        let LeadState::Received(file) = lead else { return None };
        let signal = &file.signal;
        let account = &signal.account;
        let claim = |sha256: &String| {
            let parts = [account.platform.as_str(), &account.platform_uid, signal.violation.as_str(), sha256];
            self.claims.key("matter", &parts)
        };
        signal.item_sha256.as_ref().map(claim)
    }

    /// The lead was not taken up after all. Another request may have done it meanwhile: then the claim is its.
    async fn give_back(&self, claim: &ClaimKey, lead_id: Uuid, context: &Context) {
        let accepted = match self.leads.load(lead_id).await {
            Ok(loaded) => matches!(loaded.state, LeadState::Accepted(..)),
            // Not known: a claim too many keeps a duplicate out until somebody looks, one too few lets it in.
            Err(_) => true,
        };
        if accepted {
            return;
        }
        if let Err(error) = self.claims.release(claim, &Store::<Lead>::stream(lead_id), context).await {
            tracing::warn!(%lead_id, %error, "a claim could not be given back");
        }
    }

    async fn on_lead(&self, context: &Context, lead_id: Uuid, command: LeadCommand) -> Result<(v1::Lead, u64), Status> {
        reply(self.leads.execute(lead_id, context, command).await)
    }
}

fn reply(
    executed: Result<Executed<Lead>, ExecuteError<crate::domain::lead::LeadRefusal>>,
) -> Result<(v1::Lead, u64), Status> {
    let executed = executed.map_err(|error| execute_status(error, refusal::lead))?;
    let lead = lead_resource(&executed.state, &executed.head).unwrap_or_default();
    Ok((lead, executed.head.position.0))
}
