//! Who appears in the tests, and what they usually ask for.

use casebook_accounts::domain::account::{
    AccountCommand, AccountEvent, AccountRegistry, ApprovalChain, ApprovalStep, Declare, Quota,
};
use casebook_accounts::domain::authority::office_of;
use casebook_accounts::domain::form::{AccountDetails, SubjectKind, Supervisor, SupervisorRole};
use casebook_accounts::domain::institution;
use casebook_kernel::ids::{AccountId, CaseId, InstitutionId, OrderId};
use casebook_kernel::{Actor, AgencyKind, Timestamp};
use casebook_policy::AccountLevel;
use casebook_testkit::{Given, given};
use uuid::Uuid;

pub const USCC: &str = "91350100M000100Y43";
pub const HOSPITAL: &str = "绍兴市中医院";
pub const HEAD_ACCOUNT: u64 = 100_000;

/// A moment of a day in March 2026.
pub fn at(day: u32) -> Timestamp {
    format!("2026-03-{day:02}T02:00:00Z").parse().unwrap()
}

pub fn hospital() -> InstitutionId {
    institution::id_of(USCC)
}

pub fn order(number: u128) -> OrderId {
    OrderId::from(Uuid::from_u128(number))
}

pub fn case() -> CaseId {
    CaseId::from(Uuid::from_u128(0xca5e))
}

fn actor(agency: &str, officer: &str, kind: Option<AgencyKind>, region: &str) -> Actor {
    Actor {
        agency: agency.parse().unwrap(),
        officer: officer.parse().unwrap(),
        agency_kind: kind,
        region: region.parse().unwrap(),
    }
}

/// Somebody of the hospital's office.
pub fn office(officer: &str) -> Actor {
    actor(&office_of(hospital()), officer, None, "330600")
}

/// Somebody of another hospital.
pub fn other_office() -> Actor {
    actor(&office_of(institution::id_of("12330000470051726F")), "h2-clerk", None, "330600")
}

/// Whoever runs an account on douyin.
pub fn operator_of(platform_uid: &str) -> Actor {
    actor(&format!("subject-{}", AccountId::of("douyin", platform_uid)), "p-zhang", None, "330600")
}

/// The health commission of the hospital's province.
pub fn health() -> Actor {
    actor("health-330000", "reg-1", Some(AgencyKind::Health), "330000")
}

/// The cyberspace office of the hospital's province.
pub fn cyberspace() -> Actor {
    actor("cac-330000", "cac-1", Some(AgencyKind::Cyberspace), "330000")
}

/// The health commission of another province.
pub fn far_health() -> Actor {
    actor("health-310000", "reg-9", Some(AgencyKind::Health), "310000")
}

/// The chain of the shipped pack's kind: all four boxes for departments and staff, the last two for the institution.
pub fn chain() -> ApprovalChain {
    ApprovalChain {
        institution: vec![ApprovalStep::PartyGovernmentOffice, ApprovalStep::LeaderInCharge],
        department: ApprovalStep::ALL.to_vec(),
        staff: ApprovalStep::ALL.to_vec(),
    }
}

pub fn supervisor(role: SupervisorRole, person: &str) -> Supervisor {
    Supervisor { role, person: person.parse().unwrap() }
}

pub fn details() -> AccountDetails {
    AccountDetails {
        department: "心血管内科".into(),
        responsible_person: "p-head".parse().unwrap(),
        duty_officer: Some("p-duty".parse().unwrap()),
        operator: Some("p-zhang".parse().unwrap()),
        supervisors: vec![
            supervisor(SupervisorRole::DepartmentHead, "p-head"),
            supervisor(SupervisorRole::BranchHead, "p-branch"),
            supervisor(SupervisorRole::PartyGovernmentOffice, "p-office"),
        ],
        mcn: None,
        background: "副主任中医师，从业十五年".into(),
    }
}

/// A doctor declares an account through the hospital's office.
pub fn declaration() -> Declare {
    Declare {
        institution_id: hospital(),
        institution_region: "330600".parse().unwrap(),
        institution_names: vec![HOSPITAL.into(), "绍兴中医".into()],
        platform: "douyin".parse().unwrap(),
        platform_uid: "uid-1".into(),
        handle: "张医生聊养生".into(),
        level: AccountLevel::Staff,
        subject_kind: SubjectKind::Personal,
        region: None,
        details: details(),
        commitment_accepted: true,
        quota: Quota::First,
        actor: office("p-clerk"),
        now: at(1),
    }
}

/// The hospital declares an account of its own.
pub fn own_declaration() -> Declare {
    Declare {
        platform: "weibo".parse().unwrap(),
        platform_uid: "uid-h".into(),
        handle: HOSPITAL.into(),
        level: AccountLevel::Institution,
        subject_kind: SubjectKind::Institution,
        details: AccountDetails { operator: None, background: String::new(), ..details() },
        ..declaration()
    }
}

pub fn declare(declaration: Declare) -> AccountCommand {
    AccountCommand::Declare(Box::new(declaration))
}

pub fn submit() -> AccountCommand {
    AccountCommand::Submit { actor: office("p-clerk"), chain: chain(), now: at(2) }
}

pub fn sign(step: ApprovalStep, signer: &str) -> AccountCommand {
    AccountCommand::Sign { actor: office(signer), step, opinion: "同意".into(), now: at(3) }
}

pub fn file() -> AccountCommand {
    AccountCommand::File { actor: health(), filing_number: "浙卫备〔2026〕7号".into(), now: at(5) }
}

pub type Accounts = Given<AccountRegistry>;

pub fn nothing() -> Accounts {
    given::<AccountRegistry>(Vec::<AccountEvent>::new())
}

pub fn draft() -> Accounts {
    nothing().after(declare(declaration()))
}

pub fn in_approval() -> Accounts {
    draft().after(submit())
}

pub fn approved() -> Accounts {
    in_approval()
        .after(sign(ApprovalStep::Department, "p-head"))
        .after(sign(ApprovalStep::FunctionalOffice, "p-medical"))
        .after(sign(ApprovalStep::PartyGovernmentOffice, "p-office"))
        .after(sign(ApprovalStep::LeaderInCharge, "p-leader"))
}

pub fn filed() -> Accounts {
    approved().after(file())
}

pub fn withdrawn() -> Accounts {
    draft().after(AccountCommand::Withdraw { actor: office("p-clerk"), reason: "不再开设".into(), now: at(4) })
}

pub fn closed() -> Accounts {
    filed().after(close())
}

pub fn close() -> AccountCommand {
    AccountCommand::Close { actor: office("p-office"), reasons: "发布不实信息".into(), now: at(10) }
}

pub fn deregister() -> AccountCommand {
    AccountCommand::Deregister { actor: office("p-office"), reasons: "更换运营人".into(), now: at(10) }
}
