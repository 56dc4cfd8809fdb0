//! The claim on an institution's place on a platform follows the account that holds it (R12).

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::reaction::{NotNow, Reaction};
use casebook_execution::{Aggregate as _, ClaimError, Claims};

use super::{Reacting, not_now};
use crate::domain::account::AccountRegistry;
use crate::place;

/// The events after which an account is given up, or no longer is.
const TURNING: [&str; 3] = [
    "casebook.accounts.v1.AccountDeclared",
    "casebook.accounts.v1.DeclarationWithdrawn",
    "casebook.accounts.v1.AccountDeregistered",
];

pub struct KeepPlace {
    pub reacting: Reacting,
    pub claims: Claims,
}

#[async_trait]
impl Reaction for KeepPlace {
    fn name(&self) -> &'static str {
        "accounts.keep_place"
    }

    fn filter(&self) -> Filter {
        Filter::categories([AccountRegistry::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), NotNow> {
        if !TURNING.contains(&&*event.event_type) {
            return Ok(());
        }
        let Some(id) = event.stream.id() else { return Ok(()) };
        let loaded = self.reacting.accounts.load(id).await.map_err(not_now)?;
        let Some(account) = loaded.state.account() else { return Ok(()) };
        let context = self.reacting.context(event, "keep place")?;
        match place::follow(&self.claims, account, &context).await {
            Err(ClaimError::Held { owner }) => {
                tracing::error!(account = %event.stream, holder = %owner, "two accounts in one place");
                Ok(())
            }
            followed => followed.map_err(not_now),
        }
    }
}
