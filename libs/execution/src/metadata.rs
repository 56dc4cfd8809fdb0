//! What stands beside every event: `casebook.common.v1.EventMetadata` in its canonical JSON form.
//!
//! Every reader of the log parses it for every event, so it is read by hand-made serde and not through the
//! generated message; a test holds the two against each other.

use casebook_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The version of the metadata's and the events' shapes that this build writes.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub agency: String,
    pub officer: String,
    pub request_id: String,
    pub request_sha256: String,
    /// When it was decided, by the clock of the service that decided it.
    pub at: Timestamp,
    pub correlation: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<Uuid>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub policy_version: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trace_parent: String,
    pub schema_version: u32,
}

/// What a fold needs of it: the rest is read over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Mark {
    pub at: Timestamp,
    pub correlation: Uuid,
}

impl Mark {
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| format!("metadata: {error}"))
    }
}

impl Metadata {
    pub(crate) fn mark(&self) -> Mark {
        Mark { at: self.at, correlation: self.correlation }
    }

    pub fn parse(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| format!("metadata: {error}"))
    }

    pub fn to_json(&self) -> Vec<u8> {
        // A struct of strings and numbers always has a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
