//! Whatever fails, nothing that was acknowledged is lost and nothing is silently wrong.
//!
//! A small program appends (`writer`), while one of its system calls fails or it is killed (`calls`) or a write is
//! cut short (`room`), or the power goes (`power`). After each run the log is opened again, read whole, checked, and
//! appended to.
//!
//! `cargo test` takes samples; `cargo xtask faults` lets every call fail in turn.

mod bench;
mod calls;
mod power;
mod room;
mod writer;

use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use bench::Row;

/// One call in so many, where only samples are taken.
const SAMPLED: usize = 25;
/// There are few syncs, and each leads to other places.
const SYNCS_SAMPLED: usize = 10;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["write", folder] => write(Path::new(folder), false),
        ["write", folder, "until-refused"] => write(Path::new(folder), true),
        ["every-call"] => faults(1, false),
        ["every-call", "--json"] => faults(1, true),
        ["samples"] => faults(SAMPLED, false),
        ["samples", "--json"] => faults(SAMPLED, true),
        // By cargo test, which may name a test that is not here.
        [] | ["--nocapture"] => samples(),
        ["faults", ..] => samples(),
        _ => Ok(()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("faults: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path, until_refused: bool) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(writer::write(folder, until_refused));
    Ok(())
}

fn samples() -> Result<(), Box<dyn Error>> {
    if !ptrace_is_permitted() {
        eprintln!("SKIPPED: strace is not installed or not permitted; no call was made to fail");
        return Ok(());
    }
    faults(SAMPLED, false)
}

fn ptrace_is_permitted() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-qqq", "-o", "/dev/null", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    strace.status().is_ok_and(|status| status.success())
}

fn faults(every: usize, json: bool) -> Result<(), Box<dyn Error>> {
    if !ptrace_is_permitted() {
        return Err("strace is not installed or may trace nothing here (ptrace): no call can be made to fail".into());
    }
    let start = Instant::now();
    let scratch = tempfile::tempdir()?;
    let mut rows = calls::fail(scratch.path(), every)?;
    rows.push(room::short_writes(scratch.path(), every)?);
    match room::small_disks(scratch.path(), every)? {
        Some(row) => rows.push(row),
        None => eprintln!("SKIPPED: mounting a small file system needs root; a disk that is full was not tried"),
    }
    rows.extend(power::cut(scratch.path(), every)?);
    rows.extend(power::failed_sync(scratch.path(), every.min(SYNCS_SAMPLED))?);
    let mut total = Row::new("total", "");
    for row in &rows {
        total.add(false, row.judgement);
        total.failed += row.failed;
    }
    if json {
        println!("{}", object(&rows, &total));
    } else {
        table(&rows, &total);
        println!("{:.0} s", start.elapsed().as_secs_f64());
    }
    if total.judgement.lost + total.judgement.corrupt > 0 {
        return Err("acknowledged events were lost, or something was silently wrong".into());
    }
    match rows.iter().find(|row| row.failed == 0) {
        // A sample of one may meet a call that this run does without.
        Some(row) if every == 1 => {
            Err(format!("{} did not once fail with {}: this proves nothing", row.call, row.error).into())
        }
        _ => Ok(()),
    }
}

fn table(rows: &[Row], total: &Row) {
    println!(
        "{:10} {:28} {:>7} {:>13} {:>5} {:>17}",
        "call", "error", "failed", "acknowledged", "lost", "silent corruption"
    );
    for Row { call, error, failed, judgement } in rows.iter().chain([total]) {
        let (acknowledged, lost, corrupt) = (judgement.acknowledged, judgement.lost, judgement.corrupt);
        println!("{call:10} {error:28} {failed:7} {acknowledged:13} {lost:5} {corrupt:17}");
    }
}

/// No name in it needs to be escaped.
fn object(rows: &[Row], total: &Row) -> String {
    let numbers = |Row { failed, judgement, .. }: &Row| {
        let (acknowledged, lost, corrupt) = (judgement.acknowledged, judgement.lost, judgement.corrupt);
        format!(r#""failed":{failed},"acknowledged":{acknowledged},"lost":{lost},"silent_corruption":{corrupt}"#)
    };
    let row = |row: &Row| format!(r#"{{"call":"{}","error":"{}",{}}}"#, row.call, row.error, numbers(row));
    let rows = rows.iter().map(row).collect::<Vec<_>>().join(",");
    format!(r#"{{{},"calls":[{rows}]}}"#, numbers(total))
}
