//! What review knows of accounts, gathered from the events of the registry and of credential verification.

use casebook_kernel::Timestamp;

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
    fn an_account_without_credentials_is_not_certified() {
        assert_eq!(certification_at(&[], at("2025-01-01T00:00:00Z")), Certification::Uncertified);
    }
}
