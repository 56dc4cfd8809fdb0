//! Calls as they go over the wire: any method, any message, no generated client that might mend what is wrong with it.

use std::time::Duration;

use prost_reflect::prost::Message as _;
use prost_reflect::prost::bytes::{Buf as _, BufMut as _};
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::contract::Rpc;

/// A stream that stays silent for this long has been granted: there is just nothing to say.
const SILENCE: Duration = Duration::from_millis(300);

/// Calls `rpc` and gives its reply, or the first of a stream's replies.
pub async fn call(
    channel: &Channel,
    rpc: &Rpc,
    token: Option<&str>,
    request: &DynamicMessage,
) -> Result<DynamicMessage, Status> {
    call_with_bytes(channel, rpc, token, request.encode_to_vec()).await
}

/// The same with a request that may be no message at all.
pub async fn call_with_bytes(
    channel: &Channel,
    rpc: &Rpc,
    token: Option<&str>,
    request: Vec<u8>,
) -> Result<DynamicMessage, Status> {
    let mut grpc = Grpc::new(channel.clone()).max_encoding_message_size(usize::MAX);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let mut message = Request::new(request);
    if let Some(token) = token {
        let value = format!("Bearer {token}").parse().expect("a token is a header's value");
        message.metadata_mut().insert("authorization", value);
    }
    let path = PathAndQuery::from_static(rpc.path());
    let codec = Dynamic(rpc.response());
    if !rpc.method.is_server_streaming() {
        return Ok(grpc.unary(message, path, codec).await?.into_inner());
    }
    let silent = Ok(DynamicMessage::new(rpc.response()));
    let first = async {
        let mut replies = grpc.server_streaming(message, path, codec).await?.into_inner();
        Ok(replies.message().await?.unwrap_or_else(|| DynamicMessage::new(rpc.response())))
    };
    tokio::time::timeout(SILENCE, first).await.unwrap_or(silent)
}

/// Writes bytes as they are, and reads replies by their descriptor.
struct Dynamic(MessageDescriptor);

impl Codec for Dynamic {
    type Encode = Vec<u8>;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self(self.0.clone())
    }

    fn decoder(&mut self) -> Self {
        Self(self.0.clone())
    }
}

impl Encoder for Dynamic {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Dynamic {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let bytes = bytes.copy_to_bytes(bytes.remaining());
        let message = DynamicMessage::decode(self.0.clone(), bytes);
        message.map(Some).map_err(|error| Status::internal(format!("a reply that cannot be read: {error}")))
    }
}
