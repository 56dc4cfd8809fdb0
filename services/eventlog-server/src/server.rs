//! One port that speaks the KurrentDB protocol.

use std::sync::Arc;
use std::time::Duration;

use casebook_eventlog::embedded::EmbeddedLog;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tower::util::MapRequestLayer;

use crate::append::APPEND_BYTES_MAX;
use crate::door::Door;
use crate::node::Node;
use crate::proto::gossip::gossip_server::GossipServer;
use crate::proto::server_features::server_features_server::ServerFeaturesServer;
use crate::proto::streams::streams_server::StreamsServer;
use crate::store::Store;
use crate::streams::Streams;
use crate::{bodies, socket};

/// Calls of one connection that run at a time: each subscription is one.
const CALLS_PER_CONNECTION_MAX: u32 = 1024;
/// A connection that does not answer a ping for this long is gone.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(15);
/// How long calls may go on after a stop was asked for.
const GRACE: Duration = Duration::from_secs(5);
/// What a message may have beside the data and metadata of an append.
const ENVELOPE_BYTES_MAX: usize = 1 << 20;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    #[error("beyond loopback, and so on {0}, a log is served by TLS only, and to users only")]
    NotLoopback(std::net::SocketAddr),
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
}

/// Serves the log until `stop`, then lets running calls end. Reads end with UNAVAILABLE.
pub async fn serve(
    listener: TcpListener,
    log: Arc<EmbeddedLog>,
    door: Door,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() && !door.is_safe_beyond_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let node = Arc::new(Node::new(address));
    let store = Arc::new(Store::new(log));
    let streams = StreamsServer::new(Streams { store, guard: door.guard, stop: stop.clone() })
        .max_decoding_message_size(APPEND_BYTES_MAX + ENVELOPE_BYTES_MAX);
    let router = Server::builder()
        .max_concurrent_streams(CALLS_PER_CONNECTION_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE_EVERY))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .layer(MapRequestLayer::new(bodies::bounded))
        .add_service(ServerFeaturesServer::from_arc(Arc::clone(&node)))
        .add_service(GossipServer::from_arc(node))
        .add_service(streams);
    let stopped = stop.clone().cancelled_owned();
    let served = async {
        #[cfg(feature = "tls")]
        if let Some(tls) = &door.tls {
            return router.serve_with_incoming_shutdown(Box::pin(socket::encrypted(listener, tls)), stopped).await;
        }
        router.serve_with_incoming_shutdown(socket::accepted(listener), stopped).await
    };
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = served => Ok(served?),
        () = overdue => Ok(()),
    }
}
