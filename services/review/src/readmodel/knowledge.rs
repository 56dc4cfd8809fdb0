//! What review knows of accounts and their credentials: rows made of the events of the services that decide about them.

use std::sync::Arc;
use std::time::Duration;

use casebook_eventlog::Position;
use casebook_execution::Head;
use casebook_kernel::Timestamp;
use casebook_kernel::ids::AccountId;
use casebook_readmodel::{ReadModel, View, WaitError};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use crate::codec::values::{standing, standing_of};
use crate::domain::standing::{
    AccountFacts, AccountStanding, Certification, KnownAccount, KnownAccountState, KnownCredential,
    KnownCredentialState, VerifiedPeriod, certification_at,
};

/// How long a look-up waits for its rows to be as new as the event that it is made for.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most credentials of one account that are looked at.
const CREDENTIALS_MAX: u64 = 256;

/// Why an account could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error(transparent)]
    Behind(#[from] WaitError),
}

/// Answers for accounts.
#[derive(Debug, Clone)]
pub(crate) struct Knowledge {
    model: Arc<ReadModel>,
}

impl Knowledge {
    pub fn new(model: Arc<ReadModel>) -> Self {
        Self { model }
    }

    /// Waits until everything up to `position` is known.
    pub async fn reaches(&self, position: Position) -> Result<(), KnowledgeError> {
        Ok(self.model.wait_for(position, PATIENCE).await?)
    }

    /// How the account stands, and whether a verified credential covered the moment of publication (R33).
    pub async fn facts(&self, account_id: AccountId, published_at: Timestamp) -> Result<AccountFacts, KnowledgeError> {
        Ok(AccountFacts {
            standing: self.standing(account_id).await?,
            certification: self.certification(account_id, published_at).await?,
        })
    }

    pub async fn standing(&self, account_id: AccountId) -> Result<AccountStanding, KnowledgeError> {
        let row = account::Entity::find_by_id(account_id.to_string()).one(self.model.reader()).await?;
        // A row without a standing that this build knows counts as an account that nobody declared.
        Ok(row.and_then(|row| standing(row.standing).ok()).unwrap_or_default())
    }

    async fn certification(&self, account_id: AccountId, moment: Timestamp) -> Result<Certification, KnowledgeError> {
        let rows = credential::Entity::find()
            .filter(credential::Column::AccountId.eq(account_id.to_string()))
            .limit(CREDENTIALS_MAX)
            .all(self.model.reader())
            .await?;
        let time = Timestamp::from_timestamp_micros;
        let periods: Vec<_> = rows
            .iter()
            .filter_map(|row| Some(VerifiedPeriod { from: time(row.from_us)?, until: row.until_us.and_then(time) }))
            .collect();
        Ok(certification_at(&periods, moment))
    }
}

pub(crate) mod account {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "known_accounts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// The number of `casebook.review.v1.AccountStanding`.
        pub standing: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod credential {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "known_credentials")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub account_id: String,
        /// Microseconds since the epoch.
        pub from_us: i64,
        /// The same, exclusive; none: it has not ended.
        pub until_us: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Debug)]
pub(crate) struct AccountView;

impl View for AccountView {
    type Aggregate = KnownAccount;
    type Entity = account::Entity;

    fn row(id: Uuid, state: &KnownAccountState, _: &Head) -> Option<account::Model> {
        Some(account::Model { id: id.to_string(), standing: standing_of(state.standing()).into() })
    }
}

#[derive(Debug)]
pub(crate) struct CredentialView;

impl View for CredentialView {
    type Aggregate = KnownCredential;
    type Entity = credential::Entity;

    fn row(id: Uuid, state: &KnownCredentialState, _: &Head) -> Option<credential::Model> {
        match state {
            KnownCredentialState::Unverified => None,
            KnownCredentialState::Verified { account, period } => Some(credential::Model {
                id: id.to_string(),
                account_id: account.to_string(),
                from_us: period.from.timestamp_micros(),
                until_us: period.until.map(|until| until.timestamp_micros()),
            }),
        }
    }
}
