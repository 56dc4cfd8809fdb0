//! What the public may see of an account's credential (S1 §2; R36-R38). No part of a certificate's number is in it.

use casebook_kernel::Timestamp;
use casebook_kernel::certificate::CertificateType;

use super::applicant::{Display, Employment, Mcn};
use super::credential::{Application, Badge as Visibility, Stage, Verification};

/// A field that S1 §2 wants displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisplayField {
    Certificates,
    ProfessionalScope,
    Institution,
    Department,
    EmploymentStatus,
    Mcn,
    Background,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BadgeState {
    NotVerified,
    Verified,
    Suspended,
    Expired,
    Revoked,
}

/// The badge of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    pub state: BadgeState,
    pub verified_since: Option<Timestamp>,
    /// Exclusive.
    pub valid_until: Option<Timestamp>,
    /// Shown only while verified.
    pub content: Option<Content>,
}

/// What a verified account's page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub certificates: Vec<CertificateType>,
    pub professional_scopes: Vec<String>,
    pub institution_name: String,
    pub department: String,
    pub display: Display,
    /// What is not there and must be (R37).
    pub missing: Vec<DisplayField>,
}

impl Badge {
    pub const NOT_VERIFIED: Self =
        Self { state: BadgeState::NotVerified, verified_since: None, valid_until: None, content: None };

    /// The badge that one credential gives as of `now`. What is past its end is not shown as verified, also in the
    /// moment before its timer has run.
    pub fn of(application: &Application, now: Timestamp) -> Self {
        let with = |state, verification: &Verification, content| Self {
            state,
            verified_since: Some(verification.from),
            valid_until: Some(verification.until),
            content,
        };
        match &application.stage {
            Stage::Verified(verification) if verification.until <= now => with(BadgeState::Expired, verification, None),
            Stage::Verified(verification) => match verification.badge {
                Visibility::Shown => with(BadgeState::Verified, verification, Some(content(application))),
                Visibility::Suspended { .. } => with(BadgeState::Suspended, verification, None),
            },
            Stage::Expired(verification) => with(BadgeState::Expired, verification, None),
            Stage::Revoked { verification, .. } => with(BadgeState::Revoked, verification, None),
            // Its successor speaks for the account.
            Stage::Superseded { .. }
            | Stage::Filed
            | Stage::Checked
            | Stage::AwaitingSupplement { .. }
            | Stage::Refused { .. } => Self::NOT_VERIFIED,
        }
    }

    /// The badge of an account that has several credentials: the one that says most, and of equals the latest.
    pub fn of_account<'a>(applications: impl IntoIterator<Item = &'a Application>, now: Timestamp) -> Self {
        let rank = |state| match state {
            BadgeState::NotVerified => 0,
            BadgeState::Expired => 1,
            BadgeState::Revoked => 2,
            BadgeState::Suspended => 3,
            BadgeState::Verified => 4,
        };
        applications
            .into_iter()
            .map(|application| Self::of(application, now))
            .max_by_key(|badge| (rank(badge.state), badge.verified_since))
            .unwrap_or(Self::NOT_VERIFIED)
    }
}

fn content(application: &Application) -> Content {
    Content {
        certificates: application.certificates.iter().map(|certificate| certificate.kind).collect(),
        professional_scopes: super::credential::professional_scopes(application),
        institution_name: application.applicant.institution_name.clone(),
        department: application.applicant.department.clone(),
        display: application.display.clone(),
        missing: missing(application),
    }
}

/// What the badge lacks of what must be displayed (R37).
pub fn missing(application: &Application) -> Vec<DisplayField> {
    let blank = |text: &str| text.trim().is_empty();
    let display = &application.display;
    let lacks = [
        (DisplayField::Certificates, application.certificates.is_empty()),
        (DisplayField::ProfessionalScope, super::credential::professional_scopes(application).is_empty()),
        (DisplayField::Institution, blank(&application.applicant.institution_name)),
        (DisplayField::Department, blank(&application.applicant.department)),
        (DisplayField::EmploymentStatus, display.employment == Employment::Unknown),
        (
            DisplayField::Mcn,
            matches!(&display.mcn, Mcn::Unknown) || matches!(&display.mcn, Mcn::Signed(name) if blank(name)),
        ),
        (DisplayField::Background, blank(&display.background)),
    ];
    lacks.into_iter().filter(|(_, lacks)| *lacks).map(|(field, _)| field).collect()
}
