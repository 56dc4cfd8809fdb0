//! Subscriptions of the official client.

use std::time::Duration;

use kurrentdb::{
    Client, Error, Position, StreamPosition, SubscribeToAllOptions, SubscribeToStreamOptions, Subscription,
    SubscriptionEvent, SubscriptionFilter, TombstoneStreamOptions,
};

use crate::served::{Served, event, events, stream};

/// Long enough for a call to begin.
const QUIET: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(20);

async fn write(client: &Client, stream: &str, event_type: &str, count: usize) {
    client.append_to_stream(stream, &Default::default(), events(event_type, count)).await.unwrap();
}

/// What a subscription says next, in short.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Confirmed,
    Event { position: u64, revision: u64 },
    Checkpoint(u64),
    CaughtUp { revision: Option<u64>, position: Option<u64> },
}

/// Not to be given up half way: the client would subscribe anew, from where it began.
async fn said(subscription: &mut Subscription) -> Result<Said, Error> {
    let event = tokio::time::timeout(PATIENCE, subscription.next_subscription_event()).await.expect("in time")?;
    Ok(match event {
        SubscriptionEvent::Confirmed(_) => Said::Confirmed,
        SubscriptionEvent::EventAppeared(event) => {
            let event = event.get_original_event();
            Said::Event { position: event.position.commit, revision: event.revision }
        }
        SubscriptionEvent::Checkpoint(position) => Said::Checkpoint(position.commit),
        SubscriptionEvent::CaughtUp(Some(caught_up)) => Said::CaughtUp {
            revision: caught_up.stream_revision,
            position: caught_up.position.map(|position| position.commit),
        },
        other => panic!("{other:?}"),
    })
}

fn at(position: u64) -> StreamPosition<Position> {
    StreamPosition::Position(Position { commit: position, prepare: position })
}

#[tokio::test]
async fn all_is_followed_behind_a_position() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    write(&client, &stream, "Opened", 3).await;
    for (from, first) in [(StreamPosition::Start, 1), (at(2), 3), (StreamPosition::End, 4)] {
        let mut subscription = client.subscribe_to_all(&SubscribeToAllOptions::default().position(from)).await;
        assert_eq!(said(&mut subscription).await.unwrap(), Said::Confirmed);
        for position in first..=3 {
            let expected = Said::Event { position, revision: position - 1 };
            assert_eq!(said(&mut subscription).await.unwrap(), expected);
        }
        let caught_up = Said::CaughtUp { revision: None, position: Some(3) };
        assert_eq!(said(&mut subscription).await.unwrap(), caught_up, "{from:?}");
    }
    let options = SubscribeToAllOptions::default().position(StreamPosition::End);
    let mut live = client.subscribe_to_all(&options).await;
    assert_eq!(said(&mut live).await.unwrap(), Said::Confirmed);
    assert!(matches!(said(&mut live).await.unwrap(), Said::CaughtUp { .. }));
    write(&client, &stream, "Closed", 2).await;
    assert_eq!(said(&mut live).await.unwrap(), Said::Event { position: 4, revision: 3 });
    assert_eq!(said(&mut live).await.unwrap(), Said::Event { position: 5, revision: 4 });
}

#[tokio::test]
async fn an_empty_log_is_followed_at_once() {
    let served = Served::begin().await;
    let client = served.client();
    let mut subscription = client.subscribe_to_all(&Default::default()).await;
    assert_eq!(said(&mut subscription).await.unwrap(), Said::Confirmed);
    assert_eq!(said(&mut subscription).await.unwrap(), Said::CaughtUp { revision: None, position: None });
    write(&client, &stream("case"), "Opened", 1).await;
    assert_eq!(said(&mut subscription).await.unwrap(), Said::Event { position: 1, revision: 0 });
}

#[tokio::test]
async fn a_filtered_subscription_hears_how_far_it_is() {
    let served = Served::begin().await;
    let client = served.client();
    for _ in 0..4 {
        write(&client, &stream("other"), "Opened", 100).await;
    }
    let filter = SubscriptionFilter::on_stream_name().add_prefix("case-").max(100);
    let mut subscription = client.subscribe_to_all(&SubscribeToAllOptions::default().filter(filter)).await;
    assert_eq!(said(&mut subscription).await.unwrap(), Said::Confirmed);
    assert_eq!(said(&mut subscription).await.unwrap(), Said::Checkpoint(400));
    assert!(matches!(said(&mut subscription).await.unwrap(), Said::CaughtUp { .. }));
    write(&client, &stream("other"), "Opened", 99).await;
    write(&client, &stream("other"), "Opened", 1).await;
    assert_eq!(said(&mut subscription).await.unwrap(), Said::Checkpoint(500));
    write(&client, &stream("case"), "Opened", 1).await;
    assert_eq!(said(&mut subscription).await.unwrap(), Said::Event { position: 501, revision: 0 });
}

#[tokio::test]
async fn a_stream_is_followed_behind_a_revision() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    write(&client, &stream, "Opened", 3).await;
    for (from, first) in [(StreamPosition::Start, 0), (StreamPosition::Position(1), 2), (StreamPosition::End, 3)] {
        let options = SubscribeToStreamOptions::default().start_from(from);
        let mut subscription = client.subscribe_to_stream(stream.as_str(), &options).await;
        assert_eq!(said(&mut subscription).await.unwrap(), Said::Confirmed);
        for revision in first..3 {
            assert_eq!(said(&mut subscription).await.unwrap(), Said::Event { position: revision + 1, revision });
        }
        let caught_up = Said::CaughtUp { revision: Some(2), position: None };
        assert_eq!(said(&mut subscription).await.unwrap(), caught_up, "{from:?}");
    }
}

#[tokio::test]
async fn a_stream_is_followed_before_it_is_there() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    let options = SubscribeToStreamOptions::default().start_from(StreamPosition::Start);
    let mut subscription = client.subscribe_to_stream(stream.as_str(), &options).await;
    assert_eq!(said(&mut subscription).await.unwrap(), Said::Confirmed);
    assert_eq!(said(&mut subscription).await.unwrap(), Said::CaughtUp { revision: None, position: None });
    // One whose name merely begins in the same way is another.
    write(&client, &format!("{stream}0"), "Opened", 1).await;
    write(&client, &stream, "Opened", 1).await;
    assert_eq!(said(&mut subscription).await.unwrap(), Said::Event { position: 2, revision: 0 });
}

#[tokio::test]
async fn a_tombstone_ends_those_who_follow_the_stream() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    write(&client, &stream, "Opened", 1).await;
    let options = SubscribeToStreamOptions::default().start_from(StreamPosition::End);
    let mut subscription = client.subscribe_to_stream(stream.as_str(), &options).await;
    assert_eq!(said(&mut subscription).await.unwrap(), Said::Confirmed);
    assert!(matches!(said(&mut subscription).await.unwrap(), Said::CaughtUp { .. }));
    client.tombstone_stream(stream.as_str(), &TombstoneStreamOptions::default()).await.unwrap();
    assert!(matches!(said(&mut subscription).await, Err(Error::ResourceDeleted)));
}

/// While writers write, a follower that begins in the past misses and repeats nothing on its way to the present.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_between_the_past_and_the_present() {
    const EVENTS: u64 = 1200;
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    write(&client, &stream, "Opened", 200).await;
    let writing = tokio::spawn({
        let (client, stream) = (served.client(), stream.clone());
        async move {
            for number in 200..EVENTS {
                client
                    .append_to_stream(stream.as_str(), &Default::default(), event("Opened", number as usize))
                    .await
                    .unwrap();
            }
        }
    });
    let options = SubscribeToStreamOptions::default().start_from(StreamPosition::Start);
    let mut of_stream = client.subscribe_to_stream(stream.as_str(), &options).await;
    let mut of_all = client.subscribe_to_all(&Default::default()).await;
    for expected in 0..EVENTS {
        let event = tokio::time::timeout(PATIENCE, of_stream.next()).await.expect("in time").unwrap();
        assert_eq!(event.get_original_event().revision, expected);
        let event = tokio::time::timeout(PATIENCE, of_all.next()).await.expect("in time").unwrap();
        assert_eq!(event.get_original_event().revision, expected);
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn a_server_that_stops_says_so_to_those_who_follow() {
    let served = Served::begin().await;
    let client = served.client();
    let mut subscription = client.subscribe_to_all(&Default::default()).await;
    assert_eq!(said(&mut subscription).await.unwrap(), Said::Confirmed);
    assert!(matches!(said(&mut subscription).await.unwrap(), Said::CaughtUp { .. }));
    let following = tokio::spawn(async move { said(&mut subscription).await });
    tokio::time::sleep(QUIET).await;
    served.end().await;
    let ended = following.await.unwrap();
    assert!(matches!(ended, Err(Error::ServerError(_))), "{ended:?}");
}
