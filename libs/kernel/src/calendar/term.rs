//! Terms, and the deadlines they give.

use chrono::{Days, Months, NaiveDate, TimeDelta};

use super::{CalendarError, WorkingDays, end_of_day, shanghai_date};
use crate::Timestamp;

/// The largest amount of any term: more is a mistake in a policy pack, not a term of the law.
pub const TERM_AMOUNT_MAX: u32 = 10_000;

/// How long somebody has, in the unit in which the law says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Term {
    /// Continuous: 半小时 is thirty minutes, also at night and on a holiday (R73).
    Minutes(u32),
    /// Continuous.
    Hours(u32),
    /// 日: every day counts; an end on a day off moves to the next working day (民法典 art. 203).
    NaturalDays(u32),
    /// 工作日: only working days count (行政处罚法 art. 85, 行政复议法 art. 88).
    WorkingDays(u32),
    /// 月: the same day of a later month, or its last day; an end on a day off moves like a day's.
    Months(u32),
    /// Months for which something is valid or kept (护士条例 art. 8, R54). Nobody has to act within them, so
    /// their end stays where it falls and needs no working-day calendar.
    ValidityMonths(u32),
}

impl Term {
    /// The number of units.
    pub fn amount(self) -> u32 {
        match self {
            Self::Minutes(amount)
            | Self::Hours(amount)
            | Self::NaturalDays(amount)
            | Self::WorkingDays(amount)
            | Self::Months(amount)
            | Self::ValidityMonths(amount) => amount,
        }
    }
}

/// The end of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Deadline {
    /// The exclusive end: at this moment it is too late. For terms of days and months it is the start of
    /// the Shanghai day after `last_day`.
    pub due: Timestamp,
    /// The last Shanghai day on which one may still act.
    pub last_day: NaiveDate,
}

/// A deadline, or as much of it as the published calendars tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reckoned {
    Final(Deadline),
    /// The calendar of `year_missing` is not published: the deadline is not before `at_earliest`. Whoever
    /// waits for it reckons again at that moment, when the year's calendar is known.
    Provisional {
        at_earliest: Deadline,
        year_missing: i32,
    },
}

/// The end of `term` counted from `start`, whose own day is not counted (民法典 art. 201).
///
/// Errors: [`CalendarError::YearMissing`] where a day must be known that no calendar lists, and
/// [`CalendarError::OutOfRange`] for an amount beyond [`TERM_AMOUNT_MAX`].
pub fn deadline(start: Timestamp, term: Term, calendar: &WorkingDays) -> Result<Deadline, CalendarError> {
    reckon_with(start, term, |day| calendar.is_working_day(day))
}

/// Like [`deadline`], but a year that is not published gives a provisional deadline instead of an error.
pub fn reckon(start: Timestamp, term: Term, calendar: &WorkingDays) -> Result<Reckoned, CalendarError> {
    match deadline(start, term, calendar) {
        Ok(deadline) => Ok(Reckoned::Final(deadline)),
        Err(CalendarError::YearMissing { year }) => {
            // Every unknown day counted as worked gives the earliest possible end.
            let at_earliest = reckon_with(start, term, |day| Ok(calendar.is_working_day(day).unwrap_or(true)))?;
            Ok(Reckoned::Provisional { at_earliest, year_missing: year })
        }
        Err(out_of_range) => Err(out_of_range),
    }
}

fn reckon_with(
    start: Timestamp,
    term: Term,
    is_working_day: impl Fn(NaiveDate) -> Result<bool, CalendarError>,
) -> Result<Deadline, CalendarError> {
    if term.amount() > TERM_AMOUNT_MAX {
        return Err(CalendarError::OutOfRange);
    }
    let first = shanghai_date(start);
    let plus_days = |amount: u32| first.checked_add_days(Days::new(amount.into())).ok_or(CalendarError::OutOfRange);
    let plus_months = |amount: u32| first.checked_add_months(Months::new(amount)).ok_or(CalendarError::OutOfRange);
    let last_day = match term {
        Term::Minutes(amount) => return continuous(start, TimeDelta::minutes(amount.into())),
        Term::Hours(amount) => return continuous(start, TimeDelta::hours(amount.into())),
        Term::NaturalDays(amount) => next_working_day(plus_days(amount)?, is_working_day)?,
        Term::Months(amount) => next_working_day(plus_months(amount)?, is_working_day)?,
        Term::ValidityMonths(amount) => plus_months(amount)?,
        Term::WorkingDays(amount) => nth_working_day(first, amount, is_working_day)?,
    };
    Ok(Deadline { due: end_of_day(last_day)?, last_day })
}

fn continuous(start: Timestamp, length: TimeDelta) -> Result<Deadline, CalendarError> {
    let due = start.checked_add_signed(length).ok_or(CalendarError::OutOfRange)?;
    // The end is exclusive: a term that ends at midnight ends on the day before it. A term of nothing has no
    // last moment, and ends on the day it starts.
    let last_moment = if length.is_zero() { due } else { due - TimeDelta::microseconds(1) };
    Ok(Deadline { due, last_day: shanghai_date(last_moment) })
}

/// `day`, or the first working day after it.
fn next_working_day(
    mut day: NaiveDate,
    is_working_day: impl Fn(NaiveDate) -> Result<bool, CalendarError>,
) -> Result<NaiveDate, CalendarError> {
    while !is_working_day(day)? {
        day = day.succ_opt().ok_or(CalendarError::OutOfRange)?;
    }
    Ok(day)
}

/// The `amount`-th working day after `day`; for an amount of zero `day` itself or the next working day.
fn nth_working_day(
    mut day: NaiveDate,
    amount: u32,
    is_working_day: impl Fn(NaiveDate) -> Result<bool, CalendarError>,
) -> Result<NaiveDate, CalendarError> {
    if amount == 0 {
        return next_working_day(day, is_working_day);
    }
    let mut counted = 0;
    while counted < amount {
        day = day.succ_opt().ok_or(CalendarError::OutOfRange)?;
        counted += u32::from(is_working_day(day)?);
    }
    Ok(day)
}

#[cfg(test)]
#[path = "term_tests.rs"]
mod tests;
