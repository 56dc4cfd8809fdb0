//! The contract every engine keeps, as checks that any engine's tests can run.
//!
//! The checks take the log as they find it: it may hold other events and other writers may be at work on
//! other streams, so that a shared cluster can be checked as well as a fresh folder.

mod appending;
mod following;
mod reading;
mod scene;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use self::scene::{Outcome, Scene};
use crate::port::EventLog;

/// A check that takes longer than this has failed.
const CHECK_SECONDS_MAX: u64 = 60;

/// One promise, tried out.
struct Check {
    name: &'static str,
    run: fn(Scene) -> Pin<Box<dyn Future<Output = Outcome> + Send>>,
}

/// Names every function of `module` as a check.
macro_rules! checks {
    ($($module:ident::$check:ident),+ $(,)?) => {
        &[$(Check { name: stringify!($check), run: |scene| Box::pin($module::$check(scene)) }),+]
    };
}

const CHECKS: &[Check] = checks![
    appending::an_event_comes_back_as_it_was_given,
    appending::revisions_and_positions_rise_and_time_does_not_fall,
    appending::the_expected_revision_decides,
    appending::of_many_writers_at_one_revision_one_wins,
    appending::of_many_writers_of_a_new_stream_one_wins,
    appending::writers_that_expect_anything_all_get_through,
    appending::repeated_ids_get_their_first_answer,
    appending::of_equal_appends_at_once_one_writes,
    appending::ids_of_another_stream_are_taken,
    appending::known_and_new_ids_do_not_mix,
    appending::all_events_of_an_append_are_written_or_none,
    appending::appends_outside_the_limits_are_refused,
    appending::appends_at_the_limits_are_taken,
    reading::a_stream_reads_both_ways,
    reading::an_absent_stream_reads_as_empty,
    reading::no_read_exceeds_the_maximum,
    reading::large_events_come_in_more_than_one_read,
    reading::pages_of_all_hold_every_match_once_and_in_order,
    reading::a_reader_without_a_match_moves_on,
    reading::behind_the_head_lies_nothing,
    following::a_follower_misses_and_repeats_nothing_while_writers_write,
    following::a_follower_begins_right_behind_its_position,
    following::a_slow_follower_holds_up_nobody,
    following::a_follower_waits_while_there_is_nothing_new,
    following::a_follower_without_a_match_moves_on,
    following::a_call_given_up_loses_nothing,
    following::all_followers_see_the_same,
];

/// What became of each check.
#[derive(Debug, Default)]
pub struct Report {
    pub passed: Vec<&'static str>,
    /// The check and what it found.
    pub failed: Vec<(&'static str, String)>,
}

impl Report {
    pub fn is_kept(&self) -> bool {
        self.failed.is_empty() && !self.passed.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.passed {
            writeln!(f, "kept    {name}")?;
        }
        for (name, why) in &self.failed {
            writeln!(f, "BROKEN  {name}: {why}")?;
        }
        Ok(())
    }
}

/// Runs every check, each on a log from `make`: a fresh one, or the same one each time.
/// Needs a tokio runtime with time enabled; more than one thread makes the races real.
pub async fn run_all(make: impl AsyncFn() -> Arc<dyn EventLog>) -> Report {
    run(make, |_| true).await
}

/// Runs the checks whose names are wanted.
pub async fn run(make: impl AsyncFn() -> Arc<dyn EventLog>, wanted: impl Fn(&str) -> bool) -> Report {
    let mut report = Report::default();
    for check in CHECKS.iter().filter(|check| wanted(check.name)) {
        let scene = Scene::new(make().await);
        let limit = Duration::from_secs(CHECK_SECONDS_MAX);
        match tokio::time::timeout(limit, (check.run)(scene)).await {
            Ok(Ok(())) => report.passed.push(check.name),
            Ok(Err(why)) => report.failed.push((check.name, why)),
            Err(_) => report.failed.push((check.name, format!("not done after {CHECK_SECONDS_MAX} s"))),
        }
    }
    report
}
