//! `casebook import reports FILE`: reports into a running Casebook, as any client would bring them.

use std::io::BufReader;
use std::path::PathBuf;

use casebook::client::Client;
use casebook::import::{Imported, import_reports};
use clap::{Args, Subcommand};

use super::{DataDir, Done, say};

#[derive(Debug, Args)]
pub struct Import {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Reports: lines of JSON, in our own form or as a platform publishes its verdicts.
    Reports(Reports),
}

#[derive(Debug, Args)]
struct Reports {
    file: PathBuf,
    #[command(flatten)]
    data: DataDir,
    /// Where Casebook serves.
    #[arg(long, default_value = "http://127.0.0.1:50051")]
    endpoint: String,
    /// A token with the role `intake`; without it, one is minted from the key in the data folder.
    #[arg(long, env = "CASEBOOK_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl Import {
    pub async fn run(self) -> Done {
        let What::Reports(reports) = self.what;
        let token = match reports.token {
            Some(token) => token,
            None => super::token::local_intake(&reports.data)?,
        };
        let client = Client::connect(&reports.endpoint, &token).await?;
        let file = std::fs::File::open(&reports.file)
            .map_err(|error| format!("cannot read `{}`: {error}", reports.file.display()))?;
        let Imported { filed, repeated, refused } = import_reports(&client, BufReader::new(file)).await?;
        for (line, reason) in &refused {
            say(format!("not taken: line {line}: {reason}"))?;
        }
        say(format!("{filed} reports are there now, {repeated} repeated lines, {} not taken", refused.len()))?;
        if refused.is_empty() { Ok(()) } else { Err(format!("{} lines were not taken", refused.len()).into()) }
    }
}
