//! What we make of a platform's answer.

use casebook_kernel::Timestamp;
use casebook_policy::Instrument;

use super::event::OrderChange;
use super::refusal::OrderRefusal;
use super::state::{Answer, Cause, Effect, Lateness, OrderFile, Outcome, Receipt, Standing};
use crate::domain::measure::measure_end;

pub(super) fn record(
    file: &OrderFile,
    answer: Answer,
    corrects: bool,
    now: Timestamp,
) -> Result<Vec<OrderChange>, OrderRefusal> {
    check(file, &answer)?;
    match file.standing.receipt() {
        Some(recorded) if recorded.answer == answer => return Err(OrderRefusal::ReceiptRepeated),
        Some(_) if !corrects => return Err(OrderRefusal::ReceiptConflicts),
        Some(_) if answer.detail.is_empty() => return Err(OrderRefusal::CorrectionWithoutReason),
        None if corrects => return Err(OrderRefusal::NothingToCorrect),
        Some(_) | None => {}
    }
    let effect = effect_of(file, &answer, now)?;
    // A measure of a void decision is still in force: somebody has to see to it.
    let not_lifted = file.terms.counters.is_some() && answer.outcome != Outcome::Executed;
    let escalated = (not_lifted && file.lateness != Lateness::Escalated).then_some(OrderChange::Escalated { at: now });
    let recorded = OrderChange::ReceiptRecorded(Box::new(Receipt {
        late: is_late(file, now),
        clock_ahead: answer.executed_at.is_some_and(|executed_at| executed_at > now),
        after_cancellation: matches!(file.standing, Standing::Cancelled { .. })
            || file.standing.receipt().is_some_and(|recorded| recorded.after_cancellation),
        corrects,
        received_at: now,
        effect,
        answer,
    }));
    Ok(std::iter::once(recorded).chain(escalated).collect())
}

/// An answer after the term, or after the order was marked late, is taken and marked; a correction of an answer
/// that came in time is in time.
fn is_late(file: &OrderFile, now: Timestamp) -> bool {
    match file.standing.receipt() {
        Some(recorded) => recorded.late,
        None => file.lateness != Lateness::InTime || now >= file.terms.due_at,
    }
}

fn check(file: &OrderFile, answer: &Answer) -> Result<(), OrderRefusal> {
    match (answer.outcome, answer.cause) {
        (Outcome::Executed, None | Some(Cause::AlreadyStricter)) => {}
        (Outcome::Executed, Some(_)) => return Err(OrderRefusal::CauseContradictsOutcome),
        (Outcome::Partly | Outcome::Refused, None) => return Err(OrderRefusal::CauseMissing),
        (Outcome::Partly | Outcome::Refused, Some(_)) => {}
    }
    // Only a request leaves the platform a choice (S1 §8: 依法依约), and none of holding on to what was taken without right.
    let request = file.terms.instrument == Instrument::PlatformMeasureRequest && file.terms.counters.is_none();
    if answer.cause == Some(Cause::DeclinedUnderAgreement) && !request {
        return Err(OrderRefusal::DeclineNotOpen);
    }
    let needs_detail = answer.outcome == Outcome::Partly || answer.cause == Some(Cause::Other);
    if needs_detail && answer.detail.is_empty() {
        return Err(OrderRefusal::DetailMissing);
    }
    let proven = answer.executed_at.is_some() && answer.evidence_sha256.is_some();
    if answer.outcome != Outcome::Refused && !proven {
        return Err(OrderRefusal::ProofMissing);
    }
    Ok(())
}

/// What comes into force. A counter-order brings nothing into force: it lifts what its original did.
///
/// The effect does not start before the order was given: what a platform did before was its own doing. It does
/// not start after now either: a clock that runs ahead lengthens nothing.
fn effect_of(file: &OrderFile, answer: &Answer, now: Timestamp) -> Result<Option<Effect>, OrderRefusal> {
    let ours = answer.outcome != Outcome::Refused && answer.cause != Some(Cause::AlreadyStricter);
    let Some(executed_at) = answer.executed_at.filter(|_| ours && file.terms.counters.is_none()) else {
        return Ok(None);
    };
    let from = executed_at.min(now).max(file.terms.issued_at.min(now));
    let end = |days| measure_end(from, days).ok_or(OrderRefusal::MeasureEndOutOfRange);
    let until = file.terms.measure.parameters.days.map(end).transpose()?;
    Ok(Some(Effect { from, until }))
}
