//! An interim restriction has an end (S1 §4-5): whoever looks into something has the two months that S1 §5 gives to whoever is
//! to be certified.

use async_trait::async_trait;
use casebook_execution::batch::part;
use casebook_execution::reaction::{Undone, carry_out};
use casebook_execution::timer::{DueTimer, OnDue};
use casebook_kernel::Timestamp;
use casebook_kernel::calendar::{CalendarError, Reckoned, reckon};
use casebook_policy::{DeadlineName, PolicySet};

use super::Reacting;
use crate::domain::account::{AccountCommand, Phase};
use crate::domain::authority::Authority;

/// The only timer of an account.
pub const RESTRICTION_END: &str = "restriction_end";
const REASONS: &str = "期限届满";

/// When a restriction ends that begins at `start`. Where the calendar of that year is not published it is the earliest day that
/// may be meant: nobody stays restricted for want of a calendar.
pub fn interim_end(policy: &PolicySet, start: Timestamp) -> Result<Timestamp, CalendarError> {
    Ok(match reckon(start, policy.pack.deadline(DeadlineName::Recertification).term(), &policy.calendar)? {
        Reckoned::Final(deadline) => deadline.due,
        Reckoned::Provisional { at_earliest, .. } => at_earliest.due,
    })
}

pub struct EndRestrictions {
    pub reacting: Reacting,
}

#[async_trait]
impl OnDue for EndRestrictions {
    async fn fire(&self, timer: &DueTimer, now: Timestamp) -> Result<(), Undone> {
        let Some(id) = timer.stream.id().filter(|_| timer.kind == RESTRICTION_END) else { return Ok(()) };
        let state = self.reacting.accounts.load(id).await?.state;
        let Some(Phase::Restricted { restrictions, .. }) = state.account().map(|account| &account.phase) else {
            return Ok(());
        };
        let context = self.reacting.reactor.context_of(timer, now);
        for over in restrictions.iter().filter(|one| one.until.is_some_and(|until| until <= now)) {
            let restriction_id = over.restriction_id;
            let command = AccountCommand::LiftRestriction {
                authority: Authority::System,
                restriction_id,
                reasons: REASONS.to_owned(),
                now,
            };
            // Several may end at once: each is a command of its own.
            let context = part(&context, &format!("lift {restriction_id}"));
            carry_out(&self.reacting.accounts, id, &context, command).await?.ok();
        }
        Ok(())
    }
}
