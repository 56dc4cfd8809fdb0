//! Who may know of which report and which item. For whoever may not, there is none: neither its state nor its region is
//! told, also not by a refusal. Reports are the most confidential there is (X10): whoever answers for a region sees what
//! was reported there, and who reported it is known to the agency that took the report in alone.

use std::collections::BTreeSet;

use casebook_kernel::region::Region;
use casebook_kernel::{Actor, AgencyId};

use super::item::ObservedItem;
use super::report::FiledReport;

/// How far somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// An auditor's: everything.
    Everything,
    /// An officer's: what lies in the region of the agency (R80), and what the agency took in itself.
    Agency { agency: AgencyId, region: Region },
    /// That of a platform, an institution, whoever brings reports in and answers for no region: what it brought in.
    Own(AgencyId),
}

impl Sight {
    pub fn of_officer(officer: &Actor) -> Self {
        Self::Agency { agency: officer.agency.clone(), region: officer.region }
    }

    pub fn reaches_report(&self, report: &FiledReport) -> bool {
        let took_in = |agency: &AgencyId| report.filed.taken_in_by.as_ref() == Some(agency);
        match self {
            Self::Everything => true,
            Self::Agency { agency, region } => region.contains(report.filed.region) || took_in(agency),
            Self::Own(agency) => took_in(agency),
        }
    }

    pub fn reaches_item(&self, item: &ObservedItem) -> bool {
        match self {
            Self::Everything => true,
            Self::Agency { region, .. } => answers_for_item(*region, &item.regions),
            Self::Own(_) => false,
        }
    }

    /// Whether somebody who sees so far is told the reporter of a report that this agency took in. X10: nobody else,
    /// because from the reporter's reference and the agency's own records it follows who it is.
    pub fn knows_reporter_of(&self, taken_in_by: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Agency { agency, .. } | Self::Own(agency) => agency.as_str() == taken_in_by,
        }
    }
}

/// 属地管理 (R80): an item is answered for where it was seen and where it was reported. What a platform or a national
/// agency brought in without naming a region lies with every agency.
pub fn answers_for_item(region: Region, regions: &BTreeSet<Region>) -> bool {
    regions.iter().any(|place| region.contains(*place) || *place == Region::NATIONAL)
}

#[cfg(test)]
#[path = "visibility_tests.rs"]
mod tests;
