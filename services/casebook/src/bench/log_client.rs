//! Calls of the log's protocol with nothing around them: what is measured is the server.

use std::time::{Duration, Instant};

use bytes::Bytes;
use casebook_eventlog::StreamName;
use casebook_eventlog_server::proto::shared::{Empty, StreamIdentifier, Uuid as Id, uuid as id};
use casebook_eventlog_server::proto::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, ReadReq, ReadResp, append_req, append_resp,
    batch_append_req, batch_append_resp, read_req, read_resp,
};
use futures::{Stream, StreamExt as _, stream};
use prost::Message;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use super::Rate;

/// Events of a batch, and batches under way.
pub const BATCH: usize = 64;
pub const BATCHES: usize = 4;

const APPEND: &str = "/event_store.client.streams.Streams/Append";
const BATCH_APPEND: &str = "/event_store.client.streams.Streams/BatchAppend";
const READ: &str = "/event_store.client.streams.Streams/Read";

async fn ready(channel: Channel) -> Result<Grpc<Channel>, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    Ok(grpc)
}

fn codec<Req: Message + 'static, Resp: Message + Default + 'static>() -> ProstCodec<Req, Resp> {
    ProstCodec::default()
}

fn named(stream: &StreamName) -> Option<StreamIdentifier> {
    Some(StreamIdentifier { stream_name: Bytes::copy_from_slice(stream.as_str().as_bytes()) })
}

fn new_id() -> Option<Id> {
    let (most, least) = Uuid::now_v7().as_u64_pair();
    let halves =
        id::Structured { most_significant_bits: most.cast_signed(), least_significant_bits: least.cast_signed() };
    Some(Id { value: Some(id::Value::Structured(halves)) })
}

fn metadata() -> std::collections::HashMap<String, String> {
    [("type".into(), "Measured".into()), ("content-type".into(), "application/json".into())].into()
}

/// One event behind this revision; behind none, to a new stream.
pub async fn append(channel: Channel, stream: StreamName, behind: Option<u64>, data: Bytes) -> Result<(), Status> {
    use append_req::options::ExpectedStreamRevision as Expected;
    let options = append_req::Options {
        stream_identifier: named(&stream),
        expected_stream_revision: Some(behind.map_or(Expected::NoStream(Empty {}), Expected::Revision)),
    };
    let event = append_req::ProposedMessage { id: new_id(), metadata: metadata(), custom_metadata: Bytes::new(), data };
    let parts = [append_req::Content::Options(options), append_req::Content::ProposedMessage(event)];
    let parts = stream::iter(parts.map(|part| AppendReq { content: Some(part) }));
    let mut grpc = ready(channel).await?;
    let path = PathAndQuery::from_static(APPEND);
    let reply = grpc.client_streaming(Request::new(parts), path, codec::<AppendReq, AppendResp>()).await?.into_inner();
    match reply.result {
        Some(append_resp::Result::Success(_)) => Ok(()),
        other => Err(Status::aborted(format!("{other:?}"))),
    }
}

/// Batches to streams of their own on one call, for so long: events a second, and how long a batch took.
pub async fn batch_append(channel: Channel, data: Bytes, span: Duration) -> Result<Rate, Status> {
    let (send, batches) = tokio::sync::mpsc::channel(BATCHES);
    let batches = stream::unfold(batches, |mut batches| async { batches.recv().await.map(|batch| (batch, batches)) });
    let mut grpc = ready(channel).await?;
    let path = PathAndQuery::from_static(BATCH_APPEND);
    let codec = codec::<BatchAppendReq, BatchAppendResp>();
    let closed = |_| Status::cancelled("the call has ended");
    // The first batches go before the reply's headers come.
    let begun = Instant::now();
    let mut sent = std::collections::VecDeque::new();
    for _ in 0..BATCHES {
        send.send(batch(&data)).await.map_err(closed)?;
        sent.push_back(Instant::now());
    }
    let mut replies = grpc.streaming(Request::new(batches), path, codec).await?.into_inner();
    let mut latencies = Vec::new();
    while let Some(called) = sent.pop_front() {
        match replies.message().await?.and_then(|reply| reply.result) {
            Some(batch_append_resp::Result::Success(_)) => latencies.push(called.elapsed()),
            other => return Err(Status::aborted(format!("{other:?}"))),
        }
        if begun.elapsed() < span {
            send.send(batch(&data)).await.map_err(closed)?;
            sent.push_back(Instant::now());
        }
    }
    let rate = Rate::of(latencies, begun.elapsed());
    Ok(Rate { per_s: rate.per_s * BATCH as f64, ..rate })
}

fn batch(data: &Bytes) -> BatchAppendReq {
    let event = |_| batch_append_req::ProposedMessage {
        id: new_id(),
        metadata: metadata(),
        custom_metadata: Bytes::new(),
        data: data.clone(),
    };
    BatchAppendReq {
        correlation_id: new_id(),
        options: Some(batch_append_req::Options {
            stream_identifier: named(&StreamName::of("bench", Uuid::now_v7())),
            expected_stream_position: Some(batch_append_req::options::ExpectedStreamPosition::NoStream(())),
            deadline_option: None,
        }),
        proposed_messages: (0..BATCH).map(event).collect(),
        is_final: true,
    }
}

/// The data of the first events of a stream; of `$all` where none is named.
pub async fn read(
    channel: Channel,
    stream: Option<&StreamName>,
    limit: u64,
) -> Result<impl Stream<Item = Result<Bytes, Status>> + Unpin, Status> {
    use read_req::options::all_options::AllOption;
    use read_req::options::stream_options::RevisionOption;
    use read_req::options::{AllOptions, CountOption, StreamOption, StreamOptions};
    let of = match stream {
        Some(stream) => StreamOption::Stream(StreamOptions {
            stream_identifier: named(stream),
            revision_option: Some(RevisionOption::Start(Empty {})),
        }),
        None => StreamOption::All(AllOptions { all_option: Some(AllOption::Start(Empty {})) }),
    };
    events(channel, of, CountOption::Count(limit)).await
}

/// The data of all events from now on.
pub async fn subscribe(channel: Channel) -> Result<impl Stream<Item = Result<Bytes, Status>> + Unpin, Status> {
    use read_req::options::all_options::AllOption;
    use read_req::options::{AllOptions, CountOption, StreamOption, SubscriptionOptions};
    let of = StreamOption::All(AllOptions { all_option: Some(AllOption::End(Empty {})) });
    events(channel, of, CountOption::Subscription(SubscriptionOptions {})).await
}

async fn events(
    channel: Channel,
    of: read_req::options::StreamOption,
    count: read_req::options::CountOption,
) -> Result<impl Stream<Item = Result<Bytes, Status>> + Unpin, Status> {
    use read_req::options::uuid_option::Content;
    use read_req::options::{FilterOption, UuidOption};
    let options = read_req::Options {
        read_direction: read_req::options::ReadDirection::Forwards.into(),
        resolve_links: false,
        uuid_option: Some(UuidOption { content: Some(Content::Structured(Empty {})) }),
        control_option: None,
        stream_option: Some(of),
        count_option: Some(count),
        filter_option: Some(FilterOption::NoFilter(Empty {})),
    };
    let mut grpc = ready(channel).await?;
    let path = PathAndQuery::from_static(READ);
    let request = Request::new(ReadReq { options: Some(options) });
    let replies = grpc.server_streaming(request, path, codec::<ReadReq, ReadResp>()).await?.into_inner();
    Ok(Box::pin(replies.filter_map(|reply| async {
        match reply.map(|reply| reply.content) {
            Ok(Some(read_resp::Content::Event(read))) => Ok(read.event.map(|event| event.data)).transpose(),
            Ok(_) => None,
            Err(status) => Some(Err(status)),
        }
    })))
}
