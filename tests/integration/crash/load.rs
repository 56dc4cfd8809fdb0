//! Clients that write as fast as the server answers, and remember what it acknowledged. Half of them conduct whole matters.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tonic::Status;
use uuid::Uuid;

use crate::Failure;
use crate::cast::Cast;
use crate::matter::Matter;
use crate::method::Method;
use crate::platform::Platform;
use crate::server::Server;
use crate::signal::Signal;

/// Clients that report and open leads, and no more.
const SIGNALLERS: usize = 8;
/// Clients that conduct matters.
const CONDUCTORS: usize = 8;
/// Matters that are under way at the same time.
const MATTERS_MAX: usize = 64;
/// How long a client rests that finds nothing to do.
const IDLE: Duration = Duration::from_millis(2);
/// How long the last server has for what the killed ones left unfinished.
const FINISH_PATIENCE: Duration = Duration::from_secs(120);

/// What the server said it had done.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    pub method: Method,
    pub request_id: Uuid,
    pub stream: String,
    pub position: u64,
}

/// When a server is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// In the middle of it, after this long.
    Loaded(Duration),
    /// Nothing new is begun; once everything that was has come to its end.
    Finished,
}

/// What was asked of the servers of one data folder.
#[derive(Debug)]
pub struct Load {
    pub acknowledged: Vec<Acknowledged>,
    /// Signals that no server answered yet: the next one is asked again.
    unanswered: Vec<Signal>,
    /// Matters under way that no client is about to take further.
    matters: Vec<Matter>,
    /// Matters that a client is taking further.
    in_hand: usize,
    begun: u64,
    platforms: Vec<Platform>,
    /// The orders whose receipts were acknowledged.
    answered: HashSet<String>,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            acknowledged: Vec::new(),
            unanswered: Vec::new(),
            matters: Vec::new(),
            in_hand: 0,
            begun: 0,
            platforms: Platform::ALL.map(Platform::new).into(),
            answered: HashSet::new(),
        }
    }
}

impl Load {
    /// Loads the server and kills it.
    pub async fn run(
        &mut self,
        endpoint: &str,
        data_dir: &Path,
        until: Until,
        server: &mut Server,
    ) -> Result<(), Failure> {
        let cast = Arc::new(Cast::connect(endpoint, data_dir).await?);
        let platforms = std::mem::take(&mut self.platforms);
        let shared = Arc::new(Shared {
            load: Mutex::new(std::mem::take(self)),
            finishing: until == Until::Finished,
            ended: AtomicBool::new(false),
        });
        let mut clients = JoinSet::new();
        for number in 0..SIGNALLERS {
            clients.spawn(signal(cast.clone(), shared.clone(), number));
        }
        for _ in 0..CONDUCTORS {
            clients.spawn(conduct(cast.clone(), shared.clone()));
        }
        let platforms: Vec<_> = platforms
            .into_iter()
            .map(|platform| {
                let client = cast.platform(platform.id())?;
                Ok(tokio::spawn(platform.run(client, shared.clone())))
            })
            .collect::<Result<_, Failure>>()?;
        match until {
            Until::Loaded(span) => tokio::time::sleep(span).await,
            // Whoever is not done by then is stuck, and counted.
            Until::Finished => tokio::time::timeout(FINISH_PATIENCE, all(&mut clients)).await.unwrap_or(Ok(()))?,
        }
        shared.ended.store(true, Ordering::SeqCst);
        server.kill()?;
        all(&mut clients).await?;
        *self = std::mem::take(&mut *shared.load());
        for platform in platforms {
            self.platforms.push(platform.await??);
        }
        Ok(())
    }

    /// How many requests the last server did not answer.
    pub fn in_doubt(&self) -> usize {
        self.unanswered.len()
            + self.matters.iter().filter(|matter| matter.is_in_doubt()).count()
            + self.platforms.iter().filter(|platform| platform.is_in_doubt()).count()
    }

    pub fn unanswered_signals(&self) -> usize {
        self.unanswered.len()
    }

    /// Matters that have not come to their end.
    pub fn under_way(&self) -> &[Matter] {
        &self.matters
    }

    fn next_matter(&mut self, begin: bool) -> Option<Matter> {
        let ready = self.matters.iter().position(|it| it.is_ready(|order| self.answered.contains(order)));
        let matter = match ready {
            Some(index) => self.matters.remove(index),
            None if begin && self.matters.len() < MATTERS_MAX => {
                self.begun += 1;
                Matter::begin(self.begun)
            }
            None => return None,
        };
        self.in_hand += 1;
        Some(matter)
    }
}

/// What the clients of one server share.
pub struct Shared {
    load: Mutex<Load>,
    finishing: bool,
    /// The server is killed now.
    ended: AtomicBool,
}

impl Shared {
    fn load(&self) -> MutexGuard<'_, Load> {
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn acknowledge(&self, acknowledged: Acknowledged) {
        self.load().acknowledged.push(acknowledged);
    }

    pub fn answered(&self, order_id: String) {
        self.load().answered.insert(order_id);
    }

    pub fn is_answered(&self, order_id: &str) -> bool {
        self.load().answered.contains(order_id)
    }

    /// Whether the server was gone before it answered. As long as it is not killed it has to answer, and no refusal but those
    /// that a matter waits for is right: nothing that is asked is wrong.
    pub fn is_loss(&self, status: &Status) -> bool {
        use tonic::Code::{Cancelled, Internal, Unavailable, Unknown};
        self.has_ended() && [Cancelled, Internal, Unavailable, Unknown].contains(&status.code())
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Whether nothing is left to be done for a client of the last server.
    fn is_finished(&self) -> bool {
        let load = self.load();
        self.finishing && load.matters.is_empty() && load.in_hand == 0
    }

    fn put_back(&self, mut matter: Matter, outcome: Result<Acknowledged, Status>) -> Result<(), String> {
        let mut load = self.load();
        load.in_hand -= 1;
        match outcome {
            Ok(acknowledged) => load.acknowledged.push(acknowledged),
            Err(refusal) if matter.rests_after(&refusal) => {}
            Err(status) if self.is_loss(&status) => matter.was_not_answered(),
            Err(status) => return Err(format!("{matter} and was refused: {status}")),
        }
        if !matter.is_closed() {
            load.matters.push(matter);
        }
        Ok(())
    }
}

/// Until all clients are done.
async fn all(clients: &mut JoinSet<Result<(), String>>) -> Result<(), Failure> {
    while let Some(client) = clients.join_next().await {
        client??;
    }
    Ok(())
}

/// A client that reports or opens leads, until the server is gone.
async fn signal(cast: Arc<Cast>, shared: Arc<Shared>, number: usize) -> Result<(), String> {
    while !shared.has_ended() {
        let again = shared.load().unanswered.pop();
        let asked = match (again, number % 2) {
            (Some(again), _) => again,
            (None, _) if shared.finishing => return Ok(()),
            (None, 0) => Signal::Lead(Uuid::now_v7()),
            (None, _) => Signal::Report(Uuid::now_v7()),
        };
        match asked.ask(&cast).await {
            Ok(acknowledged) => shared.acknowledge(acknowledged),
            Err(status) if shared.is_loss(&status) => shared.load().unanswered.push(asked),
            Err(status) => return Err(format!("{asked:?} was refused: {status}")),
        }
    }
    Ok(())
}

/// A client that takes matters further, each by one request at a time, until the server is gone.
async fn conduct(cast: Arc<Cast>, shared: Arc<Shared>) -> Result<(), String> {
    while !shared.has_ended() && !shared.is_finished() {
        let next = shared.load().next_matter(!shared.finishing);
        match next {
            Some(mut matter) => {
                let outcome = matter.step(&cast).await;
                shared.put_back(matter, outcome)?;
            }
            None => tokio::time::sleep(IDLE).await,
        }
    }
    Ok(())
}
