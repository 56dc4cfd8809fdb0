//! What a decision rests on, since when, and what it can carry.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::ids::LegalBasisId;
use crate::instrument::Instrument;
use crate::text::Text;

/// The rank of a text. Only the first three can set a penalty (行政处罚法 art. 10-14, 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasisKind {
    /// 法律.
    Law,
    /// 行政法规, 地方性法规.
    Regulation,
    /// 规章.
    Rule,
    /// 规范性文件, such as the four-agency notice.
    NormativeDocument,
    /// 平台用户协议 and the rules it refers to.
    PlatformAgreement,
    /// 单位内部规章, such as a hospital's.
    InstitutionRule,
}

impl LegalBasisKind {
    /// 行政处罚法 art. 16: other normative documents set no penalties.
    pub fn can_set_penalty(self) -> bool {
        matches!(self, Self::Law | Self::Regulation | Self::Rule)
    }
}

/// Whether the text of the basis was read, or only told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasisSource {
    Primary,
    Secondary,
}

/// One article of one document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalBasis {
    pub id: LegalBasisId,
    pub document: Text,
    /// As it is cited: `第八条`, `§8`.
    pub article: Text,
    pub kind: LegalBasisKind,
    /// The first day on which it applies.
    pub effective_from: NaiveDate,
    /// The last day on which it applied.
    pub effective_to: Option<NaiveDate>,
    pub source: BasisSource,
    /// What is uncertain about it.
    #[serde(default)]
    pub note: String,
    /// The instruments that it can carry; none for an article that only defines a violation or a procedure.
    #[serde(default)]
    pub carries: Vec<Instrument>,
}

impl LegalBasis {
    /// Whether the basis applies on `day` (行政处罚法 art. 37 asks for the day of the act, and for the milder
    /// of that and of the decision's).
    pub fn in_force(&self, day: NaiveDate) -> bool {
        self.effective_from <= day && self.effective_to.is_none_or(|last| day <= last)
    }

    /// `《document》article`, as a notice cites it.
    pub fn citation(&self, lang: &str) -> String {
        if lang == "en" {
            format!("{}, {}", self.document.en, self.article.en)
        } else {
            format!("《{}》{}", self.document.zh, self.article.zh)
        }
    }
}
