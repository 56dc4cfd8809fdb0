//! What the tests of the domain speak of.

use casebook_kernel::Timestamp;
use uuid::Uuid;

use super::capture::{Capture, Content, Snapshot};
use super::finding::OfficerReference;

pub fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

pub fn officer(agency: &str, officer: &str) -> OfficerReference {
    OfficerReference { agency: agency.parse().expect(agency), officer: officer.parse().expect(officer) }
}

pub fn id<Id: From<Uuid>>(number: u128) -> Id {
    Id::from(Uuid::from_u128(number))
}

pub fn snapshot(text: &str) -> Snapshot {
    Snapshot { text: text.into(), labels: Vec::new(), links: Vec::new() }
}

/// The post `M1` of the account `u1` on Weibo, published on 1 March 2026.
pub fn capture(content: Content) -> Capture {
    Capture {
        platform: "weibo".into(),
        platform_item_id: Some("M1".into()),
        platform_uid: "u1".into(),
        handle: "养生老王".into(),
        content,
        published_at: Some(at("2026-03-01T02:00:00Z")),
    }
}

pub fn captured(text: &str) -> Capture {
    capture(Content::Captured(snapshot(text)))
}
