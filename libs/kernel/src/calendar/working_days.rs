//! Which days are worked: weekdays but for the listed days off, and the listed make-up workdays.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, Weekday};
use serde::Deserialize;

use super::CalendarError;

/// The most years one calendar may list.
pub const YEARS_MAX: usize = 200;
/// The most days off, and the most make-up workdays, that one year may list.
pub const YEAR_DAYS_LISTED_MAX: usize = 120;

/// The working days of the listed years. A year that is not listed is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDays {
    version: String,
    source: String,
    licence: String,
    years: BTreeMap<i32, Year>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Year {
    days_off: BTreeSet<NaiveDate>,
    make_up_workdays: BTreeSet<NaiveDate>,
}

/// Why a text is not a working-day calendar, and on which line of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct CalendarTextError {
    /// Counted from one.
    pub line: usize,
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarText {
    /// Tells the files of a policy folder apart; its value is checked by whoever reads the folder.
    #[serde(default, rename = "kind")]
    _kind: Option<String>,
    version: String,
    source: String,
    licence: String,
    #[serde(default, rename = "cross_checked_with")]
    _cross_checked_with: Option<String>,
    year: Vec<toml::Spanned<YearText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YearText {
    year: i32,
    days_off: Vec<toml::Spanned<NaiveDate>>,
    make_up_workdays: Vec<toml::Spanned<NaiveDate>>,
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

impl WorkingDays {
    /// Reads a calendar in TOML: `version`, `source`, `licence`, and per `[[year]]` its `days_off`
    /// (weekdays) and `make_up_workdays` (Saturdays and Sundays).
    ///
    /// A date of another year, a date in the wrong list or a date listed twice is refused: it would shift
    /// every deadline across it.
    pub fn parse(text: &str) -> Result<Self, CalendarTextError> {
        let parsed: CalendarText = toml::from_str(text).map_err(|error| CalendarTextError {
            line: line_at(text, error.span().map_or(0, |span| span.start)),
            reason: error.message().to_owned(),
        })?;
        let refuse = |offset: usize, reason: String| CalendarTextError { line: line_at(text, offset), reason };
        if parsed.year.len() > YEARS_MAX {
            return Err(refuse(0, format!("a calendar lists at most {YEARS_MAX} years")));
        }
        let mut years = BTreeMap::new();
        for entry in &parsed.year {
            let number = entry.get_ref().year;
            let year = Year {
                days_off: listed(number, "days_off", &entry.get_ref().days_off, refuse)?,
                make_up_workdays: listed(number, "make_up_workdays", &entry.get_ref().make_up_workdays, refuse)?,
            };
            if years.insert(number, year).is_some() {
                return Err(refuse(entry.span().start, format!("the year {number} is listed twice")));
            }
        }
        Ok(Self { version: parsed.version, source: parsed.source, licence: parsed.licence, years })
    }

    /// The calendar's own version, which an event that rests on it can name.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where the days come from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Under which licence they came.
    pub fn licence(&self) -> &str {
        &self.licence
    }

    /// The first and the last year listed.
    pub fn span(&self) -> Option<(i32, i32)> {
        Some((*self.years.first_key_value()?.0, *self.years.last_key_value()?.0))
    }

    /// Whether `day` is worked.
    pub fn is_working_day(&self, day: NaiveDate) -> Result<bool, CalendarError> {
        let year = self.years.get(&day.year()).ok_or(CalendarError::YearMissing { year: day.year() })?;
        Ok(if is_weekend(day) { year.make_up_workdays.contains(&day) } else { !year.days_off.contains(&day) })
    }
}

/// The dates of one list, each checked to belong there.
fn listed(
    year: i32,
    list: &str,
    dates: &[toml::Spanned<NaiveDate>],
    refuse: impl Fn(usize, String) -> CalendarTextError,
) -> Result<BTreeSet<NaiveDate>, CalendarTextError> {
    let weekends = list == "make_up_workdays";
    let mut days = BTreeSet::new();
    for date in dates {
        let (offset, day) = (date.span().start, *date.get_ref());
        if days.len() == YEAR_DAYS_LISTED_MAX {
            return Err(refuse(offset, format!("{list} of {year} has more than {YEAR_DAYS_LISTED_MAX} days")));
        }
        if day.year() != year {
            return Err(refuse(offset, format!("{day} is not a day of {year}")));
        }
        if is_weekend(day) != weekends {
            let belongs = if weekends { "Saturdays and Sundays" } else { "weekdays" };
            return Err(refuse(offset, format!("{list} lists {belongs}, and {day} is a {}", day.weekday())));
        }
        if !days.insert(day) {
            return Err(refuse(offset, format!("{day} is listed twice in {list}")));
        }
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../../policy/calendar/cn-working-days.toml");

    fn working(day: &str) -> Result<bool, CalendarError> {
        WorkingDays::parse(SHIPPED).expect("shipped calendar").is_working_day(day.parse().expect(day))
    }

    #[test]
    fn the_shipped_calendar_names_its_source_and_spans_2004_to_2026() {
        let calendar = WorkingDays::parse(SHIPPED).expect("shipped calendar");
        assert_eq!(calendar.span(), Some((2004, 2026)));
        assert!(calendar.source().contains("chinese-days 1.5.7"));
        assert!(calendar.licence().contains("MIT"));
        // The totals were counted on the source, apart from this parser.
        let days =
            |list: fn(&Year) -> &BTreeSet<NaiveDate>| calendar.years.values().map(|y| list(y).len()).sum::<usize>();
        assert_eq!(days(|year| &year.days_off), 407);
        assert_eq!(days(|year| &year.make_up_workdays), 150);
    }

    #[test]
    fn the_published_notices_are_followed() {
        for (day, worked) in [
            ("2026-02-14", true),  // a Saturday made up for the Spring Festival
            ("2026-02-16", false), // the Monday of New Year's Eve
            ("2026-02-28", true),  // the other make-up Saturday
            ("2026-10-08", true),
            ("2013-09-22", true), // one of the days that other calendars miss
            ("2016-06-12", true),
            ("2020-01-31", false), // the epidemic's prolonged Spring Festival
        ] {
            assert_eq!(working(day), Ok(worked), "{day}");
        }
    }

    #[test]
    fn a_year_that_is_not_listed_is_an_error_and_no_guess() {
        assert_eq!(working("2027-01-04"), Err(CalendarError::YearMissing { year: 2027 }));
        assert_eq!(working("2003-12-31"), Err(CalendarError::YearMissing { year: 2003 }));
    }

    #[test]
    fn a_broken_calendar_is_refused_with_line_and_reason() {
        let head = "version = \"v\"\nsource = \"s\"\nlicence = \"l\"\n";
        for (body, line, reason) in [
            ("[[year]]\nyear = 2026\ndays_off = [\"2025-01-01\"]\nmake_up_workdays = []\n", 6, "not a day of 2026"),
            ("[[year]]\nyear = 2026\ndays_off = [\"2026-01-03\"]\nmake_up_workdays = []\n", 6, "lists weekdays"),
            ("[[year]]\nyear = 2026\ndays_off = []\nmake_up_workdays = [\"2026-01-05\"]\n", 7, "Saturdays"),
            (
                "[[year]]\nyear = 2026\ndays_off = [\"2026-01-01\",\n\"2026-01-01\"]\nmake_up_workdays = []\n",
                7,
                "twice",
            ),
            ("[[year]]\nyear = 2026\ndays_off = [\"2026-02-30\"]\nmake_up_workdays = []\n", 6, ""),
            ("[[year]]\nyear = 2026\ndays_of = []\n", 6, "unknown field"),
            ("year = [\n", 4, ""),
        ] {
            let refused = WorkingDays::parse(&format!("{head}{body}")).expect_err(body);
            assert_eq!(refused.line, line, "{body}: {refused}");
            assert!(refused.reason.contains(reason), "{body}: {refused}");
        }
        let year = "[[year]]\nyear = 2026\ndays_off = []\nmake_up_workdays = []\n";
        let refused = WorkingDays::parse(&format!("{head}{year}{year}")).expect_err("twice");
        assert_eq!(refused.reason, "the year 2026 is listed twice");
        assert!(refused.line >= 8, "{refused}");
    }
}
