//! The registry of practitioners, behind a port (R27), and a file that stands in for it.
//!
//! The port asks by the keyed hash of a certificate's number, since Casebook does not keep the number. An adapter to a
//! registry that must be asked by number takes it from where numbers are sealed.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use casebook_execution::Claims;
use casebook_kernel::certificate::CertificateType;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::domain::registry::{RecordStatus, RegistryRecord};

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// What a lookup of the file is recorded as.
const FILE_SOURCE: &str = "registry-file";
const NO_SOURCE: &str = "none";

/// The hash by which a certificate is known: of type and number, under the deployment's key.
pub fn number_hmac(claims: &Claims, kind: CertificateType, number: &str) -> String {
    if number.is_empty() { String::new() } else { claims.keyed_hash("certificate-number", &[kind.as_str(), number]) }
}

/// What a registry answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryAnswer {
    Listed(Box<RegistryRecord>),
    /// It answered, and lists no such certificate.
    NotListed,
    /// It did not answer. The reason is for the operator.
    Unavailable(String),
}

/// An official registry of certificates.
#[async_trait]
pub trait RegistryPort: Send + Sync + fmt::Debug {
    /// Its short name, as lookups record it.
    fn source(&self) -> &str;

    /// What it lists of a certificate. That it cannot be asked is an answer too, and not an error.
    async fn look_up(&self, kind: CertificateType, number_hmac: &str) -> RegistryAnswer;
}

/// No registry is configured: whoever asks is told that it does not answer.
#[derive(Debug, Clone, Copy)]
pub struct NoRegistry;

#[async_trait]
impl RegistryPort for NoRegistry {
    fn source(&self) -> &str {
        NO_SOURCE
    }

    async fn look_up(&self, _: CertificateType, _: &str) -> RegistryAnswer {
        RegistryAnswer::Unavailable("no registry is configured".to_owned())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RegistryFileError {
    #[error("cannot read the registry file `{path}`: {source}")]
    File { path: String, source: std::io::Error },
    #[error("the registry file `{path}` has {bytes} bytes; at most {FILE_BYTES_MAX} are read")]
    TooLarge { path: String, bytes: u64 },
    /// The line is not quoted: it holds a number.
    #[error("the registry file `{path}`, line {line}: {reason}")]
    Line { path: String, line: usize, reason: String },
}

/// One line of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    certificate_type: String,
    number: String,
    holder_reference: Option<String>,
    institution_name: Option<String>,
    issuing_authority: Option<String>,
    professional_scope: Option<String>,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Status {
    #[default]
    InForce,
    Suspended,
    Cancelled,
}

type Records = HashMap<String, RegistryRecord>;

/// Which state of the file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    modified: Option<SystemTime>,
    bytes: u64,
}

/// A registry's export as a file of JSON lines. It is read again when it has been replaced; while it is not there or
/// cannot be read, the registry is unavailable.
pub struct FileRegistry(Arc<File>);

struct File {
    path: PathBuf,
    claims: Claims,
    read: Mutex<(Version, Arc<Records>)>,
}

impl fmt::Debug for FileRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileRegistry").field("path", &self.0.path).finish_non_exhaustive()
    }
}

impl FileRegistry {
    /// Reads the whole file, so that a file that is wrong is found at the start.
    pub fn open(path: &Path, claims: Claims) -> Result<Self, RegistryFileError> {
        let version = version(path)?;
        let records = Arc::new(records(path, &claims)?);
        Ok(Self(Arc::new(File { path: path.to_owned(), claims, read: Mutex::new((version, records)) })))
    }
}

impl File {
    fn current(&self) -> Result<Arc<Records>, RegistryFileError> {
        let version = version(&self.path)?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.0 != version {
            *read = (version, Arc::new(records(&self.path, &self.claims)?));
        }
        Ok(read.1.clone())
    }
}

#[async_trait]
impl RegistryPort for FileRegistry {
    fn source(&self) -> &str {
        FILE_SOURCE
    }

    async fn look_up(&self, _: CertificateType, number_hmac: &str) -> RegistryAnswer {
        let file = self.0.clone();
        // A file that was replaced is read in here: seldom, and bounded by its size.
        let records = match tokio::task::spawn_blocking(move || file.current()).await {
            Ok(Ok(records)) => records,
            Ok(Err(error)) => return RegistryAnswer::Unavailable(error.to_string()),
            Err(error) => return RegistryAnswer::Unavailable(error.to_string()),
        };
        // The hash is of type and number: a number of another type is another hash.
        match records.get(number_hmac) {
            Some(record) => RegistryAnswer::Listed(Box::new(record.clone())),
            None => RegistryAnswer::NotListed,
        }
    }
}

fn version(path: &Path) -> Result<Version, RegistryFileError> {
    let metadata = std::fs::metadata(path).map_err(|source| failed(path, source))?;
    if metadata.len() > FILE_BYTES_MAX {
        return Err(RegistryFileError::TooLarge { path: path.display().to_string(), bytes: metadata.len() });
    }
    Ok(Version { modified: metadata.modified().ok(), bytes: metadata.len() })
}

fn failed(path: &Path, source: std::io::Error) -> RegistryFileError {
    RegistryFileError::File { path: path.display().to_string(), source }
}

fn records(path: &Path, claims: &Claims) -> Result<Records, RegistryFileError> {
    let text = std::fs::read_to_string(path).map_err(|source| failed(path, source))?;
    let mut records = Records::new();
    for (index, text) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let refused =
            |reason: String| RegistryFileError::Line { path: path.display().to_string(), line: index + 1, reason };
        let (key, record) = record(text, claims).map_err(refused)?;
        if records.insert(key, record).is_some() {
            return Err(refused("the same certificate is listed twice".to_owned()));
        }
    }
    Ok(records)
}

fn record(text: &str, claims: &Claims) -> Result<(String, RegistryRecord), String> {
    // serde's message may quote what it read, and with it a number; its place in the line is enough.
    let line: Line = serde_json::from_str(text)
        .map_err(|error| format!("is not a record of a registry, at column {}", error.column()))?;
    let kind: CertificateType = line.certificate_type.parse()?;
    kind.check_number(&line.number).map_err(|error| error.to_string())?;
    if line.number.is_empty() {
        return Err("a record has the number of its certificate".to_owned());
    }
    let status = match line.status {
        Status::InForce => RecordStatus::InForce,
        Status::Suspended => RecordStatus::Suspended,
        Status::Cancelled => RecordStatus::Cancelled,
    };
    let record = RegistryRecord {
        holder: line.holder_reference,
        institution_name: line.institution_name,
        issuing_authority: line.issuing_authority,
        professional_scope: line.professional_scope,
        valid_from: line.valid_from,
        valid_until: line.valid_until,
        status,
    };
    Ok((number_hmac(claims, kind, &line.number), record))
}
