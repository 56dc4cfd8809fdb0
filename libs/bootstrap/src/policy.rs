//! Policy packs from a folder, in place of the shipped ones.

use std::io;
use std::path::Path;

use casebook_policy::{PackError, PolicyFile, PolicySet};

/// How deep a folder of policy packs may go.
const FOLDER_DEPTH_MAX: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error("cannot read the policy folder `{path}`: {source}")]
    Folder { path: String, source: io::Error },
}

/// The packs of a folder, or the shipped ones.
pub fn policy(folder: Option<&Path>) -> Result<PolicySet, PolicyError> {
    let Some(folder) = folder else { return Ok(casebook_policy::shipped()?) };
    let failed = |source| PolicyError::Folder { path: folder.display().to_string(), source };
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() && depth < FOLDER_DEPTH_MAX {
                folders.push((path, depth + 1));
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&path).map_err(failed)?;
                files.push(PolicyFile::new(path.display().to_string(), text));
            }
        }
    }
    Ok(PolicySet::parse(&files)?)
}
