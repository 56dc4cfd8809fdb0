//! Domain events and their stored form.

mod account;
mod institution;
mod order;
pub(crate) mod values;

use casebook_execution::{DecodeError, Stored};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The package of this service's messages, as event types begin.
pub(crate) const PACKAGE: &str = "casebook.accounts.v1.";

/// Why a stored message is not an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub(crate) struct Unreadable {
    pub field: &'static str,
    pub reason: String,
}

impl Unreadable {
    pub fn new(field: &'static str, reason: impl std::fmt::Display) -> Self {
        Self { field, reason: reason.to_string() }
    }
}

pub(crate) type Read<T> = Result<T, Unreadable>;

fn stored(event_type: &'static str, message: &impl Serialize) -> Stored {
    // A protobuf message always has a JSON form.
    Stored { event_type, json: serde_json::to_vec(message).unwrap_or_default() }
}

fn parse<M: DeserializeOwned>(event_type: &str, json: &[u8]) -> Result<M, DecodeError> {
    serde_json::from_slice(json).map_err(|error| DecodeError::new(event_type, error))
}

/// Parses a message and reads it as a domain value.
fn read<M: DeserializeOwned, T>(
    event_type: &str,
    json: &[u8],
    of: impl FnOnce(M) -> Read<T>,
) -> Result<T, DecodeError> {
    of(parse(event_type, json)?).map_err(|error| DecodeError::new(event_type, error))
}
