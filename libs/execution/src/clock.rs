//! The one place where time comes in.

use std::sync::atomic::{AtomicI64, Ordering};

use casebook_kernel::Timestamp;
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};

pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Now, in whole microseconds.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_micros())
            .ok()
            .and_then(|micros| Utc.timestamp_micros(micros).single())
            .unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// A clock that somebody turns: for tests and for demonstrations that play months in seconds. It never goes back.
#[derive(Debug)]
pub struct TurnedClock(AtomicI64);

impl TurnedClock {
    pub fn at(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.timestamp_micros()))
    }

    /// Turns it to `time`, unless it is further already.
    pub fn turn_to(&self, time: Timestamp) {
        self.0.fetch_max(time.timestamp_micros(), Ordering::SeqCst);
    }

    pub fn turn_by(&self, span: TimeDelta) {
        self.0.fetch_add(span.num_microseconds().unwrap_or(0).max(0), Ordering::SeqCst);
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Timestamp {
        Utc.timestamp_micros(self.0.load(Ordering::SeqCst)).single().unwrap_or(DateTime::UNIX_EPOCH)
    }
}
