//! The enums of messages and of the domain, word by word.

use casebook_policy::Instrument;
use casebook_proto::enforcement::v1;

use super::Reading;
use crate::domain::case::{AppealKind, AppealResult, CaseOutcome, EvidenceKind, OrderEndOutcome, ServiceMethod};
use crate::domain::lead::LeadSource;
use crate::domain::order::{Cause, Outcome};

/// A word that both sides have. `read` is none for UNSPECIFIED and for a number that names nothing.
pub(crate) trait Word: Sized + Copy {
    fn read(number: i32) -> Option<Self>;
    fn write(self) -> i32;

    /// The word in a stored message, where it cannot be missing.
    fn expect(number: i32, field: &str) -> Reading<Self> {
        Self::read(number).ok_or_else(|| format!("`{field}` is {number}"))
    }
}

/// The number of a word that may be missing.
pub(crate) fn optional<W: Word>(word: Option<W>) -> i32 {
    word.map_or(0, W::write)
}

macro_rules! words {
    ($($ours:ident = $theirs:ident { $($word:ident),* $(,)? })*) => {$(
        impl Word for $ours {
            fn read(number: i32) -> Option<Self> {
                match v1::$theirs::try_from(number).ok()? {
                    v1::$theirs::Unspecified => None,
                    $(v1::$theirs::$word => Some(Self::$word),)*
                }
            }

            fn write(self) -> i32 {
                match self {
                    $(Self::$word => v1::$theirs::$word as i32,)*
                }
            }
        }
    )*};
}

words! {
    Instrument = Instrument {
        PlatformMeasureRequest, ContentDemand, CorrectionOrder, AdministrativePenalty, InstitutionalSanction, Interim,
    }
    LeadSource = LeadSource { Referral, Officer, PlatformVerdict, Agency }
    EvidenceKind = EvidenceKind {
        Screenshot, Recording, PageCapture, PlatformRecord, RegistryResult, Document, Testimony,
    }
    ServiceMethod = ServiceMethod { InPerson, Electronic, PlatformInbox, Post, Announcement, LeftBehind }
    AppealKind = AppealKind { InternalReview, Reconsideration, Litigation }
    AppealResult = AppealOutcome { Upheld, UpheldInPart, Rejected }
    OrderEndOutcome = OrderOutcome { Executed, Partly, Refused, Cancelled, Undeliverable, NotNeeded, Countered }
    CaseOutcome = CaseOutcome { MeasuresTaken, NotEstablished, NoMeasure, ReferredToJustice }
    Outcome = ReceiptOutcome { Executed, Partly, Refused }
    Cause = ReceiptCause {
        AccountNotFound, ClosedByOwner, MeasureUnsupported, AlreadyStricter, DeclinedUnderAgreement, Irreversible,
        TechnicalFault, Other,
    }
}
