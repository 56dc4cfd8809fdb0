//! Deadlines that survive a restart: a state says which of its timers run, an index keeps when they are due.
//!
//! The index is derived from the log and can be made anew from it. A timer fires once: the command it issues
//! takes its request id from stream, kind and due time, so the log itself refuses a second firing. It never fires
//! early: it is due by the service's clock, and by nothing else.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use casebook_eventlog::StreamName;
use casebook_kernel::{Actor, Timestamp};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::Clock;
use crate::context::Context;
use crate::reaction::{NotNow, Undone};

/// How often the index is asked for what is due.
const POLL_EVERY: Duration = Duration::from_millis(200);
/// How many timers are fired in one go.
const DUE_MAX: u64 = 256;
/// How many timers that cannot fire are passed over to reach others behind them.
const PASSED_OVER_MAX: u64 = 4096;
const TIMERS: Uuid = Uuid::from_u128(0x6ba7_b810_c45e_b00c_9e1d_0000_0000_0003);

/// A deadline that runs in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Which of the aggregate's deadlines: `receipt_overdue`.
    pub kind: &'static str,
    pub due: Timestamp,
}

/// A deadline that has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueTimer {
    pub stream: StreamName,
    pub kind: String,
    pub due: Timestamp,
}

impl DueTimer {
    /// The context of the one command that this timer issues.
    pub fn context(&self, system: &Actor, policy_version: &Arc<str>, now: Timestamp) -> Context {
        let cause =
            Uuid::new_v5(&TIMERS, format!("{}/{}/{}", self.stream, self.kind, self.due.timestamp_micros()).as_bytes());
        Context {
            // A deadline follows from no single event, and adds to a stream that knows what it belongs to.
            correlation: None,
            causation: None,
            ..Context::following(cause, Uuid::nil(), "timer", system, policy_version, now)
        }
    }
}

/// Where the running timers are kept.
#[async_trait]
pub trait DueIndex: Send + Sync {
    /// At most `limit` timers due at `now` or before, the oldest first.
    async fn due(&self, now: Timestamp, limit: u64) -> Result<Vec<DueTimer>, NotNow>;
}

/// What happens when a timer is due.
#[async_trait]
pub trait OnDue: Send + Sync + 'static {
    async fn fire(&self, timer: &DueTimer, now: Timestamp) -> Result<(), Undone>;
}

/// Fires what is due until `stop`.
pub async fn run(index: Arc<dyn DueIndex>, on_due: Arc<dyn OnDue>, clock: Arc<dyn Clock>, stop: CancellationToken) {
    // The index lags behind the log a little: what has just been fired is still in it.
    let mut just_fired: Vec<DueTimer> = Vec::new();
    let mut failed = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(POLL_EVERY) => {}
        }
        let now = clock.now();
        // What has fired and what cannot fire now must not keep the others from their turn.
        let passed_over = (just_fired.len() as u64 + failed).min(PASSED_OVER_MAX);
        let due = match index.due(now, DUE_MAX + passed_over).await {
            Ok(due) => due,
            Err(reason) => {
                tracing::warn!(%reason, "cannot read which deadlines are due");
                continue;
            }
        };
        just_fired.retain(|timer| due.contains(timer));
        failed = 0;
        for timer in due {
            if just_fired.contains(&timer) {
                continue;
            }
            match on_due.fire(&timer, now).await {
                Ok(()) => just_fired.push(timer),
                Err(Undone::NotNow(reason)) => {
                    failed += 1;
                    tracing::warn!(stream = %timer.stream, kind = timer.kind, reason, "a deadline will be fired again");
                }
                // Until the next start it counts as fired.
                Err(Undone::Never(reason)) => {
                    tracing::error!(stream = %timer.stream, kind = timer.kind, reason, "a deadline cannot be fired");
                    just_fired.push(timer);
                }
            }
        }
    }
}
