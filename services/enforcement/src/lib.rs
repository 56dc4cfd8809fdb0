//! Enforcement (处置): from a lead through a case and a decision by two officers to the orders that platforms carry
//! out, the appeals against it and its reversal. See `README.md`.
//!
//! * [`domain`]: the rules, pure.
//! * [`codec`]: the stored form of events.
//! * [`grpc`]: the methods.
//! * [`reactions`]: what follows from what.
//! * [`readmodel`]: rows for lists, and what an account met before.
//! * [`resource`]: what callers see.
//! * [`terms`]: how long everybody has.

pub mod codec;
pub mod domain;
pub mod grpc;
pub mod reactions;
pub mod readmodel;
pub mod resource;
pub mod terms;

use std::sync::Arc;

use casebook_bootstrap::{Foundation, Service, StartError, Starting};
use casebook_execution::{Head, Store};
use casebook_proto::enforcement::v1::enforcement_service_server::{EnforcementServiceServer, SERVICE_NAME};
use casebook_proto::enforcement::v1::platform_service_server::PlatformServiceServer;
use casebook_proto::enforcement::v1::{Case, Order};
use tonic::service::RoutesBuilder;
use uuid::Uuid;

use crate::domain::visibility::Competences;
use crate::grpc::{Desk, Enforcement, Platforms};
use crate::reactions::{Deadlines, FollowOrders, IssueOrders, OpenFraudLeads, OpenLeads, Reacting};
use crate::terms::Terms;

/// The name of the service's read model.
const NAME: &str = "enforcement";

/// Starts the service: its rows, its reactions, its deadlines, its routes.
pub fn start<'a>(foundation: &'a Foundation, routes: &'a mut RoutesBuilder) -> Starting<'a> {
    Box::pin(async move {
        let (officers, platforms, service) = open(foundation).await?;
        routes.add_service(EnforcementServiceServer::new(officers));
        routes.add_service(PlatformServiceServer::new(platforms));
        Ok(service)
    })
}

/// Starts everything but the routes: what answers the officers, what answers the platforms, and the service itself.
pub async fn open(foundation: &Foundation) -> Result<(Enforcement, Platforms, Service), StartError> {
    let read_model = foundation.read_model::<readmodel::Migrations>(NAME).await?;
    foundation.project(NAME, &read_model, readmodel::projections(&foundation.log));

    let desk = Desk {
        gate: foundation.gate.clone(),
        policy: foundation.policy.clone(),
        competences: Arc::new(Competences::of_pack(&foundation.policy.pack)),
        terms: Terms::new(foundation.policy.clone()),
        claims: foundation.claims.clone(),
        log: foundation.log.clone(),
        read_model: read_model.clone(),
        leads: Arc::new(Store::new(foundation.log.clone())),
        cases: Arc::new(Store::new(foundation.log.clone())),
        orders: Arc::new(Store::new(foundation.log.clone())),
    };
    let reacting = Reacting {
        leads: desk.leads.clone(),
        cases: desk.cases.clone(),
        orders: desk.orders.clone(),
        terms: desk.terms.clone(),
        reactor: foundation.reactor(),
    };
    let violation = foundation.policy.pack.violation(reactions::POSING).map(|violation| violation.id.clone());
    let violation =
        violation.ok_or_else(|| StartError::Setting(format!("the policy pack lacks `{}`", reactions::POSING)))?;
    foundation.react(&read_model, OpenLeads(reacting.clone()));
    foundation.react(&read_model, OpenFraudLeads { reacting: reacting.clone(), violation });
    foundation.react(&read_model, IssueOrders(reacting.clone()));
    foundation.react(&read_model, FollowOrders(reacting.clone()));
    foundation.on_due(&read_model, Deadlines(reacting));
    foundation.release_claims(&read_model, "enforcement.release_claims", &desk.leads);

    let platforms =
        Platforms { desk: desk.clone(), system: foundation.system.clone(), stopping: foundation.stopping() };
    let service = Service { name: SERVICE_NAME, read_model, views: readmodel::views() };
    Ok((Enforcement(desk), platforms, service))
}

/// A case as callers see it, from its folded state: what a replay compares with what the service shows. None where
/// the state is not that of the case `id`.
pub fn case_resource(id: Uuid, state: &domain::case::CaseState, head: &Head) -> Option<Case> {
    state.file().filter(|file| file.opening.case_id.uuid() == id)?;
    resource::case_resource(state, head)
}

/// An order as officers see it, from its folded state.
pub fn order_resource(id: Uuid, state: &domain::order::OrderState, head: &Head) -> Option<Order> {
    state.file().filter(|file| file.terms.order_id.uuid() == id)?;
    resource::order_resource(state, head)
}
