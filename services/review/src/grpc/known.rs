//! What the caller may know of. What does not exist and what is not for the caller cannot be told apart.

use casebook_authz::{Principal, Standing};
use casebook_bootstrap::{Explained, store_status};
use casebook_kernel::ids::{ItemId, ReportId};
use tonic::Status;

use super::Review;
use crate::domain::item::ItemState;
use crate::domain::report::{FiledReport, ReportState};
use crate::domain::visibility::Sight;

pub(super) fn sight(principal: &Principal) -> Sight {
    match principal.standing() {
        Standing::Auditor => Sight::Everything,
        Standing::Officer => Sight::of_officer(&principal.actor),
        Standing::Institution(_)
        | Standing::Platform(_)
        | Standing::Subject(_)
        | Standing::System
        | Standing::Nothing => Sight::Own(principal.actor.agency.clone()),
    }
}

pub(super) fn no_report() -> Status {
    Explained::not_found("REPORT_NOT_FOUND").status("there is no such report, or there was none at that time")
}

pub(super) fn no_item() -> Status {
    Explained::not_found("ITEM_NOT_FOUND").status("there is no such item, or there was none at that time")
}

impl Review {
    /// A report that the caller may know of.
    pub(super) async fn known_report(&self, sight: &Sight, id: ReportId) -> Result<Box<FiledReport>, Status> {
        match self.reports.load(id.uuid()).await.map_err(store_status)?.state {
            ReportState::Filed(report) if sight.reaches_report(&report) => Ok(report),
            ReportState::Filed(_) | ReportState::Absent => Err(no_report()),
        }
    }

    /// Refuses what is said of an item that the caller may not know of.
    pub(super) async fn known_item(&self, sight: &Sight, id: ItemId) -> Result<(), Status> {
        match self.items.load(id.uuid()).await.map_err(store_status)?.state {
            ItemState::Observed(item) if sight.reaches_item(&item) => Ok(()),
            ItemState::Observed(_) | ItemState::Absent => Err(no_item()),
        }
    }
}
