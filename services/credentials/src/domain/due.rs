//! A due time that may not be known yet.

use casebook_kernel::Timestamp;
use casebook_kernel::calendar::Reckoned;
use chrono::TimeDelta;

/// How long a provisional due time waits before it is reckoned again, where the calendar is still missing.
const RECKON_AGAIN_AFTER: TimeDelta = TimeDelta::days(1);

/// When a term ends, exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub at: Timestamp,
    /// The working-day calendar of its year is not published: it does not end before `at`, and may later.
    pub provisional: bool,
}

impl From<Reckoned> for Due {
    fn from(reckoned: Reckoned) -> Self {
        match reckoned {
            Reckoned::Final(deadline) => Self { at: deadline.due, provisional: false },
            Reckoned::Provisional { at_earliest, .. } => Self { at: at_earliest.due, provisional: true },
        }
    }
}

/// What a due timer amounts to, once the term has been reckoned again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elapsed {
    /// The term is over.
    Over,
    /// It ends later than was thought, or it still is not known when.
    Later(Due),
}

impl Due {
    /// Nobody loses a right on a guess: a term ends only when its end is certain and past.
    pub fn elapsed(self, now: Timestamp) -> Elapsed {
        match self {
            Self { at, provisional: false } if at <= now => Elapsed::Over,
            Self { at, provisional: true } if at <= now => {
                Elapsed::Later(Self { at: now + RECKON_AGAIN_AFTER, provisional: true })
            }
            later => Elapsed::Later(later),
        }
    }
}
