//! A read of `$all`. A position is included on the way forwards and excluded on the way back.

use std::sync::Arc;

use casebook_eventlog::{Direction, Position, RecordedEvent};
use tonic::Status;

use super::{From, Pages, Reading, Said, page_of};
use crate::filter::Filter;
use crate::refusals;

pub(super) struct AllPages {
    reading: Reading,
    filter: Filter,
    left: u64,
    next: Next,
}

enum Next {
    /// What lies behind this.
    Behind(Position),
    /// What lies before this, or before the end.
    Before(Option<Position>),
    Nothing,
}

impl AllPages {
    pub(super) fn begin(
        reading: Reading,
        direction: Direction,
        from: From<Position>,
        filter: Filter,
        count: u64,
    ) -> Self {
        let next = match (direction, from) {
            (Direction::Forwards, From::Start) => Next::Behind(Position::START),
            (Direction::Forwards, From::At(position)) => Next::Behind(Position(position.0.saturating_sub(1))),
            (Direction::Backwards, From::End) => Next::Before(None),
            (Direction::Backwards, From::At(position)) => Next::Before(Some(position)),
            (Direction::Forwards, From::End) | (Direction::Backwards, From::Start) => Next::Nothing,
        };
        Self { reading, filter, left: count, next }
    }

    /// Some events, and where to go on.
    async fn events(&self) -> Result<(Vec<Arc<RecordedEvent>>, Next), Status> {
        let log = &self.reading.store.log;
        // Where the log cannot leave out all that is not wanted, more is read than is asked for.
        let page = page_of(self.left);
        match self.next {
            Next::Behind(after) => {
                let batch = log.read_all_page(after, &self.filter.of_log, page).await;
                let batch = batch.map_err(|error| refusals::unread(&error))?;
                let next = if batch.at_head { Next::Nothing } else { Next::Behind(batch.through) };
                Ok((batch.events, next))
            }
            Next::Before(before) => {
                let stretch = log.read_all_backwards(before, &self.filter.of_log, page).await;
                let stretch = stretch.map_err(|error| refusals::unread(&error))?;
                let next = if stretch.at_start { Next::Nothing } else { Next::Before(Some(stretch.through)) };
                Ok((stretch.events, next))
            }
            Next::Nothing => Ok((Vec::new(), Next::Nothing)),
        }
    }
}

impl Pages for AllPages {
    async fn next(&mut self) -> Result<Option<Vec<Said>>, Status> {
        if self.left == 0 || matches!(self.next, Next::Nothing) {
            return Ok(None);
        }
        let (events, next) = self.events().await?;
        self.next = next;
        let mut page = Vec::with_capacity(events.len());
        for event in &events {
            if self.left > 0 && self.reading.wants(&self.filter, event).await? {
                page.push(self.reading.said(event));
                self.left -= 1;
            }
        }
        Ok(Some(page))
    }
}
