//! An institution (机构): who it is, and how many accounts it may have on a platform.

use casebook_kernel::ids::InstitutionId;
use casebook_kernel::region::Region;
use casebook_kernel::uscc::{self, UsccCheck, UsccError};
use casebook_kernel::{Actor, AgencyId, AgencyKind, Decider, Timestamp};
use casebook_policy::PlatformId;
use uuid::Uuid;

use super::authority::supervises;
use super::form::{ALIAS_CHARS_MIN, ALIASES_MAX};

/// The most exceptions that one institution may hold, expired ones too.
pub const QUOTA_EXCEPTIONS_MAX: usize = 100;

const INSTITUTIONS: Uuid = Uuid::from_u128(0x6ba7_b810_c45e_b00c_9e1d_0000_0000_0101);

/// The institution that a unified social credit code names. The code is the institution's own and unique in the
/// country: deriving the id from it lets no institution into the registry twice.
pub fn id_of(uscc: &str) -> InstitutionId {
    InstitutionId::derived(INSTITUTIONS, uscc)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstitutionKind {
    Hospital,
    School,
    ResearchBody,
    Other,
}

/// 医院等级.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grade {
    Primary,
    Secondary,
    Tertiary,
}

/// A check character other than the one the code calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsccWarning {
    pub expected: char,
    pub found: char,
}

/// The supervising agency's consent to one more account on a platform (R12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaException {
    pub exception_id: Uuid,
    pub platform: PlatformId,
    pub reason: String,
    pub agency: AgencyId,
    pub granted_at: Timestamp,
    /// From then on no account can be declared under it. Accounts that were declared before stay.
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub uscc: String,
    pub uscc_warning: Option<UsccWarning>,
    pub kind: InstitutionKind,
    pub grade: Option<Grade>,
    pub name: String,
    pub aliases: Vec<String>,
    pub region: Region,
    pub registered_at: Timestamp,
}

impl Registration {
    /// Every name that a personal account may not use (R13).
    pub fn names(&self) -> Vec<String> {
        std::iter::once(&self.name).chain(&self.aliases).cloned().collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    pub institution_id: InstitutionId,
    pub registration: Registration,
    pub quota_exceptions: Vec<QuotaException>,
}

impl Registered {
    /// The exceptions under which an account on `platform` can be declared at `now`.
    pub fn exceptions_on<'a>(&'a self, platform: &'a str, now: Timestamp) -> impl Iterator<Item = &'a QuotaException> {
        self.quota_exceptions.iter().filter(move |one| one.platform == *platform && now < one.expires_at)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum InstitutionState {
    #[default]
    Absent,
    Registered(Box<Registered>),
}

impl InstitutionState {
    pub fn registered(&self) -> Option<&Registered> {
        match self {
            Self::Absent => None,
            Self::Registered(registered) => Some(registered),
        }
    }
}

#[derive(Debug, Clone)]
pub enum InstitutionCommand {
    Register(Box<Register>),
    GrantQuotaException(GrantQuotaException),
}

#[derive(Debug, Clone)]
pub struct Register {
    pub uscc: String,
    pub kind: InstitutionKind,
    pub grade: Option<Grade>,
    pub name: String,
    pub aliases: Vec<String>,
    pub region: Region,
    pub actor: Actor,
    pub now: Timestamp,
}

#[derive(Debug, Clone)]
pub struct GrantQuotaException {
    pub exception_id: Uuid,
    pub platform: PlatformId,
    pub reason: String,
    pub expires_at: Timestamp,
    pub actor: Actor,
    pub now: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstitutionEvent {
    Registered { institution_id: InstitutionId, registration: Registration },
    QuotaExceptionGranted { institution_id: InstitutionId, exception: QuotaException },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstitutionRefusal {
    #[error("the registry has an institution with this unified social credit code")]
    InstitutionAlreadyRegistered,
    #[error("the registry has no such institution")]
    NotRegistered,
    #[error("uscc: {0}")]
    UsccMalformed(UsccError),
    #[error("aliases: at most {ALIASES_MAX} names of at least {ALIAS_CHARS_MIN} characters")]
    AliasesUnfit,
    #[error("only a hospital has a grade")]
    GradeWithoutHospital,
    #[error("only a health or TCM agency that answers for the institution's region may do this")]
    NotSupervisingAgency,
    #[error("an exception ends in the future")]
    ExpiryInPast,
    #[error("the institution has {QUOTA_EXCEPTIONS_MAX} exceptions, more are not kept")]
    TooManyExceptions,
}

/// The rules of an institution's stream.
#[derive(Debug, Clone, Copy)]
pub struct Institution;

impl Decider for Institution {
    type State = InstitutionState;
    type Command = InstitutionCommand;
    type Event = InstitutionEvent;
    type Refusal = InstitutionRefusal;

    fn decide(
        state: &InstitutionState,
        command: InstitutionCommand,
    ) -> Result<Vec<InstitutionEvent>, InstitutionRefusal> {
        match (command, state.registered()) {
            (InstitutionCommand::Register(_), Some(_)) => Err(InstitutionRefusal::InstitutionAlreadyRegistered),
            (InstitutionCommand::Register(register), None) => decide_register(*register),
            (InstitutionCommand::GrantQuotaException(_), None) => Err(InstitutionRefusal::NotRegistered),
            (InstitutionCommand::GrantQuotaException(grant), Some(registered)) => decide_exception(registered, grant),
        }
        .map(|event| vec![event])
    }

    fn evolve(state: InstitutionState, event: &InstitutionEvent) -> InstitutionState {
        match (state, event) {
            (InstitutionState::Absent, InstitutionEvent::Registered { institution_id, registration }) => {
                InstitutionState::Registered(Box::new(Registered {
                    institution_id: *institution_id,
                    registration: registration.clone(),
                    quota_exceptions: Vec::new(),
                }))
            }
            (
                InstitutionState::Registered(mut registered),
                InstitutionEvent::QuotaExceptionGranted { exception, .. },
            ) => {
                registered.quota_exceptions.push(exception.clone());
                InstitutionState::Registered(registered)
            }
            (state, _) => state,
        }
    }
}

fn decide_register(register: Register) -> Result<InstitutionEvent, InstitutionRefusal> {
    let uscc_warning = match uscc::check(&register.uscc).map_err(InstitutionRefusal::UsccMalformed)? {
        UsccCheck::Valid => None,
        UsccCheck::WrongCheckCharacter { expected, found } => Some(UsccWarning { expected, found }),
    };
    let short = |alias: &String| alias.chars().count() < ALIAS_CHARS_MIN;
    if register.aliases.len() > ALIASES_MAX || register.aliases.iter().any(short) {
        return Err(InstitutionRefusal::AliasesUnfit);
    }
    if register.grade.is_some() && register.kind != InstitutionKind::Hospital {
        return Err(InstitutionRefusal::GradeWithoutHospital);
    }
    if !supervises(&register.actor, register.region) {
        return Err(InstitutionRefusal::NotSupervisingAgency);
    }
    Ok(InstitutionEvent::Registered {
        institution_id: id_of(&register.uscc),
        registration: Registration {
            uscc: register.uscc,
            uscc_warning,
            kind: register.kind,
            grade: register.grade,
            name: register.name,
            aliases: register.aliases,
            region: register.region,
            registered_at: register.now,
        },
    })
}

fn decide_exception(
    registered: &Registered,
    grant: GrantQuotaException,
) -> Result<InstitutionEvent, InstitutionRefusal> {
    // 主管单位 of an institution of the field is the health or the TCM agency, not the one that watches platforms.
    let competent = matches!(grant.actor.agency_kind, Some(AgencyKind::Health | AgencyKind::Tcm));
    if !competent || !supervises(&grant.actor, registered.registration.region) {
        return Err(InstitutionRefusal::NotSupervisingAgency);
    }
    if grant.expires_at <= grant.now {
        return Err(InstitutionRefusal::ExpiryInPast);
    }
    if registered.quota_exceptions.len() >= QUOTA_EXCEPTIONS_MAX {
        return Err(InstitutionRefusal::TooManyExceptions);
    }
    Ok(InstitutionEvent::QuotaExceptionGranted {
        institution_id: registered.institution_id,
        exception: QuotaException {
            exception_id: grant.exception_id,
            platform: grant.platform,
            reason: grant.reason,
            agency: grant.actor.agency,
            granted_at: grant.now,
            expires_at: grant.expires_at,
        },
    })
}
