//! A position that the log has not reached is refused wherever one may be named: no reply can have given it, and whoever
//! waits for it would wait in vain.

use casebook_execution::Clock as _;
use prost_reflect::{DynamicMessage, Value};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::contract::{self, Rpc};
use crate::world::{World, reason};
use crate::{requests, wire};

/// The fields that name a place in the log.
const NAMES: [&str; 3] = ["as_of_position", "at_least_position", "after_position"];
const FAR_BEYOND: u64 = 1 << 40;

/// Says no more than what is required, what it is about, and the position.
fn asking(rpc: &Rpc, position: &str, world: &World) -> DynamicMessage {
    let full = requests::obedient(&rpc.request(), world.clock.now());
    let mut request = DynamicMessage::new(rpc.request());
    for field in rpc.request().fields() {
        let names_what = field.name().ends_with("_id") && !field.is_list();
        if contract::rule(&field).required || names_what {
            request.set_field(&field, full.get_field(&field).into_owned());
        }
    }
    if let Some(violation) = rpc.request().get_field_by_name("violation").filter(|field| contract::rule(field).required)
    {
        request.set_field(&violation, Value::String("V-01".into()));
    }
    request.set_field_by_name(position, Value::U64(FAR_BEYOND));
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_beyond_the_log_is_refused_by_every_method_that_takes_one() {
    let world = World::start().await;
    let mut tried = Vec::new();
    for rpc in contract::rpcs() {
        let request = rpc.request();
        for field in NAMES.into_iter().filter(|name| request.get_field_by_name(name).is_some()) {
            let token = world.token(rpc.access.any_of[0]);
            let outcome = wire::call(&world.channel, &rpc, Some(&token), &asking(&rpc, field, &world)).await;
            let status = outcome.err().unwrap_or_else(|| panic!("{} took {field}", rpc.path()));
            let told = (status.code(), reason(&status));
            assert_eq!(told, (Code::OutOfRange, "POSITION_BEYOND_HEAD".to_owned()), "{} {field}: {status}", rpc.path());
            let details = status.get_error_details();
            let named = details.bad_request().and_then(|it| it.field_violations.first()).map(|it| it.field.clone());
            assert_eq!(named.as_deref(), Some(field), "{}", rpc.path());
            tried.push(rpc.name().to_owned());
        }
    }
    assert!(tried.len() > 20, "{tried:?}");
    world.stop().await;
}
