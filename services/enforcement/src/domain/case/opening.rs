//! Filing a case (立案), and its evidence.

use std::collections::BTreeSet;

use casebook_kernel::region::Region;
use casebook_kernel::{Actor, AgencyKind, OfficerId};

use super::command::{Competence, OpenCase};
use super::event::{CaseChange, CaseEvent};
use super::refusal::CaseRefusal;
use super::state::{CaseFile, CaseState, Evidence, Opening, Stage};
use super::{ACCOUNTS_MAX, EVIDENCE_MAX, OFFICERS_MAX, OFFICERS_MIN, held_by};

pub(super) fn open(state: &CaseState, command: OpenCase) -> Result<Vec<CaseEvent>, CaseRefusal> {
    if *state != CaseState::Absent {
        return Err(CaseRefusal::CaseAlreadyOpened);
    }
    let lead = command.lead.ok_or(CaseRefusal::LeadNotAccepted)?;
    if command.by.agency != lead.agency {
        return Err(CaseRefusal::LeadWithAnotherAgency { agency: lead.agency });
    }
    // What the case is about may be said more closely than the lead did, never so that another agency is passed by.
    if !lead.region.contains(command.region) {
        return Err(CaseRefusal::RegionOutsideLead { lead: lead.region, region: command.region });
    }
    jurisdiction(&command.by, &lead.competence, lead.region)?;
    let agency_kind = jurisdiction(&command.by, &command.competence, command.region)?;
    different_officers(&command.officers)?;
    let distinct: BTreeSet<_> = command.accounts.iter().collect();
    if distinct.is_empty() || distinct.len() != command.accounts.len() || distinct.len() > ACCOUNTS_MAX {
        return Err(CaseRefusal::TooManyAccounts);
    }
    if let Some(until) = command.limitation_until.filter(|until| command.discovered_at >= *until) {
        return Err(CaseRefusal::LimitationExpired { until });
    }
    let opening = Opening {
        case_id: command.case_id,
        lead_id: command.lead_id,
        instrument: command.instrument,
        accounts: command.accounts,
        violation: command.violation,
        agency: command.by.agency,
        agency_kind,
        region: command.region,
        officers: command.officers,
        opened_by: command.by.officer,
        screened_by: Some(lead.screened_by),
        raised_by: lead.raised_by,
        conduct_at: command.conduct_at,
        discovered_at: command.discovered_at,
        harm_to_health: command.harm_to_health,
        opened_at: command.now,
    };
    Ok(vec![CaseEvent { case_id: command.case_id, change: CaseChange::Opened(Box::new(opening)) }])
}

/// An agency of a competent kind, of this region or of one around it (R93, R80).
pub(super) fn jurisdiction(by: &Actor, competence: &Competence, region: Region) -> Result<AgencyKind, CaseRefusal> {
    by.agency_kind
        .filter(|kind| competence.kinds.contains(kind) && by.region.contains(region))
        .ok_or(CaseRefusal::NoJurisdiction { agency_region: by.region, region })
}

/// 行政处罚法 art. 42: not fewer than two.
pub(super) fn different_officers(officers: &[OfficerId]) -> Result<(), CaseRefusal> {
    let distinct: BTreeSet<_> = officers.iter().collect();
    if distinct.len() == officers.len() && (OFFICERS_MIN..=OFFICERS_MAX).contains(&distinct.len()) {
        Ok(())
    } else {
        Err(CaseRefusal::TooFewOfficers)
    }
}

/// Evidence may come until the case is closed, also while an offer to another agency is open: it goes along.
pub(super) fn add_evidence(file: &CaseFile, by: &Actor, evidence: Evidence) -> Result<Vec<CaseChange>, CaseRefusal> {
    match held_by(file, by) {
        Ok(()) | Err(CaseRefusal::TransferPending { .. }) => {}
        Err(refusal) => return Err(refusal),
    }
    if matches!(file.stage, Stage::Closed { .. }) {
        return Err(CaseRefusal::StageDoesNotFit { stage: file.stage.name() });
    }
    if file.evidence.iter().any(|held| held.sha256 == evidence.sha256) {
        return Err(CaseRefusal::EvidenceAlreadyHeld);
    }
    if file.evidence.len() >= EVIDENCE_MAX {
        return Err(CaseRefusal::TooMuchEvidence);
    }
    Ok(vec![CaseChange::EvidenceAdded(evidence)])
}
