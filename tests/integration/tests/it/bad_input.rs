//! Whatever is wrong with a request is said by the name of its field, and nothing is written.
//!
//! The cases are not written by hand: every rule of every field of every request is broken once, over the wire, against the running
//! system. A field that is added to the protos is tried without anybody thinking of it.

use casebook_execution::Clock as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::contract::{self, Rpc};
use crate::requests::{self, Broken};
use crate::wire;
use crate::world::{self, World};

/// As many as the report of a failure names.
const NAMED_MAX: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broken_rule_of_every_request_is_refused_by_the_name_of_its_field() {
    let world = World::start().await;
    let before = world.at_rest().await;
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for rpc in contract::rpcs() {
        let token = world.token(rpc.access.any_of[0]);
        for case in requests::broken(&rpc.request(), world.clock.now()) {
            let outcome = wire::call(&world.channel, &rpc, Some(&token), &case.request).await;
            tried += 1;
            if let Err(reason) = names_the_field(&case, outcome.map(|_| ())) {
                wrong.push(format!("{} {} = {}: {reason}", rpc.path(), case.field, case.what));
            }
        }
    }
    let named = wrong.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join("\n  ");
    assert!(wrong.is_empty(), "{} of {tried} cases are not refused as they should be:\n  {named}", wrong.len());
    assert_eq!(world.at_rest().await, before, "bad input left something in the log");
    println!("{tried} broken requests of {} methods were refused", contract::rpcs().len());
    world.stop().await;
}

fn names_the_field(case: &Broken, outcome: Result<(), Status>) -> Result<(), String> {
    let status = outcome.err().ok_or("it was taken")?;
    if status.code() != Code::InvalidArgument {
        return Err(format!("{:?}: {}", status.code(), status.message()));
    }
    let details = status.get_error_details();
    let reason = details.error_info().map_or("", |info| info.reason.as_str());
    if reason != "FIELD_VIOLATION" {
        return Err(format!("the reason is `{reason}`"));
    }
    let violations = details.bad_request().map(|it| it.field_violations.as_slice()).unwrap_or_default();
    match violations {
        [one] if one.field == case.field && !one.description.is_empty() => Ok(()),
        other => Err(format!("the violations are {other:?}")),
    }
}

/// Methods whose requests hold nothing but numbers that may be anything, and so have no rule that could be broken. What is no message
/// at all is refused by them as well.
const WITHOUT_RULES: &[&str] = &[
    "/casebook.audit.v1.AuditService/GetChainHead",
    "/casebook.enforcement.v1.PlatformService/StreamOrders",
    "/casebook.review.v1.ReviewService/GetRulePack",
];

#[test]
fn every_method_has_a_case_of_bad_input() {
    let now = world::beginning();
    let without = |rpc: &Rpc| requests::broken(&rpc.request(), now).is_empty();
    let without: Vec<_> = contract::rpcs().into_iter().filter(without).map(|rpc| rpc.path()).collect();
    assert_eq!(without, WITHOUT_RULES, "nothing can be wrong with the requests of these");
}

/// A first field that says to be five bytes long and has one.
const GARBLED: [u8; 3] = [0x0a, 0x05, b'a'];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_message_is_refused_by_every_method() {
    let world = World::start().await;
    let before = world.at_rest().await;
    for rpc in contract::rpcs() {
        let token = world.token(rpc.access.any_of[0]);
        let outcome = wire::call_with_bytes(&world.channel, &rpc, Some(&token), GARBLED.to_vec()).await;
        let status = outcome.err().unwrap_or_else(|| panic!("{} took it", rpc.path()));
        assert!([Code::Internal, Code::InvalidArgument].contains(&status.code()), "{}: {status}", rpc.path());
        assert!(status.message().contains("decode"), "{} says `{}`", rpc.path(), status.message());
    }
    assert_eq!(world.at_rest().await, before, "what was no message left something in the log");
    world.stop().await;
}

/// A request that says nothing at all is told everything that it lacks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_write_is_told_everything_that_is_missing() {
    let world = World::start().await;
    for rpc in contract::rpcs().into_iter().filter(|rpc| rpc.access.writes) {
        let token = world.token(rpc.access.any_of[0]);
        let empty = prost_reflect::DynamicMessage::new(rpc.request());
        let status = wire::call(&world.channel, &rpc, Some(&token), &empty).await.expect_err(rpc.path());
        assert_eq!(status.code(), Code::InvalidArgument, "{}: {}", rpc.path(), status.message());
        let details = status.get_error_details();
        let violations = details.bad_request().map(|it| it.field_violations.as_slice()).unwrap_or_default();
        let told: Vec<&str> = violations.iter().map(|it| it.field.as_str()).collect();
        let request = rpc.request();
        let required = request.fields().filter(|field| contract::rule(field).required);
        let required: Vec<String> = required.map(|field| field.name().to_owned()).collect();
        assert_eq!(told, required, "{}", rpc.path());
    }
    world.stop().await;
}
