//! What platforms answered, and the end of a case.

use casebook_kernel::{Actor, Timestamp};

use super::command::OrderReport;
use super::event::CaseChange;
use super::held_by;
use super::refusal::CaseRefusal;
use super::state::{CaseFile, CaseOutcome, Closure, OrderEnd, OrderEndOutcome, OrderTrack, Stage};
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
        let not_needed = OrderEnd::without_effect(OrderEndOutcome::NotNeeded);
        changes.push(CaseChange::OrderSettled { order_id: counter, end: not_needed, revision: None });
    }
    Ok(changes)
}

pub(super) fn close(
    file: &CaseFile,
    by: Actor,
    outcome: CaseOutcome,
    summary: String,
    unlifted_reasons: Option<String>,
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    held_by(file, &by)?;
    let (measures_stand, unlifted) = match &file.stage {
        Stage::Investigating | Stage::Told(_) => (false, 0),
        Stage::Proposed { .. } => return Err(CaseRefusal::ProposalPending),
        Stage::UnderAppeal { .. } => return Err(CaseRefusal::AppealPending),
        Stage::Closed { .. } => return Err(CaseRefusal::StageDoesNotFit { stage: file.stage.name() }),
        Stage::Decided(ruling) => {
            let unlifted = ruling.unlifted(now).count();
            let forgoing = unlifted_reasons.is_some();
            // Whoever forgoes lifting a measure does not wait for the platforms that will not lift it; and nobody waits for a
            // counter-order to what ended by itself, which neither a deadline nor an officer would end.
            let needless =
                |track: &OrderTrack| track.counters.is_some() && (forgoing || ruling.lifts_nothing(track, now));
            let waits = |track: &&OrderTrack| track.end.is_none() && !needless(track);
            let count = ruling.orders.values().filter(waits).count();
            if count > 0 {
                return Err(CaseRefusal::OrdersUnreceipted { count });
            }
            if !ruling.standing.is_empty() && ruling.decision.service.is_none() {
                return Err(CaseRefusal::DecisionNotServed);
            }
            (!ruling.standing.is_empty(), unlifted)
        }
    };
    lifted(file, &by, unlifted, unlifted_reasons.is_some())?;
    let fits = match outcome {
        CaseOutcome::MeasuresTaken => measures_stand,
        CaseOutcome::NotEstablished | CaseOutcome::NoMeasure => !measures_stand,
        CaseOutcome::ReferredToJustice => true,
    };
    if !fits {
        return Err(CaseRefusal::OutcomeDoesNotFit);
    }
    let closed_by = by.officer;
    Ok(vec![CaseChange::Closed(Closure { outcome, summary, unlifted_reasons, closed_by, closed_at: now })])
}

/// A case does not end while a measure is in force whose decision is void, unless an officer who had no hand in the case says
/// why. The counter-order is waited for all the same: closing takes nothing from the subject.
fn lifted(file: &CaseFile, by: &Actor, unlifted: usize, reasoned: bool) -> Result<(), CaseRefusal> {
    match (unlifted, reasoned) {
        (0, false) => Ok(()),
        (0, true) => Err(CaseRefusal::NothingUnlifted),
        (count, false) => Err(CaseRefusal::NotLifted { count }),
        (_, true) if file.had_a_hand(&by.officer) => Err(CaseRefusal::SameOfficer { officer: by.officer.clone() }),
        (_, true) => Ok(()),
    }
}

pub(super) fn reopen(file: &CaseFile, by: Actor, reasons: String) -> Result<Vec<CaseChange>, CaseRefusal> {
    held_by(file, &by)?;
    if file.had_a_hand(&by.officer) {
        return Err(CaseRefusal::SameOfficer { officer: by.officer });
    }
    match file.stage {
        Stage::Closed { .. } => Ok(vec![CaseChange::Reopened { reasons, by: by.officer }]),
        _ => Err(CaseRefusal::NotClosed),
    }
}
