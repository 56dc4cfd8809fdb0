//! The service as callers meet it: journeys, claims, receipts, lists, figures, restarts.

use casebook_accounts::domain::account::ApprovalStep;
use casebook_proto::accounts::v1 as pb;
use casebook_proto::accounts::v1::accounts_service_server::AccountsService as _;
use casebook_proto::timestamp;
use tonic::Code;
use uuid::Uuid;

use crate::house::{
    House, auditor, box_number, by, declaration, id_of_request, office, operator, own_declaration, platform, refused,
    registrar, registration, sign, violated,
};
use crate::people::{at, hospital};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// R01, R14-R16: from the registration of a hospital to the agency's record, and a history that tells it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doctors_account_comes_onto_the_record() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    let institution = house.register().await;
    assert_eq!(institution.office, format!("institution-{}", institution.institution_id));
    let account = house.file(declaration("uid-1")).await;
    assert_eq!(account.state(), pb::AccountState::Filed);
    assert_eq!(
        account.signatures.iter().map(|one| one.signer.as_str()).collect::<Vec<_>>(),
        ["p-head", "p-medical", "p-office", "p-leader"]
    );
    assert_eq!(account, house.account("douyin", "uid-1").await);

    let history =
        pb::ListAccountHistoryRequest { account_id: account.account_id.clone(), page_size: 3, ..Default::default() };
    let first = house.api.list_account_history(by(auditor(), history.clone())).await.unwrap().into_inner();
    let rest = pb::ListAccountHistoryRequest { page_size: 10, page_token: first.next_page_token.clone(), ..history };
    let rest = house.api.list_account_history(by(auditor(), rest)).await.unwrap().into_inner();
    assert_eq!((first.entries.len(), rest.entries.len(), rest.next_page_token.as_str()), (3, 4, ""));
    assert_eq!(rest.entries[3].event_type, "casebook.accounts.v1.AccountFiled");
    house.verify().await;
    house.close().await;
}

/// A wrong check character of a credit code is a warning in the reply.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_check_character_is_answered_with_a_warning() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    let odd = pb::RegisterInstitutionRequest { uscc: "91350100M000100Y44".into(), ..registration() };
    let reply = house.api.register_institution(by(registrar(), odd)).await.unwrap().into_inner();
    assert_eq!(
        reply.institution.unwrap().uscc_warning,
        Some(pb::UsccWarning { expected: "3".into(), found: "4".into() })
    );
    let malformed = pb::RegisterInstitutionRequest { uscc: "123".into(), ..registration() };
    assert_eq!(violated(house.api.register_institution(by(registrar(), malformed)).await), ["uscc"]);
    house.close().await;
}

/// R12: of two institutions that declare one account at once, the one that comes too late has its place back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declaration_that_is_refused_takes_no_place() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    let other = pb::RegisterInstitutionRequest { uscc: "12330000470051726F".into(), ..registration() };
    let other = house.api.register_institution(by(registrar(), other)).await.unwrap().into_inner().institution.unwrap();
    let of_other = |uid| pb::CreateDeclarationRequest {
        institution_id: other.institution_id.clone(),
        request_id: id_of_request(),
        ..own_declaration(uid)
    };
    let (one, another) = tokio::join!(
        house.api.create_declaration(by(registrar(), own_declaration("uid-x"))),
        house.api.create_declaration(by(registrar(), of_other("uid-x"))),
    );
    let late = if one.is_ok() { of_other("uid-y") } else { own_declaration("uid-y") };
    let lost = if one.is_ok() { another } else { one };
    assert_eq!(refused(lost), (Code::AlreadyExists, "HANDLE_ALREADY_DECLARED".to_owned()));
    house.api.create_declaration(by(registrar(), late)).await.expect("the place is free");
    house.rest().await;
    let winner = house.account("weibo", "uid-x").await.institution_id;
    let again = if winner == other.institution_id { of_other("uid-z") } else { own_declaration("uid-z") };
    let again = house.api.create_declaration(by(registrar(), again)).await;
    assert_eq!(refused(again).1, "QUOTA_EXCEEDED", "who won keeps the place");
    house.close().await;
}

/// R12: one account of its own on each platform; a second under an exception; a place given back is free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_institution_has_one_place_a_platform() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    let first = house.file(own_declaration("uid-a")).await;
    let second = || by(office("p-clerk"), own_declaration("uid-b"));
    assert_eq!(
        refused(house.api.create_declaration(second()).await),
        (Code::FailedPrecondition, "QUOTA_EXCEEDED".to_owned())
    );
    let elsewhere = pb::CreateDeclarationRequest { platform: "douyin".into(), ..own_declaration("uid-a") };
    house.api.create_declaration(by(office("p-clerk"), elsewhere)).await.unwrap();

    let grant = pb::GrantQuotaExceptionRequest {
        request_id: id_of_request(),
        institution_id: hospital().to_string(),
        platform: "weibo".into(),
        reason: "儿科分院单独运营".into(),
        expires_at: Some(timestamp(at(20))),
        ..Default::default()
    };
    let granted =
        house.api.grant_quota_exception(by(registrar(), grant)).await.unwrap().into_inner().institution.unwrap();
    let excepted = house.api.create_declaration(second()).await.unwrap().into_inner().account.unwrap();
    assert_eq!(excepted.quota_exception_id, granted.quota_exceptions[0].exception_id);
    let third = || by(office("p-clerk"), own_declaration("uid-c"));
    assert_eq!(refused(house.api.create_declaration(third()).await).1, "QUOTA_EXCEEDED");

    let given_up = pb::DeregisterAccountRequest {
        request_id: id_of_request(),
        account_id: first.account_id,
        reasons: "合并".into(),
        ..Default::default()
    };
    house.api.deregister_account(by(office("p-office"), given_up)).await.unwrap();
    house.rest().await;
    let again = house.api.create_declaration(third()).await.unwrap().into_inner().account.unwrap();
    assert_eq!(again.quota_exception_id, "");
    house.verify().await;
    house.close().await;
}

/// R12: of many declarations at once exactly one gets the place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_race_for_the_place_has_one_winner() {
    let folder = folder();
    let house = std::sync::Arc::new(House::open(folder.path()).await);
    house.register().await;
    let racers = (0..16).map(|number| {
        let house = house.clone();
        tokio::spawn(async move {
            let request = own_declaration(&format!("uid-{number}"));
            house.api.create_declaration(by(office("p-clerk"), request)).await.is_ok()
        })
    });
    let mut winners = 0;
    for racer in racers.collect::<Vec<_>>() {
        winners += u32::from(racer.await.unwrap());
    }
    assert_eq!(winners, 1);
}

/// A declaration that is refused for another reason takes no place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_declaration_takes_no_place() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    let silent = pb::CreateDeclarationRequest { commitment_accepted: false, ..own_declaration("uid-a") };
    assert_eq!(refused(house.api.create_declaration(by(office("p-clerk"), silent)).await).1, "COMMITMENT_MISSING");
    house.api.create_declaration(by(office("p-clerk"), own_declaration("uid-b"))).await.unwrap();
    house.close().await;
}

/// One request id has one effect; other content under it, a stale etag and a rehearsal have none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_takes_effect_once() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    for request in [declaration("uid-1"), own_declaration("uid-h")] {
        let first = house.api.create_declaration(by(office("p-clerk"), request.clone())).await.unwrap().into_inner();
        let again = house.api.create_declaration(by(office("p-clerk"), request.clone())).await.unwrap().into_inner();
        assert_eq!(first, again);
        let other = pb::CreateDeclarationRequest { handle: "别名".into(), ..request };
        assert_eq!(
            refused(house.api.create_declaration(by(office("p-clerk"), other)).await),
            (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned())
        );
    }
    let account_id = house.account("douyin", "uid-1").await.account_id;
    let head = house.head().await;
    let rehearsal = pb::CreateDeclarationRequest { validate_only: true, ..declaration("uid-2") };
    house.api.create_declaration(by(office("p-clerk"), rehearsal)).await.unwrap();
    let stale = pb::SubmitDeclarationRequest {
        request_id: id_of_request(),
        etag: "7".into(),
        account_id: account_id.clone(),
        ..Default::default()
    };
    assert_eq!(
        refused(house.api.submit_declaration(by(office("p-clerk"), stale)).await),
        (Code::FailedPrecondition, "STALE_ETAG".to_owned())
    );
    let early = sign(&account_id, box_number(ApprovalStep::Department));
    assert_eq!(refused(house.api.sign_approval_step(by(office("p-head"), early)).await).1, "NOT_IN_APPROVAL");
    assert_eq!(house.head().await, head, "nothing was written");
    house.close().await;
}

/// Each field at fault is named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_fields_are_named() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    let declare = |request| house.api.create_declaration(by(office("p-clerk"), request));
    let unknown = pb::CreateDeclarationRequest { platform: "myspace".into(), ..declaration("u") };
    assert_eq!(violated(declare(unknown).await), ["platform"]);
    let level = pb::CreateDeclarationRequest { level: 9, ..declaration("u") };
    assert_eq!(violated(declare(level).await), ["level"]);
    let mut form = declaration("u");
    form.details.as_mut().unwrap().supervisors.clear();
    assert_eq!(violated(declare(form).await), ["details.supervisors"]);
    let nowhere = pb::CreateDeclarationRequest { institution_id: Uuid::nil().to_string(), ..declaration("u") };
    assert_eq!(refused(declare(nowhere).await), (Code::NotFound, "INSTITUTION_UNKNOWN".to_owned()));
    let order_by = pb::ListAccountsRequest { order_by: "random()".into(), ..Default::default() };
    assert_eq!(violated(house.api.list_accounts(by(auditor(), order_by)).await), ["order_by"]);
    let mask = pb::AmendAccountRequest {
        request_id: id_of_request(),
        account_id: Uuid::nil().to_string(),
        update_mask: vec!["handle".into()],
        ..Default::default()
    };
    assert_eq!(violated(house.api.amend_account(by(office("p-clerk"), mask)).await), ["update_mask"]);
    let future = pb::RecordFollowerSnapshotRequest {
        request_id: id_of_request(),
        account_id: Uuid::nil().to_string(),
        followers: 1,
        observed_at: Some(timestamp(at(9))),
        ..Default::default()
    };
    assert_eq!(violated(house.api.record_follower_snapshot(by(registrar(), future)).await), ["observed_at"]);
    let unknown = pb::GetAccountRequest { account_id: Uuid::nil().to_string(), ..Default::default() };
    assert_eq!(refused(house.api.get_account(by(auditor(), unknown)).await).0, Code::NotFound);
    house.close().await;
}

/// R03-R06: figures as of now, as of a position and as of a time are those of the log at that point.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_had_as_of_any_moment() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    house.file(declaration("uid-1")).await;
    let then = house.head().await;
    house.clock.turn_to(at(10));
    let second = house.file(own_declaration("uid-h")).await;
    let count = pb::RecordFollowerSnapshotRequest {
        request_id: id_of_request(),
        account_id: second.account_id,
        followers: 493_000,
        observed_at: Some(timestamp(at(10))),
        ..Default::default()
    };
    house.api.record_follower_snapshot(by(platform("weibo"), count)).await.unwrap();
    let now = house.figures(pb::GetFiguresRequest::default()).await;
    assert_eq!((now.accounts_filed, now.personal_accounts, now.head_accounts), (2, 1, 1));
    assert_eq!((now.personal_share_basis_points, now.institutions_covered), (5_000, 1));
    for past in [
        pb::GetFiguresRequest { as_of_position: then, ..Default::default() },
        pb::GetFiguresRequest { as_of_time: Some(timestamp(at(9))), ..Default::default() },
    ] {
        let past = house.figures(past).await;
        assert_eq!((past.accounts_filed, past.head_accounts, past.as_of_position), (1, 0, then));
    }
    let elsewhere = pb::GetFiguresRequest { region: "310000".into(), ..Default::default() };
    assert_eq!(house.figures(elsewhere).await.accounts_filed, 0);
    house.close().await;
}

/// R02, R19: accounts are listed page by page, by institution, state, level, head and region.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_listed() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    for number in 0..5 {
        house.api.create_declaration(by(office("p-clerk"), declaration(&format!("uid-{number}")))).await.unwrap();
    }
    house.file(own_declaration("uid-h")).await;
    let at_least_position = house.head().await;
    let list = async |request: pb::ListAccountsRequest| {
        let request = pb::ListAccountsRequest { at_least_position, ..request };
        house.api.list_accounts(by(auditor(), request)).await.unwrap().into_inner()
    };
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = list(pb::ListAccountsRequest { page_size: 4, page_token, ..Default::default() }).await;
        seen.extend(page.accounts.into_iter().map(|account| account.platform_uid));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["uid-0", "uid-1", "uid-2", "uid-3", "uid-4", "uid-h"]);
    let count = async |request| list(request).await.accounts.len();
    let drafts = pb::ListAccountsRequest { state: pb::AccountState::Draft.into(), ..Default::default() };
    assert_eq!(count(drafts).await, 5);
    let own = pb::ListAccountsRequest { level: pb::AccountLevel::Institution.into(), ..Default::default() };
    assert_eq!(count(own).await, 1);
    let matrix = pb::ListAccountsRequest { institution_id: hospital().to_string(), ..Default::default() };
    assert_eq!(count(matrix).await, 6);
    for (region, accounts) in [("330000", 6), ("330600", 6), ("330602", 0), ("310000", 0), ("000000", 6)] {
        let within = pb::ListAccountsRequest { region: region.into(), ..Default::default() };
        assert_eq!(count(within).await, accounts, "{region}");
    }
    assert_eq!(count(pb::ListAccountsRequest { head_only: true, ..Default::default() }).await, 0);
    house.close().await;
}

/// R30: an officer restricts on a basis that the pack has, and lifts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_restricts_and_lifts() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    let account = house.file(declaration("uid-1")).await;
    let restrict = |legal_bases: &[&str]| pb::RestrictPublishingRequest {
        request_id: id_of_request(),
        account_id: account.account_id.clone(),
        cause: pb::RestrictionCause::Reverification.into(),
        legal_bases: legal_bases.iter().map(ToString::to_string).collect(),
        reasons: "证件存疑".into(),
        ..Default::default()
    };
    assert_eq!(refused(house.api.restrict_publishing(by(registrar(), restrict(&[]))).await).1, "NO_BASIS");
    let unknown = house.api.restrict_publishing(by(registrar(), restrict(&["S9-9"]))).await;
    assert_eq!(violated(unknown), ["legal_bases"]);
    let reply = house.api.restrict_publishing(by(registrar(), restrict(&["S1-4"]))).await.unwrap().into_inner();
    let restricted = reply.account.unwrap();
    let lift = pb::LiftRestrictionRequest {
        request_id: id_of_request(),
        account_id: account.account_id.clone(),
        restriction_id: restricted.restrictions[0].restriction_id.clone(),
        reasons: "核验属实".into(),
        ..Default::default()
    };
    let lifted = house.api.lift_restriction(by(registrar(), lift)).await.unwrap().into_inner().account.unwrap();
    assert_eq!(lifted.state(), pb::AccountState::Filed);
    house.close().await;
}

/// R02, R13: a platform reports a new handle; a name misused is marked, also in the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_reports_a_new_handle() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    let account = house.file(declaration("uid-1")).await;
    house.clock.turn_to(at(8));
    let rename = pb::RecordHandleChangeRequest {
        request_id: id_of_request(),
        account_id: account.account_id,
        new_handle: "绍兴市中医院官方".into(),
        observed_at: Some(timestamp(at(8))),
        ..Default::default()
    };
    let foreign = pb::RecordHandleChangeRequest { request_id: id_of_request(), ..rename.clone() };
    assert_eq!(refused(house.api.record_handle_change(by(platform("weibo"), foreign)).await).1, "NOTHING_DECLARED");
    let reply = house.api.record_handle_change(by(platform("douyin"), rename)).await.unwrap().into_inner();
    let renamed = reply.account.unwrap();
    assert!(renamed.institution_name_misused);
    assert_eq!(renamed.former_handles, ["张医生uid-1"]);
    let request = pb::ListAccountsRequest { at_least_position: reply.position, ..Default::default() };
    let listed = house.api.list_accounts(by(auditor(), request)).await.unwrap().into_inner();
    assert_eq!(listed.accounts, [renamed]);
    house.close().await;
}

/// Institutions and accounts as of a position are what they were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_is_folded_from_the_log() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    let registered = house.head().await;
    let created = house.api.create_declaration(by(office("p-clerk"), declaration("uid-1"))).await.unwrap().into_inner();
    let account_id = created.account.clone().unwrap().account_id;
    let amend = pb::AmendAccountRequest {
        request_id: id_of_request(),
        account_id: account_id.clone(),
        update_mask: vec!["background".into(), "mcn".into()],
        details: Some(pb::AmendedDetails {
            background: "主任中医师".into(),
            mcn: Some(pb::Mcn { name: "某某文化传媒有限公司".into(), ..Default::default() }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let amended = house.api.amend_account(by(office("p-clerk"), amend)).await.unwrap().into_inner().account.unwrap();
    let details = amended.details.unwrap();
    assert_eq!((details.background.as_str(), details.department.as_str()), ("主任中医师", "心血管内科"));
    let past = pb::GetAccountRequest {
        account_id: account_id.clone(),
        as_of_position: created.position,
        ..Default::default()
    };
    let past = house.api.get_account(by(auditor(), past)).await.unwrap().into_inner();
    assert_eq!(past.account, created.account);
    let before = pb::GetAccountRequest { account_id, as_of_position: registered, ..Default::default() };
    assert_eq!(refused(house.api.get_account(by(auditor(), before)).await).0, Code::NotFound);
    let of_code = pb::GetInstitutionRequest { uscc: crate::people::USCC.into(), ..Default::default() };
    let institution =
        house.api.get_institution(by(auditor(), of_code)).await.unwrap().into_inner().institution.unwrap();
    let request = pb::ListInstitutionsRequest { at_least_position: registered, ..Default::default() };
    let listed = house.api.list_institutions(by(auditor(), request)).await.unwrap().into_inner().institutions;
    assert_eq!(listed, [institution]);
    house.close().await;
}

/// Whoever runs an account asks about it and about no other, which does not exist for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_asks_about_their_own_account() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    house.api.create_declaration(by(office("p-clerk"), declaration("uid-1"))).await.unwrap();
    house.api.create_declaration(by(operator("uid-2"), declaration("uid-2"))).await.unwrap();
    let own =
        |uid: &str| pb::GetAccountRequest { platform: "douyin".into(), platform_uid: uid.into(), ..Default::default() };
    let measures = |uid: &str| pb::ListMeasuresInForceRequest {
        platform: "douyin".into(),
        platform_uid: uid.into(),
        ..Default::default()
    };
    house.api.get_account(by(operator("uid-1"), own("uid-1"))).await.unwrap();
    house.api.list_measures_in_force(by(operator("uid-1"), measures("uid-1"))).await.unwrap();
    let unknown = (Code::NotFound, "NOTHING_DECLARED".to_owned());
    assert_eq!(refused(house.api.get_account(by(operator("uid-1"), own("uid-2"))).await), unknown);
    assert_eq!(refused(house.api.list_measures_in_force(by(operator("uid-1"), measures("uid-2"))).await), unknown);
    let foreign = house.api.create_declaration(by(operator("uid-1"), declaration("uid-3"))).await;
    assert_eq!(refused(foreign), (Code::PermissionDenied, "ACTS_FOR_ANOTHER".to_owned()));
    house.close().await;
}
