//! `CredentialVerified`: a running notice to the account is fulfilled (R32), and the credential that it renews gives way.

use std::sync::Arc;

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::reaction::{NotNow, Reaction};
use casebook_execution::{Aggregate, Clock, Context, Metadata};
use casebook_kernel::Actor;

use super::answered;
use crate::domain::credential::{Credential, CredentialCommand, CredentialEvent};
use crate::domain::recertification::RecertificationCommand;
use crate::grpc::Stores;

const VERIFIED: &str = "casebook.credentials.v1.CredentialVerified";

/// Carries a verification on to the account's notice and to the predecessor.
pub struct CarryVerification {
    pub stores: Stores,
    pub system: Actor,
    pub policy_version: Arc<str>,
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Reaction for CarryVerification {
    fn name(&self) -> &'static str {
        "credentials/carry-verification"
    }

    fn filter(&self) -> Filter {
        Filter::categories([Credential::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), NotNow> {
        if &*event.event_type != VERIFIED {
            return Ok(());
        }
        let decoded = Credential::decode(&event.event_type, &event.data).map_err(|error| NotNow(error.to_string()))?;
        let CredentialEvent::Verified(verified) = decoded else { return Ok(()) };
        let correlation = Metadata::parse(&event.metadata).map_err(NotNow)?.correlation;
        let context = |what| {
            Context::following(event.id, correlation, what, &self.system, &self.policy_version, self.clock.now())
        };
        let fulfil = RecertificationCommand::Fulfil { credential: verified.credential, now: verified.from };
        let account = verified.applicant.account.id.uuid();
        answered(self.stores.recertifications.execute(account, &context("fulfil-notice"), fulfil).await)?;
        if let Some(predecessor) = verified.predecessor {
            let supersede = CredentialCommand::Supersede { successor: verified.credential, now: verified.from };
            answered(self.stores.credentials.execute(predecessor.uuid(), &context("supersede"), supersede).await)?;
        }
        Ok(())
    }
}
