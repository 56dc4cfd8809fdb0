//! What the events of a credential amount to.

use casebook_kernel::Timestamp;
use casebook_kernel::certificate::CertificateType;
use casebook_kernel::ids::CredentialId;

use super::command::FraudOutcome;
use super::event::{CredentialEvent, Filed, FraudReported, Verified};
use crate::domain::applicant::{Applicant, Consent, Display, Signatory};
use crate::domain::certificate::{Certificate, merge};
use crate::domain::checks::Checks;
use crate::domain::due::Due;
use crate::domain::registry::{Lookup, take_in};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CredentialState {
    #[default]
    Absent,
    Filed(Box<Application>),
}

impl CredentialState {
    pub fn application(&self) -> Option<&Application> {
        match self {
            Self::Absent => None,
            Self::Filed(application) => Some(application),
        }
    }
}

/// An application and everything that has come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    pub credential: CredentialId,
    pub applicant: Applicant,
    pub certificates: Vec<Certificate>,
    pub consent: Consent,
    pub display: Display,
    pub filed_by: Signatory,
    pub filed_at: Timestamp,
    pub predecessor: Option<CredentialId>,
    /// The last run, if the papers have not changed since.
    pub checks: Option<Checks>,
    pub supplement: Supplement,
    pub lookups: Vec<Lookup>,
    pub fraud: Fraud,
    pub stage: Stage,
}

/// How far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    Filed,
    Checked,
    AwaitingSupplement {
        due: Due,
    },
    Verified(Verification),
    Expired(Verification),
    Refused {
        reasons: String,
        at: Timestamp,
    },
    /// `verification` is what was revoked.
    Revoked {
        reasons: String,
        at: Timestamp,
        verification: Verification,
    },
    Superseded {
        successor: CredentialId,
        at: Timestamp,
        verification: Verification,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    pub from: Timestamp,
    /// Exclusive.
    pub until: Timestamp,
    pub remind_at: Timestamp,
    pub ending: Ending,
    pub badge: Badge,
    pub reasons: String,
}

/// Whether the end of a verification is near.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Far,
    /// The reminder has been sent.
    Near,
}

/// Whether the public sees the badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Badge {
    Shown,
    Suspended {
        reasons: String,
        since: Timestamp,
        /// When it ends by itself.
        until: Option<Timestamp>,
    },
}

/// A supplement may be asked for once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supplement {
    NotAsked,
    Asked { wanted: Vec<CertificateType>, at: Timestamp },
    Answered { wanted: Vec<CertificateType> },
    Lapsed { wanted: Vec<CertificateType> },
}

impl Supplement {
    /// What was asked for.
    pub fn wanted(&self) -> &[CertificateType] {
        match self {
            Self::NotAsked => &[],
            Self::Asked { wanted, .. } | Self::Answered { wanted } | Self::Lapsed { wanted } => wanted,
        }
    }
}

/// How a report of fraud stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fraud {
    NeverReported,
    Reported(FraudReported),
    Confirmed { at: Timestamp },
    Unfounded { at: Timestamp },
}

pub(super) fn evolve(state: CredentialState, event: &CredentialEvent) -> CredentialState {
    match (state, event) {
        (CredentialState::Absent, CredentialEvent::Filed(filed)) => {
            CredentialState::Filed(Box::new(filed_application(filed)))
        }
        (CredentialState::Absent, _) => CredentialState::Absent,
        (CredentialState::Filed(mut application), event) => {
            application.take_in(event);
            CredentialState::Filed(application)
        }
    }
}

fn filed_application(filed: &Filed) -> Application {
    Application {
        credential: filed.credential,
        applicant: filed.applicant.clone(),
        certificates: filed.certificates.clone(),
        consent: filed.consent.clone(),
        display: filed.display.clone(),
        filed_by: filed.filed_by.clone(),
        filed_at: filed.at,
        predecessor: filed.predecessor,
        checks: None,
        supplement: Supplement::NotAsked,
        lookups: Vec::new(),
        fraud: Fraud::NeverReported,
        stage: Stage::Filed,
    }
}

fn verification(verified: &Verified) -> Verification {
    Verification {
        from: verified.from,
        until: verified.until,
        remind_at: verified.remind_at,
        ending: Ending::Far,
        badge: Badge::Shown,
        reasons: verified.reasons.clone(),
    }
}

impl Application {
    /// The verification it has or had.
    pub fn verification(&self) -> Option<&Verification> {
        match &self.stage {
            Stage::Filed | Stage::Checked | Stage::AwaitingSupplement { .. } | Stage::Refused { .. } => None,
            Stage::Verified(verification)
            | Stage::Expired(verification)
            | Stage::Revoked { verification, .. }
            | Stage::Superseded { verification, .. } => Some(verification),
        }
    }

    /// The verification has not been concluded.
    pub fn is_open(&self) -> bool {
        match self.stage {
            Stage::Filed | Stage::Checked | Stage::AwaitingSupplement { .. } => true,
            Stage::Verified(_)
            | Stage::Expired(_)
            | Stage::Refused { .. }
            | Stage::Revoked { .. }
            | Stage::Superseded { .. } => false,
        }
    }

    pub fn has(&self, kind: CertificateType) -> bool {
        self.certificates.iter().any(|certificate| certificate.kind == kind)
    }

    fn take_in(&mut self, event: &CredentialEvent) {
        match event {
            // A stream begins once.
            CredentialEvent::Filed(_) => {}
            // What belongs to a verification that is being decided fits no other.
            CredentialEvent::ChecksRun(_)
            | CredentialEvent::RegistryLookedUp(_)
            | CredentialEvent::Verified(_)
            | CredentialEvent::Refused { .. }
            | CredentialEvent::SupplementRequested { .. }
            | CredentialEvent::SupplementDueMoved { .. }
            | CredentialEvent::SupplementLapsed { .. }
            | CredentialEvent::SupplementSubmitted { .. }
                if !self.is_open() => {}
            CredentialEvent::ChecksRun(checks) => {
                self.checks = Some(checks.clone());
                if self.stage == Stage::Filed {
                    self.stage = Stage::Checked;
                }
            }
            CredentialEvent::RegistryLookedUp(lookup) => take_in(&mut self.lookups, lookup),
            CredentialEvent::DisplayAmended { display, .. } => self.display = display.clone(),
            CredentialEvent::Verified(verified) => self.stage = Stage::Verified(verification(verified)),
            CredentialEvent::Refused { reasons, at, .. } => {
                self.stage = Stage::Refused { reasons: reasons.clone(), at: *at }
            }
            CredentialEvent::SupplementRequested { .. }
            | CredentialEvent::SupplementDueMoved { .. }
            | CredentialEvent::SupplementLapsed { .. }
            | CredentialEvent::SupplementSubmitted { .. } => self.take_in_supplement(event),
            CredentialEvent::FraudReported(report) => self.fraud = Fraud::Reported(report.clone()),
            CredentialEvent::FraudConcluded(concluded) => {
                self.fraud = match concluded.outcome {
                    FraudOutcome::Confirmed => Fraud::Confirmed { at: concluded.at },
                    FraudOutcome::Unfounded => Fraud::Unfounded { at: concluded.at },
                }
            }
            CredentialEvent::Expiring { .. }
            | CredentialEvent::Expired { .. }
            | CredentialEvent::Revoked { .. }
            | CredentialEvent::Superseded { .. }
            | CredentialEvent::BadgeSuspended { .. }
            | CredentialEvent::BadgeRestored { .. } => self.take_in_verified(event),
        }
    }

    fn take_in_supplement(&mut self, event: &CredentialEvent) {
        let wanted = self.supplement.wanted().to_vec();
        match event {
            CredentialEvent::SupplementRequested { wanted, due, at, .. } => {
                self.supplement = Supplement::Asked { wanted: wanted.clone(), at: *at };
                self.stage = Stage::AwaitingSupplement { due: *due };
            }
            CredentialEvent::SupplementDueMoved { due, .. } => self.stage = Stage::AwaitingSupplement { due: *due },
            CredentialEvent::SupplementLapsed { .. } => {
                self.supplement = Supplement::Lapsed { wanted };
                // The papers are as they were checked.
                self.stage = Stage::Checked;
            }
            CredentialEvent::SupplementSubmitted { certificates, .. } => {
                self.certificates = merge(&self.certificates, certificates);
                // A registry's word was on the certificate that has been replaced.
                self.lookups.retain(|lookup| certificates.iter().all(|new| new.kind != lookup.certificate));
                self.supplement = Supplement::Answered { wanted };
                self.checks = None;
                self.stage = Stage::Filed;
            }
            _ => {}
        }
    }

    /// What happens to a credential that is or was verified.
    fn take_in_verified(&mut self, event: &CredentialEvent) {
        let stage = std::mem::replace(&mut self.stage, Stage::Filed);
        self.stage = match (stage, event) {
            (Stage::Verified(verification), CredentialEvent::Expiring { .. }) => {
                Stage::Verified(Verification { ending: Ending::Near, ..verification })
            }
            (Stage::Verified(verification), CredentialEvent::Expired { .. }) => Stage::Expired(verification),
            (
                Stage::Verified(verification) | Stage::Expired(verification),
                CredentialEvent::Revoked { reasons, at, .. },
            ) => Stage::Revoked { reasons: reasons.clone(), at: *at, verification },
            (
                Stage::Verified(verification) | Stage::Expired(verification),
                CredentialEvent::Superseded { successor, at, .. },
            ) => Stage::Superseded { successor: *successor, at: *at, verification },
            (Stage::Verified(verification), CredentialEvent::BadgeSuspended { reasons, until, at, .. }) => {
                let badge = Badge::Suspended { reasons: reasons.clone(), since: *at, until: *until };
                Stage::Verified(Verification { badge, ..verification })
            }
            (Stage::Verified(verification), CredentialEvent::BadgeRestored { .. }) => {
                Stage::Verified(Verification { badge: Badge::Shown, ..verification })
            }
            (stage, _) => stage,
        };
    }
}
