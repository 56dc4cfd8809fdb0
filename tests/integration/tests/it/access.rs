//! Nobody does what a rule does not grant: every method is tried with every role.

use casebook_execution::Clock as _;
use casebook_proto::common::v1::Role;
use prost_reflect::DynamicMessage;
use tonic::Code;

use crate::contract;
use crate::requests;
use crate::wire;
use crate::world::{World, reason};

fn roles() -> Vec<Role> {
    (1..).map_while(|number| Role::try_from(number).ok()).collect()
}

/// The request breaks a rule of its fields wherever one can be broken, so that a call which is granted has no effect.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_answers_the_roles_of_its_rule_and_no_other() {
    let world = World::start().await;
    let before = world.at_rest().await;
    let tokens: Vec<(Role, String)> = roles().into_iter().map(|role| (role, world.token(role))).collect();
    for rpc in contract::rpcs() {
        let now = world.clock.now();
        let broken = requests::broken(&rpc.request(), now).into_iter().next();
        let expected =
            if broken.is_some() { Some((Code::InvalidArgument, "FIELD_VIOLATION".to_owned())) } else { None };
        let request = broken.map_or_else(|| DynamicMessage::new(rpc.request()), |case| case.request);
        for (role, token) in &tokens {
            let outcome = wire::call(&world.channel, &rpc, Some(token), &request).await.err();
            let refused = outcome.as_ref().map(|status| (status.code(), reason(status)));
            if rpc.access.any_of.contains(role) {
                assert_eq!(refused, expected, "{} as {role:?}", rpc.path());
            } else {
                let missing = Some((Code::PermissionDenied, "GRANT_MISSING".to_owned()));
                assert_eq!(refused, missing, "{} as {role:?}", rpc.path());
            }
        }
    }
    assert_eq!(world.at_rest().await, before, "a refused call left something in the log");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_of_ours_nothing_answers() {
    let world = World::start().await;
    let stranger = World::start().await;
    let foreign = stranger.token(Role::Auditor);
    let own = world.token(Role::Auditor);
    let cut = &own[..own.len() - 4];
    for rpc in contract::rpcs() {
        let request = requests::obedient(&rpc.request(), world.clock.now());
        for (what, token) in
            [("no token", None), ("another's token", Some(foreign.as_str())), ("a cut token", Some(cut))]
        {
            let status = wire::call(&world.channel, &rpc, token, &request).await.expect_err(rpc.path());
            assert_eq!(status.code(), Code::Unauthenticated, "{} with {what}: {}", rpc.path(), status.message());
            assert_eq!(reason(&status), "TOKEN_MISSING_OR_INVALID", "{}", rpc.path());
        }
    }
    stranger.stop().await;
    world.stop().await;
}

/// Health answers anybody: who supervises the process has no token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_answers_without_a_token() {
    let world = World::start().await;
    let mut health = tonic_health::pb::health_client::HealthClient::new(world.channel.clone());
    let services: Vec<String> = contract::services().iter().map(|service| service.full_name().to_owned()).collect();
    for service in services.into_iter().chain([String::new()]) {
        let request = tonic_health::pb::HealthCheckRequest { service: service.clone() };
        let reply = health.check(request).await.unwrap_or_else(|status| panic!("`{service}`: {status}")).into_inner();
        assert_eq!(reply.status(), tonic_health::pb::health_check_response::ServingStatus::Serving, "`{service}`");
    }
    world.stop().await;
}
