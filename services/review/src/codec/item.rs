//! The stored form of what happens to an item.

use casebook_execution::{Aggregate, DecodeError, Stored};
use casebook_proto::review::v1 as proto;

use super::values::*;
use super::{Reading, Unreadable, read, stored};
use crate::domain::capture::{Capture, Snapshot};
use crate::domain::item::{
    FindingConfirmed, FindingRecorded, FindingRejected, Item, ItemDeletionObserved, ItemEvent, ItemObserved,
    ItemReported, ItemScreened, ItemSeenElsewhere, ItemVersionRecorded, ReferralSubmitted,
};

const OBSERVED: &str = "casebook.review.v1.ItemObserved";
const VERSION_RECORDED: &str = "casebook.review.v1.ItemVersionRecorded";
const REPORTED: &str = "casebook.review.v1.ItemReported";
const SEEN_ELSEWHERE: &str = "casebook.review.v1.ItemSeenElsewhere";
const DELETION_OBSERVED: &str = "casebook.review.v1.ItemDeletionObserved";
const SCREENED: &str = "casebook.review.v1.ItemScreened";
pub(crate) const FINDING_RECORDED: &str = "casebook.review.v1.FindingRecorded";
pub(crate) const FINDING_CONFIRMED: &str = "casebook.review.v1.FindingConfirmed";
const FINDING_REJECTED: &str = "casebook.review.v1.FindingRejected";
pub(crate) const REFERRAL_SUBMITTED: &str = "casebook.review.v1.ReferralSubmitted";

/// Every type of event that an item's stream may hold.
pub const EVENT_TYPES: &[&str] = &[
    OBSERVED,
    VERSION_RECORDED,
    REPORTED,
    SEEN_ELSEWHERE,
    DELETION_OBSERVED,
    SCREENED,
    FINDING_RECORDED,
    FINDING_CONFIRMED,
    FINDING_REJECTED,
    REFERRAL_SUBMITTED,
];

impl Aggregate for Item {
    const CATEGORY: &'static str = "item";

    fn encode(event: &ItemEvent) -> Stored {
        match event {
            ItemEvent::Observed(event) => stored(OBSERVED, &observed_of(event)),
            ItemEvent::VersionRecorded(event) => stored(VERSION_RECORDED, &version_recorded_of(event)),
            ItemEvent::Reported(event) => stored(
                REPORTED,
                &proto::ItemReported {
                    item_id: event.item_id.to_string(),
                    report_id: event.report.to_string(),
                    version: event.version.unwrap_or(0),
                    reported_at: time_of(event.reported_at),
                    region: string_or_empty(&event.region),
                },
            ),
            ItemEvent::SeenElsewhere(event) => stored(
                SEEN_ELSEWHERE,
                &proto::ItemSeenElsewhere {
                    item_id: event.item_id.to_string(),
                    region: event.region.code(),
                    seen_at: time_of(event.seen_at),
                },
            ),
            ItemEvent::DeletionObserved(event) => stored(
                DELETION_OBSERVED,
                &proto::ItemDeletionObserved {
                    item_id: event.item_id.to_string(),
                    observed_at: time_of(event.observed_at),
                },
            ),
            ItemEvent::Screened(event) => stored(SCREENED, &screened_of(event)),
            ItemEvent::FindingRecorded(event) => stored(FINDING_RECORDED, &finding_recorded_of(event)),
            ItemEvent::FindingConfirmed(event) => stored(FINDING_CONFIRMED, &finding_confirmed_of(event)),
            ItemEvent::FindingRejected(event) => stored(FINDING_REJECTED, &finding_rejected_of(event)),
            ItemEvent::ReferralSubmitted(event) => stored(REFERRAL_SUBMITTED, &referral_of(event)),
        }
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<ItemEvent, DecodeError> {
        Ok(match event_type {
            OBSERVED => ItemEvent::Observed(Box::new(read(event_type, json, observed)?)),
            VERSION_RECORDED => ItemEvent::VersionRecorded(read(event_type, json, version_recorded)?),
            REPORTED => ItemEvent::Reported(read(event_type, json, reported)?),
            SEEN_ELSEWHERE => ItemEvent::SeenElsewhere(read(event_type, json, seen_elsewhere)?),
            DELETION_OBSERVED => ItemEvent::DeletionObserved(read(event_type, json, deletion_observed)?),
            SCREENED => ItemEvent::Screened(read(event_type, json, screened)?),
            FINDING_RECORDED => ItemEvent::FindingRecorded(read(event_type, json, finding_recorded)?),
            FINDING_CONFIRMED => ItemEvent::FindingConfirmed(read(event_type, json, finding_confirmed)?),
            FINDING_REJECTED => ItemEvent::FindingRejected(read(event_type, json, finding_rejected)?),
            REFERRAL_SUBMITTED => ItemEvent::ReferralSubmitted(Box::new(read(event_type, json, referral)?)),
            _ => return Err(DecodeError::new(event_type, "no item has events of this type")),
        })
    }
}

fn observed_of(event: &ItemObserved) -> proto::ItemObserved {
    let capture = &event.capture;
    let snapshot = capture.content.snapshot();
    proto::ItemObserved {
        item_id: event.item_id.to_string(),
        platform: capture.platform.clone(),
        platform_item_id: text_of(&capture.platform_item_id),
        platform_uid: capture.platform_uid.clone(),
        handle: capture.handle.clone(),
        account_id: capture.account_id().to_string(),
        source: source_of(event.source).into(),
        report_id: string_or_empty(&event.report),
        region: event.region.to_string(),
        published_at: capture.published_at.and_then(time_of),
        content: content_of(&capture.content).into(),
        text: snapshot.map(|snapshot| snapshot.text.clone()).unwrap_or_default(),
        text_sha256: string_or_empty(&snapshot.map(Snapshot::text_sha256)),
        labels: snapshot.map(|snapshot| snapshot.labels.clone()).unwrap_or_default(),
        links: snapshot.map(|snapshot| snapshot.links.clone()).unwrap_or_default(),
        observed_at: time_of(event.observed_at),
    }
}

fn observed(message: proto::ItemObserved) -> Reading<ItemObserved> {
    Ok(ItemObserved {
        item_id: text("item_id", &message.item_id)?,
        capture: Capture {
            platform: message.platform,
            platform_item_id: text_from(message.platform_item_id),
            platform_uid: message.platform_uid,
            handle: message.handle,
            content: content(message.content, message.text, message.labels, message.links)?,
            published_at: optional_time("published_at", message.published_at)?,
        },
        source: source(message.source)?,
        report: some_text("report_id", &message.report_id)?,
        region: text("region", &message.region)?,
        observed_at: time("observed_at", message.observed_at)?,
    })
}

fn version_recorded_of(event: &ItemVersionRecorded) -> proto::ItemVersionRecorded {
    proto::ItemVersionRecorded {
        item_id: event.item_id.to_string(),
        version: event.version,
        text: event.snapshot.text.clone(),
        text_sha256: event.snapshot.text_sha256().to_string(),
        labels: event.snapshot.labels.clone(),
        links: event.snapshot.links.clone(),
        report_id: string_or_empty(&event.report),
        observed_at: time_of(event.observed_at),
    }
}

fn version_recorded(message: proto::ItemVersionRecorded) -> Reading<ItemVersionRecorded> {
    Ok(ItemVersionRecorded {
        item_id: text("item_id", &message.item_id)?,
        version: message.version,
        snapshot: Snapshot { text: message.text, labels: message.labels, links: message.links },
        report: some_text("report_id", &message.report_id)?,
        observed_at: time("observed_at", message.observed_at)?,
    })
}

fn reported(message: proto::ItemReported) -> Reading<ItemReported> {
    Ok(ItemReported {
        item_id: text("item_id", &message.item_id)?,
        report: text("report_id", &message.report_id)?,
        version: Some(message.version).filter(|version| *version > 0),
        region: some_text("region", &message.region)?,
        reported_at: time("reported_at", message.reported_at)?,
    })
}

fn seen_elsewhere(message: proto::ItemSeenElsewhere) -> Reading<ItemSeenElsewhere> {
    Ok(ItemSeenElsewhere {
        item_id: text("item_id", &message.item_id)?,
        region: text("region", &message.region)?,
        seen_at: time("seen_at", message.seen_at)?,
    })
}

fn deletion_observed(message: proto::ItemDeletionObserved) -> Reading<ItemDeletionObserved> {
    Ok(ItemDeletionObserved {
        item_id: text("item_id", &message.item_id)?,
        observed_at: time("observed_at", message.observed_at)?,
    })
}

pub(crate) fn screened_of(event: &ItemScreened) -> proto::ItemScreened {
    proto::ItemScreened {
        item_id: event.item_id.to_string(),
        version: event.version,
        text_sha256: event.text_sha256.to_string(),
        rule_pack_version: event.rule_pack_version.clone(),
        hits: event.screening.hits.iter().map(hit_of).collect(),
        truncated: event.screening.truncated,
        account_standing: standing_of(event.account.standing).into(),
        certification: certification_of(event.account.certification).into(),
        screened_at: time_of(event.screened_at),
    }
}

fn screened(message: proto::ItemScreened) -> Reading<ItemScreened> {
    Ok(ItemScreened {
        item_id: text("item_id", &message.item_id)?,
        version: message.version,
        text_sha256: text("text_sha256", &message.text_sha256)?,
        rule_pack_version: message.rule_pack_version,
        screening: screening(message.hits, message.truncated),
        account: account_facts(message.account_standing, message.certification)?,
        screened_at: time("screened_at", message.screened_at)?,
    })
}

fn finding_recorded_of(event: &FindingRecorded) -> proto::FindingRecorded {
    proto::FindingRecorded {
        item_id: event.item_id.to_string(),
        finding_id: event.finding.to_string(),
        version: event.version,
        item_sha256: event.item_sha256.to_string(),
        violation: event.violation.clone(),
        quoted_span: Some(span_of(&event.quoted_span)),
        reasons: event.reasons.clone(),
        legal_bases: event.legal_bases.clone(),
        recorded_by: officer_of(&event.recorded_by),
        recorded_at: time_of(event.recorded_at),
    }
}

fn finding_recorded(message: proto::FindingRecorded) -> Reading<FindingRecorded> {
    let quoted_span = message.quoted_span.ok_or_else(|| Unreadable::new("quoted_span", "is missing"))?;
    Ok(FindingRecorded {
        item_id: text("item_id", &message.item_id)?,
        finding: text("finding_id", &message.finding_id)?,
        version: message.version,
        item_sha256: text("item_sha256", &message.item_sha256)?,
        violation: message.violation,
        quoted_span: span(quoted_span),
        reasons: message.reasons,
        legal_bases: message.legal_bases,
        recorded_by: officer("recorded_by", message.recorded_by)?,
        recorded_at: time("recorded_at", message.recorded_at)?,
    })
}

fn finding_confirmed_of(event: &FindingConfirmed) -> proto::FindingConfirmed {
    proto::FindingConfirmed {
        item_id: event.item_id.to_string(),
        finding_id: event.finding.to_string(),
        violation: event.violation.clone(),
        confirmed_by: officer_of(&event.confirmed_by),
        confirmed_at: time_of(event.confirmed_at),
    }
}

fn finding_confirmed(message: proto::FindingConfirmed) -> Reading<FindingConfirmed> {
    Ok(FindingConfirmed {
        item_id: text("item_id", &message.item_id)?,
        finding: text("finding_id", &message.finding_id)?,
        violation: message.violation,
        confirmed_by: officer("confirmed_by", message.confirmed_by)?,
        confirmed_at: time("confirmed_at", message.confirmed_at)?,
    })
}

fn finding_rejected_of(event: &FindingRejected) -> proto::FindingRejected {
    proto::FindingRejected {
        item_id: event.item_id.to_string(),
        finding_id: event.finding.to_string(),
        reasons: event.reasons.clone(),
        rejected_by: officer_of(&event.rejected_by),
        rejected_at: time_of(event.rejected_at),
    }
}

fn finding_rejected(message: proto::FindingRejected) -> Reading<FindingRejected> {
    Ok(FindingRejected {
        item_id: text("item_id", &message.item_id)?,
        finding: text("finding_id", &message.finding_id)?,
        reasons: message.reasons,
        rejected_by: officer("rejected_by", message.rejected_by)?,
        rejected_at: time("rejected_at", message.rejected_at)?,
    })
}

fn referral_of(event: &ReferralSubmitted) -> proto::ReferralSubmitted {
    let (account_standing, certification) = match event.account {
        Some(account) => (standing_of(account.standing), certification_of(account.certification)),
        None => (proto::AccountStanding::Unspecified, proto::Certification::Unspecified),
    };
    proto::ReferralSubmitted {
        item_id: event.item_id.to_string(),
        finding_id: event.finding.to_string(),
        platform: event.platform.clone(),
        platform_uid: event.platform_uid.clone(),
        account_id: event.account_id.to_string(),
        violation: event.violation.clone(),
        reasons: event.reasons.clone(),
        quoted_span: Some(span_of(&event.quoted_span)),
        item_sha256: event.item_sha256.to_string(),
        published_at: event.published_at.and_then(time_of),
        report_ids: strings(&event.reports),
        region: event.region.to_string(),
        legal_bases: event.legal_bases.clone(),
        handle: event.handle.clone(),
        platform_item_id: text_of(&event.platform_item_id),
        version: event.version,
        account_standing: account_standing.into(),
        certification: certification.into(),
        recorded_by: officer_of(&event.recorded_by),
        confirmed_by: officer_of(&event.confirmed_by),
        submitted_by: officer_of(&event.submitted_by),
        submitted_at: time_of(event.submitted_at),
    }
}

fn referral(message: proto::ReferralSubmitted) -> Reading<ReferralSubmitted> {
    let unscreened = message.account_standing == i32::from(proto::AccountStanding::Unspecified);
    let quoted_span = message.quoted_span.ok_or_else(|| Unreadable::new("quoted_span", "is missing"))?;
    Ok(ReferralSubmitted {
        item_id: text("item_id", &message.item_id)?,
        finding: text("finding_id", &message.finding_id)?,
        platform: message.platform,
        platform_item_id: text_from(message.platform_item_id),
        platform_uid: message.platform_uid,
        handle: message.handle,
        account_id: text("account_id", &message.account_id)?,
        violation: message.violation,
        reasons: message.reasons,
        quoted_span: span(quoted_span),
        version: message.version,
        item_sha256: text("item_sha256", &message.item_sha256)?,
        published_at: optional_time("published_at", message.published_at)?,
        reports: each("report_ids", &message.report_ids)?,
        region: text("region", &message.region)?,
        legal_bases: message.legal_bases,
        account: if unscreened { None } else { Some(account_facts(message.account_standing, message.certification)?) },
        recorded_by: officer("recorded_by", message.recorded_by)?,
        confirmed_by: officer("confirmed_by", message.confirmed_by)?,
        submitted_by: officer("submitted_by", message.submitted_by)?,
        submitted_at: time("submitted_at", message.submitted_at)?,
    })
}
