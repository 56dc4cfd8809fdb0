//! Appeals and reversals. An appeal never makes it worse; a reversal edits nothing: it is a new decision that
//! voids an earlier one and takes its orders back, as far as anything can be taken back.

use casebook_kernel::calendar::shanghai_date;
use casebook_kernel::ids::OrderId;
use casebook_kernel::{Actor, OfficerId, Timestamp};
use casebook_policy::MeasureParameters;

use super::command::{AppealRuling, ExternalOutcome, RemedyText};
use super::event::CaseChange;
use super::hearing::fitting;
use super::held_by;
use super::refusal::CaseRefusal;
use super::state::{
    AppealKind, AppealResult, AppealVerdict, CaseFile, Irreversible, OrderTrack, Replacement, Reversal, Ruling, Served,
    Stage, Undoing,
};
use crate::domain::ids::{AppealId, DecisionId, counter_order_id};
use crate::domain::measure::{AccountRef, Measure, first_heavier, matched};

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
        Stage::UnderAppeal { ruling, pending } => {
            let appeal = pending.iter().find(|appeal| appeal.appeal_id == appeal_id);
            (ruling, appeal.ok_or(CaseRefusal::NoSuchAppeal)?)
        }
        _ => return Err(CaseRefusal::NoSuchAppeal),
    };
    if file.participants.contains(&by.officer) {
        return Err(CaseRefusal::SameOfficer { officer: by.officer });
    }
    let verdict = verdict(&ruling, reasons, by.officer.to_string(), None, now);
    let account = appeal.account.as_ref();
    conclude(file, decided, Heard { appeal_id, kind: appeal.kind, account, by: by.officer, remedies, now }, verdict)
}

/// What is concluded, and by whom.
struct Heard<'a> {
    appeal_id: AppealId,
    kind: AppealKind,
    /// Whose measures it is about; none: everybody's.
    account: Option<&'a AccountRef>,
    /// Who decided it here, or recorded what a body outside decided.
    by: OfficerId,
    remedies: &'a [RemedyText],
    now: Timestamp,
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
    if !file.pending_appeals().is_empty() {
        return Err(CaseRefusal::AppealPending);
    }
    let ruling = file.ruling().ok_or(CaseRefusal::NotDecided)?;
    let issued_at = ruling.decision.issued_at;
    if outcome.decided_at < issued_at {
        return Err(CaseRefusal::DecidedBeforeDecision { issued_at });
    }
    let appeal_id = AppealId::nth(file.opening.case_id, file.appeals);
    let verdict =
        verdict(&outcome.ruling, outcome.reasons, outcome.body, Some(outcome.document_number), outcome.decided_at);
    let heard = Heard { appeal_id, kind: outcome.kind, account: None, by: by.officer, remedies, now };
    conclude(file, ruling, heard, verdict)
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
    heard: Heard<'_>,
    verdict: AppealVerdict,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    let reversal = match verdict.result {
        AppealResult::Rejected => None,
        AppealResult::Upheld | AppealResult::UpheldInPart => {
            let standing = standing_of(ruling, heard.account, heard.now);
            let fates = lightened(file, &standing, &verdict)?;
            Some(reversal(file, ruling, &heard, &verdict, &standing, fates)?)
        }
    };
    let Heard { appeal_id, kind, by, .. } = heard;
    let decided = CaseChange::AppealDecided { appeal_id, kind, verdict: Box::new(verdict), recorded_by: Some(by) };
    Ok([Some(decided), reversal.map(|reversal| CaseChange::ReversalIssued(Box::new(reversal)))]
        .into_iter()
        .flatten()
        .collect())
}

/// A measure that stands.
struct InForce<'a> {
    order_id: OrderId,
    measure: &'a Measure,
    track: &'a OrderTrack,
    /// Nothing new takes its place: its time is over, or it is what an earlier appeal left as served.
    over: bool,
}

impl InForce<'_> {
    /// An earlier appeal left it as served: its order is countered already.
    fn is_served(&self) -> bool {
        self.track.measure != *self.measure
    }
}

/// What stands against an account, or against all; first what still runs, so that what remains takes the place of that.
fn standing_of<'a>(ruling: &'a Ruling, account: Option<&AccountRef>, now: Timestamp) -> Vec<InForce<'a>> {
    let of_account = ruling.standing.iter().filter(|(_, measure)| account.is_none_or(|of| measure.account == *of));
    let mut standing: Vec<_> = of_account
        .filter_map(|(order_id, measure)| {
            let track = ruling.orders.get(order_id)?;
            let ended = |end: super::OrderEnd| {
                end.effective_from.is_some_and(|from| end.over || track.measure.is_over(from, now))
            };
            let mut one = InForce { order_id: *order_id, measure, track, over: track.end.is_some_and(ended) };
            one.over |= one.is_served();
            Some(one)
        })
        .collect();
    standing.sort_by_key(|one| one.over);
    standing
}

/// What remains is less than what stands, and nothing of it is worse. Says what each measure that remains takes the place of.
fn lightened<'a>(
    file: &CaseFile,
    standing: &[InForce<'_>],
    verdict: &'a AppealVerdict,
) -> Result<Vec<(&'a Measure, usize)>, CaseRefusal> {
    if standing.is_empty() {
        return Err(CaseRefusal::NothingInForce);
    }
    if verdict.result == AppealResult::Upheld {
        return Ok(Vec::new());
    }
    if verdict.remaining.is_empty() {
        return Err(CaseRefusal::RemainderMissing);
    }
    fitting(file, &verdict.remaining)?;
    let measures: Vec<Measure> = standing.iter().map(|one| one.measure.clone()).collect();
    let fates = matched(&verdict.remaining, &measures)
        .map_err(|measure| CaseRefusal::OutcomeWorse { measure: Box::new(measure.clone()) })?;
    // Nothing heavier either way: the two are the same.
    if first_heavier(&measures, &verdict.remaining).is_none() {
        return Err(CaseRefusal::NothingLightened);
    }
    Ok(fates)
}

fn reversal(
    file: &CaseFile,
    ruling: &Ruling,
    heard: &Heard<'_>,
    verdict: &AppealVerdict,
    standing: &[InForce<'_>],
    fates: Vec<(&Measure, usize)>,
) -> Result<Reversal, CaseRefusal> {
    let reversal_id = DecisionId::nth(file.opening.case_id, file.decisions);
    let (mut replacements, mut served) = (Vec::new(), Vec::new());
    for (remaining, replaced) in fates {
        match standing.get(replaced) {
            Some(replaced) if replaced.measure != remaining => {
                match fate(replaced, reversal_id, remaining, heard.now) {
                    Fate::Replaced(replacement) => replacements.push(replacement),
                    Fate::Served(one) => served.push(one),
                }
            }
            Some(_) | None => {}
        }
    }
    let Undone { undoings, irreversible, voided } = undone(standing, &served, verdict, heard.remedies)?;
    let others = ruling.standing.values().filter(|measure| heard.account.is_some_and(|of| measure.account != *of));
    let proposal = &ruling.decision.proposal;
    Ok(Reversal {
        reversal_id,
        voids: proposal.decision_id,
        appeal_id: heard.appeal_id,
        undoings,
        irreversible,
        voided,
        replacements,
        served,
        remaining: verdict.remaining.iter().chain(others).cloned().collect(),
        reasons: verdict.reasons.clone(),
        instrument: proposal.instrument,
        legal_bases: proposal.legal_bases.clone(),
        agency: ruling.decision.agency.clone(),
        issued_at: heard.now,
    })
}

/// How the measures that do not remain are undone.
#[derive(Default)]
struct Undone {
    undoings: Vec<Undoing>,
    irreversible: Vec<Irreversible>,
    voided: Vec<OrderId>,
}

fn undone(
    standing: &[InForce<'_>],
    served: &[Served],
    verdict: &AppealVerdict,
    remedies: &[RemedyText],
) -> Result<Undone, CaseRefusal> {
    let mut undone = Undone::default();
    for one in standing.iter().filter(|one| !verdict.remaining.contains(one.measure)) {
        let InForce { order_id, measure, .. } = *one;
        if one.is_served() {
            // Countered long since: what remains of it as served is less, or nothing.
            if !served.iter().any(|served| served.order_id == order_id) {
                undone.voided.push(order_id);
            }
        } else if !has_effect(one.track) {
            undone.voided.push(order_id);
        } else if measure.irreversible {
            // There is no counter-order to what nothing undoes.
            let remedy = remedy(remedies, measure)?;
            undone.irreversible.push(Irreversible { order_id, measure: measure.clone(), remedy });
        } else {
            let counter_order_id = counter_order_id(order_id);
            undone.undoings.push(Undoing { order_id, counter_order_id, measure: measure.clone() });
        }
    }
    Ok(undone)
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

/// What becomes of a measure that remains in another one's place.
enum Fate {
    Replaced(Replacement),
    Served(Served),
}

/// The measure that remains, less the days served under the one that it replaces; served where they cover it, and where the one
/// that it replaces is over: nothing new follows what is over.
///
/// Days count from the one after execution, as the measure's end does: easing a mute of 15 days to 10 on its
/// fourth day leaves 6, and the mute ends on the tenth day in any case.
fn fate(replaced: &InForce<'_>, reversal_id: DecisionId, remaining: &Measure, now: Timestamp) -> Fate {
    let from = replaced.track.end.and_then(|end| end.effective_from);
    let days_begun = from.map_or(0, |from| (shanghai_date(now) - shanghai_date(from)).num_days());
    let days_served = u32::try_from(days_begun).unwrap_or(0);
    let days_served = replaced.track.measure.parameters.days.map_or(days_served, |days| days_served.min(days));
    let days = match remaining.parameters.days {
        Some(days) if replaced.over || days <= days_served => {
            let measure = remaining.clone();
            return Fate::Served(Served { order_id: replaced.order_id, measure, days_served });
        }
        Some(days) => Some(days - days_served),
        None => None,
    };
    let measure = Measure { parameters: MeasureParameters { days, ..remaining.parameters }, ..remaining.clone() };
    Fate::Replaced(Replacement { order_id: measure.order_id(reversal_id), measure, days_served })
}
