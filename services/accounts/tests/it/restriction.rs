//! Restricting what an account publishes (R30, R32, R33).

use casebook_accounts::domain::account::{
    AccountCommand, AccountEvent, AccountRefusal, Happened, Phase, RESTRICTIONS_MAX, Restrict, Restriction,
    RestrictionCause,
};
use casebook_accounts::domain::authority::Authority;
use casebook_kernel::ids::AccountId;
use uuid::Uuid;

use crate::people::{approved, at, closed, cyberspace, draft, far_health, filed, withdrawn};

fn restriction(number: u128) -> Restrict {
    Restrict {
        authority: Authority::System,
        restriction_id: Uuid::from_u128(number),
        cause: RestrictionCause::RecertificationMissed,
        legal_bases: vec!["S1-5".parse().unwrap()],
        reasons: "2个月内未完成资质认证".into(),
        reference: format!("credential-{number}"),
        until: None,
        now: at(8),
    }
}

fn restrict(restriction: Restrict) -> AccountCommand {
    AccountCommand::Restrict(Box::new(restriction))
}

fn lift(authority: Authority, number: u128) -> AccountCommand {
    AccountCommand::LiftRestriction {
        authority,
        restriction_id: Uuid::from_u128(number),
        reasons: "已完成认证".into(),
        now: at(9),
    }
}

/// R32: who missed the two months does not publish professional content.
#[test]
fn a_filed_account_is_restricted_on_a_basis() {
    filed().when(restrict(restriction(1))).then([AccountEvent {
        account_id: AccountId::of("douyin", "uid-1"),
        happened: Happened::Restricted(Restriction {
            restriction_id: Uuid::from_u128(1),
            cause: RestrictionCause::RecertificationMissed,
            legal_bases: vec!["S1-5".parse().unwrap()],
            reasons: "2个月内未完成资质认证".into(),
            reference: "credential-1".into(),
            restricted_at: at(8),
            until: None,
        }),
    }]);
    let baseless = Restrict { legal_bases: vec![], ..restriction(1) };
    filed().when(restrict(baseless)).refused(AccountRefusal::NoBasis);
}

#[test]
fn only_an_account_on_record_is_restricted() {
    for unfiled in [draft(), approved(), withdrawn()] {
        unfiled.when(restrict(restriction(1))).refused(AccountRefusal::NotFiled);
    }
    closed().when(restrict(restriction(1))).refused(AccountRefusal::AccountIsClosed);
}

#[test]
fn an_agency_restricts_in_its_region() {
    let by = |actor| Restrict { authority: Authority::Agency(actor), until: Some(at(20)), ..restriction(1) };
    filed().when(restrict(by(far_health()))).refused(AccountRefusal::NotSupervisingAgency);
    let restricted = filed().after(restrict(by(cyberspace())));
    restricted.when(lift(Authority::Agency(far_health()), 1)).refused(AccountRefusal::NotSupervisingAgency);
}

/// S1 §4-5: what is done while something is looked into has an end; the two months that were missed have not.
#[test]
fn an_officers_restriction_has_an_end() {
    let by = |until| Restrict { authority: Authority::Agency(cyberspace()), until, ..restriction(1) };
    filed().when(restrict(by(None))).refused(AccountRefusal::NoExpiry);
    let restricted = filed().after(restrict(by(Some(at(20)))));
    let phase = restricted.state().account().unwrap().phase.clone();
    let Phase::Restricted { restrictions, .. } = phase else { panic!("{phase:?}") };
    assert_eq!(restrictions[0].until, Some(at(20)));
}

/// R30: what was restricted for several causes is free when the last is gone.
#[test]
fn an_account_is_free_when_the_last_restriction_is_lifted() {
    let doubted = Restrict { cause: RestrictionCause::Reverification, ..restriction(2) };
    let twice = filed().after(restrict(restriction(1))).after(restrict(doubted));
    let once = twice.after(lift(Authority::System, 1));
    assert!(matches!(once.state().account().unwrap().phase, Phase::Restricted { .. }));
    let free = once.after(lift(Authority::System, 2));
    assert!(matches!(free.state().account().unwrap().phase, Phase::Filed(_)));
}

/// R32: a certification of before the two months were missed lifts nothing.
#[test]
fn what_came_before_a_restriction_does_not_lift_it() {
    let later = Restrict { now: at(10), ..restriction(1) };
    filed().after(restrict(later)).when(lift(Authority::System, 1)).refused(AccountRefusal::NoBasis);
}

#[test]
fn only_a_restriction_that_holds_is_lifted() {
    filed().when(lift(Authority::System, 1)).refused(AccountRefusal::NoBasis);
    filed().after(restrict(restriction(1))).when(lift(Authority::System, 2)).refused(AccountRefusal::NoBasis);
}

#[test]
fn the_same_cause_restricts_once_and_restrictions_are_bounded() {
    let same = Restrict { restriction_id: Uuid::from_u128(2), ..restriction(1) };
    filed().after(restrict(restriction(1))).when(restrict(same)).refused(AccountRefusal::AlreadyRestricted);
    let mut many = filed();
    for number in 0..RESTRICTIONS_MAX as u128 {
        many = many.after(restrict(restriction(number)));
    }
    many.when(restrict(restriction(1_000))).refused(AccountRefusal::TooManyRestrictions);
}
