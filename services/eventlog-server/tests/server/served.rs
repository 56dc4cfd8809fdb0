//! A server on a port of its own, with a log in a temporary folder.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use casebook_eventlog::EventLog as _;
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog_server::{Access, Door, ServeError, serve};
use kurrentdb::{Client, EventData};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub struct Served {
    pub address: SocketAddr,
    pub log: Arc<EmbeddedLog>,
    stop: CancellationToken,
    server: JoinHandle<Result<(), ServeError>>,
    _folder: Option<tempfile::TempDir>,
}

impl Served {
    pub async fn begin() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let served = Self::with(folder.path(), ([127, 0, 0, 1], 0).into(), Access::Delete).await;
        Self { _folder: Some(folder), ..served }
    }

    pub async fn with(folder: &Path, address: SocketAddr, access: Access) -> Self {
        Self::behind(folder, address, Door::open(access)).await
    }

    pub async fn behind(folder: &Path, address: SocketAddr, door: Door) -> Self {
        let log = Arc::new(EmbeddedLog::open(folder, Options::default()).expect("a log"));
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(listener, Arc::clone(&log), door, stop.clone()));
        Self { address, log, stop, server, _folder: None }
    }

    pub fn connection_string(&self) -> String {
        format!("kurrentdb://{}?tls=false", self.address)
    }

    pub fn client(&self) -> Client {
        Client::new(self.connection_string().parse().expect("settings")).expect("a client")
    }

    pub async fn log_length(&self) -> u64 {
        self.log.head().await.expect("the head").0
    }

    /// As SIGTERM would.
    pub async fn end(self) {
        self.stop.cancel();
        self.server.await.expect("the task").expect("the server");
        self.log.close().await;
    }

    /// As a crash would: connections break, nobody is told.
    pub async fn crash(self) {
        self.server.abort();
        let _ = self.server.await;
        self.log.close().await;
    }
}

pub fn stream(category: &str) -> String {
    format!("{category}-{}", Uuid::new_v4())
}

pub fn event(event_type: &str, number: usize) -> EventData {
    EventData::json(event_type, &number).expect("JSON").id(Uuid::new_v4())
}

pub fn events(event_type: &str, count: usize) -> Vec<EventData> {
    (0..count).map(|number| event(event_type, number)).collect()
}
