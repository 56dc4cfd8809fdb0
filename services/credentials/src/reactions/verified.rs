//! `CredentialVerified`: a running notice to the account is fulfilled (R32), and the credential that it renews gives way.

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::Aggregate;
use casebook_execution::reaction::{Reaction, Reactor, Undone, carry_out};

use crate::domain::credential::{Credential, CredentialCommand, CredentialEvent};
use crate::domain::recertification::RecertificationCommand;
use crate::grpc::Stores;

const VERIFIED: &str = "casebook.credentials.v1.CredentialVerified";

/// Carries a verification on to the account's notice and to the predecessor.
pub struct CarryVerification {
    pub stores: Stores,
    pub reactor: Reactor,
}

#[async_trait]
impl Reaction for CarryVerification {
    fn name(&self) -> &'static str {
        "credentials.carry_verification"
    }

    fn filter(&self) -> Filter {
        Filter::categories([Credential::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        if &*event.event_type != VERIFIED {
            return Ok(());
        }
        let decoded = Credential::decode(&event.event_type, &event.data)?;
        let CredentialEvent::Verified(verified) = decoded else { return Ok(()) };
        let context = |what| self.reactor.context(event, what);
        let fulfil = RecertificationCommand::Fulfil { credential: verified.credential, now: verified.from };
        let account = verified.applicant.account.id.uuid();
        let _ = carry_out(&self.stores.recertifications, account, &context("fulfil-notice")?, fulfil).await?;
        if let Some(predecessor) = verified.predecessor {
            let supersede = CredentialCommand::Supersede { successor: verified.credential, now: verified.from };
            let _ = carry_out(&self.stores.credentials, predecessor.uuid(), &context("supersede")?, supersede).await?;
        }
        Ok(())
    }
}
