//! Promise 4: a read model that was lost is made anew from the log, and nobody can tell the difference.

use std::fs;

use casebook::system::Layout;
use casebook_proto::audit::v1::{self as audit, NotedHeadOutcome};
use casebook_proto::enforcement::v1::{ListOrderHistoryRequest, OrderLateness};
use chrono::TimeDelta;

use crate::journeys::docket::{Docket, account, execute, mute};
use crate::journeys::spine::{Matter, Step};
use crate::journeys::{Journey, people};
use crate::snapshot;
use crate::world::World;

/// Rows, cursors of reactions, timers and the audit's copies are all in the folder that is removed.
async fn without_read_models(journey: Journey) -> Journey {
    let Journey { world, .. } = journey;
    let clock = world.clock.clone();
    let folder = world.stop().await;
    let rows = Layout::of(folder.path()).read_models;
    assert!(fs::read_dir(&rows).expect("the rows' folder").count() >= 5, "each service keeps its own");
    fs::remove_dir_all(&rows).expect("removed");
    Journey::on(World::open(folder, clock).await)
}

/// After the whole spine, with every kind of resource and every kind of order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_rows_come_back_as_they_were() {
    let journey = Journey::begin().await;
    let mut matter = Matter::default();
    for step in Step::ALL {
        matter.play(step, &journey).await;
    }
    let live = snapshot::take(&journey).await;
    let noted = chain_head(&journey).await;
    let head = journey.world.at_rest().await;

    let journey = without_read_models(journey).await;
    assert_eq!(journey.world.at_rest().await, head, "reactions that see everything once more write nothing");
    snapshot::assert_same(&live, &snapshot::take(&journey).await, "after the rows were lost");
    journey.world.rows_agree().await;

    // What the auditor noted of the lost copies is confirmed by the new ones.
    let noted_head = Some(audit::NotedHead { position: noted.position, chain_sha256: noted.chain_sha256 });
    let verify = audit::VerifyRangeRequest { noted_head, ..Default::default() };
    let verified = journey.desk(people::auditor()).audit().verify_range(verify).await.expect("verified").into_inner();
    assert_eq!((verified.noted_head(), verified.first_difference), (NotedHeadOutcome::Confirmed, None));
    journey.world.stop().await;
}

async fn chain_head(journey: &Journey) -> audit::ChainHead {
    let request = audit::GetChainHeadRequest { at_least_position: journey.world.at_rest().await.0 };
    let reply = journey.desk(people::auditor()).audit().get_chain_head(request).await.expect("a head");
    reply.into_inner().head.expect("a head")
}

/// Promise 8: a deadline that ran when the index was lost fires, and once; one that had fired does not fire again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlines_survive_the_loss_of_their_index() {
    let journey = Journey::begin().await;
    let docket =
        Docket::decide(&journey, "V-01", &[mute(&account("weibo", "u-1"), 7), mute(&account("douyin", "u-1"), 7)])
            .await;
    execute(&journey, &docket.order("douyin", "MUTED").await).await;
    let silent = docket.order("weibo", "MUTED").await.order_id;
    journey.world.clock.turn_by(TimeDelta::hours(24));
    docket.until_order(&silent, |order| order.lateness() == OrderLateness::Overdue).await;
    let (case_id, lead_id, accounts) = (docket.case_id.clone(), docket.lead_id.clone(), docket.accounts.clone());

    let journey = without_read_models(journey).await;
    let docket = Docket::of(&journey, &case_id, &lead_id, &accounts);
    journey.world.at_rest().await;
    journey.world.clock.turn_by(TimeDelta::hours(24));
    docket.until_order(&silent, |order| order.lateness() == OrderLateness::Escalated).await;
    let history = ListOrderHistoryRequest { order_id: silent, ..Default::default() };
    let history = docket.desk("officer-1").enforcement().list_order_history(history).await.expect("a history");
    let entries = history.into_inner().entries;
    let types: Vec<_> = entries.iter().filter_map(|entry| entry.event_type.rsplit('.').next()).collect();
    assert_eq!(types, ["OrderIssued", "OrderOverdue", "OrderEscalated"]);
    journey.world.stop().await;
}
