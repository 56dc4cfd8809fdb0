//! Holds a version of an item against the rule pack, with what is known of the account at the moment of publication.

use std::sync::Arc;

use casebook_execution::reaction::Undone;
use casebook_execution::{Context, ExecuteError, Executed, Store};
use casebook_kernel::Timestamp;
use casebook_kernel::ids::AccountId;

use crate::domain::item::{Item, ItemCommand, ItemRefusal, ObservedItem};
use crate::domain::screening::{Passage, Screener};
use crate::domain::standing::AccountFacts;
use crate::readmodel::{Knowledge, KnowledgeError};

/// Why an examination did not come to an end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExaminationError {
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    #[error(transparent)]
    Execute(#[from] ExecuteError<ItemRefusal>),
}

impl From<ExaminationError> for Undone {
    fn from(error: ExaminationError) -> Self {
        match error {
            ExaminationError::Knowledge(error) => Self::not_now(error),
            ExaminationError::Execute(error) => error.into(),
        }
    }
}

/// Examines items.
#[derive(Debug, Clone)]
pub(crate) struct Examiner {
    pub items: Arc<Store<Item>>,
    pub knowledge: Knowledge,
    pub screener: Arc<Screener>,
}

impl Examiner {
    /// What is judged: the account at the moment of publication or, where nobody knows that, of capture (R33).
    pub async fn facts(
        &self,
        account_id: AccountId,
        published_at: Option<Timestamp>,
        observed_at: Timestamp,
    ) -> Result<AccountFacts, KnowledgeError> {
        self.knowledge.facts(account_id, published_at.unwrap_or(observed_at)).await
    }

    /// The command that records what the rule pack says of a version; none where there is no such version.
    pub async fn examine(
        &self,
        item: &ObservedItem,
        version: u32,
        now: Timestamp,
    ) -> Result<Option<ItemCommand>, KnowledgeError> {
        let Some(captured) = item.version(version) else { return Ok(None) };
        let capture = &item.observed.capture;
        let account = self.facts(capture.account_id(), capture.published_at, captured.observed_at).await?;
        let passage = Passage {
            text: &captured.snapshot.text,
            labels: &captured.snapshot.labels,
            links: &captured.snapshot.links,
            certification: account.certification,
        };
        Ok(Some(ItemCommand::Screen {
            version,
            screening: self.screener.screen(&passage),
            rule_pack_version: self.screener.version().to_owned(),
            account,
            now,
        }))
    }

    /// Examines a version and records what came of it; none where it was examined before, to the same result.
    pub async fn screen(
        &self,
        context: &Context,
        item: &ObservedItem,
        version: u32,
    ) -> Result<Option<Executed<Item>>, ExaminationError> {
        let Some(command) = self.examine(item, version, context.now).await? else { return Ok(None) };
        match self.items.execute(item.observed.item_id.uuid(), context, command).await {
            Ok(executed) => Ok(Some(executed)),
            Err(ExecuteError::Refused(ItemRefusal::AlreadyScreened)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
