//! Who may know of a credential. For whoever may not, there is none: neither its state nor whose it is is told, also not by a
//! refusal. Credentials are about persons (X11): they are for those who verify, file or show them.

use casebook_kernel::ids::AccountId;
use casebook_kernel::region::Region;

use super::applicant::Applicant;

/// How far somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// An auditor's, and that of a system of Casebook's own: everything.
    Everything,
    /// An officer's: the applicants of institutions in the region of the agency (属地管理, R80).
    Region(Region),
    /// That of an institution's office: its own people.
    Institution(String),
    /// That of a platform's back end: the accounts on it.
    Platform(String),
    /// That of whoever runs one account: what is filed for it.
    Account(AccountId),
    Nothing,
}

impl Sight {
    pub fn reaches(&self, applicant: &Applicant) -> bool {
        match self {
            Self::Everything => true,
            Self::Region(region) => region.contains(applicant.region),
            Self::Institution(own) => applicant.institution.to_string() == *own,
            Self::Platform(own) => applicant.account.platform == *own,
            Self::Account(own) => applicant.account.id == *own,
            Self::Nothing => false,
        }
    }
}
