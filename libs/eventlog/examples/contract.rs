//! Holds the log behind the connection string in `CASEBOOK_LOG` to the contract: `cargo xtask contract --log kurrentdb://…`.

use std::process::ExitCode;
use std::sync::Arc;

use casebook_eventlog::EventLog;
use casebook_eventlog::contract::run_all;
use casebook_eventlog::kurrent::KurrentLog;

#[tokio::main]
async fn main() -> ExitCode {
    let Ok(connection_string) = std::env::var("CASEBOOK_LOG") else {
        eprintln!("contract: CASEBOOK_LOG is not set");
        return ExitCode::FAILURE;
    };
    let log: Arc<dyn EventLog> = match KurrentLog::connect(&connection_string).await {
        Ok(log) => Arc::new(log),
        Err(error) => {
            eprintln!("contract: {error}");
            return ExitCode::FAILURE;
        }
    };
    let report = run_all(async || log.clone()).await;
    print!("{report}");
    if report.is_kept() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
