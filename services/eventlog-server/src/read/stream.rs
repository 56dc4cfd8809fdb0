//! A read of one stream, from one end or from a revision.

use casebook_eventlog::{Direction, StreamName};
use tonic::Status;

use super::{From, Pages, Reading, Said, page_of};
use crate::proto::shared::StreamIdentifier;
use crate::proto::streams::read_resp;
use crate::state::now;
use crate::{names, refusals};

pub(super) struct StreamPages {
    reading: Reading,
    stream: StreamName,
    direction: Direction,
    /// Where the next page begins; `None`: all is read.
    next: Option<u64>,
    left: u64,
    /// The stream as it was when the read began; `None`: there is no such stream for a reader.
    bounds: Option<Bounds>,
    began: bool,
}

/// The first and the last revision that are to be read. They cross where everything is cut off.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    first: u64,
    last: u64,
}

impl StreamPages {
    pub(super) async fn begin(
        reading: Reading,
        stream: StreamName,
        direction: Direction,
        from: From<u64>,
        count: u64,
    ) -> Result<Self, Status> {
        let state = reading.store.state(&stream).await?;
        let last = reading.store.last_revision(&stream).await?.filter(|last| !state.is_deleted(*last));
        let last = if reading.knows_of(&stream).await? { last } else { None };
        let bounds = last.map(|last| Bounds { first: state.first_revision(last), last });
        let next = bounds.and_then(|bounds| begin_at(direction, from, bounds));
        Ok(Self { reading, stream, direction, next, left: count, bounds, began: false })
    }

    /// What is said before the first event. Where there is none to read, that is all.
    fn head(&mut self) -> Vec<Said> {
        self.began = true;
        let Some(bounds) = self.bounds else {
            let stream_identifier = Some(StreamIdentifier { stream_name: names::to_wire(&self.stream).into() });
            let missing = read_resp::StreamNotFound { stream_identifier };
            return vec![Said::content(read_resp::Content::StreamNotFound(missing))];
        };
        let first = self.reading.tells_bounds && bounds.first <= bounds.last;
        let first = first.then(|| Said::content(read_resp::Content::FirstStreamPosition(bounds.first)));
        let last = (self.reading.tells_bounds && self.next.is_none()).then(|| last_position(bounds));
        first.into_iter().chain(last).collect()
    }
}

/// The mark of a read that came to an end of the stream. A reader takes a response without it for one that was cut off.
fn last_position(bounds: Bounds) -> Said {
    Said::content(read_resp::Content::LastStreamPosition(bounds.last))
}

/// Where a read begins, or `None` where that is beyond the stream.
fn begin_at(direction: Direction, from: From<u64>, bounds: Bounds) -> Option<u64> {
    let begin = match (direction, from) {
        (Direction::Forwards, From::Start) => bounds.first,
        (Direction::Forwards, From::At(revision)) => revision.max(bounds.first),
        (Direction::Forwards, From::End) => return None,
        (Direction::Backwards, From::End) => bounds.last,
        (Direction::Backwards, From::At(revision)) => revision.min(bounds.last),
        (Direction::Backwards, From::Start) => 0,
    };
    (bounds.first..=bounds.last).contains(&begin).then_some(begin)
}

impl Pages for StreamPages {
    async fn next(&mut self) -> Result<Option<Vec<Said>>, Status> {
        let mut page = if self.began { Vec::new() } else { self.head() };
        let (Some(from), Some(bounds)) = (self.next.filter(|_| self.left > 0), self.bounds) else {
            return Ok((!page.is_empty()).then_some(page));
        };
        let taken = page_of(self.left);
        let read = self.reading.store.log.read_stream_page(&self.stream, self.direction, Some(from), taken).await;
        let read = read.map_err(|error| refusals::unread(&error))?;
        let state = self.reading.store.state(&self.stream).await?;
        let now = now();
        for event in read.iter().filter(|event| event.revision >= bounds.first && !state.is_expired(event, now)) {
            if self.reading.caller.sees(event).await? {
                page.push(self.reading.said(event));
                self.left -= 1;
            }
        }
        let ended = taken.ends_stream(&read);
        self.next = match (read.last(), self.direction) {
            (Some(last), Direction::Forwards) if !ended => Some(last.revision + 1),
            (Some(last), Direction::Backwards) if last.revision > bounds.first => Some(last.revision - 1),
            _ => None,
        };
        let at_end = match self.direction {
            Direction::Forwards => self.next.is_none() || read.last().is_some_and(|last| last.revision >= bounds.last),
            Direction::Backwards => self.next.is_none(),
        };
        if self.reading.tells_bounds && at_end && (self.next.is_none() || self.left == 0) {
            self.next = None;
            page.push(last_position(bounds));
        }
        Ok(Some(page))
    }
}
