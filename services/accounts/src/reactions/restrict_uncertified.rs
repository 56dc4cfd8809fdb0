//! Whoever misses the two months for certification publishes no professional content until certified (R32, R33; S1 §5).

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::reaction::{Reaction, Undone};
use casebook_kernel::ids::AccountId;
use casebook_policy::LegalBasisId;
use casebook_proto::credentials::v1 as pb;
use serde::de::DeserializeOwned;

use super::Reacting;
use crate::domain::account::{AccountCommand, Phase, Restrict, RestrictionCause};
use crate::domain::authority::Authority;

const LAPSED: &str = "casebook.credentials.v1.RecertificationLapsed";
const FULFILLED: &str = "casebook.credentials.v1.RecertificationFulfilled";
const LAPSED_REASONS: &str = "未在2个月内完成资质认证（通知第五条）";
const FULFILLED_REASONS: &str = "已完成资质认证";
/// S1 §5 by its id in the policy pack.
pub const BASIS: &str = "S1-5";

pub struct RestrictUncertified {
    pub reacting: Reacting,
    pub basis: LegalBasisId,
}

#[async_trait]
impl Reaction for RestrictUncertified {
    fn name(&self) -> &'static str {
        "accounts.restrict_uncertified"
    }

    fn filter(&self) -> Filter {
        Filter::categories(["recertification"])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        match &*event.event_type {
            LAPSED => {
                let lapsed: pb::RecertificationLapsed = parse(event)?;
                self.restrict(event, AccountId::of(&lapsed.platform, &lapsed.platform_uid)).await
            }
            FULFILLED => {
                let fulfilled: pb::RecertificationFulfilled = parse(event)?;
                self.lift(event, AccountId::of(&fulfilled.platform, &fulfilled.platform_uid)).await
            }
            _ => Ok(()),
        }
    }
}

impl RestrictUncertified {
    async fn restrict(&self, event: &RecordedEvent, account_id: AccountId) -> Result<(), Undone> {
        let restriction = Restrict {
            authority: Authority::System,
            restriction_id: casebook_kernel::ids::derived(event.id, b"restriction"),
            cause: RestrictionCause::RecertificationMissed,
            legal_bases: vec![self.basis.clone()],
            reasons: LAPSED_REASONS.to_owned(),
            reference: event.stream.to_string(),
            until: None,
            // By the log's clock, like the certification that lifts it: which of the two came first does not depend on
            // when they are met.
            now: event.recorded_at,
        };
        let command = AccountCommand::Restrict(Box::new(restriction));
        self.reacting.command(event, "restrict publishing", account_id, command).await
    }

    async fn lift(&self, event: &RecordedEvent, account_id: AccountId) -> Result<(), Undone> {
        let loaded = self.reacting.accounts.load(account_id.uuid()).await?;
        let Some(Phase::Restricted { restrictions, .. }) = loaded.state.account().map(|account| &account.phase) else {
            return Ok(());
        };
        let missed = restrictions.iter().filter(|one| one.cause == RestrictionCause::RecertificationMissed);
        for restriction in missed {
            let restriction_id = restriction.restriction_id;
            let command = AccountCommand::LiftRestriction {
                authority: Authority::System,
                restriction_id,
                reasons: FULFILLED_REASONS.to_owned(),
                now: event.recorded_at,
            };
            self.reacting.command(event, &format!("lift {restriction_id}"), account_id, command).await?;
        }
        Ok(())
    }
}

fn parse<M: DeserializeOwned>(event: &RecordedEvent) -> Result<M, Undone> {
    serde_json::from_slice(&event.data).map_err(|error| Undone::Never(format!("{}: {error}", event.event_type)))
}
