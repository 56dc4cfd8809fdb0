//! Answers that never come: the server did what it was asked, and nobody is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use casebook_eventlog::kurrent::KurrentLog;
use casebook_eventlog::{Direction, EventLog, Expected, NewEvent, StreamName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::served::Served;

/// Long enough for the server to have done what it was asked.
const DONE: Duration = Duration::from_millis(150);

/// Stands between client and server and, when told to, swallows what the server says and then hangs up.
struct Between {
    address: SocketAddr,
    swallow: Arc<AtomicBool>,
}

impl Between {
    async fn begin(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let swallow = Arc::new(AtomicBool::new(false));
        let swallowing = Arc::clone(&swallow);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server).await.expect("the server");
                client.set_nodelay(true).expect("no delay");
                server.set_nodelay(true).expect("no delay");
                tokio::spawn(pass(client, server, Arc::clone(&swallowing)));
            }
        });
        Self { address, swallow }
    }
}

async fn pass(client: TcpStream, server: TcpStream, swallow: Arc<AtomicBool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asking = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut bytes = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
        if swallow.swap(false, Ordering::AcqRel) {
            // What the server says from now on is lost.
            let lost = async { while let Ok(1..) = from_server.read(&mut bytes).await {} };
            let _ = tokio::time::timeout(DONE, lost).await;
            break;
        }
        if to_client.write_all(&bytes[..count]).await.is_err() {
            break;
        }
    }
    asking.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_append_whose_answer_is_lost_is_found_by_its_ids() {
    let served = Served::begin().await;
    let between = Between::begin(served.address).await;
    let log = KurrentLog::connect(&format!("kurrentdb://{}?tls=false", between.address)).await.expect("a connection");
    let stream = StreamName::of("case", Uuid::new_v4());
    let mut written = Vec::new();
    for round in 0..6_u64 {
        let expected = match round {
            0 => Expected::NoStream,
            round if round % 2 == 0 => Expected::Revision(2 * round - 1),
            _ => Expected::Any,
        };
        let given = |number: u64| NewEvent {
            id: Uuid::new_v4(),
            event_type: "Counted".into(),
            data: number.to_string().into(),
            metadata: "{}".into(),
        };
        let events = vec![given(2 * round), given(2 * round + 1)];
        written.extend(events.iter().map(|event| event.id));
        between.swallow.store(true, Ordering::Release);
        let appended = log.append(&stream, expected, events).await.expect("appended");
        assert_eq!(appended.revision, 2 * round + 1, "{expected:?}");
    }
    let read = served.log.read_stream(&stream, Direction::Forwards, None, 100).await.expect("a read");
    assert_eq!(read.iter().map(|event| event.id).collect::<Vec<_>>(), written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_whose_answer_is_lost_are_done_again() {
    let served = Served::begin().await;
    let between = Between::begin(served.address).await;
    let log = KurrentLog::connect(&format!("kurrentdb://{}?tls=false", between.address)).await.expect("a connection");
    let stream = StreamName::of("case", Uuid::new_v4());
    for number in 0..10 {
        let event = NewEvent {
            id: Uuid::new_v4(),
            event_type: "Counted".into(),
            data: number.to_string().into(),
            metadata: "{}".into(),
        };
        served.log.append(&stream, Expected::Any, vec![event]).await.expect("appended");
        between.swallow.store(true, Ordering::Release);
        let read = log.read_stream(&stream, Direction::Forwards, None, 100).await.expect("a read");
        assert_eq!(read.len(), number + 1);
    }
}
