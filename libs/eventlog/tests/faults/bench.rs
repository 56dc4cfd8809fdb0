//! Running the writer disturbed, many times, and counting what comes of it.

use std::collections::VecDeque;
use std::io::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use casebook_eventlog::Position;

use crate::writer::{Judgement, acknowledgements, judge, refused};

/// What a kind of disturbance came to.
#[derive(Debug, Clone)]
pub struct Row {
    pub call: String,
    pub error: String,
    /// In so many runs the call did fail.
    pub failed: u64,
    pub judgement: Judgement,
}

impl Row {
    pub fn new(call: impl Into<String>, error: impl Into<String>) -> Self {
        Self { call: call.into(), error: error.into(), failed: 0, judgement: Judgement::default() }
    }

    pub fn add(&mut self, failed: bool, judgement: Judgement) {
        self.failed += u64::from(failed);
        self.judgement.add(judgement);
    }
}

/// A command that ends as this program's writer in `folder`.
pub fn writer(folder: &Path, mut before: Command) -> Command {
    before.arg(own_path()).arg("write").arg(folder).stdin(Stdio::null()).stderr(Stdio::null());
    before
}

/// The same writer, which ends at the first append that is refused, as a process does that is killed for it.
pub fn until_refused(mut writer: Command) -> Command {
    writer.arg("until-refused");
    writer
}

fn own_path() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into())
}

pub fn run(mut command: Command) -> Result<Output, Error> {
    command.output().map_err(|error| Error::new(error.kind(), format!("{command:?}: {error}")))
}

/// The acknowledgements that a writer printed.
pub fn acknowledged(output: &Output) -> Vec<(u64, Position)> {
    acknowledgements(&String::from_utf8_lossy(&output.stdout))
}

/// Whether the log refused the writer anything, as the writer printed it.
pub fn was_refused(output: &Output) -> bool {
    refused(&String::from_utf8_lossy(&output.stdout))
}

pub fn judged(folder: &Path, acknowledged: &[(u64, Position)]) -> Result<Judgement, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(judge(folder, acknowledged)))
}

/// Does all the jobs, as many at once as there are processors, and collects what they return.
pub fn all<J: Send, T: Send>(
    jobs: impl IntoIterator<Item = J>,
    work: impl Fn(J) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let jobs = Mutex::new(jobs.into_iter().collect::<VecDeque<_>>());
    let done = Mutex::new(Ok(Vec::new()));
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(job) = next() {
                    let outcome = work(job);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    match (&mut *done, outcome) {
                        (Ok(done), Ok(outcome)) => done.push(outcome),
                        (Ok(_), Err(error)) => {
                            *done = Err(error);
                            jobs.lock().unwrap_or_else(PoisonError::into_inner).clear();
                        }
                        (Err(_), _) => {}
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}
