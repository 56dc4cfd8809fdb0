//! The service of streams: one call each, done elsewhere.

use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::expected::Expected;
use crate::proto::streams::streams_server;
use crate::proto::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, TombstoneReq,
    TombstoneResp, delete_resp, tombstone_resp,
};
use crate::store::Store;
use crate::{append, batch, names, read};

pub struct Streams {
    pub store: Arc<Store>,
    pub stop: CancellationToken,
}

#[tonic::async_trait]
impl streams_server::Streams for Streams {
    type ReadStream = read::Responses;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        let store = Arc::clone(&self.store);
        Ok(Response::new(read::read(store, request.into_inner(), self.stop.clone()).await?))
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        Ok(Response::new(append::append(&self.store, request.into_inner()).await?))
    }

    async fn delete(&self, request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        let options = request.into_inner().options.ok_or_else(|| Status::invalid_argument("a delete has options"))?;
        let stream = names::parse(options.stream_identifier.as_ref())?;
        let position = self.store.delete(&stream, Expected::or_any(options.expected_stream_revision)).await?;
        let position = delete_resp::Position { commit_position: position.0, prepare_position: position.0 };
        Ok(Response::new(DeleteResp { position_option: Some(delete_resp::PositionOption::Position(position)) }))
    }

    async fn tombstone(&self, request: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        let options = request.into_inner().options.ok_or_else(|| Status::invalid_argument("a delete has options"))?;
        let stream = names::parse(options.stream_identifier.as_ref())?;
        let position = self.store.tombstone(&stream, Expected::or_any(options.expected_stream_revision)).await?;
        let position = tombstone_resp::Position { commit_position: position.0, prepare_position: position.0 };
        Ok(Response::new(TombstoneResp { position_option: Some(tombstone_resp::PositionOption::Position(position)) }))
    }

    type BatchAppendStream = Pin<Box<dyn Stream<Item = Result<BatchAppendResp, Status>> + Send>>;

    async fn batch_append(
        &self,
        request: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        Ok(Response::new(Box::pin(batch::responses(Arc::clone(&self.store), request.into_inner()))))
    }
}
