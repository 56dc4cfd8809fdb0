//! `casebook up`: everything on one port until a signal comes.

use casebook::log_server::LogServer;
use casebook_bootstrap::Serving;
use clap::Args;

use super::{Done, say};

#[derive(Debug, Args)]
pub struct Up {
    #[command(flatten)]
    serving: Serving,
    #[command(flatten)]
    log_server: LogServer,
}

impl Up {
    pub async fn run(self) -> Done {
        self.log_server.check()?;
        let started = self.serving.start(casebook::system::SERVICES).await?;
        let serves = match self.log_server.start(&started.node).await {
            Ok(serves) => serves,
            Err(error) => {
                started.node.stop().await;
                return Err(error.into());
            }
        };
        say(format_args!("log server   {serves}"))?;
        started.until_stopped().await
    }
}
