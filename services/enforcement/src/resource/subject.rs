//! What whoever runs an account is told of a case about it, in the reply to what it did itself.
//!
//! It may answer and appeal, not read. So the reply is built from what it may know, and not cut out of what officers see:
//! what a case learns to hold later stays untold.

use casebook_execution::Head;
use casebook_kernel::ids::AccountId;
use casebook_proto::enforcement::v1;

use super::case::{notice_message, stage, statement_message};
use super::{Marks, marks};
use crate::codec::parts::{account_message, measure_messages, optional_wire, texts, wire};
use crate::codec::words::Word as _;
use crate::domain::case::{Answer, Appeal, CaseCommand, CaseState, Decision, Notice, Stage};
use crate::domain::measure::Measure;

/// What a subject can do. Of all that was said in the case, the reply holds this: the operators of other accounts may
/// have answered in the same case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Stated,
    Waived,
    Appealed,
}

impl Act {
    /// None where a command is an officer's.
    pub fn of(command: &CaseCommand) -> Option<Self> {
        match command {
            CaseCommand::RecordStatement { .. } => Some(Self::Stated),
            CaseCommand::WaiveStatement { .. } => Some(Self::Waived),
            CaseCommand::FileAppeal { .. } => Some(Self::Appealed),
            _ => None,
        }
    }
}

/// A case as the subject sees it that did `act` last: also where a request is repeated, the state is that of its first outcome.
pub fn case_for_subject(state: &CaseState, head: &Head, account: AccountId, act: Option<Act>) -> Option<v1::Case> {
    let file = state.file()?;
    let opening = &file.opening;
    let told = file.told();
    let decision = file.ruling().map(|ruling| &ruling.decision);
    let stated = told.and_then(|told| told.statements().next_back()).filter(|_| act == Some(Act::Stated));
    let waived = told.is_some_and(|told| matches!(told.answer, Answer::Waived(_)));
    let appeal = match &file.stage {
        Stage::UnderAppeal { appeal, .. } if act == Some(Act::Appealed) => Some(appeal),
        _ => None,
    };
    let Marks { etag, update_time, .. } = marks(head);
    Some(v1::Case {
        case_id: opening.case_id.to_string(),
        stage: stage(file).into(),
        instrument: opening.instrument.write(),
        accounts: opening.accounts.iter().filter(|own| own.account_id() == account).map(account_message).collect(),
        violation: opening.violation.to_string(),
        agency: file.agency.to_string(),
        notice: told.map(|told| notice_for(&told.notice, account)),
        statements: stated.map(statement_message).into_iter().collect(),
        statement_waived: waived && act == Some(Act::Waived),
        decision: decision.and_then(|decision| served(decision, account)),
        appeals: appeal.map(filed).into_iter().collect(),
        etag,
        update_time,
        ..v1::Case::default()
    })
}

fn own(measures: &[Measure], account: AccountId) -> Vec<v1::Measure> {
    let own = measures.iter().filter(|measure| measure.account.account_id() == account);
    measure_messages(own)
}

/// As it was served, but for what it says of the accounts of others, and for who served it.
fn notice_for(notice: &Notice, account: AccountId) -> v1::Notice {
    let measures = own(&notice.measures, account);
    v1::Notice { measures, served_by: String::new(), ..notice_message(notice) }
}

/// None before it is served: a decision is told by its service.
fn served(decision: &Decision, account: AccountId) -> Option<v1::Decision> {
    let service = decision.service.as_ref()?;
    let proposal = &decision.proposal;
    Some(v1::Decision {
        decision_id: proposal.decision_id.to_string(),
        instrument: proposal.instrument.write(),
        measures: own(&proposal.measures, account),
        legal_bases: texts(&proposal.legal_bases),
        reasons: proposal.reasons.clone(),
        redress: proposal.redress.clone(),
        issued_at: wire(decision.issued_at),
        agency: decision.agency.to_string(),
        served_at: wire(service.served_at),
        appeal_until: wire(service.appeal_until),
        appeal_until_provisional: service.provisional,
        ..v1::Decision::default()
    })
}

fn filed(appeal: &Appeal) -> v1::Appeal {
    v1::Appeal {
        appeal_id: appeal.appeal_id.to_string(),
        kind: appeal.kind.write(),
        grounds: appeal.grounds.clone(),
        filed_at: optional_wire(appeal.filed.as_ref().map(|(_, at)| *at)),
        decide_until: optional_wire(appeal.decide_until),
        ..v1::Appeal::default()
    }
}
