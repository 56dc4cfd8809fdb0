//! `casebook token`: a token from the key that the first start made.

use std::error::Error;
use std::str::FromStr as _;

use casebook::system::Layout;
use casebook_authz::Principal;
use casebook_bootstrap::Keys;
use casebook_execution::{Clock as _, SystemClock};
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, AgencyKind};
use casebook_proto::common::v1::Role;
use chrono::TimeDelta;
use clap::Args;

use super::{DataDir, Done, say};

#[derive(Debug, Args)]
pub struct Token {
    #[command(flatten)]
    data: DataDir,
    /// The agency (`cac-310000`), institution (`institution-{id}`), platform (`platform-weibo`) or, for whoever runs an
    /// account, `subject-{account_id}`.
    #[arg(long)]
    agency: String,
    /// The officer by a pseudonymous id, or the name of a system. Never a person's name.
    #[arg(long)]
    officer: String,
    /// What the agency is competent for: cyberspace, health, tcm or market.
    #[arg(long)]
    kind: Option<String>,
    /// The region it answers for, a code of GB/T 2260; 000000 is the whole country. Rules ask for it: it is never guessed.
    #[arg(long)]
    region: String,
    /// A role, such as case_officer; may be given several times.
    #[arg(long = "role", required = true)]
    roles: Vec<String>,
    /// How long it is valid.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=9600))]
    hours: u16,
}

impl Token {
    pub fn run(self) -> Done {
        let roles = self
            .roles
            .iter()
            .map(|name| Role::from_token_name(name).ok_or_else(|| format!("--role: `{name}` is none of the roles")))
            .collect::<Result<Vec<_>, _>>()?;
        let actor = Actor {
            agency: self.agency.parse().map_err(|error| format!("--agency: {error}"))?,
            officer: self.officer.parse().map_err(|error| format!("--officer: {error}"))?,
            agency_kind: self
                .kind
                .as_deref()
                .map(AgencyKind::from_str)
                .transpose()
                .map_err(|error| format!("--kind: {error}"))?,
            region: Region::from_str(&self.region).map_err(|error| format!("--region: {error}"))?,
        };
        say(mint(&self.data, Principal { actor, roles }, TimeDelta::hours(self.hours.into()))?)?;
        Ok(())
    }
}

/// A token with which this machine's operator brings reports in.
pub fn local_intake(data: &DataDir) -> Result<String, Box<dyn Error>> {
    let actor =
        Actor { agency: "local".parse()?, officer: "import".parse()?, agency_kind: None, region: Region::NATIONAL };
    mint(data, Principal { actor, roles: vec![Role::Intake] }, TimeDelta::hours(12))
}

fn mint(data: &DataDir, principal: Principal, validity: TimeDelta) -> Result<String, Box<dyn Error>> {
    let keys = Keys::load_or_make(&Layout::of(&data.data_dir).keys)?;
    Ok(keys.tokens.mint(&principal, SystemClock.now(), validity)?)
}
