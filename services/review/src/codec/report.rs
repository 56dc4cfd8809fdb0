//! The stored form of what happens to a report.

use casebook_execution::{Aggregate, DecodeError, Stored};
use casebook_kernel::Timestamp;
use casebook_proto::review::v1 as proto;

use super::values::*;
use super::{Reading, Unreadable, read, stored};
use crate::domain::capture::{Capture, TextHash};
use crate::domain::report::{
    AcceptanceDue, Outcome, Report, ReportAcceptanceOverdue, ReportAcceptanceRescheduled, ReportAccepted,
    ReportConcluded, ReportDeclined, ReportEvent, ReportFiled, ReportMerged, ReportSeparated, ReportWithdrawn,
};

pub(crate) const FILED: &str = "casebook.review.v1.ReportFiled";
const ACCEPTED: &str = "casebook.review.v1.ReportAccepted";
const DECLINED: &str = "casebook.review.v1.ReportDeclined";
const WITHDRAWN: &str = "casebook.review.v1.ReportWithdrawn";
const MERGED: &str = "casebook.review.v1.ReportMerged";
const SEPARATED: &str = "casebook.review.v1.ReportSeparated";
const CONCLUDED: &str = "casebook.review.v1.ReportConcluded";
const ACCEPTANCE_OVERDUE: &str = "casebook.review.v1.ReportAcceptanceOverdue";
const ACCEPTANCE_RESCHEDULED: &str = "casebook.review.v1.ReportAcceptanceRescheduled";

/// Every type of event that a report's stream may hold.
pub const EVENT_TYPES: &[&str] =
    &[FILED, ACCEPTED, DECLINED, WITHDRAWN, MERGED, CONCLUDED, ACCEPTANCE_OVERDUE, ACCEPTANCE_RESCHEDULED, SEPARATED];

impl Aggregate for Report {
    const CATEGORY: &'static str = "report";

    fn encode(event: &ReportEvent) -> Stored {
        match event {
            ReportEvent::Filed(event) => stored(FILED, &filed_of(event)),
            ReportEvent::Accepted(event) => stored(ACCEPTED, &accepted_of(event)),
            ReportEvent::Declined(event) => stored(DECLINED, &declined_of(event)),
            ReportEvent::Withdrawn(event) => stored(WITHDRAWN, &withdrawn_of(event)),
            ReportEvent::Merged(event) => stored(MERGED, &merged_of(event)),
            ReportEvent::Separated(event) => stored(
                SEPARATED,
                &proto::ReportSeparated {
                    report_id: event.report_id.to_string(),
                    from_report_id: event.from.to_string(),
                    separated_at: time_of(event.separated_at),
                },
            ),
            ReportEvent::Concluded(event) => stored(CONCLUDED, &concluded_of(event)),
            ReportEvent::AcceptanceOverdue(event) => stored(
                ACCEPTANCE_OVERDUE,
                &proto::ReportAcceptanceOverdue {
                    report_id: event.report_id.to_string(),
                    due_at: time_of(event.due_at),
                    noted_at: time_of(event.noted_at),
                },
            ),
            ReportEvent::AcceptanceRescheduled(event) => stored(
                ACCEPTANCE_RESCHEDULED,
                &proto::ReportAcceptanceRescheduled {
                    report_id: event.report_id.to_string(),
                    due_at: time_of(event.due.at()),
                    provisional: is_provisional(event.due),
                },
            ),
        }
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<ReportEvent, DecodeError> {
        Ok(match event_type {
            FILED => ReportEvent::Filed(Box::new(read(event_type, json, filed)?)),
            ACCEPTED => ReportEvent::Accepted(read(event_type, json, accepted)?),
            DECLINED => ReportEvent::Declined(read(event_type, json, declined)?),
            WITHDRAWN => ReportEvent::Withdrawn(read(event_type, json, withdrawn)?),
            MERGED => ReportEvent::Merged(read(event_type, json, merged)?),
            SEPARATED => ReportEvent::Separated(read(event_type, json, separated)?),
            CONCLUDED => ReportEvent::Concluded(read(event_type, json, concluded)?),
            ACCEPTANCE_OVERDUE => ReportEvent::AcceptanceOverdue(read(event_type, json, acceptance_overdue)?),
            ACCEPTANCE_RESCHEDULED => {
                ReportEvent::AcceptanceRescheduled(read(event_type, json, acceptance_rescheduled)?)
            }
            _ => return Err(DecodeError::new(event_type, "no report has events of this type")),
        })
    }
}

pub(crate) fn is_provisional(due: AcceptanceDue) -> bool {
    match due {
        AcceptanceDue::Final(_) => false,
        AcceptanceDue::Provisional(_) => true,
    }
}

fn due(at: Timestamp, provisional: bool) -> AcceptanceDue {
    if provisional { AcceptanceDue::Provisional(at) } else { AcceptanceDue::Final(at) }
}

pub(crate) fn filed_of(event: &ReportFiled) -> proto::ReportFiled {
    let capture = &event.capture;
    let snapshot = capture.content.snapshot();
    proto::ReportFiled {
        report_id: event.report_id.to_string(),
        channel: channel_of(event.channel).into(),
        reporter_ref: text_of(&event.reporter_ref),
        reasons: event.reasons.clone(),
        region: event.region.to_string(),
        attachments_sha256: strings(&event.attachments_sha256),
        item_id: event.item_id.to_string(),
        account_id: event.account_id().to_string(),
        platform: capture.platform.clone(),
        platform_item_id: text_of(&capture.platform_item_id),
        platform_uid: capture.platform_uid.clone(),
        handle: capture.handle.clone(),
        text: snapshot.map(|snapshot| snapshot.text.clone()).unwrap_or_default(),
        text_sha256: string_or_empty(&snapshot.map(|snapshot| snapshot.text_sha256())),
        published_at: capture.published_at.and_then(time_of),
        labels: snapshot.map(|snapshot| snapshot.labels.clone()).unwrap_or_default(),
        links: snapshot.map(|snapshot| snapshot.links.clone()).unwrap_or_default(),
        content: content_of(&capture.content).into(),
        account_standing: standing_of(event.account_standing).into(),
        acceptance_due_at: time_of(event.acceptance_due.at()),
        acceptance_due_provisional: is_provisional(event.acceptance_due),
        filed_at: time_of(event.filed_at),
        taken_in_by: string_or_empty(&event.taken_in_by),
    }
}

fn filed(message: proto::ReportFiled) -> Reading<ReportFiled> {
    Ok(ReportFiled {
        report_id: text("report_id", &message.report_id)?,
        channel: channel(message.channel)?,
        reporter_ref: text_from(message.reporter_ref),
        reasons: message.reasons,
        region: text("region", &message.region)?,
        attachments_sha256: each::<TextHash>("attachments_sha256", &message.attachments_sha256)?,
        item_id: text("item_id", &message.item_id)?,
        capture: Capture {
            platform: message.platform,
            platform_item_id: text_from(message.platform_item_id),
            platform_uid: message.platform_uid,
            handle: message.handle,
            content: content(message.content, message.text, message.labels, message.links)?,
            published_at: optional_time("published_at", message.published_at)?,
        },
        account_standing: standing(message.account_standing)?,
        acceptance_due: due(time("acceptance_due_at", message.acceptance_due_at)?, message.acceptance_due_provisional),
        taken_in_by: some_text("taken_in_by", &message.taken_in_by)?,
        filed_at: time("filed_at", message.filed_at)?,
    })
}

pub(crate) fn accepted_of(event: &ReportAccepted) -> proto::ReportAccepted {
    proto::ReportAccepted {
        report_id: event.report_id.to_string(),
        accepted_by: officer_of(&event.accepted_by),
        accepted_at: time_of(event.accepted_at),
        late: event.late,
        by_finding_id: string_or_empty(&event.by_finding),
    }
}

fn accepted(message: proto::ReportAccepted) -> Reading<ReportAccepted> {
    Ok(ReportAccepted {
        report_id: text("report_id", &message.report_id)?,
        accepted_by: officer("accepted_by", message.accepted_by)?,
        accepted_at: time("accepted_at", message.accepted_at)?,
        late: message.late,
        by_finding: some_text("by_finding_id", &message.by_finding_id)?,
    })
}

pub(crate) fn declined_of(event: &ReportDeclined) -> proto::ReportDeclined {
    proto::ReportDeclined {
        report_id: event.report_id.to_string(),
        reason: decline_reason_of(event.reason).into(),
        explanation: event.explanation.clone(),
        competent_agency: string_or_empty(&event.competent_agency),
        declined_by: officer_of(&event.declined_by),
        declined_at: time_of(event.declined_at),
    }
}

fn declined(message: proto::ReportDeclined) -> Reading<ReportDeclined> {
    Ok(ReportDeclined {
        report_id: text("report_id", &message.report_id)?,
        reason: decline_reason(message.reason)?,
        explanation: message.explanation,
        competent_agency: some_text("competent_agency", &message.competent_agency)?,
        declined_by: officer("declined_by", message.declined_by)?,
        declined_at: time("declined_at", message.declined_at)?,
    })
}

pub(crate) fn withdrawn_of(event: &ReportWithdrawn) -> proto::ReportWithdrawn {
    proto::ReportWithdrawn {
        report_id: event.report_id.to_string(),
        reasons: event.reasons.clone(),
        withdrawn_at: time_of(event.withdrawn_at),
    }
}

fn withdrawn(message: proto::ReportWithdrawn) -> Reading<ReportWithdrawn> {
    Ok(ReportWithdrawn {
        report_id: text("report_id", &message.report_id)?,
        reasons: message.reasons,
        withdrawn_at: time("withdrawn_at", message.withdrawn_at)?,
    })
}

pub(crate) fn merged_of(event: &ReportMerged) -> proto::ReportMerged {
    proto::ReportMerged {
        report_id: event.report_id.to_string(),
        into_report_id: event.into.to_string(),
        merged_by: officer_of(&event.merged_by),
        merged_at: time_of(event.merged_at),
    }
}

fn merged(message: proto::ReportMerged) -> Reading<ReportMerged> {
    Ok(ReportMerged {
        report_id: text("report_id", &message.report_id)?,
        into: text("into_report_id", &message.into_report_id)?,
        merged_by: officer("merged_by", message.merged_by)?,
        merged_at: time("merged_at", message.merged_at)?,
    })
}

fn separated(message: proto::ReportSeparated) -> Reading<ReportSeparated> {
    Ok(ReportSeparated {
        report_id: text("report_id", &message.report_id)?,
        from: text("from_report_id", &message.from_report_id)?,
        separated_at: time("separated_at", message.separated_at)?,
    })
}

pub(crate) fn concluded_of(event: &ReportConcluded) -> proto::ReportConcluded {
    let (outcome, finding_id, violation, reasons) = match &event.outcome {
        Outcome::Found { finding, violation } => {
            (proto::ReportOutcome::Found, finding.to_string(), violation.clone(), String::new())
        }
        Outcome::Referred { finding, violation } => {
            (proto::ReportOutcome::Referred, finding.to_string(), violation.clone(), String::new())
        }
        Outcome::NoViolation { reasons } => {
            (proto::ReportOutcome::NoViolation, String::new(), String::new(), reasons.clone())
        }
    };
    proto::ReportConcluded {
        report_id: event.report_id.to_string(),
        outcome: outcome.into(),
        finding_id,
        violation,
        reasons,
        concluded_at: time_of(event.concluded_at),
    }
}

fn concluded(message: proto::ReportConcluded) -> Reading<ReportConcluded> {
    let finding = || text("finding_id", &message.finding_id);
    let violation = message.violation.clone();
    let outcome = match proto::ReportOutcome::try_from(message.outcome) {
        Ok(proto::ReportOutcome::Found) => Outcome::Found { finding: finding()?, violation },
        Ok(proto::ReportOutcome::Referred) => Outcome::Referred { finding: finding()?, violation },
        Ok(proto::ReportOutcome::NoViolation) => Outcome::NoViolation { reasons: message.reasons },
        Ok(proto::ReportOutcome::Unspecified) | Err(_) => {
            return Err(Unreadable::new("outcome", format!("{} is none of its values", message.outcome)));
        }
    };
    Ok(ReportConcluded {
        report_id: text("report_id", &message.report_id)?,
        outcome,
        concluded_at: time("concluded_at", message.concluded_at)?,
    })
}

fn acceptance_overdue(message: proto::ReportAcceptanceOverdue) -> Reading<ReportAcceptanceOverdue> {
    Ok(ReportAcceptanceOverdue {
        report_id: text("report_id", &message.report_id)?,
        due_at: time("due_at", message.due_at)?,
        noted_at: time("noted_at", message.noted_at)?,
    })
}

fn acceptance_rescheduled(message: proto::ReportAcceptanceRescheduled) -> Reading<ReportAcceptanceRescheduled> {
    Ok(ReportAcceptanceRescheduled {
        report_id: text("report_id", &message.report_id)?,
        due: due(time("due_at", message.due_at)?, message.provisional),
    })
}
