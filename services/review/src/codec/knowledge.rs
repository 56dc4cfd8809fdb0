//! What other services' events mean here. These streams are read and never written.

use casebook_execution::{Aggregate, DecodeError, Stored};
use casebook_proto::{accounts, credentials};

use super::values::{optional_time, text, time};
use super::{Unreadable, read};
use crate::domain::standing::{KnownAccount, KnownAccountEvent, KnownCredential, KnownCredentialEvent, VerifiedPeriod};

/// The stored form of an event that nobody writes: no command of these aggregates exists.
const NEVER_WRITTEN: Stored = Stored { event_type: "", json: Vec::new() };

impl Aggregate for KnownAccount {
    const CATEGORY: &'static str = "account";

    fn encode(_: &KnownAccountEvent) -> Stored {
        NEVER_WRITTEN
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<KnownAccountEvent, DecodeError> {
        use accounts::v1::{AccountRestricted, RestrictionLifted};
        Ok(match event_type {
            "casebook.accounts.v1.AccountDeclared" => KnownAccountEvent::Declared,
            "casebook.accounts.v1.DeclarationWithdrawn" => KnownAccountEvent::Withdrawn,
            "casebook.accounts.v1.AccountFiled" => KnownAccountEvent::Filed,
            "casebook.accounts.v1.AccountRestricted" => read(event_type, json, |message: AccountRestricted| {
                Ok(KnownAccountEvent::Restricted { restriction: message.restriction_id })
            })?,
            "casebook.accounts.v1.RestrictionLifted" => read(event_type, json, |message: RestrictionLifted| {
                Ok(KnownAccountEvent::Lifted { restriction: message.restriction_id })
            })?,
            "casebook.accounts.v1.AccountClosed" | "casebook.accounts.v1.AccountDeregistered" => {
                KnownAccountEvent::Closed
            }
            "casebook.accounts.v1.AccountReopened" => KnownAccountEvent::Reopened,
            _ => KnownAccountEvent::Other,
        })
    }
}

impl Aggregate for KnownCredential {
    const CATEGORY: &'static str = "credential";

    fn encode(_: &KnownCredentialEvent) -> Stored {
        NEVER_WRITTEN
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<KnownCredentialEvent, DecodeError> {
        use credentials::v1::{
            CredentialExpired, CredentialRevoked, CredentialSuperseded, CredentialVerified, FraudConcluded, FraudState,
        };
        let ended = |at| Ok(KnownCredentialEvent::Ended { at });
        match event_type {
            "casebook.credentials.v1.CredentialVerified" => read(event_type, json, |message: CredentialVerified| {
                Ok(KnownCredentialEvent::Verified {
                    account: text("account_id", &message.account_id)?,
                    period: VerifiedPeriod {
                        from: time("valid_from", message.valid_from)?,
                        until: optional_time("valid_until", message.valid_until)?,
                    },
                })
            }),
            "casebook.credentials.v1.CredentialExpired" => {
                read(event_type, json, |message: CredentialExpired| ended(time("expired_at", message.expired_at)?))
            }
            "casebook.credentials.v1.CredentialRevoked" => {
                read(event_type, json, |message: CredentialRevoked| ended(time("revoked_at", message.revoked_at)?))
            }
            "casebook.credentials.v1.CredentialSuperseded" => {
                read(event_type, json, |message: CredentialSuperseded| {
                    ended(time("superseded_at", message.superseded_at)?)
                })
            }
            "casebook.credentials.v1.FraudConcluded" => read(event_type, json, |message: FraudConcluded| {
                let outcome = FraudState::try_from(message.outcome)
                    .map_err(|_| Unreadable::new("outcome", "is none of its values"))?;
                Ok(if outcome == FraudState::Confirmed {
                    KnownCredentialEvent::FoundForged
                } else {
                    KnownCredentialEvent::Other
                })
            }),
            _ => Ok(KnownCredentialEvent::Other),
        }
    }
}
