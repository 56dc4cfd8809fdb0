use casebook_bootstrap::{Explained, claim_status, execute_status, invalid};
use casebook_execution::{ClaimError, ClaimKey, Claims, Context, ExecuteError, Executed, Holder};
use casebook_kernel::ids::LeadId;
use casebook_proto::enforcement::v1;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use super::desk::{Desk, id, optional_id, required_time, set, value};
use super::refusal;
use crate::codec::words::Word as _;
use crate::domain::lead::{Lead, LeadCommand, LeadSource, LeadState, Signal};
use crate::resource::lead_resource;

/// Never seen by a caller: a matter that is taken up is told as the refusal `DuplicateOf`.
const CLAIMED: Explained = Explained::exists("DUPLICATE_OF");

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
            raised_by: [context.actor.officer.clone()].into(),
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
        let claim = match &self.known_lead(&sight, lead_id).await?.state {
            LeadState::Received(file) => matter(&file.signal, &self.claims),
            LeadState::Absent | LeadState::Accepted(..) | LeadState::Declined(..) => None,
        };
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
        let (taken, duplicate_of) = match &claim {
            None => (None, None),
            Some(claim) => match self.claims.take(&self.leads, claim, lead_id, &context).await {
                Ok(taken) => (Some(taken), None),
                Err(ClaimError::Held { owner }) => (None, owner.id().map(LeadId::from)),
                Err(error) => return Err(claim_status(error, CLAIMED, "another lead on this matter is taken up")),
            },
        };
        let executed = self.leads.execute(lead_id, &context, accept(duplicate_of)).await;
        if let (Err(error), Some(taken)) = (&executed, taken)
            && let Err(error) = self.claims.give_back(taken, error, &context).await
        {
            tracing::warn!(%lead_id, %error, "a claim is given back later");
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

    async fn on_lead(&self, context: &Context, lead_id: Uuid, command: LeadCommand) -> Result<(v1::Lead, u64), Status> {
        reply(self.leads.execute(lead_id, context, command).await)
    }
}

/// What a lead is about, as a value that may be taken up once. None where the item is not known by its text: two such
/// leads cannot be told to be one.
fn matter(signal: &Signal, claims: &Claims) -> Option<ClaimKey> {
    let sha256 = signal.item_sha256.as_ref()?;
    let account = &signal.account;
    let parts = [account.platform.as_str(), &account.platform_uid, signal.violation.as_str(), sha256];
    Some(claims.key("matter", &parts))
}

impl Holder for Lead {
    fn held(state: &LeadState, claims: &Claims) -> Vec<ClaimKey> {
        let LeadState::Accepted(file, _) = state else { return Vec::new() };
        matter(&file.signal, claims).into_iter().collect()
    }

    /// A lead that was taken up stays taken up.
    fn gives_up(_: &str) -> bool {
        false
    }
}

fn reply(
    executed: Result<Executed<Lead>, ExecuteError<crate::domain::lead::LeadRefusal>>,
) -> Result<(v1::Lead, u64), Status> {
    let executed = executed.map_err(|error| execute_status(error, refusal::lead))?;
    let lead = lead_resource(&executed.state, &executed.head).unwrap_or_default();
    Ok((lead, executed.head.position.0))
}
