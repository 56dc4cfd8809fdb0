//! The keys of a deployment: made on first start, kept apart from the log.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use casebook_authz::TokenKey;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("cannot keep a key in `{path}`: {source}")]
    File { path: String, source: io::Error },
    #[error("`{path}` holds {bytes} bytes and not the 32 of a key")]
    Length { path: String, bytes: usize },
    #[error("the machine gives no random numbers: {0}")]
    Random(String),
}

/// What a deployment must keep secret.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Signs tokens for local use.
    pub tokens: TokenKey,
    /// Hides what claim streams are about.
    pub claims: [u8; 32],
}

impl Keys {
    /// Reads the keys in `folder`, making those that are missing.
    pub fn load_or_make(folder: &Path) -> Result<Self, KeyError> {
        let at = |path: &Path| path.display().to_string();
        fs::create_dir_all(folder).map_err(|source| KeyError::File { path: at(folder), source })?;
        Ok(Self {
            tokens: TokenKey::from_bytes(&key(&folder.join("tokens.key"))?),
            claims: key(&folder.join("claims.key"))?,
        })
    }
}

fn key(path: &Path) -> Result<[u8; 32], KeyError> {
    let failed = |source| KeyError::File { path: path.display().to_string(), source };
    match fs::read(path) {
        Ok(bytes) => bytes
            .as_slice()
            .try_into()
            .map_err(|_| KeyError::Length { path: path.display().to_string(), bytes: bytes.len() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|error| KeyError::Random(error.to_string()))?;
            // Written beside and renamed: a crash in between leaves no half key behind.
            let beside = path.with_extension("new");
            let mut file = private_file(&beside).map_err(failed)?;
            file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
            fs::rename(&beside, path).map_err(failed)?;
            if let Some(folder) = path.parent() {
                fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
            }
            Ok(bytes)
        }
        Err(error) => Err(failed(error)),
    }
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<fs::File> {
    fs::File::create(path)
}
