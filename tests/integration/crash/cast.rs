//! Who asks: officers of one agency, each another person; platforms; whoever an account belongs to.

use std::path::Path;

use casebook::client::Client;
use casebook::system::Layout;
use casebook_authz::{Principal, TokenKey};
use casebook_bootstrap::Keys;
use casebook_execution::{Clock as _, SystemClock};
use casebook_kernel::ids::AccountId;
use casebook_kernel::{Actor, AgencyKind};
use casebook_proto::common::v1::Role;
use casebook_proto::enforcement::v1::AccountRef;
use chrono::TimeDelta;
use tonic::transport::{Channel, Endpoint};

use crate::Failure;

const AGENCY: &str = "cac-310000";
/// The region that the agency answers for: all of the load happens there.
pub const REGION: &str = "310000";
const NATIONAL: &str = "000000";
/// Who conducts the cases.
pub const OFFICERS: [&str; 2] = ["officer-1", "officer-2"];

/// Everybody's way to one server.
pub struct Cast {
    tokens: TokenKey,
    channel: Channel,
    pub intake: Client,
    pub reviewer: Client,
    pub second_reviewer: Client,
    pub officer: Client,
    pub second_officer: Client,
    pub appeal_officer: Client,
}

impl Cast {
    /// The tokens are minted with the keys that the server made in its folder.
    pub async fn connect(endpoint: &str, data_dir: &Path) -> Result<Self, Failure> {
        let tokens = Keys::load_or_make(&Layout::of(data_dir).keys)?.tokens;
        let channel = Endpoint::from_shared(endpoint.to_owned())?.tcp_nodelay(true).connect().await?;
        let officer =
            |name: &str, role| client(&tokens, &channel, AGENCY, name, Some(AgencyKind::Cyberspace), REGION, role);
        Ok(Self {
            intake: officer("intake-1", Role::Intake)?,
            reviewer: officer("reviewer-1", Role::Reviewer)?,
            second_reviewer: officer("reviewer-2", Role::Reviewer)?,
            officer: officer(OFFICERS[0], Role::CaseOfficer)?,
            second_officer: officer(OFFICERS[1], Role::CaseOfficer)?,
            appeal_officer: officer("appeal-1", Role::AppealOfficer)?,
            tokens,
            channel,
        })
    }

    pub fn platform(&self, id: &str) -> Result<Client, Failure> {
        let agency = format!("platform-{id}");
        client(&self.tokens, &self.channel, &agency, "back-end", None, NATIONAL, Role::Platform)
    }

    /// Whoever the account belongs to.
    pub fn subject(&self, account: &AccountRef) -> Result<Client, Failure> {
        let agency = format!("subject-{}", AccountId::of(&account.platform, &account.platform_uid));
        client(&self.tokens, &self.channel, &agency, "holder", None, NATIONAL, Role::Subject)
    }
}

fn client(
    tokens: &TokenKey,
    channel: &Channel,
    agency: &str,
    officer: &str,
    agency_kind: Option<AgencyKind>,
    region: &str,
    role: Role,
) -> Result<Client, Failure> {
    let actor = Actor { agency: agency.parse()?, officer: officer.parse()?, agency_kind, region: region.parse()? };
    let token = tokens.mint(&Principal { actor, roles: vec![role] }, SystemClock.now(), TimeDelta::hours(12))?;
    Ok(Client::over(channel.clone(), &token)?)
}
