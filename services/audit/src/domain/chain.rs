//! The hash chain over the log. `README.md` says the same in words, for whoever computes it in another language.
//!
//! An event's leaf hash covers everything that the log stores of it. The chain's hash at an event covers its leaf
//! and the hash before it, and so every event up to there. Each case has a chain of its own over the leaves of its
//! events alone. What is hashed begins with a byte that says what it is, so that no leaf can pass for a link.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Before a leaf's entry. RFC 6962 begins its leaves the same way, so a Merkle log can take these leaves as they are.
const LEAF: u8 = 0x00;
/// Before a link. RFC 6962 has 0x01 for its inner nodes.
const LINK: u8 = 0x02;
/// Before the id from which a case's chain starts.
const CASE: u8 = 0x03;
/// The version of an entry's encoding.
const ENTRY_VERSION: u8 = 1;

/// A SHA-256; shown as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What stands before the first link of the log's chain.
    pub const GENESIS: Self = Self([0; 32]);

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash that is stored as these bytes, if they are 32.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 has 64 lower-case hexadecimal digits")]
pub struct NotAHash;

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAHash)?;
        Ok(Self(bytes))
    }
}

/// What the log stores of one event.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub position: u64,
    pub stream: &'a str,
    pub revision: u64,
    pub id: Uuid,
    pub event_type: &'a str,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub recorded_at_us: i64,
    pub data: &'a [u8],
    pub metadata: &'a [u8],
}

impl Entry<'_> {
    /// SHA-256 over 0x00 and the entry. Numbers are big-endian; what has no fixed length comes behind its
    /// length in bytes, so that no two entries are encoded alike.
    pub fn leaf(&self) -> Hash {
        let mut hash = Sha256::new();
        hash.update([LEAF, ENTRY_VERSION]);
        hash.update(self.position.to_be_bytes());
        field(&mut hash, self.stream.as_bytes());
        hash.update(self.revision.to_be_bytes());
        hash.update(self.id.as_bytes());
        field(&mut hash, self.event_type.as_bytes());
        hash.update(self.recorded_at_us.to_be_bytes());
        field(&mut hash, self.data);
        field(&mut hash, self.metadata);
        Hash(hash.finalize().into())
    }
}

fn field(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

/// The end of a chain: the log's, or that of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// How many events are in the chain.
    pub events: u64,
    pub hash: Hash,
}

impl Tip {
    /// The log's chain before its first event.
    pub const GENESIS: Self = Self { events: 0, hash: Hash::GENESIS };

    /// A case's chain before its first event: SHA-256 over 0x03 and the correlation's 16 bytes, so that the chains of
    /// two cases never agree.
    pub fn of_case(correlation: Uuid) -> Self {
        let mut hash = Sha256::new();
        hash.update([CASE]);
        hash.update(correlation.as_bytes());
        Self { events: 0, hash: Hash(hash.finalize().into()) }
    }

    /// The chain with one more event: SHA-256 over 0x02, the hash so far and the event's leaf.
    pub fn link(self, leaf: Hash) -> Self {
        let mut hash = Sha256::new();
        hash.update([LINK]);
        hash.update(self.hash.0);
        hash.update(leaf.0);
        Self { events: self.events + 1, hash: Hash(hash.finalize().into()) }
    }
}
