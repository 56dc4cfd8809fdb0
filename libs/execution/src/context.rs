//! Who asks, under which request, and in which connection.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use casebook_eventlog::NewEvent;
use casebook_kernel::ids::{derived, in_time_of};
use casebook_kernel::{Actor, Timestamp};
use uuid::Uuid;

use crate::aggregate::Stored;
use crate::metadata::{Metadata, SCHEMA_VERSION};

/// The agency in whose name reactions and deadlines act.
pub const SYSTEM_AGENCY: &str = "casebook";

const REQUESTS: Uuid = Uuid::from_u128(0x6ba7_b810_c45e_b00c_9e1d_0000_0000_0002);

/// Everything about a command that is not its content.
#[derive(Debug, Clone)]
pub struct Context {
    pub actor: Actor,
    /// The caller's name for this request: one name has one effect.
    pub request_id: String,
    /// SHA-256 over the request's content: the same name with other content is refused.
    pub content_sha256: [u8; 32],
    /// The revision that the caller last saw, if it said so.
    pub etag: Option<u64>,
    /// Decide, but write nothing.
    pub validate_only: bool,
    /// What a new stream belongs to; without it, to itself.
    pub correlation: Option<Uuid>,
    /// The event that this follows from.
    pub causation: Option<Uuid>,
    pub policy_version: Arc<str>,
    pub trace_parent: String,
    pub now: Timestamp,
}

impl Context {
    /// What follows from an event, done by a system of Casebook's own. Doing it twice is doing it once.
    pub fn following(
        cause: Uuid,
        correlation: Uuid,
        what: &str,
        system: &Actor,
        policy_version: &Arc<str>,
        now: Timestamp,
    ) -> Self {
        Self {
            actor: system.clone(),
            request_id: derived(cause, what.as_bytes()).to_string(),
            // The cause says it all: what follows from it is decided by the code, not by a caller.
            content_sha256: [0; 32],
            etag: None,
            validate_only: false,
            correlation: Some(correlation),
            causation: Some(cause),
            policy_version: policy_version.clone(),
            trace_parent: String::new(),
            now,
        }
    }

    /// The request within its agency: ids of what it brings about derive from it.
    pub fn request_key(&self) -> Uuid {
        request_key(self.actor.agency.as_str(), &self.request_id)
    }

    /// The id of a thing that this request creates.
    pub fn new_id<Id: From<Uuid>>(&self, kind: &str) -> Id {
        Id::from(derived(self.request_key(), kind.as_bytes()))
    }

    /// The id of the request's `index`th event.
    pub(crate) fn event_id(&self, index: usize) -> Uuid {
        event_id(self.request_key(), index)
    }

    pub(crate) fn content_hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.content_sha256)
    }

    pub(crate) fn events(&self, stored: Vec<Stored>, correlation: Uuid) -> Vec<NewEvent> {
        let metadata: bytes::Bytes = Metadata {
            agency: self.actor.agency.to_string(),
            officer: self.actor.officer.to_string(),
            request_id: self.request_id.clone(),
            request_sha256: self.content_hash(),
            at: self.now,
            correlation,
            causation: self.causation,
            policy_version: self.policy_version.to_string(),
            trace_parent: self.trace_parent.clone(),
            schema_version: SCHEMA_VERSION,
        }
        .to_json()
        .into();
        stored
            .into_iter()
            .enumerate()
            .map(|(index, event)| NewEvent {
                id: self.event_id(index),
                event_type: event.event_type.into(),
                data: event.json.into(),
                metadata: metadata.clone(),
            })
            .collect()
    }
}

fn request_key(agency: &str, request_id: &str) -> Uuid {
    let key = Uuid::new_v5(&REQUESTS, format!("{agency}/{request_id}").as_bytes());
    Uuid::try_parse(request_id).map_or(key, |request| in_time_of(request, key))
}

fn event_id(request_key: Uuid, index: usize) -> Uuid {
    derived(request_key, format!("event/{index}").as_bytes())
}

/// The id that the first event of a request has, or will have: told from the metadata of anything it wrote.
pub(crate) fn decision_id(metadata: &Metadata) -> Uuid {
    event_id(request_key(&metadata.agency, &metadata.request_id), 0)
}
