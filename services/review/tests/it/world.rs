//! Content review over a real log and a real socket, with a clock that the test turns.

use std::sync::Arc;
use std::time::Duration;

use casebook_authz::Principal;
use casebook_bootstrap::{Foundation, Keys, Service, Settings, serve};
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Expected, NewEvent, StreamName};
use casebook_execution::{Clock as _, Metadata, TurnedClock};
use casebook_kernel::{Actor, Timestamp};
use casebook_proto::common::v1::Role;
use casebook_proto::review::v1::review_service_client::ReviewServiceClient;
use chrono::TimeDelta;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::RoutesBuilder;
use tonic::service::interceptor::{InterceptedService, Interceptor};
use tonic::transport::Channel;
use tonic::{Request, Status};
use uuid::Uuid;

/// How long reactions and rows may take.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub type Client = ReviewServiceClient<InterceptedService<Channel, Bearer>>;

pub struct World {
    pub clock: Arc<TurnedClock>,
    pub log: Arc<EmbeddedLog>,
    foundation: Arc<Foundation>,
    services: Arc<Vec<Service>>,
    keys: Keys,
    channel: Channel,
    stop: CancellationToken,
    folder: TempDir,
}

impl World {
    pub async fn start(now: &str) -> Self {
        Self::open(tempfile::tempdir().expect("a folder"), now).await
    }

    /// Stops, loses all rows and with them how far reactions had come, and starts again: every event is met once more.
    pub async fn begin_anew(self, now: &str) -> Self {
        self.stop.cancel();
        self.foundation.stop().await;
        self.log.close().await;
        std::fs::remove_dir_all(self.folder.path().join("rows")).expect("the rows were there");
        Self::open(self.folder, now).await
    }

    async fn open(folder: TempDir, now: &str) -> Self {
        let clock = Arc::new(TurnedClock::at(now.parse().expect(now)));
        let of_log = clock.clone();
        let options = Options { clock: Arc::new(move || of_log.now()), ..Options::default() };
        let log = Arc::new(EmbeddedLog::open(&folder.path().join("log"), options).expect("the log"));
        let keys = Keys::load_or_make(&folder.path().join("keys")).expect("keys");
        let policy = Arc::new(casebook_policy::shipped().expect("the shipped policy"));
        let settings = Settings { data_dir: folder.path().join("rows"), registry_file: None };
        let foundation = Foundation::new(log.clone(), clock.clone(), policy, &keys, settings).expect("a foundation");
        let foundation = Arc::new(foundation);
        let mut routes = RoutesBuilder::default();
        let service = casebook_review::start(&foundation, &mut routes).await.expect("review starts");
        let services = Arc::new(vec![service]);

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        tokio::spawn({
            let (foundation, services, stop) = (foundation.clone(), services.clone(), stop.clone());
            let verifier = keys.tokens.verifier();
            async move { serve(listener, &foundation, verifier, routes, &services, stop).await }
        });
        let channel = Channel::from_shared(format!("http://{address}")).expect("a URI").connect_lazy();
        Self { clock, log, foundation, services, keys, channel, stop, folder }
    }

    /// A client whose token names this officer.
    pub fn client(&self, agency: &str, officer: &str, region: &str, roles: &[Role]) -> Client {
        let actor = Actor {
            agency: agency.parse().expect(agency),
            officer: officer.parse().expect(officer),
            agency_kind: None,
            region: region.parse().expect(region),
        };
        let principal = Principal { actor, roles: roles.to_vec() };
        let token = self.keys.tokens.mint(&principal, self.clock.now(), TimeDelta::days(1)).expect("a token");
        let bearer = Bearer(format!("Bearer {token}").parse().expect("a header"));
        ReviewServiceClient::with_interceptor(self.channel.clone(), bearer)
    }

    /// Writes an event of another service.
    pub async fn elsewhere(&self, category: &str, id: Uuid, event_type: &str, json: &impl serde::Serialize) {
        let metadata = Metadata {
            agency: "casebook".into(),
            officer: "test".into(),
            request_id: Uuid::from_u128(id.as_u128() ^ event_type.len() as u128).to_string(),
            request_sha256: String::new(),
            at: self.clock.now(),
            correlation: id,
            causation: None,
            policy_version: String::new(),
            trace_parent: String::new(),
            schema_version: 1,
        };
        let event = NewEvent {
            id: Uuid::new_v5(&id, event_type.as_bytes()),
            event_type: event_type.into(),
            data: serde_json::to_vec(json).expect("JSON").into(),
            metadata: metadata.to_json().into(),
        };
        self.log.append(&StreamName::of(category, id), Expected::Any, vec![event]).await.expect("appended");
    }

    /// Waits until every reaction has reacted and all rows show it.
    pub async fn at_rest(&self) {
        self.foundation.at_rest(PATIENCE).await.expect("everything comes to rest");
    }

    /// Holds every row against the log.
    pub async fn rows_agree(&self) {
        self.at_rest().await;
        let log: Arc<dyn EventLog> = self.log.clone();
        for service in self.services.iter() {
            for view in &service.views {
                let report = view.verify(&log, &service.read_model).await.expect("verified");
                assert_eq!(report.mismatches, 0, "{:?}", report.named);
            }
        }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.foundation.stop().await;
        self.log.close().await;
    }
}

pub fn time(text: &str) -> Option<casebook_proto::Timestamp> {
    Some(casebook_proto::timestamp(text.parse::<Timestamp>().expect(text)))
}

pub fn request_id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}
