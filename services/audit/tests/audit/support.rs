//! A log in a throw-away folder, an audit that follows it, and callers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use casebook_audit::grpc::Audit;
use casebook_audit::readmodel::Migrator;
use casebook_authz::{Principal, TokenKey};
use casebook_bootstrap::{Foundation, Keys, Settings};
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Expected, NewEvent, Position, StreamName};
use casebook_execution::{Clock, Metadata};
use casebook_kernel::{Actor, AgencyKind, Timestamp};
use casebook_policy::PolicySet;
use casebook_proto::common::v1::Role;
use casebook_readmodel::ReadModel;
use chrono::DateTime;
use tempfile::TempDir;
use tonic::Request;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(20);

/// A clock that stands until it is turned.
#[derive(Debug)]
pub struct Hand(AtomicI64);

impl Hand {
    pub fn at(time: &str) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(moment(time).timestamp_micros())))
    }

    pub fn turn_to(&self, time: &str) {
        self.0.store(moment(time).timestamp_micros(), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

pub fn moment(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// Ids that a test can name.
pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn stream(category: &str, number: u128) -> StreamName {
    StreamName::of(category, id(number))
}

/// The folders of one audit: the log's, and that of the read model.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn log_folder(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A copy of everything, to be tampered with.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        for folder in ["log", "data"] {
            let to = copy.folder.path().join(folder);
            std::fs::create_dir_all(&to).unwrap();
            for file in std::fs::read_dir(self.folder.path().join(folder)).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
            }
        }
        copy
    }

    pub fn read_log(&self) -> Arc<dyn EventLog> {
        Arc::new(EmbeddedLog::open_read_only(&self.log_folder()).unwrap())
    }

    pub async fn read_model(&self) -> Arc<ReadModel> {
        std::fs::create_dir_all(self.data_folder()).unwrap();
        Arc::new(ReadModel::open_sqlite::<Migrator>(&self.data_folder().join("audit.db")).await.unwrap())
    }
}

/// A running audit.
pub struct Running {
    pub place: Place,
    pub clock: Arc<Hand>,
    pub foundation: Foundation,
    pub audit: Audit,
    pub model: Arc<ReadModel>,
    log: Arc<EmbeddedLog>,
}

impl Running {
    pub async fn new() -> Self {
        Self::at(Place::new()).await
    }

    pub async fn at(place: Place) -> Self {
        let clock = Hand::at("2026-03-02T01:00:00Z");
        let ticking = clock.clone();
        let options = Options { clock: Arc::new(move || ticking.now()), ..Options::default() };
        let log = Arc::new(EmbeddedLog::open(&place.log_folder(), options).unwrap());
        let keys = Keys { tokens: TokenKey::from_bytes(&[7; 32]), claims: [8; 32] };
        let settings = Settings { data_dir: place.data_folder(), registry_file: None };
        let policy = Arc::new(PolicySet::shipped().unwrap());
        let foundation = Foundation::new(log.clone(), clock.clone(), policy, &keys, settings).unwrap();
        let model = foundation.read_model::<Migrator>("audit").await.unwrap();
        foundation.project("audit", &model, casebook_audit::projections());
        let audit = Audit::new(&foundation, model.clone());
        Self { place, clock, foundation, audit, model, log }
    }

    pub fn log(&self) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    /// Appends one event to the end of a stream; says where it stands.
    pub async fn append(&self, stream: &StreamName, correlation: u128, agency: &str, data: &str) -> u64 {
        self.append_all(stream, correlation, agency, &[data]).await
    }

    /// A case is opened by an agency.
    pub async fn open(&self, case: u128, correlation: u128, agency: &str) {
        let opened = format!(r#"{{"agency":"{agency}","leadId":"{}"}}"#, id(case));
        let event_type = "casebook.enforcement.v1.CaseOpened";
        self.append_as(&stream("case", case), correlation, agency, event_type, &opened).await;
    }

    /// Appends one event of a type that has a meaning.
    pub async fn append_as(
        &self,
        stream: &StreamName,
        correlation: u128,
        agency: &str,
        event_type: &str,
        data: &str,
    ) -> u64 {
        self.append_events(stream, correlation, agency, event_type, &[data]).await
    }

    pub async fn append_all(&self, stream: &StreamName, correlation: u128, agency: &str, data: &[&str]) -> u64 {
        let event_type = format!("casebook.test.v1.{}Happened", stream.category());
        self.append_events(stream, correlation, agency, &event_type, data).await
    }

    async fn append_events(
        &self,
        stream: &StreamName,
        correlation: u128,
        agency: &str,
        event_type: &str,
        data: &[&str],
    ) -> u64 {
        let metadata: Vec<u8> = Metadata {
            agency: agency.into(),
            officer: "officer-1".into(),
            request_id: "request".into(),
            request_sha256: "none".into(),
            at: self.clock.now(),
            correlation: id(correlation),
            causation: None,
            policy_version: "2026.1".into(),
            trace_parent: String::new(),
            schema_version: 1,
        }
        .to_json();
        let events = data
            .iter()
            .map(|data| NewEvent {
                id: Uuid::now_v7(),
                event_type: event_type.into(),
                data: data.as_bytes().to_vec().into(),
                metadata: metadata.clone().into(),
            })
            .collect();
        self.log.append(stream, Expected::Any, events).await.unwrap().position.0
    }

    /// Waits until the audit has seen everything.
    pub async fn settle(&self) -> u64 {
        let head = self.log.head().await.unwrap();
        self.model.wait_for(head, PATIENCE).await.unwrap();
        head.0
    }

    /// Ends everything; the files stay.
    pub async fn stop(self) -> Place {
        self.settle().await;
        self.foundation.stop().await;
        self.model.close().await;
        self.log.close().await;
        self.place
    }
}

/// The rows of a place are brought up to its log.
pub async fn project(log: Arc<dyn EventLog>, model: Arc<ReadModel>) {
    let stop = tokio_util::sync::CancellationToken::new();
    let running =
        tokio::spawn(casebook_readmodel::run(log.clone(), model.clone(), casebook_audit::projections(), stop.clone()));
    model.wait_for(log.head().await.unwrap(), PATIENCE).await.unwrap();
    stop.cancel();
    running.await.unwrap();
}

pub fn caller(agency: &str, roles: &[Role]) -> Arc<Principal> {
    Arc::new(Principal {
        actor: Actor {
            agency: agency.parse().unwrap(),
            officer: format!("{agency}.officer-7").parse().unwrap(),
            agency_kind: Some(AgencyKind::Cyberspace),
            region: "310000".parse().unwrap(),
        },
        roles: roles.to_vec(),
    })
}

pub fn auditor() -> Arc<Principal> {
    caller("audit-office", &[Role::Auditor])
}

pub fn case_officer(agency: &str) -> Arc<Principal> {
    caller(agency, &[Role::CaseOfficer])
}

/// A call as it arrives behind the layer that looks at tokens.
pub fn call<R>(by: &Arc<Principal>, request: R) -> Request<R> {
    let mut call = Request::new(request);
    call.extensions_mut().insert(by.clone());
    call
}

/// The log's database, opened by somebody who should not.
pub fn intruder(place: &Place) -> rusqlite::Connection {
    open(&place.log_folder().join("events.sqlite"))
}

/// The audit's database, opened by somebody who should not.
pub fn intruder_in_chain(place: &Place) -> rusqlite::Connection {
    open(&place.data_folder().join("audit.db"))
}

fn open(file: &Path) -> rusqlite::Connection {
    assert!(file.is_file(), "{}", file.display());
    rusqlite::Connection::open(file).unwrap()
}

/// Makes every checksum of the log right again, as an intruder would who knows the format.
pub fn reseal(log: &rusqlite::Connection) {
    let query = "SELECT e.position, s.name, e.revision, e.id, t.name, e.recorded_at, e.metadata, e.data
                 FROM events e JOIN streams s ON s.id = e.stream JOIN event_types t ON t.id = e.event_type";
    let mut sums = Vec::new();
    let mut statement = log.prepare(query).unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let position: i64 = row.get(0).unwrap();
        let (stream, event_type): (String, String) = (row.get(1).unwrap(), row.get(4).unwrap());
        let (revision, recorded_at): (i64, i64) = (row.get(2).unwrap(), row.get(5).unwrap());
        let (id, metadata, data): (Vec<u8>, Vec<u8>, Vec<u8>) =
            (row.get(3).unwrap(), row.get(6).unwrap(), row.get(7).unwrap());
        let mut sum = crc32fast::Hasher::new();
        sum.update(&position.to_be_bytes());
        sum.update(&revision.to_be_bytes());
        sum.update(&recorded_at.to_be_bytes());
        sum.update(&id);
        for part in [stream.as_bytes(), event_type.as_bytes(), &metadata, &data] {
            sum.update(&u32::try_from(part.len()).unwrap().to_be_bytes());
        }
        for part in [stream.as_bytes(), event_type.as_bytes(), &metadata, &data] {
            sum.update(part);
        }
        sums.push((position, sum.finalize()));
    }
    for (position, sum) in sums {
        log.execute("UPDATE events SET checksum = ?2 WHERE position = ?1", (position, sum)).unwrap();
    }
}

pub fn position(number: u64) -> Position {
    Position(number)
}
