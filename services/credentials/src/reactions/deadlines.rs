//! What is due: supplements, reminders, the ends of verifications and of notices (R32, X12, X13).

use std::sync::Arc;

use async_trait::async_trait;
use casebook_execution::reaction::{Reactor, Undone, carry_out};
use casebook_execution::timer::{DueTimer, OnDue};
use casebook_execution::{Aggregate, Context};
use casebook_kernel::Timestamp;
use casebook_kernel::calendar::{CalendarError, reckon};
use casebook_kernel::ids::AccountId;
use casebook_policy::{DeadlineName, PolicySet};
use casebook_readmodel::ReadModel;
use uuid::Uuid;

use crate::domain::credential::{Credential, CredentialCommand, Stage, Supplement};
use crate::domain::due::Due;
use crate::domain::recertification::{Certified, Recertification, RecertificationCommand, RecertificationState};
use crate::grpc::Stores;
use crate::readmodel::credentials_of_account;

/// The kinds of timers. Append only: they stand in the ids of requests.
pub const SUPPLEMENT: &str = "supplement";
pub const EXPIRING: &str = "expiring";
pub const EXPIRED: &str = "expired";
pub const NOTICE_REMINDER: &str = "reminder";
pub const NOTICE_DUE: &str = "due";
pub const SUSPENSION_END: &str = "suspension_end";
const SUSPENSION_OVER: &str = "期限届满";

/// When a term of the pack that starts at `start` ends, as far as the published calendars tell.
pub fn due(policy: &PolicySet, name: DeadlineName, start: Timestamp) -> Result<Due, CalendarError> {
    reckon(start, policy.pack.deadline(name).term(), &policy.calendar).map(Due::from)
}

/// When a suspension ends that begins at `start`: whoever looks into a credential has the two months that S1 §5 gives to
/// whoever is to be certified. For want of a calendar nobody stays suspended: the earliest day that may be meant counts.
pub fn interim_end(policy: &PolicySet, start: Timestamp) -> Result<Timestamp, CalendarError> {
    due(policy, DeadlineName::Recertification, start).map(|due| due.at)
}

/// Fires the deadlines of the credentials service.
pub struct Deadlines {
    pub stores: Stores,
    pub model: Arc<ReadModel>,
    pub policy: Arc<PolicySet>,
    pub reactor: Reactor,
}

#[async_trait]
impl OnDue for Deadlines {
    async fn fire(&self, timer: &DueTimer, now: Timestamp) -> Result<(), Undone> {
        let Some(id) = timer.stream.id() else {
            return Err(Undone::Never(format!("`{}` is not named by an id", timer.stream)));
        };
        let context = self.reactor.context_of(timer, now);
        match timer.stream.category() {
            Credential::CATEGORY => self.credential(id, &timer.kind, &context).await,
            Recertification::CATEGORY => self.recertification(id, &timer.kind, &context).await,
            other => Err(Undone::Never(format!("`{other}` has no deadlines here"))),
        }
    }
}

impl Deadlines {
    async fn credential(&self, id: Uuid, kind: &str, context: &Context) -> Result<(), Undone> {
        let now = context.now;
        let command = match kind {
            SUPPLEMENT => match self.supplement_due(id).await? {
                Some(due) => CredentialCommand::LapseSupplement { due, now },
                None => return Ok(()),
            },
            EXPIRING => CredentialCommand::RemindOfExpiry { now },
            EXPIRED => CredentialCommand::Expire { now },
            SUSPENSION_END => CredentialCommand::EndSuspension { reasons: SUSPENSION_OVER.to_owned(), now },
            other => return Err(Undone::Never(format!("a credential has no deadline `{other}`"))),
        };
        carry_out(&self.stores.credentials, id, context, command).await.map(|_| ())
    }

    /// The end of the supplement's term, reckoned anew: a calendar may have been published since.
    async fn supplement_due(&self, id: Uuid) -> Result<Option<Due>, Undone> {
        let loaded = self.stores.credentials.load(id).await?;
        match loaded.state.application().map(|application| &application.supplement) {
            Some(Supplement::Asked { at, .. }) => {
                due(&self.policy, DeadlineName::CredentialSupplement, *at).map(Some).map_err(Undone::never)
            }
            _ => Ok(None),
        }
    }

    async fn recertification(&self, id: Uuid, kind: &str, context: &Context) -> Result<(), Undone> {
        let now = context.now;
        let command = match kind {
            NOTICE_REMINDER => RecertificationCommand::Remind { now },
            NOTICE_DUE => match self.stores.recertifications.load(id).await?.state {
                RecertificationState::Running { notice, .. } => {
                    let due = due(&self.policy, DeadlineName::Recertification, notice.served_at);
                    let due = due.map_err(Undone::never)?;
                    let certified = self.certified(notice.account.id, now).await?;
                    RecertificationCommand::Lapse { due, certified, now }
                }
                RecertificationState::Absent
                | RecertificationState::Lapsed { .. }
                | RecertificationState::Fulfilled { .. } => return Ok(()),
            },
            other => return Err(Undone::Never(format!("a notice has no deadline `{other}`"))),
        };
        carry_out(&self.stores.recertifications, id, context, command).await.map(|_| ())
    }
}

impl Deadlines {
    /// The account's verification that is in force, whether or not its badge is in view.
    async fn certified(&self, account: AccountId, now: Timestamp) -> Result<Option<Certified>, Undone> {
        let ids = credentials_of_account(&self.model, account).await.map_err(Undone::not_now)?;
        for id in ids {
            let loaded = self.stores.credentials.load(id.uuid()).await?;
            if let Some(Stage::Verified(verification)) =
                loaded.state.application().map(|application| &application.stage)
                && now < verification.until
            {
                return Ok(Some(Certified { credential: id, since: verification.from }));
            }
        }
        Ok(None)
    }
}
