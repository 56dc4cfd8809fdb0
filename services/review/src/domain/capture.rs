//! A published item as somebody captured it.

use std::fmt;
use std::str::FromStr;

use casebook_kernel::Timestamp;
use casebook_kernel::ids::{AccountId, ItemId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The namespace of ids of items, which follow from what the platform calls them.
const PLATFORM_ITEMS: Uuid = Uuid::from_u128(0x6ba7_b810_c45e_b00c_9e1d_0000_0000_0102);

/// SHA-256 of the UTF-8 bytes of a text: it names a version of an item, whoever captured it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextHash([u8; 32]);

impl TextHash {
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl fmt::Display for TextHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TextHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TextHash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is not a SHA-256", text.chars().take(64).collect::<String>());
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// The content at one moment: what a reader saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub text: String,
    /// The source labels shown (R39-R43), ids of the policy pack.
    pub labels: Vec<String>,
    /// Links shown beside the text.
    pub links: Vec<String>,
}

impl Snapshot {
    pub fn text_sha256(&self) -> TextHash {
        TextHash::of(&self.text)
    }
}

/// Whether there is anything to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Captured(Snapshot),
    /// Gone before anybody captured it: a report on it is a report all the same.
    Deleted,
}

impl Content {
    pub fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Self::Captured(snapshot) => Some(snapshot),
            Self::Deleted => None,
        }
    }
}

/// An item as a report or a platform names and shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// An id of the policy pack.
    pub platform: String,
    /// The platform's own id of the item, where anybody knows it.
    pub platform_item_id: Option<String>,
    /// The platform's own id of the account: it stays when the account is renamed.
    pub platform_uid: String,
    /// The account's name as shown.
    pub handle: String,
    pub content: Content,
    /// As far as known.
    pub published_at: Option<Timestamp>,
}

impl Capture {
    pub fn account_id(&self) -> AccountId {
        AccountId::of(&self.platform, &self.platform_uid)
    }

    /// The item: the same for everybody who names it the same way; none where nothing identifies it.
    ///
    /// The account is part of it, so that a report that names the wrong account can never take the place of the
    /// right account's item.
    pub fn item_id(&self) -> Option<ItemId> {
        let what = match (&self.platform_item_id, &self.content) {
            (Some(id), _) => format!("id/{id}"),
            (None, Content::Captured(snapshot)) => format!("text/{}", snapshot.text_sha256()),
            (None, Content::Deleted) => return None,
        };
        let account = self.account_id().uuid();
        Some(ItemId::derived(Uuid::new_v5(&PLATFORM_ITEMS, account.as_bytes()), &what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(platform_item_id: Option<&str>, uid: &str, content: Content) -> Capture {
        Capture {
            platform: "weibo".into(),
            platform_item_id: platform_item_id.map(Into::into),
            platform_uid: uid.into(),
            handle: "某某医生".into(),
            content,
            published_at: None,
        }
    }

    fn text(text: &str) -> Content {
        Content::Captured(Snapshot { text: text.into(), labels: Vec::new(), links: Vec::new() })
    }

    #[test]
    fn an_item_is_known_by_the_platforms_id_whatever_its_text_says() {
        let before = capture(Some("M1"), "u1", text("早"));
        let edited = capture(Some("M1"), "u1", text("晚"));
        let gone = capture(Some("M1"), "u1", Content::Deleted);
        assert_eq!(before.item_id(), edited.item_id());
        assert_eq!(before.item_id(), gone.item_id());
        assert_ne!(before.item_id(), capture(Some("M2"), "u1", text("早")).item_id());
        assert_ne!(before.item_id(), capture(Some("M1"), "u2", text("早")).item_id());
    }

    #[test]
    fn without_the_platforms_id_an_item_is_known_by_its_text_and_without_both_not_at_all() {
        let one = capture(None, "u1", text("早"));
        assert_eq!(one.item_id(), capture(None, "u1", text("早")).item_id());
        assert_ne!(one.item_id(), capture(None, "u1", text("晚")).item_id());
        assert_eq!(capture(None, "u1", Content::Deleted).item_id(), None);
    }

    #[test]
    fn a_hash_is_read_back_as_it_is_written() {
        let hash = TextHash::of("良药苦口");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!(hash.to_string().to_uppercase().parse::<TextHash>().is_err());
        assert!("00".parse::<TextHash>().is_err());
    }
}
