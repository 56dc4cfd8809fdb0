//! Where a call enters a service: its fields are checked, its principal is known, its read is written down.

use std::sync::Arc;

use casebook_authz::Principal;
use casebook_eventlog::{EventLog, Position};
use casebook_execution::{AsOf, Clock, Context, access, batch};
use casebook_kernel::Timestamp;
use casebook_proto::check::{Check, WriteRequest};
use casebook_proto::{Timestamp as ProtoTimestamp, moment};
use casebook_readmodel::ReadModel;
use sha2::{Digest as _, Sha256};
use tonic::{Code, Request, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use uuid::Uuid;

use crate::status::{DOMAIN, append_status, beyond_head, execute_status, invalid, store_status, violations_status};

/// How long a query waits for its read model to get where it should be.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

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

    /// To be called by a write that goes to several streams, before it writes to any: the same request id with other
    /// content is refused as a whole, whichever of its parts are the same.
    pub async fn begin_batch<R: WriteRequest>(&self, write: &Write<R>) -> Result<(), Status> {
        batch::begin(&self.log, &write.context, R::NAME)
            .await
            .map_err(|error| execute_status(error, |never| match *never {}))
    }

    /// The point that a `Get…` request asks for: a time, a position, or now. Not both, and nothing that is still to come.
    pub async fn as_of(&self, time: Option<&ProtoTimestamp>, position: u64) -> Result<AsOf, Status> {
        match (time, position) {
            (Some(_), 1..) => Err(invalid("as_of_position", "is given beside as_of_time: only one of them can hold")),
            (Some(time), 0) => moment(time).map(AsOf::Time).ok_or_else(|| invalid("as_of_time", "is not a time")),
            (None, 0) => Ok(AsOf::Now),
            (None, position) => {
                self.in_log("as_of_position", position).await?;
                Ok(AsOf::Position(Position(position)))
            }
        }
    }

    /// Waits until a list's rows are as new as the caller wants them. A position that no reply can have named yet is not
    /// waited for.
    pub async fn at_least(&self, model: &ReadModel, position: u64) -> Result<(), Status> {
        if Position(position) <= model.reached() {
            return Ok(());
        }
        self.in_log("at_least_position", position).await?;
        model.wait_for(Position(position), PATIENCE).await.map_err(|error| {
            let details = ErrorDetails::with_error_info("READ_MODEL_BEHIND", DOMAIN, []);
            Status::with_error_details(Code::Unavailable, error.to_string(), details)
        })
    }

    /// Refuses a position behind the end of the log: replies name positions that are in it.
    pub async fn in_log(&self, field: &'static str, position: u64) -> Result<(), Status> {
        let head = self.log.head().await.map_err(|error| store_status(error.into()))?;
        if position <= head.0 { Ok(()) } else { Err(beyond_head(field, position, head)) }
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
