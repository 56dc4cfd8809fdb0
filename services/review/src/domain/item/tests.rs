use casebook_testkit::{Given, given};

use super::*;
use crate::domain::fixtures::{at, capture, captured, id, officer, snapshot};
use crate::domain::screening::{Hit, Span};
use crate::domain::standing::{AccountStanding, Certification};

const TEXT: &str = "我说：三天根治糖尿病，加微信购买";
const NOW: &str = "2026-03-02T02:00:00Z";

mod regions;

fn region() -> Region {
    "310104".parse().expect("region")
}

/// Where the officers are.
fn shanghai() -> Region {
    "310000".parse().expect("region")
}

fn observe(capture: Capture, source: ItemSource, report: Option<ReportId>) -> ItemCommand {
    ItemCommand::Observe { capture, source, report, region: region(), now: at(NOW) }
}

fn item_id() -> casebook_kernel::ids::ItemId {
    captured(TEXT).item_id().expect("the item has an id")
}

fn observed() -> Given<Item> {
    given::<Item>([]).after(observe(captured(TEXT), ItemSource::Report, Some(id(1))))
}

/// With as many reports as an item lists.
fn observed_and_reported_to_the_full() -> Given<Item> {
    observed().and((2..=REPORTS_MAX).map(|number| {
        ItemEvent::Reported(ItemReported {
            item_id: item_id(),
            report: id(number as u128),
            version: None,
            region: None,
            reported_at: at(NOW),
        })
    }))
}

fn account() -> AccountFacts {
    AccountFacts { standing: AccountStanding::Filed, certification: Certification::Uncertified }
}

fn screening() -> Screening {
    Screening {
        hits: vec![Hit {
            rule: "cure-promise".into(),
            violation: "FALSE-INFO".into(),
            legal_bases: vec!["S1-3".into()],
            spans: vec![Span::find(TEXT, "根治糖尿病", None).expect("quoted")],
            missing_label: None,
            links: Vec::new(),
        }],
        truncated: false,
    }
}

fn screen(version: u32) -> ItemCommand {
    ItemCommand::Screen {
        version,
        screening: screening(),
        rule_pack_version: "health-science-2026.1".into(),
        account: account(),
        now: at(NOW),
    }
}

fn basis(id: &str, from: &str, to: Option<&str>) -> JudgedBasis {
    JudgedBasis {
        id: id.into(),
        effective_from: from.parse().expect(from),
        effective_to: to.map(|day| day.parse().expect(day)),
    }
}

fn finding(quote: &str) -> ItemCommand {
    ItemCommand::RecordFinding {
        finding: id(5),
        version: None,
        violation: "FALSE-INFO".into(),
        quote: quote.into(),
        char_start: None,
        reasons: "虚假承诺疗效".into(),
        legal_bases: vec![basis("S1-3", "2025-07-28", None)],
        by: officer("cac-310000", "o-1"),
        region: shanghai(),
        now: at(NOW),
    }
}

/// The same finding with something changed.
fn finding_with(change: impl FnOnce(&mut Option<u32>, &mut Option<u32>, &mut Vec<JudgedBasis>)) -> ItemCommand {
    let mut command = finding("根治糖尿病");
    if let ItemCommand::RecordFinding { version, char_start, legal_bases, .. } = &mut command {
        change(version, char_start, legal_bases);
    }
    command
}

fn confirm(by: OfficerReference) -> ItemCommand {
    ItemCommand::ConfirmFinding { finding: id(5), by, region: shanghai(), now: at(NOW) }
}

fn reject(by: OfficerReference) -> ItemCommand {
    ItemCommand::RejectFinding { finding: id(5), reasons: "证据不足".into(), by, region: shanghai(), now: at(NOW) }
}

fn refer() -> ItemCommand {
    ItemCommand::SubmitReferral { finding: id(5), by: officer("cac-310000", "o-1"), region: shanghai(), now: at(NOW) }
}

fn first_officer() -> OfficerReference {
    officer("cac-310000", "o-1")
}

fn second_officer() -> OfficerReference {
    officer("cac-310000", "o-2")
}

fn item(given: &Given<Item>) -> ObservedItem {
    given.state().item().expect("observed").clone()
}

/// R72: what monitoring sees comes in like what is reported.
#[test]
fn an_item_is_observed_with_its_first_version() {
    given::<Item>([]).when(observe(captured(TEXT), ItemSource::Monitoring, None)).then([ItemEvent::Observed(
        Box::new(ItemObserved {
            item_id: item_id(),
            capture: captured(TEXT),
            source: ItemSource::Monitoring,
            report: None,
            region: region(),
            observed_at: at(NOW),
        }),
    )]);
    let item = item(&observed());
    assert_eq!((item.latest(), item.stage()), (1, ItemStage::Observed));
    assert_eq!(item.reports, [id(1)]);
}

#[test]
fn an_item_that_nothing_identifies_is_not_observed() {
    let mut nameless = capture(Content::Deleted);
    nameless.platform_item_id = None;
    given::<Item>([]).when(observe(nameless, ItemSource::Platform, None)).refused(ItemRefusal::Unidentified);
}

/// R80: 属地管理. What came in without a region is for every agency.
#[test]
fn an_item_is_judged_where_it_was_seen() {
    let zhejiang: Region = "330000".parse().expect("region");
    let mut elsewhere = [finding("根治糖尿病"), confirm(second_officer()), reject(second_officer()), refer()];
    for command in &mut elsewhere {
        if let ItemCommand::RecordFinding { region, .. }
        | ItemCommand::ConfirmFinding { region, .. }
        | ItemCommand::RejectFinding { region, .. }
        | ItemCommand::SubmitReferral { region, .. } = command
        {
            *region = zhejiang;
        }
    }
    let refusal = ItemRefusal::OutOfJurisdiction { officer: zhejiang, item: region() };
    for command in elsewhere.clone() {
        observed().after(finding("根治糖尿病")).when(command).refused(refusal.clone());
    }
    let monitored = ItemCommand::Observe {
        capture: captured(TEXT),
        source: ItemSource::Platform,
        report: None,
        region: Region::NATIONAL,
        now: at(NOW),
    };
    given::<Item>([]).after(monitored).after(elsewhere[0].clone());
}

/// domain.md, edge cases: edited after the report (hash per version).
#[test]
fn a_text_that_reads_differently_is_another_version() {
    let edited = observed().after(observe(captured("多喝水有益健康"), ItemSource::Platform, None));
    assert_eq!(item(&edited).latest(), 2);
    // Edited back: what is published now is a version of its own, after the other.
    let back = edited.after(observe(captured(TEXT), ItemSource::Platform, None));
    assert_eq!(item(&back).latest(), 3);
    assert_eq!(item(&back).versions[0].text_sha256, item(&back).versions[2].text_sha256);
}

/// R80: what lies with every agency is taken up where it is referred, and what was reported in several places in each.
#[test]
fn a_referral_goes_where_its_officer_answers() {
    let of = |first: &str, reported: &[&str], officer: &str| {
        let seen_in = |source, report: Option<ReportId>, code: &str| {
            let region = code.parse().expect(code);
            ItemCommand::Observe { capture: captured(TEXT), source, report, region, now: at(NOW) }
        };
        let mut item = given::<Item>([]).after(seen_in(ItemSource::Platform, None, first));
        for (number, code) in (1..).zip(reported) {
            item = item.after(seen_in(ItemSource::Report, Some(id(number)), code));
        }
        let item = self::item(&item).clone();
        rules::referred_to(&item, officer.parse().expect(officer)).code()
    };
    assert_eq!(of("310104", &[], "310000"), "310104");
    assert_eq!(of("000000", &[], "310000"), "310000", "a monitored item is nobody's otherwise");
    assert_eq!(of("000000", &[], "000000"), "000000");
    assert_eq!(of("650000", &["310104"], "310000"), "310104", "not where it was first seen");
}

/// R39-R43: a label that was added later is a change, too.
#[test]
fn a_label_that_was_added_makes_another_version() {
    let mut labelled = snapshot(TEXT);
    labelled.labels.push("ai_generated".into());
    let seen = observed().after(observe(capture(Content::Captured(labelled)), ItemSource::Platform, None));
    assert_eq!(item(&seen).latest(), 2);
}

#[test]
fn a_reporter_may_have_seen_any_version() {
    let edited = observed().after(observe(captured("多喝水有益健康"), ItemSource::Platform, None));
    edited.when(observe(captured(TEXT), ItemSource::Report, Some(id(2)))).then([ItemEvent::Reported(ItemReported {
        item_id: item_id(),
        report: id(2),
        version: Some(1),
        region: Some(region()),
        reported_at: at(NOW),
    })]);
}

#[test]
fn seeing_the_same_again_is_nothing_new() {
    observed().when(observe(captured(TEXT), ItemSource::Platform, None)).refused(ItemRefusal::NothingNew);
    observed().when(observe(captured(TEXT), ItemSource::Report, Some(id(1)))).refused(ItemRefusal::NothingNew);
}

#[test]
fn a_platform_sees_that_an_item_is_gone_and_a_reporter_only_that_it_is_not_found() {
    let gone = observed().after(observe(capture(Content::Deleted), ItemSource::Platform, None));
    assert_eq!(item(&gone).deleted_at, Some(at(NOW)));
    assert_eq!(item(&gone).latest(), 1, "what was captured stays");
    let again = gone.after(observe(captured(TEXT), ItemSource::Platform, None));
    assert_eq!((item(&again).deleted_at, item(&again).latest()), (None, 2), "shown again");
    let reported = observed().after(observe(capture(Content::Deleted), ItemSource::Report, Some(id(2))));
    assert_eq!(item(&reported).deleted_at, None);
    observed()
        .when(observe(capture(Content::Deleted), ItemSource::Report, Some(id(1))))
        .refused(ItemRefusal::NothingNew);
}

#[test]
fn versions_and_reports_are_bounded() {
    let mut edited = observed();
    for number in 1..VERSIONS_MAX {
        edited = edited.after(observe(captured(&format!("第{number}版")), ItemSource::Platform, None));
    }
    edited.clone().when(observe(captured("再改"), ItemSource::Platform, None)).refused(ItemRefusal::TooManyVersions);
    // Edited so often, it is still reported, and lies where it is reported.
    let reported = edited.after(ItemCommand::Observe {
        capture: captured("再改"),
        source: ItemSource::Report,
        report: Some(id(2)),
        region: "330000".parse().expect("region"),
        now: at(NOW),
    });
    assert_eq!((item(&reported).reports.len(), item(&reported).regions.len()), (2, 2));
    assert_eq!(item(&reported).versions.len(), VERSIONS_MAX);
    observed_and_reported_to_the_full()
        .when(observe(captured(TEXT), ItemSource::Report, Some(id(5_000))))
        .refused(ItemRefusal::TooManyReports);
}

#[test]
fn a_screening_is_recorded_with_the_pack_it_was_made_by() {
    let screened = observed().after(screen(1));
    assert_eq!(item(&screened).stage(), ItemStage::Screened);
    let version = item(&screened).versions[0].clone();
    assert_eq!(version.screened.map(|screened| screened.rule_pack_version), Some("health-science-2026.1".into()));
    screened.when(screen(1)).refused(ItemRefusal::AlreadyScreened);
}

#[test]
fn only_what_was_captured_is_screened() {
    given::<Item>([]).when(screen(1)).refused(ItemRefusal::NotObserved);
    observed().when(screen(2)).refused(ItemRefusal::UnknownVersion { version: 2 });
    observed().when(screen(0)).refused(ItemRefusal::UnknownVersion { version: 0 });
    let gone = given::<Item>([]).after(observe(capture(Content::Deleted), ItemSource::Report, Some(id(1))));
    gone.clone().when(screen(1)).refused(ItemRefusal::NothingCaptured);
    gone.when(finding("根治糖尿病")).refused(ItemRefusal::NothingCaptured);
}

#[test]
fn a_finding_quotes_the_version_it_is_about() {
    let found = observed().after(finding("根治糖尿病"));
    let span = item(&found).findings[0].quoted_span.clone();
    assert_eq!(&TEXT[span.bytes.start as usize..span.bytes.end as usize], "根治糖尿病");
    assert_eq!((span.chars.clone(), span.quote.as_str()), (5..10, "根治糖尿病"));
    assert_eq!(item(&found).stage(), ItemStage::UnderFinding);
}

#[test]
fn words_that_do_not_stand_there_are_no_quotation() {
    observed().when(finding("根治高血压")).refused(ItemRefusal::SpanNotInItem { version: 1 });
    let elsewhere = finding_with(|_, char_start, _| *char_start = Some(4));
    observed().when(elsewhere).refused(ItemRefusal::SpanNotInItem { version: 1 });
    let there = finding_with(|_, char_start, _| *char_start = Some(5));
    observed().after(there);
    // Edited since: the words stand in version 1 and no longer in version 2.
    let edited = observed().after(observe(captured("多喝水有益健康"), ItemSource::Platform, None));
    edited.clone().when(finding("根治糖尿病")).refused(ItemRefusal::SpanNotInItem { version: 2 });
    edited.after(finding_with(|version, _, _| *version = Some(1)));
    let unknown = finding_with(|version, _, _| *version = Some(3));
    observed().when(unknown).refused(ItemRefusal::UnknownVersion { version: 3 });
}

#[test]
fn a_finding_rests_on_a_legal_basis() {
    observed().when(finding_with(|_, _, bases| bases.clear())).refused(ItemRefusal::BasisMissing);
}

/// 行政处罚法 art. 37: content is judged by the rules of the day on which it was published, as a case judges it: neither by what
/// came while it stayed published, nor by what had ended.
#[test]
fn a_basis_applied_on_the_day_of_publication() {
    // Published on 1 March 2026, captured on 2 March 2026.
    for (from, to, applies) in [
        ("2025-07-28", None, true),
        ("2026-03-01", None, true),
        ("2026-03-02", None, false),
        ("2020-01-01", Some("2026-03-01"), true),
        ("2020-01-01", Some("2026-02-28"), false),
    ] {
        let command = finding_with(|_, _, bases| *bases = vec![basis("B", from, to)]);
        if applies {
            observed().after(command);
        } else {
            observed().when(command).refused(ItemRefusal::BasisNotInForce { basis: "B".into() });
        }
    }
}

#[test]
fn findings_are_recorded_once_and_bounded() {
    observed().after(finding("根治糖尿病")).when(finding("根治糖尿病")).refused(ItemRefusal::FindingAlreadyRecorded);
    let mut full = observed();
    for number in 0..FINDINGS_MAX {
        let mut command = finding("根治糖尿病");
        if let ItemCommand::RecordFinding { finding, .. } = &mut command {
            *finding = id(1_000 + number as u128);
        }
        full = full.after(command);
    }
    full.when(finding("根治糖尿病")).refused(ItemRefusal::TooManyFindings);
}

/// Four eyes: two officers must differ, one approval cannot satisfy both roles.
#[test]
fn another_officer_confirms_or_rejects() {
    let recorded = observed().after(finding("根治糖尿病"));
    recorded.clone().when(confirm(first_officer())).refused(ItemRefusal::SameOfficer);
    recorded.clone().when(reject(first_officer())).refused(ItemRefusal::SameOfficer);
    // The same id at another agency is another person.
    recorded.clone().after(confirm(officer("health-310000", "o-1")));
    recorded
        .clone()
        .when(confirm(second_officer()))
        .then([ItemEvent::FindingConfirmed(FindingConfirmed {
            item_id: item_id(),
            finding: id(5),
            violation: "FALSE-INFO".into(),
            confirmed_by: second_officer(),
            confirmed_at: at(NOW),
        })])
        .when(reject(second_officer()))
        .refused(ItemRefusal::FindingSettled);
    recorded
        .when(reject(second_officer()))
        .then([ItemEvent::FindingRejected(FindingRejected {
            item_id: item_id(),
            finding: id(5),
            reasons: "证据不足".into(),
            rejected_by: second_officer(),
            rejected_at: at(NOW),
        })])
        .when(confirm(second_officer()))
        .refused(ItemRefusal::FindingSettled);
    observed().when(confirm(second_officer())).refused(ItemRefusal::UnknownFinding);
    observed().when(reject(second_officer())).refused(ItemRefusal::UnknownFinding);
}

#[test]
fn only_a_confirmed_finding_is_referred_and_only_once() {
    observed().when(refer()).refused(ItemRefusal::UnknownFinding);
    let recorded = observed().after(screen(1)).after(finding("根治糖尿病"));
    recorded.clone().when(refer()).refused(ItemRefusal::UnconfirmedFinding);
    recorded.clone().after(reject(second_officer())).when(refer()).refused(ItemRefusal::UnconfirmedFinding);
    let confirmed = recorded.after(confirm(second_officer()));
    assert_eq!(item(&confirmed).stage(), ItemStage::Found);
    let referred = confirmed.when(refer()).then([ItemEvent::ReferralSubmitted(Box::new(ReferralSubmitted {
        item_id: item_id(),
        finding: id(5),
        platform: "weibo".into(),
        platform_item_id: Some("M1".into()),
        platform_uid: "u1".into(),
        handle: "养生老王".into(),
        account_id: captured(TEXT).account_id(),
        violation: "FALSE-INFO".into(),
        reasons: "虚假承诺疗效".into(),
        quoted_span: Span::find(TEXT, "根治糖尿病", None).expect("quoted"),
        version: 1,
        item_sha256: TextHash::of(TEXT),
        published_at: Some(at("2026-03-01T02:00:00Z")),
        reports: vec![id(1)],
        region: region(),
        legal_bases: vec!["S1-3".into()],
        account: Some(account()),
        recorded_by: first_officer(),
        confirmed_by: second_officer(),
        submitted_by: first_officer(),
        submitted_at: at(NOW),
    }))]);
    assert_eq!(item(&referred).stage(), ItemStage::Referred);
    referred.when(refer()).refused(ItemRefusal::AlreadyReferred);
}
