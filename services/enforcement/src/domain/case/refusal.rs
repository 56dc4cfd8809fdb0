use casebook_kernel::ids::OrderId;
use casebook_kernel::region::Region;
use casebook_kernel::{AgencyId, OfficerId, Timestamp};
use casebook_policy::{Departure, Instrument, LegalBasisId, PolicyRefusal};

use super::{
    ACCOUNTS_MAX, APPEALS_EACH_MAX, EVIDENCE_MAX, OFFICERS_MAX, OFFICERS_MIN, PROPOSALS_MAX, STATEMENTS_MAX,
    TRANSFERS_MAX,
};
use crate::domain::measure::{AccountRef, Measure};

/// Why nothing happened in a case.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CaseRefusal {
    #[error("there is no such case")]
    UnknownCase,
    #[error("a case has been opened on this lead already")]
    CaseAlreadyOpened,
    #[error("no officer has taken the lead up")]
    LeadNotAccepted,
    #[error("the lead was taken up by {agency}: it opens the case")]
    LeadWithAnotherAgency { agency: AgencyId },
    #[error("the region {region} lies outside {lead}, which the lead names")]
    RegionOutsideLead { lead: Region, region: Region },
    /// R93.
    #[error(
        "an agency of this kind that answers for {agency_region} has no jurisdiction over this violation in {region}"
    )]
    NoJurisdiction { agency_region: Region, region: Region },
    /// 行政处罚法 art. 42.
    #[error("a case is conducted by {OFFICERS_MIN} to {OFFICERS_MAX} different officers")]
    TooFewOfficers,
    /// 行政处罚法 art. 36.
    #[error("the act was discovered after {until}: it can no longer be punished")]
    LimitationExpired { until: Timestamp },
    #[error("a case is about 1 to {ACCOUNTS_MAX} different accounts")]
    TooManyAccounts,
    #[error("the case is with {agency}")]
    NotHoldingAgency { agency: AgencyId },
    #[error("the case has been offered to {to}: nothing is decided until it answers")]
    TransferPending { to: AgencyId },
    #[error("the case is {stage}: this is not the time for it")]
    StageDoesNotFit { stage: &'static str },
    #[error("the case holds evidence with this hash already")]
    EvidenceAlreadyHeld,
    #[error("a case holds at most {EVIDENCE_MAX} pieces of evidence")]
    TooMuchEvidence,
    #[error("a notice is not served before the case was opened, at {opened_at}")]
    ServedBeforeOpening { opened_at: Timestamp },
    #[error("service is recorded within a day: this one was before {earliest}")]
    ServedTooLongAgo { earliest: Timestamp },
    #[error("a measure is named twice for one account: {measure}")]
    MeasureTwice { measure: Box<Measure> },
    #[error("the case is not about the account {account}")]
    AccountNotSubject { account: AccountRef },
    /// 行政处罚法 art. 44 and 62.
    #[error("the subject has not been told what is intended")]
    NotServed,
    #[error("the subject has said that it will not answer")]
    AlreadyWaived,
    /// 行政处罚法 art. 62: an express waiver.
    #[error("a waiver that an officer records needs the hash of the subject's signed document")]
    WaiverUnproven,
    #[error(
        "a case holds at most {STATEMENTS_MAX} statements by the subject for one account, and as many recorded by officers"
    )]
    TooManyStatements,
    /// 行政处罚法 art. 45 and 62.
    #[error("whoever runs {account} may still answer, until {until}")]
    NotHeard { account: AccountRef, until: Timestamp },
    #[error("the case is about several accounts: say whose operator speaks")]
    AccountMissing,
    #[error("the case is not about the account {account}")]
    AccountOutsideCase { account: AccountRef },
    #[error("nobody speaks for another account")]
    NotOwnAccount,
    #[error("a statement answers a notice: it was not made before {from}")]
    StatedBeforeNotice { from: Timestamp },
    /// 行政处罚法 art. 45.
    #[error("nothing heavier follows from a defence than was announced: {measure}")]
    HeavierAfterDefence { measure: Box<Measure> },
    /// 行政处罚法 art. 44.
    #[error("the subject was not told that the decision would rest on {basis}: it is told anew")]
    BasisNotTold { basis: LegalBasisId },
    #[error("the subject was told of another legal form ({told:?}): it is told anew")]
    InstrumentNotTold { told: Instrument },
    #[error("a decision rests on evidence, and there is none")]
    EvidenceMissing,
    /// R92.
    #[error("the decision departs from the recommended rung for {account} and gives no reason ({departure:?})")]
    StepSkippedWithoutReason { account: AccountRef, departure: Departure },
    #[error("the ladder's recommendation for {account} is missing")]
    RecommendationMissing { account: AccountRef },
    #[error("{measure} cannot be undone: choosing it needs to be confirmed once more")]
    IrreversibleNotConfirmed { measure: Box<Measure> },
    /// S1 §4-5.
    #[error("an interim measure has an end, and {measure} has none")]
    NoExpiry { measure: Box<Measure> },
    /// 行政处罚法 art. 9, 16, 38.
    #[error(
        "the ladder of the four-agency notice is not a penalty, and a penalty without a basis is void (行政处罚法 art. 16, 38)"
    )]
    BasisCannotSetPenalty,
    /// 行政处罚法 art. 58: its procedure, with the legal review, is not conducted here.
    #[error("a penalty needs its legal review, and none is recorded (行政处罚法 art. 58)")]
    LegalReviewMissing,
    #[error(transparent)]
    Policy(PolicyRefusal),
    #[error("a case takes at most {PROPOSALS_MAX} proposals")]
    TooManyProposals,
    #[error("a proposal waits for its second officer")]
    ProposalPending,
    #[error("no such proposal waits for a second officer")]
    NoSuchProposal,
    /// Four eyes: one officer cannot satisfy both roles.
    #[error("{officer} has had a part in this: another officer must do it")]
    SameOfficer { officer: OfficerId },
    #[error("nothing has been decided in this case")]
    NotDecided,
    #[error("a decision is not served before it was issued, at {issued_at}")]
    ServedBeforeDecision { issued_at: Timestamp },
    #[error("the decision has been served already")]
    AlreadyServed,
    #[error("the case has no order {order}")]
    NoSuchOrder { order: OrderId },
    #[error("the case knows this of the order already")]
    OrderAlreadySettled,
    #[error("the window for an appeal closed at {until}")]
    AppealWindowClosed { until: Timestamp },
    #[error("a reconsideration or a suit is filed with the body that hears it; here its outcome is recorded")]
    HeardElsewhere,
    #[error("an internal review is decided here, not recorded from outside")]
    HeardHere,
    #[error("an appeal waits for its decision")]
    AppealPending,
    #[error("the decision has been reviewed already")]
    AlreadyReviewed,
    /// Whoever files for the subject could otherwise use its only review up.
    #[error("an appeal that an officer files or takes back needs the hash of the subject's own document")]
    AppealUnproven,
    #[error(
        "the operator of an account appeals at most {APPEALS_EACH_MAX} times itself, and as often through officers"
    )]
    TooManyAppeals,
    #[error("no such appeal waits for its decision")]
    NoSuchAppeal,
    /// 行政处罚法 art. 45, 行政复议法: never worse for whoever appeals.
    #[error("an appeal never makes it worse: {measure}")]
    OutcomeWorse { measure: Box<Measure> },
    #[error("an appeal that is upheld in part leaves something")]
    RemainderMissing,
    #[error("what would remain is what was decided: nothing is lightened")]
    NothingLightened,
    #[error("nothing of the decision is left to void")]
    NothingInForce,
    #[error("the policy pack gives no remedy for {measure}")]
    RemedyMissing { measure: Box<Measure> },
    #[error("an external outcome dates from after the decision, at {issued_at}")]
    DecidedBeforeDecision { issued_at: Timestamp },
    /// R93, R80.
    #[error("{agency} is not competent for this violation in {region}")]
    AddresseeNotCompetent { agency: AgencyId, region: Region },
    #[error("an agency does not hand a case to itself")]
    SelfTransfer,
    /// 行政处罚法 art. 25: their common superior designates.
    #[error("{agency} has had the case before: their common superior designates who conducts it")]
    TransferLoop { agency: AgencyId },
    #[error("a case is offered at most {TRANSFERS_MAX} times")]
    TooManyTransfers,
    #[error("no transfer of this case is on offer")]
    TransferNotOffered,
    #[error("the case was offered to {agency}")]
    NotAddressee { agency: AgencyId },
    #[error("the offer lapsed at {at}")]
    TransferOver { at: Timestamp },
    #[error("it is not due before {due}")]
    NotYetDue { due: Timestamp },
    #[error("{count} orders are not answered yet")]
    OrdersUnreceipted { count: usize },
    #[error(
        "{count} measures of a void decision are not lifted: only an officer who had no hand in the case closes it, and says why"
    )]
    NotLifted { count: usize },
    #[error("every measure of a void decision is lifted: there is nothing to give reasons for")]
    NothingUnlifted,
    #[error("a case does not end that way: measures are taken where a decision stands, and only there")]
    OutcomeDoesNotFit,
    #[error("the decision has not been served: the time to appeal against it has not begun")]
    DecisionNotServed,
    /// 行政处罚法 art. 42: those who conduct the case decide it.
    #[error("{officer} is not one of the officers who conduct the case")]
    NotOfficerOfCase { officer: OfficerId },
    #[error("the case is not closed")]
    NotClosed,
}
