//! Calls that no official client makes.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use casebook_eventlog::embedded::EmbeddedLog;
use casebook_eventlog::{EventLog as _, Expected, NewEvent};
use casebook_eventlog_server::proto::shared::{Empty, StreamIdentifier};
use casebook_eventlog_server::proto::streams::read_req::options::all_options::AllOption;
use casebook_eventlog_server::proto::streams::read_req::options::filter_options::{Expression, Filter};
use casebook_eventlog_server::proto::streams::read_req::options::{
    AllOptions, CountOption, FilterOption, FilterOptions, ReadDirection, StreamOption,
};
use casebook_eventlog_server::proto::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, ReadReq, ReadResp, append_req, read_req,
};
use casebook_eventlog_server::{Access, Door};
use futures::{Stream, StreamExt as _, stream};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use crate::guards::{For, SHORT};
use crate::served::Served;

const PATIENCE: Duration = Duration::from_secs(20);
const EVENTS_AT_ONCE: usize = 64;

pub fn path(method: &'static str) -> PathAndQuery {
    format!("/event_store.client.streams.Streams/{method}").parse().expect("a path")
}

pub async fn connected(address: SocketAddr) -> Grpc<Channel> {
    let endpoint: Endpoint = format!("http://{address}").parse().expect("an endpoint");
    // One call that is not read leaves the others of its connection room.
    let endpoint = endpoint.initial_stream_window_size(65_535).initial_connection_window_size(64 << 20);
    let mut grpc = Grpc::new(endpoint.connect().await.expect("a connection"));
    grpc.ready().await.expect("ready");
    grpc
}

fn unending<T: Send + 'static>(first: T) -> Pin<Box<dyn Stream<Item = T> + Send>> {
    stream::iter([first]).chain(stream::pending()).boxed()
}

#[tokio::test]
async fn who_may_not_append_is_refused_before_anything_is_gathered() {
    let folder = tempfile::tempdir().expect("a folder");
    let served = Served::with(folder.path(), ([127, 0, 0, 1], 0).into(), Access::Read).await;
    let mut client = connected(served.address).await;
    let stream_identifier = Some(StreamIdentifier { stream_name: "case-1".into() });
    let options = append_req::Options { stream_identifier, expected_stream_revision: None };
    // Neither call ever ends by itself.
    let append = unending(AppendReq { content: Some(append_req::Content::Options(options)) });
    let codec = ProstCodec::<AppendReq, AppendResp>::default();
    let refused = client.client_streaming(Request::new(append), path("Append"), codec).await.map(drop);
    assert_eq!(refused.map_err(|status: Status| status.code()), Err(Code::PermissionDenied));
    client.ready().await.expect("ready");
    let codec = ProstCodec::<BatchAppendReq, BatchAppendResp>::default();
    let batch = unending(BatchAppendReq::default());
    let refused = client.streaming(Request::new(batch), path("BatchAppend"), codec).await.map(drop);
    assert_eq!(refused.map_err(|status: Status| status.code()), Err(Code::PermissionDenied));
}

/// A read of everything that there is, so many events, by a client that takes up to 64 KiB before it reads on.
pub async fn read(client: &mut Grpc<Channel>, options: read_req::Options) -> Result<Streaming<ReadResp>, Status> {
    client.ready().await.expect("ready");
    let codec = ProstCodec::<ReadReq, ReadResp>::default();
    let request = Request::new(ReadReq { options: Some(options) });
    Ok(client.server_streaming(request, path("Read"), codec).await?.into_inner())
}

pub fn from(stream: StreamOption, backwards: bool, count: CountOption) -> read_req::Options {
    let mut options = read_req::Options {
        stream_option: Some(stream),
        count_option: Some(count),
        filter_option: Some(FilterOption::NoFilter(Empty {})),
        ..read_req::Options::default()
    };
    options.set_read_direction(if backwards { ReadDirection::Backwards } else { ReadDirection::Forwards });
    options
}

pub fn everything(backwards: bool) -> StreamOption {
    let end = if backwards { AllOption::End(Empty {}) } else { AllOption::Start(Empty {}) };
    StreamOption::All(AllOptions { all_option: Some(end) })
}

/// Not as much as an append has: it is read before anybody asks whose it is.
#[tokio::test]
async fn a_request_that_is_no_append_has_little_room() {
    let served = Served::begin().await;
    let mut client = connected(served.address).await;
    for (bytes, code) in [(20 << 10, Code::InvalidArgument), (100 << 10, Code::ResourceExhausted)] {
        let expression = Expression { regex: "x".repeat(bytes), prefix: Vec::new() };
        let filter = FilterOptions { filter: Some(Filter::EventType(expression)), ..FilterOptions::default() };
        let mut options = from(everything(false), false, CountOption::Count(1));
        options.filter_option = Some(FilterOption::Filter(filter));
        let refused = read(&mut client, options).await.map(drop);
        assert_eq!(refused.map_err(|status| status.code()), Err(code), "{bytes}");
    }
}

/// Events that together are too many for what a client takes unread.
pub async fn write(log: &EmbeddedLog, stream: &str, event_type: &str, count: usize, data: &[u8]) {
    let (name, data) = (stream.parse().expect("a name"), Bytes::copy_from_slice(data));
    let event =
        || NewEvent { id: Uuid::new_v4(), event_type: event_type.into(), data: data.clone(), metadata: Bytes::new() };
    for _ in 0..count / EVENTS_AT_ONCE {
        let events = std::iter::repeat_with(event).take(EVENTS_AT_ONCE).collect();
        log.append(&name, Expected::Any, events).await.expect("appended");
    }
}

async fn end_of(read: &mut Streaming<ReadResp>) -> Result<(), Code> {
    let rest = async {
        while read.message().await?.is_some() {}
        Ok(())
    };
    tokio::time::timeout(PATIENCE, rest).await.expect("in time").map_err(|status: Status| status.code())
}

#[tokio::test]
async fn a_slow_read_of_what_is_there_ends_with_the_right_of_its_caller_and_with_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let door = Door::guarded(Arc::new(For(SHORT)));
    let served = Served::behind(folder.path(), ([127, 0, 0, 1], 0).into(), door).await;
    write(&served.log, "case-1", "Read", 2048, &[b'7'; 16 << 10]).await;
    let mut client = connected(served.address).await;
    let options = from(everything(false), false, CountOption::Count(u64::MAX));
    let mut slow = read(&mut client, options).await.expect("a read");
    slow.message().await.expect("an event");
    tokio::time::sleep(SHORT).await;
    assert_eq!(end_of(&mut slow).await, Err(Code::Unauthenticated));

    let served = Served::begin().await;
    write(&served.log, "case-1", "Read", 2048, &[b'7'; 16 << 10]).await;
    let mut client = connected(served.address).await;
    let options = from(everything(false), false, CountOption::Count(u64::MAX));
    let mut slow = read(&mut client, options).await.expect("a read");
    slow.message().await.expect("an event");
    let (ended, ()) = tokio::join!(end_of(&mut slow), served.end());
    assert_eq!(ended, Err(Code::Unavailable));
}
