//! Enforcement's order events, as far as the registry reads them.

use casebook_execution::{Aggregate, DecodeError, Stored};
use casebook_kernel::ids::OrderId;
use casebook_proto::enforcement::v1 as pb;

use super::values::{at, some_at, some_text, text, time};
use super::{Reading, Unreadable, parse, read, stored};
use crate::domain::measure::{MeasureOrder, OrderEvent, OrderReader, Receipt, ReceiptOutcome};

const ISSUED: &str = "casebook.enforcement.v1.OrderIssued";
const ANSWERED: &str = "casebook.enforcement.v1.ReceiptRecorded";
const COUNTERED: &str = "casebook.enforcement.v1.OrderCountered";
const VOIDED: &str = "casebook.enforcement.v1.OrderVoided";
const ENDED: &str = "casebook.enforcement.v1.MeasureEnded";
/// Any event of an order that changes no measure reads as this one.
const OTHER: &str = "casebook.enforcement.v1.OrderDelivered";

impl Aggregate for OrderReader {
    const CATEGORY: &'static str = OrderId::CATEGORY;

    /// What the registry keeps of an event. The registry has no command on orders, so none of this is ever appended.
    fn encode(event: &OrderEvent) -> Stored {
        match event {
            OrderEvent::Issued(order) => stored(ISSUED, &issued_message(order)),
            OrderEvent::Answered(receipt) => stored(ANSWERED, &receipt_message(receipt)),
            OrderEvent::Ended { ended_at } => {
                stored(ENDED, &pb::MeasureEnded { ended_at: time(*ended_at), ..Default::default() })
            }
            OrderEvent::Countered { by } => {
                stored(COUNTERED, &pb::OrderCountered { counter_order_id: by.to_string(), ..Default::default() })
            }
            OrderEvent::Voided => stored(VOIDED, &pb::OrderVoided::default()),
            OrderEvent::Other => stored(OTHER, &pb::OrderDelivered::default()),
        }
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<OrderEvent, DecodeError> {
        match event_type {
            ISSUED => read(event_type, json, issued),
            ANSWERED => read(event_type, json, receipt),
            ENDED => read(event_type, json, |message: pb::MeasureEnded| {
                Ok(OrderEvent::Ended { ended_at: at("ended_at", message.ended_at)? })
            }),
            COUNTERED => read(event_type, json, |message: pb::OrderCountered| {
                Ok(OrderEvent::Countered { by: text("counter_order_id", &message.counter_order_id)? })
            }),
            VOIDED => parse::<pb::OrderVoided>(event_type, json).map(|_| OrderEvent::Voided),
            // Enforcement may add events that this build does not know; they are none of measures.
            _ => parse::<serde_json::Value>(event_type, json).map(|_| OrderEvent::Other),
        }
    }
}

fn issued(message: pb::OrderIssued) -> Reading<OrderEvent> {
    Ok(OrderEvent::Issued(Box::new(MeasureOrder {
        order_id: text("order_id", &message.order_id)?,
        case_id: text("case_id", &message.case_id)?,
        account_id: casebook_kernel::ids::AccountId::of(&message.platform, &message.platform_uid),
        platform: message.platform,
        platform_uid: message.platform_uid,
        measure: message.measure,
        reasons: message.reasons,
        counters: some_text("counters_order_id", &message.counters_order_id)?,
        receipt: None,
        ended_at: None,
        countered_by: None,
        voided: false,
    })))
}

fn issued_message(order: &MeasureOrder) -> pb::OrderIssued {
    pb::OrderIssued {
        order_id: order.order_id.to_string(),
        case_id: order.case_id.to_string(),
        account_id: order.account_id.to_string(),
        platform: order.platform.clone(),
        platform_uid: order.platform_uid.clone(),
        measure: order.measure.clone(),
        reasons: order.reasons.clone(),
        counters_order_id: order.counters.map(|id| id.to_string()).unwrap_or_default(),
        ..Default::default()
    }
}

fn receipt(message: pb::ReceiptRecorded) -> Reading<OrderEvent> {
    let outcome = match message.outcome() {
        pb::ReceiptOutcome::Executed => ReceiptOutcome::Executed,
        pb::ReceiptOutcome::Partly => ReceiptOutcome::Partly,
        pb::ReceiptOutcome::Refused => ReceiptOutcome::Refused,
        pb::ReceiptOutcome::Unspecified => return Err(Unreadable::new("outcome", "is not given")),
    };
    let effective_from = some_at("effective_from", message.effective_from)?.filter(|_| message.in_force);
    Ok(OrderEvent::Answered(Receipt {
        outcome,
        executed_at: some_at("executed_at", message.executed_at)?,
        effective_from,
        until: some_at("measure_until", message.measure_until)?,
    }))
}

fn receipt_message(receipt: &Receipt) -> pb::ReceiptRecorded {
    let outcome = match receipt.outcome {
        ReceiptOutcome::Executed => pb::ReceiptOutcome::Executed,
        ReceiptOutcome::Partly => pb::ReceiptOutcome::Partly,
        ReceiptOutcome::Refused => pb::ReceiptOutcome::Refused,
    };
    pb::ReceiptRecorded {
        outcome: outcome.into(),
        executed_at: receipt.executed_at.and_then(time),
        in_force: receipt.effective_from.is_some(),
        effective_from: receipt.effective_from.and_then(time),
        measure_until: receipt.until.and_then(time),
        ..Default::default()
    }
}
