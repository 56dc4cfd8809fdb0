//! Where a call enters a service: its fields are checked, its principal is known, its read is written down.

use std::sync::Arc;

use casebook_authz::Principal;
use casebook_eventlog::{EventLog, Position};
use casebook_execution::{Clock, Context, access};
use casebook_kernel::Timestamp;
use casebook_proto::check::{Check, WriteRequest};
use sha2::{Digest as _, Sha256};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::status::{append_status, invalid, violations_status};

/// A request that changes something, ready to become a command.
#[derive(Debug)]
pub struct Write<R> {
    pub request: R,
    pub context: Context,
    pub principal: Arc<Principal>,
}

/// A request that asks for something.
#[derive(Debug)]
pub struct Read<R> {
    pub request: R,
    pub principal: Arc<Principal>,
    pub now: Timestamp,
}

/// The entrance of every service.
#[derive(Debug, Clone)]
pub struct Gate {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy_version: Arc<str>,
}

impl Gate {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn policy_version(&self) -> &Arc<str> {
        &self.policy_version
    }

    /// Takes a write in: all of its fields obey their rules, or every one that does not is named.
    pub fn write<R: WriteRequest>(&self, request: Request<R>) -> Result<Write<R>, Status> {
        let now = self.clock.now();
        let trace_parent = request.metadata().get("traceparent").and_then(|value| value.to_str().ok()).unwrap_or("");
        let trace_parent = if trace_parent.len() == 55 { trace_parent.to_owned() } else { String::new() };
        let principal = principal(&request)?;
        let request = request.into_inner();
        request.violations(now).map_err(violations_status)?;
        let etag = match request.etag() {
            "" => None,
            etag => Some(etag.parse().map_err(|_| invalid("etag", "is not an etag as a reply gave it"))?),
        };
        let context = Context {
            actor: principal.actor.clone(),
            request_id: request.request_id().to_owned(),
            content_sha256: content_sha256(&request),
            etag,
            validate_only: request.validate_only(),
            correlation: None,
            causation: None,
            policy_version: self.policy_version.clone(),
            trace_parent,
            now,
        };
        Ok(Write { request, context, principal })
    }

    /// Takes a read in whose answer holds nothing confidential.
    pub fn read<R: Check>(&self, request: Request<R>) -> Result<Read<R>, Status> {
        let now = self.clock.now();
        let principal = principal(&request)?;
        let request = request.into_inner();
        request.violations(now).map_err(violations_status)?;
        Ok(Read { request, principal, now })
    }

    /// Takes a read in whose answer is confidential: who asked for what is in the log before it is given.
    ///
    /// `resource` names what is read: a stream, or what a list is filtered by.
    pub async fn recorded_read<R: Check>(
        &self,
        request: Request<R>,
        method: &'static str,
        resource: impl FnOnce(&R) -> String,
    ) -> Result<Read<R>, Status> {
        let read = self.read(request)?;
        self.record(&read, method, &resource(&read.request)).await?;
        Ok(read)
    }

    /// Writes a read down, for a method that must look first to know what it is that is read. To be called before
    /// anything of it is given. Returns where it is written down.
    pub async fn record<R>(&self, read: &Read<R>, method: &'static str, resource: &str) -> Result<Position, Status> {
        let context = Context {
            actor: read.principal.actor.clone(),
            request_id: Uuid::now_v7().to_string(),
            content_sha256: [0; 32],
            etag: None,
            validate_only: false,
            correlation: None,
            causation: None,
            policy_version: self.policy_version.clone(),
            trace_parent: String::new(),
            now: read.now,
        };
        access::record(&self.log, &context, method, resource).await.map_err(append_status)
    }
}

fn principal<R>(request: &Request<R>) -> Result<Arc<Principal>, Status> {
    // Absent only where a service is served without the layer that looks at tokens.
    request
        .extensions()
        .get::<Arc<Principal>>()
        .cloned()
        .ok_or_else(|| Status::unauthenticated("a call carries a token"))
}

/// What two requests of the same id must agree in: everything but the id itself.
fn content_sha256<R: WriteRequest>(request: &R) -> [u8; 32] {
    let mut content = request.clone();
    content.clear_request_id();
    let mut hash = Sha256::new();
    hash.update(R::NAME);
    hash.update([0]);
    hash.update(content.encode_to_vec());
    hash.finalize().into()
}
