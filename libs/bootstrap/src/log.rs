//! Where the log of a process is: in its own folder, or behind a connection string, where several processes share it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use casebook_eventlog::EventLog;
use casebook_eventlog::embedded::{EmbeddedLog, OpenError, Options as LogOptions};
use casebook_execution::Clock;
use clap::Args;

/// The log that a command uses.
#[derive(Clone, Default, Args)]
pub struct LogAt {
    /// The connection string of a log server (kurrentdb://127.0.0.1:2113?tls=false) in place of the log in the data folder.
    #[arg(long = "log", env = "CASEBOOK_LOG", hide_env_values = true, value_name = "CONNECTION_STRING")]
    pub server: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[cfg(feature = "kurrent")]
    #[error(transparent)]
    Connect(#[from] casebook_eventlog::kurrent::ConnectError),
    #[error("this program was built without the adapter to log servers: build it with `--features kurrent`")]
    NoAdapter,
}

/// A log that a process writes.
#[derive(Debug)]
pub struct WrittenLog {
    pub log: Arc<dyn EventLog>,
    own: Option<Arc<EmbeddedLog>>,
}

impl WrittenLog {
    /// The engine, where this process owns the log.
    pub fn own(&self) -> Option<&Arc<EmbeddedLog>> {
        self.own.as_ref()
    }

    /// Nothing is written any more; what this process does not own stays open.
    pub async fn close(&self) {
        if let Some(own) = &self.own {
            own.close().await;
        }
    }
}

impl LogAt {
    /// The log in the folder, which this process alone writes then, or that of the server.
    pub async fn open(&self, folder: &Path, clock: &Arc<dyn Clock>) -> Result<WrittenLog, LogError> {
        if let Some(server) = &self.server {
            return Ok(WrittenLog { log: connect(server).await?, own: None });
        }
        let clock = clock.clone();
        let options = LogOptions { clock: Arc::new(move || clock.now()), ..LogOptions::default() };
        let own = Arc::new(EmbeddedLog::open(folder, options)?);
        Ok(WrittenLog { log: own.clone(), own: Some(own) })
    }

    /// To read the log in the folder, beside whoever writes it, or that of the server.
    pub async fn read(&self, folder: &Path) -> Result<Arc<dyn EventLog>, LogError> {
        match &self.server {
            Some(server) => connect(server).await,
            None => Ok(Arc::new(EmbeddedLog::open_read_only(folder)?)),
        }
    }

    /// In words, without user and password.
    pub(crate) fn place(&self, folder: &Path) -> String {
        let Some(server) = &self.server else { return folder.display().to_string() };
        match server.split_once("://") {
            Some((scheme, rest)) => {
                let host = rest.rsplit('@').next().unwrap_or_default().split('?').next().unwrap_or_default();
                format!("{scheme}://{host}")
            }
            None => "a server".into(),
        }
    }
}

impl fmt::Debug for LogAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogAt").field(&self.place(Path::new("its own folder"))).finish()
    }
}

#[cfg(feature = "kurrent")]
async fn connect(server: &str) -> Result<Arc<dyn EventLog>, LogError> {
    Ok(Arc::new(casebook_eventlog::kurrent::KurrentLog::connect(server).await?))
}

#[cfg(not(feature = "kurrent"))]
async fn connect(_: &str) -> Result<Arc<dyn EventLog>, LogError> {
    Err(LogError::NoAdapter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_no_password() {
        let at = |server: &str| LogAt { server: Some(server.into()) }.place(Path::new("log"));
        assert_eq!(at("kurrentdb://admin:secret@one:2113,two:2113?tls=true"), "kurrentdb://one:2113,two:2113");
        assert_eq!(at("kurrentdb+discover://cluster.example"), "kurrentdb+discover://cluster.example");
        let shown = format!("{:?}", LogAt { server: Some("kurrentdb://admin:secret@one:2113?tls=true".into()) });
        assert!(shown.contains("one:2113") && !shown.contains("secret"), "{shown}");
        assert_eq!(LogAt::default().place(Path::new("log")), "log");
    }
}
