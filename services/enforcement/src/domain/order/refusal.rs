use casebook_kernel::{AgencyId, Timestamp};

/// Why nothing happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefusal {
    #[error("there is no such order")]
    UnknownOrder,
    #[error("the order has been issued already")]
    OrderAlreadyIssued,
    #[error("the order is {standing}: there is nothing to hand over")]
    NothingToDeliver { standing: &'static str },
    #[error("the order is {standing}: it does not wait for the platform any more")]
    OrderNotOutstanding { standing: &'static str },
    #[error("only {agency}, which issued the order, may do this")]
    NotIssuingAgency { agency: AgencyId },
    #[error("a counter-order gives back what was taken without right: it is neither taken back nor given up")]
    CounterOrderStands,
    #[error("it is not due before {due}")]
    NotYetDue { due: Timestamp },
    #[error("the order is marked as late already")]
    AlreadyLate,
    #[error("nothing of the order is in force")]
    NothingInForce,
    #[error("a counter-order lifts its effect already")]
    AlreadyCountered,
    /// Not a conflict: the same answer again changes nothing.
    #[error("this very receipt is recorded already")]
    ReceiptRepeated,
    #[error("another receipt is recorded already: to replace it, mark this one as a correction")]
    ReceiptConflicts,
    #[error("there is no receipt to correct")]
    NothingToCorrect,
    #[error("a correction says in its detail why the earlier receipt was wrong")]
    CorrectionWithoutReason,
    #[error("what was not done, or only in part, needs a cause")]
    CauseMissing,
    #[error("what was done as asked has no cause for not doing it")]
    CauseContradictsOutcome,
    #[error("`detail` says which part is missing, or what the other cause is")]
    DetailMissing,
    #[error("what was done needs the time when, and the hash of the evidence")]
    ProofMissing,
    #[error("a platform may decline a request for measures, but no other instrument and no counter-order")]
    DeclineNotOpen,
    #[error("the end of the measure lies beyond the calendar")]
    MeasureEndOutOfRange,
}
