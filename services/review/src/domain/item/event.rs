//! What happens to an item.

use casebook_kernel::Timestamp;
use casebook_kernel::ids::{AccountId, ItemId, ReportId};
use casebook_kernel::region::Region;

use super::ItemSource;
use crate::domain::capture::{Capture, Snapshot, TextHash};
use crate::domain::finding::{FindingId, OfficerReference};
use crate::domain::screening::{Screening, Span};
use crate::domain::standing::AccountFacts;

#[derive(Debug, Clone, PartialEq)]
pub enum ItemEvent {
    Observed(Box<ItemObserved>),
    VersionRecorded(ItemVersionRecorded),
    Reported(ItemReported),
    SeenElsewhere(ItemSeenElsewhere),
    DeletionObserved(ItemDeletionObserved),
    Screened(ItemScreened),
    FindingRecorded(FindingRecorded),
    FindingConfirmed(FindingConfirmed),
    FindingRejected(FindingRejected),
    ReferralSubmitted(Box<ReferralSubmitted>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemObserved {
    pub item_id: ItemId,
    pub capture: Capture,
    pub source: ItemSource,
    pub report: Option<ReportId>,
    pub region: Region,
    pub observed_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemVersionRecorded {
    pub item_id: ItemId,
    pub version: u32,
    pub snapshot: Snapshot,
    pub report: Option<ReportId>,
    pub observed_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemReported {
    pub item_id: ItemId,
    pub report: ReportId,
    /// The version that the reporter saw, where the reporter had a text.
    pub version: Option<u32>,
    /// The region of the report; none where it was not kept.
    pub region: Option<Region>,
    pub reported_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemSeenElsewhere {
    pub item_id: ItemId,
    pub region: Region,
    pub seen_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemDeletionObserved {
    pub item_id: ItemId,
    pub observed_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemScreened {
    pub item_id: ItemId,
    pub version: u32,
    pub text_sha256: TextHash,
    pub rule_pack_version: String,
    pub screening: Screening,
    pub account: AccountFacts,
    pub screened_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRecorded {
    pub item_id: ItemId,
    pub finding: FindingId,
    pub version: u32,
    pub item_sha256: TextHash,
    pub violation: String,
    pub quoted_span: Span,
    pub reasons: String,
    pub legal_bases: Vec<String>,
    pub recorded_by: OfficerReference,
    pub recorded_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingConfirmed {
    pub item_id: ItemId,
    pub finding: FindingId,
    pub violation: String,
    pub confirmed_by: OfficerReference,
    pub confirmed_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRejected {
    pub item_id: ItemId,
    pub finding: FindingId,
    pub reasons: String,
    pub rejected_by: OfficerReference,
    pub rejected_at: Timestamp,
}

/// All that a lead needs, so that enforcement has to ask nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralSubmitted {
    pub item_id: ItemId,
    pub finding: FindingId,
    pub platform: String,
    pub platform_item_id: Option<String>,
    pub platform_uid: String,
    pub handle: String,
    pub account_id: AccountId,
    pub violation: String,
    pub reasons: String,
    pub quoted_span: Span,
    pub version: u32,
    pub item_sha256: TextHash,
    pub published_at: Option<Timestamp>,
    pub reports: Vec<ReportId>,
    pub region: Region,
    pub legal_bases: Vec<String>,
    /// As of the latest screening of the version; none if it was never screened.
    pub account: Option<AccountFacts>,
    pub recorded_by: OfficerReference,
    pub confirmed_by: OfficerReference,
    pub submitted_by: OfficerReference,
    pub submitted_at: Timestamp,
}
