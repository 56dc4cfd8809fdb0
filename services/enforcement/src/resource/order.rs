use casebook_execution::Head;
use casebook_proto::enforcement::v1;

use super::{Marks, marks};
use crate::codec::parts::{measure_message, optional_wire, text_or_empty, texts, wire};
use crate::codec::words::{Word as _, optional};
use crate::domain::order::{Lateness, OrderFile, OrderState, Receipt, Standing, Validity};

/// The state's word in messages and rows.
pub fn order_state(file: &OrderFile) -> v1::OrderState {
    match file.standing {
        Standing::Issued => v1::OrderState::Issued,
        Standing::Delivered { .. } => v1::OrderState::Delivered,
        Standing::Receipted(_) => v1::OrderState::Receipted,
        Standing::Cancelled { .. } => v1::OrderState::Cancelled,
        Standing::Undeliverable { .. } => v1::OrderState::Undeliverable,
        Standing::Countered { .. } => v1::OrderState::Countered,
        Standing::Ended { .. } => v1::OrderState::Ended,
    }
}

fn lateness(lateness: Lateness) -> v1::OrderLateness {
    match lateness {
        Lateness::InTime => v1::OrderLateness::InTime,
        Lateness::Overdue => v1::OrderLateness::Overdue,
        Lateness::Escalated => v1::OrderLateness::Escalated,
    }
}

fn receipt_message(receipt: &Receipt) -> v1::OrderReceipt {
    let answer = &receipt.answer;
    v1::OrderReceipt {
        outcome: answer.outcome.write(),
        cause: optional(answer.cause),
        detail: answer.detail.clone(),
        executed_at: optional_wire(answer.executed_at),
        evidence_sha256: answer.evidence_sha256.clone().unwrap_or_default(),
        late: receipt.late,
        clock_ahead: receipt.clock_ahead,
        after_cancellation: receipt.after_cancellation,
        received_at: wire(receipt.received_at),
        corrected: receipt.corrects,
    }
}

/// An order as officers see it; none where there is none.
pub fn order_resource(state: &OrderState, head: &Head) -> Option<v1::Order> {
    let file = state.file()?;
    let terms = &file.terms;
    let receipt = file.standing.receipt();
    let effect = receipt.and_then(|receipt| receipt.effect);
    let countered_by = match &file.standing {
        Standing::Countered { counter, .. } => Some(*counter),
        _ => None,
    };
    let end_reasons = match &file.standing {
        Standing::Cancelled { reasons, .. } | Standing::Undeliverable { reasons, .. } => reasons.clone(),
        _ => String::new(),
    };
    let Marks { etag, create_time, update_time } = marks(head);
    Some(v1::Order {
        order_id: terms.order_id.to_string(),
        case_id: terms.case_id.to_string(),
        decision_id: terms.decision_id.to_string(),
        state: order_state(file).into(),
        lateness: lateness(file.lateness).into(),
        measure: Some(measure_message(&terms.measure, Some(terms.order_id))),
        account_id: terms.measure.account.account_id().to_string(),
        instrument: terms.instrument.write(),
        legal_bases: texts(&terms.legal_bases),
        reasons: terms.reasons.clone(),
        agency: terms.agency.to_string(),
        issued_at: wire(terms.issued_at),
        due_at: wire(terms.due_at),
        counters_order_id: text_or_empty(terms.counters),
        countered_by_order_id: text_or_empty(countered_by),
        receipt: receipt.map(receipt_message),
        effective_from: optional_wire(effect.map(|effect| effect.from)),
        measure_until: optional_wire(effect.and_then(|effect| effect.until)),
        end_reasons,
        correlation: head.correlation.to_string(),
        violation: terms.violation.to_string(),
        voided: file.validity == Validity::Voided,
        served: match &file.validity {
            Validity::Served(measure) => Some(measure_message(measure, None)),
            Validity::Standing | Validity::Voided => None,
        },
        etag,
        create_time,
        update_time,
    })
}

/// An order as its platform sees it: nothing of the case but what the platform needs.
pub fn platform_order(file: &OrderFile, head: &Head) -> v1::PlatformOrder {
    let terms = &file.terms;
    let receipt = file.standing.receipt();
    v1::PlatformOrder {
        order_id: terms.order_id.to_string(),
        state: order_state(file).into(),
        measure: Some(measure_message(&terms.measure, Some(terms.order_id))),
        counters_order_id: text_or_empty(terms.counters),
        instrument: terms.instrument.write(),
        legal_bases: texts(&terms.legal_bases),
        reasons: terms.reasons.clone(),
        agency: terms.agency.to_string(),
        issued_at: wire(terms.issued_at),
        due_at: wire(terms.due_at),
        receipt: receipt.map(receipt_message),
        measure_until: optional_wire(receipt.and_then(|receipt| receipt.effect?.until)),
        etag: head.revision.to_string(),
        voided: file.validity == Validity::Voided,
    }
}
