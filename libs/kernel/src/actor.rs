//! Who acts: an agency, and within it an officer or a system.

use std::fmt;
use std::str::FromStr;

use crate::ids::AccountId;
use crate::region::Region;

/// What an agency is competent for (R93).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AgencyKind {
    /// 网信部门: supervises and guides platforms.
    Cyberspace,
    /// 卫生健康部门: deals with doctors and institutions.
    Health,
    /// 中医药主管部门: the same for Chinese medicine.
    Tcm,
    /// 市场监督管理部门: punishes disguised advertising.
    Market,
}

impl AgencyKind {
    pub const ALL: [Self; 4] = [Self::Cyberspace, Self::Health, Self::Tcm, Self::Market];

    /// The word that policy packs, tokens and rows use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cyberspace => "cyberspace",
            Self::Health => "health",
            Self::Tcm => "tcm",
            Self::Market => "market",
        }
    }
}

impl FromStr for AgencyKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a kind of agency (cyberspace, health, tcm, market)"))
    }
}

/// The most characters an agency or officer id may have.
pub const ACTOR_ID_CHARS_MAX: usize = 64;

/// An agency, institution office or platform by its registered short name, such as `cac-310000`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgencyId(String);

/// A person of an agency by a pseudonymous id, or a system by its name. Never a person's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OfficerId(String);

macro_rules! actor_ids {
    ($($name:ident: $kind:literal),*) => {$(
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let fits = !text.is_empty()
                    && text.len() <= ACTOR_ID_CHARS_MAX
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
                if fits {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(format!(
                        "an id of an {} has 1 to {ACTOR_ID_CHARS_MAX} letters, digits or `-_.:`", $kind
                    ))
                }
            }
        }
    )*};
}
actor_ids!(AgencyId: "agency", OfficerId: "officer");

/// The one who gives a command: goes into the command and, with it, into the event's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub agency: AgencyId,
    pub officer: OfficerId,
    /// What the agency is competent for; none for an institution, a platform or a system.
    pub agency_kind: Option<AgencyKind>,
    /// The region the actor answers for.
    pub region: Region,
}

/// What the agency of a token begins with that belongs to whoever runs one account; the account's id follows.
const SUBJECT: &str = "subject-";

impl Actor {
    /// The account whose operator or representative acts: their agency is named `subject-{account_id}`.
    pub fn subject(&self) -> Option<AccountId> {
        self.agency.as_str().strip_prefix(SUBJECT)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_named_by_its_account_and_by_nothing_else() {
        let account = AccountId::of("weibo", "u-1");
        let of = |agency: &str| Actor {
            agency: agency.parse().expect(agency),
            officer: "operator-1".parse().expect("an officer"),
            agency_kind: None,
            region: Region::NATIONAL,
        };
        assert_eq!(of(&format!("subject-{account}")).subject(), Some(account));
        let shouted = format!("subject-{}", account.to_string().to_uppercase());
        for agency in ["cac-310000", "subject-", "subject-1", &account.to_string(), &shouted] {
            assert_eq!(of(agency).subject(), None, "{agency}");
        }
    }
}
