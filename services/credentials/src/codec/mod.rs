//! Domain events and their stored form: protobuf messages as canonical proto3 JSON.

mod credential;
mod headcount;
mod recertification;
pub(crate) mod values;

use casebook_execution::{DecodeError, Stored};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The package of this service's messages, as event types begin.
const PACKAGE: &str = "casebook.credentials.v1.";

/// Why a message does not say what it should.
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

/// Parses a message and reads it as a domain value.
fn read<M: DeserializeOwned, T>(
    event_type: &str,
    json: &[u8],
    of: impl FnOnce(M) -> Read<T>,
) -> Result<T, DecodeError> {
    let message = serde_json::from_slice(json).map_err(|error| DecodeError::new(event_type, error))?;
    of(message).map_err(|error| DecodeError::new(event_type, error))
}

/// The stored form of a message of this service: `message!(BadgeRestored { reasons })` names its type once.
macro_rules! message {
    ($name:ident { $($field:tt)* }) => {
        $crate::codec::stored(concat!("casebook.credentials.v1.", stringify!($name)), &casebook_proto::credentials::v1::$name { $($field)* })
    };
}
use message;
