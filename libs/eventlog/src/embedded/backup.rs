//! A copy of the log as it was at one moment, made while it is being written.

use std::fs::{File, OpenOptions};
use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::check::{Checked, check_file};
use super::schema::{Folder, OpenError};

/// Pages copied between two reports of progress: 1 MiB.
const STEP_PAGES: i32 = 256;

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Log(#[from] OpenError),
    #[error("`{0}` exists; a backup overwrites nothing")]
    Exists(PathBuf),
    #[error("`{0}` exists: another backup is being made, or one was broken off; in that case remove it")]
    Underway(PathBuf),
    #[error("`{path}`: {source}")]
    Files { path: PathBuf, source: IoError },
    #[error("copying to `{path}`: {source}")]
    Copy { path: PathBuf, source: rusqlite::Error },
    /// What was read from the log is not a whole log.
    #[error("the copy is damaged, so the log is: {} findings", .0.findings_total)]
    Damaged(Box<Checked>),
}

/// Writes the log in `folder`, as it is now, to `file`, and checks the copy as [`super::check()`] does. `progress`
/// hears how many pages have been copied, of how many.
///
/// All pages are copied in one snapshot: a writer that never pauses neither waits for it nor makes it begin again.
/// Meanwhile the write-ahead log keeps all that is written. The file has its name only when all of it is on the disk
/// and found whole.
pub fn back_up(folder: &Path, file: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Checked, BackupError> {
    let log = Folder::of(folder).open_reader()?;
    let partial = Partial::create(file)?;
    copy(&log, &partial.path, &mut progress)
        .map_err(|source| BackupError::Copy { path: partial.path.clone(), source })?;
    // Frees the writer's log before the copy is read through.
    drop(log);
    File::open(&partial.path).and_then(|copy| copy.sync_all()).map_err(files(&partial.path))?;
    let checked = check_file(&partial.path)?;
    if !checked.is_clean() {
        return Err(BackupError::Damaged(Box::new(checked)));
    }
    partial.publish(file)?;
    Ok(checked)
}

fn copy(log: &Connection, to: &Path, progress: &mut impl FnMut(u64, u64)) -> rusqlite::Result<()> {
    // Without this each step would read a snapshot of its own, and start again after every append.
    log.execute_batch("BEGIN")?;
    log.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut copy = Connection::open(to)?;
    // The file counts for nothing until all of it has been synced in the end.
    copy.execute_batch("PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;")?;
    copy.query_row("PRAGMA journal_mode = OFF", [], |_| Ok(()))?;
    let backup = Backup::new(log, &mut copy)?;
    while backup.step(STEP_PAGES)? != StepResult::Done {
        let pages = backup.progress();
        let (all, left) = (u64::try_from(pages.pagecount).unwrap_or(0), u64::try_from(pages.remaining).unwrap_or(0));
        progress(all.saturating_sub(left), all);
    }
    drop(backup);
    // Out of WAL mode: one file that needs no other beside it, and can be read where nothing can be written. A writer
    // that opens it puts it back.
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    copy.close().map_err(|(_, error)| error)
}

/// The file while it is being made, under a name of its own. It goes where it does not become a backup.
struct Partial {
    path: PathBuf,
    published: bool,
}

impl Partial {
    fn create(file: &Path) -> Result<Self, BackupError> {
        if file.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(file.to_path_buf()));
        }
        let mut path = file.as_os_str().to_owned();
        path.push(".partial");
        let path = PathBuf::from(path);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(_) => Ok(Self { path, published: false }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(BackupError::Underway(path)),
            Err(source) => Err(BackupError::Files { path, source }),
        }
    }

    fn publish(mut self, file: &Path) -> Result<(), BackupError> {
        // A link fails where something has come meanwhile; a rename would overwrite it.
        match std::fs::hard_link(&self.path, file) {
            Ok(()) => std::fs::remove_file(&self.path).map_err(files(&self.path))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists(file.to_path_buf()));
            }
            // A memory stick knows no links. There a look before the rename has to do.
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
                if file.symlink_metadata().is_ok() {
                    return Err(BackupError::Exists(file.to_path_buf()));
                }
                std::fs::rename(&self.path, file).map_err(files(file))?;
            }
            Err(source) => return Err(BackupError::Files { path: file.to_path_buf(), source }),
        }
        self.published = true;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(files(folder))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.published
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "a backup that failed was left behind");
        }
    }
}

fn files(path: &Path) -> impl Fn(IoError) -> BackupError {
    move |source| BackupError::Files { path: path.to_path_buf(), source }
}
