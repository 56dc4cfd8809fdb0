//! Values that events, requests and replies share.

pub use casebook_execution::codec::{some_text, text};
use casebook_kernel::Timestamp;
use casebook_kernel::certificate::CertificateType;
use casebook_policy::{ApplicantCategory, SubCategory};
use casebook_proto::credentials::v1 as pb;
use chrono::NaiveDate;
use uuid::Uuid;

use super::{Reading, Unreadable};
use crate::domain::applicant::{Account, Cohort, Consent, ConsentPurpose, Display, Employment, Mcn, Signatory};
use crate::domain::certificate::{Certificate, NumberForm};
use crate::domain::checks::{CheckKind, CheckOutcome, CheckResult};
use crate::domain::credential::FraudOutcome;
use crate::domain::registry::{Lookup, LookupOutcome, RegistryField};

/// Two spellings of one closed set.
macro_rules! enum_pairs {
    ($($to:ident, $from:ident: $domain:ty = $message:ty { $($left:ident = $right:ident),* $(,)? })*) => {$(
        pub fn $to(value: $domain) -> i32 {
            match value {
                $(<$domain>::$left => <$message>::$right as i32,)*
            }
        }

        pub fn $from(field: &'static str, number: i32) -> Reading<$domain> {
            match <$message>::try_from(number) {
                $(Ok(<$message>::$right) => Ok(<$domain>::$left),)*
                // The generated enums begin with their Unspecified; it is the only value without a partner.
                Ok(_) => Err(Unreadable::new(field, "is not given")),
                Err(_) => Err(Unreadable::new(field, format!("{number} is not one of its values"))),
            }
        }
    )*};
}

enum_pairs! {
    category_number, category: ApplicantCategory = pb::ApplicantCategory {
        MedicalInstitution = MedicalInstitution, MedicalSchool = MedicalSchool, ResearchBody = ResearchBody, Other = Other,
    }
    profession_number, profession: SubCategory = pb::ApplicantProfession {
        PhysicianWestern = Physician, PhysicianTcm = TcmPhysician, Nurse = Nurse, Pharmacist = Pharmacist,
        MedicalTechnician = Technician, Researcher = Researcher,
    }
    certificate_number, certificate_type: CertificateType = pb::CertificateType {
        PhysicianQualification = PhysicianQualification, PhysicianPractice = PhysicianPractice,
        NursePractice = NursePractice, PharmacyTitle = PharmacyTitle, TechnologyTitle = TechnologyTitle,
        EmploymentProof = EmploymentProof, SchoolEmploymentProof = SchoolEmploymentProof,
        DepartmentEmploymentProof = DepartmentEmploymentProof, OrganisationCode = OrganisationCode,
        OtherQualification = OtherQualification,
    }
    cohort_number, cohort: Cohort = pb::Cohort { Existing = Existing, New = New }
    purpose_number, purpose: ConsentPurpose = pb::ConsentPurpose {
        Verification = Verification, RegistryComparison = RegistryComparison, PublicDisplay = PublicDisplay,
    }
    check_number, check: CheckKind = pb::CheckKind {
        CompleteSet = CompleteSet, Validity = Validity, SigningDepartment = SigningDepartment, NumberForm = NumberForm,
        Employer = Employer,
    }
    check_outcome_number, check_outcome: CheckOutcome = pb::CheckOutcome {
        Passed = Passed, Failed = Failed, Warning = Warning,
    }
    field_number, registry_field: RegistryField = pb::RegistryField {
        Holder = Holder, Institution = Institution, IssuingAuthority = IssuingAuthority, Scope = Scope,
        ValidFrom = ValidFrom, ValidUntil = ValidUntil, Status = Status,
    }
    form_number, number_form: NumberForm = pb::NumberForm {
        WellFormed = WellFormed, Malformed = Malformed, CheckDigitWrong = CheckDigitWrong,
    }
    fraud_number, fraud_outcome: FraudOutcome = pb::FraudState { Confirmed = Confirmed, Unfounded = Unfounded }
}

/// A profession, or none.
pub fn some_profession(field: &'static str, number: i32) -> Reading<Option<SubCategory>> {
    if number == pb::ApplicantProfession::Unspecified as i32 { Ok(None) } else { profession(field, number).map(Some) }
}

pub fn employment_number(employment: Employment) -> i32 {
    let status = match employment {
        Employment::Unknown => pb::EmploymentStatus::Unspecified,
        Employment::Employed => pb::EmploymentStatus::Employed,
        Employment::Retired => pb::EmploymentStatus::Retired,
        Employment::Departed => pb::EmploymentStatus::Departed,
    };
    status as i32
}

/// An employment status; one that is not given is one that is not known.
pub fn employment(field: &'static str, number: i32) -> Reading<Employment> {
    match pb::EmploymentStatus::try_from(number) {
        Ok(pb::EmploymentStatus::Unspecified) => Ok(Employment::Unknown),
        Ok(pb::EmploymentStatus::Employed) => Ok(Employment::Employed),
        Ok(pb::EmploymentStatus::Retired) => Ok(Employment::Retired),
        Ok(pb::EmploymentStatus::Departed) => Ok(Employment::Departed),
        Err(_) => Err(Unreadable::new(field, format!("{number} is not one of its values"))),
    }
}

/// Each of a list.
pub fn each<T>(field: &'static str, numbers: &[i32], read: fn(&'static str, i32) -> Reading<T>) -> Reading<Vec<T>> {
    numbers.iter().map(|number| read(field, *number)).collect()
}

pub fn at(field: &'static str, value: Option<casebook_proto::Timestamp>) -> Reading<Timestamp> {
    let value = value.ok_or_else(|| Unreadable::new(field, "is not given"))?;
    casebook_proto::moment(&value).ok_or_else(|| Unreadable::new(field, "is not a time"))
}

pub fn time(at: Timestamp) -> Option<casebook_proto::Timestamp> {
    Some(casebook_proto::timestamp(at))
}

pub fn id<T: From<Uuid>>(field: &'static str, value: &str) -> Reading<T> {
    casebook_kernel::ids::parse_uuid(field, value).map(T::from).map_err(|error| Unreadable::new(field, error))
}

/// The account that a message names by platform and the platform's own id.
pub fn account(platform: String, platform_uid: String) -> Account {
    Account::of(&platform, &platform_uid)
}

pub fn day_text(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

pub fn signatory_message(signatory: &Signatory) -> Option<pb::ActorRecord> {
    Some(pb::ActorRecord { agency: signatory.agency.to_string(), officer: signatory.officer.to_string() })
}

pub fn signatory(field: &'static str, message: Option<pb::ActorRecord>) -> Reading<Signatory> {
    let message = message.ok_or_else(|| Unreadable::new(field, "is not given"))?;
    Ok(Signatory { agency: text(field, &message.agency)?, officer: text(field, &message.officer)? })
}

pub fn record_message(certificate: &Certificate) -> pb::CertificateRecord {
    pb::CertificateRecord {
        certificate_type: certificate_number(certificate.kind),
        number_hmac: certificate.number_hmac.clone(),
        number_last_four: certificate.number_last_four.clone(),
        number_form: form_number(certificate.number_form),
        issuing_authority: certificate.issuing_authority.clone(),
        issuing_department: certificate.issuing_department.clone(),
        holder_department: certificate.holder_department.clone(),
        valid_from: certificate.valid_from.to_string(),
        valid_until: day_text(certificate.valid_until),
        document_sha256: certificate.document_sha256.clone(),
        professional_scope: certificate.professional_scope.clone(),
    }
}

pub fn record(message: pb::CertificateRecord) -> Reading<Certificate> {
    Ok(Certificate {
        kind: certificate_type("certificates.certificate_type", message.certificate_type)?,
        number_hmac: message.number_hmac,
        number_last_four: message.number_last_four,
        number_form: number_form("certificates.number_form", message.number_form)?,
        issuing_authority: message.issuing_authority,
        issuing_department: message.issuing_department,
        holder_department: message.holder_department,
        valid_from: text("certificates.valid_from", &message.valid_from)?,
        valid_until: some_text("certificates.valid_until", &message.valid_until)?,
        document_sha256: message.document_sha256,
        professional_scope: message.professional_scope,
    })
}

pub fn consent_message(consent: &Consent) -> Option<pb::ConsentRecord> {
    Some(pb::ConsentRecord {
        purposes: consent.purposes.iter().map(|purpose| purpose_number(*purpose)).collect(),
        text_version: consent.text_version.clone(),
        given_at: time(consent.given_at),
    })
}

pub fn consent(message: Option<pb::ConsentRecord>) -> Reading<Consent> {
    let message = message.ok_or_else(|| Unreadable::new("consent", "is not given"))?;
    Ok(Consent {
        purposes: each("consent.purposes", &message.purposes, purpose)?,
        text_version: message.text_version,
        given_at: at("consent.given_at", message.given_at)?,
    })
}

pub fn display_message(display: &Display) -> Option<pb::Display> {
    let (affiliation, mcn_name) = mcn_message(&display.mcn);
    Some(pb::Display {
        employment_status: employment_number(display.employment),
        mcn_affiliation: affiliation,
        mcn_name,
        background: display.background.clone(),
    })
}

pub fn mcn_message(mcn: &Mcn) -> (i32, String) {
    match mcn {
        Mcn::Unknown => (pb::McnAffiliation::Unspecified as i32, String::new()),
        Mcn::None => (pb::McnAffiliation::None as i32, String::new()),
        Mcn::Signed(name) => (pb::McnAffiliation::Signed as i32, name.clone()),
    }
}

pub fn display(message: Option<pb::Display>) -> Reading<Display> {
    let message = message.unwrap_or_default();
    Ok(Display {
        employment: employment("display.employment_status", message.employment_status)?,
        mcn: mcn(message.mcn_affiliation, message.mcn_name)?,
        background: message.background,
    })
}

/// A name goes with a signature, and with nothing else.
pub fn mcn(affiliation: i32, name: String) -> Reading<Mcn> {
    match pb::McnAffiliation::try_from(affiliation) {
        Ok(pb::McnAffiliation::Signed) if name.is_empty() => {
            Err(Unreadable::new("display.mcn_name", "is needed where one has signed"))
        }
        Ok(pb::McnAffiliation::Signed) => Ok(Mcn::Signed(name)),
        Ok(_) if !name.is_empty() => Err(Unreadable::new("display.mcn_name", "is only for one who has signed")),
        Ok(pb::McnAffiliation::None) => Ok(Mcn::None),
        Ok(pb::McnAffiliation::Unspecified) => Ok(Mcn::Unknown),
        Err(_) => Err(Unreadable::new("display.mcn_affiliation", format!("{affiliation} is not one of its values"))),
    }
}

pub fn check_message(result: &CheckResult) -> pb::CheckResult {
    pb::CheckResult {
        kind: check_number(result.kind),
        outcome: check_outcome_number(result.outcome),
        certificates: certificate_numbers(&result.certificates),
        reason: result.reason.clone(),
    }
}

pub fn check_result(message: pb::CheckResult) -> Reading<CheckResult> {
    Ok(CheckResult {
        kind: check("results.kind", message.kind)?,
        outcome: check_outcome("results.outcome", message.outcome)?,
        certificates: each("results.certificates", &message.certificates, certificate_type)?,
        reason: message.reason,
    })
}

pub fn certificate_numbers(kinds: &[CertificateType]) -> Vec<i32> {
    kinds.iter().map(|kind| certificate_number(*kind)).collect()
}

pub fn lookup_message(lookup: &Lookup) -> pb::RegistryLookup {
    let (outcome, mismatching) = match &lookup.outcome {
        LookupOutcome::Match => (pb::LookupOutcome::Match, &[][..]),
        LookupOutcome::Mismatch(fields) => (pb::LookupOutcome::Mismatch, &fields[..]),
        LookupOutcome::NotFound => (pb::LookupOutcome::NotFound, &[][..]),
        LookupOutcome::Unavailable => (pb::LookupOutcome::Unavailable, &[][..]),
    };
    pb::RegistryLookup {
        certificate_type: certificate_number(lookup.certificate),
        source: lookup.source.clone(),
        looked_up_at: time(lookup.looked_up_at),
        outcome: outcome as i32,
        mismatching: mismatching.iter().map(|field| field_number(*field)).collect(),
    }
}

pub fn lookup(message: pb::RegistryLookup) -> Reading<Lookup> {
    Ok(Lookup {
        certificate: certificate_type("certificate_type", message.certificate_type)?,
        source: message.source,
        looked_up_at: at("looked_up_at", message.looked_up_at)?,
        outcome: lookup_outcome(message.outcome, &message.mismatching)?,
    })
}

/// Fields go with a mismatch, and with nothing else.
pub fn lookup_outcome(outcome: i32, mismatching: &[i32]) -> Reading<LookupOutcome> {
    let fields = each("mismatching", mismatching, registry_field)?;
    match pb::LookupOutcome::try_from(outcome) {
        Ok(pb::LookupOutcome::Mismatch) if fields.is_empty() => {
            Err(Unreadable::new("mismatching", "names the fields that differ"))
        }
        Ok(pb::LookupOutcome::Mismatch) => Ok(LookupOutcome::Mismatch(fields)),
        Ok(_) if !fields.is_empty() => Err(Unreadable::new("mismatching", "is only for a mismatch")),
        Ok(pb::LookupOutcome::Match) => Ok(LookupOutcome::Match),
        Ok(pb::LookupOutcome::NotFound) => Ok(LookupOutcome::NotFound),
        Ok(pb::LookupOutcome::Unavailable) => Ok(LookupOutcome::Unavailable),
        Ok(pb::LookupOutcome::Unspecified) => Err(Unreadable::new("outcome", "is not given")),
        Err(_) => Err(Unreadable::new("outcome", format!("{outcome} is not one of its values"))),
    }
}
