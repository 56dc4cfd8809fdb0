//! Who may come in, and what they may do then.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use casebook_eventlog::RecordedEvent;
use tokio::time::Instant;
use tonic::Status;

use crate::acl::{ADMINS, Permitted};
use crate::refusals;
#[cfg(feature = "tls")]
use crate::tls::Tls;

/// The most bytes of a name and a password, as they are sent.
const CREDENTIALS_BYTES_MAX: usize = 8192;

/// What somebody may do with a log that is served: each may do what stands above it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Read.
    Read,
    /// Append events to streams.
    Append,
    /// Hide what was appended: delete streams, end them, and write their metadata.
    Delete,
}

/// What a call is about, as far as whoever guards the log has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call<'a> {
    /// A read of, or a subscription to, a stream by the name that clients give it, `$all` among them.
    Read(&'a str),
    Write,
}

/// Lets callers in, or refuses them. Asked at every call of the service of streams, before anything is done.
#[tonic::async_trait]
pub trait Guard: Send + Sync + 'static {
    /// Whose call it is, by what stands in `authorization`.
    async fn admit(&self, authorization: Option<&str>, call: Call<'_>) -> Result<Caller, Status>;
}

/// How far somebody sees, where that hangs on what the events are and not on a list.
#[tonic::async_trait]
pub trait Sight: Send + Sync + 'static {
    /// Whether an event is for them. To them there are no others; a stream whose first event is not for them does not
    /// exist.
    async fn shows(&self, event: &RecordedEvent) -> Result<bool, Status>;
}

/// Name and password of `Basic …`, which is how clients say who they are.
pub fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > CREDENTIALS_BYTES_MAX {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// Somebody who was let in.
#[derive(Clone)]
pub struct Caller {
    access: Access,
    /// When a read ends, however it goes; none: it does not.
    pub(crate) until: Option<Instant>,
    /// None: the access lists of streams are not looked at.
    user: Option<Arc<User>>,
    /// None: everything.
    sight: Option<Arc<dyn Sight>>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("access", &self.access).field("user", &self.user).finish_non_exhaustive()
    }
}

/// Whom access lists know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub groups: Vec<String>,
}

impl Caller {
    /// Whoever it is, for whom no stream is closed.
    pub fn anyone(access: Access) -> Self {
        Self { access, until: None, user: None, sight: None }
    }

    /// A user, for whom the access lists of streams hold.
    pub fn user(access: Access, user: Arc<User>) -> Self {
        Self { access, until: None, user: Some(user), sight: None }
    }

    /// The same, for so long: reads and subscriptions end then.
    #[must_use]
    pub fn for_so_long(self, left: Duration) -> Self {
        Self { until: Instant::now().checked_add(left), ..self }
    }

    /// The same, who sees so far.
    #[must_use]
    pub fn seeing(self, sight: Arc<dyn Sight>) -> Self {
        Self { sight: Some(sight), ..self }
    }

    pub(crate) fn sees_everything(&self) -> bool {
        self.sight.is_none()
    }

    pub(crate) async fn sees(&self, event: &RecordedEvent) -> Result<bool, Status> {
        match &self.sight {
            Some(sight) => sight.shows(event).await,
            None => Ok(true),
        }
    }

    pub(crate) fn check(&self, needed: Access) -> Result<(), Status> {
        match (self.access, &self.user) {
            (access, _) if access >= needed => Ok(()),
            (_, Some(_)) => Err(refusals::access_denied("this user may not do that with any stream")),
            (Access::Read, None) => Err(refusals::access_denied("this log is served for reading only")),
            (Access::Append | Access::Delete, None) => {
                Err(refusals::access_denied("this log is served for appends: nothing of it may be hidden"))
            }
        }
    }

    /// Whether access lists matter: where they do not, nobody looks for them.
    pub(crate) fn is_bound_by_lists(&self) -> bool {
        self.user.as_ref().is_some_and(|user| !user.is_in(ADMINS))
    }

    pub(crate) fn is_among(&self, permitted: Permitted<'_>) -> bool {
        self.user.as_ref().is_none_or(|user| user.is_in(ADMINS) || permitted.holds(user))
    }
}

impl User {
    pub(crate) fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|of| of == group)
    }
}

/// The way to a log.
pub struct Door {
    pub(crate) guard: Arc<dyn Guard>,
    asks_who: bool,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
}

impl Door {
    /// Whoever reaches the port may do so much.
    pub fn open(access: Access) -> Self {
        Self::new(Arc::new(Open(access)), false)
    }

    /// Callers say who they are.
    pub fn guarded(guard: Arc<dyn Guard>) -> Self {
        Self::new(guard, true)
    }

    fn new(guard: Arc<dyn Guard>, asks_who: bool) -> Self {
        Self {
            guard,
            asks_who,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// Only who has both may be reached from other machines.
    pub(crate) fn is_safe_beyond_loopback(&self) -> bool {
        #[cfg(feature = "tls")]
        let encrypted = self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        let encrypted = false;
        self.asks_who && encrypted
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("asks_who", &self.asks_who).finish_non_exhaustive()
    }
}

struct Open(Access);

#[tonic::async_trait]
impl Guard for Open {
    async fn admit(&self, _: Option<&str>, _: Call<'_>) -> Result<Caller, Status> {
        Ok(Caller::anyone(self.0))
    }
}
