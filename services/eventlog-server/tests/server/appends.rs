//! Appends by the official client.

use kurrentdb::{AppendToStreamOptions, BatchAppendOptions, CurrentRevision, Error, EventData, StreamState};
use uuid::Uuid;

use crate::served::{Served, event, events, stream};

fn at(state: StreamState) -> AppendToStreamOptions {
    AppendToStreamOptions::default().stream_state(state)
}

#[tokio::test]
async fn the_expected_state_decides() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    for (state, fits) in [
        (StreamState::StreamExists, None),
        (StreamState::StreamRevision(0), None),
        (StreamState::NoStream, Some(1)),
        (StreamState::NoStream, None),
        (StreamState::StreamExists, Some(3)),
        (StreamState::StreamRevision(1), None),
        (StreamState::StreamRevision(3), Some(5)),
        (StreamState::Any, Some(7)),
    ] {
        let outcome = client.append_to_stream(stream.as_str(), &at(state), events("Opened", 2)).await;
        match (outcome, fits) {
            (Ok(written), Some(revision)) => {
                assert_eq!(written.next_expected_version, revision, "{state:?}");
                assert!(written.position.commit > 0 && written.position.commit == written.position.prepare);
            }
            (Err(Error::WrongExpectedVersion { expected, .. }), None) => assert_eq!(expected, state),
            (outcome, _) => panic!("{state:?}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_conflict_names_where_the_stream_is() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    let refused =
        client.append_to_stream(stream.as_str(), &at(StreamState::StreamRevision(4)), event("Opened", 0)).await;
    let Err(Error::WrongExpectedVersion { current, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(current, CurrentRevision::NoStream);
    client.append_to_stream(stream.as_str(), &at(StreamState::Any), events("Opened", 3)).await.unwrap();
    let refused = client.append_to_stream(stream.as_str(), &at(StreamState::NoStream), event("Opened", 0)).await;
    let Err(Error::WrongExpectedVersion { current, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(current, CurrentRevision::Current(2));
}

#[tokio::test]
async fn the_same_ids_are_appended_once() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    let given = events("Opened", 2);
    for round in 0..3 {
        let written =
            client.append_to_stream(stream.as_str(), &at(StreamState::NoStream), given.clone()).await.unwrap();
        assert_eq!(written.next_expected_version, 1);
        // No position says that they were there already.
        assert_eq!(written.position.commit == 0, round > 0);
    }
    assert_eq!(served.log_length().await, 2);
}

#[tokio::test]
async fn an_id_stands_in_one_stream_only() {
    let served = Served::begin().await;
    let client = served.client();
    let given = event("Opened", 0);
    client.append_to_stream(stream("case"), &at(StreamState::Any), given.clone()).await.unwrap();
    let refused = client.append_to_stream(stream("case"), &at(StreamState::Any), given).await;
    let Err(Error::Grpc { message, .. }) = refused else { panic!("{refused:?}") };
    assert!(message.starts_with("event-id-taken: "), "{message}");
}

#[tokio::test]
async fn what_the_log_does_not_take_is_refused() {
    let served = Served::begin().await;
    let client = served.client();
    let large = || EventData::json("Opened", &"x".repeat(2 << 20)).unwrap();
    for (what, name, given) in [
        ("bytes that are no JSON", stream("case"), EventData::binary("Opened", "\u{1}".into())),
        ("an event that is too large", stream("case"), large()),
        ("no name", String::new(), event("Opened", 0)),
        ("a name of ours", "~case".into(), event("Opened", 0)),
        ("a name that is not ASCII", "案件-1".into(), event("Opened", 0)),
        ("no type", stream("case"), event("", 0)),
    ] {
        let refused = client.append_to_stream(name, &at(StreamState::Any), given).await;
        assert!(matches!(refused, Err(Error::Grpc { .. })), "{what}: {refused:?}");
    }
    let too_many = client.append_to_stream(stream("case"), &at(StreamState::Any), events("Opened", 257)).await;
    assert!(matches!(too_many, Err(Error::Grpc { .. })), "{too_many:?}");
    assert_eq!(served.log_length().await, 0);
}

#[tokio::test]
async fn a_batch_holds_many_appends() {
    let served = Served::begin().await;
    let client = served.client();
    let batch = client.batch_append(&BatchAppendOptions::default()).await.unwrap();
    let name = stream("case");
    for round in 0..5_u64 {
        let state =
            round.checked_sub(1).map_or(StreamState::NoStream, |round| StreamState::StreamRevision(2 * round + 1));
        let written = batch.append_to_stream(&name, state, events("Opened", 2)).await.unwrap();
        assert_eq!(written.current_revision(), Some(2 * round + 1));
        assert_eq!(written.stream_name(), name);
    }
    let appends =
        (0..64).map(|_| async { batch.append_to_stream(stream("case"), StreamState::Any, events("Opened", 1)).await });
    for written in futures::future::join_all(appends).await {
        assert_eq!(written.unwrap().current_revision(), Some(0));
    }
    assert_eq!(served.log_length().await, 74);
}

#[tokio::test]
async fn an_append_of_nothing_tells_where_the_stream_is() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    client.append_to_stream(stream.as_str(), &at(StreamState::Any), events("Opened", 3)).await.unwrap();
    let batch = client.batch_append(&BatchAppendOptions::default()).await.unwrap();
    let written = client.append_to_stream(stream.as_str(), &at(StreamState::Any), events("Opened", 0)).await.unwrap();
    assert_eq!(written.next_expected_version, 2);
    let written = batch.append_to_stream(&stream, StreamState::Any, events("Opened", 0)).await.unwrap();
    assert_eq!(written.current_revision(), Some(2));
    let wrong = StreamState::StreamRevision(7);
    let refused = client.append_to_stream(stream.as_str(), &at(wrong), events("Opened", 0)).await;
    assert!(matches!(refused, Err(Error::WrongExpectedVersion { .. })), "{refused:?}");
    assert!(batch.append_to_stream(&stream, wrong, events("Opened", 0)).await.is_err());
    assert_eq!(served.log_length().await, 3);
}

#[tokio::test]
async fn a_refused_append_of_a_batch_is_told() {
    let served = Served::begin().await;
    let client = served.client();
    let batch = client.batch_append(&BatchAppendOptions::default()).await.unwrap();
    let refused = batch.append_to_stream(stream("case"), StreamState::StreamRevision(7), events("Opened", 1)).await;
    let Err(Error::Grpc { message, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(message, "WrongExpectedVersion");
}

#[tokio::test]
async fn bytes_come_back_as_they_were_given() {
    let served = Served::begin().await;
    let (client, stream, id) = (served.client(), stream("case"), Uuid::new_v4());
    let given = EventData::json("Opened", &serde_json::json!({"案件": [1.5, null]})).unwrap();
    let given = given.id(id).metadata(" { } ".into());
    client.append_to_stream(stream.as_str(), &at(StreamState::Any), given).await.unwrap();
    let mut read = client.read_stream(stream.as_str(), &Default::default()).await.unwrap();
    let event = read.next().await.unwrap().unwrap();
    let event = event.get_original_event();
    assert_eq!((event.id, event.event_type.as_str(), event.is_json), (id, "Opened", true));
    assert_eq!((&event.data[..], &event.custom_metadata[..]), (r#"{"案件":[1.5,null]}"#.as_bytes(), &b" { } "[..]));
    assert_eq!((event.stream_id(), event.revision), (stream.as_str(), 0));
}
