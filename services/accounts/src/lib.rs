//! The accounts service: the registry of institutions and their accounts, and the measures in force on any account.
//!
//! `domain` decides, `codec` stores, `grpc` answers, `reactions` follow what happens elsewhere, `readmodel` keeps rows,
//! `figures` counts the registry as of any moment.

pub mod codec;
pub mod domain;
pub mod figures;
pub mod grpc;
mod place;
mod reactions;
pub mod readmodel;
mod resource;

use std::sync::Arc;

use casebook_bootstrap::{Foundation, Service, StartError, Starting};
use casebook_execution::Store;
use casebook_policy::{AccountLevel, Pack};
use casebook_proto::accounts::v1::accounts_service_server::{AccountsServiceServer, SERVICE_NAME};
use tonic::service::RoutesBuilder;

use crate::domain::account::{ApprovalChain, ApprovalStep};
use crate::grpc::{AccountsApi, Calls};
use crate::reactions::{CloseAccount, EndRestrictions, Reacting, RestrictUncertified};

/// The name of the service's read model.
const NAME: &str = "accounts";

/// Starts the service: its rows, its reactions, its routes.
pub fn start<'a>(foundation: &'a Foundation, routes: &'a mut RoutesBuilder) -> Starting<'a> {
    Box::pin(async move {
        let (api, service) = open(foundation).await?;
        routes.add_service(AccountsServiceServer::new(api));
        Ok(service)
    })
}

/// The same without the routes: calls are made on what it returns.
pub async fn open(foundation: &Foundation) -> Result<(AccountsApi, Service), StartError> {
    let chain = approval_chain(&foundation.policy.pack)?;
    let basis = reactions::BASIS.parse().map_err(StartError::Setting)?;
    if foundation.policy.pack.legal_basis(reactions::BASIS).is_none() {
        return Err(StartError::Setting(format!("the policy pack lacks the legal basis `{}`", reactions::BASIS)));
    }
    let read_model = foundation.read_model::<readmodel::Migrations>(NAME).await?;
    foundation.project(NAME, &read_model, readmodel::projections(&foundation.log));

    let accounts = Arc::new(Store::new(foundation.log.clone()));
    let reacting = Reacting { accounts: accounts.clone(), reactor: foundation.reactor() };
    let orders = Arc::new(Store::new(foundation.log.clone()));
    foundation.react(&read_model, CloseAccount { reacting: reacting.clone(), orders });
    foundation.react(&read_model, RestrictUncertified { reacting: reacting.clone(), basis });
    foundation.on_due(&read_model, EndRestrictions { reacting });
    foundation.release_claims(&read_model, "accounts.release_claims", &accounts);

    let api = AccountsApi(Calls {
        gate: foundation.gate.clone(),
        policy: foundation.policy.clone(),
        chain,
        claims: foundation.claims.clone(),
        institutions: Arc::new(Store::new(foundation.log.clone())),
        accounts,
        read_model: read_model.clone(),
        figures: figures::FiguresDesk::new(foundation.log.clone()),
    });
    Ok((api, Service { name: SERVICE_NAME, read_model, views: readmodel::views() }))
}

/// The boxes that the pack asks of each level. A pack with a box that the form does not have is refused at start.
fn approval_chain(pack: &Pack) -> Result<ApprovalChain, StartError> {
    let of = |level: AccountLevel| {
        let step = |id: &str| {
            ApprovalStep::of_id(id).ok_or_else(|| StartError::Setting(format!("the approval form has no box `{id}`")))
        };
        pack.approval_steps(level).map(|one| step(one.id.as_str())).collect::<Result<Vec<_>, _>>()
    };
    Ok(ApprovalChain {
        institution: of(AccountLevel::Institution)?,
        department: of(AccountLevel::Department)?,
        staff: of(AccountLevel::Staff)?,
    })
}
