//! How long everybody has: the policy pack's terms on the working-day calendar.

use std::sync::Arc;

use casebook_kernel::Timestamp;
use casebook_kernel::calendar::{CalendarError, Reckoned, deadline, reckon};
use casebook_policy::{DeadlineName, MeasureId, PolicySet, Undoing};

/// Terms of the policy in force.
#[derive(Debug, Clone)]
pub struct Terms(Arc<PolicySet>);

/// The end of a window that somebody has a right to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The exclusive end, or where that is not known yet, its earliest possible.
    pub until: Timestamp,
    /// The calendar of a year that it reaches into is not published.
    pub provisional: bool,
}

impl Terms {
    pub fn new(policy: Arc<PolicySet>) -> Self {
        Self(policy)
    }

    /// The exclusive end of the term that starts with `from`. A year without a calendar is an error, never a guess.
    pub fn end(&self, name: DeadlineName, from: Timestamp) -> Result<Timestamp, CalendarError> {
        deadline(from, self.0.pack.deadline(name).term(), &self.0.calendar).map(|deadline| deadline.due)
    }

    /// The measure that restores what another one took; none: nothing does, or the pack does not know the measure any more.
    pub fn counter_measure(&self, measure: &MeasureId) -> Option<MeasureId> {
        match &self.0.pack.measure(measure.as_str())?.undoing {
            Undoing::Reversible { counter, .. } => Some(counter.clone()),
            Undoing::Irreversible { .. } => None,
        }
    }

    /// The end of a window, as far as the published calendars tell.
    pub fn window(&self, name: DeadlineName, from: Timestamp) -> Result<Window, CalendarError> {
        Ok(match reckon(from, self.0.pack.deadline(name).term(), &self.0.calendar)? {
            Reckoned::Final(deadline) => Window { until: deadline.due, provisional: false },
            Reckoned::Provisional { at_earliest, .. } => Window { until: at_earliest.due, provisional: true },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::at;

    fn terms() -> Terms {
        Terms::new(Arc::new(casebook_policy::shipped().expect("the shipped policy")))
    }

    /// domain.md section 4: no source has 2027 yet.
    #[test]
    fn a_window_into_an_unpublished_year_is_provisional_and_a_term_is_an_error() {
        let window = terms().window(DeadlineName::AppealWindow, at("2026-12-28T02:00:00Z")).expect("a window");
        assert!(window.provisional);
        let known = terms().window(DeadlineName::AppealWindow, at("2026-03-12T02:00:00Z")).expect("a window");
        assert!(!known.provisional);
        let unknown = terms().end(DeadlineName::TransferOffer, at("2026-12-28T02:00:00Z"));
        assert_eq!(unknown, Err(CalendarError::YearMissing { year: 2027 }));
    }

    /// X10: seven working days: 2026-02-12 and seven working days is 2026-02-28, over the Spring Festival.
    #[test]
    fn an_offer_lapses_after_seven_working_days() {
        let end = terms().end(DeadlineName::TransferOffer, at("2026-02-12T02:00:00Z"));
        assert_eq!(end, Ok(at("2026-02-28T16:00:00Z")));
    }

    /// The platform's term runs continuously: it is known whatever calendars are published.
    #[test]
    fn an_order_can_be_issued_on_any_day() {
        assert!(terms().end(DeadlineName::OrderReceipt, at("2031-12-31T15:00:00Z")).is_ok());
    }
}
