//! What review knows of accounts, gathered from the events of the registry and of credential verification.

use std::collections::BTreeSet;
use std::convert::Infallible;

use casebook_kernel::ids::AccountId;
use casebook_kernel::{Decider, Timestamp};

/// How an account stands with the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AccountStanding {
    /// Nobody declared it.
    #[default]
    Unknown,
    /// Declared, not yet on an agency's record.
    Declared,
    /// On an agency's record (备案).
    Filed,
    /// On record, with publishing restricted.
    Restricted,
    Closed,
}

/// Whether a verified credential covered a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Certification {
    Certified,
    Uncertified,
}

/// What an item is judged by besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountFacts {
    pub standing: AccountStanding,
    pub certification: Certification,
}

/// From when to when, exclusive, one credential was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedPeriod {
    pub from: Timestamp,
    /// None: it has not ended.
    pub until: Option<Timestamp>,
}

impl VerifiedPeriod {
    pub fn covers(&self, moment: Timestamp) -> bool {
        self.from <= moment && self.until.is_none_or(|until| moment < until)
    }
}

/// R33 is judged at the moment of publication: a credential that ran out later does not make earlier content
/// uncertified, and one that came later does not cure it.
pub fn certification_at<'a>(
    periods: impl IntoIterator<Item = &'a VerifiedPeriod>,
    published_at: Timestamp,
) -> Certification {
    if periods.into_iter().any(|period| period.covers(published_at)) {
        Certification::Certified
    } else {
        Certification::Uncertified
    }
}

/// Nothing to ask for: these streams belong to other services and are only read here.
#[derive(Debug, Clone, Copy)]
pub enum NoCommand {}

/// What the registry's events say of one account.
#[derive(Debug, Clone, Copy)]
pub struct KnownAccount;

/// What is remembered of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownAccountState {
    declared: bool,
    filed: bool,
    closed: bool,
    /// The restrictions that hold, by their ids: each is lifted by itself.
    restrictions: BTreeSet<String>,
}

impl KnownAccountState {
    pub fn standing(&self) -> AccountStanding {
        match self {
            Self { closed: true, .. } => AccountStanding::Closed,
            Self { restrictions, .. } if !restrictions.is_empty() => AccountStanding::Restricted,
            Self { filed: true, .. } => AccountStanding::Filed,
            Self { declared: true, .. } => AccountStanding::Declared,
            Self { .. } => AccountStanding::Unknown,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownAccountEvent {
    Declared,
    /// A declaration that was given up before it was filed.
    Withdrawn,
    Filed,
    Restricted {
        restriction: String,
    },
    Lifted {
        restriction: String,
    },
    Closed,
    Reopened,
    /// Says nothing about how the account stands.
    Other,
}

impl Decider for KnownAccount {
    type State = KnownAccountState;
    type Command = NoCommand;
    type Event = KnownAccountEvent;
    type Refusal = Infallible;

    fn decide(_: &KnownAccountState, command: NoCommand) -> Result<Vec<KnownAccountEvent>, Infallible> {
        match command {}
    }

    fn evolve(mut state: KnownAccountState, event: &KnownAccountEvent) -> KnownAccountState {
        match event {
            KnownAccountEvent::Declared => {
                // An account that was given up may be declared anew.
                state = KnownAccountState { declared: true, ..KnownAccountState::default() };
            }
            KnownAccountEvent::Withdrawn => state.declared = false,
            KnownAccountEvent::Filed => state.filed = true,
            KnownAccountEvent::Restricted { restriction } => {
                state.restrictions.insert(restriction.clone());
            }
            KnownAccountEvent::Lifted { restriction } => {
                state.restrictions.remove(restriction);
            }
            KnownAccountEvent::Closed => state.closed = true,
            KnownAccountEvent::Reopened => state.closed = false,
            KnownAccountEvent::Other => {}
        }
        state
    }
}

/// What the events of credential verification say of one credential.
#[derive(Debug, Clone, Copy)]
pub struct KnownCredential;

/// What is remembered of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum KnownCredentialState {
    /// Not verified, or forged: a forged credential never covered anything.
    #[default]
    Unverified,
    Verified {
        account: AccountId,
        period: VerifiedPeriod,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownCredentialEvent {
    Verified {
        account: AccountId,
        period: VerifiedPeriod,
    },
    /// Expired, revoked or replaced.
    Ended {
        at: Timestamp,
    },
    FoundForged,
    /// Says nothing about when the credential holds.
    Other,
}

impl Decider for KnownCredential {
    type State = KnownCredentialState;
    type Command = NoCommand;
    type Event = KnownCredentialEvent;
    type Refusal = Infallible;

    fn decide(_: &KnownCredentialState, command: NoCommand) -> Result<Vec<KnownCredentialEvent>, Infallible> {
        match command {}
    }

    fn evolve(state: KnownCredentialState, event: &KnownCredentialEvent) -> KnownCredentialState {
        match (state, event) {
            (_, KnownCredentialEvent::Verified { account, period }) => {
                KnownCredentialState::Verified { account: *account, period: *period }
            }
            (KnownCredentialState::Verified { account, period }, KnownCredentialEvent::Ended { at }) => {
                let until = period.until.map_or(*at, |until| until.min(*at));
                KnownCredentialState::Verified { account, period: VerifiedPeriod { until: Some(until), ..period } }
            }
            (_, KnownCredentialEvent::FoundForged) => KnownCredentialState::Unverified,
            (state, KnownCredentialEvent::Ended { .. } | KnownCredentialEvent::Other) => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    /// R33: the moment of publication decides.
    #[test]
    fn certification_is_judged_at_the_moment_of_publication() {
        let periods = [
            VerifiedPeriod { from: at("2025-01-01T00:00:00Z"), until: Some(at("2025-06-01T00:00:00Z")) },
            VerifiedPeriod { from: at("2025-09-01T00:00:00Z"), until: None },
        ];
        for (moment, expected) in [
            ("2024-12-31T23:59:59Z", Certification::Uncertified),
            ("2025-01-01T00:00:00Z", Certification::Certified),
            ("2025-05-31T23:59:59Z", Certification::Certified),
            ("2025-06-01T00:00:00Z", Certification::Uncertified),
            ("2025-08-01T00:00:00Z", Certification::Uncertified),
            ("2030-01-01T00:00:00Z", Certification::Certified),
        ] {
            assert_eq!(certification_at(&periods, at(moment)), expected, "{moment}");
        }
    }

    #[test]
    fn an_account_stands_as_its_latest_events_say() {
        let restricted = |id: &str| KnownAccountEvent::Restricted { restriction: id.into() };
        let lifted = |id: &str| KnownAccountEvent::Lifted { restriction: id.into() };
        let history = [
            (KnownAccountEvent::Other, AccountStanding::Unknown),
            (KnownAccountEvent::Declared, AccountStanding::Declared),
            (KnownAccountEvent::Withdrawn, AccountStanding::Unknown),
            (KnownAccountEvent::Declared, AccountStanding::Declared),
            (KnownAccountEvent::Filed, AccountStanding::Filed),
            (restricted("a"), AccountStanding::Restricted),
            (restricted("b"), AccountStanding::Restricted),
            (lifted("a"), AccountStanding::Restricted),
            (lifted("b"), AccountStanding::Filed),
            (KnownAccountEvent::Closed, AccountStanding::Closed),
            (KnownAccountEvent::Reopened, AccountStanding::Filed),
        ];
        let mut state = KnownAccountState::default();
        for (event, standing) in history {
            state = KnownAccount::evolve(state, &event);
            assert_eq!(state.standing(), standing, "after {event:?}");
        }
    }

    /// domain.md, edge cases: expires mid-case; verified, later found forged.
    #[test]
    fn a_credential_ends_when_it_is_revoked_and_a_forged_one_never_held() {
        let account = AccountId::of("weibo", "u1");
        let from = at("2025-01-01T00:00:00Z");
        let period = |until: &str| VerifiedPeriod { from, until: Some(at(until)) };
        let verified = KnownCredentialEvent::Verified { account, period: period("2026-01-01T00:00:00Z") };
        let ended = |moment: &str| KnownCredentialEvent::Ended { at: at(moment) };
        let fold = |events: &[KnownCredentialEvent]| KnownCredential::fold(events);
        assert_eq!(
            fold(&[verified.clone(), ended("2025-06-01T00:00:00Z")]),
            KnownCredentialState::Verified { account, period: period("2025-06-01T00:00:00Z") }
        );
        assert_eq!(
            fold(&[verified.clone(), ended("2026-06-01T00:00:00Z")]),
            KnownCredentialState::Verified { account, period: period("2026-01-01T00:00:00Z") },
            "what had run out is not made longer by a late note of it"
        );
        assert_eq!(fold(&[verified, KnownCredentialEvent::FoundForged]), KnownCredentialState::Unverified);
        assert_eq!(fold(&[ended("2025-06-01T00:00:00Z")]), KnownCredentialState::Unverified);
    }

    #[test]
    fn an_account_without_credentials_is_not_certified() {
        assert_eq!(certification_at(&[], at("2025-01-01T00:00:00Z")), Certification::Uncertified);
    }
}
