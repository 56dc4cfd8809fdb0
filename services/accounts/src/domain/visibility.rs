//! Who may know of a declared account. For whoever may not, none is declared: the answer is the same.

use casebook_kernel::ids::AccountId;

use super::account::Declaration;

/// How far somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// That of agencies, for which the registry is kept (R03-R06), of auditors and of Casebook's own systems: everything.
    Everything,
    /// That of an institution's office: the accounts that it declared. Those of others name their persons.
    Institution(String),
    /// That of a platform's back end: the accounts on it.
    Platform(String),
    /// That of whoever runs one account.
    Account(AccountId),
    Nothing,
}

impl Sight {
    pub fn reaches(&self, declaration: &Declaration) -> bool {
        match self {
            Self::Everything => true,
            Self::Institution(own) => declaration.institution_id.to_string() == *own,
            Self::Platform(own) => declaration.platform.as_str() == own,
            Self::Account(own) => declaration.account_id() == *own,
            Self::Nothing => false,
        }
    }

    /// Whether the measures on an account may be known that nobody declared: to whoever runs it or carries them out.
    pub fn reaches_undeclared(&self, platform: &str, account_id: AccountId) -> bool {
        match self {
            Self::Everything => true,
            Self::Institution(_) | Self::Nothing => false,
            Self::Platform(own) => platform == own,
            Self::Account(own) => account_id == *own,
        }
    }
}
