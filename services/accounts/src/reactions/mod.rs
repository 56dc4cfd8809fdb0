//! What the registry does because of what happened elsewhere.

mod close_account;
mod end_restrictions;
mod restrict_uncertified;

pub use close_account::CloseAccount;
pub use end_restrictions::{EndRestrictions, RESTRICTION_END, interim_end};
pub use restrict_uncertified::{BASIS, RestrictUncertified};

use std::sync::Arc;

use casebook_eventlog::RecordedEvent;
use casebook_execution::Store;
use casebook_execution::reaction::{Reactor, Undone, carry_out};
use casebook_kernel::ids::AccountId;

use crate::domain::account::{AccountCommand, AccountRegistry};

/// What reactions work with.
#[derive(Debug, Clone)]
pub struct Reacting {
    pub accounts: Arc<Store<AccountRegistry>>,
    pub reactor: Reactor,
}

impl Reacting {
    /// Gives a command that follows from `event`. A refusal is an answer: there is nothing to be done.
    async fn command(
        &self,
        event: &RecordedEvent,
        what: &str,
        account_id: AccountId,
        command: AccountCommand,
    ) -> Result<(), Undone> {
        let context = self.reactor.context(event, what)?;
        carry_out(&self.accounts, account_id.uuid(), &context, command).await.map(|_| ())
    }
}
