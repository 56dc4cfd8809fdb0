//! What may follow for a report, and why not.

use casebook_kernel::Timestamp;
use casebook_kernel::region::Region;

use super::*;
use crate::domain::finding::{FindingId, OfficerReference};

pub(super) fn file(command: ReportCommand) -> Result<Vec<ReportEvent>, ReportRefusal> {
    let ReportCommand::File {
        report_id,
        channel,
        reporter_ref,
        reasons,
        region,
        attachments_sha256,
        capture,
        account_standing,
        acceptance_due,
        taken_in_by,
        now,
    } = command
    else {
        return Err(ReportRefusal::NotFiled);
    };
    let item_id = capture.item_id().ok_or(ReportRefusal::EvidenceMissing)?;
    Ok(vec![ReportEvent::Filed(Box::new(ReportFiled {
        report_id,
        channel,
        reporter_ref,
        reasons,
        region,
        attachments_sha256,
        item_id,
        capture,
        account_standing,
        acceptance_due,
        taken_in_by: Some(taken_in_by),
        filed_at: now,
    }))])
}

/// R77, R80. After the deadline a report can still be accepted: being late is no ground to turn the reporter away.
pub(super) fn accept(
    report: &FiledReport,
    by: OfficerReference,
    region: Region,
    now: Timestamp,
) -> Result<Vec<ReportEvent>, ReportRefusal> {
    if report.stage != ReportStage::Received {
        return Err(ReportRefusal::NotReceived);
    }
    check_competent(report, region)?;
    Ok(vec![ReportEvent::Accepted(report.acceptance(by, now, None))])
}

impl FiledReport {
    fn acceptance(&self, by: OfficerReference, now: Timestamp, by_finding: Option<FindingId>) -> ReportAccepted {
        ReportAccepted {
            report_id: self.filed.report_id,
            accepted_by: by,
            accepted_at: now,
            // A provisional deadline may still move later, so nobody is late by it.
            late: matches!(self.acceptance_due, AcceptanceDue::Final(due) if now >= due),
            by_finding,
        }
    }
}

/// 属地管理 (R77, R80): a report is answered by an agency that answers for its region.
fn check_competent(report: &FiledReport, region: Region) -> Result<(), ReportRefusal> {
    if region.contains(report.filed.region) {
        Ok(())
    } else {
        Err(ReportRefusal::OutOfJurisdiction { officer: region, report: report.filed.region })
    }
}

/// R77; R79: whoever is not competent says who is. That is for the agency that took the report in; for any other reason
/// a report is declined by an agency that answers for it.
pub(super) fn decline(report: &FiledReport, command: ReportCommand) -> Result<Vec<ReportEvent>, ReportRefusal> {
    let ReportCommand::Decline { by, region, filed_by, reason, explanation, competent_agency, now } = command else {
        return Err(ReportRefusal::NotReceived);
    };
    if report.stage != ReportStage::Received {
        return Err(ReportRefusal::NotReceived);
    }
    if reason != DeclineReason::OutOfJurisdiction || by.agency != filed_by {
        check_competent(report, region)?;
    }
    if reason == DeclineReason::OutOfJurisdiction && competent_agency.is_none() {
        return Err(ReportRefusal::CompetentAgencyMissing);
    }
    Ok(vec![ReportEvent::Declined(ReportDeclined {
        report_id: report.filed.report_id,
        reason,
        explanation,
        competent_agency,
        declined_by: by,
        declined_at: now,
    })])
}

/// An anonymous report bears no reference: it is withdrawn without one, by the agency that took it in as any other.
pub(super) fn withdraw(
    report: &FiledReport,
    reporter_ref: &Option<String>,
    reasons: String,
    now: Timestamp,
) -> Result<Vec<ReportEvent>, ReportRefusal> {
    if *reporter_ref != report.filed.reporter_ref {
        return Err(ReportRefusal::NotTheReporter);
    }
    if !report.is_open() {
        return Err(ReportRefusal::NotOpen);
    }
    Ok(vec![ReportEvent::Withdrawn(ReportWithdrawn { report_id: report.filed.report_id, reasons, withdrawn_at: now })])
}

pub(super) fn merge(
    report: &FiledReport,
    into: MergeTarget,
    by: OfficerReference,
    region: Region,
    now: Timestamp,
) -> Result<Vec<ReportEvent>, ReportRefusal> {
    // Otherwise anybody's report could be made part of one that lies with somebody else, or be taken over.
    check_competent(report, region)?;
    if !region.contains(into.region) {
        return Err(ReportRefusal::OutOfJurisdiction { officer: region, report: into.region });
    }
    if into.report_id == report.filed.report_id {
        return Err(ReportRefusal::MergeIntoItself);
    }
    if !report.is_open() {
        return Err(ReportRefusal::NotOpen);
    }
    if into.item_id != report.filed.item_id {
        return Err(ReportRefusal::DifferentItem);
    }
    if !into.open {
        return Err(ReportRefusal::MergeTargetNotOpen);
    }
    Ok(vec![ReportEvent::Merged(ReportMerged {
        report_id: report.filed.report_id,
        into: into.report_id,
        merged_by: by,
        merged_at: now,
    })])
}

/// X10: every reporter is answered. That another reporter gave up, or was turned away, is no answer to this one.
pub(super) fn separate(
    report: &FiledReport,
    from: ReportId,
    now: Timestamp,
) -> Result<Vec<ReportEvent>, ReportRefusal> {
    if report.stage != (ReportStage::Merged { into: from }) || report.concluded.is_some() {
        return Err(ReportRefusal::NotPartOf);
    }
    let report_id = report.filed.report_id;
    Ok(vec![ReportEvent::Separated(ReportSeparated { report_id, from, separated_at: now })])
}

/// A finding answers every report on its item that was not withdrawn or declined, also one that nobody got to accept.
/// That nothing was found is said by the officer who accepted.
pub(super) fn conclude(
    report: &FiledReport,
    outcome: Outcome,
    by: OfficerReference,
    region: Region,
    now: Timestamp,
) -> Result<Vec<ReportEvent>, ReportRefusal> {
    check_competent(report, region)?;
    if report.concluded.is_some() {
        return Err(ReportRefusal::AlreadyConcluded);
    }
    let accepted_by_finding = match (&report.stage, &outcome) {
        (ReportStage::Declined | ReportStage::Withdrawn, _) => return Err(ReportRefusal::NotOpen),
        (ReportStage::Received, Outcome::NoViolation { .. }) => return Err(ReportRefusal::NotAccepted),
        (ReportStage::Received, Outcome::Found { finding, .. } | Outcome::Referred { finding, .. }) => Some(*finding),
        (ReportStage::Accepted | ReportStage::Merged { .. } | ReportStage::Concluded, _) => None,
    };
    let concluded =
        ReportEvent::Concluded(ReportConcluded { report_id: report.filed.report_id, outcome, concluded_at: now });
    Ok(match accepted_by_finding {
        Some(finding) => vec![ReportEvent::Accepted(report.acceptance(by, now, Some(finding))), concluded],
        None => vec![concluded],
    })
}

pub(super) fn acceptance_timer_rang(
    report: &FiledReport,
    due: AcceptanceDue,
    now: Timestamp,
) -> Result<Vec<ReportEvent>, ReportRefusal> {
    if report.stage != ReportStage::Received || report.acceptance_overdue {
        return Err(ReportRefusal::NotWaiting);
    }
    match due {
        // Never early: a deadline that turns out to lie ahead moves the timer.
        AcceptanceDue::Final(due_at) if due_at <= now => {
            Ok(vec![ReportEvent::AcceptanceOverdue(ReportAcceptanceOverdue {
                report_id: report.filed.report_id,
                due_at,
                noted_at: now,
            })])
        }
        AcceptanceDue::Final(_) | AcceptanceDue::Provisional(_) => {
            Ok(vec![ReportEvent::AcceptanceRescheduled(ReportAcceptanceRescheduled {
                report_id: report.filed.report_id,
                due,
            })])
        }
    }
}
