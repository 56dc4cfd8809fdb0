//! Platforms' back ends: each follows its orders in a task of its own and answers them with receipts.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use casebook_execution::{Clock as _, TurnedClock};
use casebook_kernel::Timestamp;
use casebook_proto::enforcement::v1::{
    OrderNews, PlatformOrder, ReceiptCause, ReceiptOutcome, ReportReceiptRequest, StreamOrdersRequest,
};
use casebook_proto::timestamp;
use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::DemoError;
use super::conduct::at;
use crate::client::Client;
use crate::matter::{self, Receipt};

/// How often a platform looks whether it is time to answer.
const ANSWER_EVERY: Duration = Duration::from_millis(20);
const RECONNECT_DELAY: Duration = Duration::from_millis(200);

/// How the platforms will answer, by platform and account: the sample says so.
#[derive(Debug, Clone, Default)]
pub struct Answers(Arc<Mutex<HashMap<(String, String), Receipt>>>);

impl Answers {
    /// From now on `platform` answers orders on this account like that; without a receipt it executes them.
    pub fn expect(&self, platform: &str, platform_uid: &str, receipts: &BTreeMap<String, Receipt>) {
        let key = (platform.to_owned(), platform_uid.to_owned());
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match receipts.get(platform) {
            Some(receipt) => answers.insert(key, receipt.clone()),
            None => answers.remove(&key),
        };
    }

    fn of(&self, order: &PlatformOrder) -> Option<Receipt> {
        let account = order.measure.as_ref()?.account.as_ref()?;
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(&(account.platform.clone(), account.platform_uid.clone())).cloned()
    }
}

/// Runs a platform's back end until its task is aborted.
pub fn play<C>(client: C, clock: Arc<TurnedClock>, answers: Answers) -> JoinHandle<()>
where
    C: Fn() -> Result<Client, DemoError> + Send + 'static,
{
    tokio::spawn(async move {
        let mut back_end = BackEnd { client, clock, answers, cursor: 0, waiting: Vec::new() };
        loop {
            if let Err(error) = back_end.follow().await {
                tracing::warn!(%error, "a platform lost its stream of orders and connects again");
            }
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    })
}

struct BackEnd<C> {
    /// Connects with a token that is valid now.
    client: C,
    clock: Arc<TurnedClock>,
    answers: Answers,
    cursor: u64,
    /// Orders that it answers when their time has come.
    waiting: Vec<(Timestamp, PlatformOrder, Option<Receipt>)>,
}

impl<C: Fn() -> Result<Client, DemoError>> BackEnd<C> {
    async fn follow(&mut self) -> Result<(), DemoError> {
        let request = StreamOrdersRequest { after_position: self.cursor };
        let mut orders =
            (self.client)()?.platform().stream_orders(request).await.map_err(at("StreamOrders"))?.into_inner();
        loop {
            tokio::select! {
                message = orders.message() => {
                    let Some(message) = message.map_err(at("StreamOrders"))? else { return Ok(()) };
                    let issued = message.news() == OrderNews::Issued;
                    if let Some(order) = message.order.filter(|order| issued && order.receipt.is_none()) {
                        let receipt = self.answers.of(&order);
                        let delay = receipt.as_ref().map_or(0, |receipt| receipt.after_hours);
                        self.waiting.push((self.clock.now() + TimeDelta::hours(delay.into()), order, receipt));
                        self.answer().await?;
                    }
                    self.cursor = message.position;
                }
                () = tokio::time::sleep(ANSWER_EVERY), if !self.waiting.is_empty() => self.answer().await?,
            }
        }
    }

    async fn answer(&mut self) -> Result<(), DemoError> {
        let now = self.clock.now();
        let (due, later) = std::mem::take(&mut self.waiting).into_iter().partition(|(at, _, _)| *at <= now);
        self.waiting = later;
        let due: Vec<(Timestamp, PlatformOrder, Option<Receipt>)> = due;
        for (_, order, receipt) in due {
            let request = receipt_request(&order, receipt.as_ref(), now);
            match (self.client)()?.platform().report_receipt(request).await {
                Ok(_) => {}
                // Somebody was quicker: the order has been taken back, or answered before a reconnection.
                Err(status)
                    if matches!(status.code(), tonic::Code::FailedPrecondition | tonic::Code::AlreadyExists) =>
                {
                    tracing::info!(%status, order = order.order_id, "the receipt was not taken");
                }
                Err(status) => return Err(at("ReportReceipt")(status)),
            }
        }
        Ok(())
    }
}

fn receipt_request(order: &PlatformOrder, receipt: Option<&Receipt>, now: Timestamp) -> ReportReceiptRequest {
    let outcome = match receipt.map(|receipt| receipt.outcome) {
        None | Some(matter::ReceiptOutcome::Executed) => ReceiptOutcome::Executed,
        Some(matter::ReceiptOutcome::Partly) => ReceiptOutcome::Partly,
        Some(matter::ReceiptOutcome::Refused) => ReceiptOutcome::Refused,
    };
    let cause = receipt
        .and_then(|receipt| ReceiptCause::from_str_name(&format!("RECEIPT_CAUSE_{}", receipt.cause)))
        .unwrap_or(ReceiptCause::Unspecified);
    let executed = outcome != ReceiptOutcome::Refused;
    let evidence = hex::encode(Sha256::digest(format!("screenshot of {} at {now}", order.order_id)));
    ReportReceiptRequest {
        request_id: Uuid::now_v7().to_string(),
        validate_only: false,
        order_id: order.order_id.clone(),
        outcome: outcome.into(),
        cause: cause.into(),
        detail: receipt.map(|receipt| receipt.detail.clone()).unwrap_or_default(),
        executed_at: executed.then(|| timestamp(now)),
        evidence_sha256: if executed { evidence } else { String::new() },
        corrects: false,
    }
}
