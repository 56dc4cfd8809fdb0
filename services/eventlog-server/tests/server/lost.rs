//! Answers that never come: the server did what it was asked, and nobody is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use casebook_eventlog::kurrent::KurrentLog;
use casebook_eventlog::{Direction, EventLog, Expected, NewEvent, StreamName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::served::Served;

/// Long enough for the server to have done what it was asked.
const DONE: Duration = Duration::from_millis(150);
/// Less than a call that is tried again and again.
const QUICK: Duration = Duration::from_secs(10);

/// Stands between client and server and, when told to, does one of these to what the server says next.
struct Between {
    address: SocketAddr,
    mishaps: Arc<Mishaps>,
}

#[derive(Default)]
struct Mishaps {
    /// Swallows it and then hangs up.
    swallow: AtomicBool,
    /// Passes two messages on (where a stream begins, and its first event), and ends the call without an error.
    cut: AtomicBool,
}

impl Between {
    async fn begin(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mishaps = Arc::new(Mishaps::default());
        let happening = Arc::clone(&mishaps);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server).await.expect("the server");
                client.set_nodelay(true).expect("no delay");
                server.set_nodelay(true).expect("no delay");
                tokio::spawn(pass(client, server, Arc::clone(&happening)));
            }
        });
        Self { address, mishaps }
    }
}

/// A frame of HTTP/2: length, type, flags and stream, and then the payload.
struct Frame {
    head: [u8; 9],
    payload: Vec<u8>,
}

impl Frame {
    async fn read(from: &mut OwnedReadHalf) -> std::io::Result<Self> {
        let mut head = [0; 9];
        from.read_exact(&mut head).await?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        from.read_exact(&mut payload).await?;
        Ok(Self { head, payload })
    }

    fn is_data(&self) -> bool {
        self.head[3] == 0 && !self.payload.is_empty()
    }

    /// Two messages, and behind them RST_STREAM with NO_ERROR.
    fn cut_short(&self) -> Vec<u8> {
        let mut end = 0;
        for _ in 0..2 {
            let length: [u8; 4] = self.payload[end + 1..end + 5].try_into().expect("a length");
            end += 5 + u32::from_be_bytes(length) as usize;
        }
        assert!(end < self.payload.len(), "something is cut off");
        let stream = &self.head[5..];
        let [_, length @ ..] = u32::try_from(end).expect("a short frame").to_be_bytes();
        let data = [&length[..], &[0, 0], stream, &self.payload[..end]].concat();
        let reset = [&[0, 0, 4, 3, 0][..], stream, &[0; 4]].concat();
        [data, reset].concat()
    }

    fn whole(self) -> Vec<u8> {
        [&self.head[..], &self.payload].concat()
    }
}

async fn pass(client: TcpStream, server: TcpStream, mishaps: Arc<Mishaps>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asking = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    while let Ok(frame) = Frame::read(&mut from_server).await {
        let swallowed = mishaps.swallow.swap(false, Ordering::AcqRel);
        let cut = frame.is_data() && mishaps.cut.swap(false, Ordering::AcqRel);
        if cut {
            let _ = to_client.write_all(&frame.cut_short()).await;
        }
        if swallowed || cut {
            // What the server says from now on is lost.
            let lost = async { while Frame::read(&mut from_server).await.is_ok() {} };
            let _ = tokio::time::timeout(DONE, lost).await;
            break;
        }
        if to_client.write_all(&frame.whole()).await.is_err() {
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
        between.mishaps.swallow.store(true, Ordering::Release);
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
        between.mishaps.swallow.store(true, Ordering::Release);
        let read = log.read_stream(&stream, Direction::Forwards, None, 100).await.expect("a read");
        assert_eq!(read.len(), number + 1);
    }
}

/// Half a stream would be folded like a whole one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stream_whose_end_was_cut_off_is_read_again() {
    let served = Served::begin().await;
    let between = Between::begin(served.address).await;
    let log = KurrentLog::connect(&format!("kurrentdb://{}?tls=false", between.address)).await.expect("a connection");
    let stream = StreamName::of("case", Uuid::new_v4());
    let given = |number: u64| NewEvent {
        id: Uuid::new_v4(),
        event_type: "Counted".into(),
        data: number.to_string().into(),
        metadata: "{}".into(),
    };
    served.log.append(&stream, Expected::NoStream, (0..10).map(given).collect()).await.expect("appended");
    for (direction, from, limit, count) in [
        (Direction::Forwards, None, 100, 10),
        (Direction::Forwards, Some(3), 5, 5),
        (Direction::Backwards, None, 100, 10),
        (Direction::Backwards, Some(4), 100, 5),
    ] {
        between.mishaps.cut.store(true, Ordering::Release);
        let read = log.read_stream(&stream, direction, from, limit).await.expect("a read");
        assert_eq!(read.len(), count, "{direction:?} from {from:?}");
        assert!(!between.mishaps.cut.load(Ordering::Acquire), "it was cut off");
    }
}

/// There, no event tells that all has come.
#[tokio::test]
async fn a_read_that_brings_nothing_is_no_lost_one() {
    let served = Served::begin().await;
    let log = KurrentLog::connect(&served.connection_string()).await.expect("a connection");
    let stream = StreamName::of("case", Uuid::new_v4());
    let event = NewEvent { id: Uuid::new_v4(), event_type: "Counted".into(), data: "0".into(), metadata: "{}".into() };
    served.log.append(&stream, Expected::NoStream, vec![event]).await.expect("appended");
    let reading = async {
        let beyond = log.read_stream(&stream, Direction::Forwards, Some(1), 100).await.expect("a read");
        let missing = StreamName::of("case", Uuid::new_v4());
        let missing = log.read_stream(&missing, Direction::Forwards, None, 100).await.expect("a read");
        (beyond.len(), missing.len())
    };
    assert_eq!(tokio::time::timeout(QUICK, reading).await, Ok((0, 0)));
}
