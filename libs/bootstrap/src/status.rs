//! From what went wrong to what a caller is told. A refusal is an answer with a reason; a lost log is UNAVAILABLE; bad
//! fields are INVALID_ARGUMENT with every one of them named.

use casebook_eventlog::{AppendError, Position};
use casebook_execution::{ClaimError, ExecuteError, StoreError};
use casebook_proto::check::Violation;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

/// The domain of every `ErrorInfo`.
pub(crate) const DOMAIN: &str = "casebook";

/// How a refusal shows to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explained {
    code: Code,
    /// The refusal's name in UPPER_SNAKE_CASE: what a program looks at.
    reason: &'static str,
    /// The request's field that is at fault, where it is one.
    field: Option<&'static str>,
}

impl Explained {
    /// The resource is not in a state for that.
    pub const fn precondition(reason: &'static str) -> Self {
        Self { code: Code::FailedPrecondition, reason, field: None }
    }

    /// There is one already.
    pub const fn exists(reason: &'static str) -> Self {
        Self { code: Code::AlreadyExists, reason, field: None }
    }

    /// There is none, or none that the caller may know of.
    pub const fn not_found(reason: &'static str) -> Self {
        Self { code: Code::NotFound, reason, field: None }
    }

    /// This field can never be so.
    pub const fn invalid(field: &'static str, reason: &'static str) -> Self {
        Self { code: Code::InvalidArgument, reason, field: Some(field) }
    }

    /// Not this officer, whatever the state.
    pub const fn denied(reason: &'static str) -> Self {
        Self { code: Code::PermissionDenied, reason, field: None }
    }

    /// Others were there at the same time: to be tried again.
    pub const fn aborted(reason: &'static str) -> Self {
        Self { code: Code::Aborted, reason, field: None }
    }

    pub const fn code(self) -> Code {
        self.code
    }

    pub const fn reason(self) -> &'static str {
        self.reason
    }

    /// The status with `message` as an officer reads it.
    pub fn status(self, message: impl std::fmt::Display) -> Status {
        let message = message.to_string();
        let mut details = ErrorDetails::with_error_info(self.reason, DOMAIN, []);
        if let Some(field) = self.field {
            details.add_bad_request_violation(field, message.clone());
        }
        Status::with_error_details(self.code, message, details)
    }
}

/// A position that the log has not reached: no reply can have named it.
pub fn beyond_head(field: &'static str, position: u64, head: Position) -> Status {
    let explained = Explained { code: Code::OutOfRange, reason: "POSITION_BEYOND_HEAD", field: Some(field) };
    explained.status(format!("position {position} lies beyond the end of the log, which is at {head}"))
}

/// Every field that breaks its rule.
pub fn violations_status(violations: Vec<Violation>) -> Status {
    let message = violations.iter().map(|v| format!("{} {}", v.field, v.description)).collect::<Vec<_>>().join("; ");
    let fields: Vec<_> = violations.into_iter().map(|v| FieldViolation::new(v.field, v.description)).collect();
    let mut details = ErrorDetails::with_bad_request(fields);
    details.set_error_info("FIELD_VIOLATION", DOMAIN, []);
    Status::with_error_details(Code::InvalidArgument, message, details)
}

/// One field that is wrong in a way its rule cannot tell: an unknown violation, a day that is not one.
pub fn invalid(field: &str, description: impl std::fmt::Display) -> Status {
    violations_status(vec![Violation { field: field.to_owned(), description: description.to_string() }])
}

/// What a command came to when it came to nothing. `explain` maps the refusals, all of them.
pub fn execute_status<R>(error: ExecuteError<R>, explain: impl FnOnce(&R) -> Explained) -> Status
where
    R: std::error::Error + Clone + PartialEq,
{
    match error {
        ExecuteError::Refused(refusal) => explain(&refusal).status(&refusal),
        ExecuteError::StaleEtag { given, current } => {
            let message = match current {
                Some(current) => format!("etag {given} is not the resource's, which is {current}: read it again"),
                None => format!("etag {given} is given, but there is no such resource"),
            };
            Explained::precondition("STALE_ETAG").status(message)
        }
        ExecuteError::RequestIdReused { .. } => Explained::exists("REQUEST_ID_REUSED").status(error),
        ExecuteError::Lapsed { .. } => Explained::aborted("REQUEST_LAPSED").status(error),
        ExecuteError::Contended { .. } => Explained::aborted("CONTENDED").status(error),
        ExecuteError::Append(error) => append_status(error),
        ExecuteError::Store(error) => store_status(error),
    }
}

pub fn append_status(error: AppendError) -> Status {
    let (code, reason) = match &error {
        AppendError::Full => (Code::ResourceExhausted, "LOG_FULL"),
        AppendError::Invalid(_) => (Code::InvalidArgument, "EVENT_TOO_LARGE"),
        AppendError::EventIdTaken { .. } => (Code::AlreadyExists, "REQUEST_ID_REUSED"),
        AppendError::WrongExpectedRevision { .. } => (Code::Aborted, "CONTENDED"),
        AppendError::Unavailable(_) => (Code::Unavailable, "LOG_UNAVAILABLE"),
    };
    Status::with_error_details(code, error.to_string(), ErrorDetails::with_error_info(reason, DOMAIN, []))
}

/// Somebody else has the value: `explain` says what that means. The holder is not named.
pub fn claim_status(error: ClaimError, held: Explained, message: &str) -> Status {
    match error {
        ClaimError::Held { .. } => held.status(message),
        ClaimError::Contended => Explained::aborted("CONTENDED").status(error),
        ClaimError::Append(error) => append_status(error),
        ClaimError::Store(error) => store_status(error),
    }
}

pub fn store_status(error: StoreError) -> Status {
    use casebook_eventlog::ReadError;
    let (code, reason) = match &error {
        StoreError::Read(ReadError::Unavailable(_)) => (Code::Unavailable, "LOG_UNAVAILABLE"),
        StoreError::Read(ReadError::Corrupt(_)) | StoreError::Decode(_) => (Code::DataLoss, "LOG_DAMAGED"),
    };
    tracing::error!(%error, "the log cannot be read");
    Status::with_error_details(code, error.to_string(), ErrorDetails::with_error_info(reason, DOMAIN, []))
}
