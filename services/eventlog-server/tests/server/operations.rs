//! What else the official client can do with streams, and how it hears what is not served.

use std::time::Duration;

use casebook_eventlog_server::Access;
use kurrentdb::{
    Acl, Error, ListPersistentSubscriptionsOptions, PersistentSubscriptionOptions, ReadAllOptions, ReadStreamOptions,
    RetryOptions, StreamAcl, StreamMetadata, StreamMetadataBuilder, StreamMetadataResult, StreamPosition, StreamState,
    SubscribeToAllOptions, SubscribeToStreamOptions, Subscription, SubscriptionFilter, TombstoneStreamOptions,
};

use crate::served::{Served, event, events, stream};

const PATIENCE: Duration = Duration::from_secs(20);

async fn next_type(subscription: &mut Subscription) -> String {
    let next = tokio::time::timeout(PATIENCE, subscription.next()).await;
    next.expect("in time").expect("an event").get_original_event().event_type.clone()
}

#[tokio::test]
async fn a_client_asks_first_whom_it_talks_to() {
    let served = Served::begin().await;
    let info = served.client().server_info().await.expect("an answer");
    let version = info.version();
    assert_eq!((version.major(), version.minor()), (24, 10));
}

#[tokio::test]
async fn all_of_the_metadata_comes_back() {
    let served = Served::begin().await;
    let (client, name) = (served.client(), stream("case"));
    assert!(matches!(
        client.get_stream_metadata(name.as_str(), &Default::default()).await,
        Ok(StreamMetadataResult::NotFound)
    ));
    let list = StreamAcl { read_roles: Some(vec!["li".into(), "$ops".into()]), ..Default::default() };
    for (version, acl) in [Acl::Stream(list), Acl::UserStream, Acl::SystemStream].into_iter().enumerate() {
        let given: StreamMetadata = StreamMetadataBuilder::new()
            .max_count(3)
            .max_age(Duration::from_secs(60))
            .truncate_before(2)
            .cache_control(Duration::from_secs(5))
            .acl(acl)
            .insert_custom_property("note", "n")
            .build();
        client.set_stream_metadata(name.as_str(), &Default::default(), &given).await.expect("set");
        match client.get_stream_metadata(name.as_str(), &Default::default()).await.expect("metadata") {
            StreamMetadataResult::Success(found) => {
                assert_eq!((found.version(), found.metadata()), (version as u64, &given));
            }
            other => panic!("{other:?}"),
        }
    }
    client.append_to_stream(name.as_str(), &Default::default(), event("Opened", 0)).await.expect("appended");
    client.tombstone_stream(name.as_str(), &TombstoneStreamOptions::default()).await.expect("ended");
    let ended = client.get_stream_metadata(name.as_str(), &Default::default()).await;
    // The client has a word for it, but only where it comes behind a first response.
    assert!(matches!(ended, Err(Error::ResourceDeleted)), "{ended:?}");
}

/// Metadata is a stream, and has a state that can be expected.
#[tokio::test]
async fn metadata_is_written_at_an_expected_revision() {
    let served = Served::begin().await;
    let (client, name) = (served.client(), stream("case"));
    let given = StreamMetadataBuilder::new().max_count(3).build();
    let at = |state| kurrentdb::AppendToStreamOptions::default().stream_state(state);
    client.set_stream_metadata(name.as_str(), &at(StreamState::NoStream), &given).await.expect("set");
    let again = client.set_stream_metadata(name.as_str(), &at(StreamState::NoStream), &given).await;
    assert!(matches!(again, Err(Error::WrongExpectedVersion { .. })), "{again:?}");
    client.set_stream_metadata(name.as_str(), &at(StreamState::StreamRevision(0)), &given).await.expect("set");
    let read = ReadStreamOptions::default().position(StreamPosition::Start);
    let mut read = client.read_stream(format!("$${name}"), &read).await.expect("a read");
    // Of metadata, the newest is all there is.
    let only = read.next().await.expect("an event").expect("an event");
    assert_eq!((only.get_original_event().revision, only.get_original_event().event_type.as_str()), (1, "$metadata"));
    assert!(read.next().await.expect("the end").is_none());
}

#[tokio::test]
async fn what_follows_is_filtered_in_every_way() {
    let served = Served::begin().await;
    let client = served.client();
    let (kind, other) = (format!("Kind{}", uuid::Uuid::new_v4().simple()), stream("order"));
    let mut subscriptions = Vec::new();
    for filter in [
        SubscriptionFilter::on_event_type().add_prefix(&kind),
        SubscriptionFilter::on_event_type().regex(format!("^{kind}$")),
        SubscriptionFilter::on_stream_name().add_prefix(&other),
        SubscriptionFilter::on_stream_name().regex("^order-"),
        SubscriptionFilter::on_event_type().regex("^(?!Other)"),
    ] {
        let options = SubscribeToAllOptions::default().position(StreamPosition::Start).filter(filter);
        subscriptions.push(client.subscribe_to_all(&options).await);
    }
    client.append_to_stream(stream("case"), &Default::default(), events("Other", 50)).await.expect("appended");
    client.append_to_stream(other.as_str(), &Default::default(), event(&kind, 0)).await.expect("appended");
    for subscription in &mut subscriptions {
        assert_eq!(next_type(subscription).await, kind);
    }
}

#[tokio::test]
async fn links_are_resolved_for_those_who_follow() {
    let served = Served::begin().await;
    let (client, name, links) = (served.client(), stream("case"), stream("links"));
    client.append_to_stream(name.as_str(), &Default::default(), events("Opened", 2)).await.expect("appended");
    let link = casebook_eventlog::NewEvent {
        id: uuid::Uuid::new_v4(),
        event_type: "$>".into(),
        data: format!("1@{name}").into(),
        metadata: Default::default(),
    };
    let (to, any) = (links.parse().expect("a name"), casebook_eventlog::Expected::Any);
    casebook_eventlog::EventLog::append(&*served.log, &to, any, vec![link]).await.expect("appended");
    let of_stream = SubscribeToStreamOptions::default().start_from(StreamPosition::Start).resolve_link_tos();
    let mut of_stream = client.subscribe_to_stream(links.as_str(), &of_stream).await;
    let filter = SubscriptionFilter::on_stream_name().add_prefix(&links);
    let of_all = SubscribeToAllOptions::default().position(StreamPosition::Start).filter(filter).resolve_link_tos();
    let mut of_all = client.subscribe_to_all(&of_all).await;
    for subscription in [&mut of_stream, &mut of_all] {
        let found = tokio::time::timeout(PATIENCE, subscription.next()).await.expect("in time").expect("an event");
        assert_eq!(found.event.as_ref().map(|event| event.stream_id()), Some(name.as_str()));
        assert_eq!(found.event.map(|event| event.revision), Some(1));
        assert_eq!(found.link.map(|link| link.stream_id().to_owned()), Some(links.clone()));
    }
    let options = ReadAllOptions::default().position(StreamPosition::End).max_count(1).resolve_link_tos();
    let mut read = client.read_all(&options).await.expect("a read");
    assert_eq!(read.next().await.expect("an event").and_then(|found| found.event).map(|event| event.revision), Some(1));
}

/// The client's own way to go on; the adapter has another.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_tries_again_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let any_port = ([127, 0, 0, 1], 0).into();
    let served = Served::with(folder.path(), any_port, Access::Append).await;
    let (address, name) = (served.address, stream("case"));
    served.client().append_to_stream(name.as_str(), &Default::default(), event("First", 0)).await.expect("appended");
    let retry = RetryOptions::default().retry_forever().retry_delay(Duration::from_millis(50));
    let options = SubscribeToStreamOptions::default().start_from(StreamPosition::Start).retry_options(retry);
    let client = served.client();
    let mut followed = client.subscribe_to_stream(name.as_str(), &options).await;
    assert_eq!(next_type(&mut followed).await, "First");
    served.end().await;
    let served = Served::with(folder.path(), address, Access::Append).await;
    served.client().append_to_stream(name.as_str(), &Default::default(), event("Second", 0)).await.expect("appended");
    assert_eq!(next_type(&mut followed).await, "Second");
}

#[tokio::test]
async fn what_is_not_served_is_named_as_that() {
    let served = Served::begin().await;
    let client = served.client();
    let options = PersistentSubscriptionOptions::default();
    let created = client.create_persistent_subscription("case-1", "group", &options).await;
    assert!(matches!(created, Err(Error::UnsupportedFeature)), "{created:?}");
    let options = ListPersistentSubscriptionsOptions::default();
    let listed = client.list_all_persistent_subscriptions(&options).await;
    assert!(listed.is_err(), "{listed:?}");
    // Who asks for it has not lost the connection.
    client.append_to_stream(stream("case"), &Default::default(), event("Opened", 0)).await.expect("appended");
}
