use casebook_kernel::OfficerId;
use casebook_proto::enforcement::v1;

use super::parts::{
    account, advice, all_parsed, clock, irreversible, measures, non_empty, optional_parsed, optional_time, parsed,
    replacement, time, undoing,
};
use super::words::Word;
use super::{Reading, message};
use crate::domain::case::{
    Appeal, AppealVerdict, Author, CaseChange, CaseEvent, Closure, DecisionIssued, Evidence, Notice, Opening, OrderEnd,
    Proposal, Reversal, Service, Statement, Transfer, TransferStanding, Waiver,
};
use crate::domain::order::Cause;

/// Every message of a case says which.
trait OfCase {
    fn case_id(&self) -> &str;
}

macro_rules! of_case {
    ($($message:ident),*) => {$(
        impl OfCase for v1::$message {
            fn case_id(&self) -> &str {
                &self.case_id
            }
        }
    )*};
}
of_case!(
    CaseOpened,
    EvidenceAdded,
    NoticeServed,
    StatementRecorded,
    StatementWaived,
    DecisionProposed,
    ProposalRejected,
    DecisionIssued,
    DecisionServed,
    OrderSettled,
    AppealFiled,
    AppealDecided,
    ReversalIssued,
    TransferOffered,
    TransferAccepted,
    TransferDeclined,
    TransferLapsed,
    CaseClosed,
    CaseReopened
);

fn case_event<M: OfCase + serde::de::DeserializeOwned>(
    read: fn(M) -> Reading<CaseChange>,
    json: &[u8],
) -> Reading<CaseEvent> {
    let event: M = message(json)?;
    Ok(CaseEvent { case_id: parsed("case_id", event.case_id())?, change: read(event)? })
}

pub(super) fn read(name: &str, json: &[u8]) -> Reading<CaseEvent> {
    match name {
        "CaseOpened" => case_event(opened, json),
        "EvidenceAdded" => case_event(evidence_added, json),
        "NoticeServed" => case_event(notice_served, json),
        "StatementRecorded" => case_event(statement_recorded, json),
        "StatementWaived" => case_event(statement_waived, json),
        "DecisionProposed" => case_event(decision_proposed, json),
        "ProposalRejected" => case_event(proposal_rejected, json),
        "DecisionIssued" => case_event(decision_issued, json),
        "DecisionServed" => case_event(decision_served, json),
        "OrderSettled" => case_event(order_settled, json),
        "AppealFiled" => case_event(appeal_filed, json),
        "AppealDecided" => case_event(appeal_decided, json),
        "ReversalIssued" => case_event(reversal_issued, json),
        "TransferOffered" => case_event(transfer_offered, json),
        "TransferAccepted" => case_event(transfer_accepted, json),
        "TransferDeclined" => case_event(transfer_declined, json),
        "TransferLapsed" => case_event(transfer_lapsed, json),
        "CaseClosed" => case_event(closed, json),
        "CaseReopened" => case_event(reopened, json),
        _ => Err("it is no event of a case".to_owned()),
    }
}

fn officer(field: &str, text: &str) -> Reading<OfficerId> {
    parsed(field, text)
}

fn opened(event: v1::CaseOpened) -> Reading<CaseChange> {
    Ok(CaseChange::Opened(Box::new(Opening {
        case_id: parsed("case_id", &event.case_id)?,
        lead_id: parsed("lead_id", &event.lead_id)?,
        instrument: Word::expect(event.instrument, "instrument")?,
        accounts: event.accounts.into_iter().map(|it| account("accounts", Some(it))).collect::<Reading<_>>()?,
        violation: parsed("violation", &event.violation)?,
        agency: parsed("agency", &event.agency)?,
        agency_kind: parsed("agency_kind", &event.agency_kind)?,
        region: parsed("region", &event.region)?,
        officers: all_parsed("officers", &event.officers)?,
        opened_by: officer("opened_by", &event.opened_by)?,
        conduct_at: time("conduct_at", event.conduct_at)?,
        discovered_at: time("discovered_at", event.discovered_at)?,
        harm_to_health: event.harm_to_health,
        opened_at: time("opened_at", event.opened_at)?,
        screened_by: optional_parsed("screened_by", &event.screened_by)?,
        raised_by: all_parsed("raised_by", &event.raised_by)?,
    })))
}

fn evidence_added(event: v1::EvidenceAdded) -> Reading<CaseChange> {
    Ok(CaseChange::EvidenceAdded(Evidence {
        evidence_id: parsed("evidence_id", &event.evidence_id)?,
        kind: Word::expect(event.kind, "kind")?,
        sha256: event.sha256,
        captured_at: time("captured_at", event.captured_at)?,
        description: event.description,
        added_by: officer("added_by", &event.added_by)?,
        added_at: time("added_at", event.added_at)?,
    }))
}

fn notice_served(event: v1::NoticeServed) -> Reading<CaseChange> {
    Ok(CaseChange::NoticeServed(Box::new(Notice {
        notice_id: parsed("notice_id", &event.notice_id)?,
        facts: event.facts,
        measures: measures(event.measures)?,
        legal_bases: all_parsed("legal_bases", &event.legal_bases)?,
        method: Word::expect(event.method, "method")?,
        served_at: time("served_at", event.served_at)?,
        answer_until: time("answer_until", event.answer_until)?,
        served_by: officer("served_by", &event.served_by)?,
    })))
}

/// Whoever an older event does not name is taken for an officer: then a document has to prove the answer.
fn author(by_subject: bool) -> Author {
    if by_subject { Author::Subject } else { Author::Officer }
}

fn statement_recorded(event: v1::StatementRecorded) -> Reading<CaseChange> {
    Ok(CaseChange::StatementRecorded(Statement {
        statement_id: parsed("statement_id", &event.statement_id)?,
        summary: event.summary,
        sha256: non_empty(event.sha256),
        recorded_by: officer("recorded_by", &event.recorded_by)?,
        stated_at: time("stated_at", event.stated_at)?,
        late: event.late,
        author: author(event.by_subject),
    }))
}

fn statement_waived(event: v1::StatementWaived) -> Reading<CaseChange> {
    Ok(CaseChange::StatementWaived(Waiver {
        reasons: event.reasons,
        recorded_by: officer("recorded_by", &event.recorded_by)?,
        waived_at: time("waived_at", event.waived_at)?,
        sha256: non_empty(event.sha256),
        author: author(event.by_subject),
    }))
}

fn decision_proposed(event: v1::DecisionProposed) -> Reading<CaseChange> {
    Ok(CaseChange::DecisionProposed(Box::new(Proposal {
        decision_id: parsed("decision_id", &event.decision_id)?,
        instrument: Word::expect(event.instrument, "instrument")?,
        measures: measures(event.measures)?,
        legal_bases: all_parsed("legal_bases", &event.legal_bases)?,
        reasons: event.reasons,
        recommended: event.recommended.into_iter().map(advice).collect::<Reading<_>>()?,
        departure_reason: non_empty(event.departure_reason),
        irreversible_confirmed: event.irreversible_confirmed,
        proposer: officer("proposer", &event.proposer)?,
        statement_id: optional_parsed("statement_id", &event.statement_id)?,
        redress: event.redress,
        proposed_at: time("proposed_at", event.proposed_at)?,
    })))
}

fn proposal_rejected(event: v1::ProposalRejected) -> Reading<CaseChange> {
    Ok(CaseChange::ProposalRejected {
        decision_id: parsed("decision_id", &event.decision_id)?,
        reasons: event.reasons,
        by: officer("rejected_by", &event.rejected_by)?,
    })
}

fn decision_issued(event: v1::DecisionIssued) -> Reading<CaseChange> {
    Ok(CaseChange::DecisionIssued(Box::new(DecisionIssued {
        decision_id: parsed("decision_id", &event.decision_id)?,
        instrument: Word::expect(event.instrument, "instrument")?,
        measures: measures(event.measures)?,
        legal_bases: all_parsed("legal_bases", &event.legal_bases)?,
        reasons: event.reasons,
        departure_reason: non_empty(event.departure_reason),
        proposer: officer("proposer", &event.proposer)?,
        confirmer: officer("confirmer", &event.confirmer)?,
        agency: parsed("agency", &event.agency)?,
        violation: parsed("violation", &event.violation)?,
        region: parsed("region", &event.region)?,
        statement_id: optional_parsed("statement_id", &event.statement_id)?,
        redress: event.redress,
        issued_at: time("issued_at", event.issued_at)?,
    })))
}

fn decision_served(event: v1::DecisionServed) -> Reading<CaseChange> {
    Ok(CaseChange::DecisionServed {
        decision_id: parsed("decision_id", &event.decision_id)?,
        service: Service {
            method: Word::expect(event.method, "method")?,
            served_at: time("served_at", event.served_at)?,
            appeal_until: time("appeal_until", event.appeal_until)?,
            provisional: event.provisional,
        },
        recorded_by: officer("recorded_by", &event.recorded_by)?,
    })
}

fn order_settled(event: v1::OrderSettled) -> Reading<CaseChange> {
    Ok(CaseChange::OrderSettled {
        order_id: parsed("order_id", &event.order_id)?,
        end: OrderEnd {
            outcome: Word::expect(event.outcome, "outcome")?,
            cause: Cause::read(event.cause),
            effective_from: optional_time("effective_from", event.effective_from)?,
            late: event.late,
        },
        // The first revision issues the order: no end is told by it.
        revision: Some(event.order_revision).filter(|revision| *revision > 0),
    })
}

fn appeal_filed(event: v1::AppealFiled) -> Reading<CaseChange> {
    let by = officer("filed_by", &event.filed_by)?;
    Ok(CaseChange::AppealFiled(Box::new(Appeal {
        appeal_id: parsed("appeal_id", &event.appeal_id)?,
        kind: Word::expect(event.kind, "kind")?,
        decision_id: parsed("decision_id", &event.decision_id)?,
        grounds: event.grounds,
        filed: Some((by, time("filed_at", event.filed_at)?)),
        decide_until: optional_time("decide_until", event.decide_until)?,
        verdict: None,
    })))
}

fn appeal_decided(event: v1::AppealDecided) -> Reading<CaseChange> {
    Ok(CaseChange::AppealDecided {
        appeal_id: parsed("appeal_id", &event.appeal_id)?,
        kind: Word::expect(event.kind, "kind")?,
        verdict: Box::new(AppealVerdict {
            result: Word::expect(event.outcome, "outcome")?,
            remaining: measures(event.remaining)?,
            reasons: event.reasons,
            decided_by: event.decided_by,
            document_number: non_empty(event.document_number),
            decided_at: time("decided_at", event.decided_at)?,
        }),
    })
}

fn reversal_issued(event: v1::ReversalIssued) -> Reading<CaseChange> {
    Ok(CaseChange::ReversalIssued(Box::new(Reversal {
        reversal_id: parsed("reversal_id", &event.reversal_id)?,
        voids: parsed("voids_decision_id", &event.voids_decision_id)?,
        appeal_id: parsed("appeal_id", &event.appeal_id)?,
        undoings: event.undoings.into_iter().map(undoing).collect::<Reading<_>>()?,
        irreversible: event.irreversible.into_iter().map(irreversible).collect::<Reading<_>>()?,
        replacements: event.replacements.into_iter().map(replacement).collect::<Reading<_>>()?,
        remaining: measures(event.remaining)?,
        reasons: event.reasons,
        instrument: Word::expect(event.instrument, "instrument")?,
        legal_bases: all_parsed("legal_bases", &event.legal_bases)?,
        agency: parsed("agency", &event.agency)?,
        issued_at: time("issued_at", event.issued_at)?,
        voided: all_parsed("voided_order_ids", &event.voided_order_ids)?,
    })))
}

fn transfer_offered(event: v1::TransferOffered) -> Reading<CaseChange> {
    Ok(CaseChange::TransferOffered(Box::new(Transfer {
        transfer_id: parsed("transfer_id", &event.transfer_id)?,
        from_agency: parsed("from_agency", &event.from_agency)?,
        to_agency: parsed("to_agency", &event.to_agency)?,
        reasons: event.reasons,
        evidence: all_parsed("evidence_ids", &event.evidence_ids)?,
        clocks: event.clocks.into_iter().map(clock).collect::<Reading<_>>()?,
        offered_by: officer("offered_by", &event.offered_by)?,
        offered_at: time("offered_at", event.offered_at)?,
        lapse_at: time("lapse_at", event.lapse_at)?,
        standing: TransferStanding::Offered,
    })))
}

fn transfer_accepted(event: v1::TransferAccepted) -> Reading<CaseChange> {
    Ok(CaseChange::TransferAccepted {
        transfer_id: parsed("transfer_id", &event.transfer_id)?,
        agency: parsed("agency", &event.agency)?,
        agency_kind: parsed("agency_kind", &event.agency_kind)?,
        officers: all_parsed("officers", &event.officers)?,
        by: officer("accepted_by", &event.accepted_by)?,
    })
}

fn transfer_declined(event: v1::TransferDeclined) -> Reading<CaseChange> {
    Ok(CaseChange::TransferDeclined {
        transfer_id: parsed("transfer_id", &event.transfer_id)?,
        reasons: event.reasons,
        by: officer("declined_by", &event.declined_by)?,
    })
}

fn transfer_lapsed(event: v1::TransferLapsed) -> Reading<CaseChange> {
    Ok(CaseChange::TransferLapsed {
        transfer_id: parsed("transfer_id", &event.transfer_id)?,
        at: time("lapsed_at", event.lapsed_at)?,
    })
}

fn closed(event: v1::CaseClosed) -> Reading<CaseChange> {
    Ok(CaseChange::Closed(Closure {
        outcome: Word::expect(event.outcome, "outcome")?,
        summary: event.summary,
        closed_by: officer("closed_by", &event.closed_by)?,
        closed_at: time("closed_at", event.closed_at)?,
    }))
}

fn reopened(event: v1::CaseReopened) -> Reading<CaseChange> {
    Ok(CaseChange::Reopened { reasons: event.reasons, by: officer("reopened_by", &event.reopened_by)? })
}
