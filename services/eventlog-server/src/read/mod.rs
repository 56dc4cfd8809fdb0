//! Read: some events, or all that will ever come.

mod all;
mod follow;
mod links;
mod stream;

use std::pin::Pin;
use std::sync::Arc;

use casebook_eventlog::embedded::Page;
use casebook_eventlog::{Direction, Position, RecordedEvent, StreamName};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream as streams};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use self::all::AllPages;
use self::stream::StreamPages;
use crate::acl::Act;
use crate::door::Caller;
use crate::events::{self, IdForm};
use crate::filter::Filter;
use crate::proto::streams::read_req::options::{
    CountOption, FilterOption, ReadDirection, StreamOption, all_options, stream_options, uuid_option,
};
use crate::proto::streams::{ReadReq, ReadResp, read_req, read_resp};
use crate::store::Store;
use crate::{names, refusals};

/// What a read takes from the log at a time: a client that does not read on holds so much of the server's memory, and the event
/// that reached the bound.
const PAGE: Page = Page { events: 512, bytes: 1 << 20 };

/// The same, where no more than so many are wanted.
fn page_of(left: u64) -> Page {
    Page { events: usize::try_from(left).unwrap_or(PAGE.events).min(PAGE.events), ..PAGE }
}

pub type Responses = Pin<Box<dyn Stream<Item = Result<ReadResp, Status>> + Send>>;

/// The name of everything.
const ALL: &str = "$all";

/// What every read needs.
#[derive(Clone)]
struct Reading {
    store: Arc<Store>,
    caller: Caller,
    form: IdForm,
    resolve_links: bool,
    /// The client wants to hear where a stream begins and ends.
    tells_bounds: bool,
}

/// Where a read begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From<T> {
    Start,
    End,
    At(T),
}

enum Target {
    Stream(StreamName, From<u64>),
    All(From<Position>, Filter),
}

enum Count {
    AtMost(u64),
    /// Everything that is there, and then everything that comes.
    Follow,
}

/// Begins a read. What can be refused is refused before the first response.
pub async fn read(
    store: Arc<Store>,
    caller: Caller,
    request: ReadReq,
    stop: CancellationToken,
) -> Result<Responses, Status> {
    let options = request.options.ok_or_else(|| Status::invalid_argument("a read has options"))?;
    let direction = match options.read_direction() {
        ReadDirection::Forwards => Direction::Forwards,
        ReadDirection::Backwards => Direction::Backwards,
    };
    let reading = Reading {
        store,
        caller,
        form: id_form(&options),
        resolve_links: options.resolve_links,
        tells_bounds: options.control_option.as_ref().is_some_and(|control| control.compatibility >= 1),
    };
    let count = match options.count_option {
        Some(CountOption::Count(count)) => Count::AtMost(count),
        Some(CountOption::Subscription(_)) => Count::Follow,
        None => return Err(Status::invalid_argument("a read has a count or is a subscription")),
    };
    let target = target(options)?;
    if let Target::Stream(stream, _) = &target {
        reading.store.permit(&reading.caller, Act::Read, stream).await?;
    }
    let following = reading.clone();
    let ends = Ends { stop, until: reading.caller.until };
    match (target, count, direction) {
        (Target::Stream(stream, from), Count::AtMost(count), direction) => {
            Ok(paged(following, StreamPages::begin(reading, stream, direction, from, count).await?, ends))
        }
        (Target::All(from, filter), Count::AtMost(count), direction) => {
            Ok(paged(following, AllPages::begin(reading, direction, from, filter, count), ends))
        }
        (Target::Stream(stream, from), Count::Follow, Direction::Forwards) => {
            Ok(paged(following, follow::stream(reading, stream, from).await?, ends))
        }
        (Target::All(from, filter), Count::Follow, Direction::Forwards) => {
            Ok(paged(following, follow::all(reading, from, filter).await?, ends))
        }
        (_, Count::Follow, Direction::Backwards) => Err(Status::invalid_argument("a subscription goes forwards")),
    }
}

/// What a request asks for, by the name that clients give it.
pub fn named(request: &ReadReq) -> Result<String, Status> {
    match request.options.as_ref().and_then(|options| options.stream_option.as_ref()) {
        Some(StreamOption::Stream(stream)) => {
            names::parse(stream.stream_identifier.as_ref()).map(|name| names::to_wire(&name))
        }
        Some(StreamOption::All(_)) | None => Ok(ALL.into()),
    }
}

fn id_form(options: &read_req::Options) -> IdForm {
    match options.uuid_option.as_ref().and_then(|option| option.content.as_ref()) {
        Some(uuid_option::Content::String(_)) => IdForm::Text,
        Some(uuid_option::Content::Structured(_)) | None => IdForm::Structured,
    }
}

fn target(options: read_req::Options) -> Result<Target, Status> {
    match options.stream_option {
        Some(StreamOption::Stream(stream)) => {
            let name = names::parse(stream.stream_identifier.as_ref())?;
            let from = match stream.revision_option {
                Some(stream_options::RevisionOption::Revision(revision)) => From::At(revision),
                Some(stream_options::RevisionOption::End(_)) => From::End,
                Some(stream_options::RevisionOption::Start(_)) | None => From::Start,
            };
            Ok(Target::Stream(name, from))
        }
        Some(StreamOption::All(all)) => {
            let from = match all.all_option {
                Some(all_options::AllOption::Position(position)) => From::At(Position(position.commit_position)),
                Some(all_options::AllOption::End(_)) => From::End,
                Some(all_options::AllOption::Start(_)) | None => From::Start,
            };
            let filter = match options.filter_option {
                Some(FilterOption::Filter(filter)) => Filter::parse(filter)?,
                Some(FilterOption::NoFilter(_)) | None => Filter::default(),
            };
            Ok(Target::All(from, filter))
        }
        None => Err(Status::invalid_argument("a read is one of a stream or of $all")),
    }
}

/// What a read answers, page after page.
trait Pages: Send + 'static {
    /// What comes next; `None` behind the last.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<Said>>, Status>> + Send;
}

/// One thing that a read says.
#[expect(clippy::large_enum_variant, reason = "nearly all are responses")]
enum Said {
    Response(ReadResp),
    /// Followed when its turn comes: what it leads to may be much larger, and a page holds many.
    Link(Arc<RecordedEvent>),
}

impl Said {
    fn content(content: read_resp::Content) -> Self {
        Self::Response(events::content(content))
    }
}

/// What ends a read before its end, and with an error: the server goes down, or its caller may no longer call. A slow client
/// can draw out a read of what is there as long as a subscription.
struct Ends {
    stop: CancellationToken,
    until: Option<Instant>,
}

impl Ends {
    async fn reached(&self) -> Status {
        let until = async {
            match self.until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => refusals::stopping(),
            () = until => Status::unauthenticated("what this began with is no longer valid"),
        }
    }
}

fn paged(reading: Reading, pages: impl Pages, ends: Ends) -> Responses {
    let pages = streams::try_unfold((pages, ends), |(mut pages, ends)| async move {
        let page = tokio::select! {
            biased;
            end = ends.reached() => return Err(end),
            page = pages.next() => page?,
        };
        Ok::<_, Status>(page.map(|page| (page, (pages, ends))))
    });
    let said = pages.map_ok(|page| streams::iter(page).map(Ok)).try_flatten();
    let reading = Arc::new(reading);
    said.and_then(move |said| {
        let reading = Arc::clone(&reading);
        async move { reading.response(said).await }
    })
    .boxed()
}
