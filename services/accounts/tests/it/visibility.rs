//! Who may know of a declared account: one by one, in its history, in lists. What is not for the caller was never declared, and
//! every read is in the log.

use casebook_accounts::domain::visibility::Sight;
use casebook_authz::Principal;
use casebook_kernel::ids::AccountId;
use casebook_proto::accounts::v1 as pb;
use casebook_proto::accounts::v1::accounts_service_server::AccountsService as _;
use casebook_proto::common::v1::Role;
use tonic::Code;

use crate::house::{House, auditor, by, declaration, id_of_request, office, operator, platform, refused, registrar};
use crate::people::{self, other_office};

/// What a caller finds of uid-1: by id, in the history, among the accounts and with its measures. Where it finds nothing it is told
/// no more than that nothing is declared.
async fn finds(house: &House, who: &Principal, id: &str) -> bool {
    let unknown = (Code::NotFound, "NOTHING_DECLARED".to_owned());
    let get = pb::GetAccountRequest { account_id: id.into(), ..Default::default() };
    let got = house.api.get_account(by(who.clone(), get)).await;
    let found = got.is_ok();
    if let Err(status) = got {
        assert_eq!(refused::<()>(Err(status)), unknown);
    }
    let measures = pb::ListMeasuresInForceRequest {
        platform: "douyin".into(),
        platform_uid: "uid-1".into(),
        ..Default::default()
    };
    assert_eq!(house.api.list_measures_in_force(by(who.clone(), measures)).await.is_ok(), found);
    let history = pb::ListAccountHistoryRequest { account_id: id.into(), ..Default::default() };
    assert_eq!(house.api.list_account_history(by(who.clone(), history)).await.is_ok(), found);
    let list = pb::ListAccountsRequest { at_least_position: house.head().await, ..Default::default() };
    let listed = house.api.list_accounts(by(who.clone(), list)).await.unwrap().into_inner().accounts;
    assert_eq!(listed.iter().any(|account| account.account_id == id), found, "rows and the log agree");
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hospital_reads_its_own_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    house.register().await;
    let account = house.file(declaration("uid-1")).await;
    let id = account.account_id;
    let elsewhere = Principal { actor: other_office(), roles: vec![Role::Institution] };
    for (who, sees) in [
        (auditor(), true),
        (registrar(), true),
        (office("p-clerk"), true),
        (elsewhere, false),
        (platform("douyin"), true),
        (platform("weibo"), false),
        (operator("uid-1"), true),
        (operator("uid-2"), false),
        // Somebody who is nobody's, and an operator whose token has another role beside: it opens nothing more.
        (Principal { actor: registrar().actor, roles: vec![Role::Portal] }, false),
        (Principal { roles: vec![Role::Subject, Role::Registrar], ..operator("uid-2") }, false),
        (Principal { roles: vec![Role::Subject, Role::Subject], ..operator("uid-2") }, false),
    ] {
        assert_eq!(finds(&house, &who, &id).await, sees, "{:?}", who.actor);
    }
    // An institution learns nothing of accounts that nobody declared: nor that nobody did.
    let undeclared = pb::ListMeasuresInForceRequest {
        platform: "douyin".into(),
        platform_uid: "uid-9".into(),
        ..Default::default()
    };
    let refusal = house.api.list_measures_in_force(by(office("p-clerk"), undeclared)).await;
    assert_eq!(refused(refusal), (Code::NotFound, "NOTHING_DECLARED".to_owned()));
    assert!(house.reads_of(&format!("account-{id}")).await >= 16, "also what is refused is written down");
    house.close().await;
}

/// A write asks what a read asks: whoever may not know of the account is told that nobody declared it, not whose it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_on_an_account_of_others_meets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    house.register().await;
    let account_id = house.file(declaration("uid-1")).await.account_id;
    let elsewhere = Principal { actor: other_office(), roles: vec![Role::Institution] };
    let unknown = (Code::NotFound, "NOTHING_DECLARED".to_owned());
    let request_id = id_of_request;
    let (reasons, id) = ("停用".to_owned(), account_id.clone());
    let submit = pb::SubmitDeclarationRequest { request_id: request_id(), account_id: id, ..Default::default() };
    assert_eq!(refused(house.api.submit_declaration(by(elsewhere.clone(), submit)).await), unknown);
    let id = account_id.clone();
    let close = pb::CloseAccountRequest { request_id: request_id(), account_id: id, reasons, ..Default::default() };
    assert_eq!(refused(house.api.close_account(by(elsewhere.clone(), close)).await), unknown);
    house.clock.turn_to(people::at(8));
    let observed_at = Some(casebook_proto::timestamp(people::at(8)));
    let handle = || pb::RecordHandleChangeRequest {
        request_id: request_id(),
        account_id: account_id.clone(),
        new_handle: "张医生说".into(),
        observed_at,
        ..Default::default()
    };
    let followers = || pb::RecordFollowerSnapshotRequest {
        request_id: request_id(),
        account_id: account_id.clone(),
        followers: 7,
        observed_at,
        ..Default::default()
    };
    assert_eq!(refused(house.api.record_handle_change(by(elsewhere.clone(), handle())).await), unknown);
    assert_eq!(refused(house.api.record_follower_snapshot(by(elsewhere, followers())).await), unknown);
    assert_eq!(refused(house.api.record_handle_change(by(platform("weibo"), handle())).await), unknown);
    assert_eq!(refused(house.api.record_follower_snapshot(by(platform("weibo"), followers())).await), unknown);
    assert!(house.api.record_follower_snapshot(by(platform("douyin"), followers())).await.is_ok());
    house.close().await;
}

/// The rule by itself.
#[test]
fn measures_on_undeclared_accounts_are_for_whoever_carries_them_out() {
    let account = AccountId::of("douyin", "uid-9");
    for (sight, reaches) in [
        (Sight::Everything, true),
        (Sight::Institution(people::hospital().to_string()), false),
        (Sight::Platform("douyin".into()), true),
        (Sight::Platform("weibo".into()), false),
        (Sight::Account(account), true),
        (Sight::Account(AccountId::of("douyin", "uid-1")), false),
        (Sight::Nothing, false),
    ] {
        assert_eq!(sight.reaches_undeclared("douyin", account), reaches, "{sight:?}");
    }
}
