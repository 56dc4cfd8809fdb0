//! The service of streams: one call each, done elsewhere.

use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use crate::door::{Access, Call, Caller, Guard};
use crate::expected::Expected;
use crate::proto::streams::streams_server;
use crate::proto::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, TombstoneReq,
    TombstoneResp, delete_resp, tombstone_resp,
};
use crate::store::Store;
use crate::{append, batch, names, read};

/// Where a call says who makes it.
const AUTHORIZATION: &str = "authorization";

pub struct Streams {
    pub store: Arc<Store>,
    pub guard: Arc<dyn Guard>,
    pub stop: CancellationToken,
}

impl Streams {
    /// Whose call it is.
    async fn admit(&self, metadata: &MetadataMap, call: Call<'_>) -> Result<Caller, Status> {
        // What is no text names nobody.
        let authorization = metadata.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
        self.guard.admit(authorization, call).await
    }

    /// Before anything is gathered: who may append nowhere takes no room from those who may.
    async fn admit_to_append(&self, metadata: &MetadataMap) -> Result<Caller, Status> {
        let caller = self.admit(metadata, Call::Write).await?;
        caller.check(Access::Append)?;
        Ok(caller)
    }
}

#[tonic::async_trait]
impl streams_server::Streams for Streams {
    type ReadStream = read::Responses;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        let (metadata, _, request) = request.into_parts();
        let caller = self.admit(&metadata, Call::Read(&read::named(&request)?)).await?;
        let store = Arc::clone(&self.store);
        Ok(Response::new(read::read(store, caller, request, self.stop.clone()).await?))
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        let caller = self.admit_to_append(request.metadata()).await?;
        Ok(Response::new(append::append(&self.store, &caller, request.into_inner()).await?))
    }

    async fn delete(&self, request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        let caller = self.admit(request.metadata(), Call::Write).await?;
        let options = request.into_inner().options.ok_or_else(|| Status::invalid_argument("a delete has options"))?;
        let stream = names::parse(options.stream_identifier.as_ref())?;
        let position = self.store.delete(&caller, &stream, Expected::or_any(options.expected_stream_revision)).await?;
        let position = delete_resp::Position { commit_position: position.0, prepare_position: position.0 };
        Ok(Response::new(DeleteResp { position_option: Some(delete_resp::PositionOption::Position(position)) }))
    }

    async fn tombstone(&self, request: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        let caller = self.admit(request.metadata(), Call::Write).await?;
        let options = request.into_inner().options.ok_or_else(|| Status::invalid_argument("a delete has options"))?;
        let stream = names::parse(options.stream_identifier.as_ref())?;
        let position =
            self.store.tombstone(&caller, &stream, Expected::or_any(options.expected_stream_revision)).await?;
        let position = tombstone_resp::Position { commit_position: position.0, prepare_position: position.0 };
        Ok(Response::new(TombstoneResp { position_option: Some(tombstone_resp::PositionOption::Position(position)) }))
    }

    type BatchAppendStream = Pin<Box<dyn Stream<Item = Result<BatchAppendResp, Status>> + Send>>;

    async fn batch_append(
        &self,
        request: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        let caller = self.admit_to_append(request.metadata()).await?;
        Ok(Response::new(Box::pin(batch::responses(Arc::clone(&self.store), caller, request.into_inner()))))
    }
}
