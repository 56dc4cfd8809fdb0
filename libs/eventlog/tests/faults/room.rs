//! Writes that are cut short: strace can only lie about how much was written, so real limits do it.

use std::io::Error;
use std::path::Path;
use std::process::Command;

use crate::bench::{Row, acknowledged, all, judged, run, was_refused, writer};

/// Odd, so that a limit falls at every place of a page and of a frame of the write-ahead log.
const FILE_STEP_BYTES: usize = 1361;
/// Past the longest file of a run.
const FILE_BYTES_MAX: usize = 400 << 10;
const DISK_STEP_KIB: usize = 12;
const DISK_KIB_MAX: usize = 560;

/// No file may become longer than this: the write that would cross it is short, and the next fails with EFBIG.
pub fn short_writes(scratch: &Path, every: usize) -> Result<Row, Error> {
    let mut row = Row::new("pwrite64", "short, then EFBIG");
    let limits = (1..FILE_BYTES_MAX / FILE_STEP_BYTES).step_by(every).map(|step| step * FILE_STEP_BYTES);
    for (failed, judgement) in all(limits, |limit| {
        let folder = tempfile::tempdir_in(scratch)?;
        let log = folder.path().join("log");
        let mut prlimit = Command::new("prlimit");
        prlimit.arg(format!("--fsize={limit}"));
        // The signal would end the process before the call could fail.
        prlimit.args(["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
        let output = run(writer(&log, prlimit))?;
        let judgement = judged(&log, &acknowledged(&output))?;
        if judgement.lost + judgement.corrupt > 0 {
            eprintln!("files of at most {limit} bytes: {judgement:?}");
        }
        // Where no write reaches the limit, nothing was cut.
        Ok((was_refused(&output), judgement))
    })? {
        row.add(failed, judgement);
    }
    Ok(row)
}

/// A file system of so many KiB. `None`: mounting one is not permitted.
pub fn small_disks(scratch: &Path, every: usize) -> Result<Option<Row>, Error> {
    let mut row = Row::new("pwrite64", "short, then ENOSPC (tmpfs)");
    let sizes = (1..DISK_KIB_MAX / DISK_STEP_KIB).step_by(every).map(|step| step * DISK_STEP_KIB);
    for outcome in all(sizes, |size| {
        let folder = tempfile::tempdir_in(scratch)?;
        let disk = folder.path();
        let mount = |options: String| {
            let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(disk).output();
            mount.is_ok_and(|output| output.status.success())
        };
        if !mount(format!("size={size}k")) {
            return Ok(None);
        }
        let log = disk.join("log");
        let outcome = run(writer(&log, Command::new("env"))).and_then(|output| {
            // There is room again.
            mount("remount,size=64m".to_owned());
            Ok((was_refused(&output), judged(&log, &acknowledged(&output))?))
        });
        run({
            let mut unmount = Command::new("umount");
            unmount.arg(disk);
            unmount
        })?;
        let (failed, judgement) = outcome?;
        if judgement.lost + judgement.corrupt > 0 {
            eprintln!("a disk of {size} KiB: {judgement:?}");
        }
        Ok(Some((failed, judgement)))
    })? {
        let Some((failed, judgement)) = outcome else { return Ok(None) };
        row.add(failed, judgement);
    }
    Ok(Some(row))
}
