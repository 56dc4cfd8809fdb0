//! What review does because of what happened, and what it does when a deadline has passed.

mod acceptance_deadline;
mod answer_merged_reports;
mod conclude_reports;
mod observe_reported_item;

use std::sync::Arc;
use std::time::Duration;

use casebook_eventlog::RecordedEvent;
use casebook_execution::Store;
use casebook_execution::reaction::{Reactor, Undone, carry_out};
use casebook_kernel::ids::ReportId;
use casebook_readmodel::ReadModel;

pub(crate) use acceptance_deadline::{ACCEPTANCE_TIMER, AcceptanceDeadline, acceptance_due};
pub(crate) use answer_merged_reports::AnswerMergedReports;
pub(crate) use conclude_reports::ConcludeReports;
pub(crate) use observe_reported_item::ObserveReportedItem;

use crate::domain::finding::OfficerReference;
use crate::domain::item::Item;
use crate::domain::report::{Outcome, Report, ReportCommand};
use crate::readmodel::{REPORTS_A_PAGE, ReportsOf, report_ids};

/// How long a reaction waits for the rows to be as new as the event that it is about.
const PATIENCE: Duration = Duration::from_secs(10);

/// What reactions work with.
#[derive(Debug, Clone)]
pub(crate) struct Reacting {
    pub reports: Arc<Store<Report>>,
    pub items: Arc<Store<Item>>,
    pub model: Arc<ReadModel>,
    pub reactor: Reactor,
}

impl Reacting {
    /// The reports that were filed or merged so until `event`, a page at a time.
    async fn reports_of(&self, event: &RecordedEvent, which: ReportsOf) -> Result<Pages<'_>, Undone> {
        self.model.wait_for(event.position, PATIENCE).await.map_err(Undone::not_now)?;
        Ok(Pages { model: &self.model, which, after: None, over: false })
    }

    /// Answers a report because of `event`. A report that is settled otherwise stays as it is.
    async fn conclude(&self, event: &RecordedEvent, report: ReportId, outcome: Outcome) -> Result<(), Undone> {
        let context = self.reactor.context(event, &format!("conclude/{report}"))?;
        let (by, region) = (OfficerReference::from(&self.reactor.system), self.reactor.system.region);
        let command = ReportCommand::Conclude { outcome, by, region, now: context.now };
        carry_out(&self.reports, report.uuid(), &context, command).await.map(|_| ())
    }
}

/// Reports by their ids, as rows have them.
struct Pages<'a> {
    model: &'a ReadModel,
    which: ReportsOf,
    after: Option<ReportId>,
    over: bool,
}

impl Pages<'_> {
    async fn next(&mut self) -> Result<Option<Vec<ReportId>>, Undone> {
        if self.over {
            return Ok(None);
        }
        let page = report_ids(self.model.reader(), self.which, self.after).await.map_err(Undone::not_now)?;
        self.over = page.len() < REPORTS_A_PAGE;
        self.after = page.last().copied();
        Ok(Some(page))
    }
}
