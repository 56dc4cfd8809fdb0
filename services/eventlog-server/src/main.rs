//! A log in a folder, served on a port of this machine.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog_server::{Access, CERT_FLAG, Door, KEY_FLAG, Tls, Users, serve, user_line};
use clap::{Args, Parser, Subcommand, ValueEnum};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Serves an event log to every client of KurrentDB, until stopped.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serving: Serving,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the line of a user for the file of `--users`; the password is read from the standard input.
    User(UserLine),
}

#[derive(Debug, Args)]
struct Serving {
    /// The folder of the log; it is made where it is missing.
    #[arg(long, env = "CASEBOOK_LOG_DIR", default_value = "casebook-data/log")]
    log_dir: PathBuf,
    /// Where to listen. Beyond loopback only with TLS and users.
    #[arg(long, env = "CASEBOOK_LOG_LISTEN", default_value = "127.0.0.1:2113")]
    listen: SocketAddr,
    /// Let clients append to every stream, and not just read: for a log that several processes of Casebook share. Nobody is
    /// asked who they are.
    #[arg(long, conflicts_with = "users")]
    writable: bool,
    /// Let clients also delete and end streams and write metadata, which hides events from readers.
    #[arg(long, requires = "writable")]
    deletable: bool,
    /// A file of users, one a line: `NAME RIGHTS GROUPS PASSWORD-HASH`. Their rights count in place of the two flags
    /// above.
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// The server's certificate and those up to its CA, in PEM: connections are encrypted.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Clients show a certificate that this CA has signed (mTLS), in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    client_ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct UserLine {
    name: String,
    /// What the user may do with streams that do not say otherwise; each includes the one before.
    #[arg(long, default_value = "read")]
    rights: Rights,
    /// A group, such as `$admins`; may be given several times.
    #[arg(long = "group")]
    groups: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Rights {
    Read,
    Append,
    /// Delete and end streams, and write metadata.
    Delete,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let ended = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => match arguments.command {
            None => runtime.block_on(run(arguments.serving)),
            Some(Command::User(user)) => user.print(),
        },
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

impl UserLine {
    fn print(self) -> Result<(), Box<dyn Error>> {
        let mut password = String::new();
        std::io::stdin().read_line(&mut password)?;
        let access = match self.rights {
            Rights::Read => Access::Read,
            Rights::Append => Access::Append,
            Rights::Delete => Access::Delete,
        };
        let password = password.trim_end_matches(['\r', '\n']);
        writeln!(std::io::stdout(), "{}", user_line(&self.name, access, &self.groups, password)?)?;
        Ok(())
    }
}

impl Serving {
    fn door(&self) -> Result<Door, Box<dyn Error>> {
        let access = match (self.writable, self.deletable) {
            (false, _) => Access::Read,
            (true, false) => Access::Append,
            (true, true) => Access::Delete,
        };
        let door = match &self.users {
            Some(file) => Door::guarded(Arc::new(Users::read(file)?)),
            None => Door::open(access),
        };
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Some(Tls::read(cert, key, self.client_ca.as_deref())?),
            _ => None,
        };
        Ok(door.with_tls(tls))
    }

    /// Which of the flags are missing that a log needs beyond loopback.
    fn missing(&self) -> Option<String> {
        if self.listen.ip().is_loopback() {
            return None;
        }
        let flags = [
            (CERT_FLAG, self.tls_cert.is_none()),
            (KEY_FLAG, self.tls_key.is_none()),
            ("--users", self.users.is_none()),
        ];
        let missing: Vec<_> = flags.iter().filter(|(_, missing)| *missing).map(|(flag, _)| *flag).collect();
        (!missing.is_empty()).then(|| missing.join(", "))
    }
}

async fn run(serving: Serving) -> Result<(), Box<dyn Error>> {
    if let Some(missing) = serving.missing() {
        let listen = serving.listen;
        return Err(
            format!("--listen {listen} is no loopback address: a log is served there with {missing} only").into()
        );
    }
    let door = serving.door()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let log = Arc::new(EmbeddedLog::open(&serving.log_dir, Options::default())?);
    let listen = serving.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("--listen {listen}: {error}"))?;
    // Whoever starts this waits for the line: it names the port where 0 was asked for.
    let tls = serving.tls_cert.is_some();
    writeln!(std::io::stdout(), "serving  kurrentdb://{}?tls={tls}", listener.local_addr()?)?;
    let stop = CancellationToken::new();
    let mut server = tokio::spawn(serve(listener, Arc::clone(&log), door, stop.clone()));
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
