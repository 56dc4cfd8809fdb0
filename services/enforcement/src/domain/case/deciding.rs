//! A decision: proposed by one officer, confirmed by another.

use std::collections::BTreeSet;

use casebook_kernel::{Actor, OfficerId, Timestamp};
use casebook_policy::{Chosen, Instrument, departure};

use super::command::ProposeDecision;
use super::event::{CaseChange, DecisionIssued};
use super::hearing::{fitting, own_case, policy};
use super::refusal::CaseRefusal;
use super::state::{CaseFile, Proposal, Service, Stage, Told};
use super::{PROPOSALS_MAX, held_by, served_lately};
use crate::domain::ids::DecisionId;
use crate::domain::measure::{Measure, first_heavier};

/// Whoever decides conducts the case.
fn conducts(file: &CaseFile, officer: &OfficerId) -> Result<(), CaseRefusal> {
    if file.officers.contains(officer) {
        Ok(())
    } else {
        Err(CaseRefusal::NotOfficerOfCase { officer: officer.clone() })
    }
}

pub(super) fn propose(file: &CaseFile, command: ProposeDecision) -> Result<Vec<CaseChange>, CaseRefusal> {
    held_by(file, &command.by)?;
    conducts(file, &command.by.officer)?;
    let told = match &file.stage {
        Stage::Investigating => return Err(CaseRefusal::NotServed),
        Stage::Told(told) => told,
        Stage::Proposed { .. } => return Err(CaseRefusal::ProposalPending),
        stage => return Err(CaseRefusal::StageDoesNotFit { stage: stage.name() }),
    };
    if file.decisions >= PROPOSALS_MAX {
        return Err(CaseRefusal::TooManyProposals);
    }
    if file.evidence.is_empty() {
        return Err(CaseRefusal::EvidenceMissing);
    }
    heard(told, command.now)?;
    fitting(file, &command.measures)?;
    instrument_carries(&command)?;
    if let Some(measure) = first_heavier(&command.measures, &told.notice.measures) {
        return Err(CaseRefusal::HeavierAfterDefence { measure: Box::new(measure.clone()) });
    }
    ladder_followed(&command)?;
    irreversible_confirmed(&command.measures, command.irreversible_confirmed)?;
    Ok(vec![CaseChange::DecisionProposed(Box::new(Proposal {
        decision_id: DecisionId::nth(file.opening.case_id, file.decisions),
        instrument: command.instrument,
        measures: command.measures,
        legal_bases: command.legal_bases,
        reasons: command.reasons,
        recommended: command.recommended,
        departure_reason: command.departure_reason,
        irreversible_confirmed: command.irreversible_confirmed,
        proposer: command.by.officer,
        statement_id: told.statements().next_back().map(|statement| statement.statement_id),
        redress: command.redress,
        proposed_at: command.now,
    }))])
}

/// Answered or waived by the subject, provably, or the window is over (行政处罚法 art. 62).
fn heard(told: &Told, now: Timestamp) -> Result<(), CaseRefusal> {
    let until = told.notice.answer_until;
    if now < until && !told.answer.counts() { Err(CaseRefusal::NotHeard { until }) } else { Ok(()) }
}

/// What the instrument may contain, and what it may rest on.
fn instrument_carries(command: &ProposeDecision) -> Result<(), CaseRefusal> {
    let penalty = command.instrument == Instrument::AdministrativePenalty;
    // Whatever a pack says: S1 is a normative document and sets no penalty (行政处罚法 art. 16, 38).
    if penalty && command.measures.iter().any(|measure| measure.rung.is_some()) {
        return Err(CaseRefusal::BasisCannotSetPenalty);
    }
    command.admission.clone().map_err(policy)?;
    if penalty {
        return Err(CaseRefusal::LegalReviewMissing);
    }
    let without_end = |measure: &&Measure| measure.parameters.days.is_none();
    match command.measures.iter().find(without_end) {
        Some(measure) if command.instrument == Instrument::Interim => {
            Err(CaseRefusal::NoExpiry { measure: Box::new(measure.clone()) })
        }
        Some(_) | None => Ok(()),
    }
}

/// R92: whoever departs from the recommended rung, up or down, on any account, says why.
fn ladder_followed(command: &ProposeDecision) -> Result<(), CaseRefusal> {
    let accounts: BTreeSet<_> = command.measures.iter().map(|measure| &measure.account).collect();
    for account in accounts {
        let advice = command
            .recommended
            .iter()
            .find(|advice| advice.account == *account)
            .ok_or_else(|| CaseRefusal::RecommendationMissing { account: account.clone() })?;
        let on_account = command.measures.iter().filter(|measure| measure.account == *account);
        let chosen = on_account.map(|measure| Chosen {
            measure: &measure.id,
            rung: measure.rung,
            days: measure.parameters.days,
        });
        if let Some(departure) = departure(&advice.recommendation, chosen)
            && command.departure_reason.is_none()
        {
            return Err(CaseRefusal::StepSkippedWithoutReason { account: account.clone(), departure });
        }
    }
    Ok(())
}

fn irreversible_confirmed(measures: &[Measure], confirmed: bool) -> Result<(), CaseRefusal> {
    match measures.iter().find(|measure| measure.irreversible) {
        Some(measure) if !confirmed => {
            Err(CaseRefusal::IrreversibleNotConfirmed { measure: Box::new(measure.clone()) })
        }
        Some(_) | None => Ok(()),
    }
}

fn pending(file: &CaseFile, decision_id: DecisionId) -> Result<&Proposal, CaseRefusal> {
    match &file.stage {
        Stage::Proposed { proposal, .. } if proposal.decision_id == decision_id => Ok(proposal),
        _ => Err(CaseRefusal::NoSuchProposal),
    }
}

/// Two officers must differ: one cannot satisfy both roles. What cannot be undone, both must know.
pub(super) fn confirm(
    file: &CaseFile,
    by: Actor,
    decision_id: DecisionId,
    confirmed: bool,
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    held_by(file, &by)?;
    let proposal = pending(file, decision_id)?;
    conducts(file, &by.officer)?;
    if by.officer == proposal.proposer {
        return Err(CaseRefusal::SameOfficer { officer: by.officer });
    }
    irreversible_confirmed(&proposal.measures, confirmed)?;
    Ok(vec![CaseChange::DecisionIssued(Box::new(DecisionIssued {
        decision_id,
        instrument: proposal.instrument,
        measures: proposal.measures.clone(),
        legal_bases: proposal.legal_bases.clone(),
        reasons: proposal.reasons.clone(),
        departure_reason: proposal.departure_reason.clone(),
        proposer: proposal.proposer.clone(),
        confirmer: by.officer,
        agency: by.agency,
        violation: file.opening.violation.clone(),
        region: file.opening.region,
        statement_id: proposal.statement_id,
        redress: proposal.redress.clone(),
        issued_at: now,
    }))])
}

/// A second officer sends it back, or its proposer takes it back.
pub(super) fn reject(
    file: &CaseFile,
    by: Actor,
    decision_id: DecisionId,
    reasons: String,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    held_by(file, &by)?;
    pending(file, decision_id)?;
    Ok(vec![CaseChange::ProposalRejected { decision_id, reasons, by: by.officer }])
}

/// The window for an appeal runs from service, so it may be dated neither before the decision nor long ago.
pub(super) fn record_service(
    file: &CaseFile,
    by: Actor,
    service: Service,
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    own_case(file, &by)?;
    let decision = &file.ruling().ok_or(CaseRefusal::NotDecided)?.decision;
    if decision.service.is_some() {
        return Err(CaseRefusal::AlreadyServed);
    }
    if service.served_at < decision.issued_at {
        return Err(CaseRefusal::ServedBeforeDecision { issued_at: decision.issued_at });
    }
    served_lately(service.served_at, now)?;
    let decision_id = decision.proposal.decision_id;
    Ok(vec![CaseChange::DecisionServed { decision_id, service, recorded_by: by.officer }])
}
