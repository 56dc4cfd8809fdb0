//! A report (举报): a complaint by anyone about a published item.

mod event;
mod rules;

use casebook_kernel::ids::{ItemId, ReportId};
use casebook_kernel::region::Region;
use casebook_kernel::{AgencyId, Decider, Timestamp};

pub use event::{
    ReportAcceptanceOverdue, ReportAcceptanceRescheduled, ReportAccepted, ReportConcluded, ReportDeclined, ReportEvent,
    ReportFiled, ReportMerged, ReportSeparated, ReportWithdrawn,
};

use super::capture::{Capture, TextHash};
use super::finding::{FindingId, OfficerReference};
use super::standing::AccountStanding;

/// The way a report came in (R78).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    Hotline12345,
    Centre12377,
    Hotline12315,
    Platform,
    Monitoring,
    Counter,
    Letter,
    WebForm,
    Transfer,
    Institution,
}

/// Before when an agency accepts or declines a report (X10: 7 working days).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptanceDue {
    Final(Timestamp),
    /// The working-day calendar of the year is not published: no earlier than this, and reckoned again then.
    Provisional(Timestamp),
}

impl AcceptanceDue {
    pub fn at(self) -> Timestamp {
        match self {
            Self::Final(at) | Self::Provisional(at) => at,
        }
    }
}

/// Why a report is not taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeclineReason {
    OutOfJurisdiction,
    OutOfScope,
    EvidenceMissing,
    ConcludedBefore,
    Abusive,
}

/// How a report ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A second officer confirmed a finding against the item.
    Found { finding: FindingId, violation: String },
    /// A finding against the item was referred to enforcement.
    Referred { finding: FindingId, violation: String },
    /// The item breaks no rule; what the reporter is told.
    NoViolation { reasons: String },
}

/// Where a report stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportStage {
    Received,
    Accepted,
    Declined,
    Concluded,
    Withdrawn,
    Merged { into: ReportId },
}

/// A report that was filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledReport {
    pub filed: ReportFiled,
    pub stage: ReportStage,
    pub acceptance_due: AcceptanceDue,
    pub acceptance_overdue: bool,
    pub accepted: Option<ReportAccepted>,
    pub declined: Option<ReportDeclined>,
    pub withdrawn: Option<ReportWithdrawn>,
    pub merged: Option<ReportMerged>,
    /// A merged report has an outcome too: each reporter is answered.
    pub concluded: Option<ReportConcluded>,
}

impl FiledReport {
    /// Somebody still has to answer for it by itself.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, ReportStage::Received | ReportStage::Accepted)
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub enum ReportState {
    #[default]
    Absent,
    Filed(Box<FiledReport>),
}

impl ReportState {
    pub fn report(&self) -> Option<&FiledReport> {
        match self {
            Self::Absent => None,
            Self::Filed(report) => Some(report),
        }
    }
}

/// The report that another one is to be merged into, as it was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeTarget {
    pub report_id: ReportId,
    pub item_id: ItemId,
    pub region: Region,
    pub open: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ReportCommand {
    File {
        report_id: ReportId,
        channel: Channel,
        /// A pseudonymous reference; none for an anonymous reporter (X10).
        reporter_ref: Option<String>,
        reasons: String,
        region: Region,
        attachments_sha256: Vec<TextHash>,
        capture: Capture,
        /// What review knew of the account: looked up, and no obstacle.
        account_standing: AccountStanding,
        acceptance_due: AcceptanceDue,
        taken_in_by: AgencyId,
        now: Timestamp,
    },
    Accept {
        by: OfficerReference,
        region: Region,
        now: Timestamp,
    },
    Decline {
        by: OfficerReference,
        region: Region,
        /// The agency that took the report in.
        filed_by: AgencyId,
        reason: DeclineReason,
        explanation: String,
        competent_agency: Option<AgencyId>,
        now: Timestamp,
    },
    Withdraw {
        by: AgencyId,
        /// The agency that took the report in.
        filed_by: AgencyId,
        reporter_ref: Option<String>,
        reasons: String,
        now: Timestamp,
    },
    Merge {
        into: MergeTarget,
        by: OfficerReference,
        region: Region,
        now: Timestamp,
    },
    /// The report that it is part of was withdrawn or declined.
    Separate {
        from: ReportId,
        now: Timestamp,
    },
    Conclude {
        outcome: Outcome,
        by: OfficerReference,
        region: Region,
        now: Timestamp,
    },
    /// The acceptance timer rang; `due` is the deadline as reckoned at that moment.
    AcceptanceTimerRang {
        due: AcceptanceDue,
        now: Timestamp,
    },
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReportRefusal {
    #[error("this report was filed before")]
    AlreadyFiled,
    #[error("there is no such report")]
    NotFiled,
    #[error(
        "the report neither shows what was published nor names the item by the platform's id: nothing can be looked at"
    )]
    EvidenceMissing,
    #[error("the report is no longer waiting to be accepted or declined")]
    NotReceived,
    #[error(
        "an agency of region {officer} does not answer for region {report}: whoever took the report in declines it and names the competent agency"
    )]
    OutOfJurisdiction { officer: Region, report: Region },
    #[error("a report declined for want of jurisdiction names the agency that is competent")]
    CompetentAgencyMissing,
    #[error("a report is withdrawn by the reporter who filed it, through the agency that took it in")]
    NotTheReporter,
    #[error("the report is settled")]
    NotOpen,
    #[error("a report cannot become part of itself")]
    MergeIntoItself,
    #[error("the two reports are about different items")]
    DifferentItem,
    #[error("the report to merge into is settled")]
    MergeTargetNotOpen,
    #[error("the report is not part of that one, or has its answer")]
    NotPartOf,
    #[error("the report was not accepted: nobody answers for it yet")]
    NotAccepted,
    #[error("the report has its answer")]
    AlreadyConcluded,
    #[error("nobody waits for the report to be accepted")]
    NotWaiting,
}

/// The rules of a report.
#[derive(Debug, Clone, Copy)]
pub struct Report;

impl Decider for Report {
    type State = ReportState;
    type Command = ReportCommand;
    type Event = ReportEvent;
    type Refusal = ReportRefusal;

    fn decide(state: &ReportState, command: ReportCommand) -> Result<Vec<ReportEvent>, ReportRefusal> {
        if let ReportCommand::File { .. } = &command {
            return match state {
                ReportState::Absent => rules::file(command),
                ReportState::Filed(_) => Err(ReportRefusal::AlreadyFiled),
            };
        }
        let report = state.report().ok_or(ReportRefusal::NotFiled)?;
        match command {
            ReportCommand::File { .. } => Err(ReportRefusal::AlreadyFiled),
            ReportCommand::Accept { by, region, now } => rules::accept(report, by, region, now),
            ReportCommand::Decline { .. } => rules::decline(report, command),
            ReportCommand::Withdraw { by, filed_by, reporter_ref, reasons, now } => {
                if by != filed_by {
                    return Err(ReportRefusal::NotTheReporter);
                }
                rules::withdraw(report, &reporter_ref, reasons, now)
            }
            ReportCommand::Merge { into, by, region, now } => rules::merge(report, into, by, region, now),
            ReportCommand::Separate { from, now } => rules::separate(report, from, now),
            ReportCommand::Conclude { outcome, by, region, now } => rules::conclude(report, outcome, by, region, now),
            ReportCommand::AcceptanceTimerRang { due, now } => rules::acceptance_timer_rang(report, due, now),
        }
    }

    fn evolve(state: ReportState, event: &ReportEvent) -> ReportState {
        match (state, event) {
            (ReportState::Absent, ReportEvent::Filed(filed)) => ReportState::Filed(Box::new(FiledReport {
                filed: (**filed).clone(),
                stage: ReportStage::Received,
                acceptance_due: filed.acceptance_due,
                acceptance_overdue: false,
                accepted: None,
                declined: None,
                withdrawn: None,
                merged: None,
                concluded: None,
            })),
            (ReportState::Filed(mut report), event) => {
                report.apply(event);
                ReportState::Filed(report)
            }
            (ReportState::Absent, _) => ReportState::Absent,
        }
    }
}

impl FiledReport {
    fn apply(&mut self, event: &ReportEvent) {
        match event {
            // A report is filed once.
            ReportEvent::Filed(_) => {}
            ReportEvent::Accepted(accepted) => {
                // A merged report stays merged: it is accepted as a part of the other.
                if self.stage == ReportStage::Received {
                    self.stage = ReportStage::Accepted;
                }
                self.accepted = Some(accepted.clone());
            }
            ReportEvent::Declined(declined) => {
                self.stage = ReportStage::Declined;
                self.declined = Some(declined.clone());
            }
            ReportEvent::Withdrawn(withdrawn) => {
                self.stage = ReportStage::Withdrawn;
                self.withdrawn = Some(withdrawn.clone());
            }
            ReportEvent::Merged(merged) => {
                self.stage = ReportStage::Merged { into: merged.into };
                self.merged = Some(merged.clone());
            }
            ReportEvent::Separated(_) => {
                self.stage = if self.accepted.is_some() { ReportStage::Accepted } else { ReportStage::Received };
                self.merged = None;
            }
            ReportEvent::Concluded(concluded) => {
                if self.is_open() {
                    self.stage = ReportStage::Concluded;
                }
                self.concluded = Some(concluded.clone());
            }
            ReportEvent::AcceptanceOverdue(_) => self.acceptance_overdue = true,
            ReportEvent::AcceptanceRescheduled(rescheduled) => self.acceptance_due = rescheduled.due,
        }
    }
}

#[cfg(test)]
mod tests;
