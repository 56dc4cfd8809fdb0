//! `casebook verify`: every row against the log, and the log against the hash chain over it.

use std::path::PathBuf;

use casebook::system::LogAt;
use casebook::verification::{NotedHead, verify};
use clap::Args;

use super::{DataDir, Done, say};

#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    log: LogAt,
    /// A folder of policy packs in place of the shipped ones.
    #[arg(long, env = "CASEBOOK_POLICY_DIR")]
    policy_dir: Option<PathBuf>,
    /// A head of the chain that was written down elsewhere, `POSITION:SHA256`: it finds a log and a chain that were rewritten
    /// together.
    #[arg(long)]
    noted_head: Option<NotedHead>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub async fn run(self) -> Done {
        let verified = verify(&self.data.data_dir, &self.log, self.policy_dir.as_deref(), self.noted_head).await?;
        let mismatches = verified.mismatches();
        let streams: u64 = verified.views.iter().map(|view| view.streams).sum();
        if self.json {
            say(serde_json::json!({
                "position": verified.head.0,
                "chain_reached": verified.chain_reached.0,
                "streams": streams,
                "mismatches": mismatches,
            }))?;
        } else {
            for view in &verified.views {
                say(format!(
                    "{:12} {:8} streams {:8} events {:8} rows {:4} mismatches",
                    view.view, view.streams, view.events, view.rows, view.mismatches
                ))?;
                for words in &view.named {
                    say(format!("    {words}"))?;
                }
            }
            // Also where all agrees: how much of the log the chain vouched for before anybody looked.
            let (reached, head) = (verified.chain_reached.0, verified.head.0);
            say(format!("the hash chain had reached position {reached} of {head}"))?;
        }
        if mismatches > 0 {
            return Err(format!("{mismatches} rows differ from the log").into());
        }
        Ok(())
    }
}
