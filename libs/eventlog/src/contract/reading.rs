//! Checks of `read_stream`, `read_all` and `head`.

use bytes::Bytes;

use super::scene::{Outcome, Scene, ensure, ensure_eq, event, events, said};
use crate::port::{
    APPEND_EVENTS_MAX, Direction, EVENT_BYTES_MAX, Expected, Filter, NewEvent, Position, READ_BYTES_MAX,
    READ_EVENTS_MAX, ends_stream,
};

pub(super) async fn a_stream_reads_both_ways(scene: Scene) -> Outcome {
    use Direction::{Backwards, Forwards};
    let stream = scene.stream();
    // Neighbours whose events must not show.
    scene.write(&scene.stream(), 3).await?;
    scene.write(&stream, 5).await?;
    scene.write(&scene.stream(), 3).await?;
    for (direction, from, limit, revisions) in [
        (Forwards, None, 10, vec![0, 1, 2, 3, 4]),
        (Forwards, Some(0), 2, vec![0, 1]),
        (Forwards, Some(3), 10, vec![3, 4]),
        (Forwards, Some(4), 1, vec![4]),
        (Forwards, Some(5), 10, vec![]),
        (Forwards, Some(u64::MAX), 10, vec![]),
        (Forwards, None, 0, vec![]),
        (Backwards, None, 10, vec![4, 3, 2, 1, 0]),
        (Backwards, None, 1, vec![4]),
        (Backwards, Some(2), 10, vec![2, 1, 0]),
        (Backwards, Some(2), 2, vec![2, 1]),
        (Backwards, Some(0), 10, vec![0]),
        (Backwards, Some(9), 2, vec![4, 3]),
        (Backwards, Some(u64::MAX), 1, vec![4]),
        (Backwards, None, 0, vec![]),
    ] {
        let read = said(scene.log.read_stream(&stream, direction, from, limit).await)?;
        let got: Vec<_> = read.iter().map(|event| event.revision).collect();
        ensure_eq!(got, revisions, format!("{direction:?} from {from:?}, {limit} at most"));
        ensure!(read.iter().all(|event| event.stream == stream), "an event of another stream");
    }
    Ok(())
}

pub(super) async fn an_absent_stream_reads_as_empty(scene: Scene) -> Outcome {
    for direction in [Direction::Forwards, Direction::Backwards] {
        for from in [None, Some(0), Some(7)] {
            let read = said(scene.log.read_stream(&scene.stream(), direction, from, 10).await)?;
            ensure!(read.is_empty(), "{direction:?} from {from:?}: {} events", read.len());
        }
    }
    Ok(())
}

pub(super) async fn no_read_exceeds_the_maximum(scene: Scene) -> Outcome {
    let stream = scene.stream();
    let appends = READ_EVENTS_MAX / APPEND_EVENTS_MAX + 1;
    let before = said(scene.log.head().await)?;
    for _ in 0..appends {
        said(scene.append(&stream, Expected::Any, events(APPEND_EVENTS_MAX)).await)?;
    }
    for direction in [Direction::Forwards, Direction::Backwards] {
        let read = said(scene.log.read_stream(&stream, direction, None, usize::MAX).await)?;
        ensure_eq!(read.len(), READ_EVENTS_MAX, format!("events read {direction:?}"));
    }
    let batch = said(scene.log.read_all(before, &Filter::all(), usize::MAX).await)?;
    ensure!(batch.events.len() <= READ_EVENTS_MAX, "{} events of all", batch.events.len());
    ensure!(!batch.at_head, "more lies behind, and the batch claims to be at the head");
    ensure_eq!(scene.read(&stream).await?.len(), appends * APPEND_EVENTS_MAX, "events in pages");
    Ok(())
}

pub(super) async fn large_events_come_in_more_than_one_read(scene: Scene) -> Outcome {
    let stream = scene.stream();
    let count = READ_BYTES_MAX / EVENT_BYTES_MAX + 3;
    let start = said(scene.log.head().await)?;
    for number in 0..count {
        let data = Bytes::from(vec![b'1'; EVENT_BYTES_MAX]);
        said(scene.append(&stream, Expected::Any, vec![NewEvent { data, ..event(number) }]).await)?;
    }
    let (mut from, mut reads) = (0, 0);
    loop {
        let read = scene.log.read_stream(&stream, Direction::Forwards, Some(from), READ_EVENTS_MAX);
        let page = said(read.await)?;
        reads += 1;
        from += page.len() as u64;
        if ends_stream(&page, READ_EVENTS_MAX) {
            break;
        }
        let bytes: usize = page.iter().map(|event| event.data.len() + event.metadata.len()).sum();
        ensure!(bytes < READ_BYTES_MAX + 2 * EVENT_BYTES_MAX, "{bytes} bytes in one read");
    }
    ensure_eq!((from, reads), (count as u64, 2), "events and reads");
    let (mut after, mut seen) = (start, 0);
    while seen < count {
        let batch = said(scene.log.read_all(after, &scene.filter(), READ_EVENTS_MAX).await)?;
        ensure!(batch.through > after, "the cursor does not move");
        seen += batch.events.len();
        after = batch.through;
    }
    ensure_eq!(seen, count, "events of all");
    Ok(())
}

pub(super) async fn pages_of_all_hold_every_match_once_and_in_order(scene: Scene) -> Outcome {
    let start = said(scene.log.head().await)?;
    let foreign = Scene::new(scene.log.clone());
    let (one, other, else_where) = (scene.stream(), scene.stream(), foreign.stream());
    let mut written = Vec::new();
    for round in 0..12 {
        written.extend(scene.write(&one, 1 + round % 2).await?);
        foreign.write(&else_where, round % 4).await?;
        written.extend(scene.write(&other, 1).await?);
    }
    for limit in [1, 3, 1000] {
        let (mut after, mut seen) = (start, Vec::new());
        loop {
            let batch = said(scene.log.read_all(after, &scene.filter(), limit).await)?;
            ensure!(batch.events.len() <= limit, "{} events instead of {limit}", batch.events.len());
            ensure!(batch.events.iter().all(|event| event.position > after), "an event before the cursor");
            let last = batch.events.last().map_or(after, |event| event.position);
            ensure!(batch.through >= last, "the cursor lies before the last event");
            ensure!(batch.at_head || batch.through > after, "the cursor does not move");
            seen.extend(batch.events);
            after = batch.through;
            if batch.at_head {
                break;
            }
        }
        ensure!(seen.windows(2).all(|pair| pair[0].position < pair[1].position), "positions fall");
        let seen: Vec<_> = seen.iter().map(|event| event.id).collect();
        ensure_eq!(seen, written, format!("ids in pages of {limit}"));
    }
    let both = said(scene.log.read_all(start, &Filter::all(), READ_EVENTS_MAX).await)?;
    for event in scene.read(&one).await? {
        ensure!(both.events.contains(&event), "an unfiltered read lacks {event:?} or differs from the stream's");
    }
    Ok(())
}

pub(super) async fn a_reader_without_a_match_moves_on(scene: Scene) -> Outcome {
    let stream = scene.stream();
    scene.write(&stream, 10).await?;
    let head = said(scene.log.head().await)?;
    let mut after = Position::START;
    loop {
        let batch = said(scene.log.read_all(after, &scene.silent_filter(), 5).await)?;
        ensure!(batch.events.is_empty(), "a match where none can be");
        ensure!(batch.at_head || batch.through > after, "the cursor does not move");
        after = batch.through;
        if batch.at_head {
            break;
        }
    }
    ensure!(after >= head, "the cursor {after} does not reach the head {head}");
    Ok(())
}

pub(super) async fn behind_the_head_lies_nothing(scene: Scene) -> Outcome {
    let appended = said(scene.append(&scene.stream(), Expected::Any, events(2)).await)?;
    let head = said(scene.log.head().await)?;
    ensure!(head >= appended.position, "the head {head} lies before the last event {}", appended.position);
    let batch = said(scene.log.read_all(head, &scene.filter(), 10).await)?;
    ensure!(batch.events.is_empty() && batch.at_head, "behind the head: {batch:?}");
    ensure!(batch.through >= head, "the cursor falls back to {}", batch.through);
    Ok(())
}
