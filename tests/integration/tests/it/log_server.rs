//! The whole system on a log that another process serves.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use casebook::demo::{self, DemoOptions, Summary};
use casebook::history::History;
use casebook::system::{Layout, LogAt};
use casebook_eventlog::EventLog as _;
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog_server::{Access, Door, serve};
use casebook_execution::AsOf;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::workspace::root;

/// Names the folder of the log for [`serves_for_another_process`].
const FOLDER: &str = "CASEBOOK_TEST_SERVED_LOG";
const SERVING: &str = "serving on ";
const TEST: &str = "log_server::serves_for_another_process";
/// A server that nobody ends goes by itself.
const LIFE: Duration = Duration::from_secs(600);

/// A process with a log; it goes with its owner.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// This very program is started once more, as a server.
    fn start(folder: &Path) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.args([TEST, "--exact", "--ignored", "--nocapture"]).env(FOLDER, folder).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the server starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines().map_while(Result::ok);
        let address = lines
            .find_map(|line| line.split_once(SERVING).and_then(|(_, address)| address.parse().ok()))
            .expect("the server says where it serves");
        // A test that runs for long says so, and would end if nobody listened.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    fn log(&self) -> LogAt {
        LogAt { server: Some(format!("kurrentdb://{}?tls=false", self.address)) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// No test but the server of those below.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a server for other tests"]
async fn serves_for_another_process() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let log = Arc::new(EmbeddedLog::open(Path::new(&folder), Options::default()).expect("a log"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{SERVING}{}", listener.local_addr().expect("an address"));
    let stop = CancellationToken::new();
    let _ = tokio::time::timeout(LIFE, serve(listener, log, Door::open(Access::Append), stop)).await;
}

async fn play(log: LogAt) -> Summary {
    let folder = tempfile::tempdir().expect("a folder");
    let options = DemoOptions { input: None, data_dir: folder.path().to_owned(), log, quiet: true };
    let summary = demo::run(options).await.unwrap_or_else(|error| panic!("the sample is played: {error}"));
    assert_eq!(summary.failure(), None);
    summary
}

/// Without what every run has of its own: how often a platform is late depends on how quick the machine is.
fn comparable(summary: &Summary) -> Summary {
    Summary { events: 0, shown_case: String::new(), data_dir: String::new(), seconds: 0.0, ..summary.clone() }
}

/// What the program in docs/replay.md shows of a case, as it stands there: positions. None where no Python has the
/// client.
pub fn replayed(connection_string: &str, case: &str) -> Option<Vec<u64>> {
    let Some(python) = std::env::var_os("CASEBOOK_TEST_PYTHON") else {
        println!("left out: CASEBOOK_TEST_PYTHON names no Python with kurrentdbclient; `cargo xtask test` does");
        return None;
    };
    let page = std::fs::read_to_string(root().join("docs/replay.md")).expect("the page");
    let program = page.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the program");
    let output = Command::new(python).args(["-c", program, connection_string, case]).output().expect("Python runs");
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{complained}");
    // Fields are indented, further than any position.
    Some(said.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect())
}

/// It shows every event of a case.
async fn replay_from_outside(server: &Server, case: &str) {
    let log = server.log().read(Path::new("")).await.expect("a log");
    let history = History::read(log, case.parse().expect("a case"), AsOf::Now).await.expect("its history");
    assert!(history.entries.len() > 10, "a case that was played through");
    if let Some(positions) = replayed(&server.log().server.expect("a server"), case) {
        let told: Vec<u64> = history.entries.iter().map(|entry| entry.position).collect();
        assert_eq!(positions, told);
    }
}

/// The same sample, played on a log of its own and on one behind a socket, has the same outcome.
#[tokio::test(flavor = "multi_thread")]
async fn the_sample_ends_the_same_on_a_log_that_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    let (served, own) = tokio::join!(play(server.log()), play(LogAt::default()));
    replay_from_outside(&server, &served.shown_case).await;
    assert_eq!(comparable(&served), comparable(&own));
    // What was written is in the server's folder, and nowhere else.
    let log = server.log().read(&Layout::of(folder.path()).log).await.expect("a log");
    assert_eq!(log.head().await.expect("the head").0, served.events);
    drop(server);
    let left = EmbeddedLog::open_read_only(folder.path()).expect("the log");
    assert_eq!(left.head().await.expect("the head").0, served.events);
}
