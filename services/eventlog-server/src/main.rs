//! A log in a folder, served on a port of this machine.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog_server::{Access, serve};
use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Serves an event log to every client of KurrentDB, until stopped.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The folder of the log; it is made where it is missing.
    #[arg(long, env = "CASEBOOK_LOG_DIR", default_value = "casebook-data/log")]
    log_dir: PathBuf,
    /// Where to listen. Connections are neither encrypted nor authenticated: loopback addresses only.
    #[arg(long, env = "CASEBOOK_LOG_LISTEN", default_value = "127.0.0.1:2113")]
    listen: SocketAddr,
    /// Let clients append to every stream, and not just read: for a log that several processes of Casebook share. Nobody is
    /// asked who they are.
    #[arg(long)]
    writable: bool,
    /// Let clients also delete and end streams and write metadata, which hides events from readers.
    #[arg(long, requires = "writable")]
    deletable: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let ended = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Err(error.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", env!("CARGO_PKG_NAME"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    if !arguments.listen.ip().is_loopback() {
        return Err("without TLS, which a later version brings, the log is served on loopback addresses only".into());
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let log = Arc::new(EmbeddedLog::open(&arguments.log_dir, Options::default())?);
    let listener = TcpListener::bind(arguments.listen).await?;
    let access = match (arguments.writable, arguments.deletable) {
        (false, _) => Access::Read,
        (true, false) => Access::Append,
        (true, true) => Access::Delete,
    };
    // Whoever starts this waits for the line: it names the port where 0 was asked for.
    writeln!(std::io::stdout(), "serving  kurrentdb://{}?tls=false", listener.local_addr()?)?;
    let stop = CancellationToken::new();
    let mut server = tokio::spawn(serve(listener, Arc::clone(&log), access, stop.clone()));
    tokio::select! {
        ended = &mut server => return Ok(ended??),
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    stop.cancel();
    server.await??;
    log.close().await;
    Ok(())
}
