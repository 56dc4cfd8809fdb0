//! All of Casebook in one process: the five services on one log and one port.

use casebook_bootstrap::StartService;
pub use casebook_bootstrap::{Layout, LogAt, Node as System, NodeError as SystemError, Options, policy};

/// The five services.
pub const SERVICES: &[StartService] = &[
    casebook_accounts::start,
    casebook_credentials::start,
    casebook_review::start,
    casebook_enforcement::start,
    casebook_audit::start,
];

/// Starts everything.
pub async fn start(options: Options) -> Result<System, SystemError> {
    System::start(options, SERVICES).await
}
