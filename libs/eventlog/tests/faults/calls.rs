//! System calls that fail, each in turn, and a process that is killed at each of them: by strace.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Error, ErrorKind};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use crate::bench::{Row, acknowledged, all, judged, run, writer};

/// What SQLite and the engine do to files. Those that a run does not use are left aside.
const CALLS: [&str; 12] = [
    "pwrite64",
    "write",
    "fsync",
    "fdatasync",
    "ftruncate",
    "fallocate",
    "openat",
    "unlink",
    "rename",
    "mkdir",
    "fchown",
    "pread64",
];

/// What strace does to a call: its words for it, and ours.
const ERRORS: [(&str, &str); 5] = [
    ("error=EIO:when={}", "EIO"),
    ("error=EIO:when={}+", "EIO from then on"),
    ("error=ENOSPC:when={}", "ENOSPC"),
    ("error=ENOSPC:when={}+", "ENOSPC from then on"),
    ("signal=SIGKILL:when={}", "SIGKILL"),
];

/// Which errors a call can be told: reading and unlinking need no room.
fn possible(call: &str, error: &str) -> bool {
    !(error.contains("ENOSPC") && matches!(call, "pread64" | "unlink" | "fchown"))
}

struct Job {
    row: usize,
    call: &'static str,
    injection: String,
}

/// Lets every `every`-th call fail, in a run of its own each.
pub fn fail(scratch: &Path, every: usize) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    let mut jobs = Vec::new();
    for (call, numbers) in used(scratch)? {
        for (injection, error) in ERRORS.into_iter().filter(|(_, error)| possible(call, error)) {
            // Another offset in each row, so that sampling does not always meet the same calls.
            for number in numbers.iter().skip(rows.len() % every.min(numbers.len())).step_by(every) {
                let injection = injection.replace("{}", &number.to_string());
                jobs.push(Job { row: rows.len(), call, injection });
            }
            rows.push(Row::new(call, error));
        }
    }
    for (row, failed, judgement) in all(jobs, |job| {
        let folder = tempfile::tempdir_in(scratch)?;
        let (log, trace) = (folder.path().join("log"), folder.path().join("trace"));
        let mut strace = Command::new("strace");
        // Not with --seccomp-bpf, however much quicker: then it sends no signals.
        strace.args(["-f", "-qqq", "-e"]).arg(format!("trace={}", job.call));
        strace.arg("-e").arg(format!("inject={}:{}", job.call, job.injection)).arg("-o").arg(&trace);
        let output = run(writer(&log, strace))?;
        let failed = output.status.signal().is_some() || std::fs::read_to_string(&trace)?.contains("(INJECTED)");
        let judgement = judged(&log, &acknowledged(&output))?;
        if judgement.lost + judgement.corrupt > 0 {
            eprintln!("{} {}: {judgement:?}", job.call, job.injection);
        }
        Ok((job.row, failed, judgement))
    })? {
        rows[row].add(failed, judgement);
    }
    Ok(rows)
}

/// Which calls an undisturbed run makes on the files of the log. strace counts for each thread by itself, and so does
/// this: a number stands for that call of every thread that comes so far.
pub fn used(scratch: &Path) -> Result<BTreeMap<&'static str, BTreeSet<u32>>, Error> {
    let folder = tempfile::tempdir_in(scratch)?;
    let (log, trace) = (folder.path().join("log"), folder.path().join("trace"));
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-y", "-s", "256", "-qqq", "-e"])
        .arg(format!("trace={}", CALLS.join(",")))
        .arg("-o")
        .arg(&trace);
    let output = run(writer(&log, strace))?;
    let lines = std::fs::read_to_string(&trace)?;
    if !output.status.success() || lines.is_empty() {
        let why = "an undisturbed run failed under strace: is ptrace permitted?";
        return Err(Error::new(ErrorKind::PermissionDenied, why));
    }
    let place = log.to_string_lossy();
    let mut counts: HashMap<(&str, &str), u32> = HashMap::new();
    let mut used: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in lines.lines() {
        let Some((thread, said)) = line.split_once(' ') else { continue };
        let Some((name, arguments)) = said.trim_start().split_once('(') else { continue };
        let Some(call) = CALLS.into_iter().find(|call| *call == name) else { continue };
        let count = counts.entry((thread, call)).or_default();
        *count += 1;
        if arguments.contains(&*place) {
            used.entry(call).or_default().insert(*count);
        }
    }
    Ok(used)
}
