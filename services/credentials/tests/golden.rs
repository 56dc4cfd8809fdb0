//! Every shape of an event that was ever released decodes for ever, to what it has always meant.
//!
//! `CASEBOOK_WRITE_GOLDEN=1 cargo test -p casebook-credentials --test golden` writes the files that are missing; a
//! file that is there is never written again.

#[path = "domain/support.rs"]
#[allow(dead_code)]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use casebook_credentials::domain::applicant::{Display, Employment, Mcn};
use casebook_credentials::domain::certificate::{Certificate, NumberForm};
use casebook_credentials::domain::checks::{CheckKind, CheckOutcome, CheckResult, Checks};
use casebook_credentials::domain::credential::{
    Credential, CredentialEvent, Filed, FraudConcluded, FraudOutcome, FraudReported, Verified,
};
use casebook_credentials::domain::due::Due;
use casebook_credentials::domain::headcount::{Headcount, HeadcountEvent, Norm};
use casebook_credentials::domain::recertification::{Notice, Recertification, RecertificationEvent};
use casebook_credentials::domain::registry::{LookupOutcome, RegistryField};
use casebook_execution::{Aggregate, Stored};
use casebook_kernel::ids::CredentialId;
use support::*;
use uuid::Uuid;

const PACKAGE: &str = "casebook.credentials.v1.";
/// Messages beside the events that events are made of.
const PARTS: [&str; 3] = ["CertificateRecord", "ConsentRecord", "ActorRecord"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn successor() -> CredentialId {
    CredentialId::from(Uuid::from_u128(9))
}

fn credential_events() -> Vec<CredentialEvent> {
    let (credential, account) = (credential(), applicant().account);
    let due = Due { at: at("2026-03-16T16:00:00Z"), provisional: true };
    let warned = Certificate {
        number_form: NumberForm::CheckDigitWrong,
        valid_until: Some(day("2027-01-31")),
        ..certificate(OrganisationCode)
    };
    vec![
        CredentialEvent::Filed(Box::new(Filed {
            credential,
            applicant: applicant(),
            certificates: certificates(),
            consent: consent(),
            display: display(),
            filed_by: filer(),
            predecessor: Some(successor()),
            at: now(),
        })),
        CredentialEvent::ChecksRun(Checks {
            results: vec![
                CheckResult {
                    kind: CheckKind::CompleteSet,
                    outcome: CheckOutcome::Failed,
                    certificates: vec![PhysicianPractice],
                    reason: "a certificate that this applicant needs is not there".to_owned(),
                },
                CheckResult {
                    kind: CheckKind::NumberForm,
                    outcome: CheckOutcome::Warning,
                    certificates: vec![OrganisationCode],
                    reason: "the check digit of the code is wrong".to_owned(),
                },
                CheckResult {
                    kind: CheckKind::Employer,
                    outcome: CheckOutcome::Passed,
                    certificates: Vec::new(),
                    reason: String::new(),
                },
            ],
            required: vec![PhysicianQualification, PhysicianPractice],
            required_reason: "简介自称执业药师".to_owned(),
            run_at: now(),
        }),
        CredentialEvent::SupplementRequested {
            wanted: vec![PhysicianPractice],
            reasons: "缺少医师执业证书".to_owned(),
            due,
            at: now(),
        },
        CredentialEvent::SupplementDueMoved { due, at: now() },
        CredentialEvent::SupplementLapsed { due_at: due.at, at: at("2026-03-16T16:00:00.000200Z") },
        CredentialEvent::SupplementSubmitted { certificates: vec![warned], at: now() },
        CredentialEvent::RegistryLookedUp(lookup(LookupOutcome::Mismatch(vec![
            RegistryField::Institution,
            RegistryField::ValidUntil,
        ]))),
        CredentialEvent::Verified(Box::new(Verified {
            credential,
            applicant: (&applicant()).into(),
            from: now(),
            until: year_later(),
            remind_at: at("2027-01-31T16:00:00Z"),
            professional_scopes: vec!["中医专业".to_owned()],
            concluded_by: (&verifier()).into(),
            reasons: "材料齐全".to_owned(),
            mismatch_explanation: "依法更名".to_owned(),
            predecessor: Some(successor()),
        })),
        CredentialEvent::Refused {
            credential,
            account: account.clone(),
            reasons: "执业地点与申报机构不符".to_owned(),
            by: (&verifier()).into(),
            at: now(),
        },
        CredentialEvent::Expiring { credential, account: account.clone(), until: year_later() },
        CredentialEvent::Expired { credential, account: account.clone(), at: year_later() },
        CredentialEvent::Revoked {
            credential,
            account: account.clone(),
            reasons: "医师执业注册被注销".to_owned(),
            by: (&verifier()).into(),
            at: now(),
        },
        CredentialEvent::Superseded { credential, account: account.id, successor: successor(), at: now() },
        CredentialEvent::BadgeSuspended {
            account: account.id,
            reasons: "进一步核验".to_owned(),
            until: None,
            at: now(),
        },
        CredentialEvent::BadgeRestored { account: account.id, reasons: "核验无误".to_owned(), at: now() },
        CredentialEvent::DisplayAmended {
            display: Display {
                employment: Employment::Retired,
                mcn: Mcn::Signed("某某文化传媒".to_owned()),
                background: "退休".to_owned(),
            },
            at: now(),
        },
        CredentialEvent::FraudReported(FraudReported {
            credential,
            account: account.id,
            certificates: vec![PhysicianPractice],
            reasons: "印章与存样不符".to_owned(),
            evidence_sha256: vec!["a".repeat(64)],
            by: (&verifier()).into(),
            at: now(),
        }),
        CredentialEvent::FraudConcluded(Box::new(FraudConcluded {
            credential,
            account,
            institution: institution(),
            region: applicant().region,
            outcome: FraudOutcome::Confirmed,
            reasons: "经发证机关函复".to_owned(),
            certificates: vec![PhysicianPractice],
            evidence_sha256: vec!["a".repeat(64)],
            reported_by: (&verifier()).into(),
            concluded_by: (&second()).into(),
            at: now(),
        })),
    ]
}

fn recertification_events() -> Vec<RecertificationEvent> {
    let account = applicant().account;
    let due = Due { at: at("2026-05-06T16:00:00Z"), provisional: true };
    let notice = Notice { account: account.clone(), served_at: now(), service_proof_sha256: "b".repeat(64) };
    vec![
        RecertificationEvent::NoticeIssued { notice, due, remind_at: at("2026-04-22T16:00:00Z"), at: now() },
        RecertificationEvent::DueMoved { account: account.clone(), due, at: now() },
        RecertificationEvent::Reminded { account: account.clone(), due_at: due.at, at: now() },
        RecertificationEvent::Lapsed { account: account.clone(), due_at: due.at, at: due.at },
        RecertificationEvent::Fulfilled { account, credential: credential(), at: now(), late: true },
    ]
}

fn headcount_events() -> Vec<HeadcountEvent> {
    let norm = Norm { institution: institution(), department: "针灸科".to_owned(), normal: 12, margin_percent: 20 };
    vec![HeadcountEvent::Set { norm, at: now() }]
}

/// `CredentialFiled` -> `credential_filed.v1.json`.
fn file_of(stored: &Stored) -> PathBuf {
    let name = stored.event_type.strip_prefix(PACKAGE).expect("an event of this package");
    let snake: String = name
        .char_indices()
        .flat_map(|(index, c)| (c.is_uppercase() && index > 0).then_some('_').into_iter().chain(c.to_lowercase()))
        .collect();
    folder().join(format!("{snake}.v1.json"))
}

#[track_caller]
fn holds<A: Aggregate>(events: Vec<A::Event>) -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    for event in events {
        let stored = A::encode(&event);
        let file = file_of(&stored);
        if !file.exists() && std::env::var_os("CASEBOOK_WRITE_GOLDEN").is_some() {
            fs::create_dir_all(folder()).expect("folder");
            fs::write(&file, &stored.json).expect("written");
        }
        let golden = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(A::decode(stored.event_type, &golden).as_ref(), Ok(&event), "{}", file.display());
        assert_eq!(String::from_utf8_lossy(&stored.json), String::from_utf8_lossy(&golden), "{}", file.display());
        assert!(types.insert(stored.event_type.to_owned()), "{} is shown once", stored.event_type);
    }
    types
}

#[test]
fn every_event_has_golden_bytes_that_mean_what_they_meant() {
    let mut shown = holds::<Credential>(credential_events());
    shown.extend(holds::<Recertification>(recertification_events()));
    shown.extend(holds::<Headcount>(headcount_events()));

    let pool = prost_reflect::DescriptorPool::decode(casebook_proto::FILE_DESCRIPTOR_SET).expect("descriptors");
    let events = pool.get_file_by_name("casebook/credentials/v1/credentials_events.proto").expect("the events file");
    let defined: BTreeSet<String> = events
        .messages()
        .filter(|message| !PARTS.contains(&message.name()))
        .map(|message| message.full_name().to_owned())
        .collect();
    assert_eq!(shown, defined);

    let names = fs::read_dir(folder()).expect("folder").map(|entry| entry.expect("an entry").file_name());
    let files = names.filter(|name| name.to_string_lossy().ends_with(".v1.json")).count();
    assert_eq!(files, defined.len(), "a golden file that no event has any more still has to decode: keep its test");
}

/// What a type's second version has more is kept in a file of its own; the first still decodes, above.
#[test]
fn second_versions_are_kept_beside_the_first() {
    let suspended = CredentialEvent::BadgeSuspended {
        account: applicant().account.id,
        reasons: "进一步核验".to_owned(),
        until: Some(suspended_until()),
        at: now(),
    };
    let stored = Credential::encode(&suspended);
    let file = folder().join("badge_suspended.v2.json");
    if !file.exists() && std::env::var_os("CASEBOOK_WRITE_GOLDEN").is_some() {
        fs::write(&file, &stored.json).expect("written");
    }
    let golden = fs::read(&file).expect("the file");
    assert_eq!(String::from_utf8_lossy(&stored.json), String::from_utf8_lossy(&golden));
    assert_eq!(Credential::decode(stored.event_type, &golden), Ok(suspended));
}

#[test]
fn what_is_no_event_of_an_aggregate_is_an_error_and_not_a_guess() {
    assert!(Credential::decode("casebook.credentials.v1.NormalHeadcountSet", b"{}").is_err());
    assert!(Recertification::decode("casebook.accounts.v1.AccountFiled", b"{}").is_err());
    assert!(Headcount::decode("casebook.credentials.v1.NormalHeadcountSet", b"{").is_err());
    let missing = Credential::decode("casebook.credentials.v1.CredentialFiled", b"{}").expect_err("nothing in it");
    assert!(missing.to_string().contains("credential_id"), "{missing}");
}
