//! `casebook up`: everything on one port until a signal comes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use casebook::system::{Layout, Options, System};
use casebook_execution::SystemClock;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{DataDir, Done, say};

#[derive(Debug, Args)]
pub struct Up {
    #[command(flatten)]
    data: DataDir,
    /// Where to listen. Tokens protect the calls, but the connection is not encrypted: stay on loopback.
    #[arg(long, env = "CASEBOOK_LISTEN", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// A folder of policy packs in place of the shipped ones.
    #[arg(long, env = "CASEBOOK_POLICY_DIR")]
    policy_dir: Option<PathBuf>,
    /// A file of JSON lines that stands in for the registry of practitioners.
    #[arg(long, env = "CASEBOOK_REGISTRY_FILE")]
    registry_file: Option<PathBuf>,
}

impl Up {
    pub async fn run(self) -> Done {
        if !self.listen.ip().is_loopback() {
            return Err("without TLS, which a later version brings, Casebook listens on loopback addresses only".into());
        }
        let mut terminate = signal(SignalKind::terminate())?;
        let mut system = System::start(Options {
            data_dir: self.data.data_dir.clone(),
            listen: self.listen,
            clock: Arc::new(SystemClock),
            policy_dir: self.policy_dir,
            registry_file: self.registry_file,
        })
        .await?;
        let layout = Layout::of(&self.data.data_dir);
        say(format!("serving      {}  (gRPC, with health and reflection)", system.endpoint()))?;
        say(format!("log          {}", layout.log.display()))?;
        say(format!("read models  {}", layout.read_models.display()))?;
        say(format!("keys         {}", layout.keys.display()))?;
        say(format!("policy       {}", system.foundation.policy.pack.version()))?;
        say(format!("a token      casebook token --data-dir {} --help", self.data.data_dir.display()))?;
        tokio::select! {
            ended = system.ended() => return Ok(ended?),
            _ = terminate.recv() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        say("draining")?;
        system.stop().await;
        Ok(())
    }
}
