//! Checks of `append`.

use bytes::Bytes;
use uuid::Uuid;

use super::scene::{Outcome, Scene, ensure, ensure_eq, event, events, ids, said};
use crate::port::{
    APPEND_EVENTS_MAX, AppendError, Appended, EVENT_BYTES_MAX, EVENT_TYPE_BYTES_MAX, Expected, NewEvent, StreamName,
};

/// Writers that race for one revision.
const WRITERS: usize = 32;

pub(super) async fn an_event_comes_back_as_it_was_given(scene: Scene) -> Outcome {
    let stream = scene.stream();
    // Spaces, escapes and key order must survive: what is hashed later is these very bytes.
    let given = NewEvent {
        id: Uuid::new_v4(),
        event_type: "AccountMuted".into(),
        data: Bytes::from("{ \"z\":1,  \"a\":\"禁言\\u0037天\",\n\"n\": 1.50e1 }"),
        metadata: Bytes::from("{\"officer\" : null }"),
    };
    let appended = said(scene.append(&stream, Expected::NoStream, vec![given.clone()]).await)?;
    let read = scene.read(&stream).await?;
    ensure_eq!(read.len(), 1, "events read");
    let event = &read[0];
    ensure_eq!(event.stream, stream, "stream");
    ensure_eq!(event.id, given.id, "id");
    ensure_eq!(event.event_type, given.event_type, "type");
    ensure_eq!(event.data, given.data, "data");
    ensure_eq!(event.metadata, given.metadata, "metadata");
    ensure_eq!(event.revision, appended.revision, "revision");
    ensure_eq!(event.position, appended.position, "position");
    Ok(())
}

pub(super) async fn revisions_and_positions_rise_and_time_does_not_fall(scene: Scene) -> Outcome {
    let (one, other) = (scene.stream(), scene.stream());
    let mut last: Option<Appended> = None;
    for round in 0..20 {
        let appended = said(scene.append(&one, Expected::Any, events(1 + round % 3)).await)?;
        ensure!(!appended.repeated, "a first append counts as repeated");
        ensure!(last.is_none_or(|last| appended.position > last.position), "positions fall: {appended:?}");
        last = Some(said(scene.append(&other, Expected::Any, events(1)).await)?);
    }
    for stream in [&one, &other] {
        let read = scene.read(stream).await?;
        for (revision, event) in (0..).zip(&read) {
            ensure_eq!(event.revision, revision, "revision");
            ensure_eq!(event.recorded_at.timestamp_subsec_nanos() % 1000, 0, "nanoseconds");
        }
        for pair in read.windows(2) {
            ensure!(pair[0].position < pair[1].position, "positions fall in {stream}");
            ensure!(pair[0].recorded_at <= pair[1].recorded_at, "time falls in {stream}");
        }
    }
    Ok(())
}

pub(super) async fn the_expected_revision_decides(scene: Scene) -> Outcome {
    let stream = scene.stream();
    for (length, expected, fits) in [
        (0, Expected::Revision(0), false),
        (0, Expected::NoStream, true),
        (1, Expected::NoStream, false),
        (1, Expected::Revision(1), false),
        (1, Expected::Revision(0), true),
        (2, Expected::Revision(0), false),
        (2, Expected::Revision(u64::MAX), false),
        (2, Expected::Any, true),
        (3, Expected::Revision(2), true),
    ] {
        let actual = u64::checked_sub(length, 1);
        let outcome = scene.append(&stream, expected, events(1)).await;
        match outcome {
            Ok(appended) if fits => ensure_eq!(appended.revision, length, "revision"),
            Err(AppendError::WrongExpectedRevision { stream: s, expected: e, actual: a }) if !fits => {
                ensure_eq!((s, e, a), (stream.clone(), expected, actual), "refusal");
            }
            outcome => return Err(format!("{expected:?} at {actual:?}: {outcome:?}")),
        }
    }
    ensure_eq!(scene.read(&stream).await?.len(), 4, "events written");
    Ok(())
}

pub(super) async fn of_many_writers_at_one_revision_one_wins(scene: Scene) -> Outcome {
    let stream = scene.stream();
    scene.write(&stream, 1).await?;
    for round in 0..10 {
        let winner = race(&scene, &stream, Expected::Revision(round)).await?;
        ensure_eq!(scene.ids(&stream).await?.last(), Some(&winner), "last event");
    }
    ensure_eq!(scene.read(&stream).await?.len(), 11, "events written");
    Ok(())
}

pub(super) async fn of_many_writers_of_a_new_stream_one_wins(scene: Scene) -> Outcome {
    let stream = scene.stream();
    let winner = race(&scene, &stream, Expected::NoStream).await?;
    ensure_eq!(scene.ids(&stream).await?, vec![winner], "events written");
    Ok(())
}

/// Lets many append at once, of whom one must win and all others must hear why they did not.
async fn race(scene: &Scene, stream: &StreamName, expected: Expected) -> Result<Uuid, String> {
    let mut winners = Vec::new();
    for (id, outcome) in append_at_once(scene, stream, expected, WRITERS).await? {
        match outcome {
            Ok(_) => winners.push(id),
            Err(AppendError::WrongExpectedRevision { .. }) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    ensure_eq!(winners.len(), 1, "winners");
    Ok(winners[0])
}

async fn append_at_once(
    scene: &Scene,
    stream: &StreamName,
    expected: Expected,
    writers: usize,
) -> Result<Vec<(Uuid, Result<Appended, AppendError>)>, String> {
    let mut tasks = Vec::with_capacity(writers);
    for number in 0..writers {
        let (scene, stream, event) = (scene.clone(), stream.clone(), event(number));
        tasks.push(tokio::spawn(async move { (event.id, scene.append(&stream, expected, vec![event]).await) }));
    }
    let mut outcomes = Vec::with_capacity(writers);
    for task in tasks {
        outcomes.push(said(task.await)?);
    }
    Ok(outcomes)
}

pub(super) async fn writers_that_expect_anything_all_get_through(scene: Scene) -> Outcome {
    let stream = scene.stream();
    let mut told = Vec::new();
    for (id, outcome) in append_at_once(&scene, &stream, Expected::Any, WRITERS).await? {
        told.push((said(outcome)?.revision, id));
    }
    told.sort_unstable();
    let stored: Vec<_> = (0..).zip(scene.ids(&stream).await?).collect();
    ensure_eq!(told, stored, "answers and events");
    Ok(())
}

pub(super) async fn repeated_ids_get_their_first_answer(scene: Scene) -> Outcome {
    let stream = scene.stream();
    let (first, second) = (events(3), events(1));
    let told = said(scene.append(&stream, Expected::NoStream, first.clone()).await)?;
    let later = said(scene.append(&stream, Expected::Revision(2), second.clone()).await)?;
    for expected in [Expected::NoStream, Expected::Any, Expected::Revision(2), Expected::Revision(9)] {
        let again = said(scene.append(&stream, expected, first.clone()).await)?;
        ensure_eq!(again, Appended { repeated: true, ..told }, format!("{expected:?}"));
    }
    let again = said(scene.append(&stream, Expected::Revision(2), second.clone()).await)?;
    ensure_eq!(again, Appended { repeated: true, ..later }, "the later append");
    ensure_eq!(scene.ids(&stream).await?, [ids(&first), ids(&second)].concat(), "events written");
    Ok(())
}

pub(super) async fn of_equal_appends_at_once_one_writes(scene: Scene) -> Outcome {
    let stream = scene.stream();
    let same = events(2);
    let mut tasks = Vec::with_capacity(WRITERS);
    for _ in 0..WRITERS {
        let (scene, stream, same) = (scene.clone(), stream.clone(), same.clone());
        tasks.push(tokio::spawn(async move { scene.append(&stream, Expected::NoStream, same).await }));
    }
    let mut first = 0;
    for task in tasks {
        let appended = said(said(task.await)?)?;
        ensure_eq!(appended.revision, 1, "revision");
        first += usize::from(!appended.repeated);
    }
    ensure_eq!(first, 1, "appends that wrote");
    ensure_eq!(scene.ids(&stream).await?, ids(&same), "events written");
    Ok(())
}

pub(super) async fn ids_of_another_stream_are_taken(scene: Scene) -> Outcome {
    let (one, other) = (scene.stream(), scene.stream());
    let given = events(2);
    said(scene.append(&one, Expected::NoStream, given.clone()).await)?;
    let outcome = scene.append(&other, Expected::NoStream, vec![given[1].clone()]).await;
    let taken = AppendError::EventIdTaken { id: given[1].id, stream: one, revision: 1 };
    ensure_eq!(outcome, Err(taken), "outcome");
    ensure!(scene.read(&other).await?.is_empty(), "something was written");
    let written = said(scene.append(&other, Expected::NoStream, events(1)).await)?;
    ensure_eq!(written.revision, 0, "revision after the refusal");
    Ok(())
}

pub(super) async fn known_and_new_ids_do_not_mix(scene: Scene) -> Outcome {
    let stream = scene.stream();
    let known = events(3);
    said(scene.append(&stream, Expected::NoStream, known.clone()).await)?;
    for (what, mixed) in [
        ("a new id behind a known one", vec![known[2].clone(), event(0)]),
        ("a known id behind a new one", vec![event(0), known[0].clone()]),
        ("known ids in another order", vec![known[1].clone(), known[0].clone()]),
        ("known ids with one left out", vec![known[0].clone(), known[2].clone()]),
    ] {
        match scene.append(&stream, Expected::Any, mixed).await {
            Err(AppendError::EventIdTaken { stream: s, .. }) => ensure_eq!(s, stream, what),
            outcome => return Err(format!("{what}: {outcome:?}")),
        }
    }
    ensure_eq!(scene.ids(&stream).await?, ids(&known), "events written");
    Ok(())
}

pub(super) async fn all_events_of_an_append_are_written_or_none(scene: Scene) -> Outcome {
    let (one, other) = (scene.stream(), scene.stream());
    let known = scene.write(&one, 1).await?;
    let mut given = events(4);
    given[3].id = known[0];
    let outcome = scene.append(&other, Expected::Any, given.clone()).await;
    ensure!(matches!(outcome, Err(AppendError::EventIdTaken { .. })), "outcome {outcome:?}");
    ensure!(scene.read(&other).await?.is_empty(), "a part was written");
    given[3].id = Uuid::new_v4();
    let appended = said(scene.append(&other, Expected::NoStream, given.clone()).await)?;
    ensure_eq!(appended.revision, 3, "revision");
    ensure_eq!(scene.ids(&other).await?, ids(&given), "events written");
    Ok(())
}

pub(super) async fn appends_outside_the_limits_are_refused(scene: Scene) -> Outcome {
    let stream = scene.stream();
    let large = || Bytes::from(vec![b'1'; EVENT_BYTES_MAX + 1]);
    let twice = event(0);
    for (what, events) in [
        ("no event", vec![]),
        ("too many events", events(APPEND_EVENTS_MAX + 1)),
        ("too much data", vec![NewEvent { data: large(), ..event(0) }]),
        ("too much metadata", vec![event(0), NewEvent { metadata: large(), ..event(1) }]),
        ("no type", vec![NewEvent { event_type: "".into(), ..event(0) }]),
        ("a long type", vec![NewEvent { event_type: "T".repeat(EVENT_TYPE_BYTES_MAX + 1).into(), ..event(0) }]),
        ("an id twice", vec![twice.clone(), event(1), twice.clone()]),
    ] {
        let outcome = scene.append(&stream, Expected::Any, events).await;
        ensure!(matches!(outcome, Err(AppendError::Invalid(_))), "{what}: {outcome:?}");
    }
    ensure!(scene.read(&stream).await?.is_empty(), "something was written");
    Ok(())
}

pub(super) async fn appends_at_the_limits_are_taken(scene: Scene) -> Outcome {
    let stream = scene.stream();
    let many = events(APPEND_EVENTS_MAX);
    let appended = said(scene.append(&stream, Expected::NoStream, many.clone()).await)?;
    ensure_eq!(appended.revision, APPEND_EVENTS_MAX as u64 - 1, "revision");
    let large = NewEvent {
        event_type: "T".repeat(EVENT_TYPE_BYTES_MAX).into(),
        data: Bytes::from(vec![b'1'; EVENT_BYTES_MAX]),
        metadata: Bytes::from(vec![b'2'; EVENT_BYTES_MAX]),
        ..event(0)
    };
    said(scene.append(&stream, Expected::Revision(appended.revision), vec![large.clone()]).await)?;
    let read = scene.read(&stream).await?;
    ensure_eq!(read.len(), APPEND_EVENTS_MAX + 1, "events written");
    let last = &read[APPEND_EVENTS_MAX];
    ensure!(last.data == large.data && last.metadata == large.metadata, "the large event differs");
    ensure_eq!(last.event_type, large.event_type, "type");
    Ok(())
}
