//! Links: events whose data names another event.

use std::sync::Arc;

use casebook_eventlog::{Direction, EventLog as _, RecordedEvent, StreamName};
use tonic::Status;

use super::{Reading, Said};
use crate::filter::Filter;
use crate::proto::streams::ReadResp;
use crate::state::now;
use crate::{events, names, refusals};

/// The type of an event that stands for another: its data is `{revision}@{stream}`.
const LINK_TYPE: &str = "$>";

impl Reading {
    /// Whether an event of `$all` is for the caller: the others are left out.
    pub(super) async fn shows(&self, event: &RecordedEvent) -> Result<bool, Status> {
        Ok(self.store.is_readable(&self.caller, &event.stream).await? && self.caller.sees(event).await?)
    }

    /// Whether an event of `$all` is shown: one that is not for the caller is not heard of in an error either.
    pub(super) async fn wants(&self, filter: &Filter, event: &RecordedEvent) -> Result<bool, Status> {
        let matched = filter.matches(event);
        if matches!(matched, Ok(false)) {
            return Ok(false);
        }
        Ok(self.shows(event).await? && matched?)
    }

    /// An event as the client wants it.
    pub(super) fn said(&self, event: &Arc<RecordedEvent>) -> Said {
        if self.resolve_links && &*event.event_type == LINK_TYPE {
            return Said::Link(Arc::clone(event));
        }
        Said::Response(events::response(Some(event), None, self.form))
    }

    /// What is sent of it. A link whose event is not to be read is shown without one.
    pub(super) async fn response(&self, said: Said) -> Result<ReadResp, Status> {
        match said {
            Said::Response(response) => Ok(response),
            Said::Link(link) => {
                let target = self.target(&link).await?;
                Ok(events::response(target.as_ref(), Some(&link), self.form))
            }
        }
    }

    /// Whether there is such a stream for the caller, whatever of it there is to be read.
    pub(super) async fn knows_of(&self, stream: &StreamName) -> Result<bool, Status> {
        if self.caller.sees_everything() {
            return Ok(true);
        }
        let first = self.store.log.read_stream(stream, Direction::Forwards, Some(0), 1).await;
        match first.map_err(|error| refusals::unread(&error))?.first() {
            Some(first) => self.caller.sees(first).await,
            None => Ok(false),
        }
    }

    async fn target(&self, link: &RecordedEvent) -> Result<Option<Arc<RecordedEvent>>, Status> {
        let Some((revision, stream)) = std::str::from_utf8(&link.data).ok().and_then(|data| data.split_once('@'))
        else {
            return Ok(None);
        };
        let (Ok(revision), Ok(stream)) = (revision.parse(), names::from_wire(stream)) else { return Ok(None) };
        // A link shows nothing that a read of its stream would not show.
        if !self.store.is_readable(&self.caller, &stream).await? {
            return Ok(None);
        }
        let log = &self.store.log;
        let state = self.store.states.of(log, &stream).await.map_err(|error| refusals::unread(&error))?;
        let Some(last) = self.store.last_revision(&stream).await?.filter(|_| !state.tombstoned) else {
            return Ok(None);
        };
        if !(state.first_revision(last)..=last).contains(&revision) {
            return Ok(None);
        }
        let read = log.read_stream(&stream, Direction::Forwards, Some(revision), 1).await;
        let target = read.map_err(|error| refusals::unread(&error))?.pop();
        match target.filter(|event| !state.is_expired(event, now())) {
            Some(event) if self.caller.sees(&event).await? => Ok(Some(event)),
            _ => Ok(None),
        }
    }
}
