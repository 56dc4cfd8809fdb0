//! What the subject was told (告知), and what it said to it (陈述、申辩).

use casebook_kernel::{OfficerId, Timestamp};
use casebook_policy::LegalBasisId;

use super::state::ServiceMethod;
use crate::domain::ids::{NoticeId, StatementId};
use crate::domain::measure::Measure;

/// What the subject was told (告知).
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub notice_id: NoticeId,
    pub facts: String,
    /// Nothing heavier may follow from it.
    pub measures: Vec<Measure>,
    pub legal_bases: Vec<LegalBasisId>,
    pub method: ServiceMethod,
    pub served_at: Timestamp,
    /// The exclusive end of the subject's window.
    pub answer_until: Timestamp,
    pub served_by: OfficerId,
}

/// The subject was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The latest notice: since a defence it is the lightest, unless more was found.
    pub notice: Notice,
    /// What the subject said to earlier notices: what was said stays said.
    pub earlier: Vec<Statement>,
    /// What the subject said to this notice.
    pub answer: Answer,
    pub defence: Defence,
}

impl Told {
    /// Every statement of the subject, oldest first.
    pub fn statements(&self) -> impl DoubleEndedIterator<Item = &Statement> {
        let given: &[Statement] = match &self.answer {
            Answer::Given(statements) => statements,
            Answer::Awaited | Answer::Waived(_) => &[],
        };
        self.earlier.iter().chain(given)
    }
}

/// Whether the subject has defended itself, against this notice or an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defence {
    NoneYet,
    /// So many pieces of evidence were there at the defence, or when a heavier notice drew on those found since.
    Made {
        evidence_then: usize,
    },
}

/// Whose word it is that the subject answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The subject's own token.
    Subject,
    /// An officer says so: it counts by the subject's document alone.
    Officer,
}

impl Author {
    /// Whether an answer ends the subject's time to answer: nobody else's bare word does (行政处罚法 art. 45, 62).
    fn proves(self, document: Option<&str>) -> bool {
        self == Self::Subject || document.is_some()
    }
}

/// What the subject said to it.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Awaited,
    /// At least one.
    Given(Vec<Statement>),
    Waived(Waiver),
}

impl Answer {
    /// Whether the subject itself answered or waived, provably.
    pub fn counts(&self) -> bool {
        match self {
            Self::Awaited => false,
            Self::Given(statements) => {
                statements.iter().any(|statement| statement.author.proves(statement.sha256.as_deref()))
            }
            Self::Waived(waiver) => waiver.author.proves(waiver.sha256.as_deref()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub statement_id: StatementId,
    pub summary: String,
    /// Hexadecimal SHA-256 of the subject's document; none: it was given orally.
    pub sha256: Option<String>,
    pub recorded_by: OfficerId,
    pub author: Author,
    pub stated_at: Timestamp,
    pub late: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    pub reasons: String,
    /// Hexadecimal SHA-256 of the subject's signed waiver; none where the subject waived itself.
    pub sha256: Option<String>,
    pub recorded_by: OfficerId,
    pub author: Author,
    pub waived_at: Timestamp,
}
