//! Where an item lies.

use super::*;

/// R80, R84: whoever monitors a region answers for what is seen in it, wherever it was first seen.
#[test]
fn an_item_lies_wherever_it_is_seen() {
    let zhejiang: Region = "330000".parse().expect("region");
    let seen = |region| ItemCommand::Observe {
        capture: captured(TEXT),
        source: ItemSource::Monitoring,
        report: None,
        region,
        now: at(NOW),
    };
    let event = ItemSeenElsewhere { item_id: item_id(), region: zhejiang, seen_at: at(NOW) };
    let elsewhere = observed().when(seen(zhejiang)).then([ItemEvent::SeenElsewhere(event)]);
    assert_eq!(item(&elsewhere).regions, [region(), zhejiang].into());
    elsewhere.when(seen(zhejiang)).refused(ItemRefusal::NothingNew);
    observed().when(seen(Region::NATIONAL)).refused(ItemRefusal::NothingNew);
}

/// Each report lies with an agency that has to know of the item, also the one that the item does not list any more.
#[test]
fn a_report_that_is_not_listed_adds_its_region() {
    let zhejiang: Region = "330000".parse().expect("region");
    let further = |number, region| ItemCommand::Observe {
        capture: captured(TEXT),
        source: ItemSource::Report,
        report: Some(id(number)),
        region,
        now: at(NOW),
    };
    let full = observed_and_reported_to_the_full().after(further(5_000, zhejiang));
    assert_eq!(item(&full).regions, [region(), zhejiang].into());
    assert_eq!(item(&full).reports.len(), REPORTS_MAX);
    full.when(further(5_001, zhejiang)).refused(ItemRefusal::TooManyReports);
}
