//! Every shape of an event that was ever released decodes, for ever.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use casebook_accounts::domain::account::{
    AccountEvent, AccountRegistry, Amended, ApprovalStep, Declaration, Filing, FollowerCount, Happened, Restriction,
    RestrictionCause, Signature,
};
use casebook_accounts::domain::form::{Mcn, SubjectKind};
use casebook_accounts::domain::institution::{
    Grade, Institution, InstitutionEvent, InstitutionKind, QuotaException, Registration, UsccWarning,
};
use casebook_execution::{Aggregate, Stored};
use casebook_kernel::ids::AccountId;
use casebook_policy::AccountLevel;
use uuid::Uuid;

use crate::people::{HOSPITAL, at, case, details, hospital, order};

/// The files of first versions.
fn files() -> BTreeSet<String> {
    let names = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".v1.json")).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// `casebook.accounts.v1.AccountDeclared` -> `account_declared.v1.json`.
fn file_name(event_type: &str) -> String {
    let name = event_type.rsplit('.').next().unwrap();
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    format!("{snake}.v1.json")
}

fn institution_events() -> Vec<InstitutionEvent> {
    vec![
        InstitutionEvent::Registered {
            institution_id: hospital(),
            registration: Registration {
                uscc: "91350100M000100Y44".into(),
                uscc_warning: Some(UsccWarning { expected: '3', found: '4' }),
                kind: InstitutionKind::Hospital,
                grade: Some(Grade::Tertiary),
                name: HOSPITAL.into(),
                aliases: vec!["绍兴中医".into()],
                region: "330600".parse().unwrap(),
                registered_at: at(1),
            },
        },
        InstitutionEvent::QuotaExceptionGranted {
            institution_id: hospital(),
            exception: QuotaException {
                exception_id: Uuid::from_u128(7),
                platform: "douyin".parse().unwrap(),
                reason: "儿科分院单独运营".into(),
                agency: "health-330000".parse().unwrap(),
                granted_at: at(2),
                expires_at: at(20),
            },
        },
    ]
}

fn happenings() -> Vec<Happened> {
    let mcn = Some(Mcn { name: "某某文化传媒有限公司".into(), contract_reference: "MCN-1".into() });
    let details = casebook_accounts::domain::form::AccountDetails { mcn, ..details() };
    vec![
        Happened::Declared(Box::new(Declaration {
            institution_id: hospital(),
            platform: "douyin".parse().unwrap(),
            platform_uid: "uid-1".into(),
            handle: "张医生聊养生".into(),
            level: AccountLevel::Staff,
            subject_kind: SubjectKind::Personal,
            region: "330600".parse().unwrap(),
            details: details.clone(),
            applicant: "p-clerk".parse().unwrap(),
            quota_exception: Some(Uuid::from_u128(7)),
            declared_at: at(1),
        })),
        Happened::Amended(Box::new(Amended {
            changed_fields: vec!["mcn".into()],
            level: AccountLevel::Staff,
            subject_kind: SubjectKind::Personal,
            details,
            amended_at: at(6),
        })),
        Happened::Submitted {
            steps: ApprovalStep::ALL.to_vec(),
            submitted_by: "p-clerk".parse().unwrap(),
            submitted_at: at(2),
        },
        Happened::StepSigned(Signature {
            step: ApprovalStep::LeaderInCharge,
            signer: "p-leader".parse().unwrap(),
            opinion: "同意".into(),
            signed_at: at(3),
        }),
        Happened::Returned {
            returned_by: "p-office".parse().unwrap(), reasons: "请补充".into(), returned_at: at(4)
        },
        Happened::Withdrawn { reason: "不再开设".into(), withdrawn_at: at(4) },
        Happened::Filed {
            institution_id: hospital(),
            filing: Filing {
                agency: "health-330000".parse().unwrap(),
                filing_number: "浙卫备〔2026〕7号".into(),
                filed_at: at(5),
            },
        },
        Happened::HandleChanged {
            old_handle: "张医生聊养生".into(),
            new_handle: "绍兴市中医院官方".into(),
            observed_at: at(8),
            institution_name_misused: true,
        },
        Happened::FollowersObserved(FollowerCount { followers: 493_000, observed_at: at(8), head_account: true }),
        Happened::Restricted(Restriction {
            restriction_id: Uuid::from_u128(1),
            cause: RestrictionCause::RecertificationMissed,
            legal_bases: vec!["S1-5".parse().unwrap()],
            reasons: "2个月内未完成资质认证".into(),
            reference: "credential-1".into(),
            restricted_at: at(8),
            until: None,
        }),
        Happened::RestrictionLifted {
            restriction_id: Uuid::from_u128(1),
            reasons: "已完成认证".into(),
            lifted_at: at(9),
        },
        Happened::Closed { reasons: "屡次违规".into(), order: Some((order(1), case())), closed_at: at(12) },
        Happened::Reopened { order_id: order(1), counter_order_id: Some(order(2)), reopened_at: at(14) },
        Happened::Deregistered { reasons: "更换运营人".into(), deregistered_at: at(10) },
    ]
}

fn account_events() -> Vec<AccountEvent> {
    let account_id = AccountId::of("douyin", "uid-1");
    happenings().into_iter().map(|happened| AccountEvent { account_id, happened }).collect()
}

/// Golden bytes decode to the event, and the event encodes to them. `GOLDEN=write` makes a file that is missing; a file
/// that exists is never written again.
fn holds<A: Aggregate>(events: Vec<A::Event>, seen: &mut BTreeSet<String>) {
    for event in events {
        let Stored { event_type, json } = A::encode(&event);
        assert_eq!(A::decode(event_type, &json).as_ref(), Ok(&event), "{event_type} does not survive its stored form");
        let file = folder().join(file_name(event_type));
        if std::env::var("GOLDEN").as_deref() == Ok("write") && !file.exists() {
            fs::write(&file, &json).unwrap();
        }
        let golden =
            fs::read(&file).unwrap_or_else(|error| panic!("{event_type} has no golden file {file:?}: {error}"));
        assert_eq!(A::decode(event_type, &golden).as_ref(), Ok(&event), "{event_type}");
        assert_eq!(String::from_utf8(golden).unwrap(), String::from_utf8(json).unwrap(), "{event_type}");
        seen.insert(file_name(event_type));
    }
}

#[test]
fn golden_events_decode_and_every_event_has_one() {
    let mut seen = BTreeSet::new();
    holds::<Institution>(institution_events(), &mut seen);
    holds::<AccountRegistry>(account_events(), &mut seen);
    let kept = files();
    assert_eq!(kept, seen, "each golden file stands for an event that is checked here");
}

/// What a type's second version has more is kept in a file of its own; the first still decodes, above.
#[test]
fn second_versions_are_kept_beside_the_first() {
    let restricted = AccountEvent {
        account_id: AccountId::of("douyin", "uid-1"),
        happened: Happened::Restricted(Restriction {
            restriction_id: Uuid::from_u128(1),
            cause: RestrictionCause::Reverification,
            legal_bases: vec!["S1-4".parse().unwrap()],
            reasons: "证件存疑".into(),
            reference: "credential-1".into(),
            restricted_at: at(8),
            until: Some(at(20)),
        }),
    };
    let stored = AccountRegistry::encode(&restricted);
    let file = folder().join("account_restricted.v2.json");
    if !file.exists() && std::env::var("GOLDEN").as_deref() == Ok("write") {
        fs::write(&file, &stored.json).unwrap();
    }
    let golden = fs::read(&file).unwrap();
    assert_eq!(String::from_utf8_lossy(&stored.json), String::from_utf8_lossy(&golden));
    assert_eq!(AccountRegistry::decode(stored.event_type, &golden).as_ref(), Ok(&restricted));
}

/// Every message of the events file that begins with `account_id` or `institution_id` is an event: none is forgotten here.
#[test]
fn every_event_message_has_a_golden_file() {
    let pool = prost_reflect::DescriptorPool::decode(casebook_proto::FILE_DESCRIPTOR_SET).unwrap();
    let file = pool.get_file_by_name("casebook/accounts/v1/accounts_events.proto").unwrap();
    let events: BTreeSet<String> = file
        .messages()
        .filter(|message| {
            message.get_field(1).is_some_and(|field| ["account_id", "institution_id"].contains(&field.name()))
        })
        .map(|message| file_name(message.full_name()))
        .collect();
    let kept = files();
    assert_eq!(events, kept);
}

#[test]
fn what_is_none_of_ours_is_not_read() {
    assert!(AccountRegistry::decode("casebook.enforcement.v1.CaseOpened", b"{}").is_err());
    assert!(AccountRegistry::decode("casebook.accounts.v1.InstitutionRegistered", b"{}").is_err());
    assert!(Institution::decode("casebook.accounts.v1.AccountFiled", b"{}").is_err());
    for broken in [&b"{}"[..], b"", br#"{"accountId":"x","reasons":"y","closedAt":"2026-03-01T00:00:00Z"}"#] {
        assert!(AccountRegistry::decode("casebook.accounts.v1.AccountClosed", broken).is_err());
    }
}
