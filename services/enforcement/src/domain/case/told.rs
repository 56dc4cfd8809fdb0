//! What the subject was told (告知), and what it said to it (陈述、申辩).

use casebook_kernel::{OfficerId, Timestamp};
use casebook_policy::{Instrument, LegalBasisId};

use super::state::ServiceMethod;
use crate::domain::ids::{NoticeId, StatementId};
use crate::domain::measure::{AccountRef, Measure};

/// What the subject was told (告知).
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub notice_id: NoticeId,
    pub facts: String,
    /// Nothing heavier may follow from it.
    pub measures: Vec<Measure>,
    /// No decision rests on another.
    pub legal_bases: Vec<LegalBasisId>,
    /// None in notices from before it was written down: the one that the case was opened with.
    pub instrument: Option<Instrument>,
    pub method: ServiceMethod,
    pub served_at: Timestamp,
    /// The exclusive end of the subject's window.
    pub answer_until: Timestamp,
    pub served_by: OfficerId,
}

/// The subject was told. Who runs one account neither answers nor waives for who runs another.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The latest notice: since a defence it is the lightest, unless more was found.
    pub notice: Notice,
    /// What was said to earlier notices: what was said stays said.
    pub earlier: Vec<Statement>,
    /// What was said to this notice.
    pub given: Vec<Statement>,
    /// Who will not answer this notice, and has not answered since.
    pub waivers: Vec<Waiver>,
    pub defence: Defence,
}

/// Whether what was said for `of` was said for `account`. None: an older event, from when one answer was everybody's.
fn speaks(of: Option<&AccountRef>, account: &AccountRef) -> bool {
    of.is_none_or(|of| of == account)
}

impl Told {
    /// Every statement, oldest first.
    pub fn statements(&self) -> impl DoubleEndedIterator<Item = &Statement> {
        self.earlier.iter().chain(&self.given)
    }

    /// How many statements one kind of author made for an account.
    pub fn statements_of(&self, account: &AccountRef, author: Author) -> usize {
        let of_account = self.statements().filter(|statement| speaks(statement.account.as_ref(), account));
        of_account.filter(|statement| statement.author == author).count()
    }

    /// Whether something was said to this notice for an account.
    pub fn has_answered(&self, account: &AccountRef) -> bool {
        self.given.iter().any(|statement| speaks(statement.account.as_ref(), account))
    }

    pub fn has_waived(&self, account: &AccountRef) -> bool {
        self.waivers.iter().any(|waiver| speaks(waiver.account.as_ref(), account))
    }

    /// Whether whoever runs the account answered this notice or waived, provably.
    pub fn has_been_heard(&self, account: &AccountRef) -> bool {
        let mut said = self.given.iter().filter(|statement| speaks(statement.account.as_ref(), account));
        let mut waived = self.waivers.iter().filter(|waiver| speaks(waiver.account.as_ref(), account));
        said.any(|statement| statement.author.proves(statement.sha256.as_deref()))
            || waived.any(|waiver| waiver.author.proves(waiver.sha256.as_deref()))
    }

    /// Whether everybody whom the notice meets has answered or waived, provably.
    pub fn is_answered(&self) -> bool {
        let mut met = self.notice.measures.iter().map(|measure| &measure.account);
        met.all(|account| self.has_been_heard(account))
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
    /// Whether an answer ends the subject's time to answer, or an appeal uses its right up: nobody else's bare word does
    /// (行政处罚法 art. 45, 62).
    pub(super) fn proves(self, document: Option<&str>) -> bool {
        self == Self::Subject || document.is_some()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub statement_id: StatementId,
    /// Whose operator speaks; none in older events: everybody's.
    pub account: Option<AccountRef>,
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
    /// Whose operator waives; none in older events: everybody's.
    pub account: Option<AccountRef>,
    pub reasons: String,
    /// Hexadecimal SHA-256 of the subject's signed waiver; none where the subject waived itself.
    pub sha256: Option<String>,
    pub recorded_by: OfficerId,
    pub author: Author,
    pub waived_at: Timestamp,
}
