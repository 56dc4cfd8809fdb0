//! The one file that knows the client: calls of it, each tried until it is answered, in words of the port.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::str::FromStr as _;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use kurrentdb::{
    AppendToStreamOptions, Client, ClientSettings, Credentials, CurrentRevision, Error, EventData, ReadAllOptions,
    ReadEvent, ReadStreamOptions, StreamPosition, StreamState, SubscriptionFilter,
};
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::userinfo::userinfo;
use crate::port::{
    AppendError, Direction, Expected, NewEvent, Position, READ_BYTES_MAX, READ_EVENTS_MAX, ReadError, RecordedEvent,
    StreamName,
};

/// How long one call may take before its connection counts as lost.
const CALL_MAX: Duration = Duration::from_secs(10);
/// How long a call is tried again after lost connections, before it is given up.
const PATIENCE: Duration = Duration::from_secs(15);
/// The pause before a call is tried again: it doubles each time.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// The key under which the protocol keeps the time of an event, in units of 100 ns.
const CREATED: &str = "created";
const TICKS_PER_MICROSECOND: i64 = 10;
/// How eventlog-server says that an id stands in another place. KurrentDB does not look.
const ID_TAKEN: &str = "event-id-taken: ";

/// A client, for as long as it is of use, and then another.
pub(super) struct Connection {
    settings: ClientSettings,
    /// Said with every call: the client would take them from the connection string as they are written there, `%40` and
    /// all.
    user: Option<Credentials>,
    slot: Mutex<Slot>,
}

struct Slot {
    client: Option<Client>,
    /// Counts clients, so that one lost client is replaced once, however many calls it fails.
    generation: u64,
}

/// Why a call has no result.
pub(super) enum Failure {
    /// The connection is of no more use; whether the server did anything is unknown.
    Lost(String),
    /// The stream is not where the append expects it.
    WrongExpectedRevision { actual: Option<u64> },
    /// There is no such stream.
    NotFound,
    /// The server refuses the append.
    Refused(AppendError),
    /// What the server says is not what is ever written to it.
    Corrupt(String),
    /// The server says anything else.
    Other(String),
}

/// What an append's success says. No position: the events were there already.
pub(super) struct Written {
    pub revision: u64,
    pub position: Option<Position>,
}

/// The last event of the log, as far as is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub position: Position,
    /// The name of its stream, which may be one of KurrentDB's own.
    pub stream: String,
}

type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The options of each kind of call have this of their own.
macro_rules! as_user {
    ($connection:expr, $options:expr) => {
        match &$connection.user {
            Some(user) => $options.authenticated(user.clone()),
            None => $options,
        }
    };
}

impl Connection {
    /// What is wrong with the connection string is said without any of what may be a password.
    pub fn new(connection_string: &str) -> Result<Self, String> {
        let userinfo = userinfo(connection_string)?;
        let settings = ClientSettings::from_str(connection_string).map_err(|error| match error.error() {
            // Its message is the whole string.
            Some(error) => error.to_string(),
            None => error.message().to_owned(),
        })?;
        let files = [("tlsCaFile", settings.tls_ca_file())].into_iter().chain(match settings.user_certificate() {
            Some((cert, key)) => [("userCertFile", Some(cert)), ("userKeyFile", Some(key))],
            None => [("userCertFile", None), ("userKeyFile", None)],
        });
        for (name, file) in files.filter_map(|(name, file)| Some((name, file?))) {
            std::fs::File::open(file).map_err(|error| format!("{name} `{file}`: {error}"))?;
        }
        let user = userinfo.map(|(user, password)| Credentials::new(user, password));
        Ok(Self { settings, user, slot: Mutex::new(Slot { client: None, generation: 0 }) })
    }

    /// Makes the first client. Where the files of its certificates are no good, no later one will be made either.
    pub async fn begin(&self) -> Result<(), String> {
        match self.client().await {
            Ok(_) => Ok(()),
            Err(failure) => Err(ReadError::from(failure).to_string()),
        }
    }

    /// Where it leads, without user and password.
    pub fn hosts(&self) -> String {
        let hosts = self.settings.hosts().iter().map(|endpoint| format!("{}:{}", endpoint.host, endpoint.port));
        hosts.collect::<Vec<_>>().join(",")
    }

    /// The client of this moment, which is made where there is none.
    async fn client(&self) -> Result<(Client, u64), Failure> {
        let mut slot = self.slot.lock().await;
        if let Some(client) = &slot.client {
            return Ok((client.clone(), slot.generation));
        }
        let (settings, runtime) = (self.settings.clone(), tokio::runtime::Handle::current());
        // It reads the certificates of the machine.
        let made = tokio::task::spawn_blocking(move || Client::with_runtime_handle(runtime, settings)).await;
        let client = match made {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Err(Failure::Lost(error.to_string())),
            Err(_) => return Err(Failure::Lost("the client panics over the files of its certificates".into())),
        };
        slot.generation += 1;
        slot.client = Some(client.clone());
        Ok((client, slot.generation))
    }

    async fn drop_client(&self, generation: u64) {
        let mut slot = self.slot.lock().await;
        if slot.generation == generation {
            slot.client = None;
        }
    }

    /// One try. A client that fails is dropped.
    async fn once<'a, T>(&self, call: impl FnOnce(Client) -> Call<'a, T>) -> Result<T, Failure> {
        let (client, generation) = self.client().await?;
        let mut call = call(client);
        let guarded =
            std::future::poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(result)) => Poll::Ready(result.map_err(failure)),
                Err(_) => Poll::Ready(Err(Failure::Lost("the client panicked".into()))),
            });
        let result = match timeout(CALL_MAX, guarded).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Lost(format!("no answer within {} s", CALL_MAX.as_secs()))),
        };
        if matches!(result, Err(Failure::Lost(_))) {
            self.drop_client(generation).await;
        }
        result
    }

    /// Tries until there is an answer, or for as long as patience lasts.
    async fn answer<'a, T>(&self, call: impl Fn(Client) -> Call<'a, T>) -> Result<T, Failure> {
        let mut pauses = Pauses::begin();
        loop {
            match self.once(&call).await {
                Err(Failure::Lost(why)) => pauses.pause(why).await.map_err(Failure::Lost)?,
                result => return result,
            }
        }
    }

    pub async fn head(&self) -> Result<Head, Failure> {
        let options = ReadAllOptions::default().position(StreamPosition::End).max_count(1).requires_leader(true);
        let options = as_user!(self, options);
        let last = self.answer(|client| {
            let options = options.clone();
            Box::pin(async move { client.read_all(&options).await?.next().await })
        });
        Ok(last.await?.map_or_else(Head::default, |event| {
            let event = event.get_original_event();
            Head { position: Position(event.position.commit), stream: event.stream_id().to_owned() }
        }))
    }

    /// One try: whether an append is to be tried again is for the caller to say.
    pub async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Written, Failure> {
        let state = match expected {
            Expected::Any => StreamState::Any,
            Expected::NoStream => StreamState::NoStream,
            Expected::Revision(revision) => StreamState::StreamRevision(revision),
        };
        let options = AppendToStreamOptions::default().stream_state(state).requires_leader(true);
        let options = as_user!(self, options);
        let proposed = events.iter().map(proposed).collect::<Result<Vec<_>, _>>().map_err(Failure::Refused)?;
        let name = stream.as_str().to_owned();
        let written =
            self.once(move |client| Box::pin(async move { client.append_to_stream(name, &options, proposed).await }));
        let written = written.await?;
        let position = Some(Position(written.position.commit)).filter(|position| *position > Position::START);
        Ok(Written { revision: written.next_expected_version, position })
    }

    /// Events of one stream.
    ///
    /// A response that was cut off looks to the client like one that has ended, and half a stream like a stream. What tells
    /// them apart is the last revision, which the server names behind the last event: without it, a read that brought fewer
    /// events than were asked for was cut off.
    pub async fn read_stream(
        &self,
        stream: &StreamName,
        direction: Direction,
        from: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, Failure> {
        let limit = limit.min(READ_EVENTS_MAX);
        // The protocol's revisions have a sign.
        let beyond = from.is_some_and(|from| i64::try_from(from).is_err());
        if limit == 0 || (beyond && direction == Direction::Forwards) {
            return Ok(Vec::new());
        }
        let options = ReadStreamOptions::default().max_count(limit).requires_leader(true);
        let options = as_user!(self, options);
        let options = match (direction, from.filter(|_| !beyond)) {
            (Direction::Forwards, None) => options.forwards(),
            (Direction::Forwards, Some(from)) => options.forwards().position(StreamPosition::Position(from)),
            (Direction::Backwards, None) => options.position(StreamPosition::End),
            (Direction::Backwards, Some(from)) => options.backwards().position(StreamPosition::Position(from)),
        };
        let read = self.answer(|client| {
            let (name, options) = (stream.as_str().to_owned(), options.clone());
            Box::pin(async move {
                let mut reading = client.read_stream(name, &options).await?;
                let (mut stretch, mut ended) = (Stretch::default(), false);
                while stretch.bytes < READ_BYTES_MAX {
                    match reading.next_read_event().await? {
                        Some(ReadEvent::Event(event)) => stretch.push(event.get_original_event())?,
                        Some(ReadEvent::LastStreamPosition(_)) => ended = true,
                        Some(_) => {}
                        None if ended || stretch.seen >= limit => break,
                        None => return Err(cut_off()),
                    }
                }
                Ok(stretch.events)
            })
        });
        match read.await {
            Err(Failure::NotFound) => Ok(Vec::new()),
            read => read,
        }
    }

    /// Events of `$all` behind `after`: all of them, or those of streams that begin with one of `prefixes`.
    ///
    /// A response that was cut off looks to the client like one that has ended. So the stream of `head` is asked for too:
    /// where a read ends without that event, it was cut off.
    pub async fn stretch(
        &self,
        after: Position,
        head: &Head,
        prefixes: &[String],
        limit: usize,
    ) -> Result<Stretch, Failure> {
        // The event at `after` may come along.
        let options = ReadAllOptions::default().max_count(limit + 1).requires_leader(true);
        let options = as_user!(self, options);
        let options = match after {
            Position::START => options,
            Position(at) => {
                options.position(StreamPosition::Position(kurrentdb::Position { commit: at, prepare: at })).forwards()
            }
        };
        let options = if prefixes.is_empty() {
            options
        } else {
            let filter = SubscriptionFilter::on_stream_name().add_prefix(&head.stream);
            options.filter(prefixes.iter().fold(filter, SubscriptionFilter::add_prefix))
        };
        self.answer(|client| {
            let options = options.clone();
            Box::pin(async move {
                let mut reading = client.read_all(&options).await?;
                let mut stretch = Stretch::default();
                while stretch.seen < limit && stretch.bytes < READ_BYTES_MAX {
                    let Some(event) = reading.next().await? else {
                        if stretch.last < head.position {
                            return Err(cut_off());
                        }
                        break;
                    };
                    let event = event.get_original_event();
                    if event.position.commit > after.0 {
                        stretch.push(event)?;
                    }
                }
                Ok(stretch)
            })
        })
        .await
    }
}

/// Pauses between tries, until patience ends.
pub(super) struct Pauses {
    until: Instant,
    next: Duration,
}

impl Pauses {
    pub fn begin() -> Self {
        Self { until: Instant::now() + PATIENCE, next: PAUSE_MIN }
    }

    /// Gives `why` back where there is no patience left.
    pub async fn pause(&mut self, why: String) -> Result<(), String> {
        if Instant::now() + self.next > self.until {
            return Err(why);
        }
        tracing::warn!(%why, "the connection to the event log is made anew");
        sleep(self.next).await;
        self.next = PAUSE_MAX.min(self.next * 2);
        Ok(())
    }
}

/// What a read brought.
#[derive(Default)]
pub(super) struct Stretch {
    pub events: Vec<Arc<RecordedEvent>>,
    /// The position of the last event, also of one of KurrentDB's own.
    pub last: Position,
    seen: usize,
    bytes: usize,
}

impl Stretch {
    fn push(&mut self, event: &kurrentdb::RecordedEvent) -> Result<(), Error> {
        self.seen += 1;
        self.last = Position(event.position.commit);
        let Ok(stream) = event.stream_id().parse::<StreamName>() else { return Ok(()) };
        // The client's own field has whole seconds only.
        let ticks = event.metadata.get(CREATED).and_then(|ticks| ticks.parse::<i64>().ok());
        let recorded_at = ticks.and_then(|ticks| DateTime::from_timestamp_micros(ticks / TICKS_PER_MICROSECOND));
        let recorded_at = recorded_at.ok_or_else(|| Error::InternalParsingError(format!("when was {}?", event.id)))?;
        self.bytes += event.data.len() + event.custom_metadata.len();
        self.events.push(Arc::new(RecordedEvent {
            position: self.last,
            stream,
            revision: event.revision,
            id: event.id,
            event_type: event.event_type.as_str().into(),
            data: event.data.clone(),
            metadata: event.custom_metadata.clone(),
            recorded_at,
        }));
        Ok(())
    }
}

/// The client makes JSON of a value, and the log's bytes must stay as they are: the value is those bytes.
fn proposed(event: &NewEvent) -> Result<EventData, AppendError> {
    let not_json = || AppendError::Invalid(format!("the data of event {} is no JSON", event.id));
    let text = String::from_utf8(event.data.to_vec()).map_err(|_| not_json())?;
    let value = RawValue::from_string(text).map_err(|_| not_json())?;
    let proposed = EventData::json(&event.event_type, &value).map_err(|_| not_json())?;
    Ok(proposed.id(event.id).metadata(Bytes::clone(&event.metadata)))
}

/// A response without its end: the connection is of no more use.
fn cut_off() -> Error {
    Error::ServerError("a read was cut off".into())
}

fn failure(error: Error) -> Failure {
    match error {
        Error::ServerError(why) if why.starts_with("status: DataLoss") => Failure::Corrupt(why),
        Error::ServerError(_)
        | Error::NotLeaderException(_)
        | Error::ConnectionClosed
        | Error::GrpcConnectionError(_)
        | Error::DeadlineExceeded
        | Error::InternalClientError => Failure::Lost(error.to_string()),
        Error::WrongExpectedVersion { current: CurrentRevision::Current(revision), .. } => {
            Failure::WrongExpectedRevision { actual: Some(revision) }
        }
        Error::WrongExpectedVersion { current: CurrentRevision::NoStream, .. } => {
            Failure::WrongExpectedRevision { actual: None }
        }
        Error::ResourceNotFound => Failure::NotFound,
        Error::AccessDenied => Failure::Other("the server does not know this user, or does not let it do that".into()),
        Error::InternalParsingError(why) => Failure::Corrupt(why),
        // Of the log's streams, none is ever deleted.
        Error::ResourceDeleted => Failure::Corrupt("the stream was deleted".into()),
        // The code by its name: the client does not hand on the crate that its codes are from.
        Error::Grpc { code, message } => match format!("{code:?}").as_str() {
            "FailedPrecondition" => match message.strip_prefix(ID_TAKEN).and_then(parse_taken) {
                Some(taken) => Failure::Refused(taken),
                None => Failure::Other(message),
            },
            "InvalidArgument" => Failure::Refused(AppendError::Invalid(message)),
            "ResourceExhausted" => Failure::Refused(AppendError::Full),
            _ => Failure::Lost(message),
        },
        error => Failure::Other(error.to_string()),
    }
}

/// `{id} is revision {revision} of {stream}`
fn parse_taken(text: &str) -> Option<AppendError> {
    let (id, rest) = text.split_once(" is revision ")?;
    let (revision, stream) = rest.split_once(" of ")?;
    Some(AppendError::EventIdTaken {
        id: id.parse().ok()?,
        stream: stream.parse().ok()?,
        revision: revision.parse().ok()?,
    })
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Corrupt(why) => Self::Corrupt(why),
            Failure::Lost(why) | Failure::Other(why) => Self::Unavailable(why),
            Failure::Refused(error) => Self::Unavailable(error.to_string()),
            Failure::NotFound => Self::Unavailable("not found".into()),
            Failure::WrongExpectedRevision { .. } => Self::Unavailable("a read was answered like an append".into()),
        }
    }
}
