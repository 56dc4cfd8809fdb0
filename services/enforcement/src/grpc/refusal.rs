//! From a refusal to what a caller is told: one exhaustive match for each kind of stream.

use casebook_bootstrap::Explained;
use casebook_policy::PolicyRefusal;

use crate::domain::case::CaseRefusal;
use crate::domain::lead::LeadRefusal;
use crate::domain::order::OrderRefusal;

const fn now(reason: &'static str) -> Explained {
    Explained::precondition(reason)
}

pub fn lead(refusal: &LeadRefusal) -> Explained {
    match refusal {
        LeadRefusal::UnknownLead => Explained::not_found("LEAD_NOT_FOUND"),
        LeadRefusal::LeadAlreadyOpened => Explained::exists("LEAD_ALREADY_OPENED"),
        LeadRefusal::LeadAlreadyScreened { .. } => now("LEAD_ALREADY_SCREENED"),
        LeadRefusal::DuplicateOf { .. } => Explained::exists("DUPLICATE_OF"),
        LeadRefusal::DuplicateOfItself => Explained::invalid("duplicate_of", "DUPLICATE_OF_ITSELF"),
        LeadRefusal::NoJurisdiction { .. } => Explained::denied("NO_JURISDICTION"),
    }
}

pub fn case(refusal: &CaseRefusal) -> Explained {
    match refusal {
        CaseRefusal::UnknownCase => Explained::not_found("CASE_NOT_FOUND"),
        CaseRefusal::CaseAlreadyOpened => Explained::exists("CASE_ALREADY_OPENED"),
        CaseRefusal::LeadNotAccepted => now("LEAD_NOT_ACCEPTED"),
        CaseRefusal::LeadWithAnotherAgency { .. } => Explained::denied("LEAD_WITH_ANOTHER_AGENCY"),
        CaseRefusal::RegionOutsideLead { .. } => Explained::invalid("region", "REGION_OUTSIDE_LEAD"),
        CaseRefusal::DecisionNotServed => now("DECISION_NOT_SERVED"),
        CaseRefusal::NotOfficerOfCase { .. } => Explained::denied("NOT_OFFICER_OF_CASE"),
        CaseRefusal::NoJurisdiction { .. } => Explained::denied("NO_JURISDICTION"),
        CaseRefusal::TooFewOfficers => Explained::invalid("officers", "TOO_FEW_OFFICERS"),
        CaseRefusal::LimitationExpired { .. } => now("LIMITATION_EXPIRED"),
        CaseRefusal::TooManyAccounts => Explained::invalid("further_accounts", "TOO_MANY_ACCOUNTS"),
        CaseRefusal::NotHoldingAgency { .. } => Explained::denied("NOT_HOLDING_AGENCY"),
        CaseRefusal::TransferPending { .. } => now("TRANSFER_PENDING"),
        CaseRefusal::StageDoesNotFit { .. } => now("STAGE_DOES_NOT_FIT"),
        CaseRefusal::EvidenceAlreadyHeld => Explained::exists("EVIDENCE_ALREADY_HELD"),
        CaseRefusal::TooMuchEvidence => now("TOO_MUCH_EVIDENCE"),
        CaseRefusal::ServedBeforeOpening { .. } => Explained::invalid("served_at", "SERVED_BEFORE_OPENING"),
        CaseRefusal::ServedTooLongAgo { .. } => Explained::invalid("served_at", "SERVED_TOO_LONG_AGO"),
        CaseRefusal::WaiverUnproven => Explained::invalid("sha256", "WAIVER_UNPROVEN"),
        CaseRefusal::MeasureTwice { .. } => Explained::invalid("measures", "MEASURE_TWICE"),
        CaseRefusal::AccountNotSubject { .. } => Explained::invalid("measures", "ACCOUNT_NOT_SUBJECT"),
        CaseRefusal::NotServed => now("NOT_SERVED"),
        CaseRefusal::AlreadyWaived => now("ALREADY_WAIVED"),
        CaseRefusal::TooManyStatements => now("TOO_MANY_STATEMENTS"),
        CaseRefusal::NotHeard { .. } => now("NOT_HEARD"),
        CaseRefusal::HeavierAfterDefence { .. } => now("HEAVIER_AFTER_DEFENCE"),
        CaseRefusal::AccountMissing => Explained::invalid("account", "ACCOUNT_MISSING"),
        CaseRefusal::AccountOutsideCase { .. } => Explained::invalid("account", "ACCOUNT_OUTSIDE_CASE"),
        CaseRefusal::NotOwnAccount => Explained::denied("NOT_OWN_ACCOUNT"),
        CaseRefusal::StatedBeforeNotice { .. } => Explained::invalid("stated_at", "STATED_BEFORE_NOTICE"),
        CaseRefusal::BasisNotTold { .. } => now("BASIS_NOT_TOLD"),
        CaseRefusal::InstrumentNotTold { .. } => now("INSTRUMENT_NOT_TOLD"),
        CaseRefusal::EvidenceMissing => now("EVIDENCE_MISSING"),
        CaseRefusal::StepSkippedWithoutReason { .. } => now("STEP_SKIPPED_WITHOUT_REASON"),
        CaseRefusal::RecommendationMissing { .. } => now("RECOMMENDATION_MISSING"),
        CaseRefusal::IrreversibleNotConfirmed { .. } => now("IRREVERSIBLE_NOT_CONFIRMED"),
        CaseRefusal::NoExpiry { .. } => now("NO_EXPIRY"),
        CaseRefusal::BasisCannotSetPenalty => now("BASIS_CANNOT_SET_PENALTY"),
        CaseRefusal::LegalReviewMissing => now("LEGAL_REVIEW_MISSING"),
        CaseRefusal::Policy(refusal) => policy(refusal),
        CaseRefusal::TooManyProposals => now("TOO_MANY_PROPOSALS"),
        CaseRefusal::ProposalPending => now("PROPOSAL_PENDING"),
        CaseRefusal::NoSuchProposal => now("NO_SUCH_PROPOSAL"),
        CaseRefusal::SameOfficer { .. } => Explained::denied("SAME_OFFICER"),
        CaseRefusal::NotDecided => now("NOT_DECIDED"),
        CaseRefusal::ServedBeforeDecision { .. } => Explained::invalid("served_at", "SERVED_BEFORE_DECISION"),
        CaseRefusal::AlreadyServed => Explained::exists("ALREADY_SERVED"),
        CaseRefusal::NoSuchOrder { .. } => Explained::not_found("NO_SUCH_ORDER"),
        CaseRefusal::OrderAlreadySettled => Explained::exists("ORDER_ALREADY_SETTLED"),
        CaseRefusal::AppealWindowClosed { .. } => now("APPEAL_WINDOW_CLOSED"),
        CaseRefusal::HeardElsewhere => Explained::invalid("kind", "HEARD_ELSEWHERE"),
        CaseRefusal::HeardHere => Explained::invalid("kind", "HEARD_HERE"),
        CaseRefusal::AppealPending => now("APPEAL_PENDING"),
        CaseRefusal::AlreadyReviewed => Explained::exists("ALREADY_REVIEWED"),
        CaseRefusal::AppealUnproven => Explained::invalid("sha256", "APPEAL_UNPROVEN"),
        CaseRefusal::TooManyAppeals => now("TOO_MANY_APPEALS"),
        CaseRefusal::NoSuchAppeal => now("NO_SUCH_APPEAL"),
        CaseRefusal::OutcomeWorse { .. } => now("OUTCOME_WORSE"),
        CaseRefusal::RemainderMissing => Explained::invalid("remaining", "REMAINDER_MISSING"),
        CaseRefusal::NothingLightened => now("NOTHING_LIGHTENED"),
        CaseRefusal::NothingInForce => now("NOTHING_IN_FORCE"),
        CaseRefusal::RemedyMissing { .. } => now("REMEDY_MISSING"),
        CaseRefusal::DecidedBeforeDecision { .. } => Explained::invalid("decided_at", "DECIDED_BEFORE_DECISION"),
        CaseRefusal::AddresseeNotCompetent { .. } => Explained::invalid("to_agency", "ADDRESSEE_NOT_COMPETENT"),
        CaseRefusal::SelfTransfer => Explained::invalid("to_agency", "SELF_TRANSFER"),
        CaseRefusal::TransferLoop { .. } => now("TRANSFER_LOOP"),
        CaseRefusal::TooManyTransfers => now("TOO_MANY_TRANSFERS"),
        CaseRefusal::TransferNotOffered => now("TRANSFER_NOT_OFFERED"),
        CaseRefusal::NotAddressee { .. } => Explained::denied("NOT_ADDRESSEE"),
        CaseRefusal::TransferOver { .. } => now("TRANSFER_LAPSED"),
        CaseRefusal::NotYetDue { .. } => now("NOT_YET_DUE"),
        CaseRefusal::OrdersUnreceipted { .. } => now("ORDERS_UNRECEIPTED"),
        CaseRefusal::NotLifted { .. } => now("NOT_LIFTED"),
        CaseRefusal::NothingUnlifted => Explained::invalid("unlifted_reasons", "NOTHING_UNLIFTED"),
        CaseRefusal::OutcomeDoesNotFit => Explained::invalid("outcome", "OUTCOME_DOES_NOT_FIT"),
        CaseRefusal::NotClosed => now("NOT_CLOSED"),
    }
}

pub fn policy(refusal: &PolicyRefusal) -> Explained {
    match refusal {
        PolicyRefusal::BasisMissing => Explained::invalid("legal_bases", "BASIS_MISSING"),
        PolicyRefusal::BasisUnknown { .. } => Explained::invalid("legal_bases", "BASIS_UNKNOWN"),
        PolicyRefusal::BasisNotInForce { .. } => now("BASIS_NOT_IN_FORCE"),
        PolicyRefusal::BasisCannotSetPenalty { .. } => now("BASIS_CANNOT_SET_PENALTY"),
        PolicyRefusal::BasisCannotCarry { .. } => now("BASIS_CANNOT_CARRY"),
        PolicyRefusal::MeasureMissing => Explained::invalid("measures", "MEASURE_MISSING"),
        PolicyRefusal::MeasureUnknown { .. } => Explained::invalid("measures", "MEASURE_UNKNOWN"),
        PolicyRefusal::MeasureOutsideInstrument { .. } => now("MEASURE_OUTSIDE_INSTRUMENT"),
        PolicyRefusal::MeasureUnsupported { .. } => now("MEASURE_UNSUPPORTED"),
        PolicyRefusal::ParameterMissing { .. } => Explained::invalid("measures", "PARAMETER_MISSING"),
        PolicyRefusal::ParameterOutOfRange { .. } => Explained::invalid("measures", "PARAMETER_OUT_OF_RANGE"),
        PolicyRefusal::ParameterNotTaken { .. } => Explained::invalid("measures", "PARAMETER_NOT_TAKEN"),
        PolicyRefusal::ViolationUnknown { .. } => Explained::invalid("violation", "VIOLATION_UNKNOWN"),
    }
}

pub fn order(refusal: &OrderRefusal) -> Explained {
    match refusal {
        OrderRefusal::UnknownOrder => Explained::not_found("ORDER_NOT_FOUND"),
        OrderRefusal::OrderAlreadyIssued => Explained::exists("ORDER_ALREADY_ISSUED"),
        OrderRefusal::NothingToDeliver { .. } => now("NOTHING_TO_DELIVER"),
        OrderRefusal::OrderNotOutstanding { .. } => now("ORDER_NOT_OUTSTANDING"),
        OrderRefusal::NotIssuingAgency { .. } => Explained::denied("NOT_ISSUING_AGENCY"),
        OrderRefusal::CounterOrderStands => now("COUNTER_ORDER_STANDS"),
        OrderRefusal::NotYetDue { .. } => now("NOT_YET_DUE"),
        OrderRefusal::AlreadyLate => now("ALREADY_LATE"),
        OrderRefusal::NothingInForce => now("NOTHING_IN_FORCE"),
        OrderRefusal::AlreadyCountered => now("ALREADY_COUNTERED"),
        OrderRefusal::ReceiptRepeated => Explained::exists("RECEIPT_REPEATED"),
        OrderRefusal::ReceiptConflicts => Explained::exists("RECEIPT_CONFLICTS"),
        OrderRefusal::NothingToCorrect => now("NOTHING_TO_CORRECT"),
        OrderRefusal::CorrectionWithoutReason => Explained::invalid("detail", "CORRECTION_WITHOUT_REASON"),
        OrderRefusal::CauseMissing => Explained::invalid("cause", "CAUSE_MISSING"),
        OrderRefusal::CauseContradictsOutcome => Explained::invalid("cause", "CAUSE_CONTRADICTS_OUTCOME"),
        OrderRefusal::DetailMissing => Explained::invalid("detail", "DETAIL_MISSING"),
        OrderRefusal::ProofMissing => Explained::invalid("executed_at", "PROOF_MISSING"),
        OrderRefusal::DeclineNotOpen => Explained::invalid("cause", "DECLINE_NOT_OPEN"),
        OrderRefusal::MeasureEndOutOfRange => now("MEASURE_END_OUT_OF_RANGE"),
    }
}
