//! What the screening of content looks for. The matching itself is done where the content is.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::ids::{ClassId, LegalBasisId, RuleId, ViolationId};
use crate::text::Text;
use crate::violation::Severity;

/// A shape in a text that no list of terms can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// A mainland mobile number: 11 digits from 13 to 19, also with spaces or hyphens between 3-4-4.
    MobileNumber,
    /// A fixed line with its area code: 0 and 2 or 3 digits, a hyphen or a bracket, 7 or 8 digits.
    LandlineNumber,
    /// A service number of 10 digits that starts with 400 or 800.
    ServiceNumber,
    /// A link: a scheme and a host, or a host that starts with `www.`.
    Url,
    /// A link to a shop: a [`Pattern::Url`] whose host belongs to a shop, or a shop's share code.
    ShopUrl,
    /// 街道门牌: a road or street and a house number, such as 某某路18号.
    StreetAddress,
}

/// A list of terms, or of shapes, that rules share.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermClass {
    pub id: ClassId,
    pub name: Text,
    #[serde(default)]
    pub terms: Vec<String>,
    #[serde(default)]
    pub patterns: Vec<Pattern>,
}

/// The labels that S1 §3 asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// 引用转载 (R39).
    QuotedSource,
    /// 旧闻旧事 (R40).
    OldNews,
    /// 摆拍剧情 (R41).
    StagedDrama,
    /// AI生成合成 (R42).
    AiGenerated,
    /// 真实健康经历 (R43).
    PersonalExperience,
}

impl Label {
    pub const ALL: [Self; 5] =
        [Self::QuotedSource, Self::OldNews, Self::StagedDrama, Self::AiGenerated, Self::PersonalExperience];

    /// The word that packs, messages and rows use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QuotedSource => "quoted_source",
            Self::OldNews => "old_news",
            Self::StagedDrama => "staged_drama",
            Self::AiGenerated => "ai_generated",
            Self::PersonalExperience => "personal_experience",
        }
    }
}

/// When a rule fires.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// Any hit of any of the classes.
    Term { any_of: Vec<ClassId> },
    /// A hit of each group; a group is hit by any of its classes (R66).
    Cooccurrence { all_of: Vec<Vec<ClassId>> },
    /// Any hit of `any_of`, and the content carries neither the label nor a hit of `labelled_by`.
    LabelRequired { any_of: Vec<ClassId>, label: Label, labelled_by: Vec<ClassId> },
    /// At least `distinct_min` different terms of `any_of`, by an account without a verified credential (R33).
    WhenUncertified { any_of: Vec<ClassId>, distinct_min: u32 },
}

impl Trigger {
    /// Every class that the trigger names.
    pub fn classes(&self) -> impl Iterator<Item = &ClassId> {
        let (groups, labelled_by): (Vec<&[ClassId]>, &[ClassId]) = match self {
            Self::Term { any_of } | Self::WhenUncertified { any_of, .. } => (vec![any_of], &[]),
            Self::Cooccurrence { all_of } => (all_of.iter().map(Vec::as_slice).collect(), &[]),
            Self::LabelRequired { any_of, labelled_by, .. } => (vec![any_of], labelled_by),
        };
        groups.into_iter().flatten().chain(labelled_by)
    }
}

/// One rule: a hint for a reviewer, never a finding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreeningRule {
    pub id: RuleId,
    pub name: Text,
    pub violation: ViolationId,
    pub severity: Severity,
    pub bases: Vec<LegalBasisId>,
    pub trigger: Trigger,
    /// A hit of one of these silences the rule: a text that refutes a claim quotes it.
    #[serde(default)]
    pub unless: Vec<ClassId>,
}

/// A versioned set of screening rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreeningPack {
    pub(crate) version: String,
    pub(crate) effective_from: NaiveDate,
    pub(crate) classes: BTreeMap<ClassId, TermClass>,
    pub(crate) rules: Vec<ScreeningRule>,
}

impl ScreeningPack {
    /// The version that findings name.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn effective_from(&self) -> NaiveDate {
        self.effective_from
    }

    /// The rules in the order of the pack.
    pub fn rules(&self) -> &[ScreeningRule] {
        &self.rules
    }

    pub fn rule(&self, id: &str) -> Option<&ScreeningRule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    pub fn class(&self, id: &str) -> Option<&TermClass> {
        self.classes.get(id)
    }

    pub fn classes(&self) -> impl Iterator<Item = &TermClass> {
        self.classes.values()
    }
}
