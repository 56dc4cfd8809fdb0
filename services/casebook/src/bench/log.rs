//! The event log: appends, reads and live subscriptions, in process and over the protocol of eventlog-server, in a small log and
//! in a large one.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use casebook_eventlog::embedded::{DATABASE_FILE, EmbeddedLog, Options as LogOptions};
use casebook_eventlog::{EventLog, Expected, NewEvent, StreamName};
use casebook_eventlog_server::{Access, Door, serve};
use futures::StreamExt as _;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use uuid::Uuid;

use super::log_client as client;
use super::{Rate, commands, drive, echo, floor};
use crate::client::Client;

/// How many events the small log has before anything is measured.
pub const SMALL: u64 = 10_000;
const DATA_BYTES: usize = 512;
const IN_FLIGHT: [usize; 3] = [1, 8, 64];
/// Events of a stream of the log that is filled, all in one append: about what a case comes to.
const FILL_STREAM: u64 = 20;
const FILL_IN_FLIGHT: usize = 64;
/// Events of one read.
const READ: u64 = 50_000;
/// How often the subscription is given something to tell.
const TICK: Duration = Duration::from_millis(4);

type Failed = Box<dyn std::error::Error>;

/// One measurement.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// How many events the log had at first.
    pub log_events: u64,
    pub what: &'static str,
    pub in_flight: usize,
    #[serde(flatten)]
    pub rate: Rate,
    /// What it is held against; none for how long a live event takes.
    pub floor: Option<Floor>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub struct Floor {
    pub what: &'static str,
    pub per_s: f64,
    /// What was measured over this.
    pub ratio: f64,
}

/// What a log's growth costs.
#[derive(Debug, Serialize)]
pub struct Grown {
    pub what: &'static str,
    pub in_flight: usize,
    /// The 99th percentile in the large log over the one in the small log.
    pub p99_ratio: f64,
}

#[derive(Debug, Serialize)]
pub struct LogMeasured {
    pub measured: Vec<Measured>,
    pub grown: Vec<Grown>,
}

/// Measures in a log of [`SMALL`] events, then in one of `events`.
pub async fn run(folder: &Path, events: u64, span: Duration) -> Result<LogMeasured, Failed> {
    std::fs::create_dir_all(folder)?;
    let (echo_endpoint, echo_server) = echo::serve().await?;
    let echo = Client::connect(&echo_endpoint, "").await?.channel();
    let mut measured = Vec::new();
    for (name, size) in [("small", SMALL), ("large", events.max(SMALL))] {
        let bench = Bench::start(&folder.join(name), size, span, echo.clone()).await?;
        let all = bench.all(folder).await;
        bench.end().await;
        measured.extend(all?);
    }
    echo_server.abort();
    let (small, large) = measured.split_at(measured.len() / 2);
    let grown = small.iter().zip(large).filter(|(small, _)| small.rate.p99_ms > 0.0).map(|(small, large)| Grown {
        what: small.what,
        in_flight: small.in_flight,
        p99_ratio: large.rate.p99_ms / small.rate.p99_ms,
    });
    let grown = grown.collect();
    Ok(LogMeasured { measured, grown })
}

/// One log, and the server of it.
struct Bench {
    path: std::path::PathBuf,
    size: u64,
    span: Duration,
    log: Arc<EmbeddedLog>,
    channel: Channel,
    echo: Channel,
    stop: CancellationToken,
    served: tokio::task::JoinHandle<()>,
}

impl Bench {
    async fn start(path: &Path, size: u64, span: Duration, echo: Channel) -> Result<Self, Failed> {
        let log = Arc::new(EmbeddedLog::open(path, LogOptions::default())?);
        fill(&log, size).await?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let serving = serve(listener, log.clone(), Door::open(Access::Append), stop.clone());
        let served = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the log is not served");
            }
        });
        let channel = Client::connect(&endpoint, "").await?.channel();
        Ok(Self { path: path.to_owned(), size, span, log, channel, echo, stop, served })
    }

    async fn end(self) {
        self.stop.cancel();
        // A server that failed has said so.
        let _ = self.served.await;
        self.log.close().await;
    }

    async fn all(&self, folder: &Path) -> Result<Vec<Measured>, Failed> {
        // Reads first: they are of the log as it was filled.
        let mut measured = vec![self.read_all().await?, self.read_stream().await?, self.subscription().await?];
        for in_flight in IN_FLIGHT {
            measured.push(self.in_process(folder, in_flight).await?);
        }
        for in_flight in IN_FLIGHT {
            measured.push(self.append(in_flight).await?);
        }
        measured.push(self.batch_append(folder).await?);
        Ok(measured)
    }

    fn measured(
        &self,
        what: &'static str,
        in_flight: usize,
        rate: Rate,
        floor: Option<(&'static str, f64)>,
    ) -> Measured {
        let floor = floor.map(|(what, per_s)| Floor { what, per_s, ratio: rate.per_s / per_s });
        Measured { log_events: self.size, what, in_flight, rate, floor }
    }

    /// Appends of one event, each worker to a stream of its own, at its revision.
    async fn in_process(&self, folder: &Path, in_flight: usize) -> Result<Measured, Failed> {
        let before = floor::bare_appends(folder, in_flight, DATA_BYTES, self.span / 2)?;
        let make = |_| (self.log.clone(), StreamName::of("bench", Uuid::now_v7()));
        let rate = drive(in_flight, self.span, make, |(log, stream), number| async move {
            let expected = number.checked_sub(1).map_or(Expected::NoStream, Expected::Revision);
            let appended = log.append(&stream, expected, vec![event()]).await;
            appended.map(drop).map_err(|error| tonic::Status::internal(error.to_string()))
        });
        let rate = rate.await?;
        let after = floor::bare_appends(folder, in_flight, DATA_BYTES, self.span / 2)?;
        let floor = ("bare SQLite loop", f64::midpoint(before, after));
        Ok(self.measured("append in process", in_flight, rate, Some(floor)))
    }

    async fn append(&self, in_flight: usize) -> Result<Measured, Failed> {
        let make = |_| self.echo.clone();
        let echo = drive(in_flight, self.span, make, |channel, _| echo::call(channel, commands::open_lead())).await?;
        let make = |_| (self.channel.clone(), StreamName::of("bench", Uuid::now_v7()));
        let rate = drive(in_flight, self.span, make, |(channel, stream), number| {
            client::append(channel, stream, number.checked_sub(1), data())
        });
        let rate = rate.await?;
        Ok(self.measured("Append", in_flight, rate, Some(("echo", echo.per_s))))
    }

    /// Batches of 64 events, four of them under way on one call.
    async fn batch_append(&self, folder: &Path) -> Result<Measured, Failed> {
        let bare = floor::bare_appends(folder, client::BATCHES * client::BATCH, DATA_BYTES, self.span)?;
        let rate = client::batch_append(self.channel.clone(), data(), self.span).await?;
        Ok(self.measured("BatchAppend", client::BATCHES * client::BATCH, rate, Some(("bare SQLite loop", bare))))
    }

    async fn read_all(&self) -> Result<Measured, Failed> {
        let limit = READ.min(self.size);
        let (rate, scanned) = self.reads(None, limit).await?;
        Ok(self.measured("read of $all", 1, rate, Some(("raw scan", scanned))))
    }

    /// One stream with as many events as are read of `$all`.
    async fn read_stream(&self) -> Result<Measured, Failed> {
        let stream = StreamName::of("bench", Uuid::now_v7());
        let limit = READ.min(self.size);
        let mut left = limit;
        while left > 0 {
            let events: Vec<_> = (0..left.min(250)).map(|_| event()).collect();
            left -= events.len() as u64;
            self.log.append(&stream, Expected::Any, events).await?;
        }
        let (rate, scanned) = self.reads(Some(stream), limit).await?;
        Ok(self.measured("read of a stream", 1, rate, Some(("raw scan", scanned))))
    }

    /// The same read again and again: events a second. How long one takes says nothing. And the raw scan, before and
    /// after: the first of them finds the file as cold as it is.
    async fn reads(&self, stream: Option<StreamName>, limit: u64) -> Result<(Rate, f64), Failed> {
        let scan = || floor::scan(&self.path.join(DATABASE_FILE), limit);
        let (_, before) = scan()?;
        let begun = Instant::now();
        let mut count = 0;
        while begun.elapsed() < self.span {
            let mut events = client::read(self.channel.clone(), stream.as_ref(), limit).await?;
            while let Some(event) = events.next().await {
                std::hint::black_box(event?);
                count += 1;
            }
        }
        let rate = Rate { per_s: count as f64 / begun.elapsed().as_secs_f64(), p50_ms: 0.0, p99_ms: 0.0 };
        let (_, after) = scan()?;
        Ok((rate, f64::midpoint(before, after)))
    }

    /// From the call of an append to the event on a subscription to `$all`.
    async fn subscription(&self) -> Result<Measured, Failed> {
        let begun = Instant::now();
        let mut events = client::subscribe(self.channel.clone()).await?;
        let log = self.log.clone();
        let span = self.span;
        let appends = tokio::spawn(async move {
            let stream = StreamName::of("bench", Uuid::now_v7());
            let mut count = 0;
            while begun.elapsed() < span {
                let at = Bytes::from(begun.elapsed().as_nanos().to_string());
                log.append(&stream, Expected::Any, vec![NewEvent { data: at, ..event() }]).await?;
                count += 1;
                tokio::time::sleep(TICK).await;
            }
            Ok::<_, casebook_eventlog::AppendError>(count)
        });
        let mut latencies = Vec::new();
        let mut appended = None;
        tokio::pin!(appends);
        while appended.is_none_or(|count| latencies.len() < count) {
            tokio::select! {
                done = &mut appends, if appended.is_none() => appended = Some(done??),
                event = events.next() => {
                    let data = event.ok_or("the subscription has ended")??;
                    let at = std::str::from_utf8(&data)?.parse().map(Duration::from_nanos)?;
                    latencies.push(begun.elapsed().saturating_sub(at));
                }
            }
        }
        let elapsed = begun.elapsed();
        Ok(self.measured("live subscription", 1, Rate::of(latencies, elapsed), None))
    }
}

fn data() -> Bytes {
    static DATA: [u8; DATA_BYTES] = [b'0'; DATA_BYTES];
    Bytes::from_static(&DATA)
}

fn event() -> NewEvent {
    NewEvent { id: Uuid::now_v7(), event_type: "Measured".into(), data: data(), metadata: Bytes::new() }
}

/// Streams of twenty events until there are so many.
async fn fill(log: &Arc<EmbeddedLog>, events: u64) -> Result<(), Failed> {
    let appends = (0..events.div_ceil(FILL_STREAM)).map(|_| {
        let log = log.clone();
        async move {
            let events = (0..FILL_STREAM).map(|_| event()).collect();
            log.append(&StreamName::of("filled", Uuid::now_v7()), Expected::NoStream, events).await
        }
    });
    let mut appends = futures::stream::iter(appends).buffer_unordered(FILL_IN_FLIGHT);
    while let Some(appended) = appends.next().await {
        appended?;
    }
    Ok(())
}
