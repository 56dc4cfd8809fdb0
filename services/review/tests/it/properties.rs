//! What holds of every history of a report and of an item: a restart at any step finds the live state, what is stored says
//! all of it, and the promises of review hold whatever is asked in whatever order.
//!
//! What review remembers of accounts and credentials has no history here: it decides nothing and stores nothing.

use casebook_execution::Aggregate;
use casebook_kernel::Timestamp;
use casebook_kernel::region::Region;
use casebook_review::domain::capture::{Capture, Content, Snapshot, TextHash};
use casebook_review::domain::finding::{FindingStage, OfficerReference};
use casebook_review::domain::item::*;
use casebook_review::domain::report::*;
use casebook_review::domain::screening::{Hit, Screening, Span};
use casebook_review::domain::standing::{AccountFacts, AccountStanding, Certification};
use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

const START: &str = "2026-03-02T02:00:00Z";
const TEXTS: [&str; 3] = ["三天根治糖尿病", "三天根治糖尿病，加微信购买", "良药苦口"];

/// What is asked: which kind of command, and four numbers that make it up.
type Asked = (usize, usize, usize, usize, bool);

fn asked(most: usize) -> impl Strategy<Value = Vec<Asked>> {
    prop::collection::vec((0usize..20, 0usize..12, 0usize..6, 0usize..5, any::<bool>()), 1..most)
}

/// Each step is an hour after the one before.
fn at(step: usize) -> Timestamp {
    START.parse::<Timestamp>().unwrap() + TimeDelta::hours(i64::try_from(step).unwrap())
}

fn id<Id: From<Uuid>>(number: usize) -> Id {
    Id::from(Uuid::from_u128(u128::try_from(number).unwrap() + 1))
}

fn by(number: usize) -> OfficerReference {
    let (agency, officer) = [("cac-310000", "o-1"), ("cac-310000", "o-2"), ("health-310000", "o-1")][number % 3];
    OfficerReference { agency: agency.parse().unwrap(), officer: officer.parse().unwrap() }
}

/// Where the officer is: mostly around what is judged, sometimes elsewhere.
fn region(number: usize) -> Region {
    ["310000", "310104", "310000", "000000", "310000", "330000"][number % 6].parse().unwrap()
}

fn seen_in() -> Region {
    "310104".parse().unwrap()
}

fn snapshot(number: usize) -> Snapshot {
    Snapshot {
        text: TEXTS[number % 3].to_owned(),
        labels: if number.is_multiple_of(2) { vec![] } else { vec!["personal_experience".to_owned()] },
        links: if number < 3 { vec![] } else { vec!["https://item.taobao.com/1".to_owned()] },
    }
}

fn capture(content: Content, known_since: bool) -> Capture {
    Capture {
        platform: "weibo".to_owned(),
        platform_item_id: Some("M1".to_owned()),
        platform_uid: "u1".to_owned(),
        handle: "养生老王".to_owned(),
        content,
        published_at: known_since.then(|| at(0) - TimeDelta::days(1)),
    }
}

fn screening(number: usize, flag: bool) -> Screening {
    let quoted = Span::find(TEXTS[0], "根治", None).map(|span| Span { class: Some("cure-promise".to_owned()), ..span });
    let hit = Hit {
        rule: "cure-promise".to_owned(),
        violation: "V-05".to_owned(),
        legal_bases: vec!["S1-3".to_owned()],
        spans: quoted.into_iter().collect(),
        missing_label: flag.then(|| "quoted_source".to_owned()),
        links: vec![],
    };
    Screening { hits: vec![hit; number % 3], truncated: flag }
}

fn account(number: usize) -> AccountFacts {
    AccountFacts {
        standing: [AccountStanding::Unknown, AccountStanding::Filed, AccountStanding::Restricted][number % 3],
        certification: if number.is_multiple_of(2) { Certification::Certified } else { Certification::Uncertified },
    }
}

fn item_command(state: &ItemState, (kind, x, y, z, flag): Asked, step: usize) -> ItemCommand {
    let (now, finding, region) = (at(step), id(100 + z), region(y));
    let latest = state.item().map_or(0, ObservedItem::latest);
    match kind {
        0..=4 => ItemCommand::Observe {
            capture: capture(if x == 0 { Content::Deleted } else { Content::Captured(snapshot(x % 6)) }, flag),
            source: [ItemSource::Report, ItemSource::Platform, ItemSource::Monitoring][y % 3],
            report: (y % 3 == 0).then(|| id(z)),
            region: seen_in(),
            now,
        },
        5 | 6 => ItemCommand::Screen {
            // Sometimes a version that there is not.
            version: if x == 11 { latest + 1 } else { latest },
            screening: screening(x, flag),
            rule_pack_version: format!("health-science-2026.{}", z % 2),
            account: account(y),
            now,
        },
        7..=10 => ItemCommand::RecordFinding {
            finding,
            version: (x > 5).then_some(latest),
            violation: "V-05".to_owned(),
            // Sometimes what the item does not say.
            quote: ["根治", "加微信", "苦口", "三天根治糖尿病"][x % 4].to_owned(),
            char_start: (x == 7).then_some(2),
            reasons: "虚假承诺疗效".to_owned(),
            legal_bases: vec![JudgedBasis {
                id: "S1-3".to_owned(),
                effective_from: "2025-07-01".parse().unwrap(),
                effective_to: (x == 9).then(|| "2025-12-31".parse().unwrap()),
            }],
            by: by(x),
            region,
            now,
        },
        11..=14 => ItemCommand::ConfirmFinding { finding, by: by(x), region, now },
        15 | 16 => ItemCommand::RejectFinding { finding, reasons: "证据不足".to_owned(), by: by(x), region, now },
        _ => ItemCommand::SubmitReferral { finding, by: by(x), region, now },
    }
}

fn report_command((kind, x, y, z, flag): Asked, step: usize) -> ReportCommand {
    let (now, region, by) = (at(step), region(y), by(x));
    let filed_by = self::by(0).agency;
    let due = |hours: i64| {
        let due = at(0) + TimeDelta::hours(hours);
        if flag { AcceptanceDue::Final(due) } else { AcceptanceDue::Provisional(due) }
    };
    match kind {
        0 => ReportCommand::File {
            report_id: id(0),
            channel: [Channel::Hotline12345, Channel::Platform, Channel::WebForm][x % 3],
            reporter_ref: (z > 1).then(|| "r-7".to_owned()),
            reasons: "自称根治糖尿病".to_owned(),
            region: seen_in(),
            attachments_sha256: vec![TextHash::of("截图"); z % 3],
            capture: capture(if x == 0 { Content::Deleted } else { Content::Captured(snapshot(x % 6)) }, flag),
            account_standing: account(y).standing,
            acceptance_due: due(20),
            taken_in_by: filed_by,
            now,
        },
        1..=3 => ReportCommand::Accept { by, region, now },
        4 => ReportCommand::Decline {
            by,
            region,
            filed_by,
            reason: [DeclineReason::OutOfJurisdiction, DeclineReason::OutOfScope, DeclineReason::Abusive][z % 3],
            explanation: "不属本机关管辖".to_owned(),
            competent_agency: flag.then(|| "market-310000".parse().unwrap()),
            now,
        },
        5 => ReportCommand::Withdraw {
            by: by.agency,
            filed_by,
            reporter_ref: (z > 1).then(|| "r-7".to_owned()),
            reasons: "看错了".to_owned(),
            now,
        },
        6 => ReportCommand::Merge {
            into: MergeTarget {
                report_id: id(usize::from(z > 0)),
                item_id: capture(Content::Deleted, flag).item_id().unwrap(),
                region: seen_in(),
                open: x > 2,
            },
            by,
            region,
            now,
        },
        7..=10 => {
            let (finding, violation) = (id(100), "V-05".to_owned());
            let outcome = match z % 3 {
                0 => Outcome::Found { finding, violation },
                1 => Outcome::Referred { finding, violation },
                _ => Outcome::NoViolation { reasons: "内容与事实相符".to_owned() },
            };
            ReportCommand::Conclude { outcome, by, region, now }
        }
        11 => ReportCommand::Separate { from: id(usize::from(z > 0)), now },
        // Early, late, or reckoned anew, whatever the clock shows.
        _ => ReportCommand::AcceptanceTimerRang { due: due(i64::try_from(x * 4).unwrap()), now },
    }
}

/// What holds of one step, from the state before it to the state after.
type Check<A> = fn(
    &<A as casebook_kernel::Decider>::State,
    &<A as casebook_kernel::Decider>::Event,
    &<A as casebook_kernel::Decider>::State,
);

/// Asks one thing after the other. After each, whoever reads what is stored finds the state that is live.
fn live<A: Aggregate>(
    asked: &[Asked],
    command: impl Fn(&A::State, Asked, usize) -> A::Command,
    check: Check<A>,
) -> A::State
where
    A::State: Clone + PartialEq + std::fmt::Debug,
{
    let mut live = A::State::default();
    let mut log = Vec::new();
    for (step, asked) in asked.iter().enumerate() {
        let Ok(events) = A::decide(&live, command(&live, *asked, step)) else { continue };
        assert!(!events.is_empty(), "what is granted happens");
        for event in &events {
            let after = A::evolve(live.clone(), event);
            check(&live, event, &after);
            live = after;
            log.push(A::encode(event));
        }
        let restarted = log.iter().map(|stored| A::decode(stored.event_type, &stored.json).unwrap());
        assert_eq!(restarted.fold(A::State::default(), |state, event| A::evolve(state, &event)), live);
    }
    live
}

fn live_item(asked: &[Asked]) -> ItemState {
    let first = (0, 1, 0, 0, true);
    let asked: Vec<Asked> = std::iter::once(first).chain(asked.iter().copied()).collect();
    live::<Item>(&asked, item_command, item_promises_hold)
}

fn live_report(asked: &[Asked]) -> ReportState {
    let first = asked.first().map_or((0, 1, 0, 0, true), |(_, x, y, z, flag)| (0, *x, *y, *z, *flag));
    let asked: Vec<Asked> = std::iter::once(first).chain(asked.iter().copied()).collect();
    live::<Report>(&asked, |_, asked, step| report_command(asked, step), report_promises_hold)
}

/// Who confirmed or rejected a finding, where somebody did.
fn second_officer(stage: &FindingStage) -> Option<&OfficerReference> {
    match stage {
        FindingStage::Recorded => None,
        FindingStage::Confirmed { by, .. } | FindingStage::Rejected { by, .. } => Some(by),
        FindingStage::Referred { confirmed_by, .. } => Some(confirmed_by),
    }
}

fn item_promises_hold(before: &ItemState, event: &ItemEvent, after: &ItemState) {
    let item = after.item().unwrap();
    for finding in &item.findings {
        let second = second_officer(&finding.stage);
        assert_ne!(second, Some(&finding.recorded_by), "four eyes");
        let span = &finding.quoted_span;
        let text = &item.version(finding.version).unwrap().snapshot.text;
        let bytes = usize::try_from(span.bytes.start).unwrap()..usize::try_from(span.bytes.end).unwrap();
        assert_eq!(&text[bytes], span.quote, "a finding quotes what is there, whatever was captured since");
        let earlier = before.item().and_then(|item| item.finding(finding.id)).map(|finding| &finding.stage);
        if let Some(earlier) = earlier.and_then(second_officer) {
            assert_eq!(second, Some(earlier), "what is settled stays settled");
        }
    }
    let mut reports = item.reports.clone();
    reports.sort_unstable();
    reports.dedup();
    assert_eq!(reports.len(), item.reports.len(), "a report names an item once");
    if let Some(before) = before.item() {
        let texts = |item: &ObservedItem| item.versions.iter().map(|version| version.text_sha256).collect::<Vec<_>>();
        assert!(texts(item).starts_with(&texts(before)), "what was captured stays");
    }
    if let ItemEvent::ReferralSubmitted(referral) = event {
        let finding = before.item().and_then(|item| item.finding(referral.finding)).unwrap();
        let confirmed = matches!(&finding.stage, FindingStage::Confirmed { by, .. } if *by == referral.confirmed_by);
        assert!(confirmed, "only a confirmed finding is referred, with whoever confirmed it");
        assert_eq!(referral.recorded_by, finding.recorded_by);
        assert!(referral.region == seen_in() && referral.reports == item.reports);
    }
}

fn report_promises_hold(before: &ReportState, event: &ReportEvent, after: &ReportState) {
    let report = after.report().unwrap();
    match event {
        ReportEvent::AcceptanceOverdue(overdue) => assert!(overdue.due_at <= overdue.noted_at, "never early"),
        ReportEvent::Accepted(accepted) => {
            let due = before.report().unwrap().acceptance_due;
            let late = matches!(due, AcceptanceDue::Final(due) if due <= accepted.accepted_at);
            assert_eq!(accepted.late, late, "nobody is late by a deadline that may still move");
        }
        ReportEvent::Concluded(_) => {
            let stage = &before.report().unwrap().stage;
            assert!(!matches!(stage, ReportStage::Declined | ReportStage::Withdrawn), "{stage:?} has its answer");
        }
        _ => {}
    }
    let Some(before) = before.report() else { return };
    assert_eq!(before.filed, report.filed, "what was filed stays as it was filed");
    assert!(before.concluded.is_none() || before.concluded == report.concluded, "a report is answered once");
    // A merged report stands by itself again where the one that it became part of has no answer for it.
    let separated = matches!(event, ReportEvent::Separated(_)) && matches!(before.stage, ReportStage::Merged { .. });
    assert!(before.is_open() || before.stage == report.stage || separated, "what is settled stays settled");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Promise 4: state after a restart at every step equals live state.
    #[test]
    fn an_item_restarted_at_every_step_is_the_live_item(asked in asked(80)) {
        live_item(&asked);
    }

    #[test]
    fn a_report_restarted_at_every_step_is_the_live_report(asked in asked(30)) {
        live_report(&asked);
    }
}

/// The histories above get where it matters: without this, they might hold of nothing.
#[test]
fn random_histories_reach_referrals_and_every_end_of_a_report() {
    let mut runner = TestRunner::deterministic();
    let (mut referred, mut rejected, mut edited, mut gone) = (0, 0, 0, 0);
    for _ in 0..400 {
        let state = live_item(&asked(80).new_tree(&mut runner).unwrap().current());
        let item = state.item().unwrap();
        referred += usize::from(item.stage() == ItemStage::Referred);
        rejected +=
            usize::from(item.findings.iter().any(|finding| matches!(finding.stage, FindingStage::Rejected { .. })));
        edited += usize::from(item.versions.len() > 2);
        gone += usize::from(item.deleted_at.is_some());
    }
    assert!(referred >= 50 && rejected >= 50 && edited >= 50 && gone >= 5, "{referred} {rejected} {edited} {gone}");
    let (mut concluded, mut declined, mut withdrawn, mut merged, mut overdue) = (0, 0, 0, 0, 0);
    for _ in 0..400 {
        let state = live_report(&asked(30).new_tree(&mut runner).unwrap().current());
        let report = state.report().unwrap();
        concluded += usize::from(report.concluded.is_some());
        declined += usize::from(report.declined.is_some());
        withdrawn += usize::from(report.withdrawn.is_some());
        merged += usize::from(report.merged.is_some());
        overdue += usize::from(report.acceptance_overdue);
    }
    assert!(
        [concluded, declined, withdrawn, merged, overdue].iter().all(|count| *count >= 5),
        "{concluded} {declined} {withdrawn} {merged} {overdue}"
    );
}
