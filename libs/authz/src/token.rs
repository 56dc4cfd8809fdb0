//! Tokens: made by whoever has the signing key, verified by everybody.

use std::str::FromStr as _;

use casebook_kernel::region::Region;
use casebook_kernel::{Actor, AgencyKind, Timestamp};
use casebook_proto::common::v1::Role;
use chrono::TimeDelta;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::principal::Principal;

const ISSUER: &str = "casebook";
/// The longest a token may be valid.
pub const VALIDITY_MAX: TimeDelta = TimeDelta::days(400);
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the token is not one of ours: {0}")]
    Invalid(String),
    #[error("the token is no longer valid")]
    Expired,
    #[error("the token names {0}")]
    Claim(String),
    #[error("the signing key is damaged: {0}")]
    Key(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    /// The officer by a pseudonymous id, or the name of a system.
    sub: String,
    agency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agency_kind: Option<String>,
    region: String,
    roles: Vec<String>,
    iat: i64,
    exp: i64,
}

/// The private half: mints tokens.
#[derive(Clone)]
pub struct TokenKey {
    signing: SigningKey,
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(private)")
    }
}

impl TokenKey {
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self { signing: SigningKey::from_bytes(bytes) }
    }

    /// A token for `principal` from `now` on.
    pub fn mint(&self, principal: &Principal, now: Timestamp, validity: TimeDelta) -> Result<String, TokenError> {
        bound(principal)?;
        let der = self.signing.to_pkcs8_der().map_err(|error| TokenError::Key(error.to_string()))?;
        let claims = Claims {
            iss: ISSUER.into(),
            sub: principal.actor.officer.to_string(),
            agency: principal.actor.agency.to_string(),
            agency_kind: principal.actor.agency_kind.map(|kind| kind.as_str().to_owned()),
            region: principal.actor.region.code(),
            roles: principal.roles.iter().map(|role| role.token_name()).collect(),
            iat: now.timestamp(),
            exp: (now + validity.min(VALIDITY_MAX)).timestamp(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &EncodingKey::from_ed_der(der.as_bytes()))
            .map_err(|error| TokenError::Key(error.to_string()))
    }

    pub fn verifier(&self) -> TokenVerifier {
        TokenVerifier { key: DecodingKey::from_ed_der(self.signing.verifying_key().as_bytes()) }
    }
}

/// The public half: tells whose token it is.
#[derive(Clone)]
pub struct TokenVerifier {
    key: DecodingKey,
}

impl std::fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenVerifier")
    }
}

impl TokenVerifier {
    /// The principal of a token and the moment it ends.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<(Principal, Timestamp), TokenError> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        // The service's own clock decides below, so that a test or a demonstration can turn it.
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &validation)
            .map_err(|error| TokenError::Invalid(error.to_string()))?
            .claims;
        let ends = chrono::DateTime::from_timestamp(claims.exp, 0).ok_or_else(|| TokenError::Claim("no end".into()))?;
        if now > ends + CLOCK_SKEW {
            return Err(TokenError::Expired);
        }
        if claims.iat > (now + CLOCK_SKEW).timestamp() {
            return Err(TokenError::Claim("a time of issue that has not come".into()));
        }
        if claims.exp.saturating_sub(claims.iat) > VALIDITY_MAX.num_seconds() {
            return Err(TokenError::Claim(format!("more than {} days", VALIDITY_MAX.num_days())));
        }
        Ok((principal(claims)?, ends))
    }
}

fn principal(claims: Claims) -> Result<Principal, TokenError> {
    let agency_kind = claims.agency_kind.as_deref().map(AgencyKind::from_str).transpose().map_err(TokenError::Claim)?;
    let roles = claims
        .roles
        .iter()
        .map(|name| Role::from_token_name(name).ok_or_else(|| TokenError::Claim(format!("an unknown role `{name}`"))))
        .collect::<Result<_, _>>()?;
    let principal = Principal {
        actor: Actor {
            agency: claims.agency.parse().map_err(TokenError::Claim)?,
            officer: claims.sub.parse().map_err(TokenError::Claim)?,
            agency_kind,
            region: Region::from_str(&claims.region).map_err(TokenError::Claim)?,
        },
        roles,
    };
    bound(&principal)?;
    Ok(principal)
}

/// Every role of the principal says for whom it acts.
fn bound(principal: &Principal) -> Result<(), TokenError> {
    match principal.unbound_role().map(|role| role.token_name()) {
        None => Ok(()),
        Some(role) => Err(TokenError::Claim(format!(
            "the role {role} and the agency {}, which is not named {}",
            principal.actor.agency,
            if role == "subject" { "subject-{account_id}".to_owned() } else { format!("{role}-{{id}}") }
        ))),
    }
}

#[cfg(test)]
mod tests {
    use casebook_kernel::AgencyKind;

    use super::*;

    fn officer() -> Principal {
        Principal {
            actor: Actor {
                agency: "cac-310000".parse().unwrap(),
                officer: "officer-7".parse().unwrap(),
                agency_kind: Some(AgencyKind::Cyberspace),
                region: "310000".parse().unwrap(),
            },
            roles: vec![Role::CaseOfficer, Role::Reviewer],
        }
    }

    fn now() -> Timestamp {
        "2026-03-02T01:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_gives_its_principal_back() {
        let key = TokenKey::from_bytes(&[7; 32]);
        let token = key.mint(&officer(), now(), TimeDelta::hours(8)).unwrap();
        let (principal, ends) = key.verifier().verify(&token, now()).unwrap();
        assert_eq!(principal, officer());
        assert_eq!(ends, now() + TimeDelta::hours(8));
    }

    /// A role without its name is refused where a token is made and where it is looked at, whoever signed it.
    #[test]
    fn a_role_without_its_name_is_none() {
        let key = TokenKey::from_bytes(&[7; 32]);
        let mut unbound = officer();
        unbound.roles.push(Role::Institution);
        assert!(matches!(key.mint(&unbound, now(), TimeDelta::hours(8)), Err(TokenError::Claim(_))));
        let claims = Claims {
            iss: ISSUER.into(),
            sub: "officer-7".into(),
            agency: "hospital-1".into(),
            agency_kind: None,
            region: "310000".into(),
            roles: vec![Role::Institution.token_name()],
            iat: now().timestamp(),
            exp: (now() + TimeDelta::hours(8)).timestamp(),
        };
        let der = key.signing.to_pkcs8_der().unwrap();
        let encoding = EncodingKey::from_ed_der(der.as_bytes());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &encoding).unwrap();
        assert!(matches!(key.verifier().verify(&token, now()), Err(TokenError::Claim(_))));
    }

    #[test]
    fn a_token_ends() {
        let key = TokenKey::from_bytes(&[7; 32]);
        let token = key.mint(&officer(), now(), TimeDelta::hours(8)).unwrap();
        assert_eq!(key.verifier().verify(&token, now() + TimeDelta::hours(9)), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_of_another_key_or_with_a_changed_letter_is_none() {
        let token = TokenKey::from_bytes(&[7; 32]).mint(&officer(), now(), TimeDelta::hours(8)).unwrap();
        let other = TokenKey::from_bytes(&[8; 32]).verifier();
        assert!(matches!(other.verify(&token, now()), Err(TokenError::Invalid(_))));
        for place in [5, token.len() / 2, token.len() - 5] {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(TokenKey::from_bytes(&[7; 32]).verifier().verify(&changed, now()).is_err(), "{place}");
        }
    }
}
