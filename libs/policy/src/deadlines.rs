//! How long everybody has, and by which article.

use casebook_kernel::calendar::{TERM_AMOUNT_MAX, Term};
use serde::Deserialize;

use crate::ids::LegalBasisId;
use crate::text::Text;

macro_rules! deadline_names {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// The deadlines that the services count. A pack must give each one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum DeadlineName {
            $($(#[$doc])* $name,)*
        }

        impl DeadlineName {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word that packs, messages and rows use.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

deadline_names! {
    /// For a platform to answer an order.
    OrderReceipt = "order_receipt";
    /// For the subject to ask for an internal review (复核).
    AppealWindow = "appeal_window";
    /// For the agency to decide an internal review.
    AppealDecision = "appeal_decision";
    /// For the subject to ask for 行政复议 (复议法 art. 20).
    Reconsideration = "reconsideration";
    /// The longest window when the rights were not told (复议法 art. 20).
    ReconsiderationUntold = "reconsideration_untold";
    /// For the subject's answer to a notice.
    Statement = "statement";
    /// To ask for a hearing (处罚法 art. 64).
    HearingRequest = "hearing_request";
    /// Between the notice of a hearing and the hearing (处罚法 art. 64).
    HearingNotice = "hearing_notice";
    /// For an agency to accept or decline a transfer (X10).
    TransferOffer = "transfer_offer";
    /// For an agency to accept or decline a report (X10).
    ReportAcceptance = "report_acceptance";
    /// To tell a named reporter of the outcome (X10).
    ReporterNotice = "reporter_notice";
    /// To correct or withdraw content (R73).
    Correction = "correction";
    /// To become certified after a notice (R32).
    Recertification = "recertification";
    /// For which review records are kept at least (R54).
    ReviewRetention = "review_retention";
    /// To decide a penalty after filing (处罚法 art. 60).
    PenaltyDecision = "penalty_decision";
    /// To serve a decision on somebody absent (处罚法 art. 61).
    DecisionService = "decision_service";
    /// To withdraw a published decision that was undone (处罚法 art. 48).
    PublicationWithdrawal = "publication_withdrawal";
    /// To decide on registered evidence (处罚法 art. 56).
    EvidencePreservation = "evidence_preservation";
    /// Within which an act must be discovered (处罚法 art. 36).
    Limitation = "limitation";
    /// The same where life or health was harmed (处罚法 art. 36).
    LimitationHealth = "limitation_health";
    /// For an interim measure to end at the latest.
    InterimMeasure = "interim_measure";
    /// For a supplement to an application.
    CredentialSupplement = "credential_supplement";
    /// For which a platform's medical verification is valid (X13).
    PlatformVerification = "platform_verification";
}

/// The unit of a term in a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TermUnit {
    Minutes,
    Hours,
    NaturalDays,
    WorkingDays,
    Months,
    ValidityMonths,
}

/// A term with its name and its basis.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedTerm {
    pub id: DeadlineName,
    pub name: Text,
    amount: u32,
    unit: TermUnit,
    pub bases: Vec<LegalBasisId>,
    /// Says so where no article gives the number and the pack chose it.
    #[serde(default)]
    pub note: String,
}

impl NamedTerm {
    pub fn term(&self) -> Term {
        let amount = self.amount;
        match self.unit {
            TermUnit::Minutes => Term::Minutes(amount),
            TermUnit::Hours => Term::Hours(amount),
            TermUnit::NaturalDays => Term::NaturalDays(amount),
            TermUnit::WorkingDays => Term::WorkingDays(amount),
            TermUnit::Months => Term::Months(amount),
            TermUnit::ValidityMonths => Term::ValidityMonths(amount),
        }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        if (1..=TERM_AMOUNT_MAX).contains(&self.amount) {
            Ok(())
        } else {
            Err(format!("a term has an amount from 1 to {TERM_AMOUNT_MAX}, not {}", self.amount))
        }
    }
}
