//! The registry of accounts: from a hospital's entry to the end of its accounts.

use casebook_proto::accounts::v1::{self as pb, AccountState};
use casebook_proto::timestamp;
use chrono::TimeDelta;
use tonic::Code;

use super::{Desk, Journey, people, request_id, time};
use crate::world::{self, beginning};

pub const CALLS: &[&str] = &[
    "AccountsService/AmendAccount",
    "AccountsService/CloseAccount",
    "AccountsService/CreateDeclaration",
    "AccountsService/DeregisterAccount",
    "AccountsService/GetAccount",
    "AccountsService/GetFigures",
    "AccountsService/GetInstitution",
    "AccountsService/GrantQuotaException",
    "AccountsService/LiftRestriction",
    "AccountsService/ListAccountHistory",
    "AccountsService/ListAccounts",
    "AccountsService/ListInstitutionHistory",
    "AccountsService/ListInstitutions",
    "AccountsService/ListMeasuresInForce",
    "AccountsService/RecordFiling",
    "AccountsService/RecordFollowerSnapshot",
    "AccountsService/RecordHandleChange",
    "AccountsService/RegisterInstitution",
    "AccountsService/RestrictPublishing",
    "AccountsService/ReturnDeclaration",
    "AccountsService/SignApprovalStep",
    "AccountsService/SubmitDeclaration",
    "AccountsService/WithdrawDeclaration",
];

pub fn registration() -> pb::RegisterInstitutionRequest {
    pb::RegisterInstitutionRequest {
        request_id: request_id(),
        uscc: "91350100M000100Y43".into(),
        kind: pb::InstitutionKind::Hospital.into(),
        grade: pb::InstitutionGrade::Tertiary.into(),
        name: "越州市中医院".into(),
        region: "330600".into(),
        ..Default::default()
    }
}

/// A doctor's account, declared through the hospital's office (Annex 1).
pub fn declaration(institution_id: &str, platform_uid: &str) -> pb::CreateDeclarationRequest {
    let supervisor =
        |role: pb::SupervisorRole, person: &str| pb::Supervisor { role: role.into(), person: person.into() };
    pb::CreateDeclarationRequest {
        request_id: request_id(),
        institution_id: institution_id.into(),
        platform: "douyin".into(),
        platform_uid: platform_uid.into(),
        handle: format!("张医生{platform_uid}"),
        level: pb::AccountLevel::Staff.into(),
        subject_kind: pb::SubjectKind::Personal.into(),
        details: Some(pb::AccountDetails {
            department: "心血管内科".into(),
            responsible_person: "p-head".into(),
            operator: "p-zhang".into(),
            supervisors: vec![
                supervisor(pb::SupervisorRole::DepartmentHead, "p-head"),
                supervisor(pb::SupervisorRole::BranchHead, "p-branch"),
            ],
            background: "副主任中医师".into(),
            ..Default::default()
        }),
        commitment_accepted: true,
        ..Default::default()
    }
}

pub async fn declare(office: &Desk, request: pb::CreateDeclarationRequest) -> String {
    let created = office.accounts().create_declaration(request).await.expect("declared").into_inner();
    created.account.expect("an account").account_id
}

async fn submit(office: &Desk, account_id: &str) -> pb::Account {
    let request =
        pb::SubmitDeclarationRequest { request_id: request_id(), account_id: account_id.into(), ..Default::default() };
    office.accounts().submit_declaration(request).await.expect("submitted").into_inner().account.expect("an account")
}

/// R15, R16: every box of the form in its order, each signed by somebody else; then the agency records it.
pub async fn approve_and_file(journey: &Journey, office: &str, account_id: &str) -> pb::Account {
    let clerk = journey.desk(people::office(office, "p-clerk"));
    let mut account = submit(&clerk, account_id).await;
    for signer in ["p-head", "p-medical", "p-office", "p-leader"] {
        if account.next_step == 0 {
            break;
        }
        let sign = pb::SignApprovalStepRequest {
            request_id: request_id(),
            account_id: account_id.into(),
            step: account.next_step,
            opinion: "同意".into(),
            ..Default::default()
        };
        let desk = journey.desk(people::office(office, signer));
        account =
            desk.accounts().sign_approval_step(sign).await.expect("signed").into_inner().account.expect("an account");
    }
    let filing = pb::RecordFilingRequest {
        request_id: request_id(),
        account_id: account_id.into(),
        filing_number: "浙卫备〔2026〕7号".into(),
        ..Default::default()
    };
    let registrar = journey.desk(people::registrar());
    registrar.accounts().record_filing(filing).await.expect("filed").into_inner().account.expect("an account")
}

/// R01-R06, R12-R16, R30: a hospital and its accounts, from the first entry to the last day of each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hospital_keeps_its_accounts() {
    let journey = Journey::begin().await;
    let registrar = journey.desk(people::registrar());
    let auditor = journey.desk(people::auditor());
    let hospital = registrar.accounts().register_institution(registration()).await.expect("registered").into_inner();
    let hospital = hospital.institution.expect("an institution");
    let id = hospital.institution_id.clone();
    let clerk = journey.desk(people::office(&hospital.office, "p-clerk"));

    // One declaration goes back for mending and through all boxes, one is withdrawn.
    let doctor = declare(&clerk, declaration(&id, "uid-1")).await;
    submit(&clerk, &doctor).await;
    let back = pb::ReturnDeclarationRequest {
        request_id: request_id(),
        account_id: doctor.clone(),
        reasons: "账号用途不明".into(),
        ..Default::default()
    };
    let head = journey.desk(people::office(&hospital.office, "p-head"));
    head.accounts().return_declaration(back).await.expect("returned");
    let amend = pb::AmendAccountRequest {
        request_id: request_id(),
        account_id: doctor.clone(),
        update_mask: vec!["background".into()],
        details: Some(pb::AmendedDetails { background: "主任中医师，科普用途".into(), ..Default::default() }),
        ..Default::default()
    };
    clerk.accounts().amend_account(amend).await.expect("amended");
    assert_eq!(approve_and_file(&journey, &hospital.office, &doctor).await.state(), AccountState::Filed);
    let given_up = declare(&clerk, declaration(&id, "uid-2")).await;
    let withdraw = pb::WithdrawDeclarationRequest {
        request_id: request_id(),
        account_id: given_up,
        reason: "不再开设".into(),
        ..Default::default()
    };
    clerk.accounts().withdraw_declaration(withdraw).await.expect("withdrawn");

    observed(&journey, &doctor).await;
    restricted_and_lifted(&registrar, &doctor).await;
    second_account_needs_an_exception(&journey, &hospital, &registrar).await;
    counted_and_listed(&auditor, &id, &doctor).await;
    ended(&journey, &hospital, &doctor).await;
    journey.end(CALLS).await;
}

/// R02, R06: a new name and a count of followers, as the platform reports them.
async fn observed(journey: &Journey, account_id: &str) {
    journey.world.clock.turn_by(TimeDelta::days(2));
    let seen = Some(timestamp(beginning() + TimeDelta::days(1)));
    let douyin = journey.desk(people::platform("douyin"));
    let rename = pb::RecordHandleChangeRequest {
        request_id: request_id(),
        account_id: account_id.into(),
        new_handle: "张医生谈心脏".into(),
        observed_at: seen,
        ..Default::default()
    };
    douyin.accounts().record_handle_change(rename).await.expect("renamed");
    let count = pb::RecordFollowerSnapshotRequest {
        request_id: request_id(),
        account_id: account_id.into(),
        followers: 123_456,
        observed_at: seen,
        ..Default::default()
    };
    let account = douyin.accounts().record_follower_snapshot(count).await.expect("counted").into_inner().account;
    assert!(account.expect("an account").head_account, "R06: 100,000 followers make a head account");
}

/// R30: publishing is restricted on a basis, and the restriction is lifted.
async fn restricted_and_lifted(registrar: &Desk, account_id: &str) {
    let restrict = pb::RestrictPublishingRequest {
        request_id: request_id(),
        account_id: account_id.into(),
        cause: pb::RestrictionCause::Reverification.into(),
        legal_bases: vec!["S1-4".into()],
        reasons: "证件存疑".into(),
        ..Default::default()
    };
    let restricted = registrar.accounts().restrict_publishing(restrict).await.expect("restricted").into_inner();
    let restriction_id = restricted.account.expect("an account").restrictions[0].restriction_id.clone();
    let lift = pb::LiftRestrictionRequest {
        request_id: request_id(),
        account_id: account_id.into(),
        restriction_id,
        reasons: "核验属实".into(),
        ..Default::default()
    };
    registrar.accounts().lift_restriction(lift).await.expect("lifted");
}

/// R12: one account of its own on each platform, a second only under an exception.
async fn second_account_needs_an_exception(journey: &Journey, hospital: &pb::Institution, registrar: &Desk) {
    let clerk = journey.desk(people::office(&hospital.office, "p-clerk"));
    let own = |uid: &str| pb::CreateDeclarationRequest {
        platform: "weibo".into(),
        handle: hospital.name.clone(),
        level: pb::AccountLevel::Institution.into(),
        subject_kind: pb::SubjectKind::Institution.into(),
        ..declaration(&hospital.institution_id, uid)
    };
    declare(&clerk, own("uid-h")).await;
    let refused = clerk.accounts().create_declaration(own("uid-h2")).await.expect_err("R12");
    assert_eq!((refused.code(), world::reason(&refused).as_str()), (Code::FailedPrecondition, "QUOTA_EXCEEDED"));
    let grant = pb::GrantQuotaExceptionRequest {
        request_id: request_id(),
        institution_id: hospital.institution_id.clone(),
        platform: "weibo".into(),
        reason: "儿科分院单独运营".into(),
        expires_at: time("2026-03-20T00:00:00Z"),
        ..Default::default()
    };
    registrar.accounts().grant_quota_exception(grant).await.expect("granted");
    declare(&clerk, own("uid-h2")).await;
}

/// R03-R06: figures as of any day, lists, and histories that tell how it came to be.
async fn counted_and_listed(auditor: &Desk, institution_id: &str, account_id: &str) {
    let mut accounts = auditor.accounts();
    let figures = accounts.get_figures(pb::GetFiguresRequest::default()).await.expect("figures").into_inner();
    let figures = figures.figures.expect("figures");
    assert_eq!((figures.accounts_filed, figures.head_accounts, figures.institutions_covered), (1, 1, 1));
    let earlier =
        pb::GetFiguresRequest { as_of_time: Some(timestamp(beginning() - TimeDelta::days(1))), ..Default::default() };
    let earlier = accounts.get_figures(earlier).await.expect("figures").into_inner().figures.expect("figures");
    assert_eq!(earlier.accounts_filed, 0, "the day before there was nothing");

    let get = pb::GetInstitutionRequest { institution_id: institution_id.into(), ..Default::default() };
    let institution = accounts.get_institution(get).await.expect("there").into_inner().institution;
    let request = pb::GetAccountRequest { account_id: account_id.into(), ..Default::default() };
    let account = accounts.get_account(request).await.expect("there").into_inner().account.expect("an account");
    let at_least_position = figures.as_of_position;
    let request = pb::ListInstitutionsRequest { at_least_position, ..Default::default() };
    let institutions = accounts.list_institutions(request).await.expect("listed").into_inner().institutions;
    assert_eq!(institutions, institution.into_iter().collect::<Vec<_>>(), "a list says what a replay says");
    let request = pb::ListAccountsRequest { at_least_position, head_only: true, ..Default::default() };
    assert_eq!(accounts.list_accounts(request).await.expect("listed").into_inner().accounts, [account]);
    let request = pb::ListAccountHistoryRequest { account_id: account_id.into(), ..Default::default() };
    let entries = accounts.list_account_history(request).await.expect("a history").into_inner().entries;
    assert_eq!(entries.first().map(|entry| entry.event_type.as_str()), Some("casebook.accounts.v1.AccountDeclared"));
    let request = pb::ListInstitutionHistoryRequest { institution_id: institution_id.into(), ..Default::default() };
    let entries = accounts.list_institution_history(request).await.expect("a history").into_inner().entries;
    assert_eq!(entries.len(), 2, "registered, and an exception granted");
    let request =
        pb::ListMeasuresInForceRequest { platform: "douyin".into(), platform_uid: "uid-1".into(), at_least_position };
    let measures = accounts.list_measures_in_force(request).await.expect("listed").into_inner();
    assert!(measures.measures.is_empty(), "nobody has ordered anything");
}

/// The hospital closes one account for what was published, and gives another up.
async fn ended(journey: &Journey, hospital: &pb::Institution, doctor: &str) {
    let office = journey.desk(people::office(&hospital.office, "p-office"));
    let close = pb::CloseAccountRequest {
        request_id: request_id(),
        account_id: doctor.into(),
        reasons: "发布不实信息".into(),
        ..Default::default()
    };
    let closed = office.accounts().close_account(close).await.expect("closed").into_inner().account;
    assert_eq!(closed.expect("an account").state(), AccountState::Closed);
    let clerk = journey.desk(people::office(&hospital.office, "p-clerk"));
    let third = declare(&clerk, declaration(&hospital.institution_id, "uid-3")).await;
    approve_and_file(journey, &hospital.office, &third).await;
    let deregister = pb::DeregisterAccountRequest {
        request_id: request_id(),
        account_id: third,
        reasons: "更换运营人".into(),
        ..Default::default()
    };
    let deregistered =
        office.accounts().deregister_account(deregister).await.expect("deregistered").into_inner().account;
    assert_eq!(deregistered.expect("an account").state(), AccountState::Deregistered);
}
