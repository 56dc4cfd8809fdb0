use casebook_execution::Stored;
use casebook_proto::enforcement::v1;

use super::parts::{
    account, all_parsed, measure, measure_message, non_empty, optional_parsed, optional_time, optional_wire,
    parameters, parsed, rung, text_or_empty, texts, time, wire,
};
use super::words::{Word, optional};
use super::{Reading, message, stored};
use crate::domain::measure::Measure;
use crate::domain::order::{Answer, Cause, Effect, OrderChange, OrderEvent, OrderTerms, Outcome, Receipt};

pub(super) fn write(event: &OrderEvent) -> Stored {
    let order_id = event.order_id.to_string();
    match &event.change {
        OrderChange::Issued(terms) => stored("casebook.enforcement.v1.OrderIssued", &issued(terms)),
        OrderChange::Delivered { at } => {
            stored("casebook.enforcement.v1.OrderDelivered", &v1::OrderDelivered { order_id, delivered_at: wire(*at) })
        }
        OrderChange::ReceiptRecorded(receipt) => {
            stored("casebook.enforcement.v1.ReceiptRecorded", &recorded(order_id, receipt))
        }
        OrderChange::Overdue { due_at } => {
            stored("casebook.enforcement.v1.OrderOverdue", &v1::OrderOverdue { order_id, due_at: wire(*due_at) })
        }
        OrderChange::Escalated { at } => {
            stored("casebook.enforcement.v1.OrderEscalated", &v1::OrderEscalated { order_id, escalated_at: wire(*at) })
        }
        OrderChange::Cancelled { platform, reasons, by, reversal } => stored(
            "casebook.enforcement.v1.OrderCancelled",
            &v1::OrderCancelled {
                order_id,
                platform: platform.to_string(),
                reasons: reasons.clone(),
                cancelled_by: by.to_string(),
                reversal_id: text_or_empty(*reversal),
            },
        ),
        OrderChange::Undeliverable { reasons, by } => stored(
            "casebook.enforcement.v1.OrderUndeliverable",
            &v1::OrderUndeliverable { order_id, reasons: reasons.clone(), established_by: by.to_string() },
        ),
        OrderChange::Countered { counter, reversal, served, reasons } => stored(
            "casebook.enforcement.v1.OrderCountered",
            &v1::OrderCountered {
                order_id,
                counter_order_id: counter.to_string(),
                reversal_id: text_or_empty(*reversal),
                served: served.as_deref().map(|measure| measure_message(measure, None)),
                reasons: reasons.clone(),
            },
        ),
        OrderChange::Voided { reversal, served } => stored(
            "casebook.enforcement.v1.OrderVoided",
            &v1::OrderVoided {
                order_id,
                reversal_id: text_or_empty(*reversal),
                served: served.as_deref().map(|measure| measure_message(measure, None)),
            },
        ),
        OrderChange::MeasureEnded { at } => {
            stored("casebook.enforcement.v1.MeasureEnded", &v1::MeasureEnded { order_id, ended_at: wire(*at) })
        }
    }
}

fn issued(terms: &OrderTerms) -> v1::OrderIssued {
    let measure = &terms.measure;
    v1::OrderIssued {
        order_id: terms.order_id.to_string(),
        case_id: terms.case_id.to_string(),
        decision_id: terms.decision_id.to_string(),
        platform: measure.account.platform.to_string(),
        platform_uid: measure.account.platform_uid.clone(),
        account_id: measure.account.account_id().to_string(),
        measure: measure.id.to_string(),
        days: measure.parameters.days.unwrap_or(0),
        points: measure.parameters.points.unwrap_or(0),
        rung: measure.rung.map_or(0, u32::from),
        irreversible: measure.irreversible,
        instrument: terms.instrument.write(),
        legal_bases: texts(&terms.legal_bases),
        reasons: terms.reasons.clone(),
        agency: terms.agency.to_string(),
        issued_at: wire(terms.issued_at),
        due_at: wire(terms.due_at),
        escalate_at: wire(terms.escalate_at),
        counters_order_id: text_or_empty(terms.counters),
        violation: terms.violation.to_string(),
        region: terms.region.to_string(),
    }
}

fn recorded(order_id: String, receipt: &Receipt) -> v1::ReceiptRecorded {
    let answer = &receipt.answer;
    v1::ReceiptRecorded {
        order_id,
        outcome: answer.outcome.write(),
        cause: optional(answer.cause),
        detail: answer.detail.clone(),
        executed_at: optional_wire(answer.executed_at),
        evidence_sha256: answer.evidence_sha256.clone().unwrap_or_default(),
        late: receipt.late,
        clock_ahead: receipt.clock_ahead,
        after_cancellation: receipt.after_cancellation,
        received_at: wire(receipt.received_at),
        in_force: receipt.effect.is_some(),
        effective_from: optional_wire(receipt.effect.map(|effect| effect.from)),
        measure_until: optional_wire(receipt.effect.and_then(|effect| effect.until)),
        corrects: receipt.corrects,
    }
}

pub(super) fn read(name: &str, json: &[u8]) -> Reading<OrderEvent> {
    let (order_id, change) = match name {
        "OrderIssued" => {
            let event: v1::OrderIssued = message(json)?;
            (event.order_id.clone(), OrderChange::Issued(Box::new(read_terms(event)?)))
        }
        "OrderDelivered" => {
            let event: v1::OrderDelivered = message(json)?;
            (event.order_id, OrderChange::Delivered { at: time("delivered_at", event.delivered_at)? })
        }
        "ReceiptRecorded" => {
            let event: v1::ReceiptRecorded = message(json)?;
            (event.order_id.clone(), OrderChange::ReceiptRecorded(Box::new(read_receipt(event)?)))
        }
        "OrderOverdue" => {
            let event: v1::OrderOverdue = message(json)?;
            (event.order_id, OrderChange::Overdue { due_at: time("due_at", event.due_at)? })
        }
        "OrderEscalated" => {
            let event: v1::OrderEscalated = message(json)?;
            (event.order_id, OrderChange::Escalated { at: time("escalated_at", event.escalated_at)? })
        }
        "OrderCancelled" => {
            let event: v1::OrderCancelled = message(json)?;
            let change = OrderChange::Cancelled {
                platform: parsed("platform", &event.platform)?,
                reasons: event.reasons,
                by: parsed("cancelled_by", &event.cancelled_by)?,
                reversal: optional_parsed("reversal_id", &event.reversal_id)?,
            };
            (event.order_id, change)
        }
        "OrderUndeliverable" => {
            let event: v1::OrderUndeliverable = message(json)?;
            let by = parsed("established_by", &event.established_by)?;
            (event.order_id, OrderChange::Undeliverable { reasons: event.reasons, by })
        }
        "OrderCountered" => {
            let event: v1::OrderCountered = message(json)?;
            let change = OrderChange::Countered {
                counter: parsed("counter_order_id", &event.counter_order_id)?,
                reversal: optional_parsed("reversal_id", &event.reversal_id)?,
                served: event.served.map(measure).transpose()?.map(Box::new),
                reasons: event.reasons,
            };
            (event.order_id, change)
        }
        "OrderVoided" => {
            let event: v1::OrderVoided = message(json)?;
            let change = OrderChange::Voided {
                reversal: optional_parsed("reversal_id", &event.reversal_id)?,
                served: event.served.map(measure).transpose()?.map(Box::new),
            };
            (event.order_id, change)
        }
        "MeasureEnded" => {
            let event: v1::MeasureEnded = message(json)?;
            (event.order_id, OrderChange::MeasureEnded { at: time("ended_at", event.ended_at)? })
        }
        _ => return Err("it is no event of an order".to_owned()),
    };
    Ok(OrderEvent { order_id: parsed("order_id", &order_id)?, change })
}

fn read_terms(event: v1::OrderIssued) -> Reading<OrderTerms> {
    let account_ref = v1::AccountRef { platform: event.platform, platform_uid: event.platform_uid };
    Ok(OrderTerms {
        order_id: parsed("order_id", &event.order_id)?,
        case_id: parsed("case_id", &event.case_id)?,
        decision_id: parsed("decision_id", &event.decision_id)?,
        measure: Measure {
            account: account("platform", Some(account_ref))?,
            id: parsed("measure", &event.measure)?,
            parameters: parameters(event.days, event.points),
            rung: rung(event.rung)?,
            irreversible: event.irreversible,
        },
        instrument: Word::expect(event.instrument, "instrument")?,
        violation: parsed("violation", &event.violation)?,
        legal_bases: all_parsed("legal_bases", &event.legal_bases)?,
        reasons: event.reasons,
        agency: parsed("agency", &event.agency)?,
        region: parsed("region", &event.region)?,
        issued_at: time("issued_at", event.issued_at)?,
        due_at: time("due_at", event.due_at)?,
        escalate_at: time("escalate_at", event.escalate_at)?,
        counters: optional_parsed("counters_order_id", &event.counters_order_id)?,
    })
}

fn read_receipt(event: v1::ReceiptRecorded) -> Reading<Receipt> {
    let effect = match optional_time("effective_from", event.effective_from)? {
        Some(from) => Some(Effect { from, until: optional_time("measure_until", event.measure_until)? }),
        None => None,
    };
    Ok(Receipt {
        answer: Answer {
            outcome: Outcome::expect(event.outcome, "outcome")?,
            cause: Cause::read(event.cause),
            detail: event.detail,
            executed_at: optional_time("executed_at", event.executed_at)?,
            evidence_sha256: non_empty(event.evidence_sha256),
        },
        late: event.late,
        clock_ahead: event.clock_ahead,
        after_cancellation: event.after_cancellation,
        corrects: event.corrects,
        received_at: time("received_at", event.received_at)?,
        effect,
    })
}
