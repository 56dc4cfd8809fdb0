//! Measurements. Every figure stands next to a floor that was measured in the same run, because a machine's own speed
//! changes from one minute to the next and a ratio does not.

pub mod commands;
mod echo;
mod floor;
pub mod log;
mod log_client;
pub mod replay;
pub mod screening;

use std::time::{Duration, Instant};

use serde::Serialize;

/// How fast something went.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rate {
    pub per_s: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Rate {
    /// From how long each took and how long all took together.
    pub fn of(mut latencies: Vec<Duration>, elapsed: Duration) -> Self {
        latencies.sort_unstable();
        let at = |share: f64| {
            let place = (latencies.len() as f64 * share) as usize;
            latencies
                .get(place.min(latencies.len().saturating_sub(1)))
                .map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
        };
        Self { per_s: latencies.len() as f64 / elapsed.as_secs_f64(), p50_ms: at(0.5), p99_ms: at(0.99) }
    }

    /// The mean time of one, at so many in flight.
    fn seconds_each(&self) -> f64 {
        1.0 / self.per_s
    }
}

/// Until caches and buffers are filled, nothing is measured.
const WARM_UP: Duration = Duration::from_secs(1);

/// Calls `call` with `in_flight` at a time for `span`, after a second of the same that does not count. Each worker has a state
/// of its own.
async fn drive<S, F>(
    in_flight: usize,
    span: Duration,
    make: impl Fn(usize) -> S,
    call: impl Fn(S, u64) -> F + Copy + Send + 'static,
) -> Result<Rate, tonic::Status>
where
    S: Clone + Send + 'static,
    F: Future<Output = Result<(), tonic::Status>> + Send,
{
    let begun = Instant::now() + WARM_UP;
    let workers: Vec<_> = (0..in_flight)
        .map(|worker| {
            let state = make(worker);
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                let mut number = 0;
                while begun.elapsed() < span {
                    let called = Instant::now();
                    call(state.clone(), number).await?;
                    number += 1;
                    if called >= begun {
                        latencies.push(called.elapsed());
                    }
                }
                Ok::<_, tonic::Status>(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.await.map_err(|error| tonic::Status::internal(error.to_string()))??);
    }
    Ok(Rate::of(latencies, begun.elapsed()))
}
