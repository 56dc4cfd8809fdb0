//! What becomes of a report becomes of those that were merged into it, so that each reporter is answered: they get its answer,
//! and where it was withdrawn or declined they stand by themselves again.

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::Aggregate as _;
use casebook_execution::reaction::{Reaction, Undone, carry_out};
use casebook_kernel::ids::ReportId;

use super::Reacting;
use crate::domain::report::{Report, ReportCommand, ReportEvent, ReportStage};
use crate::readmodel::ReportsOf;

pub(crate) struct AnswerMergedReports {
    pub reacting: Reacting,
}

#[async_trait]
impl Reaction for AnswerMergedReports {
    fn name(&self) -> &'static str {
        "review.answer_merged_reports"
    }

    fn filter(&self) -> Filter {
        Filter::categories([Report::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        match Report::decode(&event.event_type, &event.data)? {
            // The other may have come to its end between the look at it and this event.
            ReportEvent::Merged(merged) => self.follow(event, merged.report_id, merged.into).await,
            ReportEvent::Concluded(concluded) => self.parts_follow(event, concluded.report_id).await,
            ReportEvent::Withdrawn(withdrawn) => self.parts_follow(event, withdrawn.report_id).await,
            ReportEvent::Declined(declined) => self.parts_follow(event, declined.report_id).await,
            ReportEvent::Filed(_)
            | ReportEvent::Accepted(_)
            | ReportEvent::Separated(_)
            | ReportEvent::AcceptanceOverdue(_)
            | ReportEvent::AcceptanceRescheduled(_) => Ok(()),
        }
    }
}

impl AnswerMergedReports {
    async fn parts_follow(&self, event: &RecordedEvent, whole: ReportId) -> Result<(), Undone> {
        let mut parts = self.reacting.reports_of(event, ReportsOf::MergedInto(whole)).await?;
        while let Some(page) = parts.next().await? {
            for part in page {
                self.follow(event, part, whole).await?;
            }
        }
        Ok(())
    }

    async fn follow(&self, event: &RecordedEvent, part: ReportId, whole: ReportId) -> Result<(), Undone> {
        let reacting = &self.reacting;
        let state = reacting.reports.load(part.uuid()).await?.state;
        if state.report().map(|report| &report.stage) != Some(&ReportStage::Merged { into: whole }) {
            return Ok(());
        }
        let state = reacting.reports.load(whole.uuid()).await?.state;
        let Some(whole_report) = state.report() else { return Ok(()) };
        if let Some(concluded) = &whole_report.concluded {
            return reacting.conclude(event, part, concluded.outcome.clone()).await;
        }
        match whole_report.stage {
            ReportStage::Withdrawn | ReportStage::Declined => {
                let context = reacting.reactor.context(event, &format!("separate/{part}"))?;
                let command = ReportCommand::Separate { from: whole, now: context.now };
                carry_out(&reacting.reports, part.uuid(), &context, command).await.map(|_| ())
            }
            // Its end is still to come, and will be met.
            ReportStage::Received | ReportStage::Accepted | ReportStage::Concluded | ReportStage::Merged { .. } => {
                Ok(())
            }
        }
    }
}
