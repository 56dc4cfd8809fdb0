//! Clients that do not read what they asked for.

use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog_server::proto::shared::{Empty, StreamIdentifier};
use casebook_eventlog_server::proto::streams::read_req::options::stream_options::RevisionOption;
use casebook_eventlog_server::proto::streams::read_req::options::{
    CountOption, StreamOption, StreamOptions, SubscriptionOptions,
};
use casebook_eventlog_server::proto::streams::read_resp::Content;

use crate::program::{address, program};
use crate::raw::{connected, everything, from, read, write};

/// Reads of each kind, on a connection of their own.
const EACH: usize = 50;
const EVENT_BYTES: usize = 16 << 10;
/// More than 512 events: one page of so many would hold 8 MiB.
const EVENTS: usize = 1024;
/// A page, and what of it is on its way in the server.
const HELD_BYTES_MAX: usize = 2 << 20;

fn a_stream(backwards: bool) -> StreamOption {
    let stream_identifier = Some(StreamIdentifier { stream_name: "case-1".into() });
    let end = if backwards { RevisionOption::End(Empty {}) } else { RevisionOption::Start(Empty {}) };
    StreamOption::Stream(StreamOptions { stream_identifier, revision_option: Some(end) })
}

fn links() -> StreamOption {
    let stream_identifier = Some(StreamIdentifier { stream_name: "links".into() });
    StreamOption::Stream(StreamOptions { stream_identifier, revision_option: None })
}

/// The memory of a process that is its own.
#[cfg(target_os = "linux")]
fn resident(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("its memory");
    let kib: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib << 10
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn reads_that_nobody_goes_on_with_hold_a_page_each() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(folder.path(), Options::default()).expect("a log");
    write(&log, "case-1", "Read", EVENTS, &vec![b'7'; EVENT_BYTES]).await;
    write(&log, "links", "$>", EVENTS, b"0@case-1").await;
    log.close().await;
    drop(log);
    let mut running =
        program().args(["--listen", "127.0.0.1:0", "--log-dir"]).arg(folder.path()).spawn().expect("it starts");
    let address = address(&mut running).await.parse().expect("an address");
    let process = running.id().expect("it runs");
    let (whole, follow) = (CountOption::Count(u64::MAX), CountOption::Subscription(SubscriptionOptions {}));
    let mut resolved = from(links(), false, whole);
    resolved.resolve_links = true;
    let kinds = [
        from(everything(false), false, whole),
        from(everything(true), true, whole),
        from(everything(false), false, follow),
        from(a_stream(false), false, whole),
        from(a_stream(true), true, whole),
        from(a_stream(false), false, follow),
        resolved,
    ];
    let before = resident(process);
    let mut stuck = Vec::new();
    for options in &kinds {
        let mut client = connected(address).await;
        for _ in 0..EACH {
            let mut slow = read(&mut client, options.clone()).await.expect("a read");
            // Behind its first event, a read holds what it took with it.
            while !matches!(slow.message().await.expect("goes on").expect("more").content, Some(Content::Event(_))) {}
            stuck.push(slow);
        }
    }
    let grown = resident(process).saturating_sub(before);
    let bound = stuck.len() * HELD_BYTES_MAX;
    assert!(grown <= bound, "{} reads hold {} MiB, more than {}", stuck.len(), grown >> 20, bound >> 20);
}
