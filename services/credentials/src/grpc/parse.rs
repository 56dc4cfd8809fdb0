//! From a request's fields to the domain's values. What comes here has obeyed the rules of its fields.

use casebook_bootstrap::invalid;
use casebook_execution::Claims;
use casebook_kernel::certificate::CertificateType;
use casebook_policy::{ApplicantCategory, Pack, SubCategory};
use casebook_proto::credentials::v1 as pb;
use tonic::Status;

use crate::codec::values::*;
use crate::codec::{Reading, Unreadable};
use crate::domain::applicant::{Account, Consent, Display};
use crate::domain::certificate::{Certificate, CertificateRules, NumberForm, Requirement, last_four};
use crate::registry::number_hmac;

/// A field that is wrong in a way its rule cannot tell.
pub fn field(error: Unreadable) -> Status {
    invalid(error.field, error.reason)
}

/// The account, on a platform that the policy pack knows.
pub fn account(platform: &str, platform_uid: &str, pack: &Pack) -> Result<Account, Status> {
    if pack.platform(platform).is_none() {
        return Err(invalid("platform", format!("`{platform}` is none of the policy pack's platforms")));
    }
    Ok(Account::of(platform, platform_uid))
}

/// The certificates, their numbers hashed. From here on the numbers are gone.
pub fn certificates(inputs: Vec<pb::CertificateInput>, claims: &Claims) -> Result<Vec<Certificate>, Status> {
    inputs.into_iter().map(|input| certificate(input, claims)).collect::<Reading<_>>().map_err(field)
}

fn certificate(input: pb::CertificateInput, claims: &Claims) -> Reading<Certificate> {
    let kind = certificate_type("certificates.certificate_type", input.certificate_type)?;
    let number = input.number.trim();
    let certificate = Certificate {
        kind,
        number_hmac: number_hmac(claims, kind, number),
        number_last_four: last_four(number),
        number_form: NumberForm::of(kind, number),
        issuing_authority: input.issuing_authority,
        issuing_department: input.issuing_department,
        holder_department: input.holder_department,
        valid_from: text("certificates.valid_from", &input.valid_from)?,
        valid_until: some_text("certificates.valid_until", &input.valid_until)?,
        document_sha256: input.document_sha256,
        professional_scope: input.professional_scope,
    };
    if certificate.valid_until.is_some_and(|until| until < certificate.valid_from) {
        return Err(Unreadable::new("certificates.valid_until", "is before valid_from"));
    }
    Ok(certificate)
}

/// The consent; without a text or a time it is none.
pub fn consent(input: Option<pb::ConsentInput>) -> Result<Option<Consent>, Status> {
    let Some(input) = input else { return Ok(None) };
    if input.text_version.is_empty() || input.given_at.is_none() {
        return Ok(None);
    }
    let read = || -> Reading<Consent> {
        Ok(Consent {
            purposes: each("consent.purposes", &input.purposes, purpose)?,
            text_version: input.text_version.clone(),
            given_at: at("consent.given_at", input.given_at)?,
        })
    };
    read().map(Some).map_err(field)
}

pub fn display(input: Option<pb::DisplayInput>) -> Result<Display, Status> {
    let input = input.unwrap_or_default();
    let read = || -> Reading<Display> {
        Ok(Display {
            employment: employment("display.employment_status", input.employment_status)?,
            mcn: mcn(input.mcn_affiliation, input.mcn_name.trim().to_owned())?,
            background: input.background.clone(),
        })
    };
    read().map_err(field)
}

/// What the pack asks of such an applicant; none if it knows no such applicant.
pub fn rules(category: ApplicantCategory, profession: Option<SubCategory>, pack: &Pack) -> Option<CertificateRules> {
    let set = pack.certificate_set(category, profession)?;
    Some(CertificateRules {
        required: set.required.clone(),
        case_by_case: set.case_by_case,
        catalogue: CertificateType::ALL
            .into_iter()
            .filter_map(|kind| pack.certificate(kind))
            .map(Requirement::from)
            .collect(),
    })
}

/// A department by its exact name: spaces around it are none of it.
pub fn department(name: &str) -> Result<String, Status> {
    match name.trim() {
        "" => Err(invalid("department", "is required")),
        name => Ok(name.to_owned()),
    }
}
