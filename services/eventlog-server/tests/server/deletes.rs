//! Deletes, tombstones and metadata, by the official client.

use std::time::Duration;

use casebook_eventlog_server::Access;
use kurrentdb::{
    Client, DeleteStreamOptions, Error, ReadStreamOptions, StreamMetadataBuilder, StreamMetadataResult, StreamState,
    TombstoneStreamOptions,
};

use crate::served::{Served, event, events, stream};

async fn revisions(client: &Client, stream: &str) -> Result<Vec<u64>, Error> {
    let mut read = client.read_stream(stream, &Default::default()).await?;
    let mut revisions = Vec::new();
    while let Some(event) = read.next().await? {
        revisions.push(event.get_original_event().revision);
    }
    Ok(revisions)
}

#[tokio::test]
async fn a_deleted_stream_is_not_found_and_can_begin_anew() {
    let served = Served::begin().await;
    for state in [StreamState::NoStream, StreamState::Any, StreamState::StreamRevision(2)] {
        let (client, stream) = (served.client(), stream("case"));
        client.append_to_stream(stream.as_str(), &Default::default(), events("Opened", 3)).await.unwrap();
        client.delete_stream(stream.as_str(), &DeleteStreamOptions::default()).await.unwrap().expect("a position");
        assert!(matches!(revisions(&client, &stream).await, Err(Error::ResourceNotFound)));
        let options = kurrentdb::AppendToStreamOptions::default();
        let wrong = options.clone().stream_state(StreamState::StreamExists);
        let refused = client.append_to_stream(stream.as_str(), &wrong, event("Again", 0)).await;
        assert!(matches!(refused, Err(Error::WrongExpectedVersion { .. })), "{refused:?}");
        let written = client.append_to_stream(stream.as_str(), &options.stream_state(state), events("Again", 2)).await;
        assert_eq!(written.unwrap().next_expected_version, 4, "{state:?}");
        assert_eq!(revisions(&client, &stream).await.unwrap(), [3, 4]);
    }
}

/// Otherwise whoever tries again, and expects no stream, would be refused for ever.
#[tokio::test]
async fn a_refused_append_leaves_a_stream_deleted() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    let given = events("Opened", 3);
    client.append_to_stream(stream.as_str(), &Default::default(), given.clone()).await.unwrap();
    client.delete_stream(stream.as_str(), &DeleteStreamOptions::default()).await.unwrap().expect("a position");
    let none = kurrentdb::AppendToStreamOptions::default().stream_state(StreamState::NoStream);
    let taken = vec![event("Again", 0), given[2].clone()];
    let refused = client.append_to_stream(stream.as_str(), &none, taken).await;
    assert!(matches!(refused, Err(Error::Grpc { .. })), "{refused:?}");
    assert!(matches!(revisions(&client, &stream).await, Err(Error::ResourceNotFound)));
    client.append_to_stream(stream.as_str(), &none, event("Again", 0)).await.unwrap();
    assert_eq!(revisions(&client, &stream).await.unwrap(), [3]);
}

/// That is how clients delete a stream that have no word for it.
#[tokio::test]
async fn a_stream_is_deleted_by_its_metadata_too() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    client.append_to_stream(stream.as_str(), &Default::default(), events("Opened", 7)).await.unwrap();
    let metadata = StreamMetadataBuilder::new().truncate_before(i64::MAX.cast_unsigned()).build();
    client.set_stream_metadata(stream.as_str(), &Default::default(), &metadata).await.unwrap();
    assert!(matches!(revisions(&client, &stream).await, Err(Error::ResourceNotFound)));
    let none = kurrentdb::AppendToStreamOptions::default().stream_state(StreamState::NoStream);
    client.append_to_stream(stream.as_str(), &none, events("Again", 2)).await.unwrap();
    assert_eq!(revisions(&client, &stream).await.unwrap(), [7, 8]);
}

/// What another appends while a stream is deleted is not deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_delete_hides_nothing_that_it_did_not_look_at() {
    let served = Served::begin().await;
    for _ in 0..20 {
        let (client, stream) = (served.client(), stream("case"));
        client.append_to_stream(stream.as_str(), &Default::default(), events("Opened", 1)).await.unwrap();
        let options = DeleteStreamOptions::default().stream_state(StreamState::StreamRevision(0));
        let appending = kurrentdb::AppendToStreamOptions::default();
        let (deleted, appended) = tokio::join!(
            client.delete_stream(stream.as_str(), &options),
            client.append_to_stream(stream.as_str(), &appending, event("Opened", 1)),
        );
        assert_eq!(appended.unwrap().next_expected_version, 1);
        let seen = revisions(&client, &stream).await.unwrap();
        assert_eq!(seen, if deleted.is_ok() { vec![1] } else { vec![0, 1] });
    }
}

#[tokio::test]
async fn a_tombstone_is_for_good() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    client.append_to_stream(stream.as_str(), &Default::default(), events("Opened", 3)).await.unwrap();
    client.tombstone_stream(stream.as_str(), &TombstoneStreamOptions::default()).await.unwrap().expect("a position");
    assert!(matches!(client.read_stream(stream.as_str(), &Default::default()).await, Err(Error::ResourceDeleted)));
    let refused = client.append_to_stream(stream.as_str(), &Default::default(), event("Again", 0)).await;
    assert!(matches!(refused, Err(Error::ResourceDeleted)), "{refused:?}");
    let refused = client.delete_stream(stream.as_str(), &DeleteStreamOptions::default()).await;
    assert!(matches!(refused, Err(Error::ResourceDeleted)), "{refused:?}");
    let refused =
        client.set_stream_metadata(stream.as_str(), &Default::default(), &StreamMetadataBuilder::new().build()).await;
    assert!(matches!(refused, Err(Error::ResourceDeleted)), "{refused:?}");
}

#[tokio::test]
async fn a_delete_at_another_revision_is_refused() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    client.append_to_stream(stream.as_str(), &Default::default(), events("Opened", 3)).await.unwrap();
    let options = DeleteStreamOptions::default().stream_state(StreamState::StreamRevision(7));
    let refused = client.delete_stream(stream.as_str(), &options).await;
    assert!(matches!(refused, Err(Error::Grpc { .. })), "{refused:?}");
    let options = TombstoneStreamOptions::default().stream_state(StreamState::NoStream);
    let refused = client.tombstone_stream(stream.as_str(), &options).await;
    assert!(matches!(refused, Err(Error::Grpc { .. })), "{refused:?}");
    assert_eq!(revisions(&client, &stream).await.unwrap(), [0, 1, 2]);
}

#[tokio::test]
async fn metadata_cuts_off_what_is_not_to_be_read() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    client.append_to_stream(stream.as_str(), &Default::default(), events("Opened", 5)).await.unwrap();
    let unset = client.get_stream_metadata(stream.as_str(), &Default::default()).await.unwrap();
    assert!(unset.is_not_found());
    let builder = StreamMetadataBuilder::new;
    for (metadata, expected) in [
        (builder().max_count(2).build(), vec![3, 4]),
        (builder().truncate_before(1).build(), vec![1, 2, 3, 4]),
        (builder().truncate_before(4).max_count(3).build(), vec![4]),
        (builder().max_age(Duration::from_secs(3600)).build(), vec![0, 1, 2, 3, 4]),
        (builder().build(), vec![0, 1, 2, 3, 4]),
    ] {
        client.set_stream_metadata(stream.as_str(), &Default::default(), &metadata).await.unwrap();
        assert_eq!(revisions(&client, &stream).await.unwrap(), expected, "{metadata:?}");
        let back = ReadStreamOptions::default().position(kurrentdb::StreamPosition::End);
        let mut read = client.read_stream(stream.as_str(), &back).await.unwrap();
        let mut count = 0;
        while read.next().await.unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, expected.len(), "backwards {metadata:?}");
        let read = client.get_stream_metadata(stream.as_str(), &Default::default()).await.unwrap();
        let StreamMetadataResult::Success(read) = read else { panic!("{read:?}") };
        assert_eq!(*read.metadata(), metadata);
    }
}

#[tokio::test]
async fn what_is_too_old_is_not_read() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    client.append_to_stream(stream.as_str(), &Default::default(), events("Opened", 2)).await.unwrap();
    // The protocol counts seconds here and this client milliseconds: what it calls one, a server takes for a second.
    let metadata = StreamMetadataBuilder::new().max_age(Duration::from_millis(1)).build();
    client.set_stream_metadata(stream.as_str(), &Default::default(), &metadata).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    client.append_to_stream(stream.as_str(), &Default::default(), event("Opened", 2)).await.unwrap();
    assert_eq!(revisions(&client, &stream).await.unwrap(), [2]);
}

/// Whoever may append may add to a case, and not hide what stands in it.
#[tokio::test]
async fn nothing_is_hidden_of_a_log_that_is_served_for_less() {
    for access in [Access::Read, Access::Append] {
        let folder = tempfile::tempdir().unwrap();
        let served = Served::with(folder.path(), ([127, 0, 0, 1], 0).into(), access).await;
        let (client, stream) = (served.client(), stream("case"));
        let given = casebook_eventlog::NewEvent {
            id: uuid::Uuid::new_v4(),
            event_type: "Opened".into(),
            data: "{}".into(),
            metadata: Default::default(),
        };
        let (name, any) = (stream.parse().unwrap(), casebook_eventlog::Expected::Any);
        casebook_eventlog::EventLog::append(&*served.log, &name, any, vec![given]).await.unwrap();
        let appended = client.append_to_stream(stream.as_str(), &Default::default(), events("Opened", 1)).await;
        assert_eq!(appended.is_ok(), access == Access::Append, "{appended:?}");
        let before = served.log_length().await;
        let metadata = StreamMetadataBuilder::new().truncate_before(7).build();
        let described = client.set_stream_metadata(stream.as_str(), &Default::default(), &metadata).await;
        assert!(matches!(described, Err(Error::AccessDenied)), "{described:?}");
        let deleted = client.delete_stream(stream.as_str(), &DeleteStreamOptions::default()).await;
        assert!(matches!(deleted, Err(Error::AccessDenied)), "{deleted:?}");
        let ended = client.tombstone_stream(stream.as_str(), &TombstoneStreamOptions::default()).await;
        assert!(matches!(ended, Err(Error::AccessDenied)), "{ended:?}");
        // By the other call, too.
        let batch = client.batch_append(&kurrentdb::BatchAppendOptions::default()).await.unwrap();
        let described = batch.append_to_stream(format!("$${stream}"), StreamState::Any, events("$metadata", 1)).await;
        assert!(described.is_err(), "{described:?}");
        assert_eq!(served.log_length().await, before);
    }
}
