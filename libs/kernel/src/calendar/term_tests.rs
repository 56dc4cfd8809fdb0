//! The vectors of the calendar, and what must hold for every start and every term.

use chrono::Datelike;
use proptest::prelude::*;

use super::*;
use crate::calendar::start_of_day;

fn calendar() -> &'static WorkingDays {
    static CALENDAR: std::sync::OnceLock<WorkingDays> = std::sync::OnceLock::new();
    CALENDAR.get_or_init(|| {
        WorkingDays::parse(include_str!("../../../../policy/calendar/cn-working-days.toml")).expect("shipped calendar")
    })
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

/// Ten in the morning of a Shanghai day.
fn morning(text: &str) -> Timestamp {
    start_of_day(day(text)).expect("start of day") + TimeDelta::hours(10)
}

fn last_day(start: &str, term: Term) -> Result<String, CalendarError> {
    deadline(morning(start), term, calendar()).map(|deadline| {
        assert_eq!(Ok(deadline.due), end_of_day(deadline.last_day));
        deadline.last_day.to_string()
    })
}

#[test]
fn the_vectors_hold() {
    for (start, term, expected) in [
        // Spring Festival with two make-up Saturdays.
        ("2026-02-12", Term::WorkingDays(7), "2026-02-28"),
        // Labour Day; Saturday 9 May is a make-up workday.
        ("2026-04-29", Term::WorkingDays(5), "2026-05-09"),
        // February has no 31st; the 28th is a Saturday and worked: it stays.
        ("2025-12-31", Term::Months(2), "2026-02-28"),
        // 15 February is in the Spring Festival.
        ("2025-12-15", Term::Months(2), "2026-02-24"),
        // 31 October is a Saturday.
        ("2026-08-31", Term::Months(2), "2026-11-02"),
        // 2 October is in the National Day holidays.
        ("2026-08-03", Term::NaturalDays(60), "2026-10-08"),
    ] {
        assert_eq!(last_day(start, term), Ok(expected.to_owned()), "{start} + {term:?}");
    }
}

#[test]
fn the_end_of_a_month_is_clamped() {
    for (start, months, expected) in [
        ("2024-01-31", 1, "2024-02-29"), // leap year, a Thursday
        ("2025-01-31", 1, "2025-02-28"), // a Friday
        ("2025-03-31", 1, "2025-04-30"), // a Wednesday
        ("2024-02-29", 12, "2025-02-28"),
    ] {
        assert_eq!(last_day(start, Term::Months(months)), Ok(expected.to_owned()), "{start}");
    }
}

#[test]
fn the_day_is_a_shanghai_day_whatever_the_utc_date() {
    // 23:30 and 00:30 Shanghai time are the same UTC day and different Shanghai days.
    let before: Timestamp = "2026-03-02T15:30:00Z".parse().expect("time");
    let after: Timestamp = "2026-03-02T16:30:00Z".parse().expect("time");
    assert_eq!(deadline(before, Term::WorkingDays(1), calendar()).expect("due").last_day, day("2026-03-03"));
    assert_eq!(deadline(after, Term::WorkingDays(1), calendar()).expect("due").last_day, day("2026-03-04"));
}

/// R73: half an hour runs at night, over a weekend and past the end of the published calendars.
#[test]
fn minutes_and_hours_run_continuously() {
    let start: Timestamp = "2026-12-31T15:45:00.000001Z".parse().expect("time");
    let half_hour = deadline(start, Term::Minutes(30), calendar()).expect("due");
    assert_eq!(half_hour.due, start + TimeDelta::minutes(30));
    assert_eq!(half_hour.last_day, day("2027-01-01"));
    assert_eq!(deadline(start, Term::Hours(24), calendar()).expect("due").due, start + TimeDelta::hours(24));
    let midnight = start_of_day(day("2026-03-02")).expect("start");
    assert_eq!(deadline(midnight, Term::Hours(24), calendar()).expect("due").last_day, day("2026-03-02"));
}

/// X12, R54: what is valid or kept for months ends where it ends, also on a day off and in a far year.
#[test]
fn validity_does_not_move_and_needs_no_calendar() {
    assert_eq!(last_day("2026-11-22", Term::ValidityMonths(60)), Ok("2031-11-22".to_owned()));
    assert_eq!(last_day("2026-02-07", Term::ValidityMonths(1)), Ok("2026-03-07".to_owned()), "a Saturday stays");
}

#[test]
fn a_deadline_in_an_unpublished_year_is_an_error_and_provisional_on_request() {
    let missing = Err(CalendarError::YearMissing { year: 2027 });
    assert_eq!(last_day("2026-11-22", Term::Months(2)), missing);
    assert_eq!(last_day("2026-12-30", Term::WorkingDays(5)), missing);
    assert_eq!(last_day("2026-12-02", Term::NaturalDays(30)), missing);
    assert_eq!(
        reckon(morning("2026-11-22"), Term::Months(2), calendar()),
        Ok(Reckoned::Provisional {
            at_earliest: Deadline { due: end_of_day(day("2027-01-22")).expect("end"), last_day: day("2027-01-22") },
            year_missing: 2027
        })
    );
    let known = reckon(morning("2026-02-12"), Term::WorkingDays(7), calendar());
    assert!(matches!(known, Ok(Reckoned::Final(deadline)) if deadline.last_day == day("2026-02-28")));
}

#[test]
fn an_absurd_amount_is_refused() {
    for term in [Term::Minutes(u32::MAX), Term::Months(u32::MAX), Term::WorkingDays(TERM_AMOUNT_MAX + 1)] {
        assert_eq!(deadline(morning("2026-01-05"), term, calendar()), Err(CalendarError::OutOfRange));
    }
}

fn any_start() -> impl Strategy<Value = Timestamp> {
    // 2004-01-01 to 2024-12-31 in Shanghai: with terms up to two years every deadline is published.
    let from = start_of_day(day("2004-01-01")).expect("start").timestamp_micros();
    let to = start_of_day(day("2025-01-01")).expect("start").timestamp_micros();
    (from..to).prop_map(|micros| chrono::DateTime::from_timestamp_micros(micros).expect("in range"))
}

fn any_term() -> impl Strategy<Value = Term> {
    prop_oneof![
        (0u32..10_000).prop_map(Term::Minutes),
        (0u32..10_000).prop_map(Term::Hours),
        (0u32..700).prop_map(Term::NaturalDays),
        (0u32..400).prop_map(Term::WorkingDays),
        (0u32..23).prop_map(Term::Months),
        (0u32..23).prop_map(Term::ValidityMonths),
    ]
}

fn with_amount(term: Term, amount: u32) -> Term {
    match term {
        Term::Minutes(_) => Term::Minutes(amount),
        Term::Hours(_) => Term::Hours(amount),
        Term::NaturalDays(_) => Term::NaturalDays(amount),
        Term::WorkingDays(_) => Term::WorkingDays(amount),
        Term::Months(_) => Term::Months(amount),
        Term::ValidityMonths(_) => Term::ValidityMonths(amount),
    }
}

/// The working days after the start's day up to and including `last`.
fn working_days_until(start: Timestamp, last: NaiveDate) -> usize {
    shanghai_date(start)
        .iter_days()
        .skip(1)
        .take_while(|day| *day <= last)
        .filter(|day| calendar().is_working_day(*day).expect("published"))
        .count()
}

proptest! {
    #[test]
    fn a_deadline_is_never_early(start in any_start(), term in any_term()) {
        let got = deadline(start, term, calendar()).expect("published");
        prop_assert!(got.due >= start);
        let first = shanghai_date(start);
        match term {
            Term::Minutes(amount) => prop_assert_eq!(got.due - start, TimeDelta::minutes(amount.into())),
            Term::Hours(amount) => prop_assert_eq!(got.due - start, TimeDelta::hours(amount.into())),
            Term::NaturalDays(amount) => {
                let unmoved = first + Days::new(amount.into());
                prop_assert!(got.last_day >= unmoved);
                prop_assert!(calendar().is_working_day(got.last_day).expect("published"));
                // It moved over days off only.
                let moved = unmoved.iter_days().take_while(|day| *day < got.last_day);
                for passed in moved {
                    prop_assert!(!calendar().is_working_day(passed).expect("published"));
                }
            }
            Term::Months(amount) => {
                prop_assert!(got.last_day >= first + Months::new(amount));
                prop_assert!(calendar().is_working_day(got.last_day).expect("published"));
            }
            Term::ValidityMonths(amount) => {
                let months = |day: NaiveDate| day.year() * 12 + day.month0() as i32;
                prop_assert_eq!(months(got.last_day) - months(first), amount as i32);
                prop_assert!(got.last_day.day() <= first.day());
            }
            Term::WorkingDays(0) => prop_assert!(got.last_day >= first),
            Term::WorkingDays(amount) => {
                prop_assert_eq!(working_days_until(start, got.last_day), amount as usize);
                prop_assert!(calendar().is_working_day(got.last_day).expect("published"));
            }
        }
    }

    #[test]
    fn a_later_start_or_a_longer_term_never_ends_earlier(
        start in any_start(), term in any_term(), later_by in 0i64..100 * 24 * 60, more in 0u32..20,
    ) {
        let got = deadline(start, term, calendar()).expect("published");
        let later = start + TimeDelta::minutes(later_by);
        if let Ok(from_later) = deadline(later, term, calendar()) {
            prop_assert!(from_later.due >= got.due);
        }
        if let Ok(longer) = deadline(start, with_amount(term, term.amount() + more), calendar()) {
            prop_assert!(longer.due >= got.due);
        }
    }

    #[test]
    fn a_provisional_deadline_is_never_after_the_final_one(start in any_start(), term in any_term()) {
        // Forget the last published year and compare with what is known with it.
        let text = include_str!("../../../../policy/calendar/cn-working-days.toml");
        let cut = text.find("[[year]]\nyear = 2024").expect("2024 is listed");
        let shorter = WorkingDays::parse(&text[..cut]).expect("a shorter calendar");
        let whole = deadline(start, term, calendar()).expect("published");
        match reckon(start, term, &shorter).expect("reckoned") {
            Reckoned::Final(known) => prop_assert_eq!(known, whole),
            Reckoned::Provisional { at_earliest, .. } => prop_assert!(at_earliest.due <= whole.due),
        }
    }
}
