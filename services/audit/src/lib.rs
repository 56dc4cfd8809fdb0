//! The audit (审计): dossiers of cases across all services, a hash chain over the stored bytes of every event, and
//! who read what. See `README.md` for what is hashed and what the chain can and cannot show.
//!
//! * [`domain`]: the hashes, and what a difference between log and chain means.
//! * [`readmodel`]: every event with its hashes, every read.
//! * [`dossier`]: the events of a case, from the log.
//! * `shown`: what an agency is shown of it.
//! * `matters`: where the matter of an event lies, for who reads the log from outside.
//! * [`verify`]: holds the log against the chain; `casebook verify` does so too.
//! * [`grpc`]: the methods.

pub mod domain;
pub mod dossier;
pub mod grpc;
mod matters;
pub mod readmodel;
mod shown;
pub mod verify;

use casebook_bootstrap::{Foundation, Service, Starting};
use casebook_proto::audit::v1::audit_service_server::AuditServiceServer;
use casebook_readmodel::Projection;
pub use matters::Matters;
pub use verify::{ChainReport, verify_chain};

const NAME: &str = "casebook.audit.v1.AuditService";

/// Starts the audit: it follows the whole log from now on, and its methods are added to `routes`.
pub fn start<'a>(foundation: &'a Foundation, routes: &'a mut tonic::service::RoutesBuilder) -> Starting<'a> {
    Box::pin(async move {
        let model = foundation.read_model::<readmodel::Migrator>("audit").await?;
        foundation.project("audit", &model, projections());
        routes.add_service(AuditServiceServer::new(grpc::Audit::new(foundation, model.clone())));
        Ok(Service {
            name: NAME,
            read_model: model,
            views: vec![Box::new(verify::VerifyChain), Box::new(readmodel::VerifyReads)],
        })
    })
}

/// What keeps the audit's rows.
pub fn projections() -> Vec<Box<dyn Projection>> {
    vec![Box::<readmodel::ChainProjection>::default(), Box::<readmodel::ReadProjection>::default()]
}
