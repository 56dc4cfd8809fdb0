use casebook_execution::Stored;
use casebook_proto::enforcement::v1;

use super::parts::{
    account_message, advice_message, clock_message, irreversible_message, measure_message, measure_messages,
    optional_wire, replacement_message, text_or_empty, texts, undoing_message, wire,
};
use super::stored;
use super::words::{Word as _, optional};
use crate::domain::case::{
    Appeal, AppealVerdict, Author, CaseChange, CaseEvent, DecisionIssued, Notice, Opening, Proposal, Reversal, Transfer,
};

macro_rules! event {
    ($message:ident $fields:tt) => {
        stored(concat!("casebook.enforcement.v1.", stringify!($message)), &v1::$message $fields)
    };
}

pub(super) fn write(event: &CaseEvent) -> Stored {
    let case_id = event.case_id.to_string();
    match &event.change {
        CaseChange::Opened(opening) => stored("casebook.enforcement.v1.CaseOpened", &opened(opening)),
        CaseChange::EvidenceAdded(evidence) => event!(EvidenceAdded {
            case_id,
            evidence_id: evidence.evidence_id.to_string(),
            kind: evidence.kind.write(),
            sha256: evidence.sha256.clone(),
            captured_at: wire(evidence.captured_at),
            description: evidence.description.clone(),
            added_by: evidence.added_by.to_string(),
            added_at: wire(evidence.added_at),
        }),
        CaseChange::NoticeServed(notice) => stored("casebook.enforcement.v1.NoticeServed", &served(case_id, notice)),
        CaseChange::StatementRecorded(statement) => event!(StatementRecorded {
            case_id,
            statement_id: statement.statement_id.to_string(),
            summary: statement.summary.clone(),
            sha256: statement.sha256.clone().unwrap_or_default(),
            recorded_by: statement.recorded_by.to_string(),
            stated_at: wire(statement.stated_at),
            late: statement.late,
            by_subject: statement.author == Author::Subject,
        }),
        CaseChange::StatementWaived(waiver) => event!(StatementWaived {
            case_id,
            reasons: waiver.reasons.clone(),
            recorded_by: waiver.recorded_by.to_string(),
            waived_at: wire(waiver.waived_at),
            sha256: waiver.sha256.clone().unwrap_or_default(),
            by_subject: waiver.author == Author::Subject,
        }),
        CaseChange::DecisionProposed(proposal) => {
            stored("casebook.enforcement.v1.DecisionProposed", &proposed(case_id, proposal))
        }
        CaseChange::ProposalRejected { decision_id, reasons, by } => event!(ProposalRejected {
            case_id,
            decision_id: decision_id.to_string(),
            reasons: reasons.clone(),
            rejected_by: by.to_string(),
        }),
        CaseChange::DecisionIssued(issued) => {
            stored("casebook.enforcement.v1.DecisionIssued", &decided(case_id, issued))
        }
        CaseChange::DecisionServed { decision_id, service, recorded_by } => event!(DecisionServed {
            case_id,
            decision_id: decision_id.to_string(),
            method: service.method.write(),
            served_at: wire(service.served_at),
            appeal_until: wire(service.appeal_until),
            recorded_by: recorded_by.to_string(),
            provisional: service.provisional,
        }),
        CaseChange::OrderSettled { order_id, end, revision } => event!(OrderSettled {
            case_id,
            order_id: order_id.to_string(),
            outcome: end.outcome.write(),
            cause: optional(end.cause),
            in_force: end.effective_from.is_some(),
            effective_from: optional_wire(end.effective_from),
            late: end.late,
            order_revision: revision.unwrap_or_default(),
        }),
        CaseChange::AppealFiled(appeal) => stored("casebook.enforcement.v1.AppealFiled", &filed(case_id, appeal)),
        CaseChange::AppealDecided { appeal_id, kind, verdict } => {
            let AppealVerdict { result, remaining, reasons, decided_by, document_number, decided_at } = &**verdict;
            event!(AppealDecided {
                case_id,
                appeal_id: appeal_id.to_string(),
                kind: kind.write(),
                outcome: result.write(),
                remaining: measure_messages(remaining),
                reasons: reasons.clone(),
                decided_by: decided_by.clone(),
                document_number: document_number.clone().unwrap_or_default(),
                decided_at: wire(*decided_at),
            })
        }
        CaseChange::ReversalIssued(reversal) => {
            stored("casebook.enforcement.v1.ReversalIssued", &reversed(case_id, reversal))
        }
        CaseChange::TransferOffered(transfer) => {
            stored("casebook.enforcement.v1.TransferOffered", &offered(case_id, transfer))
        }
        CaseChange::TransferAccepted { transfer_id, agency, agency_kind, officers, by } => event!(TransferAccepted {
            case_id,
            transfer_id: transfer_id.to_string(),
            agency: agency.to_string(),
            agency_kind: agency_kind.as_str().to_owned(),
            officers: texts(officers),
            accepted_by: by.to_string(),
        }),
        CaseChange::TransferDeclined { transfer_id, reasons, by } => event!(TransferDeclined {
            case_id,
            transfer_id: transfer_id.to_string(),
            reasons: reasons.clone(),
            declined_by: by.to_string(),
        }),
        CaseChange::TransferLapsed { transfer_id, at } => {
            event!(TransferLapsed { case_id, transfer_id: transfer_id.to_string(), lapsed_at: wire(*at) })
        }
        CaseChange::Closed(closure) => event!(CaseClosed {
            case_id,
            outcome: closure.outcome.write(),
            summary: closure.summary.clone(),
            closed_by: closure.closed_by.to_string(),
            closed_at: wire(closure.closed_at),
        }),
        CaseChange::Reopened { reasons, by } => {
            event!(CaseReopened { case_id, reasons: reasons.clone(), reopened_by: by.to_string() })
        }
    }
}

fn opened(opening: &Opening) -> v1::CaseOpened {
    v1::CaseOpened {
        case_id: opening.case_id.to_string(),
        lead_id: opening.lead_id.to_string(),
        instrument: opening.instrument.write(),
        accounts: opening.accounts.iter().map(account_message).collect(),
        violation: opening.violation.to_string(),
        agency: opening.agency.to_string(),
        agency_kind: opening.agency_kind.as_str().to_owned(),
        region: opening.region.to_string(),
        officers: texts(&opening.officers),
        opened_by: opening.opened_by.to_string(),
        conduct_at: wire(opening.conduct_at),
        discovered_at: wire(opening.discovered_at),
        harm_to_health: opening.harm_to_health,
        opened_at: wire(opening.opened_at),
        screened_by: text_or_empty(opening.screened_by.as_ref()),
        raised_by: texts(&opening.raised_by),
    }
}

fn served(case_id: String, notice: &Notice) -> v1::NoticeServed {
    v1::NoticeServed {
        case_id,
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

fn proposed(case_id: String, proposal: &Proposal) -> v1::DecisionProposed {
    v1::DecisionProposed {
        case_id,
        decision_id: proposal.decision_id.to_string(),
        instrument: proposal.instrument.write(),
        measures: measure_messages(&proposal.measures),
        legal_bases: texts(&proposal.legal_bases),
        reasons: proposal.reasons.clone(),
        recommended: proposal.recommended.iter().map(advice_message).collect(),
        departure_reason: proposal.departure_reason.clone().unwrap_or_default(),
        irreversible_confirmed: proposal.irreversible_confirmed,
        proposer: proposal.proposer.to_string(),
        statement_id: text_or_empty(proposal.statement_id),
        redress: proposal.redress.clone(),
        proposed_at: wire(proposal.proposed_at),
    }
}

fn decided(case_id: String, issued: &DecisionIssued) -> v1::DecisionIssued {
    let with_order = |measure| measure_message(measure, Some(measure.order_id(issued.decision_id)));
    v1::DecisionIssued {
        case_id,
        decision_id: issued.decision_id.to_string(),
        instrument: issued.instrument.write(),
        measures: issued.measures.iter().map(with_order).collect(),
        legal_bases: texts(&issued.legal_bases),
        reasons: issued.reasons.clone(),
        proposer: issued.proposer.to_string(),
        confirmer: issued.confirmer.to_string(),
        agency: issued.agency.to_string(),
        violation: issued.violation.to_string(),
        statement_id: text_or_empty(issued.statement_id),
        redress: issued.redress.clone(),
        issued_at: wire(issued.issued_at),
        region: issued.region.to_string(),
        departure_reason: issued.departure_reason.clone().unwrap_or_default(),
    }
}

fn filed(case_id: String, appeal: &Appeal) -> v1::AppealFiled {
    v1::AppealFiled {
        case_id,
        appeal_id: appeal.appeal_id.to_string(),
        kind: appeal.kind.write(),
        decision_id: appeal.decision_id.to_string(),
        grounds: appeal.grounds.clone(),
        filed_by: text_or_empty(appeal.filed.as_ref().map(|(by, _)| by)),
        filed_at: optional_wire(appeal.filed.as_ref().map(|(_, at)| *at)),
        decide_until: optional_wire(appeal.decide_until),
    }
}

fn reversed(case_id: String, reversal: &Reversal) -> v1::ReversalIssued {
    v1::ReversalIssued {
        case_id,
        reversal_id: reversal.reversal_id.to_string(),
        voids_decision_id: reversal.voids.to_string(),
        appeal_id: reversal.appeal_id.to_string(),
        undoings: reversal.undoings.iter().map(undoing_message).collect(),
        irreversible: reversal.irreversible.iter().map(irreversible_message).collect(),
        replacements: reversal.replacements.iter().map(replacement_message).collect(),
        reasons: reversal.reasons.clone(),
        issued_at: wire(reversal.issued_at),
        instrument: reversal.instrument.write(),
        remaining: measure_messages(&reversal.remaining),
        legal_bases: texts(&reversal.legal_bases),
        agency: reversal.agency.to_string(),
        voided_order_ids: texts(&reversal.voided),
    }
}

fn offered(case_id: String, transfer: &Transfer) -> v1::TransferOffered {
    v1::TransferOffered {
        case_id,
        transfer_id: transfer.transfer_id.to_string(),
        from_agency: transfer.from_agency.to_string(),
        to_agency: transfer.to_agency.to_string(),
        reasons: transfer.reasons.clone(),
        evidence_ids: texts(&transfer.evidence),
        clocks: transfer.clocks.iter().map(clock_message).collect(),
        offered_by: transfer.offered_by.to_string(),
        offered_at: wire(transfer.offered_at),
        lapse_at: wire(transfer.lapse_at),
    }
}
