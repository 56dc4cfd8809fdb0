//! 梯度措施 (R92): which measure follows from a violation and from what the account met before.

use chrono::{Months, NaiveDate};
use serde::Deserialize;

use casebook_kernel::Timestamp;
use casebook_kernel::calendar::shanghai_date;

use crate::ids::{LadderId, MeasureId};
use crate::text::Text;
use crate::violation::Severity;

/// The number of rungs of a ladder: interactions, followers, monetisation, mute, closure (S1 §8).
pub const LADDER_RUNGS: u8 = 5;

/// A ladder: its rungs, and how one climbs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    pub id: LadderId,
    pub name: Text,
    /// The measure of each rung, from rung 1.
    pub rungs: Vec<MeasureId>,
    /// For how many months an earlier measure counts.
    pub window_months: u32,
    /// How many rungs one climbs for a repetition.
    pub step: u8,
    pub start: LadderStart,
    /// For how many natural days a mute is recommended, by severity.
    pub mute_days: MuteDays,
}

/// The rung on which a first violation starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LadderStart {
    pub minor: u8,
    pub serious: u8,
    pub grave: u8,
}

/// Natural days of a mute by severity (X14 shows what a platform does).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MuteDays {
    pub minor: u32,
    pub serious: u32,
    pub grave: u32,
}

/// A measure of the ladder that was decided against the account before and was not reversed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierMeasure {
    pub measure: MeasureId,
    pub decided_at: Timestamp,
}

/// What the pack recommends. It binds nobody: an officer may depart from it with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommendation {
    /// From 1.
    pub rung: u8,
    pub measure: MeasureId,
    /// Natural days, where the measure needs days.
    pub days: Option<u32>,
    /// Measures outside the ladder that go with it.
    pub accompanied_by: Vec<MeasureId>,
    /// The highest rung of earlier measures within the window; none for a first violation.
    pub earlier_rung: Option<u8>,
}

/// A measure of a decision, as far as the ladder looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen<'a> {
    pub measure: &'a MeasureId,
    /// None outside the ladder.
    pub rung: Option<u8>,
    pub days: Option<u32>,
}

/// How a decision departs from what was recommended. Each needs a reason (R92, `StepSkippedWithoutReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// Heavier: rungs are skipped.
    Skips { recommended: u8, chosen: u8 },
    /// Lighter, or nothing of the ladder at all (rung 0).
    Lighter { recommended: u8, chosen: u8 },
    /// The recommended rung, but another of its measures, another length, or further measures of the ladder beside it.
    Differs { rung: u8 },
}

/// How the measures chosen for an account depart from what was recommended for it, if they do. Measures outside the
/// ladder are no departure.
pub fn departure<'a>(recommended: &Recommendation, chosen: impl IntoIterator<Item = Chosen<'a>>) -> Option<Departure> {
    let on_ladder: Vec<Chosen<'a>> = chosen.into_iter().filter(|chosen| chosen.rung.is_some()).collect();
    let highest = on_ladder.iter().filter_map(|chosen| chosen.rung).max().unwrap_or(0);
    match highest.cmp(&recommended.rung) {
        std::cmp::Ordering::Greater => Some(Departure::Skips { recommended: recommended.rung, chosen: highest }),
        std::cmp::Ordering::Less => Some(Departure::Lighter { recommended: recommended.rung, chosen: highest }),
        std::cmp::Ordering::Equal => {
            let as_recommended =
                |chosen: &Chosen<'_>| *chosen.measure == recommended.measure && chosen.days == recommended.days;
            let same = matches!(on_ladder.as_slice(), [one] if as_recommended(one));
            (!same).then_some(Departure::Differs { rung: highest })
        }
    }
}

impl Ladder {
    fn start_rung(&self, severity: Severity) -> u8 {
        match severity {
            Severity::Minor => self.start.minor,
            Severity::Serious => self.start.serious,
            Severity::Grave => self.start.grave,
        }
    }

    /// For how many natural days a mute is recommended.
    pub fn mute_days(&self, severity: Severity) -> u32 {
        match severity {
            Severity::Minor => self.mute_days.minor,
            Severity::Serious => self.mute_days.serious,
            Severity::Grave => self.mute_days.grave,
        }
    }

    /// The rung after `earlier` rungs: where the severity starts, or `step` above the highest earlier one if
    /// that is more, at most the top.
    pub(crate) fn next_rung(&self, severity: Severity, earlier: Option<u8>) -> u8 {
        let climbed = earlier.map_or(0, |rung| rung.saturating_add(self.step));
        self.start_rung(severity).max(climbed).min(LADDER_RUNGS)
    }

    /// Whether something decided at `decided_at` still counts at `now`. The window ends, like any period of
    /// months, with the same day of the month.
    pub(crate) fn counts(&self, decided_at: Timestamp, now: Timestamp) -> bool {
        let first_day: Option<NaiveDate> = shanghai_date(now).checked_sub_months(Months::new(self.window_months));
        decided_at <= now && first_day.is_none_or(|first| shanghai_date(decided_at) >= first)
    }
}
