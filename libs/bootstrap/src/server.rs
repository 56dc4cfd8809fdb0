//! One port: the services, health, and reflection in both of its versions.

use std::collections::BTreeSet;
use std::time::Duration;

use casebook_authz::{AuthLayer, TokenVerifier};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::service::RoutesBuilder;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::foundation::{Foundation, Service};

/// Calls of one connection that run at a time; further ones wait.
const CALLS_PER_CONNECTION_MAX: u32 = 1024;
/// A connection that does not answer a ping for this long is gone.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(15);
/// How long calls may go on after a stop was asked for.
const GRACE: Duration = Duration::from_secs(10);

/// What health calls the reactions of all services.
const REACTIONS: &str = "casebook.reactions";
/// How often health asks them.
const PARKED_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Serves until `stop`, then lets running calls end.
pub async fn serve(
    listener: TcpListener,
    foundation: &Foundation,
    verifier: TokenVerifier,
    mut routes: RoutesBuilder,
    services: &[Service],
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", ServingStatus::Serving).await;
    for name in services.iter().flat_map(|service| names_in_package(service.name)) {
        health.set_service_status(name, ServingStatus::Serving).await;
    }
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(casebook_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    routes.add_service(health_service).add_service(reflection().build_v1()?).add_service(reflection().build_v1alpha()?);

    tokio::spawn(tell_of_parked(health.clone(), foundation.parked(), stop.clone()));
    let stopping = {
        let stop = stop.clone();
        async move {
            stop.cancelled().await;
            health.set_service_status("", ServingStatus::NotServing).await;
        }
    };
    let served = Server::builder()
        .layer(AuthLayer::new(verifier, foundation.clock.clone()))
        .concurrency_limit_per_connection(CALLS_PER_CONNECTION_MAX as usize)
        .max_concurrent_streams(CALLS_PER_CONNECTION_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE_EVERY))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .add_routes(routes.routes())
        // Replies are small: held back until the last packet is acknowledged, each would take 40 ms longer.
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), stopping);
    // A client that keeps a stream open must not keep the service from going down.
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = served => served.map_err(ServeError::from),
        () = overdue => Ok(()),
    }
}

/// Health says of `casebook.reactions` whether they have done everything: NOT_SERVING while anything is parked.
async fn tell_of_parked(health: HealthReporter, parked: Vec<watch::Receiver<usize>>, stop: CancellationToken) {
    loop {
        let all_done = parked.iter().all(|count| *count.borrow() == 0);
        let status = if all_done { ServingStatus::Serving } else { ServingStatus::NotServing };
        health.set_service_status(REACTIONS, status).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PARKED_EVERY) => {}
        }
    }
}

/// The gRPC services that stand in the same package as `service`: one of ours may serve several.
fn names_in_package(service: &'static str) -> BTreeSet<&'static str> {
    let package = |name: &'static str| name.rsplit_once('.').map(|(package, _)| package);
    let names =
        casebook_proto::ACCESS_MATRIX.iter().filter_map(|method| method.path.trim_start_matches('/').split_once('/'));
    names.map(|(name, _)| name).filter(|name| package(name) == package(service)).collect()
}
