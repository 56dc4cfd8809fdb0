//! The log of a running Casebook, for auditors who bring a client of their own: any of KurrentDB, in any language.
//!
//! They read and do nothing else, and each read is written down before anything of it is given. An auditor of the whole
//! country reads everything, as the audit service shows it; one of a region what belongs to matters whose cases all lie
//! there, and to them there is nothing else. What others may see is decided case by case, by services that know what an
//! event says; a log does not.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use casebook_audit::Matters;
use casebook_authz::{Principal, Standing, Tokens};
use casebook_bootstrap::{Gate, Read};
use casebook_eventlog::{Position, RecordedEvent};
use casebook_eventlog_server::{Access, Call, Caller, Door, Guard, Sight, access_denied, basic, serve};
use casebook_kernel::region::Region;
use clap::Args;
use tokio::net::TcpListener;
use tonic::Status;

use crate::system::System;

/// How a read is called in the list of reads.
pub const READ: &str = "/event_store.client.streams.Streams/Read";
/// Where clients look for a log that nobody named a port of.
const DEFAULT_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 2113);

/// Whether and where the log is served.
#[derive(Debug, Clone, Default, Args)]
pub struct LogServer {
    /// Where auditors read the log with clients of KurrentDB. Without it, 127.0.0.1:2113, or nowhere if that is taken.
    #[arg(long, env = "CASEBOOK_LOG_LISTEN", value_name = "ADDRESS")]
    pub log_listen: Option<SocketAddr>,
    /// Serve the log to nobody.
    #[arg(long, conflicts_with = "log_listen")]
    pub no_log_server: bool,
    /// The certificate of the log's server, in PEM: its connections are encrypted. (`--features tls`)
    #[arg(long, env = "CASEBOOK_LOG_TLS_CERT", value_name = "FILE", requires = "log_tls_key")]
    pub log_tls_cert: Option<PathBuf>,
    /// The key of the certificate, in PEM.
    #[arg(long, env = "CASEBOOK_LOG_TLS_KEY", value_name = "FILE", requires = "log_tls_cert")]
    pub log_tls_key: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum LogServerError {
    #[error("--log-listen {0}: the log is served on loopback addresses only")]
    NotLoopback(SocketAddr),
    #[error("--log-listen {address}: {why}")]
    Listen { address: SocketAddr, why: std::io::Error },
    #[error("--log-listen: the log that --log names is served by whoever owns it")]
    NotOwned,
    #[error("{0}")]
    Tls(String),
    #[error("--log-tls-cert: this program was built without TLS: build it with `--features tls`")]
    NoTls,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Serves {
    At { address: SocketAddr, tls: bool },
    Nothing { why: String },
}

impl std::fmt::Display for Serves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At { address, tls } => write!(f, "kurrentdb://{address}?tls={tls}  (reading only, for auditors)"),
            Self::Nothing { why } => write!(f, "none: {why}"),
        }
    }
}

impl LogServer {
    /// Finds what is wrong before anything is started.
    pub fn check(&self) -> Result<(), LogServerError> {
        match self.log_listen {
            Some(address) if !address.ip().is_loopback() => Err(LogServerError::NotLoopback(address)),
            _ => self.tls().map(drop),
        }
    }

    /// Serves the log of `system` until it stops.
    pub async fn start(&self, system: &System) -> Result<Serves, LogServerError> {
        self.check()?;
        if self.no_log_server {
            return Ok(Serves::Nothing { why: "--no-log-server".into() });
        }
        let address = self.log_listen.unwrap_or(DEFAULT_PORT);
        let Some(log) = system.log.own() else {
            return match self.log_listen {
                Some(_) => Err(LogServerError::NotOwned),
                None => Ok(Serves::Nothing { why: "the log is another's".into() }),
            };
        };
        let foundation = &system.foundation;
        let tokens = Tokens::new(system.keys.tokens.verifier(), foundation.clock.clone());
        let matters = Matters::of(foundation, &system.services).map(Arc::new);
        let auditors = Auditors { tokens, gate: foundation.gate.clone(), matters };
        let door = Door::guarded(Arc::new(auditors));
        #[cfg(feature = "tls")]
        let door = door.with_tls(self.tls()?);
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            // A second Casebook on a machine is no mistake: nobody asked for this port.
            Err(error) if self.log_listen.is_none() => {
                return Ok(Serves::Nothing { why: format!("{address}: {error}; --log-listen names another port") });
            }
            Err(why) => return Err(LogServerError::Listen { address, why }),
        };
        let address = listener.local_addr().map_err(|why| LogServerError::Listen { address, why })?;
        let (log, stop) = (log.clone(), foundation.stopping());
        foundation.beside(async move {
            if let Err(error) = serve(listener, log, door, stop).await {
                tracing::error!(%error, "the log is served no more");
            }
        });
        Ok(Serves::At { address, tls: self.log_tls_cert.is_some() })
    }

    #[cfg(feature = "tls")]
    fn tls(&self) -> Result<Option<casebook_eventlog_server::Tls>, LogServerError> {
        let (Some(cert), Some(key)) = (&self.log_tls_cert, &self.log_tls_key) else { return Ok(None) };
        let read = casebook_eventlog_server::Tls::read(cert, key, None);
        // It names the flag of the server's own program, of which this one has the same behind `log`.
        read.map(Some).map_err(|error| LogServerError::Tls(error.to_string().replacen("--", "--log-", 1)))
    }

    #[cfg(not(feature = "tls"))]
    fn tls(&self) -> Result<(), LogServerError> {
        match self.log_tls_cert {
            Some(_) => Err(LogServerError::NoTls),
            None => Ok(()),
        }
    }
}

/// Lets auditors read, by the tokens of Casebook.
struct Auditors {
    tokens: Tokens,
    gate: Gate,
    /// None: where matters lie is not known here.
    matters: Option<Arc<Matters>>,
}

/// The sight of an auditor of a region.
struct OfRegion {
    region: Region,
    matters: Arc<Matters>,
    /// When the read began.
    since: Position,
}

#[tonic::async_trait]
impl Sight for OfRegion {
    async fn shows(&self, event: &RecordedEvent) -> Result<bool, Status> {
        self.matters.lies_in(event, self.region, self.since).await
    }
}

#[tonic::async_trait]
impl Guard for Auditors {
    async fn admit(&self, authorization: Option<&str>, call: Call<'_>) -> Result<Caller, Status> {
        let missing = || {
            Status::unauthenticated(
                "a call carries a token of Casebook: as the password, or as `authorization: Bearer …`",
            )
        };
        let authorization = authorization.ok_or_else(missing)?;
        let token = match authorization.strip_prefix("Bearer ") {
            Some(token) => token.to_owned(),
            // Clients ask for a name and a password. The token says whose it is; the name says nothing.
            None => basic(authorization).map(|(_, password)| password).ok_or_else(missing)?,
        };
        let (principal, ends) =
            self.tokens.principal(&token).map_err(|error| Status::unauthenticated(error.to_string()))?;
        let Call::Read(what) = call else {
            return Err(access_denied("Casebook serves its log for reading only: what changes it are its commands"));
        };
        let sees = self.sees(&principal)?;
        let now = self.gate.now();
        let since = self.gate.record(&Read { request: (), principal, now }, READ, what).await?;
        let caller = Caller::anyone(Access::Read).for_so_long((ends - now).to_std().unwrap_or_default());
        Ok(match sees {
            Sees::Everything => caller,
            Sees::Matters(matters, region) => caller.seeing(Arc::new(OfRegion { region, matters, since })),
        })
    }
}

enum Sees {
    Everything,
    /// Those that lie in a region.
    Matters(Arc<Matters>, Region),
}

impl Auditors {
    fn sees(&self, principal: &Principal) -> Result<Sees, Status> {
        let region = principal.actor.region;
        match (principal.standing(), &self.matters) {
            (Standing::Auditor, _) if region == Region::NATIONAL => Ok(Sees::Everything),
            (Standing::Auditor, Some(matters)) => Ok(Sees::Matters(matters.clone(), region)),
            _ => {
                Err(access_denied("the log is read by auditors only; others are shown what is theirs by the services"))
            }
        }
    }
}
