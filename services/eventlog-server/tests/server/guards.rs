//! A guard of somebody else's, who lets callers see a part of the log, for a while: as Casebook does with auditors.

use std::sync::Arc;
use std::time::Duration;

use casebook_eventlog::{Direction, EventLog as _, Expected, NewEvent, RecordedEvent, StreamName};
use casebook_eventlog_server::{Access, Call, Caller, Door, Guard, Sight};
use kurrentdb::{
    Error, ReadAllOptions, StreamPosition, SubscribeToAllOptions, SubscribeToStreamOptions, Subscription,
    SubscriptionEvent, SubscriptionFilter,
};
use tonic::Status;
use uuid::Uuid;

use crate::served::{Served, event};

/// Soon enough to wait for it.
pub const SHORT: Duration = Duration::from_secs(2);
/// Longer than any test.
const LONG: Duration = Duration::from_secs(600);
const PATIENCE: Duration = Duration::from_secs(20);

/// Sees what is of the type `Open`, or `Read`.
struct OpenOnly;

#[tonic::async_trait]
impl Sight for OpenOnly {
    async fn shows(&self, event: &RecordedEvent) -> Result<bool, Status> {
        Ok(["Open", "Read"].contains(&&*event.event_type))
    }
}

pub struct For(pub Duration);

#[tonic::async_trait]
impl Guard for For {
    async fn admit(&self, _: Option<&str>, _: Call<'_>) -> Result<Caller, Status> {
        Ok(Caller::anyone(Access::Read).seeing(Arc::new(OpenOnly)).for_so_long(self.0))
    }
}

async fn served(left: Duration) -> (Served, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let door = Door::guarded(Arc::new(For(left)));
    let served = Served::behind(folder.path(), ([127, 0, 0, 1], 0).into(), door).await;
    for (stream, event_type, data) in [
        ("case-shown", "Open", "1"),
        ("case-shown", "Closed", "2"),
        ("case-hidden", "Closed", "3"),
        ("case-hidden", "Open", "4"),
        ("case-shown", "Open", "5"),
        ("links", "$>", "1@case-shown"),
    ] {
        let (name, id): (StreamName, _) = (stream.parse().expect("a name"), Uuid::new_v4());
        let given = NewEvent { id, event_type: event_type.into(), data: data.into(), metadata: Default::default() };
        served.log.append(&name, Expected::Any, vec![given]).await.expect("appended");
    }
    (served, folder)
}

/// The streams and revisions of a subscription until it has caught up, and the revision that this names.
async fn past(subscription: &mut Subscription) -> (Vec<(String, u64)>, Option<u64>) {
    let mut seen = Vec::new();
    loop {
        let next = tokio::time::timeout(PATIENCE, subscription.next_subscription_event()).await.expect("in time");
        match next.expect("goes on") {
            SubscriptionEvent::EventAppeared(event) => {
                let event = event.get_original_event();
                seen.push((event.stream_id().to_owned(), event.revision));
            }
            SubscriptionEvent::CaughtUp(caught_up) => return (seen, caught_up.and_then(|it| it.stream_revision)),
            _ => {}
        }
    }
}

#[tokio::test]
async fn what_is_not_for_a_caller_does_not_exist() {
    let (served, _folder) = served(LONG).await;
    let client = served.client();
    // The second of the hidden stream is open: whoever follows everything sees it, and no stream that it is of.
    let all = [("case-shown", 0), ("case-hidden", 1), ("case-shown", 2)].map(|(name, at)| (name.to_owned(), at));
    for options in [ReadAllOptions::default().forwards(), ReadAllOptions::default().position(StreamPosition::End)] {
        let mut read = client.read_all(&options.resolve_link_tos()).await.expect("a read");
        let mut seen = Vec::new();
        while let Some(event) = read.next().await.expect("an event") {
            let event = event.get_original_event();
            seen.push((event.stream_id().to_owned(), event.revision));
        }
        seen.sort_by_key(|(name, revision)| all.iter().position(|it| *it == (name.clone(), *revision)));
        assert_eq!(seen, all);
    }
    let from_start = SubscribeToAllOptions::default().position(StreamPosition::Start);
    assert_eq!(past(&mut client.subscribe_to_all(&from_start).await).await.0, all);

    for hidden in ["case-hidden", "links", "case-none"] {
        let mut read = client.read_stream(hidden, &Default::default()).await;
        let read = match &mut read {
            Ok(read) => read.next().await.map(drop),
            Err(_) => Err(Error::ResourceNotFound),
        };
        assert!(matches!(read, Err(Error::ResourceNotFound)), "{hidden}: {read:?}");
    }
    let from_start = SubscribeToStreamOptions::default().start_from(StreamPosition::Start);
    for (stream, seen) in
        [("case-shown", &[all[0].clone(), all[2].clone()][..]), ("case-hidden", &[]), ("case-none", &[])]
    {
        let (found, last) = past(&mut client.subscribe_to_stream(stream, &from_start).await).await;
        assert_eq!((&found[..], last), (seen, None), "{stream}");
    }
}

#[tokio::test]
async fn a_subscription_ends_when_its_caller_may_no_longer_call() {
    let (served, _folder) = served(SHORT).await;
    let client = served.client();
    let from_end = SubscribeToAllOptions::default().position(StreamPosition::End);
    let mut followed = client.subscribe_to_all(&from_end).await;
    let ended = tokio::time::timeout(PATIENCE, followed.next()).await.expect("in time");
    assert!(matches!(ended, Err(Error::AccessDenied)), "{ended:?}");
    let refused = client.append_to_stream("case-shown", &Default::default(), event("Open", 0)).await;
    assert!(matches!(refused, Err(Error::AccessDenied)), "{refused:?}");
}

/// A pattern that takes too many steps on what is hidden would tell what stands there.
#[tokio::test]
async fn what_is_not_for_a_caller_is_not_heard_of_by_the_errors_of_a_pattern() {
    let (served, _folder) = served(LONG).await;
    let client = served.client();
    let (hard, name) = ("a".repeat(60), "case-shown".parse::<StreamName>().expect("a name"));
    for event_type in [hard.as_str(), "Open"] {
        let (id, data) = (Uuid::new_v4(), "6".into());
        let given = NewEvent { id, event_type: event_type.into(), data, metadata: Default::default() };
        served.log.append(&name, Expected::Any, vec![given]).await.expect("appended");
    }
    let pattern = r"^(?:Open|(?:(?=a)a|a)*(?!x)b)$";
    let last = served.log.read_stream(&name, Direction::Backwards, None, 2).await.expect("a read");
    let filter = || SubscriptionFilter::on_event_type().regex(pattern);
    let mut found = 0;
    let mut read = client.read_all(&ReadAllOptions::default().filter(filter())).await.expect("a read");
    while read.next().await.expect("no error").is_some() {
        found += 1;
    }
    assert_eq!((found, &*last[1].event_type), (4, hard.as_str()), "the last lies behind what is hidden");
    let from_start = SubscribeToAllOptions::default().position(StreamPosition::Start).filter(filter());
    assert_eq!(past(&mut client.subscribe_to_all(&from_start).await).await.0.len(), 4);
    // Where it may be seen, it is an error.
    let everybody = Served::begin().await;
    let client = everybody.client();
    client.append_to_stream("case-1", &Default::default(), event(&hard, 0)).await.expect("appended");
    let mut read = client.read_all(&ReadAllOptions::default().filter(filter())).await.expect("a read");
    let error = read.next().await.expect_err("too hard").to_string();
    assert!(error.contains("too long to match"), "{error}");
}
