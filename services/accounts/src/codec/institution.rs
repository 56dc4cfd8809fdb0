//! The stored form of an institution's events.

use casebook_execution::{Aggregate, DecodeError, Stored};
use casebook_kernel::ids::InstitutionId;
use casebook_proto::accounts::v1 as pb;

use super::values::{at, character, grade, grade_number, kind, kind_number, text, time, uuid, warning_message};
use super::{PACKAGE, Reading, read, stored};
use crate::domain::institution::{Institution, InstitutionEvent, QuotaException, Registration, UsccWarning};

impl Aggregate for Institution {
    const CATEGORY: &'static str = InstitutionId::CATEGORY;

    fn encode(event: &InstitutionEvent) -> Stored {
        match event {
            InstitutionEvent::Registered { institution_id, registration } => {
                stored("casebook.accounts.v1.InstitutionRegistered", &registered_message(*institution_id, registration))
            }
            InstitutionEvent::QuotaExceptionGranted { institution_id, exception } => {
                stored("casebook.accounts.v1.QuotaExceptionGranted", &exception_message(*institution_id, exception))
            }
        }
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<InstitutionEvent, DecodeError> {
        match event_type.strip_prefix(PACKAGE) {
            Some("InstitutionRegistered") => read(event_type, json, registered),
            Some("QuotaExceptionGranted") => read(event_type, json, exception),
            _ => Err(DecodeError::new(event_type, "it is none of an institution's")),
        }
    }
}

fn registered_message(institution_id: InstitutionId, registration: &Registration) -> pb::InstitutionRegistered {
    pb::InstitutionRegistered {
        institution_id: institution_id.to_string(),
        uscc: registration.uscc.clone(),
        uscc_warning: registration.uscc_warning.map(|warning| warning_message(&warning)),
        kind: kind_number(registration.kind),
        grade: registration.grade.map_or(0, grade_number),
        name: registration.name.clone(),
        aliases: registration.aliases.clone(),
        region: registration.region.code(),
        registered_at: time(registration.registered_at),
    }
}

fn registered(message: pb::InstitutionRegistered) -> Reading<InstitutionEvent> {
    let warning = |warning: pb::UsccWarning| {
        Ok(UsccWarning {
            expected: character("uscc_warning.expected", &warning.expected)?,
            found: character("uscc_warning.found", &warning.found)?,
        })
    };
    Ok(InstitutionEvent::Registered {
        institution_id: text("institution_id", &message.institution_id)?,
        registration: Registration {
            uscc: message.uscc,
            uscc_warning: message.uscc_warning.map(warning).transpose()?,
            kind: kind("kind", message.kind)?,
            grade: grade("grade", message.grade)?,
            name: message.name,
            aliases: message.aliases,
            region: text("region", &message.region)?,
            registered_at: at("registered_at", message.registered_at)?,
        },
    })
}

fn exception_message(institution_id: InstitutionId, exception: &QuotaException) -> pb::QuotaExceptionGranted {
    pb::QuotaExceptionGranted {
        institution_id: institution_id.to_string(),
        exception_id: exception.exception_id.to_string(),
        platform: exception.platform.to_string(),
        reason: exception.reason.clone(),
        agency: exception.agency.to_string(),
        granted_at: time(exception.granted_at),
        expires_at: time(exception.expires_at),
    }
}

fn exception(message: pb::QuotaExceptionGranted) -> Reading<InstitutionEvent> {
    Ok(InstitutionEvent::QuotaExceptionGranted {
        institution_id: text("institution_id", &message.institution_id)?,
        exception: QuotaException {
            exception_id: uuid("exception_id", &message.exception_id)?,
            platform: text("platform", &message.platform)?,
            reason: message.reason,
            agency: text("agency", &message.agency)?,
            granted_at: at("granted_at", message.granted_at)?,
            expires_at: at("expires_at", message.expires_at)?,
        },
    })
}
