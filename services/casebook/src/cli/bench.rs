//! `casebook bench`: how fast, next to what is the fastest it could be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use casebook::bench::{commands, log, replay, screening};
use clap::{Args, Subcommand};

use super::{Done, say};

#[derive(Debug, Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    /// An empty folder to measure in: its disk is what is measured. Without it, a temporary one.
    // An id of its own: under the one of `up` it would take the folder that is served for its default.
    #[arg(id = "measured_dir", long = "data-dir", value_name = "DATA_DIR", global = true)]
    data_dir: Option<PathBuf>,
    /// How long each measurement lasts, in seconds.
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Durable commands through gRPC at 1, 8 and 64 in flight, next to an echo and to syncs of the disk.
    Commands,
    /// Appends, reads and live subscriptions of the log, in process and over gRPC, in a small log and in a large one.
    Log {
        /// How many events the large log has.
        #[arg(long, default_value_t = 10_000_000)]
        events: u64,
    },
    /// Events folded per second, next to a raw scan.
    Replay {
        /// How many events, at least.
        #[arg(long, default_value_t = 200_000)]
        events: u64,
    },
    /// Text screened per second, next to the bare matcher on the same terms.
    Screening {
        /// A text to screen in place of the shipped sample.
        #[arg(long)]
        text: Option<PathBuf>,
    },
}

impl Bench {
    pub async fn run(self) -> Done {
        let temporary = self.data_dir.is_none();
        let folder = match &self.data_dir {
            Some(folder) => folder.clone(),
            None => std::env::temp_dir().join(format!("casebook-bench-{}", uuid::Uuid::now_v7().simple())),
        };
        if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(format!(
                "`{}` is not empty: what is measured is not mixed with what is kept",
                folder.display()
            )
            .into());
        }
        let measured = self.measure(&folder).await;
        if temporary && folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        measured
    }

    async fn measure(self, folder: &Path) -> Done {
        let span = Duration::from_secs(self.seconds);
        match self.what {
            What::Commands => {
                let measured = commands::run(folder, span).await?;
                if self.json {
                    say(serde_json::to_string(&measured)?)?;
                }
                for row in measured.iter().filter(|_| !self.json) {
                    say(format!(
                        "{:11} {:3} in flight: {:8.0}/s  p50 {:7.3} ms  p99 {:8.3} ms  {:.2} of echo  {:.2} of the floor  lag {} events, {:.2} s",
                        row.command,
                        row.in_flight,
                        row.rate.per_s,
                        row.rate.p50_ms,
                        row.rate.p99_ms,
                        row.ratio_to_echo,
                        row.ratio_to_floor,
                        row.lag_events,
                        row.lag_s
                    ))?;
                }
            }
            What::Log { events } => {
                let measured = log::run(folder, events, span).await?;
                if self.json {
                    say(serde_json::to_string(&measured)?)?;
                } else {
                    print_log(measured)?;
                }
            }
            What::Replay { events } => {
                let replayed = replay::run(folder, events).await?;
                if self.json {
                    say(serde_json::to_string(&replayed)?)?;
                } else {
                    say(format!(
                        "{} events of {} streams: {:.0} folded/s, {:.0} scanned/s, {:.2} of the scan",
                        replayed.events,
                        replayed.streams,
                        replayed.events_per_s,
                        replayed.scan_per_s,
                        replayed.ratio_to_scan
                    ))?;
                }
            }
            What::Screening { text } => {
                let screened = screening::run(text.as_deref(), span)?;
                if self.json {
                    say(serde_json::to_string(&screened)?)?;
                } else {
                    say(format!(
                        "{} terms: {:.1} MB/s screened, {:.1} MB/s matched, {:.2} of the matcher, {} hits",
                        screened.terms,
                        screened.mb_per_s,
                        screened.matcher_mb_per_s,
                        screened.ratio_to_matcher,
                        screened.hits
                    ))?;
                }
            }
        }
        Ok(())
    }
}

/// A line for each measurement, and one for what the log's growth costs each.
fn print_log(measured: log::LogMeasured) -> Done {
    for row in measured.measured {
        let floor = row.floor.map(|floor| format!("{:.2} of {:.0}/s, {}", floor.ratio, floor.per_s, floor.what));
        say(format!(
            "{:9} events  {:17} {:3} in flight: {:8.0}/s  p50 {:7.3} ms  p99 {:8.3} ms  {}",
            row.log_events,
            row.what,
            row.in_flight,
            row.rate.per_s,
            row.rate.p50_ms,
            row.rate.p99_ms,
            floor.unwrap_or_default()
        ))?;
    }
    for grown in measured.grown {
        let (what, in_flight, ratio) = (grown.what, grown.in_flight, grown.p99_ratio);
        say(format!("{what} {in_flight} in flight: p99 {ratio:.2} times that of the small log"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::{Arguments, Command};

    #[test]
    fn without_a_folder_it_measures_in_none_that_is_served() {
        let bench = |words: &[&str]| match Arguments::try_parse_from(words).expect("arguments").command {
            Some(Command::Bench(bench)) => bench.data_dir,
            _ => panic!("{words:?} measures"),
        };
        assert_eq!(bench(&["casebook", "bench", "commands"]), None);
        assert_eq!(bench(&["casebook", "bench", "commands", "--data-dir", "x"]), Some("x".into()));
    }
}
