//! What review does because of what happened, and what it does when a deadline has passed.

mod acceptance_deadline;
mod answer_merged_reports;
mod conclude_reports;
mod observe_reported_item;

use std::sync::Arc;

use casebook_eventlog::RecordedEvent;
use casebook_execution::Store;
use casebook_execution::reaction::{Reactor, Undone, carry_out};
use casebook_kernel::ids::ReportId;

pub(crate) use acceptance_deadline::{ACCEPTANCE_TIMER, AcceptanceDeadline, acceptance_due};
pub(crate) use answer_merged_reports::AnswerMergedReports;
pub(crate) use conclude_reports::ConcludeReports;
pub(crate) use observe_reported_item::ObserveReportedItem;

use crate::domain::finding::OfficerReference;
use crate::domain::item::Item;
use crate::domain::report::{Outcome, Report, ReportCommand};

/// What reactions work with.
#[derive(Debug, Clone)]
pub(crate) struct Reacting {
    pub reports: Arc<Store<Report>>,
    pub items: Arc<Store<Item>>,
    pub reactor: Reactor,
}

impl Reacting {
    /// Answers a report because of `event`. A report that is settled otherwise stays as it is.
    async fn conclude(&self, event: &RecordedEvent, report: ReportId, outcome: Outcome) -> Result<(), Undone> {
        let context = self.reactor.context(event, &format!("conclude/{report}"))?;
        let (by, region) = (OfficerReference::from(&self.reactor.system), self.reactor.system.region);
        let command = ReportCommand::Conclude { outcome, by, region, now: context.now };
        carry_out(&self.reports, report.uuid(), &context, command).await.map(|_| ())
    }
}
