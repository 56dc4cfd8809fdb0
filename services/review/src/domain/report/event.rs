//! What happens to a report.

use casebook_kernel::ids::{AccountId, ItemId, ReportId};
use casebook_kernel::region::Region;
use casebook_kernel::{AgencyId, Timestamp};

use super::{AcceptanceDue, Channel, DeclineReason, Outcome};
use crate::domain::capture::{Capture, TextHash};
use crate::domain::finding::{FindingId, OfficerReference};
use crate::domain::standing::AccountStanding;

#[derive(Debug, Clone, PartialEq)]
pub enum ReportEvent {
    Filed(Box<ReportFiled>),
    Accepted(ReportAccepted),
    Declined(ReportDeclined),
    Withdrawn(ReportWithdrawn),
    Merged(ReportMerged),
    Separated(ReportSeparated),
    Concluded(ReportConcluded),
    AcceptanceOverdue(ReportAcceptanceOverdue),
    AcceptanceRescheduled(ReportAcceptanceRescheduled),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFiled {
    pub report_id: ReportId,
    pub channel: Channel,
    pub reporter_ref: Option<String>,
    pub reasons: String,
    pub region: Region,
    pub attachments_sha256: Vec<TextHash>,
    pub item_id: ItemId,
    pub capture: Capture,
    pub account_standing: AccountStanding,
    pub acceptance_due: AcceptanceDue,
    /// The agency that took it in; none in reports that were filed before this was kept.
    pub taken_in_by: Option<AgencyId>,
    pub filed_at: Timestamp,
}

impl ReportFiled {
    pub fn account_id(&self) -> AccountId {
        self.capture.account_id()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportAccepted {
    pub report_id: ReportId,
    pub accepted_by: OfficerReference,
    pub accepted_at: Timestamp,
    pub late: bool,
    /// The finding that settled the report before anybody accepted it.
    pub by_finding: Option<FindingId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportDeclined {
    pub report_id: ReportId,
    pub reason: DeclineReason,
    pub explanation: String,
    pub competent_agency: Option<AgencyId>,
    pub declined_by: OfficerReference,
    pub declined_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportWithdrawn {
    pub report_id: ReportId,
    pub reasons: String,
    pub withdrawn_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportMerged {
    pub report_id: ReportId,
    pub into: ReportId,
    pub merged_by: OfficerReference,
    pub merged_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSeparated {
    pub report_id: ReportId,
    pub from: ReportId,
    pub separated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportConcluded {
    pub report_id: ReportId,
    pub outcome: Outcome,
    pub concluded_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportAcceptanceOverdue {
    pub report_id: ReportId,
    pub due_at: Timestamp,
    pub noted_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportAcceptanceRescheduled {
    pub report_id: ReportId,
    pub due: AcceptanceDue,
}
