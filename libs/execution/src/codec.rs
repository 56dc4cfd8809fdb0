//! What the codecs of all services have in common: a message is written as JSON, and read field by field.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aggregate::{DecodeError, Stored};

/// Why a message does not say what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Unreadable {
    pub field: &'static str,
    pub reason: String,
}

impl Unreadable {
    pub fn new(field: &'static str, reason: impl Display) -> Self {
        Self { field, reason: reason.to_string() }
    }
}

pub type Reading<T> = Result<T, Unreadable>;

/// The stored form of a message.
pub fn stored(event_type: &'static str, message: &impl Serialize) -> Stored {
    // Serialising a message into memory cannot fail: it has no map with keys that are not strings, and no time that our
    // clocks do not know.
    Stored { event_type, json: serde_json::to_vec(message).expect("a message is JSON") }
}

/// Parses a stored message.
pub fn parse<M: DeserializeOwned>(event_type: &str, json: &[u8]) -> Result<M, DecodeError> {
    serde_json::from_slice(json).map_err(|error| DecodeError::new(event_type, error))
}

/// Parses a stored message and reads it as a domain value.
pub fn read<M: DeserializeOwned, T>(
    event_type: &str,
    json: &[u8],
    of: impl FnOnce(M) -> Reading<T>,
) -> Result<T, DecodeError> {
    of(parse(event_type, json)?).map_err(|error| DecodeError::new(event_type, error))
}

/// Anything that reads itself from one text: an id, a hash, a region.
pub fn text<T: FromStr<Err: Display>>(field: &'static str, value: &str) -> Reading<T> {
    value.parse().map_err(|error| Unreadable::new(field, error))
}

/// The same, where an empty text is none.
pub fn some_text<T: FromStr<Err: Display>>(field: &'static str, value: &str) -> Reading<Option<T>> {
    if value.is_empty() { Ok(None) } else { text(field, value).map(Some) }
}
