//! Handing a case to another agency: offered, then accepted, declined or lapsed. The evidence and every
//! running clock go along; orders stay with the agency that issued them, and their receipts still settle.

use casebook_kernel::{Actor, AgencyId, OfficerId, Timestamp};

use super::command::{Addressee, Competence};
use super::event::CaseChange;
use super::opening::{different_officers, jurisdiction};
use super::refusal::CaseRefusal;
use super::state::{CaseFile, RunningClock, Stage, Transfer, TransferStanding};
use super::{TRANSFERS_MAX, held_by};
use crate::domain::ids::TransferId;

/// Whoever is asked gets to know the case: only an agency that could take it over is (R93, R80).
pub(super) fn competent(file: &CaseFile, to: &Addressee, competence: &Competence) -> Result<(), CaseRefusal> {
    let region = file.opening.region;
    if competence.kinds.contains(&to.kind) && to.region.contains(region) {
        Ok(())
    } else {
        Err(CaseRefusal::AddresseeNotCompetent { agency: to.agency.clone(), region })
    }
}

pub(super) fn offer(
    file: &CaseFile,
    by: Actor,
    to_agency: AgencyId,
    reasons: String,
    lapse_at: Timestamp,
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    held_by(file, &by)?;
    match &file.stage {
        Stage::Investigating | Stage::Told(_) | Stage::Decided(_) => {}
        Stage::Proposed { .. } => return Err(CaseRefusal::ProposalPending),
        Stage::UnderAppeal { .. } => return Err(CaseRefusal::AppealPending),
        stage @ Stage::Closed { .. } => return Err(CaseRefusal::StageDoesNotFit { stage: stage.name() }),
    }
    if to_agency == file.agency {
        return Err(CaseRefusal::SelfTransfer);
    }
    let handed_on_by = |agency: &AgencyId| {
        let mut accepted = file.transfers.iter().filter(|transfer| transfer.standing == TransferStanding::Accepted);
        accepted.any(|transfer| transfer.from_agency == *agency)
    };
    if handed_on_by(&to_agency) {
        return Err(CaseRefusal::TransferLoop { agency: to_agency });
    }
    if file.transfers.len() >= TRANSFERS_MAX {
        return Err(CaseRefusal::TooManyTransfers);
    }
    Ok(vec![CaseChange::TransferOffered(Box::new(Transfer {
        transfer_id: TransferId::nth(file.opening.case_id, file.transfers.len()),
        from_agency: by.agency,
        to_agency,
        reasons,
        evidence: file.evidence.iter().map(|evidence| evidence.evidence_id).collect(),
        clocks: running_clocks(file),
        offered_by: by.officer,
        offered_at: now,
        lapse_at,
        standing: TransferStanding::Offered,
    }))])
}

fn running_clocks(file: &CaseFile) -> Vec<RunningClock> {
    let mut clocks = Vec::new();
    if let Stage::Told(told) = &file.stage
        && !told.is_answered()
    {
        clocks.push(RunningClock { name: "answer_until".to_owned(), due_at: told.notice.answer_until });
    }
    if let Some(service) = file.ruling().and_then(|ruling| ruling.decision.service.as_ref()) {
        clocks.push(RunningClock { name: "appeal_until".to_owned(), due_at: service.appeal_until });
    }
    clocks
}

fn offered_to<'a>(file: &'a CaseFile, by: &Actor, now: Timestamp) -> Result<&'a Transfer, CaseRefusal> {
    let transfer = file.pending_transfer().ok_or(CaseRefusal::TransferNotOffered)?;
    if by.agency != transfer.to_agency {
        return Err(CaseRefusal::NotAddressee { agency: transfer.to_agency.clone() });
    }
    // The deadline may fire a moment late; the offer ends on time all the same.
    if now >= transfer.lapse_at {
        return Err(CaseRefusal::TransferOver { at: transfer.lapse_at });
    }
    Ok(transfer)
}

pub(super) fn accept(
    file: &CaseFile,
    by: Actor,
    officers: Vec<OfficerId>,
    competence: &Competence,
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    let transfer = offered_to(file, &by, now)?;
    let agency_kind = jurisdiction(&by, competence, file.opening.region)?;
    different_officers(&officers)?;
    let transfer_id = transfer.transfer_id;
    Ok(vec![CaseChange::TransferAccepted { transfer_id, agency: by.agency, agency_kind, officers, by: by.officer }])
}

pub(super) fn decline(
    file: &CaseFile,
    by: Actor,
    reasons: String,
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    let transfer_id = offered_to(file, &by, now)?.transfer_id;
    Ok(vec![CaseChange::TransferDeclined { transfer_id, reasons, by: by.officer }])
}

pub(super) fn lapse(file: &CaseFile, now: Timestamp) -> Result<Vec<CaseChange>, CaseRefusal> {
    let transfer = file.pending_transfer().ok_or(CaseRefusal::TransferNotOffered)?;
    if now < transfer.lapse_at {
        return Err(CaseRefusal::NotYetDue { due: transfer.lapse_at });
    }
    Ok(vec![CaseChange::TransferLapsed { transfer_id: transfer.transfer_id, at: transfer.lapse_at }])
}
