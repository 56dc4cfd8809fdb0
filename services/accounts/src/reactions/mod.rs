//! What the registry does because of what happened elsewhere, or to its own accounts.

mod close_account;
mod keep_place;
mod restrict_uncertified;

pub use close_account::CloseAccount;
pub use keep_place::KeepPlace;
pub use restrict_uncertified::{BASIS, RestrictUncertified};

use std::sync::Arc;

use casebook_eventlog::RecordedEvent;
use casebook_execution::reaction::NotNow;
use casebook_execution::{Clock, Context, ExecuteError, Executed, Metadata, Store};
use casebook_kernel::ids::AccountId;
use casebook_kernel::{Actor, Timestamp};

use crate::domain::account::{AccountCommand, AccountRefusal, AccountRegistry};

/// In whose name the registry reacts, and by which clock and policy.
#[derive(Debug, Clone)]
pub struct Reacting {
    pub accounts: Arc<Store<AccountRegistry>>,
    pub system: Actor,
    pub policy_version: Arc<str>,
    pub clock: Arc<dyn Clock>,
}

impl Reacting {
    fn context(&self, event: &RecordedEvent, what: &str) -> Result<Context, NotNow> {
        let metadata = Metadata::parse(&event.metadata).map_err(NotNow)?;
        let now = self.clock.now();
        Ok(Context::following(event.id, metadata.correlation, what, &self.system, &self.policy_version, now))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Gives a command that follows from `event`. A refusal is an answer: there is nothing to be done.
    async fn command(
        &self,
        event: &RecordedEvent,
        what: &str,
        account_id: AccountId,
        command: AccountCommand,
    ) -> Result<(), NotNow> {
        let context = self.context(event, what)?;
        let executed: Result<Executed<AccountRegistry>, ExecuteError<AccountRefusal>> =
            self.accounts.execute(account_id.uuid(), &context, command).await;
        match executed {
            Ok(_) => Ok(()),
            Err(ExecuteError::Refused(refusal)) => {
                tracing::debug!(%account_id, what, %refusal, "nothing to be done");
                Ok(())
            }
            Err(error) => Err(NotNow(error.to_string())),
        }
    }
}

/// Anything that went wrong on the way to an answer.
fn not_now(error: impl std::fmt::Display) -> NotNow {
    NotNow(error.to_string())
}
