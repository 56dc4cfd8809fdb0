//! A lead (线索): a signal that has no effect on anyone until an officer takes it up.

use std::collections::BTreeSet;

use casebook_kernel::ids::{CaseId, ItemId, LeadId, ReportId};
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, AgencyId, Decider, OfficerId, Timestamp};
use casebook_policy::{LegalBasisId, ViolationId};
use uuid::Uuid;

use super::measure::AccountRef;

/// The case that a lead leads to: one lead, one case.
pub fn case_id_of(lead: LeadId) -> CaseId {
    CaseId::derived(lead.uuid(), "case")
}

/// Where a lead came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeadSource {
    Referral,
    Officer,
    PlatformVerdict,
    Agency,
}

/// What a lead says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    pub source: LeadSource,
    pub account: AccountRef,
    pub violation: ViolationId,
    pub reasons: String,
    pub quoted_span: String,
    pub item_id: Option<ItemId>,
    /// Hexadecimal SHA-256 of the item's text.
    pub item_sha256: Option<String>,
    /// What was done is judged by the rules of this day.
    pub published_at: Timestamp,
    pub report_ids: Vec<ReportId>,
    pub finding_id: Option<Uuid>,
    pub region: Region,
    pub legal_bases: Vec<LegalBasisId>,
    /// 行政处罚法 art. 36 counts to it.
    pub discovered_at: Timestamp,
    /// The officers behind it: of the finding, or who opened the lead. Empty in leads that were opened before it was
    /// written down.
    pub raised_by: BTreeSet<OfficerId>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum LeadState {
    #[default]
    Absent,
    Received(LeadFile),
    Accepted(LeadFile, Screening),
    Declined(LeadFile, Screening, Option<LeadId>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct LeadFile {
    pub lead_id: LeadId,
    pub signal: Box<Signal>,
}

/// Who looked at the lead, and why they did what they did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screening {
    pub officer: OfficerId,
    pub agency: AgencyId,
    pub reasons: String,
}

impl LeadState {
    pub fn file(&self) -> Option<&LeadFile> {
        match self {
            Self::Absent => None,
            Self::Received(file) | Self::Accepted(file, _) | Self::Declined(file, _, _) => Some(file),
        }
    }
}

#[derive(Debug, Clone)]
pub enum LeadCommand {
    Open {
        lead_id: LeadId,
        signal: Box<Signal>,
    },
    Accept {
        by: Actor,
        reasons: String,
        /// Another lead on the same item, account and violation that was taken up: found by its claim.
        duplicate_of: Option<LeadId>,
    },
    Decline {
        by: Actor,
        reasons: String,
        duplicate_of: Option<LeadId>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct LeadEvent {
    pub lead_id: LeadId,
    pub change: LeadChange,
}

#[derive(Debug, Clone, PartialEq)]
pub enum LeadChange {
    Opened(Box<Signal>),
    Accepted(Screening),
    Declined { screening: Screening, duplicate_of: Option<LeadId> },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeadRefusal {
    #[error("there is no such lead")]
    UnknownLead,
    #[error("the lead has been opened already")]
    LeadAlreadyOpened,
    #[error("the lead has been screened already: it was {outcome}")]
    LeadAlreadyScreened { outcome: &'static str },
    #[error("the lead {of} says the same about the same item and was taken up")]
    DuplicateOf { of: LeadId },
    #[error("a lead is not a duplicate of itself")]
    DuplicateOfItself,
    #[error("an agency that answers for {agency_region} does not screen a lead of {region}")]
    NoJurisdiction { agency_region: Region, region: Region },
}

/// The decider of leads.
#[derive(Debug, Clone, Copy)]
pub struct Lead;

impl Decider for Lead {
    type State = LeadState;
    type Command = LeadCommand;
    type Event = LeadEvent;
    type Refusal = LeadRefusal;

    fn decide(state: &LeadState, command: LeadCommand) -> Result<Vec<LeadEvent>, LeadRefusal> {
        let (lead_id, change) = match command {
            LeadCommand::Open { lead_id, signal } => (lead_id, open(state, signal)?),
            LeadCommand::Accept { by, reasons, duplicate_of } => {
                let file = unscreened(state, &by)?;
                if let Some(of) = duplicate_of.filter(|of| *of != file.lead_id) {
                    return Err(LeadRefusal::DuplicateOf { of });
                }
                (file.lead_id, LeadChange::Accepted(screening(by, reasons)))
            }
            LeadCommand::Decline { by, reasons, duplicate_of } => {
                let file = unscreened(state, &by)?;
                if duplicate_of == Some(file.lead_id) {
                    return Err(LeadRefusal::DuplicateOfItself);
                }
                (file.lead_id, LeadChange::Declined { screening: screening(by, reasons), duplicate_of })
            }
        };
        Ok(vec![LeadEvent { lead_id, change }])
    }

    fn evolve(state: LeadState, event: &LeadEvent) -> LeadState {
        match (state, &event.change) {
            (LeadState::Absent, LeadChange::Opened(signal)) => {
                LeadState::Received(LeadFile { lead_id: event.lead_id, signal: signal.clone() })
            }
            (LeadState::Received(file), LeadChange::Accepted(screening)) => {
                LeadState::Accepted(file, screening.clone())
            }
            (LeadState::Received(file), LeadChange::Declined { screening, duplicate_of }) => {
                LeadState::Declined(file, screening.clone(), *duplicate_of)
            }
            (state, _) => state,
        }
    }
}

fn open(state: &LeadState, signal: Box<Signal>) -> Result<LeadChange, LeadRefusal> {
    match state {
        LeadState::Absent => Ok(LeadChange::Opened(signal)),
        _ => Err(LeadRefusal::LeadAlreadyOpened),
    }
}

fn unscreened<'a>(state: &'a LeadState, by: &Actor) -> Result<&'a LeadFile, LeadRefusal> {
    match state {
        LeadState::Absent => Err(LeadRefusal::UnknownLead),
        LeadState::Accepted(..) => Err(LeadRefusal::LeadAlreadyScreened { outcome: "accepted" }),
        LeadState::Declined(..) => Err(LeadRefusal::LeadAlreadyScreened { outcome: "declined" }),
        LeadState::Received(file) if !by.region.contains(file.signal.region) => {
            Err(LeadRefusal::NoJurisdiction { agency_region: by.region, region: file.signal.region })
        }
        LeadState::Received(file) => Ok(file),
    }
}

fn screening(by: Actor, reasons: String) -> Screening {
    Screening { officer: by.officer, agency: by.agency, reasons }
}

#[cfg(test)]
#[path = "lead_tests.rs"]
mod tests;
