//! What the caller may know of. What nobody declared and what is not for the caller cannot be told apart.

use casebook_authz::{Principal, Standing};
use casebook_bootstrap::store_status;
use casebook_kernel::ids::AccountId;
use tonic::Status;

use super::{Calls, refusal};
use crate::domain::account::Account;
use crate::domain::visibility::Sight;

pub(super) fn sight(principal: &Principal) -> Sight {
    match principal.standing() {
        Standing::Auditor | Standing::Officer | Standing::System => Sight::Everything,
        Standing::Institution(id) => Sight::Institution(id.to_owned()),
        Standing::Platform(id) => Sight::Platform(id.to_owned()),
        Standing::Subject(account) => Sight::Account(account),
        Standing::Nothing => Sight::Nothing,
    }
}

impl Calls {
    /// An account as it is now. Refuses what is said or asked of one that the caller may not know of, as if nobody had declared it.
    pub(super) async fn known_account(&self, sight: &Sight, id: AccountId) -> Result<Account, Status> {
        match self.accounts.load(id.uuid()).await.map_err(store_status)?.state.account() {
            Some(account) if sight.reaches(&account.declaration) => Ok(account.clone()),
            Some(_) | None => Err(refusal::unknown_account()),
        }
    }
}
