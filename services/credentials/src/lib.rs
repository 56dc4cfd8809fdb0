//! The credentials service (资质核查认证): verification of claimed medical qualifications, and the badge that the public
//! sees. See `README.md` for what it decides.
//!
//! * [`domain`]: the rules, pure.
//! * [`codec`]: events and their stored form.
//! * [`registry`]: the official registry behind a port, and a file that stands in for it.
//! * [`readmodel`]: rows for lists, badges and head-counts.
//! * [`reactions`]: deadlines, and what a verification brings about.
//! * [`grpc`]: the methods.

pub mod codec;
pub mod domain;
pub mod grpc;
mod messages;
pub mod reactions;
pub mod readmodel;
pub mod registry;

use std::sync::Arc;

use casebook_bootstrap::{Foundation, Service, StartError, Starting};
use casebook_execution::Store;
use casebook_proto::credentials::v1::credentials_service_server::CredentialsServiceServer;
use casebook_readmodel::{ViewProjection, verify_reactions, verify_view};

use readmodel::{CredentialView, HeadcountView, RecertificationView};
use registry::{FileRegistry, NoRegistry, RegistryPort};

/// Starts the service: rows, reactions and deadlines run from now on, and its methods are added to `routes`.
pub fn start<'a>(foundation: &'a Foundation, routes: &'a mut tonic::service::RoutesBuilder) -> Starting<'a> {
    Box::pin(async move {
        let registry = registry(foundation)?;
        let model = foundation.read_model::<readmodel::Migrator>("credentials").await?;
        let stores = grpc::Stores {
            credentials: Arc::new(Store::new(foundation.log.clone())),
            recertifications: Arc::new(Store::new(foundation.log.clone())),
        };
        foundation.project(
            "credentials",
            &model,
            vec![
                Box::new(ViewProjection::<CredentialView>::new(foundation.log.clone())),
                Box::new(ViewProjection::<RecertificationView>::new(foundation.log.clone())),
                Box::new(ViewProjection::<HeadcountView>::new(foundation.log.clone())),
            ],
        );
        foundation.react(
            &model,
            reactions::verified::CarryVerification { stores: stores.clone(), reactor: foundation.reactor() },
        );
        foundation.release_claims(&model, "credentials.release_claims", &stores.credentials);
        foundation.on_due(
            &model,
            reactions::deadlines::Deadlines {
                stores: stores.clone(),
                model: model.clone(),
                policy: foundation.policy.clone(),
                reactor: foundation.reactor(),
            },
        );
        routes.add_service(CredentialsServiceServer::new(grpc::Credentials::new(
            foundation,
            model.clone(),
            stores,
            registry,
        )));
        Ok(Service {
            name: "casebook.credentials.v1.CredentialsService",
            read_model: model,
            views: vec![
                verify_view::<CredentialView>(),
                verify_view::<RecertificationView>(),
                verify_view::<HeadcountView>(),
                verify_reactions(),
            ],
        })
    })
}

/// The registry that the deployment has configured; a file that cannot be read is found before anything is served.
fn registry(foundation: &Foundation) -> Result<Arc<dyn RegistryPort>, StartError> {
    match &foundation.settings.registry_file {
        None => Ok(Arc::new(NoRegistry)),
        Some(path) => {
            let registry = FileRegistry::open(path, foundation.claims.clone());
            Ok(Arc::new(registry.map_err(|error| StartError::Setting(error.to_string()))?))
        }
    }
}
