//! What a case is after an event. What has happened is a fact: an event that does not fit changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use casebook_kernel::OfficerId;
use casebook_kernel::ids::OrderId;

use super::event::{CaseChange, CaseEvent, DecisionIssued};
use super::state::{
    Appeal, AppealKind, AppealVerdict, Author, CaseFile, CaseState, Closure, Decision, Defence, Ended, Notice, Opening,
    OrderEnd, OrderEndOutcome, OrderTrack, Proposal, Reversal, Ruling, Stage, Statement, Told, TransferStanding,
    Waiver,
};
use crate::domain::ids::{AppealId, TransferId, counter_order_id};
use crate::domain::measure::{Measure, first_heavier};

pub(super) fn evolve(state: CaseState, event: &CaseEvent) -> CaseState {
    match (state, &event.change) {
        (CaseState::Absent, CaseChange::Opened(opening)) => CaseState::Existing(Box::new(opened(opening))),
        (CaseState::Absent, _) => CaseState::Absent,
        (CaseState::Existing(mut file), change) => {
            apply(&mut file, change);
            CaseState::Existing(file)
        }
    }
}

fn opened(opening: &Opening) -> CaseFile {
    let before = opening.screened_by.iter().chain(&opening.raised_by);
    let participants: BTreeSet<_> =
        opening.officers.iter().chain([&opening.opened_by]).chain(before).cloned().collect();
    CaseFile {
        agency: opening.agency.clone(),
        agency_kind: opening.agency_kind,
        officers: opening.officers.clone(),
        opening: opening.clone(),
        evidence: Vec::new(),
        participants,
        reviewers: BTreeSet::new(),
        notices: 0,
        statements: 0,
        decisions: 0,
        appeals: 0,
        stage: Stage::Investigating,
        transfers: Vec::new(),
    }
}

fn apply(file: &mut CaseFile, change: &CaseChange) {
    match change {
        CaseChange::Opened(_) => {}
        CaseChange::EvidenceAdded(evidence) => {
            file.participants.insert(evidence.added_by.clone());
            file.evidence.push(evidence.clone());
        }
        CaseChange::NoticeServed(notice) => {
            file.participants.insert(notice.served_by.clone());
            file.notices += 1;
            let evidence_now = file.evidence.len();
            on_stage(file, |stage| told_anew(stage, notice, evidence_now));
        }
        CaseChange::StatementRecorded(statement) => {
            file.participants.insert(statement.recorded_by.clone());
            file.statements += 1;
            let evidence_now = file.evidence.len();
            on_stage(file, |stage| stated(stage, statement, evidence_now));
        }
        CaseChange::StatementWaived(waiver) => {
            file.participants.insert(waiver.recorded_by.clone());
            on_stage(file, |stage| waived(stage, waiver));
        }
        CaseChange::DecisionProposed(proposal) => {
            file.participants.insert(proposal.proposer.clone());
            file.decisions += 1;
            on_stage(file, |stage| proposed(stage, proposal));
        }
        CaseChange::ProposalRejected { by, .. } => {
            file.participants.insert(by.clone());
            on_stage(file, sent_back);
        }
        CaseChange::DecisionIssued(issued) => {
            file.participants.insert(issued.confirmer.clone());
            on_stage(file, |stage| decided(stage, issued));
        }
        CaseChange::DecisionServed { service, recorded_by, .. } => {
            file.participants.insert(recorded_by.clone());
            if let Some(ruling) = file.ruling_mut() {
                ruling.decision.service = Some(service.clone());
            }
        }
        CaseChange::OrderSettled { order_id, end, revision } => {
            if let Some(ruling) = file.ruling_mut() {
                settle(ruling, *order_id, *end, *revision);
            }
        }
        CaseChange::AppealFiled(appeal) => {
            file.participants.extend(appeal.filed.iter().map(|(by, _)| by.clone()));
            file.appeals += 1;
            on_stage(file, |stage| appealed(stage, appeal));
        }
        CaseChange::AppealWithdrawn { appeal_id, withdrawal } => {
            file.participants.insert(withdrawal.by.clone());
            on_stage(file, |stage| withdrawn(stage, *appeal_id));
        }
        CaseChange::AppealOverdue { appeal_id, .. } => {
            on_stage(file, |stage| overdue(stage, *appeal_id));
        }
        CaseChange::AppealDecided { appeal_id, kind, verdict, recorded_by } => {
            took_part_in_review(file, *appeal_id, *kind, recorded_by.as_ref());
            on_stage(file, |stage| judged(stage, *appeal_id, *kind, verdict));
        }
        CaseChange::ReversalIssued(reversal) => {
            file.decisions += 1;
            if let Some(ruling) = file.ruling_mut() {
                reverse(ruling, reversal);
            }
        }
        CaseChange::TransferOffered(transfer) => {
            file.participants.insert(transfer.offered_by.clone());
            file.transfers.push((**transfer).clone());
        }
        CaseChange::TransferAccepted { transfer_id, agency, agency_kind, officers, by } => {
            transfer_stands(file, *transfer_id, TransferStanding::Accepted);
            file.agency = agency.clone();
            file.agency_kind = *agency_kind;
            file.officers.clone_from(officers);
            file.participants.extend(officers.iter().chain([by]).cloned());
        }
        CaseChange::TransferDeclined { transfer_id, reasons, by } => {
            file.participants.insert(by.clone());
            transfer_stands(file, *transfer_id, TransferStanding::Declined { reasons: reasons.clone() });
        }
        CaseChange::TransferLapsed { transfer_id, .. } => transfer_stands(file, *transfer_id, TransferStanding::Lapsed),
        CaseChange::Closed(closure) => {
            file.participants.insert(closure.closed_by.clone());
            on_stage(file, |stage| closed(stage, closure));
        }
        CaseChange::Reopened { by, .. } => {
            file.participants.insert(by.clone());
            on_stage(file, reopened);
        }
    }
}

fn on_stage(file: &mut CaseFile, after: impl FnOnce(Stage) -> Stage) {
    let stage = std::mem::replace(&mut file.stage, Stage::Investigating);
    file.stage = after(stage);
}

/// What was said to an earlier notice stays. A heavier one, which only more evidence allows, uses that evidence up.
fn told_anew(stage: Stage, notice: &Notice, evidence_now: usize) -> Stage {
    let (earlier, defence) = match stage {
        Stage::Investigating => (Vec::new(), Defence::NoneYet),
        Stage::Told(told) => {
            let heavier = first_heavier(&notice.measures, &told.notice.measures).is_some();
            let defence = match told.defence {
                Defence::Made { .. } if heavier => Defence::Made { evidence_then: evidence_now },
                defence => defence,
            };
            (told.statements().cloned().collect(), defence)
        }
        stage => return stage,
    };
    Stage::Told(Told { notice: notice.clone(), earlier, given: Vec::new(), waivers: Vec::new(), defence })
}

/// Who answers has not waived. What was said before the notice was said to an earlier one.
fn stated(stage: Stage, statement: &Statement, evidence_now: usize) -> Stage {
    let Stage::Told(mut told) = stage else { return stage };
    if statement.stated_at < told.notice.served_at {
        told.earlier.push(statement.clone());
    } else {
        let of_another = |waiver: &Waiver| match (&waiver.account, &statement.account) {
            (Some(waived), Some(stated)) => waived != stated,
            // One of them was everybody's.
            (None, _) | (_, None) => false,
        };
        told.waivers.retain(of_another);
        told.given.push(statement.clone());
    }
    if told.defence == Defence::NoneYet {
        told.defence = Defence::Made { evidence_then: evidence_now };
    }
    Stage::Told(told)
}

fn waived(stage: Stage, waiver: &Waiver) -> Stage {
    let Stage::Told(mut told) = stage else { return stage };
    told.waivers.push(waiver.clone());
    Stage::Told(told)
}

fn proposed(stage: Stage, proposal: &Proposal) -> Stage {
    match stage {
        Stage::Told(told) => Stage::Proposed { told, proposal: proposal.clone() },
        stage => stage,
    }
}

fn sent_back(stage: Stage) -> Stage {
    match stage {
        Stage::Proposed { told, .. } => Stage::Told(told),
        stage => stage,
    }
}

fn decided(stage: Stage, issued: &DecisionIssued) -> Stage {
    match stage {
        Stage::Proposed { told, proposal } => Stage::Decided(ruling(told, proposal, issued)),
        stage => stage,
    }
}

fn ruling(told: Told, proposal: Proposal, issued: &DecisionIssued) -> Ruling {
    let order = |measure: &Measure| (measure.order_id(issued.decision_id), measure.clone());
    let standing: BTreeMap<OrderId, Measure> = issued.measures.iter().map(order).collect();
    let orders = standing.iter().map(|(id, measure)| (*id, outstanding(measure, None))).collect();
    let decision = Decision {
        proposal,
        confirmer: issued.confirmer.clone(),
        agency: issued.agency.clone(),
        issued_at: issued.issued_at,
        service: None,
    };
    Ruling { told, decision, orders, standing, appeals: Vec::new(), reversals: Vec::new() }
}

fn outstanding(measure: &Measure, counters: Option<OrderId>) -> OrderTrack {
    OrderTrack { measure: measure.clone(), counters, end: None, revision: None }
}

fn settle(ruling: &mut Ruling, order_id: OrderId, end: OrderEnd, revision: Option<u64>) {
    let stands = ruling.standing.contains_key(&order_id);
    let Some(track) = ruling.orders.get_mut(&order_id) else { return };
    let was_cancelled = track.end.is_some_and(|end| end.outcome == OrderEndOutcome::Cancelled);
    track.end = Some(end);
    track.revision = revision.or(track.revision);
    let void = was_cancelled || (!stands && track.counters.is_none());
    // Executed although it had been taken back or was void: a counter-order is on its way, if none is yet.
    if void && end.effective_from.is_some() && !end.over && !track.measure.irreversible {
        let measure = track.measure.clone();
        let counter = ruling.orders.entry(counter_order_id(order_id));
        let counter = counter.or_insert_with(|| outstanding(&measure, Some(order_id)));
        if counter.end.is_some_and(|end| end.outcome == OrderEndOutcome::NotNeeded) {
            counter.end = None;
        }
    }
}

fn appealed(stage: Stage, appeal: &Appeal) -> Stage {
    let appeal = appeal.clone();
    match stage {
        Stage::Decided(ruling) => Stage::UnderAppeal { ruling, pending: vec![appeal] },
        Stage::Closed { before: Ended::Decided(ruling), .. } => {
            Stage::UnderAppeal { ruling: *ruling, pending: vec![appeal] }
        }
        Stage::UnderAppeal { ruling, mut pending } => {
            pending.push(appeal);
            Stage::UnderAppeal { ruling, pending }
        }
        stage => stage,
    }
}

/// Whoever decided an appeal here has heard it; whoever wrote down what a body outside decided has a hand in the case.
fn took_part_in_review(file: &mut CaseFile, appeal_id: AppealId, kind: AppealKind, by: Option<&OfficerId>) {
    let heard_here = kind == AppealKind::InternalReview;
    let hands = if heard_here { &mut file.reviewers } else { &mut file.participants };
    hands.extend(by.cloned());
    // One that was decided elsewhere was never filed here.
    let filed = file.pending_appeals().iter().any(|appeal| appeal.appeal_id == appeal_id);
    file.appeals += usize::from(!filed);
}

fn overdue(stage: Stage, appeal_id: AppealId) -> Stage {
    let Stage::UnderAppeal { ruling, mut pending } = stage else { return stage };
    for appeal in pending.iter_mut().filter(|appeal| appeal.appeal_id == appeal_id) {
        appeal.overdue = true;
    }
    Stage::UnderAppeal { ruling, pending }
}

/// The stage without one of its pending appeals, which is given to `done`. The case goes on where it was before the first of
/// them; one that had been closed is closed anew.
fn without(stage: Stage, appeal_id: AppealId, done: impl FnOnce(&mut Ruling, Option<Appeal>)) -> Stage {
    let (mut ruling, mut pending) = match stage {
        Stage::UnderAppeal { ruling, pending } => (ruling, pending),
        Stage::Decided(ruling) => (ruling, Vec::new()),
        Stage::Closed { before: Ended::Decided(ruling), .. } => (*ruling, Vec::new()),
        stage => return stage,
    };
    let found = pending.iter().position(|appeal| appeal.appeal_id == appeal_id);
    done(&mut ruling, found.map(|index| pending.remove(index)));
    if pending.is_empty() { Stage::Decided(ruling) } else { Stage::UnderAppeal { ruling, pending } }
}

fn withdrawn(stage: Stage, appeal_id: AppealId) -> Stage {
    // Unlike a verdict from outside, it says nothing about a case without such an appeal.
    if !matches!(stage, Stage::UnderAppeal { .. }) {
        return stage;
    }
    without(stage, appeal_id, |ruling, appeal| {
        ruling.appeals.extend(appeal.map(|appeal| Appeal { withdrawn: true, ..appeal }));
    })
}

fn judged(stage: Stage, appeal_id: AppealId, kind: AppealKind, verdict: &AppealVerdict) -> Stage {
    let verdict = Some(verdict.clone());
    without(stage, appeal_id, |ruling, filed| {
        let appeal = match filed {
            Some(filed) => Appeal { verdict, ..filed },
            None => Appeal {
                appeal_id,
                kind,
                decision_id: ruling.decision.proposal.decision_id,
                grounds: String::new(),
                filed: None,
                decide_until: None,
                account: None,
                author: Author::Officer,
                sha256: None,
                withdrawn: false,
                overdue: false,
                verdict,
            },
        };
        ruling.appeals.push(appeal);
    })
}

fn reverse(ruling: &mut Ruling, reversal: &Reversal) {
    ruling.standing.retain(|_, measure| reversal.remaining.contains(measure));
    for undoing in &reversal.undoings {
        let counter = outstanding(&undoing.measure, Some(undoing.order_id));
        ruling.orders.insert(undoing.counter_order_id, counter);
    }
    for replacement in &reversal.replacements {
        ruling.standing.insert(replacement.order_id, replacement.measure.clone());
        ruling.orders.insert(replacement.order_id, outstanding(&replacement.measure, None));
    }
    for served in &reversal.served {
        ruling.standing.insert(served.order_id, served.measure.clone());
    }
    ruling.reversals.push(reversal.clone());
}

fn transfer_stands(file: &mut CaseFile, transfer_id: TransferId, standing: TransferStanding) {
    if let Some(transfer) = file.transfers.iter_mut().find(|transfer| transfer.transfer_id == transfer_id) {
        transfer.standing = standing;
    }
}

fn closed(stage: Stage, closure: &Closure) -> Stage {
    let before = match stage {
        Stage::Investigating => Ended::Undecided(None),
        Stage::Told(told) | Stage::Proposed { told, .. } => Ended::Undecided(Some(Box::new(told))),
        Stage::Decided(ruling) | Stage::UnderAppeal { ruling, .. } => Ended::Decided(Box::new(ruling)),
        stage @ Stage::Closed { .. } => return stage,
    };
    Stage::Closed { before, closure: closure.clone() }
}

fn reopened(stage: Stage) -> Stage {
    let Stage::Closed { before, .. } = stage else { return stage };
    match before {
        Ended::Undecided(None) => Stage::Investigating,
        Ended::Undecided(Some(told)) => Stage::Told(*told),
        Ended::Decided(ruling) => Stage::Decided(*ruling),
    }
}
