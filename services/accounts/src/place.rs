//! The place of an institution's own account on a platform: there is one, and one more for each exception (R12).
//!
//! A place is a claim, so two declarations that want it meet at the log. It follows its account: it is free when
//! the declaration is withdrawn or the account deregistered. A closed account keeps its place, because its closure may
//! be undone; an institution that needs another account meanwhile asks for an exception.

use casebook_execution::{ClaimError, ClaimKey, Claims, Context, Holder, Store, Taken};
use casebook_kernel::ids::{AccountId, InstitutionId};
use casebook_policy::AccountLevel;
use uuid::Uuid;

use crate::domain::account::{AccountRegistry, AccountState, Quota};
use crate::domain::institution::Registered;

const KIND: &str = "institution-platform";
const FIRST: &str = "first";
const GIVING_UP: [&str; 2] = ["casebook.accounts.v1.DeclarationWithdrawn", "casebook.accounts.v1.AccountDeregistered"];

fn key(claims: &Claims, institution_id: InstitutionId, platform: &str, exception: Option<Uuid>) -> ClaimKey {
    let slot = exception.map_or_else(|| FIRST.to_owned(), |id| id.to_string());
    claims.key(KIND, &[&institution_id.to_string(), platform, &slot])
}

impl Holder for AccountRegistry {
    fn held(state: &AccountState, claims: &Claims) -> Vec<ClaimKey> {
        let own = state.account().filter(|account| account.declaration.level == AccountLevel::Institution);
        let Some(account) = own.filter(|account| !account.phase.was_given_up()) else { return Vec::new() };
        let declaration = &account.declaration;
        let platform = declaration.platform.as_str();
        vec![key(claims, declaration.institution_id, platform, declaration.quota_exception)]
    }

    fn gives_up(event_type: &str) -> bool {
        GIVING_UP.contains(&event_type)
    }
}

/// Takes a free place for an account: the first, or that of an exception in force.
pub async fn take(
    claims: &Claims,
    accounts: &Store<AccountRegistry>,
    institution: &Registered,
    platform: &str,
    account_id: AccountId,
    context: &Context,
) -> Result<(Quota, Option<Taken>), ClaimError> {
    let exceptions = institution.exceptions_on(platform, context.now).map(|exception| Some(exception.exception_id));
    for slot in std::iter::once(None).chain(exceptions) {
        let key = key(claims, institution.institution_id, platform, slot);
        match claims.take(accounts, &key, account_id.uuid(), context).await {
            Ok(taken) => return Ok((slot.map_or(Quota::First, Quota::Exception), Some(taken))),
            Err(ClaimError::Held { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((Quota::Exhausted, None))
}
