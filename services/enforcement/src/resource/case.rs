use casebook_execution::Head;
use casebook_kernel::ids::OrderId;
use casebook_proto::enforcement::v1;

use super::{Marks, marks};
use crate::codec::parts::{
    account_message, advice_message, clock_message, irreversible_message, measure_message, measure_messages,
    optional_wire, replacement_message, text_or_empty, texts, undoing_message, wire,
};
use crate::codec::words::{Word as _, optional};
use crate::domain::case::{
    Answer, Appeal, CaseFile, CaseState, Closure, Decision, Evidence, Notice, OrderTrack, Proposal, Reversal, Stage,
    Statement, Told, Transfer, TransferStanding,
};

/// The stage's word in messages and rows. A subject that has answered or waived has been heard.
pub fn stage(file: &CaseFile) -> v1::CaseStage {
    match &file.stage {
        Stage::Investigating => v1::CaseStage::Investigating,
        Stage::Told(Told { answer: Answer::Awaited, .. }) => v1::CaseStage::Told,
        Stage::Told(_) => v1::CaseStage::Heard,
        Stage::Proposed { .. } => v1::CaseStage::Proposed,
        Stage::Decided(_) => v1::CaseStage::Decided,
        Stage::UnderAppeal { .. } => v1::CaseStage::UnderAppeal,
        Stage::Closed { .. } => v1::CaseStage::Closed,
    }
}

/// A case as callers see it; none where there is none.
pub fn case_resource(state: &CaseState, head: &Head) -> Option<v1::Case> {
    let file = state.file()?;
    let opening = &file.opening;
    let told = file.told();
    let ruling = file.ruling();
    let statements = told.map(|told| told.statements().map(statement_message).collect()).unwrap_or_default();
    let waived = told.is_some_and(|told| matches!(told.answer, Answer::Waived(_)));
    let decision = match &file.stage {
        Stage::Proposed { proposal, .. } => Some(proposal_message(proposal)),
        _ => ruling.map(|ruling| decision_message(&ruling.decision)),
    };
    let pending = match &file.stage {
        Stage::UnderAppeal { appeal, .. } => Some(appeal),
        _ => None,
    };
    let closure: Option<&Closure> = match &file.stage {
        Stage::Closed { closure, .. } => Some(closure),
        _ => None,
    };
    let orders = ruling.map(|ruling| ruling.orders.iter().map(|(id, track)| track_message(*id, track)).collect());
    let appeals = ruling.into_iter().flat_map(|ruling| &ruling.appeals).chain(pending);
    let reversals = ruling.into_iter().flat_map(|ruling| &ruling.reversals);
    let Marks { etag, create_time, update_time } = marks(head);
    Some(v1::Case {
        case_id: opening.case_id.to_string(),
        lead_id: opening.lead_id.to_string(),
        stage: stage(file).into(),
        instrument: opening.instrument.write(),
        accounts: opening.accounts.iter().map(account_message).collect(),
        violation: opening.violation.to_string(),
        agency: file.agency.to_string(),
        region: opening.region.to_string(),
        officers: texts(&file.officers),
        conduct_at: wire(opening.conduct_at),
        evidence: file.evidence.iter().map(evidence_message).collect(),
        notice: told.map(|told| notice_message(&told.notice)),
        statements,
        statement_waived: waived,
        decision,
        orders: orders.unwrap_or_default(),
        appeals: appeals.map(appeal_message).collect(),
        reversals: reversals.map(reversal_message).collect(),
        transfers: file.transfers.iter().map(transfer_message).collect(),
        outcome: optional(closure.map(|closure| closure.outcome)),
        summary: closure.map(|closure| closure.summary.clone()).unwrap_or_default(),
        correlation: head.correlation.to_string(),
        etag,
        create_time,
        update_time,
    })
}

fn evidence_message(evidence: &Evidence) -> v1::Evidence {
    v1::Evidence {
        evidence_id: evidence.evidence_id.to_string(),
        kind: evidence.kind.write(),
        sha256: evidence.sha256.clone(),
        captured_at: wire(evidence.captured_at),
        description: evidence.description.clone(),
        added_by: evidence.added_by.to_string(),
        added_at: wire(evidence.added_at),
    }
}

pub(super) fn notice_message(notice: &Notice) -> v1::Notice {
    v1::Notice {
        notice_id: notice.notice_id.to_string(),
        facts: notice.facts.clone(),
        measures: measure_messages(&notice.measures),
        legal_bases: texts(&notice.legal_bases),
        method: notice.method.write(),
        served_at: wire(notice.served_at),
        answer_until: wire(notice.answer_until),
        served_by: notice.served_by.to_string(),
    }
}

pub(super) fn statement_message(statement: &Statement) -> v1::Statement {
    v1::Statement {
        statement_id: statement.statement_id.to_string(),
        summary: statement.summary.clone(),
        sha256: statement.sha256.clone().unwrap_or_default(),
        stated_at: wire(statement.stated_at),
        late: statement.late,
    }
}

fn proposal_message(proposal: &Proposal) -> v1::Decision {
    v1::Decision {
        decision_id: proposal.decision_id.to_string(),
        instrument: proposal.instrument.write(),
        measures: measure_messages(&proposal.measures),
        legal_bases: texts(&proposal.legal_bases),
        reasons: proposal.reasons.clone(),
        recommended: proposal.recommended.iter().map(advice_message).collect(),
        departure_reason: proposal.departure_reason.clone().unwrap_or_default(),
        proposer: proposal.proposer.to_string(),
        statement_id: text_or_empty(proposal.statement_id),
        redress: proposal.redress.clone(),
        proposed_at: wire(proposal.proposed_at),
        ..v1::Decision::default()
    }
}

fn decision_message(decision: &Decision) -> v1::Decision {
    let id = decision.proposal.decision_id;
    let service = decision.service.as_ref();
    let measures = decision.proposal.measures.iter();
    v1::Decision {
        measures: measures.map(|measure| measure_message(measure, Some(measure.order_id(id)))).collect(),
        confirmer: decision.confirmer.to_string(),
        agency: decision.agency.to_string(),
        issued_at: wire(decision.issued_at),
        served_at: optional_wire(service.map(|service| service.served_at)),
        appeal_until: optional_wire(service.map(|service| service.appeal_until)),
        appeal_until_provisional: service.is_some_and(|service| service.provisional),
        ..proposal_message(&decision.proposal)
    }
}

fn track_message(order_id: OrderId, track: &OrderTrack) -> v1::OrderTrack {
    v1::OrderTrack {
        order_id: order_id.to_string(),
        outcome: optional(track.end.map(|end| end.outcome)),
        cause: optional(track.end.and_then(|end| end.cause)),
        in_force: track.end.is_some_and(|end| end.effective_from.is_some()),
        late: track.end.is_some_and(|end| end.late),
        measure: Some(measure_message(&track.measure, Some(order_id))),
        counters_order_id: text_or_empty(track.counters),
    }
}

fn appeal_message(appeal: &Appeal) -> v1::Appeal {
    let verdict = appeal.verdict.as_ref();
    v1::Appeal {
        appeal_id: appeal.appeal_id.to_string(),
        kind: appeal.kind.write(),
        grounds: appeal.grounds.clone(),
        filed_by: text_or_empty(appeal.filed.as_ref().map(|(by, _)| by)),
        filed_at: optional_wire(appeal.filed.as_ref().map(|(_, at)| *at)),
        decide_until: optional_wire(appeal.decide_until),
        outcome: optional(verdict.map(|verdict| verdict.result)),
        remaining: verdict.map(|verdict| measure_messages(&verdict.remaining)).unwrap_or_default(),
        reasons: verdict.map(|verdict| verdict.reasons.clone()).unwrap_or_default(),
        decided_by: verdict.map(|verdict| verdict.decided_by.clone()).unwrap_or_default(),
        decided_at: optional_wire(verdict.map(|verdict| verdict.decided_at)),
        document_number: verdict.and_then(|verdict| verdict.document_number.clone()).unwrap_or_default(),
    }
}

fn reversal_message(reversal: &Reversal) -> v1::Reversal {
    v1::Reversal {
        reversal_id: reversal.reversal_id.to_string(),
        voids_decision_id: reversal.voids.to_string(),
        appeal_id: reversal.appeal_id.to_string(),
        undoings: reversal.undoings.iter().map(undoing_message).collect(),
        irreversible: reversal.irreversible.iter().map(irreversible_message).collect(),
        replacements: reversal.replacements.iter().map(replacement_message).collect(),
        reasons: reversal.reasons.clone(),
        issued_at: wire(reversal.issued_at),
    }
}

fn transfer_message(transfer: &Transfer) -> v1::Transfer {
    let (state, decline_reasons) = match &transfer.standing {
        TransferStanding::Offered => (v1::TransferState::Offered, String::new()),
        TransferStanding::Accepted => (v1::TransferState::Accepted, String::new()),
        TransferStanding::Declined { reasons } => (v1::TransferState::Declined, reasons.clone()),
        TransferStanding::Lapsed => (v1::TransferState::Lapsed, String::new()),
    };
    v1::Transfer {
        transfer_id: transfer.transfer_id.to_string(),
        state: state.into(),
        from_agency: transfer.from_agency.to_string(),
        to_agency: transfer.to_agency.to_string(),
        reasons: transfer.reasons.clone(),
        offered_at: wire(transfer.offered_at),
        lapse_at: wire(transfer.lapse_at),
        decline_reasons,
        evidence_ids: texts(&transfer.evidence),
        clocks: transfer.clocks.iter().map(clock_message).collect(),
    }
}
