use casebook_kernel::ids::{CaseId, OrderId};
use casebook_kernel::region::Region;
use casebook_kernel::{AgencyId, AgencyKind, OfficerId, Timestamp};
use casebook_policy::{Instrument, LegalBasisId, ViolationId};

use super::state::{
    Appeal, AppealKind, AppealVerdict, Closure, Evidence, Notice, Opening, OrderEnd, Proposal, Reversal, Service,
    Statement, Transfer, Waiver, Withdrawal,
};
use crate::domain::ids::{AppealId, DecisionId, StatementId, TransferId};
use crate::domain::measure::Measure;

#[derive(Debug, Clone, PartialEq)]
pub struct CaseEvent {
    pub case_id: CaseId,
    pub change: CaseChange,
}

#[derive(Debug, Clone, PartialEq)]
pub enum CaseChange {
    Opened(Box<Opening>),
    EvidenceAdded(Evidence),
    NoticeServed(Box<Notice>),
    StatementRecorded(Statement),
    StatementWaived(Waiver),
    DecisionProposed(Box<Proposal>),
    ProposalRejected {
        decision_id: DecisionId,
        reasons: String,
        by: OfficerId,
    },
    DecisionIssued(Box<DecisionIssued>),
    DecisionServed {
        decision_id: DecisionId,
        service: Service,
        recorded_by: OfficerId,
    },
    OrderSettled {
        order_id: OrderId,
        end: OrderEnd,
        /// The revision of the order's stream that says so; none where another stream does.
        revision: Option<u64>,
    },
    AppealFiled(Box<Appeal>),
    AppealWithdrawn {
        appeal_id: AppealId,
        withdrawal: Withdrawal,
    },
    AppealOverdue {
        appeal_id: AppealId,
        due_at: Timestamp,
    },
    AppealDecided {
        appeal_id: AppealId,
        kind: AppealKind,
        verdict: Box<AppealVerdict>,
        /// None in older events about a body outside.
        recorded_by: Option<OfficerId>,
    },
    ReversalIssued(Box<Reversal>),
    TransferOffered(Box<Transfer>),
    TransferAccepted {
        transfer_id: TransferId,
        agency: AgencyId,
        agency_kind: AgencyKind,
        officers: Vec<OfficerId>,
        by: OfficerId,
    },
    TransferDeclined {
        transfer_id: TransferId,
        reasons: String,
        by: OfficerId,
    },
    TransferLapsed {
        transfer_id: TransferId,
        at: Timestamp,
    },
    Closed(Closure),
    Reopened {
        reasons: String,
        by: OfficerId,
    },
}

/// A decision, whole: its reader needs no other event.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionIssued {
    pub decision_id: DecisionId,
    pub instrument: Instrument,
    pub measures: Vec<Measure>,
    pub legal_bases: Vec<LegalBasisId>,
    pub reasons: String,
    pub departure_reason: Option<String>,
    pub proposer: OfficerId,
    pub confirmer: OfficerId,
    pub agency: AgencyId,
    pub violation: ViolationId,
    pub region: Region,
    pub statement_id: Option<StatementId>,
    pub redress: String,
    pub issued_at: Timestamp,
}
