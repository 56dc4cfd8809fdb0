//! Domain events and their stored form: canonical proto3 JSON of `casebook.enforcement.v1` messages.
//!
//! What was stored once is read for ever: a shape that changes gets a new field or a new message here, and the
//! golden files of the old one stay under `tests/golden`.

mod case_read;
mod case_write;
mod lead;
mod order;
pub(crate) mod parts;
pub(crate) mod words;

use casebook_execution::codec::stored;
use casebook_execution::{Aggregate, DecodeError, Stored};

use crate::domain::case::{Case, CaseEvent};
use crate::domain::lead::{Lead, LeadEvent};
use crate::domain::order::{Order, OrderEvent};

/// Every event type that enforcement has ever stored. Append only.
pub const EVENT_TYPES: &[&str] = &[
    "casebook.enforcement.v1.LeadOpened",
    "casebook.enforcement.v1.LeadAccepted",
    "casebook.enforcement.v1.LeadDeclined",
    "casebook.enforcement.v1.CaseOpened",
    "casebook.enforcement.v1.EvidenceAdded",
    "casebook.enforcement.v1.NoticeServed",
    "casebook.enforcement.v1.StatementRecorded",
    "casebook.enforcement.v1.StatementWaived",
    "casebook.enforcement.v1.DecisionProposed",
    "casebook.enforcement.v1.ProposalRejected",
    "casebook.enforcement.v1.DecisionIssued",
    "casebook.enforcement.v1.DecisionServed",
    "casebook.enforcement.v1.OrderSettled",
    "casebook.enforcement.v1.AppealFiled",
    "casebook.enforcement.v1.AppealDecided",
    "casebook.enforcement.v1.ReversalIssued",
    "casebook.enforcement.v1.TransferOffered",
    "casebook.enforcement.v1.TransferAccepted",
    "casebook.enforcement.v1.TransferDeclined",
    "casebook.enforcement.v1.TransferLapsed",
    "casebook.enforcement.v1.CaseClosed",
    "casebook.enforcement.v1.CaseReopened",
    "casebook.enforcement.v1.OrderIssued",
    "casebook.enforcement.v1.OrderDelivered",
    "casebook.enforcement.v1.ReceiptRecorded",
    "casebook.enforcement.v1.OrderOverdue",
    "casebook.enforcement.v1.OrderEscalated",
    "casebook.enforcement.v1.OrderCancelled",
    "casebook.enforcement.v1.OrderUndeliverable",
    "casebook.enforcement.v1.OrderCountered",
    "casebook.enforcement.v1.MeasureEnded",
    "casebook.enforcement.v1.OrderVoided",
];

/// What a stored message says wrongly.
pub(crate) type Reading<T> = Result<T, String>;

fn message<M: serde::de::DeserializeOwned>(json: &[u8]) -> Reading<M> {
    serde_json::from_slice(json).map_err(|error| error.to_string())
}

/// The name of a message without its package.
fn short_name(event_type: &str) -> &str {
    event_type.strip_prefix("casebook.enforcement.v1.").unwrap_or(event_type)
}

impl Aggregate for Lead {
    const CATEGORY: &'static str = "lead";

    fn encode(event: &LeadEvent) -> Stored {
        lead::write(event)
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<LeadEvent, DecodeError> {
        lead::read(short_name(event_type), json).map_err(|reason| DecodeError::new(event_type, reason))
    }
}

impl Aggregate for Case {
    const CATEGORY: &'static str = "case";

    fn encode(event: &CaseEvent) -> Stored {
        case_write::write(event)
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<CaseEvent, DecodeError> {
        case_read::read(short_name(event_type), json).map_err(|reason| DecodeError::new(event_type, reason))
    }
}

impl Aggregate for Order {
    const CATEGORY: &'static str = "order";

    fn encode(event: &OrderEvent) -> Stored {
        order::write(event)
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<OrderEvent, DecodeError> {
        order::read(short_name(event_type), json).map_err(|reason| DecodeError::new(event_type, reason))
    }
}
