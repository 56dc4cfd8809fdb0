//! The log of a running Casebook, read from outside with a client of KurrentDB.

use std::net::SocketAddr;
use std::sync::Arc;

use casebook::log_server::{LogServer, LogServerError, READ, Serves};
use casebook::system::LogAt;
use casebook_authz::Principal;
use casebook_eventlog::{Direction, EventLog, Expected, Filter, NewEvent, Position, RecordedEvent, StreamName};
use casebook_execution::Metadata;
use casebook_proto::common::v1::{AccessRecorded, Role};
use chrono::TimeDelta;
use futures::stream;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use super::docket::{Docket, account, mute};
use super::{Journey, people};
use crate::log_server::replayed;
use crate::world::{World, principal};

const ANY_PORT: &str = "127.0.0.1:0";

fn auditor_of(region: &str) -> Principal {
    let mut auditor = people::auditor();
    auditor.actor.agency = format!("audit-{region}").parse().expect("an agency");
    auditor.actor.region = region.parse().expect("a region");
    auditor
}

async fn serve(world: &World) -> SocketAddr {
    let server = LogServer { log_listen: ANY_PORT.parse().ok(), ..LogServer::default() };
    match server.start(&world.system).await.expect("it is served") {
        Serves::At { address, tls: false } => address,
        serves => panic!("{serves}"),
    }
}

/// As a client sees it who gives a token for a password.
async fn log_of(world: &World, address: SocketAddr, principal: &Principal) -> Arc<dyn EventLog> {
    let token = world.system.token(principal, TimeDelta::days(1)).expect("a token");
    let server = Some(format!("kurrentdb://{}:{token}@{address}?tls=false", principal.actor.officer));
    LogAt { server }.read(std::path::Path::new("")).await.expect("a log")
}

async fn all(log: &Arc<dyn EventLog>) -> Vec<Arc<RecordedEvent>> {
    let (mut events, mut after) = (Vec::new(), Position::START);
    loop {
        let batch = log.read_all(after, &Filter::all(), 4096).await.expect("a read");
        events.extend(batch.events);
        if batch.at_head {
            return events;
        }
        after = batch.through;
    }
}

fn correlation(event: &RecordedEvent) -> Option<Uuid> {
    Metadata::parse(&event.metadata).ok().map(|metadata| metadata.correlation)
}

/// What answers a call that says nothing but who makes it.
async fn answer(channel: &Channel, method: &'static str, authorization: Option<&str>) -> Status {
    let mut request = Request::new(stream::iter([()]));
    if let Some(authorization) = authorization {
        request.metadata_mut().insert("authorization", authorization.parse().expect("a header"));
    }
    let mut client = Grpc::new(channel.clone());
    client.ready().await.expect("a connection");
    let path = format!("/event_store.client.streams.Streams/{method}").parse().expect("a path");
    let answered = client.streaming(request, path, ProstCodec::<(), ()>::default()).await;
    match answered {
        Err(status) => status,
        Ok(response) => response.into_inner().message().await.expect_err("a refusal"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_reads_the_matters_of_the_region_from_outside_and_nothing_else() {
    let journey = Journey::begin().await;
    let docket = Docket::decide(&journey, "DIVERSION", &[mute(&account("weibo", "u-outside"), 7)]).await;
    let world = &journey.world;
    world.at_rest().await;
    let address = serve(world).await;
    let own = &world.system.foundation.log;
    let case: StreamName = format!("case-{}", docket.case_id).parse().expect("a name");
    let opened = own.read_stream(&case, Direction::Forwards, Some(0), 1).await.expect("a read").remove(0);
    let matter: Vec<_> =
        all(own).await.into_iter().filter(|event| correlation(event) == correlation(&opened)).collect();
    assert!(matter.len() > 5, "a case that was decided");

    let (country, province) = (auditor_of("000000"), auditor_of("330000"));
    let log = log_of(world, address, &country).await;
    let (shown, before) = (all(&log).await, own.head().await.expect("the head"));
    assert!(shown.len() > matter.len() && shown.len() as u64 <= before.0);
    let log = log_of(world, address, &province).await;
    assert_eq!(all(&log).await, matter, "byte for byte, and nothing else");
    assert_eq!(
        log.read_stream(&case, Direction::Forwards, None, 1).await.expect("a read"),
        std::slice::from_ref(&opened)
    );
    let foreign = own.read_all(Position::START, &Filter::categories(["access"]), 1).await.expect("a read").events;
    let foreign = &foreign.first().expect("a read that was recorded").stream;
    assert_eq!(log.read_stream(foreign, Direction::Forwards, None, 9).await.expect("a read"), []);
    assert!(!shown.is_empty());

    for region in ["310000", "330600"] {
        let log = log_of(world, address, &auditor_of(region)).await;
        assert_eq!(all(&log).await, [], "{region}");
        assert_eq!(log.read_stream(&case, Direction::Forwards, None, 9).await.expect("a read"), [], "{region}");
        assert_eq!(log.read_stream(&case, Direction::Backwards, None, 9).await.expect("a read"), [], "{region}");
    }

    // Every read stands in the log, under what was read.
    let reads = own.read_all(Position::START, &Filter::categories(["access"]), 4096).await.expect("a read").events;
    let read = |principal: &Principal, what: &str| {
        reads.iter().any(|event| {
            let by = Metadata::parse(&event.metadata).expect("metadata").agency == principal.actor.agency.as_str();
            let read: AccessRecorded = serde_json::from_slice(&event.data).expect("JSON");
            by && read.method == READ && read.resource == what
        })
    };
    assert!(read(&country, "$all") && read(&province, "$all") && read(&province, case.as_str()));
    assert!(read(&auditor_of("310000"), case.as_str()), "also of what there is not for the reader");

    // A second case of the same matter, elsewhere: now it lies in neither region.
    let data = String::from_utf8(opened.data.to_vec()).expect("text");
    let data = data.replace("\"330000\"", "\"310000\"").into();
    let (id, event_type, metadata) = (Uuid::new_v4(), opened.event_type.clone(), opened.metadata.clone());
    let elsewhere = StreamName::of("case", Uuid::new_v4());
    let second = vec![NewEvent { id, event_type, data, metadata }];
    own.append(&elsewhere, Expected::NoStream, second).await.expect("appended");
    for region in ["330000", "310000"] {
        assert_eq!(all(&log_of(world, address, &auditor_of(region)).await).await, [], "{region}");
    }
    journey.world.stop().await;
}

/// Most clients say who they are over TLS only. This is the page of docs/replay.md, against a Casebook that runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_replays_a_case_over_tls_with_the_client_of_another_language() {
    let journey = Journey::begin().await;
    let docket = Docket::decide(&journey, "DIVERSION", &[mute(&account("weibo", "u-python"), 7)]).await;
    let world = &journey.world;
    world.at_rest().await;
    let own = &world.system.foundation.log;
    let case: StreamName = format!("case-{}", docket.case_id).parse().expect("a name");
    let opened = own.read_stream(&case, Direction::Forwards, Some(0), 1).await.expect("a read").remove(0);
    let matter = all(own).await.into_iter().filter(|event| correlation(event) == correlation(&opened));
    let told: Vec<u64> = matter.map(|event| event.position.0).collect();

    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = (folder.path().join("log.pem"), folder.path().join("log.key"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(&cert, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let (log_tls_cert, log_tls_key) = (Some(cert.clone()), Some(key));
    let server = LogServer { log_listen: ANY_PORT.parse().ok(), no_log_server: false, log_tls_cert, log_tls_key };
    let Serves::At { address, tls: true } = server.start(&world.system).await.expect("it is served") else {
        panic!("it is not served by TLS");
    };
    for region in ["000000", "330000"] {
        let token = world.system.token(&auditor_of(region), TimeDelta::days(1)).expect("a token");
        let (port, cert) = (address.port(), cert.display());
        let server = format!("kurrentdb://auditor:{token}@localhost:{port}?tls=true&tlsCaFile={cert}");
        let log = LogAt { server: Some(server.clone()) }.read(std::path::Path::new("")).await.expect("a log");
        assert_eq!(
            log.read_stream(&case, Direction::Forwards, None, 1).await.expect("a read"),
            std::slice::from_ref(&opened)
        );
        let case = docket.case_id.clone();
        let shown = tokio::task::spawn_blocking(move || replayed(&server, &case)).await.expect("it ends");
        assert!(shown.is_none_or(|positions| positions == told), "{region}");
    }
    journey.world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_outside_nobody_writes_and_nobody_but_auditors_reads() {
    let world = World::start().await;
    let address = serve(&world).await;
    let channel = Endpoint::from_shared(format!("http://{address}")).expect("an address").connect().await;
    let channel = channel.expect("it listens");
    let before = world.system.foundation.log.head().await.expect("the head");
    let bearer = |principal: &Principal, days| {
        let token = world.system.token(principal, TimeDelta::days(days)).expect("a token");
        format!("Bearer {token}")
    };
    let past = bearer(&auditor_of("000000"), -2);
    for authorization in
        [None, Some("Bearer nonsense"), Some("Basic nonsense"), Some("Basic eDp5"), Some(past.as_str())]
    {
        for method in ["Read", "Append", "BatchAppend", "Delete", "Tombstone"] {
            let refused = answer(&channel, method, authorization).await;
            assert_eq!(refused.code(), Code::Unauthenticated, "{method} {authorization:?}");
        }
    }
    let others = [
        Role::Intake,
        Role::Registrar,
        Role::Verifier,
        Role::Reviewer,
        Role::CaseOfficer,
        Role::AppealOfficer,
        Role::Platform,
        Role::Institution,
        Role::Subject,
        Role::Portal,
        Role::System,
    ];
    for role in others {
        let refused = answer(&channel, "Read", Some(&bearer(&principal(role), 1))).await;
        assert_eq!(refused.code(), Code::PermissionDenied, "{role:?}");
    }
    let auditor = bearer(&auditor_of("000000"), 1);
    for method in ["Append", "BatchAppend", "Delete", "Tombstone"] {
        let refused = answer(&channel, method, Some(&auditor)).await;
        assert_eq!(refused.code(), Code::PermissionDenied, "{method}");
        assert_eq!(refused.metadata().get("exception").map(|it| it.as_bytes()), Some(&b"access-denied"[..]));
    }
    assert_eq!(world.system.foundation.log.head().await, Ok(before), "nothing was written, and nothing read");
    // Who may read and asks for nothing hears that.
    assert_eq!(answer(&channel, "Read", Some(&auditor)).await.code(), Code::InvalidArgument);

    // A second one on the machine goes on without; one that was told where to serve does not.
    let (taken, elsewhere) =
        (LogServer { log_listen: Some(address), ..LogServer::default() }, "0.0.0.0:0".parse().ok());
    assert!(matches!(taken.start(&world.system).await, Err(LogServerError::Listen { .. })));
    let elsewhere = LogServer { log_listen: elsewhere, ..LogServer::default() };
    assert!(matches!(elsewhere.start(&world.system).await, Err(LogServerError::NotLoopback(_))));
    let nowhere = Some(std::path::PathBuf::from("nowhere"));
    let (log_tls_cert, log_tls_key) = (nowhere.clone(), nowhere);
    let wrong = LogServer { log_tls_cert, log_tls_key, ..LogServer::default() }.check().expect_err("no certificate");
    assert!(wrong.to_string().starts_with("--log-tls-cert `nowhere`: "), "{wrong}");
    let none = LogServer { no_log_server: true, ..LogServer::default() };
    assert!(matches!(none.start(&world.system).await, Ok(Serves::Nothing { .. })));
    world.stop().await;
}
