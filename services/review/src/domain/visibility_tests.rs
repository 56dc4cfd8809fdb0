use casebook_kernel::ids::ReportId;
use casebook_kernel::{Decider as _, Timestamp};

use super::*;
use crate::domain::fixtures::{at, captured, id};
use crate::domain::item::{Item, ItemCommand, ItemSource, ItemState};
use crate::domain::report::{AcceptanceDue, Channel, Report, ReportCommand, ReportState};
use crate::domain::standing::AccountStanding;

const TEXT: &str = "三天根治糖尿病";

fn now() -> Timestamp {
    at("2026-03-02T02:00:00Z")
}

fn region(code: &str) -> Region {
    code.parse().expect(code)
}

fn agency(id: &str, region_code: &str) -> Sight {
    Sight::Agency { agency: id.parse().expect(id), region: region(region_code) }
}

/// A report of Pudong that Zhejiang's 12345 took in.
fn report() -> FiledReport {
    let command = ReportCommand::File {
        report_id: id(1),
        channel: Channel::Hotline12345,
        reporter_ref: Some("r-7".into()),
        reasons: "自称根治".into(),
        region: region("310115"),
        attachments_sha256: Vec::new(),
        capture: captured(TEXT),
        account_standing: AccountStanding::Unknown,
        acceptance_due: AcceptanceDue::Final(now()),
        taken_in_by: "cac-330000".parse().expect("agency"),
        now: now(),
    };
    let events = Report::decide(&ReportState::Absent, command).expect("filed");
    let state = events.iter().fold(ReportState::Absent, Report::evolve);
    state.report().expect("filed").clone()
}

/// An item first seen in one region and reported in others.
fn item(first: &str, reported: &[&str]) -> ObservedItem {
    let observe = |state: ItemState, code: &str, source, report: Option<ReportId>| {
        let command =
            ItemCommand::Observe { capture: captured(TEXT), source, report, region: region(code), now: now() };
        let events = Item::decide(&state, command).expect("observed");
        events.iter().fold(state, Item::evolve)
    };
    let mut state = observe(ItemState::Absent, first, ItemSource::Monitoring, None);
    for (number, code) in (1..).zip(reported) {
        state = observe(state, code, ItemSource::Report, Some(id(number)));
    }
    state.item().expect("observed").clone()
}

/// X10, R80: the region and whoever took it in, nobody else.
#[test]
fn who_may_know_of_a_report() {
    let own = |id: &str| Sight::Own(id.parse().expect(id));
    let table = [
        ("an auditor", Sight::Everything, true, true),
        ("the agency that took it in, elsewhere", agency("cac-330000", "330000"), true, true),
        ("the district's agency", agency("cac-310115", "310115"), true, false),
        ("the city's agency", agency("cac-310000", "310000"), true, false),
        ("a national agency", agency("cac-000000", "000000"), true, false),
        ("another district's agency", agency("cac-310104", "310104"), false, false),
        ("another province's agency", agency("cac-650000", "650000"), false, false),
        ("a platform", own("platform-weibo"), false, false),
        ("an institution", own("institution-1"), false, false),
        ("whoever took it in, and has no region", own("cac-330000"), true, true),
    ];
    for (who, sight, sees, knows_reporter) in table {
        assert_eq!(sight.reaches_report(&report()), sees, "{who}");
        assert_eq!(sight.knows_reporter_of("cac-330000"), knows_reporter, "{who}");
    }
    let mut of_old = report();
    of_old.filed.taken_in_by = None;
    assert!(!agency("cac-330000", "330000").reaches_report(&of_old), "nobody knows who took it in");
    assert!(!agency("cac-310000", "310000").knows_reporter_of(""));
}

/// R80: where an item was seen or reported; what has no region lies with everybody.
#[test]
fn who_may_know_of_an_item() {
    let shanghai = agency("cac-310000", "310000");
    let table = [
        ("seen there", item("310115", &[]), true),
        ("seen elsewhere", item("650000", &[]), false),
        ("seen elsewhere, reported there", item("650000", &["310104"]), true),
        ("seen and reported elsewhere", item("650000", &["330602"]), false),
        ("seen without a region", item("000000", &[]), true),
    ];
    for (what, item, sees) in table {
        assert_eq!(shanghai.reaches_item(&item), sees, "{what}");
        assert!(Sight::Everything.reaches_item(&item), "{what}");
        assert!(!Sight::Own("platform-weibo".parse().expect("agency")).reaches_item(&item), "{what}");
    }
}
