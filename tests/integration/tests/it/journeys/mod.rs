//! Journeys: what callers do with Casebook from beginning to end, over real gRPC, as a client like any other.
//!
//! Every module lists in `CALLS` the methods that its journeys call with success. A journey notes on the wire what it really called and
//! fails where the list says something else; so the lists together tell which methods no journey calls.

mod answering;
mod appealing;
mod auditing;
mod deciding;
pub mod docket;
mod handing_over;
mod outside;
pub mod people;
mod recording;
pub mod registry;
pub mod reviewing;
pub mod spine;
pub mod verification;

use std::collections::BTreeSet;

use casebook_authz::Principal;
use casebook_proto::accounts::v1::accounts_service_client::AccountsServiceClient;
use casebook_proto::audit::v1::audit_service_client::AuditServiceClient;
use casebook_proto::credentials::v1::credentials_service_client::CredentialsServiceClient;
use casebook_proto::enforcement::v1::enforcement_service_client::EnforcementServiceClient;
use casebook_proto::enforcement::v1::platform_service_client::PlatformServiceClient;
use casebook_proto::review::v1::review_service_client::ReviewServiceClient;
use chrono::TimeDelta;
use uuid::Uuid;

use crate::contract;
use crate::world::World;
use recording::{Calls, Recording};

/// What the journeys of each module call.
const JOURNEYS: &[&[&str]] = &[
    answering::CALLS,
    appealing::CALLS,
    deciding::CALLS,
    handing_over::CALLS,
    auditing::CALLS,
    registry::CALLS,
    reviewing::CALLS,
    spine::CALLS,
    verification::CALLS,
];

/// A journey through a Casebook of its own.
pub struct Journey {
    pub world: World,
    calls: Calls,
}

/// Somebody's way to all services.
pub struct Desk(Recording);

impl Journey {
    pub async fn begin() -> Self {
        Self::on(World::start().await)
    }

    /// Goes on in a world that is there already.
    pub fn on(world: World) -> Self {
        Self { world, calls: Calls::default() }
    }

    /// Stops everything and goes on with what lies in the folder.
    pub async fn restarted(self) -> Self {
        let clock = self.world.clock.clone();
        let folder = self.world.stop().await;
        Self { world: World::open(folder, clock).await, calls: self.calls }
    }

    /// The desk of somebody, with a token that is minted now.
    pub fn desk(&self, principal: Principal) -> Desk {
        let token = self.world.system.token(&principal, TimeDelta::days(30)).expect("a token");
        Desk(Recording::new(self.world.channel.clone(), &token, self.calls.clone()))
    }

    /// Everything has come to rest, every row says what the log says, and `called` are the methods that answered.
    pub async fn end(self, called: &[&str]) {
        self.world.rows_agree().await;
        let answered = self.calls.answered();
        let listed: BTreeSet<String> = called.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(answered, listed, "what the journey called, and what it says it calls");
        self.world.stop().await;
    }
}

impl Desk {
    pub fn accounts(&self) -> AccountsServiceClient<Recording> {
        AccountsServiceClient::new(self.0.clone())
    }

    pub fn credentials(&self) -> CredentialsServiceClient<Recording> {
        CredentialsServiceClient::new(self.0.clone())
    }

    pub fn review(&self) -> ReviewServiceClient<Recording> {
        ReviewServiceClient::new(self.0.clone())
    }

    pub fn enforcement(&self) -> EnforcementServiceClient<Recording> {
        EnforcementServiceClient::new(self.0.clone())
    }

    pub fn platform(&self) -> PlatformServiceClient<Recording> {
        PlatformServiceClient::new(self.0.clone())
    }

    pub fn audit(&self) -> AuditServiceClient<Recording> {
        AuditServiceClient::new(self.0.clone())
    }
}

/// A request id that no other request has.
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// A moment as messages carry it.
pub fn time(text: &str) -> Option<casebook_proto::Timestamp> {
    Some(casebook_proto::timestamp(text.parse().expect(text)))
}

#[test]
fn every_method_is_called_by_a_journey() {
    let called: BTreeSet<&str> = JOURNEYS.iter().copied().flatten().copied().collect();
    let methods: Vec<String> = contract::rpcs().iter().map(|rpc| short(rpc.path())).collect();
    let missing: Vec<&String> = methods.iter().filter(|method| !called.contains(method.as_str())).collect();
    assert!(missing.is_empty(), "no journey calls {missing:#?}");
    let gone: Vec<&&str> = called.iter().filter(|name| !methods.iter().any(|method| method == *name)).collect();
    assert!(gone.is_empty(), "there are no such methods: {gone:?}");
}

/// `/casebook.review.v1.ReviewService/FileReport` as the lists name it: `ReviewService/FileReport`.
pub fn short(path: &str) -> String {
    path.rsplit_once('.').map_or(path, |(_, name)| name).to_owned()
}
