//! All of Casebook in one process: the five services on one log and one port.

use casebook_bootstrap::{Foundation, Service, StartError};
pub use casebook_bootstrap::{Layout, LogAt, Node as System, NodeError as SystemError, Options, policy};
use tonic::service::RoutesBuilder;

/// Starts everything.
pub async fn start(options: Options) -> Result<System, SystemError> {
    System::start(options, services).await
}

/// Starts the five services.
pub async fn services(foundation: &Foundation, routes: &mut RoutesBuilder) -> Result<Vec<Service>, StartError> {
    Ok(vec![
        casebook_accounts::start(foundation, routes).await?,
        casebook_credentials::start(foundation, routes).await?,
        casebook_review::start(foundation, routes).await?,
        casebook_enforcement::start(foundation, routes).await?,
        casebook_audit::start(foundation, routes).await?,
    ])
}
