//! A physician of a Chinese-medicine hospital with everything in order, to be varied.

use casebook_credentials::domain::applicant::{
    Account, Applicant, Cohort, Consent, ConsentPurpose, Display, Employment, Mcn, Signatory,
};
use casebook_credentials::domain::certificate::{Certificate, CertificateRules, NumberForm, Requirement};
use casebook_credentials::domain::credential::{
    ConcludeVerification, Credential, CredentialCommand, CredentialEvent, FileCredential, Verdict,
};
use casebook_credentials::domain::registry::{Lookup, LookupOutcome};
use casebook_kernel::certificate::CertificateType;
use casebook_kernel::ids::{CredentialId, InstitutionId};
use casebook_kernel::{Actor, AgencyKind, Timestamp};
use casebook_policy::{ApplicantCategory, SubCategory};
use casebook_testkit::{Given, given};
use chrono::NaiveDate;
use uuid::Uuid;

pub use CertificateType::*;

pub fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

/// When things happen unless a test says otherwise.
pub fn now() -> Timestamp {
    at("2026-03-02T02:00:00Z")
}

pub fn credential() -> CredentialId {
    CredentialId::from(Uuid::from_u128(1))
}

pub fn institution() -> InstitutionId {
    InstitutionId::from(Uuid::from_u128(2))
}

pub fn officer(agency: &str, officer: &str) -> Actor {
    Actor {
        agency: agency.parse().expect("agency"),
        officer: officer.parse().expect("officer"),
        agency_kind: Some(AgencyKind::Health),
        region: "330600".parse().expect("region"),
    }
}

/// The officer who verifies.
pub fn verifier() -> Actor {
    officer("health-330600", "verifier-a")
}

/// A second officer.
pub fn second() -> Actor {
    officer("health-330600", "verifier-b")
}

pub fn filer() -> Signatory {
    Signatory { agency: "douyin".parse().expect("agency"), officer: "desk".parse().expect("officer") }
}

pub fn applicant() -> Applicant {
    Applicant {
        account: Account::of("douyin", "uid-1"),
        category: ApplicantCategory::MedicalInstitution,
        profession: Some(SubCategory::PhysicianTcm),
        institution: institution(),
        institution_name: "越州市中医院".to_owned(),
        department: "针灸科".to_owned(),
        region: "330600".parse().expect("region"),
        holder: "holder-1".to_owned(),
        cohort: Cohort::Existing,
    }
}

pub fn certificate(kind: CertificateType) -> Certificate {
    let employment = kind == EmploymentProof;
    Certificate {
        kind,
        number_hmac: if employment { String::new() } else { format!("{:064x}", kind as u8) },
        number_last_four: if employment { String::new() } else { "2345".to_owned() },
        number_form: NumberForm::WellFormed,
        issuing_authority: if employment { "越州市中医院" } else { "越州市卫生健康委员会" }.to_owned(),
        issuing_department: if employment { "人事科" } else { "" }.to_owned(),
        holder_department: if employment { "针灸科" } else { "" }.to_owned(),
        valid_from: day("2024-01-01"),
        valid_until: None,
        document_sha256: "0".repeat(64),
        professional_scope: if kind == PhysicianPractice { "中医专业" } else { "" }.to_owned(),
    }
}

/// When a suspension of the tests ends.
pub fn suspended_until() -> Timestamp {
    now() + chrono::TimeDelta::days(60)
}

pub fn certificates() -> Vec<Certificate> {
    [PhysicianQualification, PhysicianPractice, EmploymentProof].map(certificate).to_vec()
}

pub fn requirement(kind: CertificateType) -> Requirement {
    Requirement {
        kind,
        names_department: kind == EmploymentProof,
        names_issuing_department: kind == EmploymentProof,
        in_registry: kind == PhysicianPractice || kind == NursePractice,
        validity_months: (kind == NursePractice).then_some(60),
    }
}

/// What a physician needs.
pub fn rules() -> CertificateRules {
    CertificateRules {
        required: vec![PhysicianQualification, PhysicianPractice, EmploymentProof],
        case_by_case: false,
        catalogue: CertificateType::ALL.map(requirement).to_vec(),
    }
}

pub fn consent() -> Consent {
    Consent {
        purposes: ConsentPurpose::ALL.to_vec(),
        text_version: "2026-01".to_owned(),
        given_at: at("2026-03-01T00:00:00Z"),
    }
}

pub fn display() -> Display {
    Display {
        employment: Employment::Employed, mcn: Mcn::None, background: "从事针灸临床工作二十年".to_owned()
    }
}

pub fn application() -> FileCredential {
    FileCredential {
        credential: credential(),
        applicant: applicant(),
        certificates: certificates(),
        consent: Some(consent()),
        display: display(),
        rules: Some(rules()),
        claimed_by_others: Vec::new(),
        predecessor: None,
        filed_by: filer(),
        now: now(),
    }
}

pub fn file(application: FileCredential) -> CredentialCommand {
    CredentialCommand::File(Box::new(application))
}

pub fn run_checks() -> CredentialCommand {
    CredentialCommand::RunChecks { rules: rules(), case_by_case: None, now: now() }
}

pub fn lookup(outcome: LookupOutcome) -> Lookup {
    Lookup { certificate: PhysicianPractice, source: "registry".to_owned(), looked_up_at: now(), outcome }
}

pub fn record(lookup: Lookup) -> CredentialCommand {
    CredentialCommand::RecordLookup { lookup, now: now() }
}

pub fn verify() -> ConcludeVerification {
    ConcludeVerification {
        verdict: Verdict::Verified { last_day: None, mismatch_explanation: String::new() },
        reasons: String::new(),
        rules: rules(),
        actor: verifier(),
        now: now(),
    }
}

pub fn conclude(command: ConcludeVerification) -> CredentialCommand {
    CredentialCommand::Conclude(Box::new(command))
}

pub fn nothing() -> Given<Credential> {
    given([])
}

/// An application has been filed.
pub fn filed() -> Given<Credential> {
    nothing().after(file(application()))
}

/// Filed, checked and found in the registry: ready to be concluded.
pub fn ready() -> Given<Credential> {
    filed().after(run_checks()).after(record(lookup(LookupOutcome::Match)))
}

/// Verified at `now()` for a year.
pub fn verified() -> Given<Credential> {
    ready().after(conclude(verify()))
}

/// Verified, and its time is over.
pub fn expired() -> Given<Credential> {
    verified().after(CredentialCommand::Expire { now: year_later() })
}

/// The exclusive end of a verification of a year from `now()`: the end of 2027-03-02 in Shanghai.
pub fn year_later() -> Timestamp {
    at("2027-03-02T16:00:00Z")
}

pub fn events(given: Given<Credential>, command: CredentialCommand) -> Vec<CredentialEvent> {
    use casebook_kernel::Decider as _;
    Credential::decide(&given.state(), command).expect("granted")
}
