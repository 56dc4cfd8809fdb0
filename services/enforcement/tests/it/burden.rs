//! Never worse, said once more without the rule that the domain has for it: by what weighs on an account, day by day.

use casebook_enforcement::domain::case::CaseState;
use casebook_enforcement::domain::measure::{AccountRef, Measure};
use casebook_kernel::Timestamp;
use casebook_kernel::calendar::shanghai_date;
use chrono::{Days, NaiveDate};

use crate::properties::account;

/// A measure, and the Shanghai day on which it comes into force.
pub type Imposed = (Measure, NaiveDate);

/// What weighs on an account on a day, the heaviest first: a measure with an end until its last day, one without for ever.
fn burden(imposed: &[Imposed], account: &AccountRef, day: NaiveDate) -> Vec<u8> {
    let runs = |(measure, from): &&Imposed| {
        let last = measure.parameters.days.map(|days| *from + Days::new(days.into()));
        measure.account == *account && *from <= day && last.is_none_or(|last| day <= last)
    };
    let mut rungs: Vec<u8> = imposed.iter().filter(runs).map(|(measure, _)| measure.rung.unwrap()).collect();
    rungs.sort_unstable_by(|a, b| b.cmp(a));
    rungs
}

/// Never worse, said without the rule that the domain has for it: on no day to come, and on no account, is there more in force
/// after than before, nor anything on a higher rung.
pub fn nothing_gets_worse(before: &[Imposed], after: &[Imposed], today: NaiveDate) {
    for day in (1..12).chain([4_000]).map(|days| today + Days::new(days)) {
        for number in 0..2 {
            let (before, after) = (burden(before, &account(number), day), burden(after, &account(number), day));
            let bounded =
                after.len() <= before.len() && after.iter().zip(&before).all(|(after, before)| after <= before);
            assert!(bounded, "worse on {day}: {before:?} then {after:?}");
        }
    }
}

/// What stands in a case: in force since its platform did it or, where it did not, as if it did today. What is served is over.
fn standing(state: &CaseState, today: NaiveDate) -> Vec<Imposed> {
    let Some(ruling) = state.file().and_then(|file| file.ruling()) else { return Vec::new() };
    let running = ruling.standing.iter().filter(|(order_id, measure)| ruling.orders[*order_id].measure == **measure);
    running
        .map(|(order_id, measure)| {
            let from = ruling.orders[order_id].end.and_then(|end| end.effective_from);
            (measure.clone(), from.map_or(today, shanghai_date))
        })
        .collect()
}

/// An appeal never makes it worse.
pub fn appeals_lighten(before: &CaseState, after: &CaseState, now: Timestamp) {
    let reversals = |state: &CaseState| state.file().and_then(|file| file.ruling()).map_or(0, |it| it.reversals.len());
    if reversals(after) > reversals(before) {
        let today = shanghai_date(now);
        nothing_gets_worse(&standing(before, today), &standing(after, today), today);
    }
}
