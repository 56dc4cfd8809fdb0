//! A confirmed finding answers the reports on its item, and so does a referral.

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::Aggregate as _;
use casebook_execution::reaction::{Reaction, Undone};

use super::Reacting;
use crate::codec::item::{FINDING_CONFIRMED, REFERRAL_SUBMITTED};
use crate::domain::item::{Item, ItemEvent};
use crate::domain::report::Outcome;
use crate::readmodel::ReportsOf;

pub(crate) struct ConcludeReports {
    pub reacting: Reacting,
}

#[async_trait]
impl Reaction for ConcludeReports {
    fn name(&self) -> &'static str {
        "review.conclude_reports"
    }

    fn filter(&self) -> Filter {
        Filter::categories([Item::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        if ![FINDING_CONFIRMED, REFERRAL_SUBMITTED].contains(&&*event.event_type) {
            return Ok(());
        }
        let (item, outcome) = match Item::decode(&event.event_type, &event.data)? {
            ItemEvent::FindingConfirmed(confirmed) => {
                (confirmed.item_id, Outcome::Found { finding: confirmed.finding, violation: confirmed.violation })
            }
            ItemEvent::ReferralSubmitted(referral) => {
                (referral.item_id, Outcome::Referred { finding: referral.finding, violation: referral.violation })
            }
            _ => return Ok(()),
        };
        // The item lists so many reports at most, and each is answered.
        let mut reports = self.reacting.reports_of(event, ReportsOf::Item(item)).await?;
        while let Some(page) = reports.next().await? {
            for report in page {
                self.reacting.conclude(event, report, outcome.clone()).await?;
            }
        }
        Ok(())
    }
}
