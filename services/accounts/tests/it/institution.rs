//! Institutions and their exceptions (R04, R12).

use casebook_accounts::domain::institution::{
    self, Grade, GrantQuotaException, Institution, InstitutionCommand, InstitutionEvent, InstitutionKind,
    InstitutionRefusal, QUOTA_EXCEPTIONS_MAX, QuotaException, Register, Registration, UsccWarning,
};
use casebook_kernel::uscc::UsccError;
use casebook_testkit::{Given, given};
use uuid::Uuid;

use crate::people::{HOSPITAL, USCC, at, cyberspace, far_health, health, hospital};

fn register() -> Register {
    Register {
        uscc: USCC.into(),
        kind: InstitutionKind::Hospital,
        grade: Some(Grade::Tertiary),
        name: HOSPITAL.into(),
        aliases: vec!["绍兴中医".into()],
        region: "330600".parse().unwrap(),
        actor: health(),
        now: at(1),
    }
}

fn command(register: Register) -> InstitutionCommand {
    InstitutionCommand::Register(Box::new(register))
}

fn exception(number: u128) -> GrantQuotaException {
    GrantQuotaException {
        exception_id: Uuid::from_u128(number),
        platform: "douyin".parse().unwrap(),
        reason: "儿科分院单独运营".into(),
        expires_at: at(20),
        actor: health(),
        now: at(2),
    }
}

fn nothing() -> Given<Institution> {
    given::<Institution>(Vec::<InstitutionEvent>::new())
}

fn registered() -> Given<Institution> {
    nothing().after(command(register()))
}

/// R04: an institution enters the registry once, named by its code.
#[test]
fn an_institution_is_registered_under_its_credit_code() {
    nothing().when(command(register())).then([InstitutionEvent::Registered {
        institution_id: hospital(),
        registration: Registration {
            uscc: USCC.into(),
            uscc_warning: None,
            kind: InstitutionKind::Hospital,
            grade: Some(Grade::Tertiary),
            name: HOSPITAL.into(),
            aliases: vec!["绍兴中医".into()],
            region: "330600".parse().unwrap(),
            registered_at: at(1),
        },
    }]);
    registered().when(command(register())).refused(InstitutionRefusal::InstitutionAlreadyRegistered);
    assert_ne!(institution::id_of(USCC), institution::id_of("91350100M000100Y44"));
}

/// A wrong check character is a warning: some codes that were issued early fail the check.
#[test]
fn a_wrong_check_character_is_a_warning_in_the_event() {
    let odd = Register { uscc: "91350100M000100Y44".into(), ..register() };
    let state = nothing().after(command(odd)).state();
    let warning = state.registered().unwrap().registration.uscc_warning;
    assert_eq!(warning, Some(UsccWarning { expected: '3', found: '4' }));
}

#[test]
fn what_cannot_be_a_code_is_refused() {
    let short = Register { uscc: "9135".into(), ..register() };
    nothing().when(command(short)).refused(InstitutionRefusal::UsccMalformed(UsccError::Length { found: 4 }));
}

/// R13: a name of one character is part of too many others to be protected.
#[test]
fn aliases_have_two_characters_at_least_and_are_ten_at_most() {
    for aliases in [vec!["医".to_owned()], vec!["绍兴中医".to_owned(); 11]] {
        let register = Register { aliases, ..register() };
        nothing().when(command(register)).refused(InstitutionRefusal::AliasesUnfit);
    }
}

#[test]
fn only_a_hospital_has_a_grade() {
    let school = Register { kind: InstitutionKind::School, ..register() };
    nothing().when(command(school)).refused(InstitutionRefusal::GradeWithoutHospital);
}

#[test]
fn an_institution_is_registered_by_an_agency_of_its_region() {
    let register = Register { actor: far_health(), ..register() };
    nothing().when(command(register)).refused(InstitutionRefusal::NotSupervisingAgency);
}

/// R12: a second account on a platform needs the supervising agency's consent.
#[test]
fn the_supervising_agency_grants_an_exception_with_an_end() {
    let granted = QuotaException {
        exception_id: Uuid::from_u128(7),
        platform: "douyin".parse().unwrap(),
        reason: "儿科分院单独运营".into(),
        agency: "health-330000".parse().unwrap(),
        granted_at: at(2),
        expires_at: at(20),
    };
    let state = registered()
        .when(InstitutionCommand::GrantQuotaException(exception(7)))
        .then([InstitutionEvent::QuotaExceptionGranted { institution_id: hospital(), exception: granted.clone() }])
        .state();
    let registered = state.registered().unwrap();
    assert_eq!(registered.exceptions_on("douyin", at(19)).collect::<Vec<_>>(), [&granted]);
    assert_eq!(registered.exceptions_on("douyin", at(20)).count(), 0, "the end is exclusive");
    assert_eq!(registered.exceptions_on("weibo", at(19)).count(), 0);
}

#[test]
fn nobody_else_grants_one() {
    for actor in [cyberspace(), far_health(), crate::people::office("p-clerk")] {
        let grant = GrantQuotaException { actor, ..exception(7) };
        registered()
            .when(InstitutionCommand::GrantQuotaException(grant))
            .refused(InstitutionRefusal::NotSupervisingAgency);
    }
}

#[test]
fn an_exception_ends_in_the_future() {
    let grant = GrantQuotaException { expires_at: at(2), ..exception(7) };
    registered().when(InstitutionCommand::GrantQuotaException(grant)).refused(InstitutionRefusal::ExpiryInPast);
}

#[test]
fn an_unknown_institution_has_no_exceptions() {
    nothing().when(InstitutionCommand::GrantQuotaException(exception(7))).refused(InstitutionRefusal::NotRegistered);
}

#[test]
fn exceptions_are_bounded() {
    let mut institution = registered();
    for number in 0..QUOTA_EXCEPTIONS_MAX as u128 {
        institution = institution.after(InstitutionCommand::GrantQuotaException(exception(number)));
    }
    institution
        .when(InstitutionCommand::GrantQuotaException(exception(9_999)))
        .refused(InstitutionRefusal::TooManyExceptions);
}
