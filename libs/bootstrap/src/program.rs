//! A process that serves until it is told to stop: what `casebook up` and the program of every single service have in common.

use std::error::Error;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use casebook_execution::SystemClock;
use clap::{Args, Parser};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::foundation::StartService;
use crate::log::LogAt;
use crate::node::{Layout, Node, Options};
use crate::telemetry;

/// What is logged where `RUST_LOG` does not say.
pub const SERVING_LOG_LEVEL: &str = "info,sea_orm_migration=warn";

/// Where a deployment keeps what it must not lose.
#[derive(Debug, Clone, Args)]
pub struct DataDir {
    /// The folder with log, read models and keys.
    #[arg(long, env = "CASEBOOK_DATA_DIR", default_value = "casebook-data")]
    pub data_dir: PathBuf,
}

/// How a process serves.
#[derive(Debug, Clone, Args)]
pub struct Serving {
    #[command(flatten)]
    pub data: DataDir,
    #[command(flatten)]
    pub log: LogAt,
    /// Where to listen. Tokens protect the calls, but the connection is not encrypted: stay on loopback.
    #[arg(long, env = "CASEBOOK_LISTEN", default_value = "127.0.0.1:50051")]
    pub listen: SocketAddr,
    /// A folder of policy packs in place of the shipped ones.
    #[arg(long, env = "CASEBOOK_POLICY_DIR")]
    pub policy_dir: Option<PathBuf>,
    /// A file of JSON lines that stands in for the registry of practitioners.
    #[arg(long, env = "CASEBOOK_REGISTRY_FILE")]
    pub registry_file: Option<PathBuf>,
}

impl Serving {
    /// Serves `services` until SIGTERM or an interrupt, then drains.
    pub async fn until_stopped(self, services: &[StartService]) -> Result<(), Box<dyn Error>> {
        self.start(services).await?.until_stopped().await
    }

    /// Starts `services`, and says where what is.
    pub async fn start(self, services: &[StartService]) -> Result<Started, Box<dyn Error>> {
        if !self.listen.ip().is_loopback() {
            return Err("without TLS, which a later version brings, Casebook listens on loopback addresses only".into());
        }
        let terminate = signal(SignalKind::terminate())?;
        let options = Options {
            data_dir: self.data.data_dir.clone(),
            log: self.log.clone(),
            listen: self.listen,
            clock: Arc::new(SystemClock),
            policy_dir: self.policy_dir,
            registry_file: self.registry_file,
        };
        let node = Node::start(options, services).await?;
        let layout = Layout::of(&self.data.data_dir);
        say(format_args!("serving      {}  (gRPC, with health and reflection)", node.endpoint()))?;
        say(format_args!("log          {}", self.log.place(&layout.log)))?;
        say(format_args!("read models  {}", layout.read_models.display()))?;
        say(format_args!("keys         {}", layout.keys.display()))?;
        say(format_args!("policy       {}", node.foundation.policy.pack.version()))?;
        say(format_args!("a token      casebook token --data-dir {} --help", self.data.data_dir.display()))?;
        Ok(Started { node, terminate })
    }
}

/// A process that serves.
pub struct Started {
    pub node: Node,
    /// Listened to from before the start on, so that it is not missed.
    terminate: Signal,
}

impl Started {
    /// Goes on until SIGTERM or an interrupt, then drains.
    pub async fn until_stopped(self) -> Result<(), Box<dyn Error>> {
        let Self { mut node, mut terminate } = self;
        tokio::select! {
            ended = node.ended() => return Ok(ended?),
            _ = terminate.recv() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        say("draining")?;
        node.stop().await;
        Ok(())
    }
}

/// Prints a line. Whoever reads may stop reading (`casebook replay … | head`): that is no failure.
pub fn say(line: impl std::fmt::Display) -> io::Result<()> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Serves one service of Casebook until stopped. With a log of its own a service is alone: processes share one by `--log`, and
/// the keys by the data folder.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    serving: Serving,
}

/// The whole program of one service.
pub fn run_service(name: &'static str, start: StartService) -> ExitCode {
    let arguments = Arguments::parse();
    telemetry::start(SERVING_LOG_LEVEL);
    run_to_end(name, arguments.serving.until_stopped(&[start]))
}

/// Why a program ended, with an exit status other than 1: for scripts that must tell two failures apart.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct EndWith {
    pub status: u8,
    pub why: Box<dyn Error>,
}

/// Runs a program's main future and says why it failed, with all the reasons behind it.
pub fn run_to_end(name: &str, program: impl Future<Output = Result<(), Box<dyn Error>>>) -> ExitCode {
    let ended = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(program),
        Err(error) => Err(error.into()),
    };
    let Err(error) = ended else { return ExitCode::SUCCESS };
    let (status, error) = match error.downcast::<EndWith>() {
        Ok(end) => (ExitCode::from(end.status), end.why),
        Err(error) => (ExitCode::FAILURE, error),
    };
    eprint!("{name}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprint!(": {error}");
        cause = error.source();
    }
    eprintln!();
    status
}
