//! All of Casebook in one process: the embedded log, the five services, one port.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use casebook_authz::Principal;
use casebook_bootstrap::{Foundation, KeyError, Keys, RestError, ServeError, Service, Settings, StartError, serve};
use casebook_eventlog::embedded::{EmbeddedLog, OpenError, Options as LogOptions};
use casebook_eventlog::{EventLog, Position};
use casebook_execution::Clock;
use casebook_policy::{PackError, PolicyFile, PolicySet};
use casebook_readmodel::{ProjectionError, ViewReport};
use chrono::TimeDelta;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::RoutesBuilder;

/// How deep a folder of policy packs may go.
const POLICY_FOLDER_DEPTH_MAX: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    #[error(transparent)]
    Log(#[from] OpenError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Policy(#[from] PackError),
    #[error("cannot read the policy folder `{path}`: {source}")]
    PolicyFolder { path: String, source: std::io::Error },
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// What one chooses when one starts Casebook.
#[derive(Clone)]
pub struct Options {
    /// The log, the read models and the keys live here.
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    pub clock: Arc<dyn Clock>,
    /// A folder of policy packs in place of the shipped ones.
    pub policy_dir: Option<PathBuf>,
    /// The registry of practitioners, where a file stands in for it.
    pub registry_file: Option<PathBuf>,
}

/// Where things are inside a data folder.
pub struct Layout {
    pub log: PathBuf,
    pub keys: PathBuf,
    pub read_models: PathBuf,
}

impl Layout {
    pub fn of(data_dir: &Path) -> Self {
        Self { log: data_dir.join("log"), keys: data_dir.join("keys"), read_models: data_dir.join("read-models") }
    }
}

/// A running Casebook.
pub struct System {
    pub keys: Keys,
    pub address: SocketAddr,
    pub foundation: Arc<Foundation>,
    pub services: Arc<Vec<Service>>,
    log: Arc<EmbeddedLog>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    server: JoinHandle<Result<(), ServeError>>,
}

impl System {
    /// Starts everything. What is wrong with the configuration is found before any port is bound.
    pub async fn start(options: Options) -> Result<Self, SystemError> {
        let policy = Arc::new(policy(options.policy_dir.as_deref())?);
        let layout = Layout::of(&options.data_dir);
        let keys = Keys::load_or_make(&layout.keys)?;
        let log = Arc::new(open_log(&layout.log, &options.clock)?);
        let settings = Settings { data_dir: layout.read_models, registry_file: options.registry_file };
        let foundation = Arc::new(Foundation::new(log.clone(), options.clock.clone(), policy, &keys, settings)?);

        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(|source| SystemError::Listen { address: options.listen, source })?;
        let address =
            listener.local_addr().map_err(|source| SystemError::Listen { address: options.listen, source })?;

        let mut routes = RoutesBuilder::default();
        let services = Arc::new(start_services(&foundation, &mut routes).await?);
        let stop = CancellationToken::new();
        let server = tokio::spawn({
            let (foundation, services, stop) = (foundation.clone(), services.clone(), stop.clone());
            let verifier = keys.tokens.verifier();
            async move { serve(listener, &foundation, verifier, routes, &services, stop).await }
        });
        Ok(Self { keys, address, foundation, services, log, clock: options.clock, stop, server })
    }

    /// Where clients connect.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A token for `principal`, from the key of this deployment.
    pub fn token(&self, principal: &Principal, validity: TimeDelta) -> Result<String, casebook_authz::TokenError> {
        self.keys.tokens.mint(principal, self.clock.now(), validity)
    }

    /// Waits until every reaction has reacted and all rows show it.
    pub async fn at_rest(&self, patience: Duration) -> Result<Position, RestError> {
        self.foundation.at_rest(patience).await
    }

    /// Holds every row of every service against the log.
    pub async fn verify(&self) -> Result<Vec<ViewReport>, ProjectionError> {
        let log: Arc<dyn EventLog> = self.log.clone();
        let mut reports = Vec::new();
        for service in self.services.iter() {
            for view in &service.views {
                reports.push(view.verify(&log, &service.read_model).await?);
            }
        }
        Ok(reports)
    }

    /// Ends when the server ends by itself, which it should not.
    pub async fn ended(&mut self) -> Result<(), SystemError> {
        match (&mut self.server).await {
            Ok(ended) => Ok(ended?),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Takes no more calls, lets the running ones end, stops reactions and rows, closes the log.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Ok(Err(error)) = self.server.await {
            tracing::warn!(%error, "the server did not end well");
        }
        self.foundation.stop().await;
        self.log.close().await;
    }
}

async fn start_services(foundation: &Foundation, routes: &mut RoutesBuilder) -> Result<Vec<Service>, StartError> {
    Ok(vec![
        casebook_accounts::start(foundation, routes).await?,
        casebook_credentials::start(foundation, routes).await?,
        casebook_review::start(foundation, routes).await?,
        casebook_enforcement::start(foundation, routes).await?,
        casebook_audit::start(foundation, routes).await?,
    ])
}

fn open_log(folder: &Path, clock: &Arc<dyn Clock>) -> Result<EmbeddedLog, OpenError> {
    let clock = clock.clone();
    EmbeddedLog::open(folder, LogOptions { clock: Arc::new(move || clock.now()), ..LogOptions::default() })
}

/// The packs of a folder, or the shipped ones.
pub fn policy(folder: Option<&Path>) -> Result<PolicySet, SystemError> {
    let Some(folder) = folder else { return Ok(casebook_policy::shipped()?) };
    let failed = |source| SystemError::PolicyFolder { path: folder.display().to_string(), source };
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() && depth < POLICY_FOLDER_DEPTH_MAX {
                folders.push((path, depth + 1));
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&path).map_err(failed)?;
                files.push(PolicyFile::new(path.display().to_string(), text));
            }
        }
    }
    Ok(PolicySet::parse(&files)?)
}
