//! Values that events, requests and replies share.

pub use casebook_execution::codec::{some_text, text};
use casebook_kernel::Timestamp;
use casebook_policy::AccountLevel;
use casebook_proto::accounts::v1 as pb;
use uuid::Uuid;

use super::{Reading, Unreadable};
use crate::domain::account::{ApprovalStep, RestrictionCause};
use crate::domain::form::{AccountDetails, Mcn, Person, SubjectKind, Supervisor, SupervisorRole};
use crate::domain::institution::{Grade, InstitutionKind, UsccWarning};

/// Two spellings of one closed set.
macro_rules! enum_pairs {
    ($to:ident, $from:ident: $domain:ty = $message:ty { $($left:ident = $right:ident),* $(,)? }) => {
        pub fn $to(value: $domain) -> i32 {
            match value {
                $(<$domain>::$left => <$message>::$right as i32,)*
            }
        }

        pub fn $from(field: &'static str, number: i32) -> Reading<$domain> {
            match <$message>::try_from(number) {
                $(Ok(<$message>::$right) => Ok(<$domain>::$left),)*
                Ok(<$message>::Unspecified) => Err(Unreadable::new(field, "is not given")),
                Err(_) => Err(Unreadable::new(field, format!("{number} is not one of its values"))),
            }
        }
    };
}

enum_pairs!(kind_number, kind: InstitutionKind = pb::InstitutionKind {
    Hospital = Hospital, School = School, ResearchBody = ResearchBody, Other = Other,
});
enum_pairs!(grade_number, some_grade: Grade = pb::InstitutionGrade {
    Primary = Primary, Secondary = Secondary, Tertiary = Tertiary,
});
enum_pairs!(level_number, level: AccountLevel = pb::AccountLevel {
    Institution = Institution, Department = Department, Staff = Staff,
});
enum_pairs!(subject_number, subject: SubjectKind = pb::SubjectKind {
    Personal = Personal, Department = Department, Institution = Institution,
});
enum_pairs!(supervisor_role_number, supervisor_role: SupervisorRole = pb::SupervisorRole {
    PartyCommittee = PartyCommittee, PartyGovernmentOffice = PartyGovernmentOffice, DepartmentHead = DepartmentHead,
    BranchHead = BranchHead,
});
enum_pairs!(step_number, step: ApprovalStep = pb::ApprovalStep {
    Department = Department, FunctionalOffice = FunctionalOffice, PartyGovernmentOffice = PartyGovernmentOffice,
    LeaderInCharge = LeaderInCharge,
});
enum_pairs!(cause_number, cause: RestrictionCause = pb::RestrictionCause {
    Uncertified = Uncertified, RecertificationMissed = RecertificationMissed, Reverification = Reverification,
});

/// A grade, or none.
pub fn grade(field: &'static str, number: i32) -> Reading<Option<Grade>> {
    if number == pb::InstitutionGrade::Unspecified as i32 { Ok(None) } else { some_grade(field, number).map(Some) }
}

pub fn at(field: &'static str, value: Option<casebook_proto::Timestamp>) -> Reading<Timestamp> {
    some_at(field, value)?.ok_or_else(|| Unreadable::new(field, "is not given"))
}

pub fn some_at(field: &'static str, value: Option<casebook_proto::Timestamp>) -> Reading<Option<Timestamp>> {
    value.map(|value| casebook_proto::moment(&value).ok_or_else(|| Unreadable::new(field, "is not a time"))).transpose()
}

pub fn time(at: Timestamp) -> Option<casebook_proto::Timestamp> {
    Some(casebook_proto::timestamp(at))
}

pub fn uuid(field: &'static str, value: &str) -> Reading<Uuid> {
    casebook_kernel::ids::parse_uuid(field, value).map_err(|error| Unreadable::new(field, error))
}

pub fn character(field: &'static str, value: &str) -> Reading<char> {
    let mut chars = value.chars();
    chars.next().filter(|_| chars.next().is_none()).ok_or_else(|| Unreadable::new(field, "is not one character"))
}

fn name_of(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

pub fn details_message(details: &AccountDetails) -> pb::AccountDetails {
    pb::AccountDetails {
        department: details.department.clone(),
        responsible_person: details.responsible_person.to_string(),
        duty_officer: name_of(details.duty_officer.as_ref()),
        operator: name_of(details.operator.as_ref()),
        supervisors: details.supervisors.iter().map(supervisor_message).collect(),
        mcn: details
            .mcn
            .as_ref()
            .map(|mcn| pb::Mcn { name: mcn.name.clone(), contract_reference: mcn.contract_reference.clone() }),
        background: details.background.clone(),
    }
}

fn supervisor_message(supervisor: &Supervisor) -> pb::Supervisor {
    pb::Supervisor { role: supervisor_role_number(supervisor.role), person: supervisor.person.to_string() }
}

pub fn details(message: pb::AccountDetails) -> Reading<AccountDetails> {
    Ok(AccountDetails {
        department: message.department,
        responsible_person: text("details.responsible_person", &message.responsible_person)?,
        duty_officer: some_text("details.duty_officer", &message.duty_officer)?,
        operator: some_text("details.operator", &message.operator)?,
        supervisors: supervisors(message.supervisors)?,
        mcn: message.mcn.map(mcn),
        background: message.background,
    })
}

pub fn supervisors(messages: Vec<pb::Supervisor>) -> Reading<Vec<Supervisor>> {
    let one = |message: pb::Supervisor| {
        Ok(Supervisor {
            role: supervisor_role("details.supervisors.role", message.role)?,
            person: text::<Person>("details.supervisors.person", &message.person)?,
        })
    };
    messages.into_iter().map(one).collect()
}

pub fn mcn(message: pb::Mcn) -> Mcn {
    Mcn { name: message.name, contract_reference: message.contract_reference }
}

/// What is wrong with a code's check character, as a message.
pub fn warning_message(warning: &UsccWarning) -> pb::UsccWarning {
    pb::UsccWarning { expected: warning.expected.to_string(), found: warning.found.to_string() }
}
