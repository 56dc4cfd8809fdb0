//! Rows are a function of the log (promise 4): made anew from it, on SQLite or on PostgreSQL, they say what the live ones said; and
//! reactions that see the whole log once more write nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use casebook::demo::{self, DemoOptions};
use casebook::system::{Layout, LogAt};
use casebook_bootstrap::{Foundation, Keys, Service, Settings};
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Position};
use casebook_execution::{Clock as _, SystemClock, TurnedClock};
use casebook_kernel::Timestamp;
use casebook_readmodel::ViewReport;
use casebook_testkit::Postgres;
use tonic::service::RoutesBuilder;

/// How long it may take to make all rows anew.
const PATIENCE: Duration = Duration::from_secs(120);

/// A deployment that was used: the shipped sample was played on it.
struct Played {
    folder: tempfile::TempDir,
    /// When its last event was recorded: what is opened on it later sees this moment.
    last: Timestamp,
    head: Position,
}

async fn play() -> Played {
    let folder = tempfile::tempdir().expect("a folder");
    let options = DemoOptions { input: None, data_dir: folder.path().to_owned(), log: LogAt::default(), quiet: true };
    let summary = demo::run(options).await.unwrap_or_else(|error| panic!("the sample is played: {error}"));
    assert_eq!(summary.failure(), None);
    let log = EmbeddedLog::open_read_only(&Layout::of(folder.path()).log).expect("the log");
    let head = log.head().await.expect("the log answers");
    let last = log.read_all(Position(head.0 - 1), &casebook_eventlog::Filter::all(), 1).await.expect("the last event");
    let last = last.events.first().expect("an event").recorded_at;
    log.close().await;
    Played { folder, last, head }
}

/// Where a deployment keeps its rows.
enum Rows<'a> {
    Folder(&'a Path),
    Server(&'a str),
}

/// Starts all services on the log of `played` with rows of their own, and gives what a comparison of every row with the log says.
async fn compare(played: &Played, rows: Rows<'_>) -> Vec<ViewReport> {
    let layout = Layout::of(played.folder.path());
    let clock = Arc::new(TurnedClock::at(played.last));
    let of_log = clock.clone();
    let options = Options { clock: Arc::new(move || of_log.now()), ..Options::default() };
    let log: Arc<EmbeddedLog> = Arc::new(EmbeddedLog::open(&layout.log, options).expect("the log"));
    let keys = Keys::load_or_make(&layout.keys).expect("the keys");
    let policy = Arc::new(casebook_policy::shipped().expect("the shipped policy"));
    let data_dir = match rows {
        Rows::Folder(folder) => folder.to_owned(),
        Rows::Server(_) => played.folder.path().join("unused"),
    };
    let settings = Settings { data_dir, registry_file: None };
    let foundation = Foundation::new(log.clone(), clock, policy, &keys, settings).expect("a foundation");
    let foundation = match rows {
        Rows::Folder(_) => foundation,
        Rows::Server(url) => foundation.with_database(url),
    };
    let services = start(&foundation).await;
    let head = foundation.at_rest(PATIENCE).await.unwrap_or_else(|error| panic!("no rest: {error}"));
    assert_eq!(head, played.head, "a reaction wrote something when it saw the same log once more");
    let as_port: Arc<dyn EventLog> = log.clone();
    let mut reports = Vec::new();
    for service in &services {
        for view in &service.views {
            let report = view.verify(&as_port, &service.read_model).await.expect("rows and log can be compared");
            assert_eq!(report.mismatches, 0, "{}: {:?}", report.view, report.named);
            reports.push(report);
        }
    }
    foundation.stop().await;
    log.close().await;
    reports
}

async fn start(foundation: &Foundation) -> Vec<Service> {
    let mut routes = RoutesBuilder::default();
    vec![
        casebook_accounts::start(foundation, &mut routes).await.expect("accounts"),
        casebook_credentials::start(foundation, &mut routes).await.expect("credentials"),
        casebook_review::start(foundation, &mut routes).await.expect("review"),
        casebook_enforcement::start(foundation, &mut routes).await.expect("enforcement"),
        casebook_audit::start(foundation, &mut routes).await.expect("audit"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_made_anew_say_what_the_live_ones_said() {
    let played = play().await;
    let live = compare(&played, Rows::Folder(&Layout::of(played.folder.path()).read_models)).await;
    assert!(live.iter().map(|report| report.rows).sum::<u64>() > 100, "the sample fills the rows: {live:?}");

    let fresh = tempfile::tempdir().expect("a folder");
    assert_eq!(compare(&played, Rows::Folder(fresh.path())).await, live, "in new SQLite files");

    let postgres = Postgres::start().unwrap_or_else(|error| panic!("{error}"));
    for service in ["accounts", "credentials", "review", "enforcement", "audit"] {
        postgres.create_database(service).unwrap_or_else(|error| panic!("{error}"));
    }
    assert_eq!(compare(&played, Rows::Server(&postgres.url("{service}"))).await, live, "on PostgreSQL");
    // Once more: what is there already is neither lost nor written twice.
    assert_eq!(compare(&played, Rows::Server(&postgres.url("{service}"))).await, live, "on PostgreSQL after a restart");
}

/// With a log that processes share nothing else says so: two that keep the same rows would each have a cursor of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_have_one_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let layout = Layout::of(folder.path());
    let log = Arc::new(EmbeddedLog::open(&layout.log, Options::default()).expect("a log"));
    let keys = Keys::load_or_make(&layout.keys).expect("keys");
    let policy = Arc::new(casebook_policy::shipped().expect("the shipped policy"));
    let foundation = || {
        let settings = Settings { data_dir: layout.read_models.clone(), registry_file: None };
        Foundation::new(log.clone(), Arc::new(SystemClock), policy.clone(), &keys, settings).expect("a foundation")
    };
    let (first, second) = (foundation(), foundation());
    casebook_accounts::start(&first, &mut RoutesBuilder::default()).await.expect("it has the rows");
    let refused = casebook_accounts::start(&second, &mut RoutesBuilder::default()).await.err().expect("it may not");
    assert!(refused.to_string().contains("another process"), "{refused}");
    first.stop().await;
    casebook_accounts::start(&second, &mut RoutesBuilder::default()).await.expect("they are free again");
    second.stop().await;
    log.close().await;
}
