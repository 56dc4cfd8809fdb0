//! Promise 4: state after a restart at every step equals live state.

use std::cell::RefCell;

use casebook::client::Client;
use casebook_proto::common::v1::Role;
use casebook_proto::enforcement::v1::{Case, GetCaseRequest, StreamOrdersRequest};
use proptest::test_runner::{Config, TestRunner};

use crate::journeys::docket::{Docket, account};
use crate::journeys::spine::{Matter, Step};
use crate::journeys::{Journey, people};
use crate::moves::{Move, moves};
use crate::snapshot;
use crate::world::World;

/// How many random histories are tried: each is a case of its own.
const HISTORIES: u32 = 8;

/// Between any two steps of the spine everything is stopped and started again on the same folder: what callers see, one
/// by one and in lists, is what they saw. At the end each step's case is what a replay as of its position gives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_at_every_step_changes_nothing() {
    let mut journey = Journey::begin().await;
    let mut matter = Matter::default();
    let mut cases = Vec::new();
    for step in Step::ALL {
        matter.play(step, &journey).await;
        let position = journey.world.at_rest().await.0;
        let live = snapshot::take(&journey).await;
        journey = journey.restarted().await;
        let again = snapshot::take(&journey).await;
        snapshot::assert_same(&live, &again, &format!("after {step:?}"));
        journey.world.rows_agree().await;
        cases.push((step, position, live.get(&format!("case {}", matter.case_id)).cloned()));
    }
    for (step, position, live) in cases {
        let Some(live) = live else { continue };
        let case = as_of(&journey, &matter.case_id, position).await;
        assert_eq!(format!("{case:?}"), live, "as of {step:?}");
    }
    journey.world.stop().await;
}

async fn as_of(journey: &Journey, case_id: &str, as_of_position: u64) -> Case {
    let request = GetCaseRequest { case_id: case_id.into(), as_of_position, ..Default::default() };
    let auditor = journey.desk(people::auditor());
    auditor.enforcement().get_case(request).await.expect("there").into_inner().case.expect("the case")
}

/// Any commands in any order, refused ones among them: a replay as of each moment gives what was seen then, and a restart
/// at the end gives what was seen at the end.
#[test]
fn a_restart_after_any_commands_changes_nothing() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let journey = RefCell::new(Some(runtime.block_on(Journey::begin())));
    let made = RefCell::new((0, 0));
    let config = Config { cases: HISTORIES, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
    let outcome = TestRunner::new(config).run(&moves(), |moves| {
        let running = journey.take().expect("the first history that fails is the last");
        let mut made = made.borrow_mut();
        let uid = format!("m-{}", made.0 + made.1);
        let (restarted, accepted, refused) = runtime.block_on(play_and_restart(running, &uid, &moves));
        *made = (made.0 + accepted, made.1 + refused);
        journey.replace(Some(restarted));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let (accepted, refused) = made.take();
    assert!(accepted > 0 && refused > 0, "{accepted} accepted, {refused} refused: both kinds are to be tried");
    runtime.block_on(journey.take().expect("it still runs").world.stop());
}

/// Makes the moves on a new case and gives how many were accepted and how many refused.
async fn play_and_restart(journey: Journey, uid: &str, moves: &[Move]) -> (Journey, usize, usize) {
    let docket = Docket::open(&journey, "V-01", &[account("weibo", uid)]).await;
    let mut seen = Vec::new();
    let mut accepted = 0;
    for one in moves {
        accepted += usize::from(one.make(&docket).await);
        let position = journey.world.at_rest().await.0;
        seen.push((one, position, docket.case().await));
    }
    for (one, position, live) in seen {
        assert_eq!(as_of(&journey, &docket.case_id, position).await, live, "as of {one:?} in {moves:?}");
    }
    // Hours may have passed: what they made due must have happened before the picture is taken.
    journey.world.settled().await;
    let live = snapshot::take(&journey).await;
    let journey = journey.restarted().await;
    snapshot::assert_same(&live, &snapshot::take(&journey).await, "after a restart");
    journey.world.rows_agree().await;
    (journey, accepted, moves.len() - accepted)
}

/// A platform that stays connected learns that the service is going down, and does not hold it up: promised are 10 seconds for
/// calls that run, not 10 seconds for streams that never end.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_does_not_hold_up_the_end() {
    let world = World::start().await;
    let client = Client::over(world.channel.clone(), &world.token(Role::Platform)).expect("a client");
    let mut platform = client.platform();
    let mut orders = platform.stream_orders(StreamOrdersRequest::default()).await.expect("a stream").into_inner();
    let begun = std::time::Instant::now();
    world.stop().await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    let end = orders.message().await.expect_err("the service is going down");
    assert_eq!(end.code(), tonic::Code::Unavailable);
}
