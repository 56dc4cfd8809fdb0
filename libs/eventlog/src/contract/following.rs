//! Checks of `subscribe`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::scene::{Outcome, Scene, ensure, ensure_eq, event, events, follow, said};
use crate::port::{APPEND_EVENTS_MAX, Expected, Filter, Position, RecordedEvent, Subscription};

const WRITERS: usize = 4;
const EVENTS_EACH: usize = 150;
/// Long enough for a follower to have said something if it had something to say.
const QUIET: Duration = Duration::from_millis(150);

/// Starts writers, each on a stream of its own, and gives a task that ends with all their ids.
fn write_at_once(scene: &Scene) -> tokio::task::JoinHandle<Result<Vec<Uuid>, String>> {
    let scene = scene.clone();
    tokio::spawn(async move {
        let mut tasks = Vec::new();
        for _ in 0..WRITERS {
            let scene = scene.clone();
            tasks.push(tokio::spawn(async move { scene.write(&scene.stream(), EVENTS_EACH).await }));
        }
        let mut ids = Vec::new();
        for task in tasks {
            ids.extend(said(task.await)??);
        }
        Ok(ids)
    })
}

/// What was seen is what was written: everything, once, in the order of `$all` and of each stream.
fn ensure_complete(seen: &[Arc<RecordedEvent>], mut written: Vec<Uuid>) -> Outcome {
    ensure!(seen.windows(2).all(|pair| pair[0].position < pair[1].position), "positions fall");
    let mut ids: Vec<_> = seen.iter().map(|event| event.id).collect();
    ids.sort_unstable();
    written.sort_unstable();
    ensure!(ids == written, "{} events seen, {} written, or others", ids.len(), written.len());
    let mut streams: Vec<_> = seen.iter().map(|event| &event.stream).collect();
    streams.sort_unstable();
    streams.dedup();
    for stream in streams {
        let of_stream = seen.iter().filter(|event| event.stream == *stream);
        let in_order = of_stream.zip(0..).all(|(event, revision)| event.revision == revision);
        ensure!(in_order, "revisions of {stream} are out of order");
    }
    Ok(())
}

pub(super) async fn a_follower_misses_and_repeats_nothing_while_writers_write(scene: Scene) -> Outcome {
    let start = said(scene.log.head().await)?;
    let before = scene.write(&scene.stream(), EVENTS_EACH).await?;
    let writing = write_at_once(&scene);
    let mut subscription = scene.log.subscribe(start, scene.filter());
    let seen = follow(&mut subscription, (1 + WRITERS) * EVENTS_EACH).await?;
    let written = [before, said(writing.await)??].concat();
    ensure_complete(&seen, written)
}

pub(super) async fn a_follower_begins_right_behind_its_position(scene: Scene) -> Outcome {
    let stream = scene.stream();
    let ids = scene.write(&stream, 6).await?;
    let read = scene.read(&stream).await?;
    let mut subscription = scene.log.subscribe(read[2].position, scene.filter());
    let seen = follow(&mut subscription, 3).await?;
    let seen: Vec<_> = seen.iter().map(|event| event.id).collect();
    ensure_eq!(seen, ids[3..].to_vec(), "ids");
    Ok(())
}

pub(super) async fn a_slow_follower_holds_up_nobody(scene: Scene) -> Outcome {
    let start = said(scene.log.head().await)?;
    let stream = scene.stream();
    let mut written = scene.write(&stream, 1).await?;
    let mut subscription = scene.log.subscribe(start, scene.filter());
    let mut seen = follow(&mut subscription, 1).await?;
    // Far more than any buffer between a writer and a follower should hold.
    for _ in 0..40 {
        let mut batch = events(APPEND_EVENTS_MAX);
        for event in &mut batch {
            event.data = Bytes::from(vec![b'1'; 2048]);
        }
        written.extend(batch.iter().map(|event| event.id));
        said(scene.append(&stream, Expected::Any, batch).await)?;
    }
    seen.extend(follow(&mut subscription, written.len() - 1).await?);
    ensure_complete(&seen, written)
}

pub(super) async fn a_follower_waits_while_there_is_nothing_new(scene: Scene) -> Outcome {
    let head = said(scene.log.head().await)?;
    let mut subscription = scene.log.subscribe(head, scene.filter());
    let early = tokio::time::timeout(QUIET, follow(&mut subscription, 1)).await;
    ensure!(early.is_err(), "something was seen before anything was written: {early:?}");
    let given = event(0);
    let follower = tokio::spawn(async move { follow(&mut subscription, 1).await });
    tokio::time::sleep(QUIET).await;
    said(scene.append(&scene.stream(), Expected::Any, vec![given.clone()]).await)?;
    let seen = said(follower.await)??;
    ensure_eq!(seen[0].id, given.id, "id");
    Ok(())
}

pub(super) async fn a_follower_without_a_match_moves_on(scene: Scene) -> Outcome {
    let head = said(scene.log.head().await)?;
    let mut subscription = scene.log.subscribe(head, scene.silent_filter());
    for _ in 0..3 {
        let appended = said(scene.append(&scene.stream(), Expected::Any, events(2)).await)?;
        let mut through = Position::START;
        while through < appended.position {
            let batch = said(subscription.next().await)?;
            ensure!(batch.events.is_empty(), "a match where none can be");
            ensure!(batch.through > through, "the cursor does not move");
            through = batch.through;
        }
    }
    Ok(())
}

pub(super) async fn a_call_given_up_loses_nothing(scene: Scene) -> Outcome {
    let start = said(scene.log.head().await)?;
    let writing = write_at_once(&scene);
    let mut subscription = scene.log.subscribe(start, scene.filter());
    let mut seen = Vec::new();
    // From giving up at once to nearly always getting an answer.
    let patience = (0..3000).step_by(20).map(Duration::from_micros);
    for patience in patience.cycle() {
        if seen.len() >= WRITERS * EVENTS_EACH {
            break;
        }
        if let Ok(batch) = tokio::time::timeout(patience, subscription.next()).await {
            seen.extend(said(batch)?.events);
        }
    }
    ensure_complete(&seen, said(writing.await)??)
}

pub(super) async fn all_followers_see_the_same(scene: Scene) -> Outcome {
    let start = said(scene.log.head().await)?;
    let writing = write_at_once(&scene);
    let mut followers = Vec::new();
    for number in 0..8 {
        // Half of them see everything that is written, and pick what is theirs themselves.
        let filter = if number % 2 == 0 { scene.filter() } else { Filter::all() };
        let mut subscription = scene.log.subscribe(start, filter);
        let mine = scene.filter();
        followers.push(tokio::spawn(async move { collect(&mut subscription, &mine).await }));
    }
    let written = said(writing.await)??;
    let mut first: Option<Vec<Arc<RecordedEvent>>> = None;
    for follower in followers {
        let seen = said(follower.await)??;
        ensure_complete(&seen, written.clone())?;
        let expected = first.get_or_insert_with(|| seen.clone());
        ensure!(*expected == seen, "two followers differ");
    }
    Ok(())
}

async fn collect(subscription: &mut Box<dyn Subscription>, mine: &Filter) -> Result<Vec<Arc<RecordedEvent>>, String> {
    let mut seen = Vec::new();
    while seen.len() < WRITERS * EVENTS_EACH {
        let batch = said(subscription.next().await)?;
        seen.extend(batch.events.into_iter().filter(|event| mine.matches(&event.stream)));
    }
    Ok(seen)
}
