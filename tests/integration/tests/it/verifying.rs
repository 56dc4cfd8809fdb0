//! Promise 6, for `casebook verify`: it looks and changes nothing, and a chain that is gone is a finding.

use std::fs;
use std::path::Path;

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

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for file in fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file");
        if file.path().is_file() {
            fs::copy(file.path(), to.join(file.file_name())).expect("copied");
        }
    }
}

/// A log beside old rows: the chain in it says nothing of what was written since, and is not
/// extended over it by whoever looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_ends_long_before_the_log_is_a_finding() {
    let file = async |world: &World, item: &str| {
        let report = casebook_proto::review::v1::FileReportRequest {
            request_id: request_id(),
            item: Some(casebook_proto::review::v1::ItemCapture {
                published_at: time("2026-03-01T02:00:00Z"),
                ..capture(item, CURE)
            }),
            channel: casebook_proto::review::v1::Channel::Hotline12345.into(),
            reasons: "自称根治".into(),
            region: "310000".into(),
            ..Default::default()
        };
        let client = Client::over(world.channel.clone(), &world.token(Role::Intake)).expect("a client");
        client.review().file_report(report).await.expect("filed");
        world.at_rest().await
    };
    let world = World::start().await;
    let clock = world.clock.clone();
    let reached = file(&world, "M-first").await;
    // The rows stay where they are, and the log goes on elsewhere: so they are an old copy when it comes back.
    let old = world.stop().await;
    let on = tempfile::tempdir().expect("a folder");
    let (here, there) = (Layout::of(old.path()), Layout::of(on.path()));
    copy_files(old.path(), on.path());
    copy_files(&here.keys, &there.keys);
    copy_files(&here.log, &there.log);
    let put_back = || {
        fs::remove_dir_all(&here.log).expect("removed");
        copy_files(&there.log, &here.log);
    };

    // A process that is killed leaves a few moments without the chain.
    let world = World::open(on, clock.clone()).await;
    let second = file(&world, "M-second").await;
    let on = world.stop().await;
    put_back();
    let killed = verify(old.path(), &LogAt::default(), None, None).await.expect("verified");
    assert_eq!((killed.mismatches(), killed.chain_reached), (0, reached), "{:?}", killed.views);

    let world = World::open(on, clock.clone()).await;
    file(&world, "M-third").await;
    clock.turn_to(clock.now() + TimeDelta::minutes(5));
    file(&world, "M-fourth").await;
    let _on = world.stop().await;
    put_back();
    for _ in 0..2 {
        let stale = verify(old.path(), &LogAt::default(), None, None).await.expect("verified");
        assert_eq!((stale.mismatches(), stale.chain_reached), (1, second), "{:?}", stale.views);
    }

    // The log is gone, and its folder is not: nobody makes an empty one to agree with.
    let log = &here.log;
    fs::remove_dir_all(log).expect("removed");
    fs::create_dir_all(log).expect("an empty folder");
    for _ in 0..2 {
        let gone = verify(old.path(), &LogAt::default(), None, None).await.expect("verified");
        assert_eq!(gone.mismatches(), 1, "{:?}", gone.views);
        assert_eq!(fs::read_dir(log).expect("the folder").count(), 0, "whoever looks makes nothing");
    }
}
