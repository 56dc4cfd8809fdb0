//! Typed ids: a case id can never be passed where an order id is meant.
//!
//! An id is a UUID, so it says nothing about the person or account behind it. Ids of things that
//! follow from other things (the order that follows from a decision, the case from a lead) are derived
//! from their cause, so that doing it twice finds the first. They keep the time that their cause tells.

use std::fmt;
use std::str::FromStr;

use uuid::{Uuid, Version};

/// Milliseconds since the epoch, the most significant first.
const TIME_BYTES: usize = 6;

/// A text that is not an id of the kind it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind} id: a lower-case hyphenated UUID is expected")]
pub struct NotAnId {
    pub kind: &'static str,
    pub text: String,
}

/// Parses the one accepted spelling of a UUID, so that two spellings can never name one stream.
pub fn parse_uuid(kind: &'static str, text: &str) -> Result<Uuid, NotAnId> {
    Uuid::try_parse(text)
        .ok()
        .filter(|id| id.hyphenated().to_string() == text)
        .ok_or_else(|| NotAnId { kind, text: text.chars().take(64).collect() })
}

/// Names a thing by what caused it: the same cause always gives the same id.
///
/// A cause that tells its time (a UUID of version 7, or what was derived from one) passes it on, as the first 48 bits of a UUID
/// of version 8: what happens at one time then lies side by side in every index, however large it grows. The other 74 bits
/// are a hash. Any other cause gives a UUID of version 5.
pub fn derived(cause: Uuid, what: &[u8]) -> Uuid {
    in_time_of(cause, Uuid::new_v5(&cause, what))
}

/// `id` with the time that `cause` tells, if it tells one.
pub fn in_time_of(cause: Uuid, id: Uuid) -> Uuid {
    if !matches!(cause.get_version(), Some(Version::SortRand | Version::Custom)) {
        return id;
    }
    let mut bytes = id.into_bytes();
    bytes[..TIME_BYTES].copy_from_slice(&cause.as_bytes()[..TIME_BYTES]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The category of this id's stream: its stream is named `{CATEGORY}-{id}`.
            pub const CATEGORY: &'static str = $kind;

            /// Names a thing by what caused it: the same cause always gives the same id.
            pub fn derived(cause: Uuid, what: &str) -> Self {
                Self(derived(cause, format!("{}/{}", $kind, what).as_bytes()))
            }

            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse_uuid($kind, text).map(Self)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = NotAnId;

            fn try_from(text: &str) -> Result<Self, NotAnId> {
                text.parse()
            }
        }
    )*};
}

// Append only: a category, once released, names streams for ever.
typed_ids! {
    /// A hospital, school or research body (机构).
    InstitutionId = "institution";
    /// One handle on one platform (账号).
    AccountId = "account";
    /// A claimed qualification (资质).
    CredentialId = "credential";
    /// A published or monitored piece of content (信息).
    ItemId = "item";
    /// A complaint by anyone (举报).
    ReportId = "report";
    /// An unverified signal; no effect on anyone (线索).
    LeadId = "lead";
    /// A case (案件).
    CaseId = "case";
    /// An instruction to one platform that follows from a decision (处置指令).
    OrderId = "order";
}

/// The namespace of ids that follow from what a thing is called outside Casebook.
const OUTSIDE: Uuid = Uuid::from_u128(0x6ba7_b810_c45e_b00c_9e1d_0000_0000_0001);

impl AccountId {
    /// The account behind a platform's own user id: every service computes the same, declared or not.
    /// The user id stays when the handle is renamed.
    pub fn of(platform: &str, platform_uid: &str) -> Self {
        Self::derived(OUTSIDE, &format!("{platform}/{platform_uid}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_spelling_of_an_id_is_read() {
        let id = CaseId::derived(Uuid::nil(), "lead");
        assert_eq!(id.to_string().parse::<CaseId>(), Ok(id));
        for spelling in [id.to_string().to_uppercase(), id.uuid().simple().to_string(), String::new()] {
            assert!(spelling.parse::<CaseId>().is_err(), "{spelling}");
        }
    }

    #[test]
    fn what_follows_keeps_the_time_of_its_cause() {
        let (earlier, later) = ("018f0000-0000-7000-8000-000000000001", "018f0000-0001-7000-8000-000000000000");
        let case = |cause: &str| CaseId::derived(cause.parse().expect("a UUID"), "lead");
        assert!(case(earlier) < case(later));
        assert!(case(earlier).to_string().starts_with("018f0000-0000-8"));
        let order = |cause| OrderId::derived(case(cause).uuid(), "mute");
        assert!(order(earlier) < order(later), "also of what follows from that");
        assert_ne!(order(earlier), OrderId::derived(case(earlier).uuid(), "closure"));
        let timeless = OrderId::derived(Uuid::from_u128(7), "mute").uuid();
        assert_eq!(timeless.get_version_num(), 5);
    }

    #[test]
    fn the_same_cause_gives_the_same_id_and_another_kind_another() {
        let cause = Uuid::from_u128(7);
        assert_eq!(OrderId::derived(cause, "mute"), OrderId::derived(cause, "mute"));
        assert_ne!(OrderId::derived(cause, "mute"), OrderId::derived(cause, "closure"));
        assert_ne!(OrderId::derived(cause, "mute").uuid(), CaseId::derived(cause, "mute").uuid());
    }
}
