//! What platforms answered, and the end of a case.

use casebook_kernel::{Actor, Timestamp};

use super::command::OrderReport;
use super::event::CaseChange;
use super::held_by;
use super::refusal::CaseRefusal;
use super::state::{CaseFile, CaseOutcome, Closure, OrderEnd, OrderEndOutcome, Stage};
use crate::domain::ids::counter_order_id;

/// Taken whatever the stage: a receipt may come after the case was handed on, appealed or closed.
pub(super) fn settle_order(file: &CaseFile, report: OrderReport) -> Result<Vec<CaseChange>, CaseRefusal> {
    let OrderReport { order_id, end, revision } = report;
    let ruling = file.ruling().ok_or(CaseRefusal::NotDecided)?;
    let track = ruling.orders.get(&order_id).ok_or(CaseRefusal::NoSuchOrder { order: order_id })?;
    // Reports may be repeated: an older one never replaces a newer one.
    let outdated = revision.is_some_and(|told| track.revision.is_some_and(|known| told <= known));
    if outdated || track.end == Some(end) {
        return Err(CaseRefusal::OrderAlreadySettled);
    }
    let mut changes = vec![CaseChange::OrderSettled { order_id, end, revision }];
    // An order that was taken back before delivery needs no counter-order.
    let counter = counter_order_id(order_id);
    let counter_waits = ruling.orders.get(&counter).is_some_and(|track| track.end.is_none());
    if end.outcome == OrderEndOutcome::Cancelled && counter_waits {
        let not_needed =
            OrderEnd { outcome: OrderEndOutcome::NotNeeded, cause: None, effective_from: None, late: false };
        changes.push(CaseChange::OrderSettled { order_id: counter, end: not_needed, revision: None });
    }
    Ok(changes)
}

pub(super) fn close(
    file: &CaseFile,
    by: Actor,
    outcome: CaseOutcome,
    summary: String,
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    held_by(file, &by)?;
    let measures_stand = match &file.stage {
        Stage::Investigating | Stage::Told(_) => false,
        Stage::Proposed { .. } => return Err(CaseRefusal::ProposalPending),
        Stage::UnderAppeal { .. } => return Err(CaseRefusal::AppealPending),
        Stage::Closed { .. } => return Err(CaseRefusal::StageDoesNotFit { stage: file.stage.name() }),
        Stage::Decided(ruling) => {
            let count = ruling.orders.values().filter(|track| track.end.is_none()).count();
            if count > 0 {
                return Err(CaseRefusal::OrdersUnreceipted { count });
            }
            if !ruling.standing.is_empty() && ruling.decision.service.is_none() {
                return Err(CaseRefusal::DecisionNotServed);
            }
            !ruling.standing.is_empty()
        }
    };
    let fits = match outcome {
        CaseOutcome::MeasuresTaken => measures_stand,
        CaseOutcome::NotEstablished | CaseOutcome::NoMeasure => !measures_stand,
        CaseOutcome::ReferredToJustice => true,
    };
    if !fits {
        return Err(CaseRefusal::OutcomeDoesNotFit);
    }
    Ok(vec![CaseChange::Closed(Closure { outcome, summary, closed_by: by.officer, closed_at: now })])
}

pub(super) fn reopen(file: &CaseFile, by: Actor, reasons: String) -> Result<Vec<CaseChange>, CaseRefusal> {
    held_by(file, &by)?;
    if file.participants.contains(&by.officer) {
        return Err(CaseRefusal::SameOfficer { officer: by.officer });
    }
    match file.stage {
        Stage::Closed { .. } => Ok(vec![CaseChange::Reopened { reasons, by: by.officer }]),
        _ => Err(CaseRefusal::NotClosed),
    }
}
