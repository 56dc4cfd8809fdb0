//! Uniqueness across streams: a value is taken by beginning a stream that is named by its keyed hash.
//!
//! Two writers that want the same value meet at the log, which lets one of them begin the stream. No read model is
//! asked, so there is no moment in which both see it free. The hash is keyed: the stream's name tells
//! nothing of a certificate number or a handle to whom the key is not known.

use std::sync::Arc;

use casebook_eventlog::{AppendError, Direction, EventLog, Expected, ReadError, RecordedEvent, StreamName};
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::aggregate::Stored;
use crate::context::Context;
use crate::metadata::Metadata;

/// A claim whose owner never came to be is up for taking after this long: its writer died between the claim
/// and what the claim was for.
const CLAIM_GRACE: TimeDelta = TimeDelta::minutes(2);
const TAKEN: &str = "casebook.common.v1.ClaimTaken";
const RELEASED: &str = "casebook.common.v1.ClaimReleased";
const CLAIM_ATTEMPTS_MAX: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Somebody else has it.
    #[error("held by `{owner}`")]
    Held { owner: StreamName },
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

#[derive(Serialize, Deserialize)]
struct Claim {
    owner: String,
}

/// A value that may exist once, ready to be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimKey(StreamName);

#[derive(Debug, Clone)]
pub struct Claims {
    log: Arc<dyn EventLog>,
    key: Arc<[u8; 32]>,
}

impl Claims {
    pub fn new(log: Arc<dyn EventLog>, key: [u8; 32]) -> Self {
        Self { log, key: Arc::new(key) }
    }

    /// The key of a value: of which kind, and the parts that make it up.
    pub fn key(&self, kind: &str, parts: &[&str]) -> ClaimKey {
        let hash = self.keyed_hash(kind, parts);
        // 64 hexadecimal digits behind the category always make a stream name.
        let name = format!("claim-{hash}");
        ClaimKey(name.parse().unwrap_or_else(|_| StreamName::of("claim", uuid::Uuid::nil())))
    }

    /// A hash that only this deployment can make: for values that must be comparable and not readable.
    pub fn keyed_hash(&self, kind: &str, parts: &[&str]) -> String {
        // HMAC takes keys of any length; the error type is there for ciphers that do not.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.key) else { return String::new() };
        for part in std::iter::once(&kind).chain(parts) {
            // Lengths keep ("ab", "c") apart from ("a", "bc").
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        hex::encode(mac.finalize().into_bytes())
    }

    /// Takes the value for `owner`. Taking what one has is harmless.
    pub async fn take(&self, key: &ClaimKey, owner: &StreamName, context: &Context) -> Result<(), ClaimError> {
        for _ in 0..CLAIM_ATTEMPTS_MAX {
            let last = self.last(key).await?;
            let expected = match &last {
                None => Expected::NoStream,
                Some(event) if &*event.event_type == RELEASED => Expected::Revision(event.revision),
                Some(event) => {
                    let holder = owner_of(event)?;
                    if holder == *owner {
                        return Ok(());
                    }
                    if !self.abandoned(event, &holder, context).await? {
                        return Err(ClaimError::Held { owner: holder });
                    }
                    Expected::Revision(event.revision)
                }
            };
            if context.validate_only || self.append(key, expected, TAKEN, owner, context).await? {
                return Ok(());
            }
        }
        Err(AppendError::Unavailable("others took and released the same value again and again".into()).into())
    }

    /// Gives the value back, if `owner` has it.
    pub async fn release(&self, key: &ClaimKey, owner: &StreamName, context: &Context) -> Result<(), ClaimError> {
        for _ in 0..CLAIM_ATTEMPTS_MAX {
            let Some(event) = self.last(key).await? else { return Ok(()) };
            if &*event.event_type == RELEASED || owner_of(&event)? != *owner {
                return Ok(());
            }
            if self.append(key, Expected::Revision(event.revision), RELEASED, owner, context).await? {
                return Ok(());
            }
        }
        Err(AppendError::Unavailable("others took and released the same value again and again".into()).into())
    }

    /// Who has the value.
    pub async fn holder(&self, key: &ClaimKey) -> Result<Option<StreamName>, ClaimError> {
        match self.last(key).await? {
            Some(event) if &*event.event_type == TAKEN => Ok(Some(owner_of(&event)?)),
            _ => Ok(None),
        }
    }

    async fn last(&self, key: &ClaimKey) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        Ok(self.log.read_stream(&key.0, Direction::Backwards, None, 1).await?.into_iter().next())
    }

    async fn abandoned(
        &self,
        claim: &RecordedEvent,
        holder: &StreamName,
        context: &Context,
    ) -> Result<bool, ClaimError> {
        let old = Metadata::parse(&claim.metadata).is_ok_and(|metadata| context.now - metadata.at > CLAIM_GRACE);
        Ok(old && self.log.read_stream(holder, Direction::Forwards, Some(0), 1).await?.is_empty())
    }

    async fn append(
        &self,
        key: &ClaimKey,
        expected: Expected,
        event_type: &'static str,
        owner: &StreamName,
        context: &Context,
    ) -> Result<bool, ClaimError> {
        let claim = Claim { owner: owner.to_string() };
        let json = serde_json::to_vec(&claim).map_err(|error| AppendError::Invalid(error.to_string()))?;
        let correlation = owner.id().or(context.correlation).unwrap_or_default();
        let mut events = context.events(vec![Stored { event_type, json }], correlation);
        for event in &mut events {
            // One request may take, give back and take again, and takes several values.
            let place = format!("{}/{expected:?}", key.0);
            event.id = uuid::Uuid::new_v5(&event.id, place.as_bytes());
        }
        match self.log.append(&key.0, expected, events).await {
            Ok(_) => Ok(true),
            Err(AppendError::WrongExpectedRevision { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn owner_of(event: &RecordedEvent) -> Result<StreamName, ReadError> {
    serde_json::from_slice::<Claim>(&event.data)
        .ok()
        .and_then(|claim| claim.owner.parse().ok())
        .ok_or_else(|| ReadError::Corrupt(format!("`{}` names no owner", event.stream)))
}
