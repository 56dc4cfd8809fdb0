//! Who plays in the demonstration: officers of the competent agencies, platforms, an auditor. Each has a token of their own
//! and calls the public methods with it.

use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::Arc;

use casebook_authz::{Principal, TokenKey};
use casebook_execution::{Clock as _, TurnedClock};
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, AgencyKind, Timestamp};
use casebook_policy::{Agency, PolicySet};
use casebook_proto::common::v1::Role;
use chrono::TimeDelta;
use tonic::transport::Channel;

use super::DemoError;
use crate::client::Client;

const TOKEN_VALIDITY: TimeDelta = TimeDelta::days(30);

/// A part that an agency's officer plays; each is another person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    Intake,
    Reviewer,
    SecondReviewer,
    CaseOfficer,
    SecondCaseOfficer,
    AppealOfficer,
    Registrar,
    Verifier,
}

impl Part {
    pub fn officer(self) -> &'static str {
        match self {
            Self::Intake => "officer-01",
            Self::Reviewer => "officer-02",
            Self::SecondReviewer => "officer-03",
            Self::CaseOfficer => "officer-04",
            Self::SecondCaseOfficer => "officer-05",
            Self::AppealOfficer => "officer-06",
            Self::Registrar => "officer-07",
            Self::Verifier => "officer-08",
        }
    }

    fn role(self) -> Role {
        match self {
            Self::Intake => Role::Intake,
            Self::Reviewer | Self::SecondReviewer => Role::Reviewer,
            Self::CaseOfficer | Self::SecondCaseOfficer => Role::CaseOfficer,
            Self::AppealOfficer => Role::AppealOfficer,
            Self::Registrar => Role::Registrar,
            Self::Verifier => Role::Verifier,
        }
    }
}

pub struct Cast {
    pub policy: Arc<PolicySet>,
    pub clock: Arc<TurnedClock>,
    tokens: TokenKey,
    channel: Channel,
    clients: HashMap<(String, &'static str), (Client, Timestamp)>,
}

impl Cast {
    pub fn new(policy: Arc<PolicySet>, clock: Arc<TurnedClock>, tokens: TokenKey, channel: Channel) -> Self {
        Self { policy, clock, tokens, channel, clients: HashMap::new() }
    }

    /// The cyberspace office that answers for a region: reports and reviews are with it.
    pub fn reviewing_agency(&self, region: &str) -> Result<Agency, DemoError> {
        self.competent(AgencyKind::Cyberspace, region)
    }

    /// The agency of a kind that answers for a region.
    pub fn competent(&self, kind: AgencyKind, region: &str) -> Result<Agency, DemoError> {
        let place = Region::from_str(region).map_err(DemoError::Sample)?;
        let agency = self.policy.pack.competent(kind, place);
        agency.cloned().ok_or_else(|| DemoError::Sample(format!("no {} agency answers for {region}", kind.as_str())))
    }

    /// The agency that leads on a violation in a region (R93).
    pub fn deciding_agency(&self, violation: &str, region: &str) -> Result<Agency, DemoError> {
        let place = Region::from_str(region).map_err(DemoError::Sample)?;
        let agency = self.policy.pack.lead_agency(violation, place);
        agency.cloned().ok_or_else(|| DemoError::Sample(format!("no agency leads on {violation} in {region}")))
    }

    pub fn officer(&mut self, agency: &Agency, part: Part) -> Result<Client, DemoError> {
        let region = agency.region;
        let kind = Some(agency.kind);
        self.client(agency.id.as_str(), part.officer(), kind, region, part.role())
    }

    pub fn institution(
        &mut self,
        institution_id: &str,
        region: Region,
        person: &'static str,
    ) -> Result<Client, DemoError> {
        self.client(&format!("institution-{institution_id}"), person, None, region, Role::Institution)
    }

    /// A platform's back end goes on for months: it takes a new token for each connection and each answer.
    pub fn platform(
        &self,
        platform: &str,
    ) -> Result<impl Fn() -> Result<Client, DemoError> + Send + 'static, DemoError> {
        let actor = Actor {
            agency: format!("platform-{platform}").parse().map_err(DemoError::Sample)?,
            officer: "back-end".parse().map_err(DemoError::Sample)?,
            agency_kind: None,
            region: Region::NATIONAL,
        };
        let principal = Principal { actor, roles: vec![Role::Platform] };
        let (tokens, clock, channel) = (self.tokens.clone(), self.clock.clone(), self.channel.clone());
        Ok(move || Ok(Client::over(channel.clone(), &tokens.mint(&principal, clock.now(), TOKEN_VALIDITY)?)?))
    }

    pub fn auditor(&mut self) -> Result<Client, DemoError> {
        self.client("audit-office", "auditor-01", None, Region::NATIONAL, Role::Auditor)
    }

    fn client(
        &mut self,
        agency: &str,
        officer: &'static str,
        kind: Option<AgencyKind>,
        region: Region,
        role: Role,
    ) -> Result<Client, DemoError> {
        let now = self.clock.now();
        let key = (agency.to_owned(), officer);
        if let Some((client, until)) = self.clients.get(&key)
            && now < *until
        {
            return Ok(client.clone());
        }
        let actor = Actor {
            agency: agency.parse().map_err(DemoError::Sample)?,
            officer: officer.parse().map_err(DemoError::Sample)?,
            agency_kind: kind,
            region,
        };
        let token = self.tokens.mint(&Principal { actor, roles: vec![role] }, now, TOKEN_VALIDITY)?;
        let client = Client::over(self.channel.clone(), &token)?;
        self.clients.insert(key, (client.clone(), now + TOKEN_VALIDITY - TimeDelta::days(1)));
        Ok(client)
    }
}
