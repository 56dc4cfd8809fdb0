//! What a platform's back end sees: its own orders, and nothing of anybody else's.

use std::time::Duration;

use casebook_bootstrap::{Explained, Read, Write, execute_status, invalid, store_status};
use casebook_eventlog::{Filter, Position, RecordedEvent, Subscription};
use casebook_execution::{Aggregate as _, Context, ExecuteError, Loaded};
use casebook_kernel::Actor;
use casebook_proto::enforcement::v1;
use casebook_proto::enforcement::v1::platform_service_server::PlatformService;
use casebook_proto::moment;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::desk::{Desk, id, set};
use super::{refusal, unknown};
use crate::codec::words::Word as _;
use crate::domain::order::{
    Answer, Cause, Order, OrderChange, OrderCommand, OrderFile, OrderRefusal, Outcome, Standing, Validity,
};
use crate::resource::platform_order;

const GET_ORDER: &str = "/casebook.enforcement.v1.PlatformService/GetPlatformOrder";
/// Messages that wait for a slow platform; then the stream waits for it, and nobody else does.
const WAITING_MAX: usize = 64;
/// A platform without news is told how far its cursor may go after this many positions.
const CURSOR_EVERY: u64 = 1_000;
/// How long a stream waits after the log could not be read.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Answers the back ends of platforms.
#[derive(Debug)]
pub struct Platforms {
    pub desk: Desk,
    /// In whose name it is noted that an order was handed over.
    pub system: Actor,
    pub stopping: CancellationToken,
}

/// An order, if it is the platform's own.
fn own<'a>(loaded: &'a Loaded<Order>, platform: &str) -> Option<&'a OrderFile> {
    loaded.state.file().filter(|file| file.terms.measure.account.platform == *platform)
}

/// The platform that the caller is; a token that names no platform sees no order.
fn platform_of(platform: Option<&str>) -> Result<String, Status> {
    let platform = platform.map(str::to_owned);
    platform.ok_or_else(|| Explained::denied("NOT_A_PLATFORM").status("the token's agency names no platform"))
}

impl Platforms {
    async fn order_of(&self, order_id: Uuid, platform: &str) -> Result<(v1::PlatformOrder, u64), Status> {
        let loaded = self.desk.orders.load(order_id).await.map_err(store_status)?;
        match (own(&loaded, platform), loaded.head) {
            (Some(file), Some(head)) => Ok((platform_order(file, &head), head.position.0)),
            _ => Err(unknown::order()),
        }
    }

    async fn receipt(&self, request: Request<v1::ReportReceiptRequest>) -> Result<v1::ReportReceiptResponse, Status> {
        let write = self.desk.gate.write(request)?;
        let platform = platform_of(write.principal.platform())?;
        let Write { request, context, .. } = write;
        let order_id: Uuid = id("order_id", &request.order_id)?;
        self.order_of(order_id, &platform).await?;
        let answer = Answer {
            outcome: Outcome::read(request.outcome).ok_or_else(|| invalid("outcome", "is required"))?,
            cause: Cause::read(request.cause),
            detail: request.detail,
            executed_at: request.executed_at.as_ref().and_then(moment),
            evidence_sha256: set(request.evidence_sha256),
        };
        let command = OrderCommand::RecordReceipt { answer, corrects: request.corrects, now: context.now };
        match self.desk.orders.execute(order_id, &context, command).await {
            Ok(executed) => {
                let order = executed.state.file().map(|file| platform_order(file, &executed.head));
                Ok(v1::ReportReceiptResponse { order, position: executed.head.position.0 })
            }
            // The same answer under another request id: what is so is so.
            Err(ExecuteError::Refused(OrderRefusal::ReceiptRepeated)) => {
                let (order, position) = self.order_of(order_id, &platform).await?;
                Ok(v1::ReportReceiptResponse { order: Some(order), position })
            }
            Err(error) => Err(execute_status(error, refusal::order)),
        }
    }

    async fn platform_order(
        &self,
        request: Request<v1::GetPlatformOrderRequest>,
    ) -> Result<v1::GetPlatformOrderResponse, Status> {
        let resource = |request: &v1::GetPlatformOrderRequest| format!("order-{}", request.order_id);
        let read = self.desk.gate.recorded_read(request, GET_ORDER, resource).await?;
        let platform = platform_of(read.principal.platform())?;
        let (order, _) = self.order_of(id("order_id", &read.request.order_id)?, &platform).await?;
        Ok(v1::GetPlatformOrderResponse { order: Some(order) })
    }

    fn follow(&self, read: &Read<v1::StreamOrdersRequest>, platform: String) -> ReceiverStream<News> {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let after = read.request.after_position;
        let stream =
            OrderStream { desk: self.desk.clone(), system: self.system.clone(), platform, sent: after, sender };
        let stopping = self.stopping.clone();
        tokio::spawn(async move {
            let gone = stream.sender.clone();
            tokio::select! {
                () = gone.closed() => {}
                () = stopping.cancelled() => {
                    // Best effort: a client that does not read learns it from the connection.
                    let _ = gone.try_send(Err(Status::unavailable("the service is going down: connect again")));
                }
                () = stream.run() => {}
            }
        });
        ReceiverStream::new(receiver)
    }
}

type News = Result<v1::StreamOrdersResponse, Status>;

/// One platform's stream of orders.
struct OrderStream {
    desk: Desk,
    system: Actor,
    platform: String,
    /// The last position that the platform was told.
    sent: u64,
    sender: mpsc::Sender<News>,
}

/// The platform hung up.
struct HungUp;

impl OrderStream {
    async fn run(mut self) {
        let filter = Filter::categories([Order::CATEGORY]);
        let mut subscription: Box<dyn Subscription> = self.desk.log.subscribe(Position(self.sent), filter.clone());
        loop {
            let batch = match subscription.next().await {
                Ok(batch) => batch,
                Err(error) => {
                    tracing::error!(platform = self.platform, %error, "a stream of orders cannot read the log");
                    tokio::time::sleep(RETRY_DELAY).await;
                    subscription = self.desk.log.subscribe(Position(self.sent), filter.clone());
                    continue;
                }
            };
            for event in &batch.events {
                // An event that is not handed over must not be skipped: the platform connects again and gets it.
                let handed = match self.news(event).await {
                    Ok(Some(news)) => self.send(Ok(news)).await,
                    Ok(None) => Ok(()),
                    Err(status) => {
                        let _ = self.send(Err(status)).await;
                        return;
                    }
                };
                if handed.is_err() {
                    return;
                }
            }
            let silent = batch.through.0.saturating_sub(self.sent);
            let cursor = v1::StreamOrdersResponse { position: batch.through.0, ..Default::default() };
            if silent >= CURSOR_EVERY && self.send(Ok(cursor)).await.is_err() {
                return;
            }
        }
    }

    async fn send(&mut self, news: News) -> Result<(), HungUp> {
        if let Ok(news) = &news {
            self.sent = news.position;
        }
        self.sender.send(news).await.map_err(|_| HungUp)
    }

    /// What the platform is to know of an event, if anything.
    async fn news(&self, event: &RecordedEvent) -> Result<Option<v1::StreamOrdersResponse>, Status> {
        let happened = Order::decode(&event.event_type, &event.data).map_err(|error| store_status(error.into()))?;
        let news = match &happened.change {
            OrderChange::Issued(terms) if terms.measure.account.platform == *self.platform => v1::OrderNews::Issued,
            OrderChange::Cancelled { platform, .. } if *platform == *self.platform => v1::OrderNews::Cancelled,
            // It does not say whose it is; and what counts as served was over already.
            OrderChange::Voided { served: None, .. } => v1::OrderNews::Voided,
            _ => return Ok(None),
        };
        let order_id = happened.order_id.uuid();
        let mut loaded = self.desk.orders.load(order_id).await.map_err(store_status)?;
        if own(&loaded, &self.platform).is_none() {
            return Ok(None);
        }
        let undelivered = loaded.state.file().is_some_and(|file| file.standing == Standing::Issued);
        if news == v1::OrderNews::Issued && undelivered {
            self.deliver(event, order_id).await?;
            loaded = self.desk.orders.load(order_id).await.map_err(store_status)?;
        }
        let (Some(file), Some(head)) = (loaded.state.file(), loaded.head) else { return Ok(None) };
        let over = matches!(
            file.standing,
            Standing::Cancelled { .. } | Standing::Undeliverable { .. } | Standing::Countered { .. }
        ) || file.validity == Validity::Voided;
        // What was taken back or is void since is not handed out any more: a platform would carry it out.
        if news == v1::OrderNews::Issued && over {
            return Ok(None);
        }
        let order = Some(platform_order(file, &head));
        Ok(Some(v1::StreamOrdersResponse { position: event.position.0, news: news.into(), order }))
    }

    /// Notes that the order is handed over, before it is: one that was noted and not sent is sent again, one that was
    /// sent and not noted could be taken back behind the platform's back.
    async fn deliver(&self, event: &RecordedEvent, order_id: Uuid) -> Result<(), Status> {
        let now = self.desk.gate.now();
        let policy_version = self.desk.gate.policy_version();
        let context = Context::following(event.id, order_id, "deliver", &self.system, policy_version, now);
        match self.desk.orders.execute(order_id, &context, OrderCommand::MarkDelivered { now }).await {
            Ok(_) | Err(ExecuteError::Refused(_)) => Ok(()),
            Err(error) => Err(execute_status(error, refusal::order)),
        }
    }
}

#[tonic::async_trait]
impl PlatformService for Platforms {
    type StreamOrdersStream = ReceiverStream<News>;

    async fn stream_orders(
        &self,
        request: Request<v1::StreamOrdersRequest>,
    ) -> Result<Response<Self::StreamOrdersStream>, Status> {
        let read = self.desk.gate.read(request)?;
        let platform = platform_of(read.principal.platform())?;
        self.desk.gate.in_log("after_position", read.request.after_position).await?;
        Ok(Response::new(self.follow(&read, platform)))
    }

    async fn report_receipt(
        &self,
        request: Request<v1::ReportReceiptRequest>,
    ) -> Result<Response<v1::ReportReceiptResponse>, Status> {
        self.receipt(request).await.map(Response::new)
    }

    async fn get_platform_order(
        &self,
        request: Request<v1::GetPlatformOrderRequest>,
    ) -> Result<Response<v1::GetPlatformOrderResponse>, Status> {
        self.platform_order(request).await.map(Response::new)
    }
}
