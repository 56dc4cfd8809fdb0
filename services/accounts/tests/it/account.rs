//! Declaring, amending and ending an account (R01, R02, R05, R09-R13, R15, R17).

use casebook_accounts::domain::account::{
    AccountCommand, AccountEvent, AccountRefusal, Amended, Amendment, ApprovalStep, CLOSURES_MAX, Declaration, Declare,
    Happened, Phase, Quota,
};
use casebook_accounts::domain::form::{AccountDetails, Mcn, SubjectKind, SupervisorRole};
use casebook_kernel::Actor;
use casebook_kernel::ids::AccountId;
use casebook_policy::AccountLevel;
use uuid::Uuid;

use crate::people::{
    HOSPITAL, approved, at, case, chain, close, closed, declaration, declare, deregister, details, draft, far_health,
    filed, health, hospital, in_approval, nothing, office, operator_of, order, other_office, own_declaration,
    supervisor, withdrawn,
};

fn phase(given: &crate::people::Accounts) -> Phase {
    given.state().account().unwrap().phase.clone()
}

fn amend(amendment: Amendment) -> AccountCommand {
    AccountCommand::Amend { actor: office("p-clerk"), amendment: Box::new(amendment), now: at(6) }
}

fn withdraw() -> AccountCommand {
    AccountCommand::Withdraw { actor: office("p-clerk"), reason: "不再开设".into(), now: at(4) }
}

/// R01, R15: a declaration begins as a draft and keeps the form and who applied.
#[test]
fn an_account_is_declared() {
    nothing().when(declare(declaration())).then([AccountEvent {
        account_id: AccountId::of("douyin", "uid-1"),
        happened: Happened::Declared(Box::new(Declaration {
            institution_id: hospital(),
            platform: "douyin".parse().unwrap(),
            platform_uid: "uid-1".into(),
            handle: "张医生聊养生".into(),
            level: AccountLevel::Staff,
            subject_kind: SubjectKind::Personal,
            region: "330600".parse().unwrap(),
            details: details(),
            applicant: "p-clerk".parse().unwrap(),
            quota_exception: None,
            declared_at: at(1),
        })),
    }]);
}

#[test]
fn an_account_that_is_declared_is_not_declared_again() {
    for known in [draft(), in_approval(), approved(), filed()] {
        known.when(declare(declaration())).refused(AccountRefusal::HandleAlreadyDeclared);
    }
    closed().when(declare(declaration())).refused(AccountRefusal::AccountIsClosed);
}

/// R02: what was given up may be declared anew, with what was observed of it.
#[test]
fn an_account_that_was_given_up_is_declared_anew() {
    for given_up in [withdrawn(), filed().after(deregister())] {
        let again = given_up.after(declare(Declare { handle: "李医生".into(), ..declaration() }));
        assert!(matches!(phase(&again), Phase::Draft { .. }));
        assert_eq!(again.state().account().unwrap().former_handles, ["张医生聊养生"]);
    }
}

/// R15: without the commitment of annex 1 there is no declaration.
#[test]
fn the_commitment_is_accepted() {
    let silent = Declare { commitment_accepted: false, ..declaration() };
    nothing().when(declare(silent)).refused(AccountRefusal::CommitmentMissing);
}

#[test]
fn nobody_declares_for_another_institution() {
    for actor in [other_office(), far_health()] {
        nothing().when(declare(Declare { actor, ..declaration() })).refused(AccountRefusal::ActsForAnother);
    }
    nothing().after(declare(Declare { actor: health(), ..declaration() }));
}

/// R01, R14: a member of staff declares their own account, hands it in and gives it up; no other account, and none of the
/// institution's.
#[test]
fn an_operator_declares_their_own_account_and_no_other() {
    let by = |actor: Actor| Declare { actor, ..declaration() };
    nothing().when(declare(by(operator_of("uid-2")))).refused(AccountRefusal::ActsForAnother);
    let level = Declare { level: AccountLevel::Department, subject_kind: SubjectKind::Department, ..declaration() };
    let of_department = Declare { actor: operator_of("uid-1"), ..level };
    nothing().when(declare(of_department)).refused(AccountRefusal::ActsForAnother);
    let draft = nothing().after(declare(by(operator_of("uid-1"))));
    let submit = |actor| AccountCommand::Submit { actor, chain: chain(), now: at(2) };
    let withdraw = |actor| AccountCommand::Withdraw { actor, reason: "不再开设".into(), now: at(4) };
    for command in [submit(operator_of("uid-2")), withdraw(operator_of("uid-2"))] {
        draft.clone().when(command).refused(AccountRefusal::ActsForAnother);
    }
    assert!(matches!(phase(&draft.clone().after(submit(operator_of("uid-1")))), Phase::InApproval(_)));
    assert!(matches!(phase(&draft.clone().after(withdraw(operator_of("uid-1")))), Phase::Withdrawn { .. }));
    // The boxes of the form are the office's to sign.
    let sign = AccountCommand::Sign {
        actor: operator_of("uid-1"),
        step: ApprovalStep::Department,
        opinion: "同意".into(),
        now: at(3),
    };
    draft.after(submit(operator_of("uid-1"))).when(sign).refused(AccountRefusal::ActsForAnother);
}

/// 属地管理: an account is supervised where its institution is.
#[test]
fn an_account_is_supervised_where_its_institution_is() {
    let supervised_in = |region: &str| declare(Declare { region: Some(region.parse().unwrap()), ..declaration() });
    for near in ["330602", "330600", "330000"] {
        nothing().after(supervised_in(near));
    }
    for far in ["310000", "330100"] {
        nothing().when(supervised_in(far)).refused(AccountRefusal::RegionElsewhere);
    }
}

/// R13: no individual opens an account in the hospital's name, however it is spelt.
#[test]
fn a_personal_account_does_not_bear_the_institutions_name() {
    for handle in [HOSPITAL, "绍兴市 中医院-张医生", "我在绍兴中医"] {
        let misused = Declare { handle: handle.into(), ..declaration() };
        nothing().when(declare(misused)).refused(AccountRefusal::InstitutionNameMisused);
    }
    nothing().after(declare(own_declaration()));
}

/// R12: one account of the institution's own on each platform, unless an exception is free.
#[test]
fn an_institution_has_one_account_a_platform() {
    let exhausted = Declare { quota: Quota::Exhausted, ..own_declaration() };
    nothing()
        .when(declare(exhausted.clone()))
        .refused(AccountRefusal::QuotaExceeded { platform: "weibo".parse().unwrap() });
    let exception = Uuid::from_u128(7);
    let excepted = nothing().after(declare(Declare { quota: Quota::Exception(exception), ..own_declaration() }));
    assert_eq!(excepted.state().account().unwrap().declaration.quota_exception, Some(exception));
    // The number binds the institution's own accounts, not those of its staff.
    nothing().after(declare(Declare { quota: Quota::Exhausted, ..declaration() }));
}

/// R05, R09: the level says in whose name an account is run, and so whose it is.
#[test]
fn level_and_subject_agree() {
    for (level, wrong) in [
        (AccountLevel::Institution, SubjectKind::Department),
        (AccountLevel::Department, SubjectKind::Personal),
        (AccountLevel::Staff, SubjectKind::Institution),
    ] {
        let odd = Declare { level, subject_kind: wrong, ..declaration() };
        nothing().when(declare(odd)).refused(AccountRefusal::LevelSubjectMismatch);
    }
}

/// R11: the party-government office supervises level 2, two persons supervise level 3.
#[test]
fn supervisors_are_those_of_the_level() {
    let without = |role| {
        let mut details = details();
        details.supervisors.retain(|one| one.role != role);
        details
    };
    for missing in [SupervisorRole::DepartmentHead, SupervisorRole::BranchHead] {
        let declared = Declare { details: without(missing), ..declaration() };
        nothing().when(declare(declared)).refused(AccountRefusal::SupervisorsIncomplete { missing });
    }
    let missing = SupervisorRole::PartyGovernmentOffice;
    let declared = Declare {
        level: AccountLevel::Department,
        subject_kind: SubjectKind::Department,
        details: without(missing),
        ..declaration()
    };
    nothing().when(declare(declared)).refused(AccountRefusal::SupervisorsIncomplete { missing });
}

/// R11: 共同监管 is by two: one person in both offices supervises alone.
#[test]
fn the_two_supervisors_are_two_persons() {
    let alone = AccountDetails {
        supervisors: vec![
            supervisor(SupervisorRole::DepartmentHead, "p-one"),
            supervisor(SupervisorRole::BranchHead, "p-one"),
        ],
        ..details()
    };
    nothing()
        .when(declare(Declare { details: alone, ..declaration() }))
        .refused(AccountRefusal::SupervisorsIncomplete { missing: SupervisorRole::BranchHead });
}

/// R15, R17: the form is whole.
#[test]
fn the_form_is_whole_for_its_level() {
    let personal = |details| declare(Declare { details, ..declaration() });
    nothing()
        .when(personal(AccountDetails { department: String::new(), ..details() }))
        .refused(AccountRefusal::DepartmentMissing);
    nothing().when(personal(AccountDetails { operator: None, ..details() })).refused(AccountRefusal::OperatorMissing);
    nothing()
        .when(personal(AccountDetails { background: String::new(), ..details() }))
        .refused(AccountRefusal::BackgroundMissing);
}

#[test]
fn nothing_is_asked_of_an_account_that_nobody_declared() {
    for command in [crate::people::submit(), withdraw(), close(), crate::people::file(), amend(Amendment::default())] {
        nothing().when(command).refused(AccountRefusal::NothingDeclared);
    }
}

#[test]
fn a_declaration_is_withdrawn_before_it_is_filed() {
    for open in [draft(), in_approval(), approved()] {
        open.when(withdraw()).then([AccountEvent {
            account_id: AccountId::of("douyin", "uid-1"),
            happened: Happened::Withdrawn { reason: "不再开设".into(), withdrawn_at: at(4) },
        }]);
    }
    filed().when(withdraw()).refused(AccountRefusal::AlreadyFiled);
    closed().when(withdraw()).refused(AccountRefusal::AccountIsClosed);
    withdrawn().when(withdraw()).refused(AccountRefusal::NothingDeclared);
    let by_another = AccountCommand::Withdraw { actor: other_office(), reason: String::new(), now: at(4) };
    draft().when(by_another).refused(AccountRefusal::ActsForAnother);
}

/// R02, R18: who answers for an account may change after it is filed, and so may its network.
#[test]
fn a_filed_account_is_amended_in_what_was_not_approved() {
    let mcn = Mcn { name: "某某文化传媒有限公司".into(), contract_reference: "MCN-1".into() };
    let amendment = Amendment {
        responsible_person: Some("p-new-head".parse().unwrap()),
        mcn: Some(Some(mcn.clone())),
        ..Amendment::default()
    };
    filed().when(amend(amendment)).then([AccountEvent {
        account_id: AccountId::of("douyin", "uid-1"),
        happened: Happened::Amended(Box::new(Amended {
            changed_fields: vec!["responsible_person".into(), "mcn".into()],
            level: AccountLevel::Staff,
            subject_kind: SubjectKind::Personal,
            details: AccountDetails { responsible_person: "p-new-head".parse().unwrap(), mcn: Some(mcn), ..details() },
            amended_at: at(6),
        })),
    }]);
}

/// R02: re-declare on change.
#[test]
fn what_was_approved_is_declared_anew() {
    let operator = Amendment { operator: Some(Some("p-li".parse().unwrap())), ..Amendment::default() };
    filed().when(amend(operator.clone())).refused(AccountRefusal::RedeclarationRequired { field: "operator" });
    draft().after(amend(operator));
    let level = Amendment {
        level: Some(AccountLevel::Department),
        subject_kind: Some(SubjectKind::Department),
        ..Amendment::default()
    };
    filed().when(amend(level.clone())).refused(AccountRefusal::RedeclarationRequired { field: "level" });
    draft().after(amend(level));
    let department = Amendment { department: Some("骨伤科".into()), ..Amendment::default() };
    filed().after(amend(department.clone()));
    let of_department =
        Declare { level: AccountLevel::Department, subject_kind: SubjectKind::Department, ..declaration() };
    let mut filed_department = nothing().after(declare(of_department)).after(crate::people::submit());
    for (step, signer) in casebook_accounts::domain::account::ApprovalStep::ALL.into_iter().zip(["a", "b", "c", "d"]) {
        filed_department = filed_department.after(crate::people::sign(step, signer));
    }
    filed_department
        .after(crate::people::file())
        .when(amend(department))
        .refused(AccountRefusal::RedeclarationRequired { field: "department" });
}

/// R12: an amendment is no way around the institution's one place on a platform.
#[test]
fn no_amendment_makes_an_account_the_institutions_own() {
    let up = Amendment {
        level: Some(AccountLevel::Institution),
        subject_kind: Some(SubjectKind::Institution),
        ..Amendment::default()
    };
    draft().when(amend(up)).refused(AccountRefusal::RedeclarationRequired { field: "level" });
    let down = Amendment {
        level: Some(AccountLevel::Department),
        subject_kind: Some(SubjectKind::Department),
        ..Amendment::default()
    };
    nothing()
        .after(declare(own_declaration()))
        .when(amend(down))
        .refused(AccountRefusal::RedeclarationRequired { field: "level" });
}

#[test]
fn an_amendment_changes_something_whole_in_its_time() {
    let background = Amendment { background: Some("主任医师".into()), ..Amendment::default() };
    for signed_for in [in_approval(), approved()] {
        signed_for.when(amend(background.clone())).refused(AccountRefusal::ApprovalInProgress);
    }
    closed().when(amend(background.clone())).refused(AccountRefusal::AccountIsClosed);
    withdrawn().when(amend(background.clone())).refused(AccountRefusal::NothingDeclared);
    draft().when(amend(Amendment::default())).refused(AccountRefusal::NothingChanged);
    let emptied = Amendment { background: Some(String::new()), ..Amendment::default() };
    draft().when(amend(emptied)).refused(AccountRefusal::BackgroundMissing);
    let by_another = AccountCommand::Amend { actor: other_office(), amendment: Box::new(background), now: at(6) };
    draft().when(by_another).refused(AccountRefusal::ActsForAnother);
}

/// S2 art. 16 and 18: the institution closes an account; only one on record can be closed or taken off it.
#[test]
fn the_institution_closes_and_deregisters() {
    assert!(matches!(phase(&closed()), Phase::Closed { .. }));
    assert!(matches!(phase(&filed().after(deregister())), Phase::Deregistered { .. }));
    for command in [close(), deregister()] {
        for unfiled in [draft(), in_approval(), approved(), withdrawn()] {
            unfiled.when(command.clone()).refused(AccountRefusal::NotFiled);
        }
        closed().when(command).refused(AccountRefusal::AccountIsClosed);
    }
    for by_another in [
        AccountCommand::Close { actor: other_office(), reasons: "x".into(), now: at(9) },
        AccountCommand::Deregister { actor: other_office(), reasons: "x".into(), now: at(9) },
    ] {
        filed().when(by_another).refused(AccountRefusal::ActsForAnother);
    }
}

fn close_by_order(number: u128) -> AccountCommand {
    AccountCommand::CloseByOrder {
        order_id: order(number),
        case_id: case(),
        reasons: "屡次违规".into(),
        executed_at: at(12),
    }
}

fn counter(number: u128) -> AccountCommand {
    AccountCommand::UndoClosure { order_id: order(number), counter_order_id: Some(order(99)), undone_at: at(14) }
}

/// R92: an executed order closes the account; its executed counter-order makes it what it was.
#[test]
fn an_executed_order_closes_and_its_counter_order_reopens() {
    for before in [draft(), in_approval(), filed(), withdrawn()] {
        let was = phase(&before);
        let closed = before.after(close_by_order(1));
        assert!(matches!(phase(&closed), Phase::Closed { .. }));
        assert_eq!(phase(&closed.after(counter(1))), was);
    }
}

/// Of two closures the account stays closed until both are undone; the institution's own is undone by no order.
#[test]
fn a_closure_holds_until_the_last_is_undone() {
    let twice = filed().after(close_by_order(1)).after(close_by_order(2)).after(counter(1));
    assert!(matches!(phase(&twice), Phase::Closed { .. }));
    assert!(matches!(phase(&twice.after(counter(2))), Phase::Filed(_)));
    let own = closed().after(close_by_order(1)).after(counter(1));
    assert!(matches!(phase(&own), Phase::Closed { .. }));
}

#[test]
fn an_order_closes_and_is_undone_once() {
    filed().after(close_by_order(1)).when(close_by_order(1)).refused(AccountRefusal::ClosedByThisOrder);
    filed().when(counter(1)).refused(AccountRefusal::NotClosedByThisOrder);
    filed().after(close_by_order(1)).when(counter(2)).refused(AccountRefusal::NotClosedByThisOrder);
    let mut many = filed();
    for number in 0..CLOSURES_MAX as u128 {
        many = many.after(close_by_order(number));
    }
    many.when(close_by_order(1_000)).refused(AccountRefusal::TooManyClosures);
}
