//! Domain events and their stored form, and the knowledge that other services' events give.

pub mod item;
mod knowledge;
pub mod report;
pub(crate) mod values;

use casebook_execution::{DecodeError, Stored};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a stored message is not an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub(crate) struct Unreadable {
    field: &'static str,
    reason: String,
}

impl Unreadable {
    pub fn new(field: &'static str, reason: impl std::fmt::Display) -> Self {
        Self { field, reason: reason.to_string() }
    }
}

pub(crate) type Reading<T> = Result<T, Unreadable>;

fn stored(event_type: &'static str, message: &impl Serialize) -> Stored {
    // A protobuf message always has a JSON form.
    Stored { event_type, json: serde_json::to_vec(message).unwrap_or_default() }
}

/// Parses a message and reads it as a domain value.
fn read<M: DeserializeOwned, T>(
    event_type: &str,
    json: &[u8],
    of: impl FnOnce(M) -> Reading<T>,
) -> Result<T, DecodeError> {
    let message = serde_json::from_slice(json).map_err(|error| DecodeError::new(event_type, error))?;
    of(message).map_err(|error| DecodeError::new(event_type, error))
}
