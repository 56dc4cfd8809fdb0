//! The server that is killed.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::Failure;

const START_PATIENCE: Duration = Duration::from_secs(60);

/// A `casebook up` on a port that the system chooses.
pub struct Server {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    pub fn start(casebook: &Path, data_dir: &Path) -> Result<Self, Failure> {
        let mut child = Command::new(casebook)
            .args(["up", "--no-log-server", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data_dir)
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("the server has an output")?;
        Ok(Self { child, output: BufReader::new(output).lines() })
    }

    /// Where it serves, as it says itself.
    pub async fn endpoint(&mut self) -> Result<String, Failure> {
        let said = async {
            while let Some(line) = self.output.next_line().await? {
                if let Some(at) = line.find("http://") {
                    return Ok(line[at..].split_whitespace().next().unwrap_or_default().to_owned());
                }
            }
            Err(Failure::from("the server ended before it served"))
        };
        tokio::time::timeout(START_PATIENCE, said).await?
    }

    /// SIGKILL, whatever it is doing. It must not have ended by itself before.
    pub fn kill(&mut self) -> Result<(), Failure> {
        if let Some(status) = self.child.try_wait()? {
            return Err(format!("the server had ended by itself: {status}").into());
        }
        Ok(self.child.start_kill()?)
    }

    /// Nothing of it runs any more when this returns.
    pub async fn gone(mut self) -> Result<(), Failure> {
        self.child.wait().await?;
        Ok(())
    }
}
