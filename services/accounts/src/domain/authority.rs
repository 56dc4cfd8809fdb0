//! For whom somebody may act.

use casebook_kernel::Actor;
use casebook_kernel::ids::{AccountId, InstitutionId};
use casebook_kernel::region::Region;

/// The agency that tokens of an institution's office name.
pub fn office_of(institution_id: InstitutionId) -> String {
    format!("institution-{institution_id}")
}

/// Whether `actor` is of the institution's own office.
pub fn is_office(actor: &Actor, institution_id: InstitutionId) -> bool {
    actor.agency.as_str() == office_of(institution_id)
}

/// Whether `actor` may act in the name of an institution: its own office may, and an agency that answers for its region.
pub fn acts_for(actor: &Actor, institution_id: InstitutionId, region: Region) -> bool {
    is_office(actor, institution_id) || supervises(actor, region)
}

/// Whether `actor` runs this very account.
pub fn is_operator(actor: &Actor, platform: &str, platform_uid: &str) -> bool {
    actor.subject() == Some(AccountId::of(platform, platform_uid))
}

/// Whether `actor` is an agency that answers for `region` (属地管理).
pub fn supervises(actor: &Actor, region: Region) -> bool {
    actor.agency_kind.is_some() && actor.region.contains(region)
}

/// Who restricts an account or lifts a restriction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// A system of Casebook's own that carries out a rule, such as a missed deadline.
    System,
    /// An officer of an agency.
    Agency(Actor),
}

impl Authority {
    pub fn covers(&self, region: Region) -> bool {
        match self {
            Self::System => true,
            Self::Agency(actor) => supervises(actor, region),
        }
    }
}

/// Who observed something about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observer {
    /// The back end of a platform, which sees its own accounts only.
    Platform(String),
    /// An institution's office or an agency.
    Office(Actor),
    /// A system of Casebook's own.
    System,
}

impl Observer {
    pub fn sees(&self, platform: &str, institution_id: InstitutionId, region: Region) -> bool {
        match self {
            Self::Platform(own) => own == platform,
            Self::Office(actor) => acts_for(actor, institution_id, region),
            Self::System => true,
        }
    }
}
