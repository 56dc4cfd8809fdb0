//! Subscriptions: what is there behind a place, then what comes. They end only with an error.

use std::sync::Arc;
use std::time::SystemTime;

use casebook_eventlog::{
    Direction, EventLog as _, Filter as LogFilter, Position, RecordedEvent, StreamName, Subscription,
};
use tonic::Status;
use uuid::Uuid;

use super::{From, PAGE, Pages, Reading, Said};
use crate::acl::Act;
use crate::filter::Filter;
use crate::proto::streams::read_resp;
use crate::state::{TOMBSTONE_TYPE, now};
use crate::{names, refusals};

/// A live subscription that is so many events behind the log is not live any more.
const FELL_BEHIND_EVENTS: u64 = 4096;

/// Follows `$all`, behind a position.
pub(super) async fn all(reading: Reading, from: From<Position>, filter: Filter) -> Result<FollowAll, Status> {
    let after = match from {
        From::Start => Position::START,
        From::At(position) => position,
        From::End => reading.store.log.head().await.map_err(|error| refusals::unread(&error))?,
    };
    let subscription = reading.store.log.follow(after, filter.of_log.clone(), PAGE);
    Ok(FollowAll { reading, filter, subscription, at: after, checkpoint: after, live: false, began: false })
}

pub(super) struct FollowAll {
    reading: Reading,
    filter: Filter,
    subscription: Box<dyn Subscription>,
    /// Everything up to here has been looked at.
    at: Position,
    /// The last position that the client has heard of.
    checkpoint: Position,
    live: bool,
    began: bool,
}

impl Pages for FollowAll {
    async fn next(&mut self) -> Result<Option<Vec<Said>>, Status> {
        if !self.began {
            self.began = true;
            return Ok(Some(self.begin().await?));
        }
        let batch = self.subscription.next().await.map_err(|error| refusals::unread(&error))?;
        let mut page = Vec::with_capacity(batch.events.len() + 2);
        if self.live && !batch.at_head {
            let head = self.head().await?;
            if head.0 > batch.through.0.saturating_add(FELL_BEHIND_EVENTS) {
                self.live = false;
                page.push(fell_behind(None, Some(self.at)));
            }
        }
        for event in &batch.events {
            if self.reading.wants(&self.filter, event).await? {
                page.push(self.reading.said(event));
                self.checkpoint = event.position;
            }
        }
        self.at = batch.through;
        let catches_up = !self.live && batch.at_head;
        let due = self.filter.checkpoint_every.is_some_and(|every| self.at.0 - self.checkpoint.0 >= every);
        if due || (catches_up && self.filter.checkpoint_every.is_some() && self.at > self.checkpoint) {
            self.checkpoint = self.at;
            page.push(checkpoint(self.at));
        }
        if catches_up {
            self.live = true;
            page.push(caught_up(None, Some(self.at)));
        }
        Ok(Some(page))
    }
}

impl FollowAll {
    async fn head(&mut self) -> Result<Position, Status> {
        self.reading.store.log.head().await.map_err(|error| refusals::unread(&error))
    }

    async fn begin(&mut self) -> Result<Vec<Said>, Status> {
        let mut page = vec![confirmation()];
        // The log's own subscription says nothing before there is something new.
        let head = self.head().await?;
        if self.at >= head {
            self.live = true;
            page.push(caught_up(None, Some(self.at).filter(|at| *at > Position::START)));
        }
        Ok(page)
    }
}

/// Follows one stream, behind a revision. It need not exist yet.
pub(super) async fn stream(reading: Reading, stream: StreamName, from: From<u64>) -> Result<FollowStream, Status> {
    reading.store.state(&stream).await?;
    let log = &reading.store.log;
    let next = match from {
        From::Start => 0,
        From::At(revision) => revision.saturating_add(1),
        From::End => reading.store.last_revision(&stream).await?.map_or(0, |last| last + 1),
    };
    // Taken before the past is read, so that nothing is between the two; what is in both is known by its revision.
    let head = log.head().await.map_err(|error| refusals::unread(&error))?;
    let names = [Some(stream.clone()), names::metadata_of(&stream)];
    let filter = LogFilter::starting_with(names.into_iter().flatten().map(|name| name.to_string()));
    let live = log.follow(head, filter, PAGE);
    Ok(FollowStream { reading, stream, next, live, phase: Phase::Beginning })
}

#[derive(PartialEq, Eq)]
enum Phase {
    Beginning,
    CatchingUp,
    Live,
}

pub(super) struct FollowStream {
    reading: Reading,
    stream: StreamName,
    next: u64,
    live: Box<dyn Subscription>,
    phase: Phase,
}

impl Pages for FollowStream {
    async fn next(&mut self) -> Result<Option<Vec<Said>>, Status> {
        match self.phase {
            Phase::Beginning => {
                self.phase = Phase::CatchingUp;
                Ok(Some(vec![confirmation()]))
            }
            Phase::CatchingUp => self.past().await.map(Some),
            Phase::Live => {
                let batch = self.live.next().await.map_err(|error| refusals::unread(&error))?;
                self.responses(&batch.events).await.map(Some)
            }
        }
    }
}

impl FollowStream {
    async fn past(&mut self) -> Result<Vec<Said>, Status> {
        let log = &self.reading.store.log;
        let read = log.read_stream_page(&self.stream, Direction::Forwards, Some(self.next), PAGE).await;
        let read = read.map_err(|error| refusals::unread(&error))?;
        let mut page = self.responses(&read).await?;
        if PAGE.ends_stream(&read) {
            self.phase = Phase::Live;
            // Where a stream ends that is not for the caller is not for them either.
            let last = self.next.checked_sub(1).filter(|_| self.reading.caller.sees_everything());
            page.push(caught_up(last, None));
        }
        Ok(page)
    }

    /// What of these is new to the client, and is to be read at all.
    async fn responses(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Said>, Status> {
        for event in events.iter().filter(|event| names::described_by(&event.stream).as_ref() == Some(&self.stream)) {
            // It may come here before whoever wrote it has told the states.
            self.reading.store.states.forget(&event.stream);
            if &*event.event_type == TOMBSTONE_TYPE {
                return Err(refusals::stream_deleted(&self.stream));
            }
        }
        let mine = events.iter().filter(|event| event.stream == self.stream && event.revision >= self.next);
        let mine: Vec<_> = mine.cloned().collect();
        let Some(last) = mine.last().map(|event| event.revision) else { return Ok(Vec::new()) };
        let state = self.reading.store.state(&self.stream).await?;
        // The access list may be another than when this began.
        self.reading.store.permit(&self.reading.caller, Act::Read, &self.stream).await?;
        let (first, now) = (state.first_revision(last), now());
        self.next = last + 1;
        let mut page = Vec::with_capacity(mine.len());
        if !self.reading.knows_of(&self.stream).await? {
            return Ok(page);
        }
        for event in mine.iter().filter(|event| event.revision >= first && !state.is_expired(event, now)) {
            if self.reading.caller.sees(event).await? {
                page.push(self.reading.said(event));
            }
        }
        Ok(page)
    }
}

fn confirmation() -> Said {
    let subscription_id = Uuid::new_v4().to_string();
    Said::content(read_resp::Content::Confirmation(read_resp::SubscriptionConfirmation { subscription_id }))
}

fn timestamp() -> Option<prost_types::Timestamp> {
    Some(SystemTime::now().into())
}

fn wire_position(position: Position) -> read_resp::Position {
    read_resp::Position { commit_position: position.0, prepare_position: position.0 }
}

fn checkpoint(position: Position) -> Said {
    Said::content(read_resp::Content::Checkpoint(read_resp::Checkpoint {
        commit_position: position.0,
        prepare_position: position.0,
        timestamp: timestamp(),
    }))
}

fn caught_up(revision: Option<u64>, position: Option<Position>) -> Said {
    Said::content(read_resp::Content::CaughtUp(read_resp::CaughtUp {
        timestamp: timestamp(),
        stream_revision: revision.map(u64::cast_signed),
        position: position.map(wire_position),
    }))
}

fn fell_behind(revision: Option<u64>, position: Option<Position>) -> Said {
    Said::content(read_resp::Content::FellBehind(read_resp::FellBehind {
        timestamp: timestamp(),
        stream_revision: revision.map(u64::cast_signed),
        position: position.map(wire_position),
    }))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use casebook_eventlog::embedded::{EmbeddedLog, Options};
    use casebook_eventlog::{APPEND_EVENTS_MAX, Expected, NewEvent};

    use super::*;
    use crate::door::{Access, Caller};
    use crate::events::IdForm;
    use crate::store::Store;

    /// The contents of a page, without events.
    fn besides_events(page: Vec<Said>) -> Vec<read_resp::Content> {
        let contents = page.into_iter().filter_map(|said| match said {
            Said::Response(response) => response.content,
            Said::Link(_) => None,
        });
        contents.filter(|content| !matches!(content, read_resp::Content::Event(_))).collect()
    }

    #[tokio::test]
    async fn a_live_subscription_to_all_that_is_far_behind_says_so_and_catches_up() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(EmbeddedLog::open(folder.path(), Options::default()).unwrap());
        let (store, caller) = (Arc::new(Store::new(Arc::clone(&log))), Caller::anyone(Access::Read));
        let reading = Reading { store, caller, form: IdForm::Text, resolve_links: false, tells_bounds: false };
        let mut follow = all(reading, From::Start, Filter::default()).await.unwrap();
        let begun = besides_events(follow.next().await.unwrap().unwrap());
        let [read_resp::Content::Confirmation(_), read_resp::Content::CaughtUp(_)] = begun.as_slice() else {
            panic!("it is live at once: {begun:?}");
        };
        let event = || NewEvent {
            id: Uuid::new_v4(),
            event_type: "Opened".into(),
            data: Bytes::from_static(b"7"),
            metadata: Bytes::new(),
        };
        let behind = usize::try_from(FELL_BEHIND_EVENTS).unwrap() + 2 * PAGE.events;
        for _ in 0..behind.div_ceil(APPEND_EVENTS_MAX) {
            let events = std::iter::repeat_with(event).take(APPEND_EVENTS_MAX).collect();
            log.append(&"case-1".parse().unwrap(), Expected::Any, events).await.unwrap();
        }
        let head = log.head().await.unwrap();
        let mut said = Vec::new();
        while follow.at < head {
            said.extend(besides_events(follow.next().await.unwrap().unwrap()));
        }
        let [read_resp::Content::FellBehind(fell_behind), read_resp::Content::CaughtUp(caught_up)] = said.as_slice()
        else {
            panic!("once behind, once there: {said:?}");
        };
        assert_eq!(fell_behind.position, Some(wire_position(Position::START)));
        assert_eq!(caught_up.position, Some(wire_position(head)));
    }
}
