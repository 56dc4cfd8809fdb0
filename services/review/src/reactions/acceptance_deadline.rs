//! X10: an agency accepts or declines a report within 7 working days.

use std::sync::Arc;

use async_trait::async_trait;
use casebook_execution::reaction::{Undone, carry_out};
use casebook_execution::timer::{DueTimer, OnDue};
use casebook_kernel::Timestamp;
use casebook_kernel::calendar::{CalendarError, Reckoned, reckon};
use casebook_policy::{DeadlineName, PolicySet};
use chrono::TimeDelta;

use super::Reacting;
use crate::domain::report::{AcceptanceDue, ReportCommand};

/// The only timer of a report.
pub(crate) const ACCEPTANCE_TIMER: &str = "report_acceptance";
/// How long to wait for a calendar that should be published and is not.
const CALENDAR_PATIENCE: TimeDelta = TimeDelta::days(1);

/// Before when a report that was filed at `filed_at` is to be accepted or declined.
pub(crate) fn acceptance_due(policy: &PolicySet, filed_at: Timestamp) -> Result<AcceptanceDue, CalendarError> {
    let term = policy.pack.deadline(DeadlineName::ReportAcceptance).term();
    Ok(match reckon(filed_at, term, &policy.calendar)? {
        Reckoned::Final(deadline) => AcceptanceDue::Final(deadline.due),
        Reckoned::Provisional { at_earliest, .. } => AcceptanceDue::Provisional(at_earliest.due),
    })
}

pub(crate) struct AcceptanceDeadline {
    pub reacting: Reacting,
    pub policy: Arc<PolicySet>,
}

#[async_trait]
impl OnDue for AcceptanceDeadline {
    async fn fire(&self, timer: &DueTimer, now: Timestamp) -> Result<(), Undone> {
        let Some(id) = timer.stream.id().filter(|_| timer.kind == ACCEPTANCE_TIMER) else { return Ok(()) };
        let loaded = self.reacting.reports.load(id).await?;
        let Some(report) = loaded.state.report() else { return Ok(()) };
        let due = match acceptance_due(&self.policy, report.filed.filed_at).map_err(Undone::never)? {
            AcceptanceDue::Provisional(at) => AcceptanceDue::Provisional(at.max(now + CALENDAR_PATIENCE)),
            settled @ AcceptanceDue::Final(_) => settled,
        };
        let context = self.reacting.reactor.context_of(timer, now);
        let command = ReportCommand::AcceptanceTimerRang { due, now };
        carry_out(&self.reacting.reports, id, &context, command).await.map(|_| ())
    }
}
