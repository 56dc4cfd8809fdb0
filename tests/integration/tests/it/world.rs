//! All of Casebook, running: in this process, in a folder of its own, with a clock that tests turn.

use std::sync::Arc;
use std::time::{Duration, Instant};

use casebook::system::{self, LogAt, Options, System};
use casebook_authz::Principal;
use casebook_eventlog::Position;
use casebook_execution::timer::DueIndex as _;
use casebook_execution::{Clock as _, TurnedClock};
use casebook_kernel::{Actor, AgencyKind, Timestamp};
use casebook_proto::common::v1::Role;
use chrono::TimeDelta;
use tempfile::TempDir;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt as _;

/// How long reactions and rows may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(30);
const ASK_EVERY: Duration = Duration::from_millis(25);

/// The file in a world's folder that stands in for the registry of practitioners.
const REGISTRY: &str = "registry.jsonl";

/// A running Casebook that nobody else uses.
pub struct World {
    pub system: System,
    pub clock: Arc<TurnedClock>,
    pub channel: Channel,
    folder: TempDir,
}

/// When the tests' world begins: a working day, a Monday morning in Shanghai.
pub fn beginning() -> Timestamp {
    "2026-03-02T01:00:00Z".parse().expect("a time")
}

/// The qualification and practising certificates of physicians whom the registry lists; the numbers are nobody's.
pub const PHYSICIANS: [(&str, &str); 4] = [
    ("202099000000000000001001", "999000000001001"),
    ("202099000000000000002002", "999000000002002"),
    ("202099000000000000003003", "999000000003003"),
    ("202099000000000000004004", "999000000004004"),
];

/// The file that stands in for the registry of practitioners.
fn registry() -> String {
    let entry = |kind: &str, number: &str| format!("{{\"certificate_type\":\"{kind}\",\"number\":\"{number}\"}}\n");
    let of = |(qualification, practice): &(&str, &str)| {
        entry("physician_qualification", qualification) + &entry("physician_practice", practice)
    };
    PHYSICIANS.iter().map(of).collect()
}

/// Somebody of an agency that fits the role: a platform for a platform's back end, a hospital for an institution's office, for
/// a subject the account uid-1 on douyin.
pub fn principal(role: Role) -> Principal {
    let (agency, kind) = match role {
        Role::Platform => ("platform-douyin", None),
        Role::Institution => ("institution-7f8d9a52-3c1b-5b0e-9a44-0f6f1f2a9c01", None),
        Role::Subject => ("subject-133ba59b-6ce3-5f94-b7f6-2cc1a39c2c98", None),
        Role::Portal => ("portal-1", None),
        _ => ("cac-310000", Some(AgencyKind::Cyberspace)),
    };
    let actor = Actor {
        agency: agency.parse().expect("an agency"),
        officer: format!("{}-1", role.token_name().replace('_', "-")).parse().expect("an officer"),
        agency_kind: kind,
        region: "310000".parse().expect("a region"),
    };
    Principal { actor, roles: vec![role] }
}

impl World {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(REGISTRY), registry()).expect("a registry");
        Self::open(folder, Arc::new(TurnedClock::at(beginning()))).await
    }

    /// Goes on with what is in a folder.
    pub async fn open(folder: TempDir, clock: Arc<TurnedClock>) -> Self {
        let options = Options {
            data_dir: folder.path().to_owned(),
            log: LogAt::default(),
            listen: ([127, 0, 0, 1], 0).into(),
            clock: clock.clone(),
            policy_dir: None,
            registry_file: Some(folder.path().join(REGISTRY)),
        };
        let system = system::start(options).await.unwrap_or_else(|error| panic!("the system starts: {error}"));
        let endpoint = Endpoint::from_shared(system.endpoint()).expect("an address");
        let channel = endpoint.connect().await.expect("the system listens");
        Self { system, clock, channel, folder }
    }

    /// A token of somebody who has this role.
    pub fn token(&self, role: Role) -> String {
        self.system.token(&principal(role), TimeDelta::days(30)).expect("a token")
    }

    /// Waits until nothing is left to be done.
    pub async fn at_rest(&self) -> Position {
        self.system.at_rest(PATIENCE).await.unwrap_or_else(|error| panic!("no rest: {error}"))
    }

    /// Waits until, beyond that, every deadline that is due by the turned clock has fired.
    pub async fn settled(&self) -> Position {
        let start = Instant::now();
        loop {
            let rest = self.at_rest().await;
            let mut due = Vec::new();
            for service in self.system.services.iter() {
                due.extend(service.read_model.due(self.clock.now(), 1).await.expect("the index of deadlines answers"));
            }
            if due.is_empty() && self.at_rest().await == rest {
                return rest;
            }
            assert!(start.elapsed() < PATIENCE, "due and not fired: {due:?}");
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// Holds every row of every service against the log, once everything has settled: reads are recorded, too.
    pub async fn rows_agree(&self) {
        self.settled().await;
        for report in self.system.verify().await.expect("rows and log can be compared") {
            assert_eq!(report.mismatches, 0, "{}: {:?}", report.view, report.named);
        }
    }

    pub async fn stop(self) -> TempDir {
        self.system.stop().await;
        self.folder
    }
}

/// Why a call was refused, as its `ErrorInfo` says.
pub fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map_or_else(String::new, |info| info.reason.clone())
}
