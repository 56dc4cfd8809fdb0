//! The place of an institution's own account on a platform: there is one, and one more for each exception (R12).
//!
//! A place is a claim, so two declarations that want it meet at the log. It follows its account: it is given back when
//! the declaration is withdrawn or the account deregistered. A closed account keeps its place, because its closure may
//! be undone; an institution that needs another account meanwhile asks for an exception.

use casebook_eventlog::StreamName;
use casebook_execution::{ClaimError, ClaimKey, Claims, Context, Store};
use casebook_kernel::ids::{AccountId, InstitutionId};
use casebook_policy::AccountLevel;
use uuid::Uuid;

use crate::domain::account::{Account, AccountRegistry, Quota};
use crate::domain::institution::Registered;

const KIND: &str = "institution-platform";
const FIRST: &str = "first";

fn key(claims: &Claims, institution_id: InstitutionId, platform: &str, exception: Option<Uuid>) -> ClaimKey {
    let slot = exception.map_or_else(|| FIRST.to_owned(), |id| id.to_string());
    claims.key(KIND, &[&institution_id.to_string(), platform, &slot])
}

fn owner(account_id: AccountId) -> StreamName {
    Store::<AccountRegistry>::stream(account_id.uuid())
}

/// Takes a free place for an account: the first, or that of an exception in force.
pub async fn take(
    claims: &Claims,
    institution: &Registered,
    platform: &str,
    account_id: AccountId,
    context: &Context,
) -> Result<Quota, ClaimError> {
    let owner = owner(account_id);
    let exceptions = institution.exceptions_on(platform, context.now).map(|exception| Some(exception.exception_id));
    for slot in std::iter::once(None).chain(exceptions) {
        match claims.take(&key(claims, institution.institution_id, platform, slot), &owner, context).await {
            Ok(()) => return Ok(slot.map_or(Quota::First, Quota::Exception)),
            Err(ClaimError::Held { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Quota::Exhausted)
}

/// Gives back what was taken for a declaration that was refused, unless the account as it is holds that very place.
pub async fn give_back(
    claims: &Claims,
    institution_id: InstitutionId,
    platform: &str,
    (account_id, account): (AccountId, Option<&Account>),
    quota: Quota,
    context: &Context,
) -> Result<(), ClaimError> {
    let exception = match quota {
        Quota::First => None,
        Quota::Exception(exception) => Some(exception),
        Quota::Exhausted => return Ok(()),
    };
    let holds = |account: &Account| {
        let declaration = &account.declaration;
        !account.phase.is_given_up()
            && declaration.level == AccountLevel::Institution
            && declaration.institution_id == institution_id
            && declaration.quota_exception == exception
    };
    if account.is_some_and(holds) {
        return Ok(());
    }
    claims.release(&key(claims, institution_id, platform, exception), &owner(account_id), context).await
}

/// Makes the claim say what the account is: held while the account is not given up, free afterwards.
pub async fn follow(claims: &Claims, account: &Account, context: &Context) -> Result<(), ClaimError> {
    let declaration = &account.declaration;
    if declaration.level != AccountLevel::Institution {
        return Ok(());
    }
    let key = key(claims, declaration.institution_id, declaration.platform.as_str(), declaration.quota_exception);
    let owner = owner(declaration.account_id());
    if account.phase.is_given_up() {
        claims.release(&key, &owner, context).await
    } else {
        claims.take(&key, &owner, context).await
    }
}
