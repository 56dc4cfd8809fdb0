//! How each refusal shows to a caller: one exhaustive mapping an aggregate.

use casebook_bootstrap::Explained;

use crate::domain::item::ItemRefusal;
use crate::domain::report::ReportRefusal;

pub(crate) fn report(refusal: &ReportRefusal) -> Explained {
    match refusal {
        ReportRefusal::AlreadyFiled => Explained::exists("ALREADY_FILED"),
        ReportRefusal::NotFiled => Explained::not_found("REPORT_NOT_FOUND"),
        ReportRefusal::EvidenceMissing => Explained::invalid("item", "EVIDENCE_MISSING"),
        ReportRefusal::NotReceived => Explained::precondition("NOT_RECEIVED"),
        ReportRefusal::OutOfJurisdiction { .. } => Explained::denied("OUT_OF_JURISDICTION"),
        ReportRefusal::CompetentAgencyMissing => Explained::invalid("competent_agency", "COMPETENT_AGENCY_MISSING"),
        ReportRefusal::NotTheReporter => Explained::denied("NOT_THE_REPORTER"),
        ReportRefusal::NotOpen => Explained::precondition("NOT_OPEN"),
        ReportRefusal::MergeIntoItself => Explained::invalid("into_report_id", "MERGE_INTO_ITSELF"),
        ReportRefusal::DifferentItem => Explained::precondition("DIFFERENT_ITEM"),
        ReportRefusal::MergeTargetNotOpen => Explained::precondition("MERGE_TARGET_NOT_OPEN"),
        ReportRefusal::NotPartOf => Explained::precondition("NOT_PART_OF"),
        ReportRefusal::NotAccepted => Explained::precondition("NOT_ACCEPTED"),
        ReportRefusal::AlreadyConcluded => Explained::precondition("ALREADY_CONCLUDED"),
        ReportRefusal::NotWaiting => Explained::precondition("NOT_WAITING"),
    }
}

pub(crate) fn item(refusal: &ItemRefusal) -> Explained {
    match refusal {
        ItemRefusal::NotObserved => Explained::not_found("ITEM_NOT_FOUND"),
        ItemRefusal::Unidentified => Explained::invalid("platform_item_id", "UNIDENTIFIED"),
        ItemRefusal::OutOfJurisdiction { .. } => Explained::denied("OUT_OF_JURISDICTION"),
        ItemRefusal::NothingNew => Explained::precondition("NOTHING_NEW"),
        ItemRefusal::TooManyVersions => Explained::precondition("TOO_MANY_VERSIONS"),
        ItemRefusal::TooManyReports => Explained::precondition("TOO_MANY_REPORTS"),
        ItemRefusal::NothingCaptured => Explained::precondition("NOTHING_CAPTURED"),
        ItemRefusal::UnknownVersion { .. } => Explained::invalid("version", "UNKNOWN_VERSION"),
        ItemRefusal::AlreadyScreened => Explained::precondition("ALREADY_SCREENED"),
        ItemRefusal::SpanNotInItem { .. } => Explained::invalid("quote", "SPAN_NOT_IN_ITEM"),
        ItemRefusal::BasisMissing => Explained::invalid("legal_bases", "BASIS_MISSING"),
        ItemRefusal::BasisNotInForce { .. } => Explained::precondition("BASIS_NOT_IN_FORCE"),
        ItemRefusal::TooManyFindings => Explained::precondition("TOO_MANY_FINDINGS"),
        ItemRefusal::FindingAlreadyRecorded => Explained::exists("FINDING_ALREADY_RECORDED"),
        ItemRefusal::UnknownFinding => Explained::not_found("UNKNOWN_FINDING"),
        ItemRefusal::FindingSettled => Explained::precondition("FINDING_SETTLED"),
        ItemRefusal::SameOfficer => Explained::denied("SAME_OFFICER"),
        ItemRefusal::UnconfirmedFinding => Explained::precondition("UNCONFIRMED_FINDING"),
        ItemRefusal::AlreadyReferred => Explained::precondition("ALREADY_REFERRED"),
    }
}
