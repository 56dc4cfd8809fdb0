//! The main job, played through: reports become findings, cases, decisions by two officers, orders that platforms
//! execute and answer, appeals, and histories that replay.
//!
//! It starts every service in this process and then is a client like any other: what it does, it does through the public
//! gRPC methods. Only the clock is its own, so that months pass in seconds.

mod cast;
mod conduct;
mod platforms;
mod registry;
mod summary;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{BufRead, BufReader, Cursor};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use casebook_eventlog::{Filter, Position};
use casebook_execution::TurnedClock;
use casebook_kernel::Timestamp;
use chrono::TimeDelta;
use indicatif::{ProgressBar, ProgressStyle};

use crate::client::{Client, ConnectError};
use crate::matter::{self, Line, Matter, Unreadable};
use crate::system::{self, LogAt, Options, SystemError};
use cast::Cast;
use conduct::{Conduct, Progress};
use platforms::Answers;
pub use summary::Summary;

const SAMPLE_REPORTS: &str = include_str!("../../samples/reports.jsonl");
/// Institutions, accounts and credentials come before the first report by so much.
const PRELUDE: TimeDelta = TimeDelta::days(10);
/// How long everything may take to come to rest at the end.
const REST_PATIENCE: Duration = Duration::from_secs(120);
/// Deadlines are looked at several times a second: the demonstration gives them the time when its clock jumps over one.
const LET_DEADLINES_FIRE: Duration = Duration::from_millis(700);

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    System(#[from] SystemError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Token(#[from] casebook_authz::TokenError),
    #[error("cannot read `{path}`: {source}")]
    Input { path: String, source: std::io::Error },
    #[error("`{0}` is not empty: a demonstration begins with nothing")]
    NotEmpty(String),
    #[error("{step}: {reason}", step = .0.step, reason = .0.reason)]
    Refused(Refusal),
    #[error("{step}: {status}")]
    Call { step: &'static str, status: Box<tonic::Status> },
    #[error("waited in vain for {0}")]
    Waited(&'static str),
    #[error("the sample: {0}")]
    Sample(String),
    #[error(transparent)]
    Rest(#[from] casebook_bootstrap::RestError),
    #[error("the history of a case cannot be read: {0}")]
    History(String),
}

/// The services said no, and why: for a matter of the input this is an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub step: &'static str,
    pub reason: String,
}

/// What one chooses for a demonstration.
pub struct DemoOptions {
    /// Lines of reports; without it, the shipped sample.
    pub input: Option<PathBuf>,
    /// An empty folder, or one that does not exist.
    pub data_dir: PathBuf,
    /// A log in which nothing is yet.
    pub log: LogAt,
    /// No bar.
    pub quiet: bool,
}

/// What comes next in a matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Report,
    Review,
    Open,
    Decide,
    /// A deadline or a late answer lies here: nothing to do but to let it happen.
    Pause,
    Appeal,
    Close,
}

/// Plays it and says what came of it.
pub async fn run(options: DemoOptions) -> Result<Summary, DemoError> {
    let begun = Instant::now();
    let lines = lines(&options)?;
    let start = lines
        .iter()
        .filter_map(|(_, line)| line.as_ref().ok())
        .map(|matter| matter.reported_at)
        .min()
        .unwrap_or_default()
        - PRELUDE;
    let clock = Arc::new(TurnedClock::at(start));
    check_log(&options).await?;
    let system = system::start(Options {
        data_dir: options.data_dir.clone(),
        log: options.log.clone(),
        listen: ([127, 0, 0, 1], 0).into(),
        clock: clock.clone(),
        policy_dir: None,
        registry_file: Some(registry::file(&options.data_dir)?),
    })
    .await?;
    let channel = Client::connect(&system.endpoint(), "").await?.channel();
    let cast = Cast::new(system.foundation.policy.clone(), clock.clone(), system.keys.tokens.clone(), channel);
    let mut play = Play::new(cast, lines, options.quiet);
    let played = play.all(options.input.is_none()).await;
    for platform in &play.platforms {
        platform.abort();
    }
    played?;
    // What came due with the last stage is told to its case, too: before anything is counted.
    tokio::time::sleep(LET_DEADLINES_FIRE).await;
    system.at_rest(REST_PATIENCE).await?;
    let mut summary = summary::count(&mut play.cast).await?;
    summary.lines = play.matters.len() + play.unreadable.len();
    summary.unreadable = play.unreadable.iter().map(ToString::to_string).collect();
    summary.refused = std::mem::take(&mut play.refused);
    summary.refused_reports = play.refused_reports;
    summary.without_case = play.without_case;
    summary.row_mismatches = system
        .verify()
        .await
        .map_err(|error| DemoError::History(error.to_string()))?
        .iter()
        .map(|view| view.mismatches)
        .sum();
    summary.shown_case = play.shown_case();
    summary.data_dir = options.data_dir.display().to_string();
    summary.seconds = begun.elapsed().as_secs_f64();
    system.stop().await;
    Ok(summary)
}

/// A log elsewhere may be in use already.
async fn check_log(options: &DemoOptions) -> Result<(), DemoError> {
    if options.log.server.is_none() {
        return Ok(());
    }
    let log = options.log.read(&options.data_dir).await.map_err(SystemError::from)?;
    let found = log.read_all(Position::START, &Filter::all(), 1).await;
    let found = found.map_err(|error| DemoError::History(error.to_string()))?;
    if found.events.is_empty() { Ok(()) } else { Err(DemoError::NotEmpty("the log".into())) }
}

fn lines(options: &DemoOptions) -> Result<Vec<Line>, DemoError> {
    let not_empty = std::fs::read_dir(&options.data_dir).is_ok_and(|mut entries| entries.next().is_some());
    if not_empty {
        return Err(DemoError::NotEmpty(options.data_dir.display().to_string()));
    }
    let name = options.input.as_ref().map_or("the sample".into(), |path| path.display().to_string());
    let failed = |source| DemoError::Input { path: name.clone(), source };
    let source: Box<dyn BufRead> = match &options.input {
        Some(path) => Box::new(BufReader::new(std::fs::File::open(path).map_err(failed)?)),
        None => Box::new(Cursor::new(SAMPLE_REPORTS)),
    };
    matter::read(source).collect::<Result<_, _>>().map_err(failed)
}

struct Play {
    cast: Cast,
    answers: Answers,
    matters: Vec<Matter>,
    /// The line of the input that each matter stands in, from 1.
    numbers: Vec<usize>,
    progress: Vec<Progress>,
    unreadable: Vec<Unreadable>,
    refused: Vec<String>,
    refused_reports: usize,
    without_case: usize,
    queue: BinaryHeap<Reverse<(Timestamp, Stage, usize)>>,
    platforms: Vec<tokio::task::JoinHandle<()>>,
    snapshots: Vec<registry::Snapshot>,
    bar: ProgressBar,
}

impl Play {
    fn new(cast: Cast, lines: Vec<Line>, quiet: bool) -> Self {
        let (mut matters, mut numbers, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
        for (number, line) in lines {
            match line {
                Ok(matter) => {
                    matters.push(matter);
                    numbers.push(number);
                }
                Err(error) => unreadable.push(error),
            }
        }
        let queue = matters
            .iter()
            .enumerate()
            .map(|(place, matter)| Reverse((matter.reported_at, Stage::Report, place)))
            .collect();
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(matters.len() as u64) };
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} matters  {msg}") {
            bar.set_style(style);
        }
        Self {
            cast,
            answers: Answers::default(),
            progress: vec![Progress::default(); matters.len()],
            matters,
            numbers,
            unreadable,
            refused: Vec::new(),
            refused_reports: 0,
            without_case: 0,
            queue,
            platforms: Vec::new(),
            snapshots: Vec::new(),
            bar,
        }
    }

    async fn all(&mut self, with_registry: bool) -> Result<(), DemoError> {
        if with_registry {
            self.bar.set_message("institutions, accounts, credentials");
            self.snapshots = registry::play(&mut self.cast).await?;
        }
        self.start_platforms()?;
        while let Some(Reverse((time, stage, place))) = self.queue.pop() {
            self.cast.clock.turn_to(time);
            registry::observe(&mut self.cast, &mut self.snapshots).await?;
            let day = casebook_kernel::calendar::shanghai_date(time);
            self.bar.set_message(format!("{day}  decisions {}  refused {}", self.decided(), self.refused.len()));
            match self.stage(stage, place).await {
                Ok(next) => {
                    self.bar.inc(u64::from(next.is_empty() && stage != Stage::Pause));
                    self.queue.extend(next.into_iter().map(|(after, stage)| Reverse((time + after, stage, place))));
                }
                Err(DemoError::Refused(refusal)) => {
                    self.bar.inc(1);
                    let (number, item) = (self.numbers[place], &self.matters[place].item.platform_item_id);
                    self.refused.push(format!("line {number}: {item}: {}: {}", refusal.step, refusal.reason));
                    self.refused_reports += usize::from(stage == Stage::Report);
                }
                Err(error) => return Err(error),
            }
        }
        self.bar.finish_and_clear();
        Ok(())
    }

    /// One stage of one matter, and what comes after which time.
    async fn stage(&mut self, stage: Stage, place: usize) -> Result<Vec<(TimeDelta, Stage)>, DemoError> {
        let matter = &self.matters[place];
        let mut conduct =
            Conduct { cast: &mut self.cast, answers: &self.answers, matter, progress: &mut self.progress[place] };
        Ok(match stage {
            Stage::Report => {
                conduct.report().await?;
                vec![(TimeDelta::hours(2), Stage::Review)]
            }
            Stage::Review if conduct.review().await? => vec![(TimeDelta::hours(20), Stage::Open)],
            Stage::Review => {
                self.without_case += 1;
                vec![]
            }
            Stage::Open => {
                conduct.open().await?;
                vec![(TimeDelta::hours(26), Stage::Decide)]
            }
            Stage::Decide => {
                conduct.decide().await?;
                after_decision(matter)
            }
            Stage::Pause => {
                tokio::time::sleep(LET_DEADLINES_FIRE).await;
                vec![]
            }
            Stage::Appeal => {
                conduct.appeal().await?;
                vec![(TimeDelta::days(2), Stage::Close)]
            }
            Stage::Close => {
                conduct.close().await?;
                vec![]
            }
        })
    }

    fn start_platforms(&mut self) -> Result<(), DemoError> {
        let mut platforms: Vec<String> = self
            .matters
            .iter()
            .flat_map(|matter| std::iter::once(&matter.account).chain(&matter.also_on))
            .map(|account| account.platform.clone())
            .collect();
        platforms.sort();
        platforms.dedup();
        for platform in platforms {
            let client = self.cast.platform(&platform)?;
            self.platforms.push(platforms::play(client, self.cast.clock.clone(), self.answers.clone()));
        }
        Ok(())
    }

    fn decided(&self) -> usize {
        self.progress.iter().filter(|progress| !progress.case_id.is_empty()).count()
    }

    /// The case whose time line is shown: one with an appeal that was upheld, else the last that was opened.
    fn shown_case(&self) -> String {
        let upheld = |matter: &Matter| {
            matter.appeal.as_ref().is_some_and(|appeal| appeal.outcome == matter::AppealOutcome::Upheld)
        };
        let mut opened = self.matters.iter().zip(&self.progress).filter(|(_, progress)| !progress.case_id.is_empty());
        let case = opened.clone().find(|(matter, _)| upheld(matter)).or_else(|| opened.next_back());
        case.map(|(_, progress)| progress.case_id.clone()).unwrap_or_default()
    }
}

/// The pauses in which deadlines and late answers fall, then an appeal or the end.
fn after_decision(matter: &Matter) -> Vec<(TimeDelta, Stage)> {
    let late = matter.receipts.values().map(|receipt| receipt.after_hours).max().unwrap_or(0);
    let late_by = TimeDelta::hours(late.into());
    let mut next = Vec::new();
    let mut hours = 24;
    while late > 0 && hours <= i64::from(late) + 24 {
        // Just behind each day's end: terms for receipts are whole days.
        next.push((TimeDelta::hours(hours) + TimeDelta::minutes(5), Stage::Pause));
        hours += 24;
    }
    next.push(match &matter.appeal {
        Some(appeal) => (TimeDelta::days(appeal.after_days.into()).max(late_by + TimeDelta::hours(1)), Stage::Appeal),
        None => (TimeDelta::days(16).max(late_by + TimeDelta::hours(1)), Stage::Close),
    });
    next
}
