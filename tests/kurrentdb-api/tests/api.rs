//! The tests that `kurrentdb` has of its own for the service of streams, against our server. They are not copied: they are
//! compiled where Cargo put the crate.

use std::sync::Arc;
use std::time::Duration;

use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog_server::{Access, Door, serve};
use kurrentdb::Client;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

// Others wrote these, to lints of theirs.
#[allow(warnings, clippy::all)]
mod common {
    include!(concat!(env!("KURRENTDB_TESTS"), "/common.rs"));
}

#[allow(warnings, clippy::all)]
mod streams {
    include!(concat!(env!("KURRENTDB_TESTS"), "/api/streams.rs"));
}

/// They wait up to a minute for a subscription, three times.
const PATIENCE: Duration = Duration::from_secs(200);

/// All that they do: they leave out what they take a server to be too old for.
#[tokio::test(flavor = "multi_thread")]
async fn the_clients_own_tests_of_streams_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Arc::new(EmbeddedLog::open(folder.path(), Options::default()).expect("a log"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let stop = CancellationToken::new();
    let server = tokio::spawn(serve(listener, Arc::clone(&log), Door::open(Access::Delete), stop.clone()));
    let client = Client::new(format!("kurrentdb://{address}?tls=false").parse().expect("settings")).expect("a client");
    let info = client.server_info().await.expect("the features");
    assert!(info.version() >= (23, 10), "nothing is left out: {}", info.version());
    let tests = tokio::time::timeout(PATIENCE, streams::tests(client)).await;
    tests.expect("in time").expect("they pass");
    stop.cancel();
    server.await.expect("the task").expect("the server");
    log.close().await;
}
