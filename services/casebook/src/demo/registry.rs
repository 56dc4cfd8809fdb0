//! Before anything is reported: institutions are registered, their accounts declared, approved and filed, their doctors'
//! credentials verified. Followers are counted as the months go by.

use std::path::{Path, PathBuf};

use casebook_execution::Clock as _;
use casebook_kernel::certificate::CertificateType;
use casebook_kernel::region::Region;
use casebook_kernel::{AgencyKind, Timestamp};
use casebook_policy::Agency;
use casebook_proto::accounts::v1 as accounts;
use casebook_proto::credentials::v1 as credentials;
use casebook_proto::timestamp;
use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;

use super::DemoError;
use super::cast::{Cast, Part};
use super::conduct::at;

const SAMPLE_ACCOUNTS: &str = include_str!("../../samples/accounts.json");
const SAMPLE_REGISTRY: &str = include_str!("../../samples/registry.jsonl");
/// Who signs for an institution: the applicant's office, then the four of Annex 1 (R16).
const SIGNERS: [&str; 4] = ["signer-department", "signer-functional", "signer-office", "signer-leader"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    institutions: Vec<Institution>,
    accounts: Vec<Account>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Institution {
    name: String,
    uscc: String,
    kind: String,
    #[serde(default)]
    grade: String,
    region: String,
    #[serde(default)]
    aliases: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    institution: usize,
    platform: String,
    platform_uid: String,
    handle: String,
    level: u8,
    #[serde(default)]
    department: String,
    responsible: String,
    #[serde(default)]
    duty_officer: String,
    #[serde(default)]
    operator: String,
    #[serde(default)]
    supervisors: Vec<Supervisor>,
    #[serde(default)]
    background: String,
    #[serde(default)]
    followers: Vec<Followers>,
    credential: Option<Credential>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Supervisor {
    role: String,
    person: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Followers {
    day: NaiveDate,
    count: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    category: String,
    #[serde(default)]
    sub_category: String,
    holder: String,
    cohort: String,
    consent: Consent,
    display: Display,
    certificates: Vec<Certificate>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Consent {
    purposes: Vec<String>,
    text_version: String,
    given_at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Display {
    employment_status: String,
    mcn: String,
    #[serde(default)]
    mcn_name: String,
    #[serde(default)]
    background: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Certificate {
    certificate_type: String,
    #[serde(default)]
    number: String,
    issuing_authority: String,
    #[serde(default)]
    issuing_department: String,
    #[serde(default)]
    holder_department: String,
    valid_from: String,
    #[serde(default)]
    valid_until: String,
    document_sha256: String,
    #[serde(default)]
    professional_scope: String,
}

/// A count of followers that somebody takes on a day to come.
pub struct Snapshot {
    at: Timestamp,
    account_id: String,
    followers: u64,
    registrar: Agency,
}

/// The sample's registry of practitioners, as a file that the adapter reads.
pub fn file(data_dir: &Path) -> Result<PathBuf, DemoError> {
    let path = data_dir.join("registry.jsonl");
    let failed = |source| DemoError::Input { path: path.display().to_string(), source };
    std::fs::create_dir_all(data_dir).map_err(failed)?;
    std::fs::write(&path, SAMPLE_REGISTRY).map_err(failed)?;
    Ok(path)
}

/// Registers, declares, approves, files and verifies; what is to be counted later comes back, latest first.
pub async fn play(cast: &mut Cast) -> Result<Vec<Snapshot>, DemoError> {
    let sample: Sample = serde_json::from_str(SAMPLE_ACCOUNTS).map_err(|error| DemoError::Sample(error.to_string()))?;
    let mut institutions = Vec::new();
    for institution in &sample.institutions {
        institutions.push(register(cast, institution).await?);
    }
    let mut snapshots = Vec::new();
    for account in &sample.accounts {
        let of = sample.institutions.get(account.institution).zip(institutions.get(account.institution));
        let (institution, institution_id) =
            of.ok_or_else(|| DemoError::Sample(format!("{}: no such institution", account.handle)))?;
        let registrar = cast.competent(AgencyKind::Health, &institution.region)?;
        let account_id = declare(cast, account, institution, institution_id, &registrar).await?;
        for followers in &account.followers {
            let day = casebook_kernel::calendar::start_of_day(followers.day)
                .map_err(|error| DemoError::Sample(error.to_string()))?;
            let (account_id, registrar) = (account_id.clone(), registrar.clone());
            snapshots.push(Snapshot {
                at: day + chrono::TimeDelta::hours(9),
                account_id,
                followers: followers.count,
                registrar,
            });
        }
        if let Some(credential) = &account.credential {
            verify(cast, account, credential, institution, institution_id, &registrar).await?;
        }
    }
    snapshots.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.at));
    Ok(snapshots)
}

/// Takes the counts whose day has come.
pub async fn observe(cast: &mut Cast, snapshots: &mut Vec<Snapshot>) -> Result<(), DemoError> {
    while let Some(snapshot) = snapshots.pop_if(|snapshot| snapshot.at <= cast.clock.now()) {
        let mut registrar = cast.officer(&snapshot.registrar, Part::Registrar)?.accounts();
        let request = accounts::RecordFollowerSnapshotRequest {
            request_id: Uuid::now_v7().to_string(),
            account_id: snapshot.account_id,
            followers: snapshot.followers,
            observed_at: Some(timestamp(snapshot.at)),
            ..Default::default()
        };
        registrar.record_follower_snapshot(request).await.map_err(at("RecordFollowerSnapshot"))?;
    }
    Ok(())
}

async fn register(cast: &mut Cast, institution: &Institution) -> Result<String, DemoError> {
    let registrar = cast.competent(AgencyKind::Health, &institution.region)?;
    let request = accounts::RegisterInstitutionRequest {
        request_id: Uuid::now_v7().to_string(),
        uscc: institution.uscc.clone(),
        kind: value("INSTITUTION_KIND", &institution.kind, accounts::InstitutionKind::from_str_name)?.into(),
        grade: value("INSTITUTION_GRADE", &institution.grade, accounts::InstitutionGrade::from_str_name)?.into(),
        name: institution.name.clone(),
        aliases: institution.aliases.clone(),
        region: institution.region.clone(),
        ..Default::default()
    };
    let mut registrar = cast.officer(&registrar, Part::Registrar)?.accounts();
    let registered = registrar.register_institution(request).await.map_err(at("RegisterInstitution"))?.into_inner();
    Ok(registered.institution.map(|institution| institution.institution_id).unwrap_or_default())
}

async fn declare(
    cast: &mut Cast,
    account: &Account,
    institution: &Institution,
    institution_id: &str,
    registrar: &Agency,
) -> Result<String, DemoError> {
    let region: Region = institution.region.parse().map_err(DemoError::Sample)?;
    let mut office = cast.institution(institution_id, region, "office")?.accounts();
    let request = declaration(account, institution_id)?;
    let created = office.create_declaration(request).await.map_err(at("CreateDeclaration"))?.into_inner();
    let account_id = created.account.map(|account| account.account_id).unwrap_or_default();
    let submit = accounts::SubmitDeclarationRequest {
        request_id: Uuid::now_v7().to_string(),
        account_id: account_id.clone(),
        ..Default::default()
    };
    let submitted = office.submit_declaration(submit).await.map_err(at("SubmitDeclaration"))?.into_inner();
    let mut next_step = submitted.account.map(|account| account.next_step).unwrap_or_default();
    for signer in SIGNERS {
        if next_step == i32::from(accounts::ApprovalStep::Unspecified) {
            break;
        }
        let sign = accounts::SignApprovalStepRequest {
            request_id: Uuid::now_v7().to_string(),
            account_id: account_id.clone(),
            step: next_step,
            opinion: "同意。".into(),
            ..Default::default()
        };
        let mut signer = cast.institution(institution_id, region, signer)?.accounts();
        let signed = signer.sign_approval_step(sign).await.map_err(at("SignApprovalStep"))?.into_inner();
        next_step = signed.account.map(|account| account.next_step).unwrap_or_default();
    }
    let file = accounts::RecordFilingRequest {
        request_id: Uuid::now_v7().to_string(),
        account_id: account_id.clone(),
        ..Default::default()
    };
    let mut registrar = cast.officer(registrar, Part::Registrar)?.accounts();
    registrar.record_filing(file).await.map_err(at("RecordFiling"))?;
    Ok(account_id)
}

fn declaration(account: &Account, institution_id: &str) -> Result<accounts::CreateDeclarationRequest, DemoError> {
    let (level, subject_kind) = match account.level {
        1 => (accounts::AccountLevel::Institution, accounts::SubjectKind::Institution),
        2 => (accounts::AccountLevel::Department, accounts::SubjectKind::Department),
        _ => (accounts::AccountLevel::Staff, accounts::SubjectKind::Personal),
    };
    let supervisor = |supervisor: &Supervisor| {
        let role = value("SUPERVISOR_ROLE", &supervisor.role, accounts::SupervisorRole::from_str_name)?;
        Ok(accounts::Supervisor { role: role.into(), person: supervisor.person.clone() })
    };
    Ok(accounts::CreateDeclarationRequest {
        request_id: Uuid::now_v7().to_string(),
        institution_id: institution_id.to_owned(),
        platform: account.platform.clone(),
        platform_uid: account.platform_uid.clone(),
        handle: account.handle.clone(),
        level: level.into(),
        subject_kind: subject_kind.into(),
        details: Some(accounts::AccountDetails {
            department: account.department.clone(),
            responsible_person: account.responsible.clone(),
            duty_officer: account.duty_officer.clone(),
            operator: account.operator.clone(),
            supervisors: account.supervisors.iter().map(supervisor).collect::<Result<_, DemoError>>()?,
            background: account.background.clone(),
            ..Default::default()
        }),
        commitment_accepted: true,
        ..Default::default()
    })
}

/// Files a credential, checks it, compares it with the registry, and concludes as the comparison says.
async fn verify(
    cast: &mut Cast,
    account: &Account,
    credential: &Credential,
    institution: &Institution,
    institution_id: &str,
    agency: &Agency,
) -> Result<(), DemoError> {
    let region: Region = institution.region.parse().map_err(DemoError::Sample)?;
    let mut office = cast.institution(institution_id, region, "office")?.credentials();
    let request = filing(account, credential, institution, institution_id)?;
    let filed = office.file_credential(request).await.map_err(at("FileCredential"))?.into_inner();
    let credential_id = filed.credential.map(|credential| credential.credential_id).unwrap_or_default();

    let mut verifier = cast.officer(agency, Part::Verifier)?.credentials();
    let check = credentials::RunChecksRequest {
        request_id: Uuid::now_v7().to_string(),
        credential_id: credential_id.clone(),
        ..Default::default()
    };
    verifier.run_checks(check).await.map_err(at("RunChecks"))?;
    let mut found = true;
    for certificate in &credential.certificates {
        let kind: CertificateType = certificate
            .certificate_type
            .parse()
            .map_err(|_| DemoError::Sample(certificate.certificate_type.clone()))?;
        if !cast.policy.pack.certificate(kind).is_some_and(|certificate| certificate.in_registry) {
            continue;
        }
        let look_up = credentials::LookUpRegistryRequest {
            request_id: Uuid::now_v7().to_string(),
            credential_id: credential_id.clone(),
            certificate_type: value(
                "CERTIFICATE_TYPE",
                &certificate.certificate_type,
                credentials::CertificateType::from_str_name,
            )?
            .into(),
            ..Default::default()
        };
        let looked_up = verifier.look_up_registry(look_up).await.map_err(at("LookUpRegistry"))?.into_inner();
        found &= looked_up.lookup.is_some_and(|lookup| lookup.outcome() == credentials::LookupOutcome::Match);
    }
    let (outcome, reasons) = if found {
        (credentials::VerificationOutcome::Verified, String::new())
    } else {
        (credentials::VerificationOutcome::Refused, "与登记信息比对不一致。".to_owned())
    };
    let conclude = credentials::ConcludeVerificationRequest {
        request_id: Uuid::now_v7().to_string(),
        credential_id,
        outcome: outcome.into(),
        reasons,
        ..Default::default()
    };
    verifier.conclude_verification(conclude).await.map_err(at("ConcludeVerification"))?;
    Ok(())
}

fn filing(
    account: &Account,
    credential: &Credential,
    institution: &Institution,
    institution_id: &str,
) -> Result<credentials::FileCredentialRequest, DemoError> {
    let certificates = credential.certificates.iter().map(certificate).collect::<Result<_, DemoError>>()?;
    let purpose =
        |purpose: &String| value("CONSENT_PURPOSE", purpose, credentials::ConsentPurpose::from_str_name).map(i32::from);
    let profession = match credential.sub_category.as_str() {
        "physician_western" => credentials::ApplicantProfession::Physician,
        "physician_tcm" => credentials::ApplicantProfession::TcmPhysician,
        other => value("APPLICANT_PROFESSION", other, credentials::ApplicantProfession::from_str_name)?,
    };
    Ok(credentials::FileCredentialRequest {
        request_id: Uuid::now_v7().to_string(),
        platform: account.platform.clone(),
        platform_uid: account.platform_uid.clone(),
        category: value("APPLICANT_CATEGORY", &credential.category, credentials::ApplicantCategory::from_str_name)?
            .into(),
        profession: profession.into(),
        institution_id: institution_id.to_owned(),
        institution_name: institution.name.clone(),
        department: account.department.clone(),
        region: institution.region.clone(),
        holder_reference: credential.holder.clone(),
        certificates,
        consent: Some(credentials::ConsentInput {
            purposes: credential.consent.purposes.iter().map(purpose).collect::<Result<_, DemoError>>()?,
            text_version: credential.consent.text_version.clone(),
            given_at: Some(timestamp(credential.consent.given_at)),
        }),
        display: Some(credentials::DisplayInput {
            employment_status: value(
                "EMPLOYMENT_STATUS",
                &credential.display.employment_status,
                credentials::EmploymentStatus::from_str_name,
            )?
            .into(),
            mcn_affiliation: value(
                "MCN_AFFILIATION",
                &credential.display.mcn,
                credentials::McnAffiliation::from_str_name,
            )?
            .into(),
            mcn_name: credential.display.mcn_name.clone(),
            background: credential.display.background.clone(),
        }),
        cohort: value("COHORT", &credential.cohort, credentials::Cohort::from_str_name)?.into(),
        ..Default::default()
    })
}

fn certificate(certificate: &Certificate) -> Result<credentials::CertificateInput, DemoError> {
    Ok(credentials::CertificateInput {
        certificate_type: value(
            "CERTIFICATE_TYPE",
            &certificate.certificate_type,
            credentials::CertificateType::from_str_name,
        )?
        .into(),
        number: certificate.number.clone(),
        issuing_authority: certificate.issuing_authority.clone(),
        issuing_department: certificate.issuing_department.clone(),
        holder_department: certificate.holder_department.clone(),
        valid_from: certificate.valid_from.clone(),
        valid_until: certificate.valid_until.clone(),
        document_sha256: certificate.document_sha256.clone(),
        professional_scope: certificate.professional_scope.clone(),
    })
}

/// An enum's value by the sample's word for it; an absent word is UNSPECIFIED.
fn value<E>(prefix: &str, word: &str, parse: impl Fn(&str) -> Option<E>) -> Result<E, DemoError> {
    let word = if word.is_empty() { "unspecified" } else { word };
    let name = format!("{prefix}_{}", word.to_uppercase());
    parse(&name).ok_or_else(|| DemoError::Sample(format!("{name} is not known")))
}
