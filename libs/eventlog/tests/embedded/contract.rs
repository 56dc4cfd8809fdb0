use std::sync::Arc;

use casebook_eventlog::EventLog;
use casebook_eventlog::contract::{Report, run_all};
use casebook_eventlog::embedded::{EmbeddedLog, Options};

async fn check(options: Options) -> Report {
    let root = tempfile::tempdir().expect("a folder");
    let count = std::cell::Cell::new(0);
    run_all(async || {
        count.set(count.get() + 1);
        let folder = root.path().join(count.get().to_string());
        Arc::new(EmbeddedLog::open(&folder, options.clone()).expect("a log")) as Arc<dyn EventLog>
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_contract_is_kept() {
    let report = check(Options::default()).await;
    assert!(report.is_kept(), "{report}");
}

/// With a feed this small every follower falls behind it again and again and goes back to the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_contract_is_kept_with_hardly_any_memory() {
    let report = check(Options { feed_events_max: 3, feed_bytes_max: 4096, ..Options::default() }).await;
    assert!(report.is_kept(), "{report}");
}

#[tokio::test]
async fn the_contract_is_kept_on_one_thread() {
    let report = check(Options::default()).await;
    assert!(report.is_kept(), "{report}");
}
