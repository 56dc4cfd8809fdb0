//! The floor of a call: tonic with a codec and nothing behind it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use casebook_proto::enforcement::v1::OpenLeadRequest;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::server::{NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

const PATH: &str = "/bench.Echo/Echo";

#[derive(Clone)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "bench.Echo";
}

impl UnaryService<OpenLeadRequest> for Echo {
    type Response = OpenLeadRequest;
    type Future = Ready<Result<Response<OpenLeadRequest>, Status>>;

    fn call(&mut self, request: Request<OpenLeadRequest>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner())))
    }
}

impl tower::Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let codec = ProstCodec::<OpenLeadRequest, OpenLeadRequest>::default();
            Ok(tonic::server::Grpc::new(codec).unary(Echo, request).await)
        })
    }
}

/// Serves echoes on a port of its own.
pub async fn serve() -> std::io::Result<(String, JoinHandle<Result<(), tonic::transport::Error>>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = Server::builder().add_service(Echo).serve_with_incoming(incoming);
    Ok((endpoint, tokio::spawn(server)))
}

/// One call there and back.
pub async fn call(channel: Channel, message: OpenLeadRequest) -> Result<(), Status> {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec = ProstCodec::<OpenLeadRequest, OpenLeadRequest>::default();
    let path = http::uri::PathAndQuery::from_static(PATH);
    let response: Response<OpenLeadRequest> = grpc.unary(Request::new(message), path, codec).await?;
    drop(response);
    Ok(())
}
