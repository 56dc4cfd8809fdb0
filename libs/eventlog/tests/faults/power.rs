//! Power that goes: only what a successful fsync covered is sure to be on the disk, of the rest any part may be.
//!
//! A process that is killed leaves everything in the kernel's memory, so killing proves nothing about that. Here
//! every write and fsync of a run is traced, and replayed on a disk of our own that forgets. An fsync that fails
//! makes it forget at once, as Linux does: the pages count as written from then on, can still be read, and are not on
//! the disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Error;
use std::path::Path;
use std::process::Command;

use casebook_eventlog::Position;

use crate::bench::{Row, all, judged, run, until_refused, writer};
use crate::calls;
use crate::writer::{Judgement, acknowledgements};

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;
/// After an fsync has failed, the power goes again and again, with so many steps between.
const STEPS_BETWEEN_CUTS: usize = 17;
const TRACED: &str = "trace=openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink";

/// What happened, as far as it matters to a disk.
#[derive(Debug)]
enum Step {
    Write { file: String, offset: usize, bytes: Vec<u8> },
    Truncate { file: String, length: usize },
    Remove { file: String },
    Sync { file: String, done: bool },
    Acknowledge { append: u64, position: Position },
}

#[derive(Default)]
struct Disk(BTreeMap<String, File>);

#[derive(Default)]
struct File {
    /// As it is read while the machine runs.
    seen: Vec<u8>,
    stored: Vec<u8>,
    /// The sectors that an fsync would write.
    dirty: BTreeSet<usize>,
}

/// The power goes at each step of a run that nothing disturbed.
pub fn cut(scratch: &Path, every: usize) -> Result<Vec<Row>, Error> {
    let folder = tempfile::tempdir_in(scratch)?;
    let log = folder.path().join("log");
    let steps = traced(&log, &folder.path().join("trace"), None, false)?;
    let cuts = (1..=steps.len()).step_by(every);
    [("power", "cut; only synced sectors kept", false), ("power", "cut; some sectors kept", true)]
        .into_iter()
        .map(|(call, error, some_kept)| {
            let mut row = Row::new(call, error);
            let judgements = all(cuts.clone(), |length| {
                let mut chance = Chance(length as u64);
                judge_cut(scratch, &steps[..length], || some_kept && chance.even())
            });
            judgements?.into_iter().for_each(|judgement| row.add(true, judgement));
            Ok(row)
        })
        .collect()
}

/// An fsync fails, in each run another, and later the power goes: when the same process has gone on, or when it was
/// ended and another one has.
pub fn failed_sync(scratch: &Path, every: usize) -> Result<Vec<Row>, Error> {
    let syncs = calls::used(scratch)?.remove("fsync").unwrap_or_default();
    [("EIO, pages dropped; power cut", false), ("EIO, dropped; restart; cut", true)]
        .into_iter()
        .map(|(error, restart)| {
            let mut row = Row::new("fsync", error);
            for (failed, judgement) in all(syncs.iter().copied().step_by(every), |number| {
                let folder = tempfile::tempdir_in(scratch)?;
                let log = folder.path().join("log");
                let mut steps = traced(&log, &folder.path().join("first"), Some(number), restart)?;
                let Some(failed) = steps.iter().position(|step| matches!(step, Step::Sync { done: false, .. })) else {
                    return Ok((false, Judgement::default()));
                };
                if restart {
                    steps.extend(traced(&log, &folder.path().join("second"), None, false)?);
                }
                // Sooner or later everything is in the database, and synced there: it must be right at each moment
                // before.
                let mut judgement = Judgement::default();
                for cut in (failed..steps.len()).step_by(STEPS_BETWEEN_CUTS) {
                    let mut chance = Chance(cut as u64);
                    judgement.add(judge_cut(scratch, &steps[..=cut], || cut % 2 == 0 && chance.even())?);
                }
                if judgement.lost + judgement.corrupt > 0 {
                    eprintln!("fsync {number}, restart {restart}: {judgement:?}");
                }
                Ok((true, judgement))
            })? {
                row.add(failed, judgement);
            }
            Ok(row)
        })
        .collect()
}

/// What a writer did. With `fails`, that fsync of each thread fails; with `ends`, the writer does at the first refusal.
fn traced(log: &Path, trace: &Path, fails: Option<u32>, ends: bool) -> Result<Vec<Step>, Error> {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-qqq", "-s", "1048576", "-e", TRACED]).arg("-o").arg(trace);
    if let Some(number) = fails {
        strace.arg("-e").arg(format!("inject=fsync:error=EIO:when={number}"));
    }
    let command = writer(log, strace);
    run(if ends { until_refused(command) } else { command })?;
    Ok(steps(&std::fs::read_to_string(trace)?, &log.to_string_lossy()))
}

/// Replays the steps, lets the power go, and judges what is on the disk. `kept` tells of each sector that is not synced
/// whether it got there.
fn judge_cut(scratch: &Path, steps: &[Step], mut kept: impl FnMut() -> bool) -> Result<Judgement, Error> {
    let mut disk = Disk::default();
    let mut acknowledged = Vec::new();
    for step in steps {
        match step {
            Step::Acknowledge { append, position } => acknowledged.push((*append, *position)),
            step => disk.take(step),
        }
    }
    let folder = tempfile::tempdir_in(scratch)?;
    for (name, file) in &mut disk.0 {
        for sector in std::mem::take(&mut file.dirty) {
            if kept() {
                file.store(sector);
            }
        }
        // The shared memory of the processes is rebuilt by the first of them.
        if !name.ends_with("-shm") {
            std::fs::write(folder.path().join(name), &file.stored)?;
        }
    }
    judged(folder.path(), &acknowledged)
}

impl Disk {
    /// Files come, shrink and go at once: a journaling file system keeps that in order.
    fn take(&mut self, step: &Step) {
        match step {
            Step::Write { file, offset, bytes } => {
                let file = self.0.entry(file.clone()).or_default();
                let end = offset + bytes.len();
                file.seen.resize(file.seen.len().max(end), 0);
                file.seen[*offset..end].copy_from_slice(bytes);
                file.dirty.extend(offset / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES));
            }
            Step::Truncate { file, length } => {
                let file = self.0.entry(file.clone()).or_default();
                file.seen.resize(*length, 0);
                file.stored.resize(*length, 0);
                file.dirty.retain(|sector| sector * SECTOR_BYTES < *length);
            }
            Step::Remove { file } => {
                self.0.remove(file);
            }
            Step::Sync { file, done } => {
                let file = self.0.entry(file.clone()).or_default();
                for sector in std::mem::take(&mut file.dirty) {
                    if *done {
                        file.store(sector);
                    }
                }
            }
            Step::Acknowledge { .. } => {}
        }
    }
}

impl File {
    fn store(&mut self, sector: usize) {
        let from = sector * SECTOR_BYTES;
        let to = (from + SECTOR_BYTES).min(self.seen.len());
        self.stored.resize(self.stored.len().max(to), 0);
        self.stored[from..to].copy_from_slice(&self.seen[from..to]);
    }
}

/// Reads a trace. A call that another thread interrupted in it counts where it ended; what was said counts where it
/// began.
fn steps(trace: &str, log: &str) -> Vec<Step> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut steps = Vec::new();
    for line in trace.lines() {
        let Some((thread, said)) = line.split_once(' ') else { continue };
        let said = said.trim_start();
        if let Some(begin) = said.strip_suffix(" <unfinished ...>") {
            match spoken(begin) {
                Some(spoken) => steps.extend(spoken),
                None => _ = begun.insert(thread, begin),
            }
        } else if said.starts_with("<...") {
            let begin = begun.remove(thread);
            let end = said.split_once("resumed>").map(|(_, end)| end);
            if let (Some(begin), Some(end)) = (begin, end) {
                steps.extend(step(&format!("{begin}{end}"), log));
            }
        } else if let Some(spoken) = spoken(said) {
            steps.extend(spoken);
        } else {
            steps.extend(step(said, log));
        }
    }
    steps
}

/// The acknowledgements in a write to the standard output.
fn spoken(call: &str) -> Option<impl Iterator<Item = Step>> {
    let arguments = call.strip_prefix("write(1<")?;
    let said = String::from_utf8_lossy(&quoted(arguments)?).into_owned();
    Some(acknowledgements(&said).into_iter().map(|(append, position)| Step::Acknowledge { append, position }))
}

/// `pwrite64(12</folder/events.sqlite-wal>, "\1\2", 2, 4096) = 2` and the like, in the folder of the log.
fn step(call: &str, log: &str) -> Option<Step> {
    let (name, arguments) = call.split_once('(')?;
    let (arguments, result) = arguments.rsplit_once(") = ").or_else(|| arguments.rsplit_once(") "))?;
    let done = !result.trim_start_matches(['=', ' ']).starts_with('-');
    if name == "unlink" {
        let path = String::from_utf8_lossy(&quoted(arguments)?).into_owned();
        return done.then_some(Step::Remove { file: within(&path, log)? });
    }
    let path = arguments.split_once('<')?.1.split_once('>')?.0;
    let file = within(path, log)?;
    let last = || arguments.rsplit_once(", ")?.1.trim().parse().ok();
    match name {
        "fsync" | "fdatasync" => Some(Step::Sync { file, done }),
        "ftruncate" if done => Some(Step::Truncate { file, length: last()? }),
        "pwrite64" if done => Some(Step::Write { file, offset: last()?, bytes: quoted(arguments)? }),
        _ => None,
    }
}

fn within(path: &str, log: &str) -> Option<String> {
    let file = path.strip_prefix(log)?.strip_prefix('/')?;
    (!file.is_empty()).then(|| file.to_owned())
}

/// The bytes of the first string in quotation marks, as C writes them.
fn quoted(text: &str) -> Option<Vec<u8>> {
    let text = text.split_once('"')?.1;
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    loop {
        let (&first, behind) = rest.split_first()?;
        rest = behind;
        match first {
            b'"' => return Some(bytes),
            b'\\' => {
                let (&kind, behind) = rest.split_first()?;
                rest = behind;
                bytes.push(match kind {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'v' => 0x0b,
                    b'f' => 0x0c,
                    b'0'..=b'7' => {
                        let more = rest.iter().take(2).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
                        let digits = std::iter::once(&kind).chain(&rest[..more]);
                        let byte = digits.fold(0_u32, |byte, digit| byte * 8 + u32::from(digit - b'0'));
                        rest = &rest[more..];
                        u8::try_from(byte).ok()?
                    }
                    other => other,
                });
            }
            byte => bytes.push(byte),
        }
    }
}

/// Chance that is the same in each run.
struct Chance(u64);

impl Chance {
    fn even(&mut self) -> bool {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 63 == 1
    }
}
