//! How the law counts time: days and months in Asia/Shanghai, working days by the published calendar.
//!
//! Moments are stored in UTC and days are Shanghai days. Shanghai has been at UTC+08:00 without daylight
//! saving time since 15 September 1991, so one fixed offset is exact for every moment Casebook can meet;
//! [`shanghai_date`] is not meant for earlier ones.
//!
//! The day on which a period starts is not counted (民法典 art. 201). A period of days or months that ends
//! on a day off ends on the next working day (art. 203). The calendar of a year is published late in the
//! year before; until then a deadline in it cannot be known, and [`deadline`] says so.

mod term;
mod working_days;

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, TimeZone, Utc};

pub use term::{Deadline, Reckoned, TERM_AMOUNT_MAX, Term, deadline, reckon};
pub use working_days::{CalendarTextError, WorkingDays, YEAR_DAYS_LISTED_MAX, YEARS_MAX};

use crate::Timestamp;

/// The offset of Asia/Shanghai from UTC, in seconds.
pub const SHANGHAI_OFFSET_SECONDS: i32 = 8 * 60 * 60;

/// Why a day or a deadline cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Never a guess: the holidays of a year are not known before they are published.
    #[error("the working-day calendar has no year {year}")]
    YearMissing { year: i32 },
    #[error("the date is outside what the calendar can represent")]
    OutOfRange,
}

/// The offset in which days are counted.
pub fn shanghai() -> FixedOffset {
    // Eight hours is within the day that bounds an offset.
    FixedOffset::east_opt(SHANGHAI_OFFSET_SECONDS).expect("eight hours is an offset")
}

/// The Shanghai day on which a moment falls.
pub fn shanghai_date(moment: Timestamp) -> NaiveDate {
    moment.with_timezone(&shanghai()).date_naive()
}

/// The first moment of a Shanghai day, in UTC.
pub fn start_of_day(day: NaiveDate) -> Result<Timestamp, CalendarError> {
    shanghai()
        .from_local_datetime(&day.and_time(NaiveTime::MIN))
        .single()
        .map(|moment: DateTime<FixedOffset>| moment.with_timezone(&Utc))
        .ok_or(CalendarError::OutOfRange)
}

/// The exclusive end of a Shanghai day, in UTC: the first moment that no longer belongs to it.
pub fn end_of_day(day: NaiveDate) -> Result<Timestamp, CalendarError> {
    start_of_day(day.checked_add_days(Days::new(1)).ok_or(CalendarError::OutOfRange)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn a_shanghai_day_starts_at_sixteen_hours_utc_of_the_day_before() {
        let day: NaiveDate = "2026-02-28".parse().expect("date");
        assert_eq!(start_of_day(day), Ok(utc("2026-02-27T16:00:00Z")));
        assert_eq!(end_of_day(day), Ok(utc("2026-02-28T16:00:00Z")));
        assert_eq!(shanghai_date(utc("2026-02-27T15:59:59.999999Z")).to_string(), "2026-02-27");
        assert_eq!(shanghai_date(utc("2026-02-27T16:00:00Z")), day);
        assert_eq!(shanghai_date(utc("2026-02-28T15:59:59.999999Z")), day);
    }

    #[test]
    fn no_day_is_longer_or_shorter_than_another() {
        // Summer time was last kept in 1991; a zone with it would fail in spring and autumn.
        let mut day: NaiveDate = "1992-01-01".parse().expect("date");
        for _ in 0..366 * 3 {
            let length = end_of_day(day).expect("end") - start_of_day(day).expect("start");
            assert_eq!(length.num_seconds(), 24 * 60 * 60, "{day}");
            day = day.succ_opt().expect("next day");
        }
    }

    #[test]
    fn the_end_of_time_is_an_error_and_not_a_panic() {
        assert_eq!(end_of_day(NaiveDate::MAX), Err(CalendarError::OutOfRange));
    }
}
