//! Appeals and reversals. An appeal never makes it worse; a reversal edits nothing: it is a new decision that
//! voids an earlier one and takes its orders back, as far as anything can be taken back.

use casebook_kernel::calendar::shanghai_date;
use casebook_kernel::{Actor, Timestamp};
use casebook_policy::MeasureParameters;

use super::command::{AppealRuling, ExternalOutcome, RemedyText};
use super::event::CaseChange;
use super::hearing::{fitting, own_case};
use super::held_by;
use super::refusal::CaseRefusal;
use super::state::{
    Appeal, AppealKind, AppealResult, AppealVerdict, CaseFile, Irreversible, OrderTrack, Replacement, Reversal, Ruling,
    Stage, Undoing,
};
use crate::domain::ids::{AppealId, DecisionId, counter_order_id};
use crate::domain::measure::{Measure, first_heavier};

/// The times that an appeal is filed under.
pub(super) struct FilingTerms {
    pub window_until: Option<Timestamp>,
    pub decide_until: Timestamp,
    pub now: Timestamp,
}

/// Filed within its window, which runs from the service of the decision; without service it has not begun, and
/// where its end is not known yet, it has not closed.
pub(super) fn file_appeal(
    file: &CaseFile,
    by: Actor,
    kind: AppealKind,
    grounds: String,
    terms: FilingTerms,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    own_case(file, &by)?;
    if kind != AppealKind::InternalReview {
        return Err(CaseRefusal::HeardElsewhere);
    }
    let ruling = decided(file)?;
    if ruling.appeals.iter().any(|appeal| appeal.kind == AppealKind::InternalReview) {
        return Err(CaseRefusal::AlreadyReviewed);
    }
    if ruling.standing.is_empty() {
        return Err(CaseRefusal::NothingInForce);
    }
    let service = ruling.decision.service.as_ref();
    let window =
        service.and_then(|service| if service.provisional { terms.window_until } else { Some(service.appeal_until) });
    if let Some(until) = window.filter(|until| terms.now >= *until) {
        return Err(CaseRefusal::AppealWindowClosed { until });
    }
    Ok(vec![CaseChange::AppealFiled(Box::new(Appeal {
        appeal_id: AppealId::nth(file.opening.case_id, file.appeals),
        kind,
        decision_id: ruling.decision.proposal.decision_id,
        grounds,
        filed: Some((by.officer, terms.now)),
        decide_until: Some(terms.decide_until),
        verdict: None,
    }))])
}

fn decided(file: &CaseFile) -> Result<&Ruling, CaseRefusal> {
    match &file.stage {
        Stage::UnderAppeal { .. } => Err(CaseRefusal::AppealPending),
        _ => file.ruling().ok_or(CaseRefusal::NotDecided),
    }
}

/// Heard by an officer who had no hand in the case.
pub(super) fn decide_appeal(
    file: &CaseFile,
    by: Actor,
    appeal_id: AppealId,
    ruling: AppealRuling,
    reasons: String,
    remedies: &[RemedyText],
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    held_by(file, &by)?;
    let (decided, appeal) = match &file.stage {
        Stage::UnderAppeal { ruling, appeal } if appeal.appeal_id == appeal_id => (ruling, appeal),
        _ => return Err(CaseRefusal::NoSuchAppeal),
    };
    if file.participants.contains(&by.officer) {
        return Err(CaseRefusal::SameOfficer { officer: by.officer });
    }
    let verdict = verdict(&ruling, reasons, by.officer.to_string(), None, now);
    conclude(file, decided, appeal_id, appeal.kind, verdict, remedies, now)
}

/// 行政复议, 行政诉讼: decided elsewhere; the outcome takes effect here.
pub(super) fn record_external(
    file: &CaseFile,
    by: Actor,
    outcome: ExternalOutcome,
    remedies: &[RemedyText],
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    held_by(file, &by)?;
    if outcome.kind == AppealKind::InternalReview {
        return Err(CaseRefusal::HeardHere);
    }
    let ruling = decided(file)?;
    let issued_at = ruling.decision.issued_at;
    if outcome.decided_at < issued_at {
        return Err(CaseRefusal::DecidedBeforeDecision { issued_at });
    }
    let appeal_id = AppealId::nth(file.opening.case_id, file.appeals);
    let verdict =
        verdict(&outcome.ruling, outcome.reasons, outcome.body, Some(outcome.document_number), outcome.decided_at);
    conclude(file, ruling, appeal_id, outcome.kind, verdict, remedies, now)
}

fn verdict(
    ruling: &AppealRuling,
    reasons: String,
    decided_by: String,
    document_number: Option<String>,
    decided_at: Timestamp,
) -> AppealVerdict {
    let (result, remaining) = match ruling {
        AppealRuling::Upheld => (AppealResult::Upheld, Vec::new()),
        AppealRuling::UpheldInPart(remaining) => (AppealResult::UpheldInPart, remaining.clone()),
        AppealRuling::Rejected => (AppealResult::Rejected, Vec::new()),
    };
    AppealVerdict { result, remaining, reasons, decided_by, document_number, decided_at }
}

fn conclude(
    file: &CaseFile,
    ruling: &Ruling,
    appeal_id: AppealId,
    kind: AppealKind,
    verdict: AppealVerdict,
    remedies: &[RemedyText],
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    let reversal = match verdict.result {
        AppealResult::Rejected => None,
        AppealResult::Upheld | AppealResult::UpheldInPart => {
            lightened(file, ruling, &verdict)?;
            Some(reversal(file, ruling, appeal_id, &verdict, remedies, now)?)
        }
    };
    let decided = CaseChange::AppealDecided { appeal_id, kind, verdict: Box::new(verdict) };
    Ok([Some(decided), reversal.map(|reversal| CaseChange::ReversalIssued(Box::new(reversal)))]
        .into_iter()
        .flatten()
        .collect())
}

/// What remains is less than what stands, and nothing of it is worse.
fn lightened(file: &CaseFile, ruling: &Ruling, verdict: &AppealVerdict) -> Result<(), CaseRefusal> {
    if ruling.standing.is_empty() {
        return Err(CaseRefusal::NothingInForce);
    }
    if verdict.result == AppealResult::Upheld {
        return Ok(());
    }
    if verdict.remaining.is_empty() {
        return Err(CaseRefusal::RemainderMissing);
    }
    fitting(file, &verdict.remaining)?;
    let standing: Vec<Measure> = ruling.standing.values().cloned().collect();
    if let Some(measure) = first_heavier(&verdict.remaining, &standing) {
        return Err(CaseRefusal::OutcomeWorse { measure: Box::new(measure.clone()) });
    }
    // Nothing heavier either way: the two are the same.
    if first_heavier(&standing, &verdict.remaining).is_none() {
        return Err(CaseRefusal::NothingLightened);
    }
    Ok(())
}

fn reversal(
    file: &CaseFile,
    ruling: &Ruling,
    appeal_id: AppealId,
    verdict: &AppealVerdict,
    remedies: &[RemedyText],
    now: Timestamp,
) -> Result<Reversal, CaseRefusal> {
    let reversal_id = DecisionId::nth(file.opening.case_id, file.decisions);
    let mut undoings = Vec::new();
    let mut irreversible = Vec::new();
    let mut voided = Vec::new();
    let gone = ruling.standing.iter().filter(|(_, measure)| !verdict.remaining.contains(measure));
    for (order_id, measure) in gone {
        let Some(track) = ruling.orders.get(order_id) else { continue };
        if !has_effect(track) {
            voided.push(*order_id);
        } else if measure.irreversible {
            // There is no counter-order to what nothing undoes, though its platform may carry it out only now.
            let remedy = remedy(remedies, measure)?;
            irreversible.push(Irreversible { order_id: *order_id, measure: measure.clone(), remedy });
        } else {
            let counter_order_id = counter_order_id(*order_id);
            undoings.push(Undoing { order_id: *order_id, counter_order_id, measure: measure.clone() });
        }
    }
    let replacements = verdict
        .remaining
        .iter()
        .filter(|remaining| !ruling.standing.values().any(|standing| standing == *remaining))
        .filter_map(|remaining| replacement(ruling, reversal_id, remaining, now))
        .collect();
    let proposal = &ruling.decision.proposal;
    Ok(Reversal {
        reversal_id,
        voids: proposal.decision_id,
        appeal_id,
        undoings,
        irreversible,
        voided,
        replacements,
        remaining: verdict.remaining.clone(),
        reasons: verdict.reasons.clone(),
        instrument: proposal.instrument,
        legal_bases: proposal.legal_bases.clone(),
        agency: ruling.decision.agency.clone(),
        issued_at: now,
    })
}

/// An order that is in force or may still come into force. One that was refused or taken back is void all the same: its
/// platform may change its mind.
fn has_effect(track: &OrderTrack) -> bool {
    track.end.is_none_or(|end| end.effective_from.is_some())
}

fn remedy(remedies: &[RemedyText], measure: &Measure) -> Result<String, CaseRefusal> {
    remedies
        .iter()
        .find(|remedy| remedy.measure == measure.id)
        .map(|remedy| remedy.text.clone())
        .ok_or_else(|| CaseRefusal::RemedyMissing { measure: Box::new(measure.clone()) })
}

/// The measure that remains, less the days served under the one that it replaces; none if they cover it.
///
/// Days count from the one after execution, as the measure's end does: easing a mute of 15 days to 10 on its
/// fourth day leaves 6, and the mute ends on the tenth day in any case.
fn replacement(ruling: &Ruling, reversal_id: DecisionId, remaining: &Measure, now: Timestamp) -> Option<Replacement> {
    let days_served = ruling
        .standing
        .iter()
        .filter(|(_, standing)| remaining.is_same_kind(standing) || remaining.is_milder_rung(standing))
        .filter_map(|(order_id, _)| ruling.orders.get(order_id)?.end?.effective_from)
        .map(|from| (shanghai_date(now) - shanghai_date(from)).num_days())
        .max()
        .and_then(|days| u32::try_from(days).ok())
        .unwrap_or(0);
    let days = match remaining.parameters.days {
        None => None,
        Some(days) if days <= days_served => return None,
        Some(days) => Some(days - days_served),
    };
    let measure = Measure { parameters: MeasureParameters { days, ..remaining.parameters }, ..remaining.clone() };
    Some(Replacement { order_id: measure.order_id(reversal_id), measure, days_served })
}
