//! X10: an agency accepts or declines a report within 7 working days.

use std::sync::Arc;

use async_trait::async_trait;
use casebook_execution::ExecuteError;
use casebook_execution::reaction::NotNow;
use casebook_execution::timer::{DueTimer, OnDue};
use casebook_kernel::Timestamp;
use casebook_kernel::calendar::{CalendarError, Reckoned, reckon};
use casebook_policy::{DeadlineName, PolicySet};
use chrono::TimeDelta;

use super::{Reacting, not_now};
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
    async fn fire(&self, timer: &DueTimer, now: Timestamp) -> Result<(), NotNow> {
        let Some(id) = timer.stream.id().filter(|_| timer.kind == ACCEPTANCE_TIMER) else { return Ok(()) };
        let loaded = self.reacting.reports.load(id).await.map_err(not_now)?;
        let Some(report) = loaded.state.report() else { return Ok(()) };
        let due = match acceptance_due(&self.policy, report.filed.filed_at).map_err(not_now)? {
            AcceptanceDue::Provisional(at) => AcceptanceDue::Provisional(at.max(now + CALENDAR_PATIENCE)),
            settled @ AcceptanceDue::Final(_) => settled,
        };
        let context = timer.context(&self.reacting.system, &self.reacting.policy_version, now);
        match self.reacting.reports.execute(id, &context, ReportCommand::AcceptanceTimerRang { due, now }).await {
            Ok(_) => Ok(()),
            Err(ExecuteError::Refused(refusal)) => {
                tracing::debug!(stream = %timer.stream, %refusal, "nothing is overdue");
                Ok(())
            }
            Err(error) => Err(not_now(error)),
        }
    }
}
