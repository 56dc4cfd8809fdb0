//! Every event shape ever released keeps its bytes under `tests/golden`, and must decode to the same event for ever.
//!
//! A new event gets its file by running these tests once with `CASEBOOK_BLESS=1`. Files that exist are never rewritten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use casebook_execution::Aggregate;
use casebook_kernel::Timestamp;
use casebook_review::codec;
use casebook_review::domain::capture::{Capture, Content, Snapshot, TextHash};
use casebook_review::domain::finding::{FindingId, OfficerReference};
use casebook_review::domain::item::*;
use casebook_review::domain::report::*;
use casebook_review::domain::screening::{Hit, Screening, Span};
use casebook_review::domain::standing::{AccountFacts, AccountStanding, Certification};
use uuid::Uuid;

const TEXT: &str = "三天根治糖尿病，加微信购买";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// `casebook.review.v1.ItemObserved` -> `item_observed.v1.json`.
fn file_name(event_type: &str, version: usize) -> String {
    format!("{}.v{version}.json", stem(event_type))
}

fn stem(event_type: &str) -> String {
    let name = event_type.rsplit('.').next().expect("a type has a name");
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// Holds each event against its file, and the files against the list of types. A type's second example shows what its
/// second version has more, and so on.
fn hold<A: Aggregate>(events: &[A::Event], event_types: &[&str]) {
    let mut seen = BTreeMap::new();
    for event in events {
        let stored = A::encode(event);
        let version = seen.entry(stored.event_type).and_modify(|version| *version += 1).or_insert(1);
        assert_eq!(A::decode(stored.event_type, &stored.json).as_ref(), Ok(event), "{}", stored.event_type);
        let path = folder().join(file_name(stored.event_type, *version));
        if !path.exists() && std::env::var_os("CASEBOOK_BLESS").is_some() {
            let value: serde_json::Value = serde_json::from_slice(&stored.json).expect("JSON");
            fs::write(&path, serde_json::to_string_pretty(&value).expect("JSON") + "\n").expect("write");
        }
        let golden = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(A::decode(stored.event_type, &golden).as_ref(), Ok(event), "{}", path.display());
        let (written, kept): (serde_json::Value, serde_json::Value) =
            (serde_json::from_slice(&stored.json).expect("JSON"), serde_json::from_slice(&golden).expect("JSON"));
        assert_eq!(written, kept, "{} is now written in another shape", stored.event_type);
    }
    assert_eq!(
        seen.into_keys().collect::<BTreeSet<_>>(),
        event_types.iter().copied().collect(),
        "each type of event has an example here"
    );
    assert!(A::decode("casebook.review.v1.Unheard", b"{}").is_err());
    assert!(A::decode(event_types[0], b"{}").is_err(), "an event without its ids is none");
    assert!(A::decode(event_types[0], b"not json").is_err());
}

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn id<Id: From<Uuid>>(number: u128) -> Id {
    Id::from(Uuid::from_u128(number))
}

fn officer(agency: &str, officer: &str) -> OfficerReference {
    OfficerReference { agency: agency.parse().expect(agency), officer: officer.parse().expect(officer) }
}

fn snapshot() -> Snapshot {
    Snapshot {
        text: TEXT.into(),
        labels: vec!["personal_experience".into()],
        links: vec!["https://item.taobao.com/1".into()],
    }
}

fn capture() -> Capture {
    Capture {
        platform: "weibo".into(),
        platform_item_id: Some("M1".into()),
        platform_uid: "u1".into(),
        handle: "养生老王".into(),
        content: Content::Captured(snapshot()),
        published_at: Some(at("2026-03-01T02:00:00.123456Z")),
    }
}

fn hit() -> Hit {
    let mut span = Span::find(TEXT, "根治糖尿病", None).expect("quoted");
    span.class = Some("cure-promise".into());
    Hit {
        rule: "cure-promise".into(),
        violation: "FALSE-INFO".into(),
        legal_bases: vec!["S1-3".into()],
        spans: vec![span],
        missing_label: Some("quoted_source".into()),
        links: vec!["https://item.taobao.com/1".into()],
    }
}

fn reports() -> Vec<ReportEvent> {
    let report_id = id(1);
    let by = officer("cac-310000", "o-1");
    let later = at("2026-03-05T01:00:00Z");
    let filed = ReportFiled {
        report_id,
        channel: Channel::Hotline12345,
        reporter_ref: Some("r-7".into()),
        reasons: "自称根治糖尿病".into(),
        region: "310104".parse().expect("region"),
        attachments_sha256: vec![TextHash::of("screenshot")],
        item_id: capture().item_id().expect("an id"),
        capture: capture(),
        account_standing: AccountStanding::Unknown,
        acceptance_due: AcceptanceDue::Provisional(at("2026-03-11T16:00:00Z")),
        taken_in_by: None,
        filed_at: at("2026-03-02T02:00:00Z"),
    };
    let taken_in = ReportFiled { taken_in_by: Some("cac-310000".parse().expect("agency")), ..filed.clone() };
    vec![
        ReportEvent::Filed(Box::new(filed)),
        ReportEvent::Filed(Box::new(taken_in)),
        ReportEvent::Accepted(ReportAccepted {
            report_id,
            accepted_by: by.clone(),
            accepted_at: later,
            late: true,
            by_finding: Some(id(5)),
        }),
        ReportEvent::Declined(ReportDeclined {
            report_id,
            reason: DeclineReason::OutOfJurisdiction,
            explanation: "由市场监管部门处理".into(),
            competent_agency: Some("market-310000".parse().expect("agency")),
            declined_by: by.clone(),
            declined_at: later,
        }),
        ReportEvent::Withdrawn(ReportWithdrawn { report_id, reasons: "看错了".into(), withdrawn_at: later }),
        ReportEvent::Merged(ReportMerged { report_id, into: id(2), merged_by: by, merged_at: later }),
        ReportEvent::Separated(ReportSeparated { report_id, from: id(2), separated_at: later }),
        ReportEvent::Concluded(ReportConcluded {
            report_id,
            outcome: Outcome::Referred { finding: id(5), violation: "FALSE-INFO".into() },
            concluded_at: later,
        }),
        ReportEvent::AcceptanceOverdue(ReportAcceptanceOverdue {
            report_id,
            due_at: at("2026-03-11T16:00:00Z"),
            noted_at: at("2026-03-11T16:00:01Z"),
        }),
        ReportEvent::AcceptanceRescheduled(ReportAcceptanceRescheduled {
            report_id,
            due: AcceptanceDue::Final(at("2026-03-12T16:00:00Z")),
        }),
    ]
}

fn items() -> Vec<ItemEvent> {
    let item_id = capture().item_id().expect("an id");
    let finding: FindingId = id(5);
    let now = at("2026-03-02T02:00:00Z");
    let reported = ItemReported { item_id, report: id(2), version: Some(2), region: None, reported_at: now };
    let account = AccountFacts { standing: AccountStanding::Filed, certification: Certification::Uncertified };
    vec![
        ItemEvent::Observed(Box::new(ItemObserved {
            item_id,
            capture: capture(),
            source: ItemSource::Report,
            report: Some(id(1)),
            region: "310104".parse().expect("region"),
            observed_at: now,
        })),
        ItemEvent::VersionRecorded(ItemVersionRecorded {
            item_id,
            version: 2,
            snapshot: snapshot(),
            report: Some(id(2)),
            observed_at: now,
        }),
        ItemEvent::Reported(reported.clone()),
        ItemEvent::Reported(ItemReported { region: Some("310104".parse().expect("region")), ..reported }),
        ItemEvent::SeenElsewhere(ItemSeenElsewhere {
            item_id,
            region: "310104".parse().expect("region"),
            seen_at: now,
        }),
        ItemEvent::DeletionObserved(ItemDeletionObserved { item_id, observed_at: now }),
        ItemEvent::Screened(ItemScreened {
            item_id,
            version: 1,
            text_sha256: TextHash::of(TEXT),
            rule_pack_version: "health-science-2026.1".into(),
            screening: Screening { hits: vec![hit()], truncated: true },
            account,
            screened_at: now,
        }),
        ItemEvent::FindingRecorded(FindingRecorded {
            item_id,
            finding,
            version: 1,
            item_sha256: TextHash::of(TEXT),
            violation: "FALSE-INFO".into(),
            quoted_span: Span::find(TEXT, "根治糖尿病", None).expect("quoted"),
            reasons: "虚假承诺疗效".into(),
            legal_bases: vec!["S1-3".into()],
            recorded_by: officer("cac-310000", "o-1"),
            recorded_at: now,
        }),
        ItemEvent::FindingConfirmed(FindingConfirmed {
            item_id,
            finding,
            violation: "FALSE-INFO".into(),
            confirmed_by: officer("cac-310000", "o-2"),
            confirmed_at: now,
        }),
        ItemEvent::FindingRejected(FindingRejected {
            item_id,
            finding,
            reasons: "证据不足".into(),
            rejected_by: officer("cac-310000", "o-2"),
            rejected_at: now,
        }),
        ItemEvent::ReferralSubmitted(Box::new(ReferralSubmitted {
            item_id,
            finding,
            platform: "weibo".into(),
            platform_item_id: Some("M1".into()),
            platform_uid: "u1".into(),
            handle: "养生老王".into(),
            account_id: capture().account_id(),
            violation: "FALSE-INFO".into(),
            reasons: "虚假承诺疗效".into(),
            quoted_span: Span::find(TEXT, "根治糖尿病", None).expect("quoted"),
            version: 1,
            item_sha256: TextHash::of(TEXT),
            published_at: Some(at("2026-03-01T02:00:00Z")),
            reports: vec![id(1), id(2)],
            region: "310104".parse().expect("region"),
            legal_bases: vec!["S1-3".into()],
            account: Some(account),
            recorded_by: officer("cac-310000", "o-1"),
            confirmed_by: officer("cac-310000", "o-2"),
            submitted_by: officer("cac-310000", "o-1"),
            submitted_at: now,
        })),
    ]
}

#[test]
fn every_report_event_is_read_as_it_was_written() {
    hold::<Report>(&reports(), codec::report::EVENT_TYPES);
}

#[test]
fn every_item_event_is_read_as_it_was_written() {
    hold::<Item>(&items(), codec::item::EVENT_TYPES);
}

/// What may be absent is read as absent, and every outcome and content keeps its meaning.
#[test]
fn what_is_absent_stays_absent() {
    let report_id = id(1);
    let mut bare = capture();
    bare.content = Content::Deleted;
    bare.published_at = None;
    let mut filed = reports().remove(0);
    if let ReportEvent::Filed(filed) = &mut filed {
        filed.capture = bare;
        filed.reporter_ref = None;
        filed.attachments_sha256.clear();
    }
    let concluded = |outcome| {
        ReportEvent::Concluded(ReportConcluded { report_id, outcome, concluded_at: at("2026-03-05T01:00:00Z") })
    };
    for event in [
        filed,
        concluded(Outcome::Found { finding: id(5), violation: "V-06".into() }),
        concluded(Outcome::NoViolation { reasons: "内容与事实相符".into() }),
    ] {
        let stored = Report::encode(&event);
        assert_eq!(Report::decode(stored.event_type, &stored.json), Ok(event));
    }
    let mut referral = items().pop().expect("the last");
    if let ItemEvent::ReferralSubmitted(referral) = &mut referral {
        referral.account = None;
        referral.published_at = None;
        referral.platform_item_id = None;
    }
    let stored = Item::encode(&referral);
    assert_eq!(Item::decode(stored.event_type, &stored.json), Ok(referral));
}

#[test]
fn every_golden_file_belongs_to_an_event() {
    let known: BTreeSet<String> =
        codec::report::EVENT_TYPES.iter().chain(codec::item::EVENT_TYPES).map(|name| stem(name)).collect();
    for entry in fs::read_dir(folder()).expect("the folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        let stem = name.split_once(".v").map(|(stem, _)| stem).unwrap_or_default();
        assert!(known.contains(stem), "{name} belongs to no event");
    }
}
