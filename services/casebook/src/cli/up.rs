//! `casebook up`: everything on one port until a signal comes.

use casebook_bootstrap::Serving;
use clap::Args;

use super::Done;

#[derive(Debug, Args)]
pub struct Up {
    #[command(flatten)]
    serving: Serving,
}

impl Up {
    pub async fn run(self) -> Done {
        self.serving.until_stopped(casebook::system::SERVICES).await
    }
}
