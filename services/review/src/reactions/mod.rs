//! What review does because of what happened, and what it does when a deadline has passed.

mod acceptance_deadline;
mod answer_merged_reports;
mod conclude_reports;
mod observe_reported_item;

use std::sync::Arc;

use casebook_eventlog::RecordedEvent;
use casebook_execution::reaction::NotNow;
use casebook_execution::{Clock, Context, ExecuteError, Metadata, Store};
use casebook_kernel::Actor;
use casebook_kernel::ids::ReportId;

pub(crate) use acceptance_deadline::{ACCEPTANCE_TIMER, AcceptanceDeadline, acceptance_due};
pub(crate) use answer_merged_reports::AnswerMergedReports;
pub(crate) use conclude_reports::ConcludeReports;
pub(crate) use observe_reported_item::ObserveReportedItem;

use crate::domain::finding::OfficerReference;
use crate::domain::item::Item;
use crate::domain::report::{Outcome, Report, ReportCommand};

/// In whose name review reacts, and by which clock and policy.
#[derive(Debug, Clone)]
pub(crate) struct Reacting {
    pub reports: Arc<Store<Report>>,
    pub items: Arc<Store<Item>>,
    pub system: Actor,
    pub policy_version: Arc<str>,
    pub clock: Arc<dyn Clock>,
}

impl Reacting {
    fn context(&self, event: &RecordedEvent, what: &str) -> Result<Context, NotNow> {
        let metadata = Metadata::parse(&event.metadata).map_err(NotNow)?;
        let now = self.clock.now();
        Ok(Context::following(event.id, metadata.correlation, what, &self.system, &self.policy_version, now))
    }

    /// Answers a report because of `event`. A report that is settled otherwise stays as it is.
    async fn conclude(&self, event: &RecordedEvent, report: ReportId, outcome: Outcome) -> Result<(), NotNow> {
        let context = self.context(event, &format!("conclude/{report}"))?;
        let (by, region) = (OfficerReference::from(&self.system), self.system.region);
        let command = ReportCommand::Conclude { outcome, by, region, now: context.now };
        match self.reports.execute(report.uuid(), &context, command).await {
            Ok(_) => Ok(()),
            Err(ExecuteError::Refused(refusal)) => {
                tracing::debug!(%report, %refusal, "the report is not concluded");
                Ok(())
            }
            Err(error) => Err(not_now(error)),
        }
    }
}

/// Anything that went wrong on the way to an answer.
fn not_now(error: impl std::fmt::Display) -> NotNow {
    NotNow(error.to_string())
}
