//! A platform's back end: follows its orders from its cursor and answers each of them.

use std::sync::Arc;

use casebook::client::Client;
use casebook_proto::enforcement::v1::{
    OrderNews, PlatformOrder, ReceiptCause, ReceiptOutcome, ReportReceiptRequest, StreamOrdersRequest,
};
use tonic::Status;
use uuid::Uuid;

use crate::load::{Acknowledged, Shared};
use crate::method::Method;

/// What outlives the servers.
#[derive(Debug)]
pub struct Platform {
    id: &'static str,
    /// The last position that it has dealt with.
    cursor: u64,
    /// The receipt that the last server did not answer. The order may have been countered since, and is not streamed again
    /// then: the receipt is asked again by itself.
    in_doubt: Option<ReportReceiptRequest>,
}

impl Platform {
    pub const ALL: [&str; 2] = ["weibo", "douyin"];

    pub fn new(id: &'static str) -> Self {
        Self { id, cursor: 0, in_doubt: None }
    }

    pub fn id(&self) -> &'static str {
        self.id
    }

    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt.is_some()
    }

    /// Until the server is gone.
    pub async fn run(mut self, client: Client, shared: Arc<Shared>) -> Result<Self, String> {
        match self.follow(&client, &shared).await {
            Ok(()) => Ok(self),
            Err(status) if shared.is_loss(&status) => Ok(self),
            Err(status) => Err(format!("the platform {} was refused: {status}", self.id)),
        }
    }

    async fn follow(&mut self, client: &Client, shared: &Shared) -> Result<(), Status> {
        if let Some(request) = self.in_doubt.clone() {
            self.report(client, shared, request).await?;
        }
        let request = StreamOrdersRequest { after_position: self.cursor };
        let mut orders = client.platform().stream_orders(request).await?.into_inner();
        while let Some(told) = orders.message().await? {
            let issued = told.news() == OrderNews::Issued;
            // What was answered before the cursor moved comes again.
            if let Some(order) = told.order.filter(|order| issued && !shared.is_answered(&order.order_id)) {
                self.report(client, shared, receipt(&order)).await?;
            }
            self.cursor = told.position;
        }
        Err(Status::unavailable("the stream of orders ended"))
    }

    async fn report(&mut self, client: &Client, shared: &Shared, request: ReportReceiptRequest) -> Result<(), Status> {
        self.in_doubt = Some(request.clone());
        let reply = client.platform().report_receipt(request.clone()).await?.into_inner();
        self.in_doubt = None;
        shared.acknowledge(Acknowledged {
            method: Method::ReportReceipt,
            request_id: request.request_id.parse().unwrap_or_default(),
            stream: format!("order-{}", request.order_id),
            position: reply.position,
        });
        shared.answered(request.order_id);
        Ok(())
    }
}

/// Follows from the order alone: most are executed, some in part, some declined. What lifts a measure is always executed.
fn receipt(order: &PlatformOrder) -> ReportReceiptRequest {
    let id: Uuid = order.order_id.parse().unwrap_or_default();
    let (outcome, cause, detail) = match id.as_bytes()[15] % 8 {
        _ if !order.counters_order_id.is_empty() => (ReceiptOutcome::Executed, ReceiptCause::Unspecified, ""),
        0 => (ReceiptOutcome::Refused, ReceiptCause::DeclinedUnderAgreement, "不符合平台协议约定的条件"),
        1 => (ReceiptOutcome::Partly, ReceiptCause::TechnicalFault, "部分功能因技术故障未执行"),
        _ => (ReceiptOutcome::Executed, ReceiptCause::Unspecified, ""),
    };
    let done = outcome != ReceiptOutcome::Refused;
    ReportReceiptRequest {
        request_id: Uuid::new_v5(&id, b"receipt").to_string(),
        order_id: order.order_id.clone(),
        outcome: outcome.into(),
        cause: cause.into(),
        detail: detail.into(),
        executed_at: order.issued_at.filter(|_| done),
        evidence_sha256: if done { "e".repeat(64) } else { String::new() },
        ..Default::default()
    }
}
