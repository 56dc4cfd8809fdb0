//! Everything that is kept of a log, held against the log while nothing goes on: no call, no reaction and no deadline changes what
//! is looked at. Rows are brought up to the end of the log first, as at any start; the hash chain must be there already, as far as
//! a running process would have brought it, because what is made anew of it agrees with whatever the log says.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use casebook_audit::readmodel::Migrator as AuditTables;
use casebook_audit::verify::{Noted, Stretch, verify_range};
use casebook_authz::TokenKey;
use casebook_bootstrap::{Foundation, Keys, Layout, LogAt, LogError, RestError, Service, Settings, StartError, policy};
use casebook_eventlog::embedded::DATABASE_FILE;
use casebook_eventlog::{EventLog, Filter, Position, ReadError};
use casebook_execution::{Clock, SystemClock};
use casebook_readmodel::{OpenError as RowsError, ProjectionError, ReadModel, ViewReport};
use chrono::TimeDelta;
use tonic::service::RoutesBuilder;

use crate::system::SERVICES;

const CATCH_UP_PATIENCE: Duration = Duration::from_secs(3600);
/// The chain follows the log within moments: a process that is killed leaves what it wrote last without it, and no more than
/// this. So an old copy of the chain is none over what was written since.
const CHAIN_LAG_MAX: TimeDelta = TimeDelta::minutes(1);
/// The read model that holds the chain.
const CHAIN: &str = "audit";

#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    #[error("there is no folder `{0}`")]
    NoFolder(String),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Rows(#[from] RowsError),
    #[error(transparent)]
    Policy(#[from] casebook_bootstrap::PolicyError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Rest(#[from] RestError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Verify(#[from] ProjectionError),
}

/// A head of the chain that was written down elsewhere: `POSITION:SHA256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotedHead(Noted);

impl FromStr for NotedHead {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (position, chain) = text.split_once(':').ok_or("is not POSITION:SHA256")?;
        let position = position.parse().map_err(|error| format!("position: {error}"))?;
        let chain = chain.parse().map_err(|error| format!("SHA-256: {error}"))?;
        Ok(Self(Noted { position, chain }))
    }
}

/// What was found.
#[derive(Debug)]
pub struct Verified {
    pub head: Position,
    /// Where the chain ended before it was brought up to the log.
    pub chain_reached: Position,
    pub views: Vec<ViewReport>,
}

impl Verified {
    pub fn mismatches(&self) -> u64 {
        self.views.iter().map(|view| view.mismatches).sum()
    }
}

/// To be run while nothing serves the folder: a log in it has one writer.
pub async fn verify(
    data_dir: &Path,
    log: &LogAt,
    policy_dir: Option<&Path>,
    noted: Option<NotedHead>,
) -> Result<Verified, VerificationError> {
    let layout = Layout::of(data_dir);
    if !data_dir.is_dir() {
        return Err(VerificationError::NoFolder(data_dir.display().to_string()));
    }
    let chain_reached = chain_reached(&layout.read_models).await?;
    if log.server.is_none() && !layout.log.join(DATABASE_FILE).is_file() {
        // A process that was stopped before it made its log has left nothing to look at. Opening would make an empty one.
        let views = if chain_reached == Position::START { Vec::new() } else { vec![no_log(chain_reached)] };
        return Ok(Verified { head: Position::START, chain_reached, views });
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let opened = log.open(&layout.log, &clock).await?;
    let log = opened.log.clone();
    let head = log.head().await?;
    if lag(&log, chain_reached, head).await? > CHAIN_LAG_MAX {
        // Looking would bring the chain up to the log, and nobody would find this a second time.
        opened.close().await;
        return Ok(Verified { head, chain_reached, views: vec![no_chain(chain_reached, head)] });
    }
    // Nobody calls and nothing is claimed: the keys of the deployment are not needed, and none are made.
    let keys = Keys { tokens: TokenKey::from_bytes(&[0; 32]), claims: [0; 32] };
    let settings = Settings { data_dir: layout.read_models, registry_file: None };
    let rules = Arc::new(policy(policy_dir)?);
    let foundation = Foundation::new(log, clock, rules, &keys, settings)?.looking_on();
    let views = look(&foundation, noted).await;
    foundation.stop().await;
    opened.close().await;
    Ok(Verified { head, chain_reached, views: views? })
}

async fn look(foundation: &Foundation, noted: Option<NotedHead>) -> Result<Vec<ViewReport>, VerificationError> {
    let mut routes = RoutesBuilder::default();
    let mut services = Vec::with_capacity(SERVICES.len());
    for start in SERVICES {
        services.push(start(foundation, &mut routes).await?);
    }
    foundation.at_rest(CATCH_UP_PATIENCE).await?;
    let mut views = Vec::new();
    for service in &services {
        for view in &service.views {
            views.push(view.verify(&foundation.log, &service.read_model).await?);
        }
        if let Some(noted) = noted.filter(|_| service.name.starts_with("casebook.audit.")) {
            views.push(noted_head(foundation, service, noted).await?);
        }
    }
    Ok(views)
}

async fn noted_head(
    foundation: &Foundation,
    audit: &Service,
    NotedHead(noted): NotedHead,
) -> Result<ViewReport, ProjectionError> {
    let stretch = Stretch { noted: Some(noted), ..Stretch::WHOLE };
    let report = verify_range(&foundation.log, &audit.read_model, stretch).await?;
    let named: Vec<String> = report.first_difference.map(|difference| difference.description).into_iter().collect();
    let (events, mismatches) = (report.events, named.len() as u64);
    Ok(ViewReport { view: "noted head", events, mismatches, named, ..ViewReport::default() })
}

/// How far the chain had come when it was last kept; the beginning where there is none.
async fn chain_reached(read_models: &Path) -> Result<Position, VerificationError> {
    let file = read_models.join(format!("{CHAIN}.db"));
    if !file.is_file() {
        return Ok(Position::START);
    }
    Ok(ReadModel::open_sqlite::<AuditTables>(&file).await?.reached())
}

/// For how long the log was written to behind the end of the chain; nothing, if the chain reaches the log's.
async fn lag(log: &Arc<dyn EventLog>, chain_reached: Position, head: Position) -> Result<TimeDelta, ReadError> {
    if chain_reached >= head {
        return Ok(TimeDelta::zero());
    }
    let at = async |before| {
        let events = log.read_all(Position(before), &Filter::all(), 1).await?.events;
        Ok::<_, ReadError>(events.first().map(|event| event.recorded_at))
    };
    let (first, last) = (at(chain_reached.0).await?, at(head.0.saturating_sub(1)).await?);
    Ok(first.zip(last).map_or(TimeDelta::zero(), |(first, last)| last - first))
}

fn no_log(chain_reached: Position) -> ViewReport {
    let words = format!("the hash chain reaches position {}, and there is no log", chain_reached.0);
    ViewReport { view: "chain", mismatches: 1, named: vec![words], ..ViewReport::default() }
}

fn no_chain(chain_reached: Position, head: Position) -> ViewReport {
    let words = format!(
        "the log ends at position {}, and the hash chain over it at {}: what is made of it now would agree with anything",
        head.0, chain_reached.0
    );
    ViewReport { view: "chain", mismatches: 1, named: vec![words], ..ViewReport::default() }
}
