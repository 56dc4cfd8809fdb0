//! The stored form of a credential's events.

use casebook_execution::{Aggregate, DecodeError, Stored};
use casebook_kernel::ids::CredentialId;
use casebook_proto::credentials::v1 as pb;

use super::values::*;
use super::{PACKAGE, Reading, message, read};
use crate::domain::applicant::Applicant;
use crate::domain::checks::Checks;
use crate::domain::credential::{
    Credential, CredentialEvent as Event, Filed, FraudConcluded, FraudReported, Verified, VerifiedApplicant,
};
use crate::domain::due::Due;

impl Aggregate for Credential {
    const CATEGORY: &'static str = CredentialId::CATEGORY;

    fn encode(event: &Event) -> Stored {
        encode(event)
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<Event, DecodeError> {
        match event_type.strip_prefix(PACKAGE) {
            Some("CredentialFiled") => read(event_type, json, filed),
            Some("ChecksRun") => read(event_type, json, checks_run),
            Some("SupplementRequested") => read(event_type, json, supplement_requested),
            Some("SupplementDueMoved") => read(event_type, json, supplement_due_moved),
            Some("SupplementLapsed") => read(event_type, json, supplement_lapsed),
            Some("SupplementSubmitted") => read(event_type, json, supplement_submitted),
            Some("RegistryLookedUp") => read(event_type, json, looked_up),
            Some("CredentialVerified") => read(event_type, json, verified),
            Some("CredentialRefused") => read(event_type, json, refused),
            Some("CredentialExpiring") => read(event_type, json, expiring),
            Some("CredentialExpired") => read(event_type, json, expired),
            Some("CredentialRevoked") => read(event_type, json, revoked),
            Some("CredentialSuperseded") => read(event_type, json, superseded),
            Some("BadgeSuspended") => read(event_type, json, badge_suspended),
            Some("BadgeRestored") => read(event_type, json, badge_restored),
            Some("DisplayAmended") => read(event_type, json, display_amended),
            Some("FraudReported") => read(event_type, json, fraud_reported),
            Some("FraudConcluded") => read(event_type, json, fraud_concluded),
            _ => Err(DecodeError::new(event_type, "it is none of a credential's")),
        }
    }
}

/// One arm an event, and no arm for the rest: a new event does not compile before it has a stored form.
fn encode(event: &Event) -> Stored {
    match event {
        Event::Filed(filed) => encode_filed(filed),
        Event::ChecksRun(checks) => message!(ChecksRun {
            results: checks.results.iter().map(check_message).collect(),
            required_types: certificate_numbers(&checks.required),
            required_reason: checks.required_reason.clone(),
            run_at: time(checks.run_at),
        }),
        Event::SupplementRequested { wanted, reasons, due, at } => message!(SupplementRequested {
            wanted: certificate_numbers(wanted),
            reasons: reasons.clone(),
            requested_at: time(*at),
            due_at: time(due.at),
            due_provisional: due.provisional,
        }),
        Event::SupplementDueMoved { due, at } => {
            message!(SupplementDueMoved { due_at: time(due.at), due_provisional: due.provisional, moved_at: time(*at) })
        }
        Event::SupplementLapsed { due_at, at } => {
            message!(SupplementLapsed { due_at: time(*due_at), lapsed_at: time(*at) })
        }
        Event::SupplementSubmitted { certificates, at } => message!(SupplementSubmitted {
            certificates: certificates.iter().map(record_message).collect(),
            submitted_at: time(*at),
        }),
        Event::RegistryLookedUp(lookup) => message!(RegistryLookedUp { lookup: Some(lookup_message(lookup)) }),
        Event::DisplayAmended { display, at } => {
            message!(DisplayAmended { display: display_message(display), amended_at: time(*at) })
        }
        Event::Verified(verified) => encode_verified(verified),
        Event::Refused { .. }
        | Event::Expiring { .. }
        | Event::Expired { .. }
        | Event::Revoked { .. }
        | Event::Superseded { .. }
        | Event::BadgeSuspended { .. }
        | Event::BadgeRestored { .. } => encode_ending(event),
        Event::FraudReported(report) => encode_report(report),
        Event::FraudConcluded(concluded) => encode_fraud(concluded),
    }
}

fn encode_filed(filed: &Filed) -> Stored {
    let applicant = &filed.applicant;
    message!(CredentialFiled {
        credential_id: filed.credential.to_string(),
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
        certificates: filed.certificates.iter().map(record_message).collect(),
        consent: consent_message(&filed.consent),
        display: display_message(&filed.display),
        cohort: cohort_number(applicant.cohort),
        filed_by: signatory_message(&filed.filed_by),
        predecessor_id: id_text(filed.predecessor),
        filed_at: time(filed.at),
    })
}

fn id_text(id: Option<CredentialId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn encode_verified(verified: &Verified) -> Stored {
    let applicant = &verified.applicant;
    message!(CredentialVerified {
        credential_id: verified.credential.to_string(),
        account_id: applicant.account.id.to_string(),
        platform: applicant.account.platform.clone(),
        platform_uid: applicant.account.platform_uid.clone(),
        valid_from: time(verified.from),
        valid_until: time(verified.until),
        remind_at: time(verified.remind_at),
        category: category_number(applicant.category),
        profession: applicant.profession.map_or(0, profession_number),
        institution_id: applicant.institution.to_string(),
        department: applicant.department.clone(),
        professional_scopes: verified.professional_scopes.clone(),
        concluded_by: signatory_message(&verified.concluded_by),
        reasons: verified.reasons.clone(),
        mismatch_explanation: verified.mismatch_explanation.clone(),
        predecessor_id: id_text(verified.predecessor),
    })
}

/// How a credential ends, or its badge goes and comes.
fn encode_ending(event: &Event) -> Stored {
    match event {
        Event::Refused { credential, account, reasons, by, at } => message!(CredentialRefused {
            credential_id: credential.to_string(),
            account_id: account.id.to_string(),
            platform: account.platform.clone(),
            platform_uid: account.platform_uid.clone(),
            reasons: reasons.clone(),
            concluded_by: signatory_message(by),
            refused_at: time(*at),
        }),
        Event::Revoked { credential, account, reasons, by, at } => message!(CredentialRevoked {
            credential_id: credential.to_string(),
            account_id: account.id.to_string(),
            platform: account.platform.clone(),
            platform_uid: account.platform_uid.clone(),
            reasons: reasons.clone(),
            revoked_by: signatory_message(by),
            revoked_at: time(*at),
        }),
        Event::Expiring { credential, account, until } => message!(CredentialExpiring {
            credential_id: credential.to_string(),
            account_id: account.id.to_string(),
            platform: account.platform.clone(),
            platform_uid: account.platform_uid.clone(),
            valid_until: time(*until),
        }),
        Event::Expired { credential, account, at } => message!(CredentialExpired {
            credential_id: credential.to_string(),
            account_id: account.id.to_string(),
            platform: account.platform.clone(),
            platform_uid: account.platform_uid.clone(),
            expired_at: time(*at),
        }),
        Event::Superseded { credential, account, successor, at } => message!(CredentialSuperseded {
            credential_id: credential.to_string(),
            account_id: account.to_string(),
            successor_id: successor.to_string(),
            superseded_at: time(*at),
        }),
        Event::BadgeSuspended { account, reasons, until, at } => message!(BadgeSuspended {
            account_id: account.to_string(),
            reasons: reasons.clone(),
            until: until.and_then(time),
            suspended_at: time(*at),
        }),
        Event::BadgeRestored { account, reasons, at } => message!(BadgeRestored {
            account_id: account.to_string(),
            reasons: reasons.clone(),
            restored_at: time(*at),
        }),
        // `encode` hands over the events above and no other.
        other => encode(other),
    }
}

fn encode_report(report: &FraudReported) -> Stored {
    message!(FraudReported {
        credential_id: report.credential.to_string(),
        account_id: report.account.to_string(),
        certificate_types: certificate_numbers(&report.certificates),
        reasons: report.reasons.clone(),
        evidence_sha256: report.evidence_sha256.clone(),
        reported_by: signatory_message(&report.by),
        reported_at: time(report.at),
    })
}

fn encode_fraud(concluded: &FraudConcluded) -> Stored {
    message!(FraudConcluded {
        credential_id: concluded.credential.to_string(),
        account_id: concluded.account.id.to_string(),
        platform: concluded.account.platform.clone(),
        platform_uid: concluded.account.platform_uid.clone(),
        institution_id: concluded.institution.to_string(),
        region: concluded.region.code(),
        outcome: fraud_number(concluded.outcome),
        reasons: concluded.reasons.clone(),
        certificate_types: certificate_numbers(&concluded.certificates),
        evidence_sha256: concluded.evidence_sha256.clone(),
        reported_by: signatory_message(&concluded.reported_by),
        concluded_by: signatory_message(&concluded.concluded_by),
        concluded_at: time(concluded.at),
    })
}

fn filed(message: pb::CredentialFiled) -> Reading<Event> {
    Ok(Event::Filed(Box::new(Filed {
        credential: id("credential_id", &message.credential_id)?,
        applicant: Applicant {
            account: account(message.platform, message.platform_uid),
            category: category("category", message.category)?,
            profession: some_profession("profession", message.profession)?,
            institution: id("institution_id", &message.institution_id)?,
            institution_name: message.institution_name,
            department: message.department,
            region: text("region", &message.region)?,
            holder: message.holder_reference,
            cohort: cohort("cohort", message.cohort)?,
        },
        certificates: message.certificates.into_iter().map(record).collect::<Reading<_>>()?,
        consent: consent(message.consent)?,
        display: display(message.display)?,
        filed_by: signatory("filed_by", message.filed_by)?,
        predecessor: some_text("predecessor_id", &message.predecessor_id)?,
        at: at("filed_at", message.filed_at)?,
    })))
}

fn checks_run(message: pb::ChecksRun) -> Reading<Event> {
    Ok(Event::ChecksRun(Checks {
        results: message.results.into_iter().map(check_result).collect::<Reading<_>>()?,
        required: each("required_types", &message.required_types, certificate_type)?,
        required_reason: message.required_reason,
        run_at: at("run_at", message.run_at)?,
    }))
}

fn supplement_requested(message: pb::SupplementRequested) -> Reading<Event> {
    Ok(Event::SupplementRequested {
        wanted: each("wanted", &message.wanted, certificate_type)?,
        reasons: message.reasons,
        due: Due { at: at("due_at", message.due_at)?, provisional: message.due_provisional },
        at: at("requested_at", message.requested_at)?,
    })
}

fn supplement_due_moved(message: pb::SupplementDueMoved) -> Reading<Event> {
    Ok(Event::SupplementDueMoved {
        due: Due { at: at("due_at", message.due_at)?, provisional: message.due_provisional },
        at: at("moved_at", message.moved_at)?,
    })
}

fn supplement_lapsed(message: pb::SupplementLapsed) -> Reading<Event> {
    Ok(Event::SupplementLapsed { due_at: at("due_at", message.due_at)?, at: at("lapsed_at", message.lapsed_at)? })
}

fn supplement_submitted(message: pb::SupplementSubmitted) -> Reading<Event> {
    Ok(Event::SupplementSubmitted {
        certificates: message.certificates.into_iter().map(record).collect::<Reading<_>>()?,
        at: at("submitted_at", message.submitted_at)?,
    })
}

fn looked_up(message: pb::RegistryLookedUp) -> Reading<Event> {
    let message = message.lookup.ok_or_else(|| super::Unreadable::new("lookup", "is not given"))?;
    lookup(message).map(Event::RegistryLookedUp)
}

fn verified(message: pb::CredentialVerified) -> Reading<Event> {
    Ok(Event::Verified(Box::new(Verified {
        credential: id("credential_id", &message.credential_id)?,
        applicant: VerifiedApplicant {
            account: account(message.platform, message.platform_uid),
            category: category("category", message.category)?,
            profession: some_profession("profession", message.profession)?,
            institution: id("institution_id", &message.institution_id)?,
            department: message.department,
        },
        from: at("valid_from", message.valid_from)?,
        until: at("valid_until", message.valid_until)?,
        remind_at: at("remind_at", message.remind_at)?,
        professional_scopes: message.professional_scopes,
        concluded_by: signatory("concluded_by", message.concluded_by)?,
        reasons: message.reasons,
        mismatch_explanation: message.mismatch_explanation,
        predecessor: some_text("predecessor_id", &message.predecessor_id)?,
    })))
}

fn refused(message: pb::CredentialRefused) -> Reading<Event> {
    Ok(Event::Refused {
        credential: id("credential_id", &message.credential_id)?,
        account: account(message.platform, message.platform_uid),
        reasons: message.reasons,
        by: signatory("concluded_by", message.concluded_by)?,
        at: at("refused_at", message.refused_at)?,
    })
}

fn expiring(message: pb::CredentialExpiring) -> Reading<Event> {
    Ok(Event::Expiring {
        credential: id("credential_id", &message.credential_id)?,
        account: account(message.platform, message.platform_uid),
        until: at("valid_until", message.valid_until)?,
    })
}

fn expired(message: pb::CredentialExpired) -> Reading<Event> {
    Ok(Event::Expired {
        credential: id("credential_id", &message.credential_id)?,
        account: account(message.platform, message.platform_uid),
        at: at("expired_at", message.expired_at)?,
    })
}

fn revoked(message: pb::CredentialRevoked) -> Reading<Event> {
    Ok(Event::Revoked {
        credential: id("credential_id", &message.credential_id)?,
        account: account(message.platform, message.platform_uid),
        reasons: message.reasons,
        by: signatory("revoked_by", message.revoked_by)?,
        at: at("revoked_at", message.revoked_at)?,
    })
}

fn superseded(message: pb::CredentialSuperseded) -> Reading<Event> {
    Ok(Event::Superseded {
        credential: id("credential_id", &message.credential_id)?,
        account: id("account_id", &message.account_id)?,
        successor: id("successor_id", &message.successor_id)?,
        at: at("superseded_at", message.superseded_at)?,
    })
}

fn badge_suspended(message: pb::BadgeSuspended) -> Reading<Event> {
    Ok(Event::BadgeSuspended {
        account: id("account_id", &message.account_id)?,
        reasons: message.reasons,
        until: message.until.map(|until| at("until", Some(until))).transpose()?,
        at: at("suspended_at", message.suspended_at)?,
    })
}

fn badge_restored(message: pb::BadgeRestored) -> Reading<Event> {
    Ok(Event::BadgeRestored {
        account: id("account_id", &message.account_id)?,
        reasons: message.reasons,
        at: at("restored_at", message.restored_at)?,
    })
}

fn display_amended(message: pb::DisplayAmended) -> Reading<Event> {
    Ok(Event::DisplayAmended { display: display(message.display)?, at: at("amended_at", message.amended_at)? })
}

fn fraud_reported(message: pb::FraudReported) -> Reading<Event> {
    Ok(Event::FraudReported(FraudReported {
        credential: id("credential_id", &message.credential_id)?,
        account: id("account_id", &message.account_id)?,
        certificates: each("certificate_types", &message.certificate_types, certificate_type)?,
        reasons: message.reasons,
        evidence_sha256: message.evidence_sha256,
        by: signatory("reported_by", message.reported_by)?,
        at: at("reported_at", message.reported_at)?,
    }))
}

fn fraud_concluded(message: pb::FraudConcluded) -> Reading<Event> {
    Ok(Event::FraudConcluded(Box::new(FraudConcluded {
        credential: id("credential_id", &message.credential_id)?,
        account: account(message.platform, message.platform_uid),
        institution: id("institution_id", &message.institution_id)?,
        region: text("region", &message.region)?,
        outcome: fraud_outcome("outcome", message.outcome)?,
        reasons: message.reasons,
        certificates: each("certificate_types", &message.certificate_types, certificate_type)?,
        evidence_sha256: message.evidence_sha256,
        reported_by: signatory("reported_by", message.reported_by)?,
        concluded_by: signatory("concluded_by", message.concluded_by)?,
        at: at("concluded_at", message.concluded_at)?,
    })))
}
