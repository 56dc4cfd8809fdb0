//! The one place where time comes in.

use casebook_kernel::Timestamp;
use chrono::{DateTime, TimeZone as _, Utc};

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
