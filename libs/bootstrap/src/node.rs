//! Services in one process: a log, the services that follow it, one port.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use casebook_authz::{Principal, TokenError};
use casebook_eventlog::Position;
use casebook_execution::Clock;
use casebook_readmodel::{ProjectionError, ViewReport};
use chrono::TimeDelta;
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::RoutesBuilder;

use crate::foundation::{Foundation, RestError, Service, Settings, StartError, StartService};
use crate::keys::{KeyError, Keys};
use crate::log::{LogAt, LogError, WrittenLog};
use crate::policy::{PolicyError, policy};
use crate::server::{ServeError, serve};

#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// What one chooses when one starts a process of Casebook.
#[derive(Clone)]
pub struct Options {
    /// The log (unless it is elsewhere), the read models and the keys live here.
    pub data_dir: PathBuf,
    pub log: LogAt,
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

/// A running process of Casebook: one service, or all of them.
pub struct Node {
    pub keys: Keys,
    pub address: SocketAddr,
    pub foundation: Arc<Foundation>,
    pub services: Arc<Vec<Service>>,
    pub log: WrittenLog,
    stop: CancellationToken,
    server: JoinHandle<Result<(), ServeError>>,
}

impl Node {
    /// Starts `services` on one log. What is wrong with the configuration is found before any port is bound.
    pub fn start(options: Options, services: &[StartService]) -> BoxFuture<'_, Result<Self, NodeError>> {
        Box::pin(Self::begin(options, services))
    }

    async fn begin(options: Options, services: &[StartService]) -> Result<Self, NodeError> {
        let policy = Arc::new(policy(options.policy_dir.as_deref())?);
        let layout = Layout::of(&options.data_dir);
        let keys = Keys::load_or_make(&layout.keys)?;
        let log = options.log.open(&layout.log, &options.clock).await?;
        let settings = Settings { data_dir: layout.read_models, registry_file: options.registry_file };
        let foundation = Arc::new(Foundation::new(log.log.clone(), options.clock, policy, &keys, settings)?);

        let not_bound = |source| NodeError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(not_bound)?;
        let address = listener.local_addr().map_err(not_bound)?;

        let mut routes = RoutesBuilder::default();
        let mut started = Vec::with_capacity(services.len());
        for start in services {
            started.push(start(&foundation, &mut routes).await?);
        }
        let services = Arc::new(started);
        // One token for the server and for the streams that it serves: a platform that stays connected does not hold it up.
        let stop = foundation.stopping();
        let server = tokio::spawn({
            let (foundation, services, stop) = (foundation.clone(), services.clone(), stop.clone());
            let verifier = keys.tokens.verifier();
            async move { serve(listener, &foundation, verifier, routes, &services, stop).await }
        });
        Ok(Self { keys, address, foundation, services, log, stop, server })
    }

    /// Where clients connect.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A token for `principal`, from the key of this deployment.
    pub fn token(&self, principal: &Principal, validity: TimeDelta) -> Result<String, TokenError> {
        self.keys.tokens.mint(principal, self.foundation.clock.now(), validity)
    }

    /// Waits until every reaction has reacted and all rows show it.
    pub async fn at_rest(&self, patience: Duration) -> Result<Position, RestError> {
        self.foundation.at_rest(patience).await
    }

    /// Holds every row of every service against the log.
    pub async fn verify(&self) -> Result<Vec<ViewReport>, ProjectionError> {
        let mut reports = Vec::new();
        for service in self.services.iter() {
            for view in &service.views {
                reports.push(view.verify(&self.foundation.log, &service.read_model).await?);
            }
        }
        Ok(reports)
    }

    /// Ends when the server ends by itself, which it should not.
    pub async fn ended(&mut self) -> Result<(), NodeError> {
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
        for service in self.services.iter() {
            service.read_model.close().await;
        }
        self.log.close().await;
    }
}
