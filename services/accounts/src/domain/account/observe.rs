//! The rules of what is observed about an account: its name and its followers.

use casebook_kernel::Timestamp;

use super::event::Happened;
use super::refusal::AccountRefusal;
use super::state::{Account, FollowerCount};
use crate::domain::authority::Observer;
use crate::domain::form::{self, SubjectKind};

/// A change of name is a fact and is recorded even where it breaks a rule; the misuse is marked (R13).
pub(super) fn handle(
    account: &Account,
    observer: &Observer,
    new_handle: String,
    institution_names: &[String],
    observed_at: Timestamp,
) -> Result<Happened, AccountRefusal> {
    check_sees(account, observer)?;
    if new_handle == account.declaration.handle {
        return Err(AccountRefusal::NothingChanged);
    }
    if observed_at <= account.handle_observed_at {
        return Err(AccountRefusal::Stale { last: account.handle_observed_at });
    }
    let personal = account.declaration.subject_kind == SubjectKind::Personal;
    Ok(Happened::HandleChanged {
        old_handle: account.declaration.handle.clone(),
        institution_name_misused: personal && form::uses_name(&new_handle, institution_names),
        new_handle,
        observed_at,
    })
}

pub(super) fn followers(
    account: &Account,
    observer: &Observer,
    followers: u64,
    head_account_followers: u64,
    observed_at: Timestamp,
) -> Result<Happened, AccountRefusal> {
    check_sees(account, observer)?;
    if let Some(last) = account.followers.filter(|last| observed_at <= last.observed_at) {
        return Err(AccountRefusal::Stale { last: last.observed_at });
    }
    let head_account = followers >= head_account_followers;
    Ok(Happened::FollowersObserved(FollowerCount { followers, observed_at, head_account }))
}

fn check_sees(account: &Account, observer: &Observer) -> Result<(), AccountRefusal> {
    let declaration = &account.declaration;
    if observer.sees(declaration.platform.as_str(), declaration.institution_id, declaration.region) {
        return Ok(());
    }
    Err(match observer {
        Observer::Platform(_) => AccountRefusal::OtherPlatform,
        Observer::Office(_) | Observer::System => AccountRefusal::ActsForAnother,
    })
}
