//! Measures against accounts, and which of two sets of them is heavier.

use std::fmt;

use casebook_kernel::Timestamp;
use casebook_kernel::calendar::{end_of_day, shanghai_date};
use casebook_kernel::ids::{AccountId, OrderId};
use casebook_policy::{MeasureId, MeasureParameters, PlatformId};
use chrono::Days;

use super::ids::DecisionId;

/// The most characters of a platform's user id.
pub const PLATFORM_UID_CHARS_MAX: usize = 128;
/// The most measures that one notice, decision or appeal holds.
pub const MEASURES_MAX: usize = 50;

/// An account as its platform knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountRef {
    pub platform: PlatformId,
    pub platform_uid: String,
}

impl AccountRef {
    /// The same in every service, declared or not.
    pub fn account_id(&self) -> AccountId {
        AccountId::of(self.platform.as_str(), &self.platform_uid)
    }
}

impl fmt::Display for AccountRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.platform, self.platform_uid)
    }
}

/// A measure with what the policy pack said of it when it was chosen: a replay needs no pack.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Measure {
    pub account: AccountRef,
    pub id: MeasureId,
    pub parameters: MeasureParameters,
    /// From 1 to 5; none outside the ladder.
    pub rung: Option<u8>,
    /// Nothing restores what it takes.
    pub irreversible: bool,
}

impl Measure {
    /// The order that carries this measure of a decision to its platform.
    pub fn order_id(&self, decision: DecisionId) -> OrderId {
        OrderId::derived(decision.uuid(), &format!("{}/{}", self.account, self.id))
    }

    /// Whether the two are the same measure on the same account, whatever their parameters.
    pub fn is_same_kind(&self, other: &Self) -> bool {
        self.account == other.account && self.id == other.id
    }

    /// Whether a measure that came into force at `from` has run its time by `now`. One without an end never has.
    pub fn is_over(&self, from: Timestamp, now: Timestamp) -> bool {
        self.parameters.days.and_then(|days| measure_end(from, days)).is_some_and(|until| until <= now)
    }

    /// The same measure, and not more of it.
    fn is_at_most(&self, other: &Self) -> bool {
        // A measure without a number of days has no end; without points it takes none.
        let days = |measure: &Self| measure.parameters.days.unwrap_or(u32::MAX);
        let points = |measure: &Self| measure.parameters.points.unwrap_or(0);
        self.is_same_kind(other) && days(self) <= days(other) && points(self) <= points(other)
    }

    /// On a lower rung of the ladder, or on the same rung with an end where the other has none (a mute in
    /// place of a permanent one). What never ends is not milder than what ends, on whatever rung: seven days of silence are
    /// over before a revocation is.
    pub fn is_milder_rung(&self, other: &Self) -> bool {
        let ends = |measure: &Self| measure.parameters.days.is_some();
        let milder = match (self.rung, other.rung) {
            (Some(own), Some(others)) => own < others || (own == others && ends(self) && !ends(other)),
            // Off the ladder there are no rungs to compare.
            (None, _) | (_, None) => false,
        };
        let ends_or_neither = ends(self) || !ends(other);
        let reversible_or_neither = !self.irreversible || other.irreversible;
        self.account == other.account && milder && ends_or_neither && reversible_or_neither
    }
}

/// The exclusive end of a measure of `days` days: the day of execution is not counted (民法典 art. 201), the last day
/// ends at midnight in Shanghai. It does not move to a working day: nobody has to act on it (art. 203). None: beyond the
/// calendar.
pub fn measure_end(from: Timestamp, days: u32) -> Option<Timestamp> {
    let last_day = shanghai_date(from).checked_add_days(Days::new(days.into()))?;
    end_of_day(last_day).ok()
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.id, self.account)?;
        if let Some(days) = self.parameters.days {
            write!(f, " for {days} days")?;
        }
        if let Some(points) = self.parameters.points {
            write!(f, " of {points} points")?;
        }
        Ok(())
    }
}

/// The first of `chosen` that makes it heavier than `bound`.
///
/// Each chosen measure must find one of its own in `bound`: the same measure with no smaller parameters, or
/// one on a higher rung that is not imposed itself (a mute in place of a closure). So neither a longer mute
/// nor one measure more passes as lighter (行政处罚法 art. 45 and 63 forbid the heavier).
pub fn first_heavier<'a>(chosen: &'a [Measure], bound: &[Measure]) -> Option<&'a Measure> {
    matched(chosen, bound).err()
}

/// For each of `chosen` the place in `bound` of what it takes the place of; or the first that makes it heavier. Of several
/// that would do, the first in `bound` is taken.
pub fn matched<'a>(chosen: &'a [Measure], bound: &[Measure]) -> Result<Vec<(&'a Measure, usize)>, &'a Measure> {
    let mut free = vec![true; bound.len()];
    let mut take = |fits: &dyn Fn(&Measure) -> bool| {
        let found = bound.iter().zip(&free).position(|(candidate, free)| *free && fits(candidate))?;
        *free.get_mut(found)? = false;
        Some(found)
    };
    let mut pairs = Vec::with_capacity(chosen.len());
    let mut unmatched = Vec::new();
    for measure in chosen {
        match take(&|candidate| measure.is_at_most(candidate)) {
            Some(found) => pairs.push((measure, found)),
            None => unmatched.push(measure),
        }
    }
    // Whatever answers a high rung answers a low one as well: the high ones choose first.
    unmatched.sort_by_key(|measure| std::cmp::Reverse(measure.rung));
    for measure in unmatched {
        pairs.push((measure, take(&|candidate| measure.is_milder_rung(candidate)).ok_or(measure)?));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{closure, credit, followers, interactions, mute, on, permanent_mute};

    /// R92, 行政处罚法 art. 45: what is heavier than what was announced.
    #[test]
    fn a_longer_mute_a_higher_rung_and_one_measure_more_are_heavier() {
        let weibo = on("weibo", "u1");
        for (chosen, bound, heavier) in [
            (vec![mute(&weibo, 7)], vec![mute(&weibo, 7)], false),
            (vec![mute(&weibo, 3)], vec![mute(&weibo, 7)], false),
            (vec![mute(&weibo, 15)], vec![mute(&weibo, 7)], true),
            (vec![mute(&weibo, 15)], vec![closure(&weibo)], false),
            (vec![closure(&weibo)], vec![mute(&weibo, 15)], true),
            (vec![mute(&weibo, 15)], vec![permanent_mute(&weibo)], false),
            (vec![permanent_mute(&weibo)], vec![mute(&weibo, 15)], true),
            (vec![mute(&weibo, 7), credit(&weibo, 5)], vec![mute(&weibo, 7)], true),
            (vec![mute(&weibo, 7), followers(&weibo)], vec![closure(&weibo)], true),
            (vec![credit(&weibo, 5)], vec![credit(&weibo, 2)], true),
            (vec![credit(&weibo, 2)], vec![credit(&weibo, 5)], false),
            // Off the ladder is not below it, and what nothing undoes is not milder than what something does.
            (vec![credit(&weibo, 1)], vec![interactions(&weibo)], true),
            (vec![interactions(&weibo)], vec![credit(&weibo, 5)], true),
            (vec![followers(&weibo)], vec![mute(&weibo, 7)], true),
            (vec![interactions(&weibo)], vec![followers(&weibo)], false),
            // What never ends is not milder than what ends.
            (vec![interactions(&weibo)], vec![mute(&weibo, 7)], true),
            (vec![interactions(&weibo)], vec![permanent_mute(&weibo)], false),
            (vec![mute(&on("douyin", "u1"), 1)], vec![closure(&weibo)], true),
            (vec![], vec![], false),
        ] {
            assert_eq!(first_heavier(&chosen, &bound).is_some(), heavier, "{chosen:?} against {bound:?}");
        }
    }

    #[test]
    fn one_order_id_belongs_to_one_measure_on_one_account_of_one_decision() {
        let decision = DecisionId::from(uuid::Uuid::from_u128(1));
        let id = mute(&on("weibo", "u1"), 7).order_id(decision);
        assert_eq!(id, mute(&on("weibo", "u1"), 7).order_id(decision));
        assert_ne!(id, mute(&on("douyin", "u1"), 7).order_id(decision));
        assert_ne!(id, closure(&on("weibo", "u1")).order_id(decision));
        assert_ne!(id, mute(&on("weibo", "u1"), 7).order_id(DecisionId::from(uuid::Uuid::from_u128(2))));
    }
}
