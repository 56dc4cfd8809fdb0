//! Names and followers over time (R02, R06, R13).

use casebook_accounts::domain::account::{AccountCommand, AccountEvent, AccountRefusal, FollowerCount, Happened};
use casebook_accounts::domain::authority::Observer;
use casebook_kernel::ids::AccountId;

use crate::people::{HEAD_ACCOUNT, HOSPITAL, at, filed, nothing, other_office};

fn douyin() -> Observer {
    Observer::Platform("douyin".into())
}

fn rename(observer: Observer, new_handle: &str, day: u32) -> AccountCommand {
    AccountCommand::ChangeHandle {
        observer,
        new_handle: new_handle.into(),
        institution_names: vec![HOSPITAL.into()],
        observed_at: at(day),
    }
}

fn count(observer: Observer, followers: u64, day: u32) -> AccountCommand {
    AccountCommand::CountFollowers { observer, followers, head_account_followers: HEAD_ACCOUNT, observed_at: at(day) }
}

/// R06: from 100,000 followers on an account is a head account.
#[test]
fn a_head_account_has_a_hundred_thousand_followers() {
    for (followers, head_account) in [(99_999, false), (100_000, true)] {
        filed().when(count(douyin(), followers, 8)).then([AccountEvent {
            account_id: AccountId::of("douyin", "uid-1"),
            happened: Happened::FollowersObserved(FollowerCount { followers, observed_at: at(8), head_account }),
        }]);
    }
}

/// R06: counts come in the order of time; an account that falls below is no head account any more.
#[test]
fn an_older_count_is_refused() {
    let counted = filed().after(count(douyin(), 120_000, 8));
    for day in [7, 8] {
        counted.clone().when(count(douyin(), 5, day)).refused(AccountRefusal::Stale { last: at(8) });
    }
    let state = counted.after(count(Observer::System, 90_000, 9)).state();
    assert!(!state.account().unwrap().followers.unwrap().head_account);
}

#[test]
fn a_platform_reports_of_its_own_accounts() {
    let weibo = || Observer::Platform("weibo".into());
    filed().when(count(weibo(), 5, 8)).refused(AccountRefusal::OtherPlatform);
    filed().when(rename(weibo(), "新名", 8)).refused(AccountRefusal::OtherPlatform);
    filed().when(rename(Observer::Office(other_office()), "新名", 8)).refused(AccountRefusal::ActsForAnother);
    nothing().when(count(douyin(), 5, 8)).refused(AccountRefusal::NothingDeclared);
}

/// R02: a handle may change; the account is the same, and its names are remembered.
#[test]
fn a_handle_changes_and_the_account_stays() {
    let renamed = filed().when(rename(douyin(), "张医生说心脏", 8)).then([AccountEvent {
        account_id: AccountId::of("douyin", "uid-1"),
        happened: Happened::HandleChanged {
            old_handle: "张医生聊养生".into(),
            new_handle: "张医生说心脏".into(),
            observed_at: at(8),
            institution_name_misused: false,
        },
    }]);
    let state = renamed.clone().after(rename(douyin(), "心脏张", 9)).state();
    let account = state.account().unwrap();
    assert_eq!(account.declaration.handle, "心脏张");
    assert_eq!(account.former_handles, ["张医生说心脏", "张医生聊养生"]);
    renamed.clone().when(rename(douyin(), "张医生说心脏", 9)).refused(AccountRefusal::NothingChanged);
    renamed.when(rename(douyin(), "旧名", 7)).refused(AccountRefusal::Stale { last: at(8) });
}

/// R13: the change is a fact and recorded; that it breaks the rule is said until the name is given up.
#[test]
fn taking_the_institutions_name_is_marked() {
    let misused = filed().after(rename(douyin(), "绍兴市中医院官方", 8));
    assert!(misused.state().account().unwrap().institution_name_misused);
    let mended = misused.after(rename(douyin(), "张医生", 9));
    assert!(!mended.state().account().unwrap().institution_name_misused);
}
