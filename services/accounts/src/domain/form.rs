//! What the approval form says about an account, and what makes it complete (S2 art. 5-6 and annex 1).

use casebook_kernel::OfficerId;
use casebook_policy::AccountLevel;

use super::account::AccountRefusal;

/// The most names that an institution may have beside its registered one.
pub const ALIASES_MAX: usize = 10;
/// A name of fewer characters is part of too many others to protect it.
pub const ALIAS_CHARS_MIN: usize = 2;

/// A person by a pseudonymous reference. The registry holds no person's name.
pub type Person = OfficerId;

/// What kind of subject an account belongs to (R05).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubjectKind {
    Personal,
    Department,
    Institution,
}

impl SubjectKind {
    /// The kind that a level implies: S2 art. 5 tells levels apart by the name in which an account is run.
    pub fn of(level: AccountLevel) -> Self {
        match level {
            AccountLevel::Institution => Self::Institution,
            AccountLevel::Department => Self::Department,
            AccountLevel::Staff => Self::Personal,
        }
    }
}

/// The office from which an account is supervised (R11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SupervisorRole {
    /// 院党委.
    PartyCommittee,
    /// 党政综合办公室.
    PartyGovernmentOffice,
    /// 所属科室负责人.
    DepartmentHead,
    /// 支部负责人.
    BranchHead,
}

impl SupervisorRole {
    /// Who must supervise an account of a level (S2 art. 5). The party committee has level 1 anyway and need not be named.
    pub fn required(level: AccountLevel) -> &'static [Self] {
        match level {
            AccountLevel::Institution => &[],
            AccountLevel::Department => &[Self::PartyGovernmentOffice],
            AccountLevel::Staff => &[Self::DepartmentHead, Self::BranchHead],
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::PartyCommittee => "party committee (院党委)",
            Self::PartyGovernmentOffice => "party-government office (党政综合办公室)",
            Self::DepartmentHead => "head of the department (科室负责人)",
            Self::BranchHead => "head of the branch (支部负责人)",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supervisor {
    pub role: SupervisorRole,
    pub person: Person,
}

/// The network an account is signed with (R18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mcn {
    pub name: String,
    /// The reference under which the institution keeps the contract; may be empty.
    pub contract_reference: String,
}

/// The form besides the account's name and level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDetails {
    /// 主办科室, or the department of the member of staff; empty for an account of the institution itself.
    pub department: String,
    /// 第一责任人 (R10).
    pub responsible_person: Person,
    /// Who tends the account day by day (R106).
    pub duty_officer: Option<Person>,
    /// 职工个人.
    pub operator: Option<Person>,
    pub supervisors: Vec<Supervisor>,
    pub mcn: Option<Mcn>,
    /// The operator's professional background (R17, R38).
    pub background: String,
}

impl AccountDetails {
    /// The names of the fields in which `other` differs, as requests name them.
    pub fn fields_that_differ(&self, other: &Self) -> Vec<&'static str> {
        [
            ("department", self.department != other.department),
            ("responsible_person", self.responsible_person != other.responsible_person),
            ("duty_officer", self.duty_officer != other.duty_officer),
            ("operator", self.operator != other.operator),
            ("supervisors", self.supervisors != other.supervisors),
            ("mcn", self.mcn != other.mcn),
            ("background", self.background != other.background),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

/// Checks that the form is whole for its level.
pub fn check(level: AccountLevel, subject_kind: SubjectKind, details: &AccountDetails) -> Result<(), AccountRefusal> {
    if subject_kind != SubjectKind::of(level) {
        return Err(AccountRefusal::LevelSubjectMismatch);
    }
    if level != AccountLevel::Institution && details.department.is_empty() {
        return Err(AccountRefusal::DepartmentMissing);
    }
    if level == AccountLevel::Staff && details.operator.is_none() {
        return Err(AccountRefusal::OperatorMissing);
    }
    if subject_kind == SubjectKind::Personal && details.background.is_empty() {
        return Err(AccountRefusal::BackgroundMissing);
    }
    check_supervisors(SupervisorRole::required(level), &details.supervisors)
}

fn check_supervisors(required: &[SupervisorRole], given: &[Supervisor]) -> Result<(), AccountRefusal> {
    let mut persons: Vec<&Person> = Vec::with_capacity(required.len());
    for role in required {
        let of_role: Vec<&Person> = given.iter().filter(|one| one.role == *role).map(|one| &one.person).collect();
        // Two offices supervise together: one person in both would supervise alone.
        let Some(person) = of_role.iter().find(|person| !persons.contains(person)) else {
            return Err(AccountRefusal::SupervisorsIncomplete { missing: *role });
        };
        persons.push(person);
    }
    Ok(())
}

/// Whether a handle uses one of an institution's names (R13). Blanks and the case of letters do not hide a name.
pub fn uses_name(handle: &str, names: &[String]) -> bool {
    let handle = plain(handle);
    names.iter().map(|name| plain(name)).any(|name| name.chars().count() >= ALIAS_CHARS_MIN && handle.contains(&name))
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
