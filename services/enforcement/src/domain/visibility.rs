//! Who may know of what. For whoever may not, a lead, a case, an order does not exist: neither its state nor who holds it
//! is told, also not by a refusal.
//!
//! An order belongs to its case: who may know of the case may know of its orders.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use casebook_kernel::ids::AccountId;
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, AgencyId, AgencyKind};
use casebook_policy::{Pack, ViolationId};

use super::case::{CaseFile, TransferStanding};
use super::lead::LeadState;
use super::measure::AccountRef;

/// How far somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// An auditor's: everything.
    Everything,
    /// An agency's: what it has or had to do with itself, and what lies in its region (R80) and in its competence (R93). So
    /// superior agencies see what is below them, and agencies of one place what they could take over from each other.
    Agency {
        agency: AgencyId,
        region: Region,
        /// The violations that agencies of its kind are competent for.
        competent_for: Arc<BTreeSet<ViolationId>>,
    },
    /// That of whoever runs one account: cases about it.
    Account(AccountId),
    /// Of somebody whose token names neither an agency nor an account.
    Nothing,
}

/// Which violations agencies of a kind are competent for (R93), by the policy pack.
#[derive(Debug, Default)]
pub struct Competences(HashMap<AgencyKind, Arc<BTreeSet<ViolationId>>>);

impl Competences {
    pub fn of_pack(pack: &Pack) -> Self {
        let of_kind = |kind: &AgencyKind| {
            let competent = pack.violations().filter(|violation| violation.agencies.contains(kind));
            Arc::new(competent.map(|violation| violation.id.clone()).collect())
        };
        Self(AgencyKind::ALL.iter().map(|kind| (*kind, of_kind(kind))).collect())
    }

    /// None for an agency of no kind.
    pub fn of(&self, kind: Option<AgencyKind>) -> Arc<BTreeSet<ViolationId>> {
        kind.and_then(|kind| self.0.get(&kind)).cloned().unwrap_or_default()
    }
}

/// What a lead or a case says about who may know of it. Who held it may know of it for good; who was only asked to take it over,
/// until it has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter<'a> {
    pub violation: &'a ViolationId,
    pub region: Region,
    /// The agencies that have or had to do with it, whatever their region and kind.
    pub parties: BTreeSet<&'a AgencyId>,
    /// The accounts whose operators take part in it.
    pub heard: &'a [AccountRef],
}

impl<'a> Matter<'a> {
    /// None where there is no lead. Nobody is heard on a lead: it has no effect on anyone.
    pub fn of_lead(state: &'a LeadState) -> Option<Self> {
        let signal = &state.file()?.signal;
        let parties = match state {
            LeadState::Absent | LeadState::Received(_) => BTreeSet::new(),
            LeadState::Accepted(_, screening) | LeadState::Declined(_, screening, _) => [&screening.agency].into(),
        };
        Some(Self { violation: &signal.violation, region: signal.region, parties, heard: &[] })
    }

    /// The parties hold the case, held it, or are offered it.
    pub fn of_case(file: &'a CaseFile) -> Self {
        let transfers = file.transfers.iter().flat_map(|transfer| {
            let asked = matches!(transfer.standing, TransferStanding::Offered | TransferStanding::Accepted);
            std::iter::once(&transfer.from_agency).chain(asked.then_some(&transfer.to_agency))
        });
        let opening = &file.opening;
        Self {
            violation: &opening.violation,
            region: opening.region,
            parties: [&opening.agency, &file.agency].into_iter().chain(transfers).collect(),
            heard: &opening.accounts,
        }
    }
}

impl Sight {
    /// That of an officer.
    pub fn of_officer(officer: &Actor, competent_for: Arc<BTreeSet<ViolationId>>) -> Self {
        Self::Agency { agency: officer.agency.clone(), region: officer.region, competent_for }
    }

    pub fn reaches(&self, matter: &Matter<'_>) -> bool {
        match self {
            Self::Everything => true,
            Self::Agency { agency, region, competent_for } => {
                matter.parties.contains(agency)
                    || (region.contains(matter.region) && competent_for.contains(matter.violation))
            }
            Self::Account(account) => matter.heard.iter().any(|heard| heard.account_id() == *account),
            Self::Nothing => false,
        }
    }

    /// Whether somebody who sees so far is told what follows from a violation, whoever committed it.
    pub fn is_competent_for(&self, violation: &ViolationId) -> bool {
        match self {
            Self::Everything => true,
            Self::Agency { competent_for, .. } => competent_for.contains(violation),
            Self::Account(_) | Self::Nothing => false,
        }
    }
}

#[cfg(test)]
#[path = "visibility_tests.rs"]
mod tests;
