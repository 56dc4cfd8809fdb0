//! Reads by the official client.

use kurrentdb::{
    Client, Error, EventData, Position, ReadAllOptions, ReadEvent, ReadStreamOptions, StreamPosition,
    SubscriptionFilter,
};

use crate::served::{Served, events, stream};

async fn write(client: &Client, stream: &str, event_type: &str, count: usize) {
    client.append_to_stream(stream, &Default::default(), events(event_type, count)).await.unwrap();
}

async fn revisions(client: &Client, stream: &str, options: &ReadStreamOptions) -> Vec<u64> {
    let mut read = client.read_stream(stream, options).await.unwrap();
    let mut revisions = Vec::new();
    while let Some(event) = read.next().await.unwrap() {
        revisions.push(event.get_original_event().revision);
    }
    revisions
}

async fn positions(client: &Client, options: &ReadAllOptions) -> Vec<u64> {
    let mut read = client.read_all(options).await.unwrap();
    let mut positions = Vec::new();
    while let Some(event) = read.next().await.unwrap() {
        positions.push(event.get_original_event().position.commit);
    }
    positions
}

#[tokio::test]
async fn a_stream_reads_both_ways_and_in_part() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    write(&client, &stream, "Opened", 5).await;
    let options = ReadStreamOptions::default;
    for (options, expected) in [
        (options(), vec![0, 1, 2, 3, 4]),
        (options().max_count(2), vec![0, 1]),
        (options().position(StreamPosition::Position(3)), vec![3, 4]),
        (options().position(StreamPosition::Position(9)), vec![]),
        (options().position(StreamPosition::End), vec![4, 3, 2, 1, 0]),
        (options().position(StreamPosition::End).max_count(1), vec![4]),
        (options().position(StreamPosition::Position(2)).backwards(), vec![2, 1, 0]),
        (options().position(StreamPosition::Position(9)).backwards().max_count(2), vec![4, 3]),
        (options().position(StreamPosition::End).forwards(), vec![]),
    ] {
        assert_eq!(revisions(&client, &stream, &options).await, expected, "{expected:?}");
    }
}

#[tokio::test]
async fn long_streams_come_whole() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    for _ in 0..6 {
        write(&client, &stream, "Opened", 250).await;
    }
    let forwards: Vec<u64> = (0..1500).collect();
    assert_eq!(revisions(&client, &stream, &Default::default()).await, forwards);
    let backwards: Vec<u64> = (0..1500).rev().collect();
    let from_end = ReadStreamOptions::default().position(StreamPosition::End);
    assert_eq!(revisions(&client, &stream, &from_end).await, backwards);
    assert_eq!(positions(&client, &ReadAllOptions::default()).await, (1..=1500).collect::<Vec<u64>>());
    let from_end = ReadAllOptions::default().position(StreamPosition::End);
    assert_eq!(positions(&client, &from_end).await, (1..=1500).rev().collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_not_found() {
    let served = Served::begin().await;
    let client = served.client();
    let mut read = client.read_stream(stream("case"), &Default::default()).await.unwrap();
    assert!(matches!(read.next().await, Err(Error::ResourceNotFound)));
}

#[tokio::test]
async fn the_bounds_of_a_stream_are_told() {
    let served = Served::begin().await;
    let (client, stream) = (served.client(), stream("case"));
    write(&client, &stream, "Opened", 10).await;
    let mut read = client.read_stream(stream.as_str(), &Default::default()).await.unwrap();
    let (mut first, mut last, mut count) = (None, None, 0);
    while let Some(event) = read.next_read_event().await.unwrap() {
        match event {
            ReadEvent::FirstStreamPosition(revision) => first = Some(revision),
            ReadEvent::LastStreamPosition(revision) => last = Some(revision),
            ReadEvent::Event(_) => count += 1,
            ReadEvent::LastAllStreamPosition(_) => panic!("not of a stream"),
        }
    }
    assert_eq!((first, last, count), (Some(0), Some(9), 10));
}

/// A position is included on the way forwards and excluded on the way back.
#[tokio::test]
async fn all_reads_both_ways_and_in_part() {
    let served = Served::begin().await;
    let client = served.client();
    write(&client, &stream("case"), "Opened", 5).await;
    let at = |position| StreamPosition::Position(Position { commit: position, prepare: position });
    let options = ReadAllOptions::default;
    for (options, expected) in [
        (options(), vec![1, 2, 3, 4, 5]),
        (options().max_count(2), vec![1, 2]),
        (options().position(at(3)), vec![3, 4, 5]),
        (options().position(at(3)).backwards(), vec![2, 1]),
        (options().position(at(9)), vec![]),
        (options().position(at(9)).backwards().max_count(2), vec![5, 4]),
        (options().position(StreamPosition::End), vec![5, 4, 3, 2, 1]),
        (options().position(StreamPosition::End).max_count(1), vec![5]),
    ] {
        assert_eq!(positions(&client, &options).await, expected, "{expected:?}");
    }
}

#[tokio::test]
async fn all_is_filtered_by_names_and_types() {
    let served = Served::begin().await;
    let client = served.client();
    write(&client, &stream("case"), "CaseOpened", 2).await; // 1, 2
    write(&client, &stream("order"), "OrderIssued", 2).await; // 3, 4
    write(&client, &stream("case"), "Closed", 1).await; // 5
    let (by_name, by_type) = (SubscriptionFilter::on_stream_name, SubscriptionFilter::on_event_type);
    for (filter, expected) in [
        (by_name().add_prefix("case-"), vec![1, 2, 5]),
        (by_name().add_prefix("case-").add_prefix("order-"), vec![1, 2, 3, 4, 5]),
        (by_name().add_prefix("ase"), vec![]),
        (by_name().regex("^order-"), vec![3, 4]),
        (by_type().add_prefix("Order").add_prefix("Closed"), vec![3, 4, 5]),
        (by_type().regex("ed$"), vec![1, 2, 3, 4, 5]),
        (by_type().regex("^(?!Case)"), vec![3, 4, 5]),
        (by_type().exclude_system_events(), vec![1, 2, 3, 4, 5]),
    ] {
        let options = ReadAllOptions::default().filter(filter.clone());
        assert_eq!(positions(&client, &options).await, expected, "{filter:?}");
        let backwards = options.position(StreamPosition::End);
        let reversed: Vec<u64> = expected.into_iter().rev().collect();
        assert_eq!(positions(&client, &backwards).await, reversed, "{filter:?} backwards");
        assert_eq!(positions(&client, &backwards.max_count(1)).await.len(), reversed.len().min(1));
    }
    let wrong = ReadAllOptions::default().filter(by_name().regex("("));
    assert!(matches!(client.read_all(&wrong).await, Err(Error::Grpc { .. })));
}

#[tokio::test]
async fn a_link_leads_to_its_event() {
    let served = Served::begin().await;
    let (client, stream, links) = (served.client(), stream("case"), stream("links"));
    write(&client, &stream, "Opened", 3).await;
    for target in [format!("1@{stream}"), format!("9@{stream}")] {
        // The client makes JSON of what it is given, and a link is none.
        let link = casebook_eventlog::NewEvent {
            id: uuid::Uuid::new_v4(),
            event_type: "$>".into(),
            data: target.into(),
            metadata: Default::default(),
        };
        let name = links.parse().unwrap();
        casebook_eventlog::EventLog::append(&*served.log, &name, casebook_eventlog::Expected::Any, vec![link])
            .await
            .unwrap();
    }
    let mut read = client.read_stream(links.as_str(), &ReadStreamOptions::default().resolve_link_tos()).await.unwrap();
    let resolved = read.next().await.unwrap().unwrap();
    assert_eq!(resolved.event.as_ref().map(|event| event.revision), Some(1));
    assert_eq!(resolved.link.as_ref().map(|link| link.revision), Some(0));
    let broken = read.next().await.unwrap().unwrap();
    assert!(broken.event.is_none() && broken.link.is_some());
    let mut read = client.read_stream(links.as_str(), &Default::default()).await.unwrap();
    let plain = read.next().await.unwrap().unwrap();
    assert!(plain.link.is_none() && plain.get_original_event().event_type == "$>");
    client.delete_stream(stream.as_str(), &Default::default()).await.unwrap();
    let mut read = client.read_stream(links.as_str(), &ReadStreamOptions::default().resolve_link_tos()).await.unwrap();
    let deleted = read.next().await.unwrap().unwrap();
    assert!(deleted.event.is_none() && deleted.link.is_some(), "a link does not show what was deleted");
    client.tombstone_stream(stream.as_str(), &Default::default()).await.unwrap();
    let mut read = client.read_stream(links.as_str(), &ReadStreamOptions::default().resolve_link_tos()).await.unwrap();
    assert!(read.next().await.unwrap().unwrap().event.is_none());
}

#[tokio::test]
async fn a_node_that_is_discovered_is_this_one() {
    let served = Served::begin().await;
    let several = format!("kurrentdb://{0},{0}?tls=false&nodePreference=leader", served.address);
    let client = Client::new(several.parse().unwrap()).unwrap();
    let given = EventData::json("Opened", &1).unwrap();
    client.append_to_stream(stream("case"), &Default::default(), given).await.unwrap();
    assert_eq!(served.log_length().await, 1);
}
