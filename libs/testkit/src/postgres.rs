//! A PostgreSQL that lives as long as a test: nothing needs to run beforehand, nothing stays behind.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where Debian puts the programs of each version.
const PROGRAMS: &str = "/usr/lib/postgresql";
/// The name of a socket must fit into 107 bytes, so the folder's path has to be short; it must not be in memory that is small.
const FOLDERS: &str = "/var/tmp";
/// PostgreSQL refuses to run as root; this user comes with its package.
const USER: &str = "postgres";
const SUPERUSER: &str = "casebook";
const START_PATIENCE: Duration = Duration::from_secs(30);
const END_PATIENCE: Duration = Duration::from_secs(5);
const ASK_EVERY: Duration = Duration::from_millis(20);

#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    #[error("PostgreSQL is not installed: there is no {PROGRAMS}/*/bin/initdb; `cargo xtask test` installs it")]
    NotInstalled,
    #[error("{doing}: {source}")]
    Io { doing: &'static str, source: io::Error },
    #[error("{program}: {said}")]
    Failed { program: &'static str, said: String },
    #[error("PostgreSQL did not answer within {} s: {said}", START_PATIENCE.as_secs())]
    Silent { said: String },
}

fn doing(doing: &'static str) -> impl FnOnce(io::Error) -> PostgresError {
    move |source| PostgresError::Io { doing, source }
}

/// A server with its own folder, reachable through a socket in it and by no network. Dropping it ends it and removes all it wrote.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    stop: mpsc::Sender<()>,
    keeper: Option<JoinHandle<()>>,
}

impl Postgres {
    /// Makes a cluster and starts it: about a second.
    pub fn start() -> Result<Self, PostgresError> {
        let programs = programs().ok_or(PostgresError::NotInstalled)?;
        let folder =
            tempfile::Builder::new().prefix("casebook-pg-").tempdir_in(FOLDERS).map_err(doing("making a folder"))?;
        let account = Account::of_server().map_err(doing("looking for the user `postgres`"))?;
        if let Account::Other { uid, gid } = account {
            chown(folder.path(), Some(uid), Some(gid)).map_err(doing("giving the folder to `postgres`"))?;
        }
        // Bytes order text as SQLite does, so that both give the same lists.
        let initdb =
            ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--username", SUPERUSER, "--pgdata"];
        let made = account.command(&programs.join("initdb")).args(initdb).arg(folder.path().join("data")).output();
        succeeded("initdb", made.map_err(doing("initdb"))?)?;

        let mut server = account.command(&programs.join("postgres"));
        let log = fs::File::create(folder.path().join("log")).map_err(doing("making the server's log"))?;
        server.arg("-F").arg("-D").arg(folder.path().join("data")).arg("-k").arg(folder.path());
        server.args(["-c", "listen_addresses=", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]);
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let (stop, keeper) = keep(server).map_err(doing("starting postgres"))?;
        let postgres = Self { programs, folder, stop, keeper: Some(keeper) };
        postgres.wait_until_ready()?;
        Ok(postgres)
    }

    /// Makes an empty database and gives its URL.
    pub fn create_database(&self, name: &str) -> Result<String, PostgresError> {
        let sql = format!("CREATE DATABASE \"{name}\"");
        let made = self.client("psql").args(["--dbname=postgres", "--quiet", "--command", &sql]).output();
        succeeded("psql", made.map_err(doing("psql"))?)?;
        Ok(self.url(name))
    }

    /// The URL of a database of this server.
    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.path().to_string_lossy().replace('/', "%2F");
        format!("postgres://{SUPERUSER}@localhost/{database}?host={socket}")
    }

    fn wait_until_ready(&self) -> Result<(), PostgresError> {
        let deadline = Instant::now() + START_PATIENCE;
        while Instant::now() < deadline {
            let asked = self.client("pg_isready").output().map_err(doing("pg_isready"))?;
            if asked.status.success() {
                return Ok(());
            }
            thread::sleep(ASK_EVERY);
        }
        Err(PostgresError::Silent { said: fs::read_to_string(self.folder.path().join("log")).unwrap_or_default() })
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.arg("--host").arg(self.folder.path()).args(["--username", SUPERUSER]);
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The keeper may be gone already; there is nothing to be done about it.
        let _ = self.stop.send(());
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

/// Starts the server in a thread of its own and ends it when told to, or when whoever could tell is gone. Where the kernel is asked to
/// end the server together with its parent, it means the thread that started it: so that thread does nothing else.
fn keep(mut server: Command) -> io::Result<(mpsc::Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = mpsc::channel::<()>();
    let (started, start) = mpsc::channel();
    let keeper = thread::Builder::new().name("postgres".into()).spawn(move || match server.spawn() {
        Ok(mut child) => {
            let _ = started.send(Ok(()));
            let _ = stopped.recv();
            end(&mut child);
        }
        Err(error) => {
            let _ = started.send(Err(error));
        }
    })?;
    start.recv().unwrap_or_else(|_| Err(io::Error::other("the thread that starts it is gone")))?;
    Ok((stop, keeper))
}

/// Asks for an immediate end: the server waits for its own processes then, so that none outlives it.
fn end(child: &mut Child) {
    let asked = Command::new("sh").args(["-c", "kill -QUIT \"$0\""]).arg(child.id().to_string()).status();
    let deadline = Instant::now() + END_PATIENCE;
    while asked.as_ref().is_ok_and(|status| status.success()) && Instant::now() < deadline {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(ASK_EVERY);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// As whom the server runs.
#[derive(Debug, Clone, Copy)]
enum Account {
    /// As whoever runs the test.
    Own,
    /// As somebody less: root runs the test.
    Other { uid: u32, gid: u32 },
}

impl Account {
    fn of_server() -> io::Result<Self> {
        if fs::metadata("/proc/self")?.uid() != 0 {
            return Ok(Self::Own);
        }
        let users = fs::read_to_string("/etc/passwd")?;
        let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
        let entry = users.lines().map(fields).find(|fields| fields[0] == USER);
        let ids = entry.and_then(|fields| Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)));
        ids.map(|(uid, gid)| Self::Other { uid, gid })
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it is not in /etc/passwd"))
    }

    /// A program run as this user, that ends with the thread that starts it.
    fn command(self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        if let Self::Other { uid, gid } = self {
            command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".into()]);
        }
        // A folder that this user may not enter would be complained of.
        command.arg("--pdeathsig=QUIT").arg(program).current_dir("/");
        command
    }
}

fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(PROGRAMS).ok()?;
    versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .max()
}

fn succeeded(program: &'static str, output: Output) -> Result<(), PostgresError> {
    if output.status.success() {
        return Ok(());
    }
    Err(PostgresError::Failed { program, said: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_starts_takes_a_database_and_leaves_nothing_behind() {
        let postgres = Postgres::start().unwrap();
        let folder = postgres.folder.path().to_owned();
        let url = postgres.create_database("rows").unwrap();
        assert!(url.starts_with("postgres://casebook@localhost/rows?host=%2Fvar%2Ftmp%2F"), "{url}");
        let asked = postgres
            .client("psql")
            .args(["--dbname=rows", "--tuples-only", "--command", "SELECT 6 * 7"])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&asked.stdout).trim(), "42");
        drop(postgres);
        assert!(!folder.exists());
    }

    #[test]
    fn a_database_that_exists_is_not_made_again() {
        let postgres = Postgres::start().unwrap();
        postgres.create_database("rows").unwrap();
        assert!(matches!(postgres.create_database("rows"), Err(PostgresError::Failed { program: "psql", .. })));
    }
}
