//! States as the messages that replies and rows hold.

use casebook_execution::Head;
use casebook_policy::Pack;
use casebook_proto::credentials::v1 as pb;

use crate::codec::values::*;
use crate::domain::applicant::Account;
use crate::domain::badge::{Badge, BadgeState, DisplayField, missing};
use crate::domain::certificate::Certificate;
use crate::domain::credential::{Application, Badge as Visibility, Ending, Fraud, Stage, Verification};
use crate::domain::headcount::Norm;
use crate::domain::recertification::{RecertificationState, Reminder};

/// How far a credential has come.
pub fn state_of(application: &Application) -> pb::CredentialState {
    match &application.stage {
        Stage::Filed => pb::CredentialState::Filed,
        Stage::Checked => pb::CredentialState::Checked,
        Stage::AwaitingSupplement { .. } => pb::CredentialState::SupplementRequested,
        Stage::Verified(Verification { ending: Ending::Far, .. }) => pb::CredentialState::Verified,
        Stage::Verified(Verification { ending: Ending::Near, .. }) => pb::CredentialState::Expiring,
        Stage::Expired(_) => pb::CredentialState::Expired,
        Stage::Refused { .. } => pb::CredentialState::Refused,
        Stage::Revoked { .. } => pb::CredentialState::Revoked,
        Stage::Superseded { .. } => pb::CredentialState::Superseded,
    }
}

fn fraud_of(application: &Application) -> pb::FraudState {
    match application.fraud {
        Fraud::NeverReported => pb::FraudState::Unspecified,
        Fraud::Reported(_) => pb::FraudState::Reported,
        Fraud::Confirmed { .. } => pb::FraudState::Confirmed,
        Fraud::Unfounded { .. } => pb::FraudState::Unfounded,
    }
}

fn reasons_of(application: &Application) -> String {
    match &application.stage {
        Stage::Refused { reasons, .. } | Stage::Revoked { reasons, .. } => reasons.clone(),
        Stage::Verified(verification) | Stage::Expired(verification) | Stage::Superseded { verification, .. } => {
            verification.reasons.clone()
        }
        Stage::Filed | Stage::Checked | Stage::AwaitingSupplement { .. } => String::new(),
    }
}

/// A credential as replies and lists show it.
pub fn credential_message(application: &Application, head: &Head) -> pb::Credential {
    let applicant = &application.applicant;
    let verification = application.verification();
    let supplement_due = match application.stage {
        Stage::AwaitingSupplement { due } => Some(due),
        _ => None,
    };
    let successor = match application.stage {
        Stage::Superseded { successor, .. } => successor.to_string(),
        _ => String::new(),
    };
    pb::Credential {
        credential_id: application.credential.to_string(),
        etag: head.revision.to_string(),
        create_time: time(head.first_at),
        update_time: time(head.last_at),
        state: state_of(application) as i32,
        account_id: applicant.account.id.to_string(),
        platform: applicant.account.platform.clone(),
        platform_uid: applicant.account.platform_uid.clone(),
        category: category_number(applicant.category),
        profession: applicant.profession.map_or(0, profession_number),
        institution_id: applicant.institution.to_string(),
        institution_name: applicant.institution_name.clone(),
        department: applicant.department.clone(),
        region: applicant.region.code(),
        holder_reference: applicant.holder.clone(),
        certificates: application.certificates.iter().map(certificate_message).collect(),
        consents: application.consent.purposes.iter().map(|purpose| purpose_number(*purpose)).collect(),
        display: display_message(&application.display),
        cohort: cohort_number(applicant.cohort),
        checks: application.checks.iter().flat_map(|checks| &checks.results).map(check_message).collect(),
        supplement_wanted: certificate_numbers(application.supplement.wanted()),
        lookups: application.lookups.iter().map(lookup_message).collect(),
        verified_at: verification.and_then(|verification| time(verification.from)),
        valid_until: verification.and_then(|verification| time(verification.until)),
        reasons: reasons_of(application),
        badge_suspended: verification
            .is_some_and(|verification| matches!(verification.badge, Visibility::Suspended { .. })),
        fraud: fraud_of(application) as i32,
        predecessor_id: application.predecessor.map(|id| id.to_string()).unwrap_or_default(),
        successor_id: successor,
        display_missing: missing(application).into_iter().map(display_field_number).collect(),
        supplement_due_at: supplement_due.and_then(|due| time(due.at)),
        supplement_due_provisional: supplement_due.is_some_and(|due| due.provisional),
    }
}

fn certificate_message(certificate: &Certificate) -> pb::Certificate {
    pb::Certificate {
        certificate_type: certificate_number(certificate.kind),
        number_last_four: certificate.number_last_four.clone(),
        issuing_authority: certificate.issuing_authority.clone(),
        issuing_department: certificate.issuing_department.clone(),
        holder_department: certificate.holder_department.clone(),
        valid_from: certificate.valid_from.to_string(),
        valid_until: day_text(certificate.valid_until),
        document_sha256: certificate.document_sha256.clone(),
        professional_scope: certificate.professional_scope.clone(),
    }
}

fn display_field_number(field: DisplayField) -> i32 {
    let field = match field {
        DisplayField::Certificates => pb::DisplayField::Certificates,
        DisplayField::ProfessionalScope => pb::DisplayField::ProfessionalScope,
        DisplayField::Institution => pb::DisplayField::Institution,
        DisplayField::Department => pb::DisplayField::Department,
        DisplayField::EmploymentStatus => pb::DisplayField::EmploymentStatus,
        DisplayField::Mcn => pb::DisplayField::Mcn,
        DisplayField::Background => pb::DisplayField::Background,
    };
    field as i32
}

/// The badge of an account, with the Chinese names of certificates as the pack has them.
pub fn badge_message(account: &Account, badge: Badge, pack: &Pack) -> pb::Badge {
    let state = match badge.state {
        BadgeState::NotVerified => pb::BadgeState::NotVerified,
        BadgeState::Verified => pb::BadgeState::Verified,
        BadgeState::Suspended => pb::BadgeState::Suspended,
        BadgeState::Expired => pb::BadgeState::Expired,
        BadgeState::Revoked => pb::BadgeState::Revoked,
    };
    let bare = pb::Badge {
        account_id: account.id.to_string(),
        platform: account.platform.clone(),
        platform_uid: account.platform_uid.clone(),
        state: state as i32,
        verified_since: badge.verified_since.and_then(time),
        valid_until: badge.valid_until.and_then(time),
        ..pb::Badge::default()
    };
    let Some(content) = badge.content else { return bare };
    let (mcn_affiliation, mcn_name) = mcn_message(&content.display.mcn);
    let name = |kind| {
        pack.certificate(kind).map_or_else(|| String::from(kind.as_str()), |certificate| certificate.name.zh.clone())
    };
    pb::Badge {
        certificate_names: content.certificates.into_iter().map(name).collect(),
        professional_scopes: content.professional_scopes,
        institution_name: content.institution_name,
        department: content.department,
        employment_status: employment_number(content.display.employment),
        mcn_affiliation,
        mcn_name,
        background: content.display.background,
        complete: content.missing.is_empty(),
        missing: content.missing.into_iter().map(display_field_number).collect(),
        ..bare
    }
}

/// How a notice stands.
pub fn notice_state_of(state: &RecertificationState) -> pb::RecertificationState {
    match state {
        RecertificationState::Absent => pb::RecertificationState::Unspecified,
        RecertificationState::Running { .. } => pb::RecertificationState::Running,
        RecertificationState::Lapsed { .. } => pb::RecertificationState::Lapsed,
        RecertificationState::Fulfilled { .. } => pb::RecertificationState::Fulfilled,
    }
}

/// The latest notice of an account, if there is one.
pub fn recertification_message(state: &RecertificationState, head: &Head) -> Option<pb::Recertification> {
    let (RecertificationState::Running { notice, due, .. }
    | RecertificationState::Lapsed { notice, due, .. }
    | RecertificationState::Fulfilled { notice, due, .. }) = state
    else {
        return None;
    };
    let mut message = pb::Recertification {
        account_id: notice.account.id.to_string(),
        etag: head.revision.to_string(),
        create_time: time(head.first_at),
        update_time: time(head.last_at),
        state: notice_state_of(state) as i32,
        platform: notice.account.platform.clone(),
        platform_uid: notice.account.platform_uid.clone(),
        served_at: time(notice.served_at),
        due_at: time(due.at),
        due_provisional: due.provisional,
        ..pb::Recertification::default()
    };
    match state {
        RecertificationState::Running { reminder: Reminder::Sent { at }, .. } => message.reminded_at = time(*at),
        RecertificationState::Lapsed { at, .. } => message.lapsed_at = time(*at),
        RecertificationState::Fulfilled { credential, .. } => message.credential_id = credential.to_string(),
        RecertificationState::Running { .. } | RecertificationState::Absent => {}
    }
    Some(message)
}

/// The norm of a department, and how many are verified.
pub fn headcount_message(norm: &Norm, head: Option<&Head>, verified: u32) -> pb::DepartmentHeadcount {
    pb::DepartmentHeadcount {
        institution_id: norm.institution.to_string(),
        department: norm.department.clone(),
        normal: norm.normal,
        margin_percent: norm.margin_percent,
        verified,
        etag: head.map(|head| head.revision.to_string()).unwrap_or_default(),
        create_time: head.and_then(|head| time(head.first_at)),
        update_time: head.and_then(|head| time(head.last_at)),
    }
}
