//! Promise 6, for `casebook verify`: it looks and changes nothing, and a chain that is gone is a finding.

use std::fs;

use casebook::client::Client;
use casebook::system::{Layout, LogAt};
use casebook::verification::{NotedHead, verify};
use casebook_execution::Clock as _;
use casebook_proto::audit::v1::GetChainHeadRequest;
use casebook_proto::common::v1::Role;

use chrono::TimeDelta;

use crate::journeys::reviewing::{CURE, capture};
use crate::journeys::{request_id, time};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verifying_changes_nothing_and_misses_a_chain_that_is_gone() {
    let world = World::start().await;
    let client = |role| Client::over(world.channel.clone(), &world.token(role)).expect("a client");
    let report = casebook_proto::review::v1::FileReportRequest {
        request_id: request_id(),
        item: Some(casebook_proto::review::v1::ItemCapture {
            published_at: time("2026-03-01T02:00:00Z"),
            ..capture("M-verify", CURE)
        }),
        channel: casebook_proto::review::v1::Channel::Hotline12345.into(),
        reasons: "自称根治".into(),
        region: "310000".into(),
        ..Default::default()
    };
    client(Role::Intake).review().file_report(report.clone()).await.expect("filed");
    world.clock.turn_to(world.clock.now() + TimeDelta::minutes(5));
    let later = casebook_proto::review::v1::FileReportRequest { request_id: request_id(), ..report };
    client(Role::Intake).review().file_report(later).await.expect("filed");
    let position = world.at_rest().await;
    let asked = GetChainHeadRequest { at_least_position: position.0 };
    let noted = client(Role::Auditor).audit().get_chain_head(asked).await.expect("a head").into_inner().head;
    let noted = noted.expect("a head");
    let folder = world.stop().await;

    // The report's deadline has passed by the clock on the wall: whoever looks does not let it.
    let agrees = verify(folder.path(), &LogAt::default(), None, None).await.expect("verified");
    assert_eq!((agrees.mismatches(), agrees.head), (0, position), "{:?}", agrees.views);
    assert!(agrees.views.len() > 8, "every table of every service");
    let again = verify(folder.path(), &LogAt::default(), None, None).await.expect("verified");
    assert_eq!(again.head, position, "nothing was written");

    let head = |chain: &str| format!("{}:{chain}", noted.position).parse::<NotedHead>().expect("a head");
    let confirmed =
        verify(folder.path(), &LogAt::default(), None, Some(head(&noted.chain_sha256))).await.expect("verified");
    assert_eq!(confirmed.mismatches(), 0, "{:?}", confirmed.views);
    let contradicted =
        verify(folder.path(), &LogAt::default(), None, Some(head(&"0".repeat(64)))).await.expect("verified");
    assert_eq!(contradicted.mismatches(), 1, "{:?}", contradicted.views);
    for wrong in ["", "7", "x:00", "7:00"] {
        assert!(wrong.parse::<NotedHead>().is_err(), "{wrong}");
    }

    fs::remove_dir_all(Layout::of(folder.path()).read_models).expect("removed");
    for _ in 0..2 {
        let gone = verify(folder.path(), &LogAt::default(), None, None).await.expect("verified");
        assert_eq!(gone.mismatches(), 1, "it is not made anew by whoever looks for it: {:?}", gone.views);
    }
    let nothing = tempfile::tempdir().expect("a folder");
    assert_eq!(
        verify(nothing.path(), &LogAt::default(), None, None).await.expect("verified").mismatches(),
        0,
        "nothing to look at"
    );
    assert!(verify(&nothing.path().join("none"), &LogAt::default(), None, None).await.is_err());
}
