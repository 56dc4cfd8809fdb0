//! An item (信息): a published piece of content in all its versions, what the rule pack said of each, and what
//! reviewers found.

mod event;
mod rules;

use std::collections::BTreeSet;

use casebook_kernel::ids::ReportId;
use casebook_kernel::region::Region;
use casebook_kernel::{Decider, Timestamp};
use chrono::NaiveDate;

pub use event::{
    FindingConfirmed, FindingRecorded, FindingRejected, ItemDeletionObserved, ItemEvent, ItemObserved, ItemReported,
    ItemScreened, ItemSeenElsewhere, ItemVersionRecorded, ReferralSubmitted,
};

use super::capture::{Capture, Content, Snapshot, TextHash};
use super::finding::{Finding, FindingId, FindingStage, OfficerReference};
use super::screening::Screening;
use super::standing::AccountFacts;

/// The most versions that are kept of one item.
pub const VERSIONS_MAX: usize = 64;
/// The most findings about one item.
pub const FINDINGS_MAX: usize = 64;
/// The most reports that one item lists.
pub const REPORTS_MAX: usize = 1_000;
/// In how many regions an item lies, at most.
pub const REGIONS_MAX: usize = 1_000;

/// Where an item came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemSource {
    Report,
    Platform,
    Monitoring,
}

/// A version of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemVersion {
    pub snapshot: Snapshot,
    pub text_sha256: TextHash,
    pub observed_at: Timestamp,
    /// The latest screening.
    pub screened: Option<ItemScreened>,
}

/// How far an item has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemStage {
    Observed,
    Screened,
    UnderFinding,
    Found,
    Referred,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedItem {
    pub observed: ItemObserved,
    /// Numbered from 1; empty where the content was gone before anybody captured it.
    pub versions: Vec<ItemVersion>,
    pub findings: Vec<Finding>,
    pub reports: Vec<ReportId>,
    /// Where agencies answer for it (R80): where it was seen, and where it was reported.
    pub regions: BTreeSet<Region>,
    pub deleted_at: Option<Timestamp>,
}

impl ObservedItem {
    /// A version by its number, from 1.
    pub fn version(&self, number: u32) -> Option<&ItemVersion> {
        self.versions.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The number of the latest version; 0 where there is none.
    pub fn latest(&self) -> u32 {
        u32::try_from(self.versions.len()).unwrap_or(u32::MAX)
    }

    pub fn finding(&self, id: FindingId) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.id == id)
    }

    pub fn stage(&self) -> ItemStage {
        let any = |stage: fn(&FindingStage) -> bool| self.findings.iter().any(|finding| stage(&finding.stage));
        if any(|stage| matches!(stage, FindingStage::Referred { .. })) {
            ItemStage::Referred
        } else if any(|stage| matches!(stage, FindingStage::Confirmed { .. })) {
            ItemStage::Found
        } else if any(|stage| matches!(stage, FindingStage::Recorded)) {
            ItemStage::UnderFinding
        } else if self.versions.last().is_some_and(|version| version.screened.is_some()) {
            ItemStage::Screened
        } else {
            ItemStage::Observed
        }
    }

    /// The version that shows just this, if there is one.
    pub fn version_showing(&self, snapshot: &Snapshot) -> Option<u32> {
        let place = self.versions.iter().rposition(|version| version.snapshot == *snapshot)?;
        u32::try_from(place + 1).ok()
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub enum ItemState {
    #[default]
    Absent,
    Observed(Box<ObservedItem>),
}

impl ItemState {
    pub fn item(&self) -> Option<&ObservedItem> {
        match self {
            Self::Absent => None,
            Self::Observed(item) => Some(item),
        }
    }
}

/// A legal basis as a reviewer judges it, with the days on which the policy pack says that it applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedBasis {
    pub id: String,
    pub effective_from: NaiveDate,
    /// The last day; none: it still applies.
    pub effective_to: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ItemCommand {
    Observe {
        capture: Capture,
        source: ItemSource,
        /// The report that names the item, where one does.
        report: Option<ReportId>,
        region: Region,
        now: Timestamp,
    },
    Screen {
        version: u32,
        screening: Screening,
        rule_pack_version: String,
        account: AccountFacts,
        now: Timestamp,
    },
    RecordFinding {
        finding: FindingId,
        /// None: the latest.
        version: Option<u32>,
        violation: String,
        quote: String,
        /// In characters; none: where the quote first stands.
        char_start: Option<u32>,
        reasons: String,
        legal_bases: Vec<JudgedBasis>,
        by: OfficerReference,
        region: Region,
        now: Timestamp,
    },
    ConfirmFinding {
        finding: FindingId,
        by: OfficerReference,
        region: Region,
        now: Timestamp,
    },
    RejectFinding {
        finding: FindingId,
        reasons: String,
        by: OfficerReference,
        region: Region,
        now: Timestamp,
    },
    SubmitReferral {
        finding: FindingId,
        by: OfficerReference,
        region: Region,
        now: Timestamp,
    },
}

impl ItemCommand {
    /// Where an officer who judges an item answers for; taking one in and screening it are no judgement.
    fn region_of_officer(&self) -> Option<Region> {
        match self {
            Self::Observe { .. } | Self::Screen { .. } => None,
            Self::RecordFinding { region, .. }
            | Self::ConfirmFinding { region, .. }
            | Self::RejectFinding { region, .. }
            | Self::SubmitReferral { region, .. } => Some(*region),
        }
    }
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ItemRefusal {
    #[error("there is no such item")]
    NotObserved,
    #[error("neither the platform's id nor a text says which item it is")]
    Unidentified,
    #[error(
        "an agency of region {officer} does not answer for region {item}, where the item was first seen, nor was it seen or reported there"
    )]
    OutOfJurisdiction { officer: Region, item: Region },
    #[error("nothing about the item has changed")]
    NothingNew,
    #[error("the item has {VERSIONS_MAX} versions; no more are kept")]
    TooManyVersions,
    #[error("the item lists {REPORTS_MAX} reports; merge further ones into one of them")]
    TooManyReports,
    #[error("the item was gone before anybody captured it: there is nothing to quote")]
    NothingCaptured,
    #[error("the item has no version {version}")]
    UnknownVersion { version: u32 },
    #[error("this version was held against this rule pack with the same result")]
    AlreadyScreened,
    #[error("version {version} of the item does not read as quoted there")]
    SpanNotInItem { version: u32 },
    #[error("a finding names the legal bases it rests on")]
    BasisMissing,
    #[error("the legal basis {basis} did not apply between the item's publication and its capture")]
    BasisNotInForce { basis: String },
    #[error("the item has {FINDINGS_MAX} findings; no more are kept")]
    TooManyFindings,
    #[error("this finding was recorded before")]
    FindingAlreadyRecorded,
    #[error("the item has no such finding")]
    UnknownFinding,
    #[error("the finding was confirmed or rejected before")]
    FindingSettled,
    #[error("a finding is confirmed or rejected by another officer than the one who recorded it")]
    SameOfficer,
    #[error("the finding is not confirmed by a second officer")]
    UnconfirmedFinding,
    #[error("the finding was referred before")]
    AlreadyReferred,
}

/// The rules of an item.
#[derive(Debug, Clone, Copy)]
pub struct Item;

impl Decider for Item {
    type State = ItemState;
    type Command = ItemCommand;
    type Event = ItemEvent;
    type Refusal = ItemRefusal;

    fn decide(state: &ItemState, command: ItemCommand) -> Result<Vec<ItemEvent>, ItemRefusal> {
        let (item, command) = match (state, command) {
            (ItemState::Absent, ItemCommand::Observe { capture, source, report, region, now }) => {
                return rules::observe_first(capture, source, report, region, now);
            }
            (ItemState::Absent, _) => return Err(ItemRefusal::NotObserved),
            (ItemState::Observed(item), command) => (item, command),
        };
        if let Some(region) = command.region_of_officer() {
            rules::check_competent(item, region)?;
        }
        match command {
            ItemCommand::Observe { capture, source, report, region, now } => {
                rules::observe_again(item, capture.content, source, report, region, now)
            }
            ItemCommand::Screen { version, screening, rule_pack_version, account, now } => {
                rules::screen(item, version, screening, rule_pack_version, account, now)
            }
            ItemCommand::RecordFinding { .. } => rules::record_finding(item, command),
            ItemCommand::ConfirmFinding { finding, by, region: _, now } => {
                let finding = rules::waiting(item, finding, &by)?;
                Ok(vec![ItemEvent::FindingConfirmed(FindingConfirmed {
                    item_id: item.observed.item_id,
                    finding: finding.id,
                    violation: finding.violation.clone(),
                    confirmed_by: by,
                    confirmed_at: now,
                })])
            }
            ItemCommand::RejectFinding { finding, reasons, by, region: _, now } => {
                let finding = rules::waiting(item, finding, &by)?;
                Ok(vec![ItemEvent::FindingRejected(FindingRejected {
                    item_id: item.observed.item_id,
                    finding: finding.id,
                    reasons,
                    rejected_by: by,
                    rejected_at: now,
                })])
            }
            ItemCommand::SubmitReferral { finding, by, region, now } => {
                rules::submit_referral(item, finding, by, region, now)
            }
        }
    }

    fn evolve(state: ItemState, event: &ItemEvent) -> ItemState {
        match (state, event) {
            (ItemState::Absent, ItemEvent::Observed(observed)) => {
                let versions = observed.capture.content.snapshot().map(|snapshot| ItemVersion {
                    snapshot: snapshot.clone(),
                    text_sha256: snapshot.text_sha256(),
                    observed_at: observed.observed_at,
                    screened: None,
                });
                ItemState::Observed(Box::new(ObservedItem {
                    versions: versions.into_iter().collect(),
                    findings: Vec::new(),
                    reports: observed.report.into_iter().collect(),
                    regions: [observed.region].into(),
                    deleted_at: match observed.capture.content {
                        Content::Captured(_) => None,
                        Content::Deleted => Some(observed.observed_at),
                    },
                    observed: (**observed).clone(),
                }))
            }
            (ItemState::Observed(mut item), event) => {
                item.apply(event);
                ItemState::Observed(item)
            }
            (ItemState::Absent, _) => ItemState::Absent,
        }
    }
}

impl ObservedItem {
    fn apply(&mut self, event: &ItemEvent) {
        match event {
            // An item is observed for the first time once.
            ItemEvent::Observed(_) => {}
            ItemEvent::VersionRecorded(recorded) => {
                self.versions.push(ItemVersion {
                    snapshot: recorded.snapshot.clone(),
                    text_sha256: recorded.snapshot.text_sha256(),
                    observed_at: recorded.observed_at,
                    screened: None,
                });
                // What is captured is there.
                self.deleted_at = None;
                // A report that brings a version names the item, too; `ItemReported` stands beside it.
            }
            ItemEvent::Reported(reported) => {
                self.reports.push(reported.report);
                self.regions.extend(reported.region);
            }
            ItemEvent::SeenElsewhere(seen) => _ = self.regions.insert(seen.region),
            ItemEvent::DeletionObserved(deletion) => self.deleted_at = Some(deletion.observed_at),
            ItemEvent::Screened(screened) => {
                let place = usize::try_from(screened.version).unwrap_or(usize::MAX).wrapping_sub(1);
                if let Some(version) = self.versions.get_mut(place) {
                    version.screened = Some(screened.clone());
                }
            }
            ItemEvent::FindingRecorded(recorded) => self.findings.push(Finding {
                id: recorded.finding,
                version: recorded.version,
                violation: recorded.violation.clone(),
                quoted_span: recorded.quoted_span.clone(),
                reasons: recorded.reasons.clone(),
                legal_bases: recorded.legal_bases.clone(),
                recorded_by: recorded.recorded_by.clone(),
                recorded_at: recorded.recorded_at,
                stage: FindingStage::Recorded,
            }),
            ItemEvent::FindingConfirmed(confirmed) => self.settle(
                confirmed.finding,
                FindingStage::Confirmed { by: confirmed.confirmed_by.clone(), at: confirmed.confirmed_at },
            ),
            ItemEvent::FindingRejected(rejected) => self.settle(
                rejected.finding,
                FindingStage::Rejected {
                    by: rejected.rejected_by.clone(),
                    at: rejected.rejected_at,
                    reasons: rejected.reasons.clone(),
                },
            ),
            ItemEvent::ReferralSubmitted(referral) => {
                if let Some(finding) = self.findings.iter_mut().find(|finding| finding.id == referral.finding)
                    && let FindingStage::Confirmed { by, at } = &finding.stage
                {
                    finding.stage = FindingStage::Referred {
                        confirmed_by: by.clone(),
                        confirmed_at: *at,
                        at: referral.submitted_at,
                    };
                }
            }
        }
    }

    fn settle(&mut self, id: FindingId, stage: FindingStage) {
        if let Some(finding) = self.findings.iter_mut().find(|finding| finding.id == id) {
            finding.stage = stage;
        }
    }
}

#[cfg(test)]
mod tests;
