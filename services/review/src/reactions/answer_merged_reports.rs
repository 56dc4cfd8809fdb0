//! Where a report is answered that others were merged into, each of their reporters is answered, too.

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::Aggregate as _;
use casebook_execution::reaction::{Reaction, Undone};

use super::Reacting;
use crate::domain::report::{Outcome, Report, ReportEvent, ReportStage};

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
        let ReportEvent::Concluded(concluded) = Report::decode(&event.event_type, &event.data)? else {
            return Ok(());
        };
        // A finding answers every report on its item by itself, merged or not.
        if !matches!(concluded.outcome, Outcome::NoViolation { .. }) {
            return Ok(());
        }
        let reporting = &self.reacting;
        let answered = reporting.reports.load(concluded.report_id.uuid()).await?;
        let Some(answered) = answered.state.report() else { return Ok(()) };
        let item = reporting.items.load(answered.filed.item_id.uuid()).await?;
        let Some(item) = item.state.item() else { return Ok(()) };
        for report in &item.reports {
            let other = reporting.reports.load(report.uuid()).await?;
            let part = other.state.report().map(|other| &other.stage)
                == Some(&ReportStage::Merged { into: concluded.report_id });
            if part {
                reporting.conclude(event, *report, concluded.outcome.clone()).await?;
            }
        }
        Ok(())
    }
}
