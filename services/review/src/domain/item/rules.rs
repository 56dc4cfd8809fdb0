//! What may follow for an item, and why not.

use casebook_kernel::Timestamp;
use casebook_kernel::calendar::shanghai_date;
use casebook_kernel::ids::ReportId;
use casebook_kernel::region::Region;

use super::*;
use crate::domain::screening::Span;
use crate::domain::visibility::answers_for_item;

pub(super) fn observe_first(
    capture: Capture,
    source: ItemSource,
    report: Option<ReportId>,
    region: Region,
    now: Timestamp,
) -> Result<Vec<ItemEvent>, ItemRefusal> {
    let item_id = capture.item_id().ok_or(ItemRefusal::Unidentified)?;
    Ok(vec![ItemEvent::Observed(Box::new(ItemObserved { item_id, capture, source, report, region, observed_at: now }))])
}

/// What a further look at a known item adds: a version if it reads differently, a report if a new one names it, a region where
/// nobody answered for it yet.
///
/// A platform and monitoring show the item as it is now: what differs from the latest version is a new one, also if it
/// reads as it once did. A reporter shows what was seen some time ago: any version may be the one.
pub(super) fn observe_again(
    item: &ObservedItem,
    content: Content,
    source: ItemSource,
    reported: Option<ReportId>,
    region: Region,
    now: Timestamp,
) -> Result<Vec<ItemEvent>, ItemRefusal> {
    let item_id = item.observed.item_id;
    let mut events = Vec::new();
    let mut seen = None;
    // No further version is kept. Whoever edits a post so often does not keep it from those who answer for it.
    let mut full = false;
    match (&content, source) {
        (Content::Captured(snapshot), source) => {
            let known = item.version_showing(snapshot);
            let current = known.is_some_and(|number| number == item.latest()) && item.deleted_at.is_none();
            let is_known = if source == ItemSource::Report { known.is_some() } else { current };
            seen = known.filter(|_| is_known);
            if !is_known && item.versions.len() >= VERSIONS_MAX {
                full = true;
            } else if !is_known {
                let version = item.latest() + 1;
                seen = Some(version);
                events.push(ItemEvent::VersionRecorded(ItemVersionRecorded {
                    item_id,
                    version,
                    snapshot: snapshot.clone(),
                    report: reported,
                    observed_at: now,
                }));
            }
        }
        // That it is gone is the platform's or the monitoring's to see; a reporter may only have lost the link.
        (Content::Deleted, ItemSource::Platform | ItemSource::Monitoring) if item.deleted_at.is_none() => {
            events.push(ItemEvent::DeletionObserved(ItemDeletionObserved { item_id, observed_at: now }));
        }
        (Content::Deleted, _) => {}
    }
    // What is brought in without a region opens an item to nobody who had no part in it.
    let elsewhere = region != Region::NATIONAL && !item.regions.contains(&region) && item.regions.len() < REGIONS_MAX;
    match reported.filter(|report| !item.reports.contains(report)) {
        Some(report) if item.reports.len() < REPORTS_MAX => {
            let region = Some(region);
            events.push(ItemEvent::Reported(ItemReported { item_id, report, version: seen, region, reported_at: now }));
        }
        // The report is not listed, but lies with an agency that has to know of the item.
        Some(_) if !elsewhere => return Err(ItemRefusal::TooManyReports),
        _ if elsewhere => {
            events.push(ItemEvent::SeenElsewhere(ItemSeenElsewhere { item_id, region, seen_at: now }));
        }
        _ => {}
    }
    match events.is_empty() {
        true if full => Err(ItemRefusal::TooManyVersions),
        true => Err(ItemRefusal::NothingNew),
        false => Ok(events),
    }
}

/// 属地管理 (R80): whoever may know of an item may judge it.
pub(super) fn check_competent(item: &ObservedItem, region: Region) -> Result<(), ItemRefusal> {
    if answers_for_item(region, &item.regions) {
        Ok(())
    } else {
        Err(ItemRefusal::OutOfJurisdiction { officer: region, item: item.observed.region })
    }
}

/// Where enforcement takes a referral up: where the item lies with the officer who refers it. What lies with every agency is
/// taken up by the one that refers it; left with the whole country it would be taken up by nobody.
pub(super) fn referred_to(item: &ObservedItem, officer: Region) -> Region {
    let first = item.observed.region;
    if officer.contains(first) {
        return first;
    }
    item.regions.iter().copied().find(|place| officer.contains(*place)).unwrap_or(officer)
}

pub(super) fn screen(
    item: &ObservedItem,
    number: u32,
    screening: Screening,
    rule_pack_version: String,
    account: AccountFacts,
    now: Timestamp,
) -> Result<Vec<ItemEvent>, ItemRefusal> {
    let version = captured(item, number)?;
    let same = |earlier: &ItemScreened| {
        earlier.rule_pack_version == rule_pack_version && earlier.screening == screening && earlier.account == account
    };
    if version.screened.as_ref().is_some_and(same) {
        return Err(ItemRefusal::AlreadyScreened);
    }
    Ok(vec![ItemEvent::Screened(ItemScreened {
        item_id: item.observed.item_id,
        version: number,
        text_sha256: version.text_sha256,
        rule_pack_version,
        screening,
        account,
        screened_at: now,
    })])
}

fn captured(item: &ObservedItem, number: u32) -> Result<&ItemVersion, ItemRefusal> {
    if item.versions.is_empty() {
        return Err(ItemRefusal::NothingCaptured);
    }
    item.version(number).ok_or(ItemRefusal::UnknownVersion { version: number })
}

pub(super) fn record_finding(item: &ObservedItem, command: ItemCommand) -> Result<Vec<ItemEvent>, ItemRefusal> {
    let ItemCommand::RecordFinding {
        finding,
        version,
        violation,
        quote,
        char_start,
        reasons,
        legal_bases,
        by,
        now,
        ..
    } = command
    else {
        return Err(ItemRefusal::UnknownFinding);
    };
    if item.finding(finding).is_some() {
        return Err(ItemRefusal::FindingAlreadyRecorded);
    }
    if item.findings.len() >= FINDINGS_MAX {
        return Err(ItemRefusal::TooManyFindings);
    }
    let number = version.unwrap_or_else(|| item.latest());
    let version = captured(item, number)?;
    let quoted_span =
        Span::find(&version.snapshot.text, &quote, char_start).ok_or(ItemRefusal::SpanNotInItem { version: number })?;
    if legal_bases.is_empty() {
        return Err(ItemRefusal::BasisMissing);
    }
    let published_at = item.observed.capture.published_at.unwrap_or(version.observed_at);
    if let Some(basis) = legal_bases.iter().find(|basis| !applied(basis, published_at)) {
        return Err(ItemRefusal::BasisNotInForce { basis: basis.id.clone() });
    }
    Ok(vec![ItemEvent::FindingRecorded(FindingRecorded {
        item_id: item.observed.item_id,
        finding,
        version: number,
        item_sha256: version.text_sha256,
        violation,
        quoted_span,
        reasons,
        legal_bases: legal_bases.into_iter().map(|basis| basis.id).collect(),
        recorded_by: by,
        recorded_at: now,
    })])
}

/// What was published is judged by the rules of the day of its publication (行政处罚法 art. 37; decision record 0022), here as
/// in a case: a finding on any other basis could be confirmed and referred, and never decided.
fn applied(basis: &JudgedBasis, published_at: Timestamp) -> bool {
    let day = shanghai_date(published_at);
    basis.effective_from <= day && basis.effective_to.is_none_or(|end| day <= end)
}

/// The finding, if it waits for a second officer and `by` is one.
pub(super) fn waiting<'a>(
    item: &'a ObservedItem,
    id: FindingId,
    by: &OfficerReference,
) -> Result<&'a Finding, ItemRefusal> {
    let finding = item.finding(id).ok_or(ItemRefusal::UnknownFinding)?;
    match finding.stage {
        FindingStage::Recorded if finding.recorded_by == *by => Err(ItemRefusal::SameOfficer),
        FindingStage::Recorded => Ok(finding),
        FindingStage::Confirmed { .. } | FindingStage::Rejected { .. } | FindingStage::Referred { .. } => {
            Err(ItemRefusal::FindingSettled)
        }
    }
}

pub(super) fn submit_referral(
    item: &ObservedItem,
    id: FindingId,
    by: OfficerReference,
    officer_region: Region,
    now: Timestamp,
) -> Result<Vec<ItemEvent>, ItemRefusal> {
    let finding = item.finding(id).ok_or(ItemRefusal::UnknownFinding)?;
    let confirmed_by = match &finding.stage {
        FindingStage::Confirmed { by, .. } => by.clone(),
        FindingStage::Recorded | FindingStage::Rejected { .. } => return Err(ItemRefusal::UnconfirmedFinding),
        FindingStage::Referred { .. } => return Err(ItemRefusal::AlreadyReferred),
    };
    let version = captured(item, finding.version)?;
    let capture = &item.observed.capture;
    Ok(vec![ItemEvent::ReferralSubmitted(Box::new(ReferralSubmitted {
        item_id: item.observed.item_id,
        finding: id,
        platform: capture.platform.clone(),
        platform_item_id: capture.platform_item_id.clone(),
        platform_uid: capture.platform_uid.clone(),
        handle: capture.handle.clone(),
        account_id: capture.account_id(),
        violation: finding.violation.clone(),
        reasons: finding.reasons.clone(),
        quoted_span: finding.quoted_span.clone(),
        version: finding.version,
        item_sha256: version.text_sha256,
        published_at: capture.published_at,
        reports: item.reports.clone(),
        region: referred_to(item, officer_region),
        legal_bases: finding.legal_bases.clone(),
        account: version.screened.as_ref().map(|screened| screened.account),
        recorded_by: finding.recorded_by.clone(),
        confirmed_by,
        submitted_by: by,
        submitted_at: now,
    }))])
}
