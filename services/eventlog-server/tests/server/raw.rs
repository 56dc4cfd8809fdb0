//! Calls that no official client makes.

use std::net::SocketAddr;
use std::pin::Pin;

use casebook_eventlog_server::Access;
use casebook_eventlog_server::proto::shared::StreamIdentifier;
use casebook_eventlog_server::proto::streams::{AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, append_req};
use futures::{Stream, StreamExt as _, stream};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::served::Served;

pub fn path(method: &'static str) -> PathAndQuery {
    format!("/event_store.client.streams.Streams/{method}").parse().expect("a path")
}

pub async fn connected(address: SocketAddr) -> Grpc<Channel> {
    let endpoint: Endpoint = format!("http://{address}").parse().expect("an endpoint");
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
