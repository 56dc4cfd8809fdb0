//! Everything that is kept of a log, held against the log while nothing goes on: no call, no reaction and no deadline changes what
//! is looked at. Rows are brought up to the end of the log first, as at any start; the hash chain must be there already,
//! because one that is made anew agrees with whatever the log says.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use casebook_audit::readmodel::Migrator as AuditTables;
use casebook_audit::verify::{Noted, Stretch, verify_range};
use casebook_authz::TokenKey;
use casebook_bootstrap::{Foundation, Keys, Layout, RestError, Service, Settings, StartError, policy};
use casebook_eventlog::embedded::{EmbeddedLog, OpenError, Options};
use casebook_eventlog::{EventLog as _, Filter, Position, ReadError};
use casebook_execution::SystemClock;
use casebook_readmodel::{OpenError as RowsError, ProjectionError, ReadModel, ViewReport};
use chrono::TimeDelta;
use tonic::service::RoutesBuilder;

use crate::system::SERVICES;

const CATCH_UP_PATIENCE: Duration = Duration::from_secs(3600);
/// The chain follows the log within moments: only a log that is younger than this may be without one, because its first process was
/// killed at once.
const CHAIN_LAG_MAX: TimeDelta = TimeDelta::minutes(1);
/// The read model that holds the chain.
const CHAIN: &str = "audit";

#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    #[error("there is no folder `{0}`")]
    NoFolder(String),
    #[error(transparent)]
    Log(#[from] OpenError),
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

/// To be run while nothing serves the folder: the log has one writer.
pub async fn verify(
    data_dir: &Path,
    policy_dir: Option<&Path>,
    noted: Option<NotedHead>,
) -> Result<Verified, VerificationError> {
    let layout = Layout::of(data_dir);
    if !data_dir.is_dir() {
        return Err(VerificationError::NoFolder(data_dir.display().to_string()));
    }
    let chain_reached = chain_reached(&layout.read_models).await?;
    if !layout.log.is_dir() {
        // A process that was stopped before it made its log has left nothing to look at.
        let views = if chain_reached == Position::START { Vec::new() } else { vec![no_log(chain_reached)] };
        return Ok(Verified { head: Position::START, chain_reached, views });
    }
    let log = Arc::new(EmbeddedLog::open(&layout.log, Options::default())?);
    let head = log.head().await?;
    if chain_reached == Position::START && lasted(&log).await? > CHAIN_LAG_MAX {
        log.close().await;
        return Ok(Verified { head, chain_reached, views: vec![no_chain(head)] });
    }
    // Nobody calls and nothing is claimed: the keys of the deployment are not needed, and none are made.
    let keys = Keys { tokens: TokenKey::from_bytes(&[0; 32]), claims: [0; 32] };
    let settings = Settings { data_dir: layout.read_models, registry_file: None };
    let rules = Arc::new(policy(policy_dir)?);
    let foundation = Foundation::new(log.clone(), Arc::new(SystemClock), rules, &keys, settings)?.looking_on();
    let views = look(&foundation, noted).await;
    foundation.stop().await;
    log.close().await;
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

/// How long a log has been written to; nothing, if it is empty.
async fn lasted(log: &EmbeddedLog) -> Result<TimeDelta, ReadError> {
    let head = log.head().await?;
    let at = async |before| {
        let events = log.read_all(Position(before), &Filter::all(), 1).await?.events;
        Ok::<_, ReadError>(events.first().map(|event| event.recorded_at))
    };
    let (first, last) = (at(0).await?, at(head.0.saturating_sub(1)).await?);
    Ok(first.zip(last).map_or(TimeDelta::zero(), |(first, last)| last - first))
}

fn no_log(chain_reached: Position) -> ViewReport {
    let words = format!("the hash chain reaches position {}, and there is no log", chain_reached.0);
    ViewReport { view: "chain", mismatches: 1, named: vec![words], ..ViewReport::default() }
}

fn no_chain(head: Position) -> ViewReport {
    let words = format!(
        "the log ends at position {}, and there is no hash chain over it: one made now would agree with anything",
        head.0
    );
    ViewReport { view: "chain", mismatches: 1, named: vec![words], ..ViewReport::default() }
}
