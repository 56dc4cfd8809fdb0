//! Telling the subject (告知) and hearing it (陈述、申辩): 行政处罚法 art. 44, 45, 62.

use std::collections::BTreeSet;

use casebook_kernel::{Actor, Timestamp};
use casebook_policy::PolicyRefusal;

use super::command::ServeNotice;
use super::event::CaseChange;
use super::refusal::CaseRefusal;
use super::state::{Author, CaseFile, Defence, Notice, Stage, Statement, Told, Waiver};
use super::{STATEMENTS_MAX, held_by, served_lately};
use crate::domain::ids::{NoticeId, StatementId};
use crate::domain::measure::{AccountRef, Measure, first_heavier};

pub(super) fn serve_notice(file: &CaseFile, command: ServeNotice) -> Result<Vec<CaseChange>, CaseRefusal> {
    held_by(file, &command.by)?;
    let earlier = match &file.stage {
        Stage::Investigating => None,
        Stage::Told(told) => Some(told),
        Stage::Proposed { .. } => return Err(CaseRefusal::ProposalPending),
        stage => return Err(CaseRefusal::StageDoesNotFit { stage: stage.name() }),
    };
    if command.served_at < file.opening.opened_at {
        return Err(CaseRefusal::ServedBeforeOpening { opened_at: file.opening.opened_at });
    }
    served_lately(command.served_at, command.now)?;
    fitting(file, &command.measures)?;
    command.admission.map_err(policy)?;
    if let Some(told) = earlier {
        not_heavier_for_a_defence(file, told, &command.measures)?;
    }
    Ok(vec![CaseChange::NoticeServed(Box::new(Notice {
        notice_id: NoticeId::nth(file.opening.case_id, file.notices),
        facts: command.facts,
        measures: command.measures,
        legal_bases: command.legal_bases,
        instrument: Some(command.instrument),
        method: command.method,
        served_at: command.served_at,
        answer_until: command.answer_until,
        served_by: command.by.officer,
    }))])
}

/// A later notice may announce more only if more evidence was found: never because the subject defended itself.
///
/// Every notice since the defence was held against the one before it: the latest is the lightest.
fn not_heavier_for_a_defence(file: &CaseFile, told: &Told, measures: &[Measure]) -> Result<(), CaseRefusal> {
    let Defence::Made { evidence_then } = told.defence else { return Ok(()) };
    match first_heavier(measures, &told.notice.measures) {
        Some(measure) if !found_more(file, told, evidence_then) => {
            Err(CaseRefusal::HeavierAfterDefence { measure: Box::new(measure.clone()) })
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether there is evidence that came later: the document of a defence is none against whoever made it.
fn found_more(file: &CaseFile, told: &Told, evidence_then: usize) -> bool {
    let own = |sha256: &str| told.statements().any(|statement| statement.sha256.as_deref() == Some(sha256));
    file.evidence.iter().skip(evidence_then).any(|evidence| !own(&evidence.sha256))
}

/// Each measure meets an account of the case, and none is named twice.
pub(super) fn fitting(file: &CaseFile, measures: &[Measure]) -> Result<(), CaseRefusal> {
    if measures.is_empty() {
        return Err(CaseRefusal::Policy(PolicyRefusal::MeasureMissing));
    }
    let mut seen = BTreeSet::new();
    for measure in measures {
        if !file.opening.accounts.contains(&measure.account) {
            return Err(CaseRefusal::AccountNotSubject { account: measure.account.clone() });
        }
        if !seen.insert((&measure.account, &measure.id)) {
            return Err(CaseRefusal::MeasureTwice { measure: Box::new(measure.clone()) });
        }
    }
    Ok(())
}

pub(super) fn policy(refusal: PolicyRefusal) -> CaseRefusal {
    match refusal {
        PolicyRefusal::BasisCannotSetPenalty { .. } => CaseRefusal::BasisCannotSetPenalty,
        refusal => CaseRefusal::Policy(refusal),
    }
}

/// What an officer records must be in the officer's own case; what a subject says, in a case about its account. A case
/// about others does not exist for a subject.
pub(super) fn own_case(file: &CaseFile, by: &Actor) -> Result<(), CaseRefusal> {
    match by.subject() {
        Some(account) if file.opening.accounts.iter().any(|own| own.account_id() == account) => Ok(()),
        Some(_) => Err(CaseRefusal::UnknownCase),
        None if by.agency == file.agency => Ok(()),
        None => Err(CaseRefusal::NotHoldingAgency { agency: file.agency.clone() }),
    }
}

/// The account for which somebody speaks. A subject speaks for its own and for no other; an officer says for which one the
/// subject's document speaks, where it can be doubted.
pub(super) fn speaks_for(file: &CaseFile, by: &Actor, named: Option<AccountRef>) -> Result<AccountRef, CaseRefusal> {
    own_case(file, by)?;
    let accounts = &file.opening.accounts;
    if let Some(own) = by.subject() {
        let own = accounts.iter().find(|account| account.account_id() == own).ok_or(CaseRefusal::UnknownCase)?;
        return if named.is_none_or(|named| named == *own) { Ok(own.clone()) } else { Err(CaseRefusal::NotOwnAccount) };
    }
    match (named, accounts.as_slice()) {
        (Some(named), accounts) if accounts.contains(&named) => Ok(named),
        (Some(account), _) => Err(CaseRefusal::AccountOutsideCase { account }),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(CaseRefusal::AccountMissing),
    }
}

pub(super) fn author(by: &Actor) -> Author {
    if by.subject().is_some() { Author::Subject } else { Author::Officer }
}

fn to_be_heard(file: &CaseFile) -> Result<&Told, CaseRefusal> {
    match &file.stage {
        Stage::Investigating => Err(CaseRefusal::NotServed),
        Stage::Told(told) => Ok(told),
        // Sent back first: a proposal that has not weighed the statement cannot be confirmed.
        Stage::Proposed { .. } => Err(CaseRefusal::ProposalPending),
        stage => Err(CaseRefusal::StageDoesNotFit { stage: stage.name() }),
    }
}

/// A statement that comes late is heard as well, as long as nothing is proposed. One from before the notice answers an earlier
/// one, if there was one.
pub(super) fn record_statement(
    file: &CaseFile,
    by: Actor,
    account: Option<AccountRef>,
    summary: String,
    sha256: Option<String>,
    stated_at: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    let account = speaks_for(file, &by, account)?;
    let told = to_be_heard(file)?;
    let author = author(&by);
    // What officers write down never leaves the subject without a word.
    if told.statements_of(&account, author) >= STATEMENTS_MAX {
        return Err(CaseRefusal::TooManyStatements);
    }
    let from = if file.notices > 1 { file.opening.opened_at } else { told.notice.served_at };
    if stated_at < from {
        return Err(CaseRefusal::StatedBeforeNotice { from });
    }
    Ok(vec![CaseChange::StatementRecorded(Statement {
        statement_id: StatementId::nth(file.opening.case_id, file.statements),
        account: Some(account),
        summary,
        sha256,
        author,
        recorded_by: by.officer,
        stated_at,
        late: stated_at >= told.notice.answer_until,
    })])
}

pub(super) fn waive_statement(
    file: &CaseFile,
    by: Actor,
    account: Option<AccountRef>,
    reasons: String,
    sha256: Option<String>,
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    let account = speaks_for(file, &by, account)?;
    let told = to_be_heard(file)?;
    if told.has_waived(&account) {
        return Err(CaseRefusal::AlreadyWaived);
    }
    // What was said stays said.
    if told.has_answered(&account) {
        return Err(CaseRefusal::StageDoesNotFit { stage: "answered by the subject" });
    }
    let author = author(&by);
    if author == Author::Officer && sha256.is_none() {
        return Err(CaseRefusal::WaiverUnproven);
    }
    let waiver = Waiver { account: Some(account), reasons, sha256, author, recorded_by: by.officer, waived_at: now };
    Ok(vec![CaseChange::StatementWaived(waiver)])
}
