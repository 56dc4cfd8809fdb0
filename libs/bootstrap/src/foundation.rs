//! What every service stands on, and the tasks that run beside it.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use casebook_eventlog::{EventLog, Position, ReadError};
use casebook_execution::reaction::{self, Progress, Reaction, Reactor};
use casebook_execution::timer::{self, OnDue};
use casebook_execution::{Claims, Clock, Holder, ReleaseClaims, SYSTEM_AGENCY, Store};
use casebook_kernel::Actor;
use casebook_kernel::region::Region;
use casebook_policy::PolicySet;
use casebook_readmodel::{OpenError, Projection, ReadModel, Tables, VerifyView};
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::RoutesBuilder;

use crate::gate::Gate;
use crate::keys::Keys;

/// How long tasks may take to come to an end.
const DRAIN: Duration = Duration::from_secs(10);

/// What a deployment chooses.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where read models are kept.
    pub data_dir: PathBuf,
    /// The registry of practitioners, where a file stands in for it.
    pub registry_file: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    ReadModel(#[from] OpenError),
    #[error("cannot make `{path}`: {source}")]
    Folder { path: String, source: std::io::Error },
    #[error("{0}")]
    Setting(String),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The followers of the log did not come to rest in time.
#[derive(Debug, thiserror::Error)]
#[error("`{follower}` reaches position {reached} of {head}")]
pub struct RestError {
    follower: String,
    reached: Position,
    head: Position,
}

/// A service on its way up. Boxed: its code is then made once, in its own crate, and not again in every program and test that
/// starts it.
pub type Starting<'a> = BoxFuture<'a, Result<Service, StartError>>;

/// How a service starts: it follows the log from now on, and its methods are among the routes.
pub type StartService = for<'a> fn(&'a Foundation, &'a mut RoutesBuilder) -> Starting<'a>;

/// A service that runs.
pub struct Service {
    pub name: &'static str,
    pub read_model: Arc<ReadModel>,
    /// Its tables, to be held against the log.
    pub views: Vec<Box<dyn VerifyView>>,
}

/// What every service stands on.
pub struct Foundation {
    pub log: Arc<dyn EventLog>,
    pub clock: Arc<dyn Clock>,
    pub policy: Arc<PolicySet>,
    pub claims: Claims,
    pub gate: Gate,
    /// In whose name reactions and deadlines act.
    pub system: Actor,
    pub settings: Settings,
    /// A database server for the read models, in place of SQLite files.
    database: Option<String>,
    /// Reactions and deadlines stand still.
    looking_on: bool,
    tasks: TaskTracker,
    /// Ends what is served; rows and reactions go on until no call needs them any more.
    draining: CancellationToken,
    stop: CancellationToken,
    followers: Mutex<Vec<(String, watch::Receiver<Position>)>>,
    read_models: Mutex<Vec<Arc<ReadModel>>>,
    /// Held for as long as this process keeps the rows of its services.
    owned: Mutex<Vec<File>>,
    parked: Mutex<Vec<watch::Receiver<usize>>>,
}

impl Foundation {
    pub fn new(
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        policy: Arc<PolicySet>,
        keys: &Keys,
        settings: Settings,
    ) -> Result<Self, StartError> {
        let gate = Gate { log: log.clone(), clock: clock.clone(), policy_version: policy.pack.version().into() };
        let system = Actor {
            agency: SYSTEM_AGENCY.parse().map_err(StartError::Setting)?,
            officer: "system".parse().map_err(StartError::Setting)?,
            agency_kind: None,
            region: Region::NATIONAL,
        };
        std::fs::create_dir_all(&settings.data_dir)
            .map_err(|source| StartError::Folder { path: settings.data_dir.display().to_string(), source })?;
        Ok(Self {
            claims: Claims::new(log.clone(), keys.claims),
            log,
            clock,
            policy,
            gate,
            system,
            settings,
            database: None,
            looking_on: false,
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
            stop: CancellationToken::new(),
            followers: Mutex::default(),
            read_models: Mutex::default(),
            owned: Mutex::default(),
            parked: Mutex::default(),
        })
    }

    /// Ends when the services should: the server takes no more calls then, and streams that would never end by themselves end.
    pub fn stopping(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Keeps read models on a database server in place of SQLite files: `{service}` in the URL stands for the name of each service.
    /// PostgreSQL needs the feature `postgres` of casebook-readmodel.
    #[must_use]
    pub fn with_database(mut self, url: &str) -> Self {
        self.database = Some(url.to_owned());
        self
    }

    /// Keeps rows up to date and does nothing else: what is looked at must not go on by itself.
    #[must_use]
    pub fn looking_on(mut self) -> Self {
        self.looking_on = true;
        self
    }

    /// Opens the read model of a service.
    pub async fn read_model<M: Tables>(&self, service: &'static str) -> Result<Arc<ReadModel>, StartError> {
        if let Some(url) = &self.database {
            return Ok(Arc::new(ReadModel::open::<M>(&url.replace("{service}", service)).await?));
        }
        self.own(service)?;
        let file = self.settings.data_dir.join(format!("{service}.db"));
        Ok(Arc::new(ReadModel::open_sqlite::<M>(&file).await?))
    }

    /// Rows and reactions of a service have one process: with a log that processes share, no lock of the log says so.
    fn own(&self, service: &str) -> Result<(), StartError> {
        let path = self.settings.data_dir.join(format!("{service}.lock"));
        let failed = |source| StartError::Folder { path: path.display().to_string(), source };
        let lock = File::create(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => self.owned.lock().unwrap_or_else(PoisonError::into_inner).push(lock),
            Err(TryLockError::WouldBlock) => {
                let folder = self.settings.data_dir.display();
                return Err(StartError::Setting(format!("another process has the rows of `{service}` in `{folder}`")));
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        Ok(())
    }

    /// Keeps the rows of a service up to date from now on.
    pub fn project(&self, service: &'static str, model: &Arc<ReadModel>, projections: Vec<Box<dyn Projection>>) {
        self.follow(format!("{service} rows"), model.progress());
        self.read_models.lock().unwrap_or_else(PoisonError::into_inner).push(model.clone());
        self.tasks.spawn(casebook_readmodel::run(self.log.clone(), model.clone(), projections, self.stop.clone()));
    }

    /// Lets a service react from now on; its cursor is kept in the service's read model.
    pub fn react(&self, model: &Arc<ReadModel>, reaction: impl Reaction) {
        if self.looking_on {
            return;
        }
        let progress = Progress::default();
        // What waits for events to age is never at the head, and nothing waits for it.
        if reaction.patience().is_zero() {
            self.follow(reaction.name().to_owned(), progress.reached.subscribe());
        }
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).push(progress.parked.subscribe());
        self.tasks.spawn(reaction::run(
            self.log.clone(),
            model.clone(),
            Arc::new(reaction),
            self.clock.clone(),
            progress,
            self.stop.clone(),
        ));
    }

    /// Lets the streams of a kind give back, from now on, the values that they have claimed and do not hold.
    pub fn release_claims<A: Holder>(&self, model: &Arc<ReadModel>, name: &'static str, store: &Arc<Store<A>>) {
        self.react(model, ReleaseClaims::new(name, store.clone(), self.claims.clone(), self.reactor()));
    }

    /// In whose name the services react.
    pub fn reactor(&self) -> Reactor {
        Reactor {
            system: self.system.clone(),
            policy_version: self.gate.policy_version().clone(),
            clock: self.clock.clone(),
        }
    }

    /// How many events the reactions could not be done with: `ReadModel::all_parked` names them.
    pub fn parked(&self) -> Vec<watch::Receiver<usize>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fires the deadlines of a service from now on.
    pub fn on_due(&self, model: &Arc<ReadModel>, on_due: impl OnDue) {
        if self.looking_on {
            return;
        }
        self.tasks.spawn(timer::run(model.clone(), Arc::new(on_due), self.clock.clone(), self.stop.clone()));
    }

    /// Lets something run beside the services; it ends by itself when the process is [`stopping`](Self::stopping), and
    /// the log stays open until then.
    pub fn beside(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    fn follow(&self, name: String, progress: watch::Receiver<Position>) {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner).push((name, progress));
    }

    /// How far each reaction and each set of rows has come.
    pub fn progress(&self) -> Vec<(String, Position)> {
        let followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.iter().map(|(name, progress)| (name.clone(), *progress.borrow())).collect()
    }

    /// Waits until every reaction has reacted to everything, and all rows show it.
    pub async fn at_rest(&self, patience: Duration) -> Result<Position, RestError> {
        let deadline = tokio::time::Instant::now() + patience;
        let read_models = self.read_models.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let _waiting: Vec<_> = read_models.iter().map(|model| model.wait()).collect();
        let mut seen = Position::START;
        loop {
            let head = self.log.head().await.unwrap_or(seen);
            let behind = self.progress().into_iter().find(|(_, reached)| *reached < head);
            match behind {
                // Twice the same head: what reacted last wrote nothing any more.
                None if head == seen => return Ok(head),
                Some((follower, reached)) if tokio::time::Instant::now() > deadline => {
                    return Err(RestError { follower, reached, head });
                }
                None => seen = head,
                Some(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends all tasks. Whatever was not done is done after the next start.
    pub async fn stop(&self) {
        self.draining.cancel();
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("some tasks did not end in time");
        }
        self.owned.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
