//! A report brings its item to review's notice, and the item is screened.

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::Aggregate as _;
use casebook_execution::reaction::{Reaction, Undone, carry_out};

use super::Reacting;
use crate::domain::finding::FindingStage;
use crate::domain::item::{ItemCommand, ItemSource, ObservedItem};
use crate::domain::report::{Outcome, Report, ReportEvent, ReportFiled};
use crate::examination::Examiner;

pub(crate) struct ObserveReportedItem {
    pub reacting: Reacting,
    pub examiner: Examiner,
}

#[async_trait]
impl Reaction for ObserveReportedItem {
    fn name(&self) -> &'static str {
        "review.observe_reported_item"
    }

    fn filter(&self) -> Filter {
        Filter::categories([Report::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        match Report::decode(&event.event_type, &event.data)? {
            ReportEvent::Filed(filed) => self.observe(event, *filed).await,
            ReportEvent::Accepted(_)
            | ReportEvent::Declined(_)
            | ReportEvent::Withdrawn(_)
            | ReportEvent::Merged(_)
            | ReportEvent::Separated(_)
            | ReportEvent::Concluded(_)
            | ReportEvent::AcceptanceOverdue(_)
            | ReportEvent::AcceptanceRescheduled(_) => Ok(()),
        }
    }
}

impl ObserveReportedItem {
    async fn observe(&self, event: &RecordedEvent, filed: ReportFiled) -> Result<(), Undone> {
        let context = self.reacting.reactor.context(event, "observe")?;
        let command = ItemCommand::Observe {
            capture: filed.capture.clone(),
            source: ItemSource::Report,
            report: Some(filed.report_id),
            region: filed.region,
            now: context.now,
        };
        let executed = match carry_out(&self.reacting.items, filed.item_id.uuid(), &context, command).await? {
            Ok(executed) => executed,
            Err(refusal) => {
                // The report stands by itself: an officer finds it by the item's id, and it is answered all the same.
                tracing::warn!(report = %filed.report_id, item = %filed.item_id, %refusal, "the item does not list the report");
                let state = self.reacting.items.load(filed.item_id.uuid()).await?.state;
                let Some(item) = state.item() else { return Ok(()) };
                let seen = filed.capture.content.snapshot().and_then(|snapshot| item.version_showing(snapshot));
                return self.answer_at_once(event, &filed, item, seen).await;
            }
        };
        let repeated = executed.repeated;
        // A report that is met again has brought its item in before; what has become of the item since counts.
        let state = if repeated { self.reacting.items.load(filed.item_id.uuid()).await?.state } else { executed.state };
        let Some(item) = state.item() else { return Ok(()) };
        let seen = filed.capture.content.snapshot().and_then(|snapshot| item.version_showing(snapshot));
        let is_screened = |version: &u32| item.version(*version).is_some_and(|version| version.screened.is_some());
        // Met again, it is no reason to judge by what is known of the account today.
        if let Some(version) = seen.filter(|version| !(repeated && is_screened(version))) {
            // What is known of the account is known at least as of the report.
            self.examiner.knowledge.reaches(event.position).await.map_err(Undone::not_now)?;
            let context = self.reacting.reactor.context(event, "screen")?;
            self.examiner.screen(&context, item, version).await?;
        }
        self.answer_at_once(event, &filed, item, seen).await
    }

    /// A report on what was found against before has its answer at once.
    async fn answer_at_once(
        &self,
        event: &RecordedEvent,
        filed: &ReportFiled,
        item: &ObservedItem,
        seen: Option<u32>,
    ) -> Result<(), Undone> {
        let of_what_was_seen = |version: u32| seen.is_none_or(|seen| seen == version);
        for finding in item.findings.iter().filter(|finding| of_what_was_seen(finding.version)) {
            let (finding, violation) = (finding.id, finding.violation.clone());
            let outcome = match item.finding(finding).map(|finding| &finding.stage) {
                Some(FindingStage::Confirmed { .. }) => Outcome::Found { finding, violation },
                Some(FindingStage::Referred { .. }) => Outcome::Referred { finding, violation },
                Some(FindingStage::Recorded | FindingStage::Rejected { .. }) | None => continue,
            };
            return self.reacting.conclude(event, filed.report_id, outcome).await;
        }
        Ok(())
    }
}
