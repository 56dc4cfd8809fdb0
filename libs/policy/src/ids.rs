//! Ids of what a pack defines. An id is stored in events for ever: a pack may retire one, never reuse it.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::Deserializer;

/// The most characters an id of a pack may have.
pub const PACK_ID_CHARS_MAX: usize = 64;

/// Whether `text` has the form of a pack id.
pub(crate) fn check_id(text: &str) -> Result<(), String> {
    let fits = !text.is_empty()
        && text.len() <= PACK_ID_CHARS_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if fits {
        Ok(())
    } else {
        let shown: String = text.chars().take(PACK_ID_CHARS_MAX).collect();
        Err(format!("`{shown}` is not an id: 1 to {PACK_ID_CHARS_MAX} letters, digits or `-_.`"))
    }
}

macro_rules! pack_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

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
                check_id(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<&str> for $name {
            type Error = String;

            fn try_from(text: &str) -> Result<Self, String> {
                text.parse()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

pack_ids! {
    /// An article that something rests on, such as `S1-8`.
    LegalBasisId;
    /// A kind of violation, such as `V-05`.
    ViolationId;
    /// A measure, such as `MUTED`.
    MeasureId;
    /// A ladder of measures, such as `platform`.
    LadderId;
    /// A platform, such as `weibo`.
    PlatformId;
    /// A step of an approval, such as `department`.
    ApprovalStepId;
    /// A screening rule.
    RuleId;
    /// A class of terms that screening rules share.
    ClassId;
}
