//! How a verification begins and how it ends.

use casebook_kernel::calendar::{end_of_day, shanghai_date};
use casebook_kernel::{Actor, Timestamp};
use casebook_policy::SubCategory;
use chrono::{Months, TimeDelta};

use super::command::{ConcludeVerification, Verdict};
use super::decide::{Decision, open, verified};
use super::event::{CredentialEvent, Verified};
use super::refusal::CredentialRefusal as Refusal;
use super::state::{Application, Ending, Fraud, Stage};
use crate::domain::applicant::Signatory;
use crate::domain::certificate::CertificateRules;
use crate::domain::registry::{Word, word_on};

/// A verification is valid for a year at most, whatever the certificates say: the platforms' yearly review (X13).
pub const VERIFICATION_MONTHS_MAX: u32 = 12;
/// A reminder comes so many days before the end.
pub const REMINDER_DAYS: i64 = 30;
/// A nurse must ask for renewal 30 days before a registration ends (护士条例 art. 10, X12): the reminder comes earlier.
pub const REMINDER_NURSE_DAYS: i64 = 60;

pub(super) fn conclude(application: &Application, command: ConcludeVerification) -> Decision {
    open(application)?;
    if let Fraud::Reported(_) = application.fraud {
        return Err(Refusal::FraudOutstanding);
    }
    if conflicted(application, &command.actor) {
        return Err(Refusal::ReviewerConflict);
    }
    match &command.verdict {
        Verdict::Refused => refuse(application, command),
        Verdict::Verified { last_day, mismatch_explanation } => {
            evidence(application)?;
            registries(application, &command.rules, mismatch_explanation, command.now)?;
            let limit = limit(application, &command.rules, command.now)?;
            let until = match last_day {
                None => limit,
                Some(day) => end_of_day(*day).map_err(|_| Refusal::BeyondCalendar)?,
            };
            if until > limit {
                return Err(Refusal::ValidityTooLong { limit });
            }
            if until <= command.now {
                return Err(Refusal::ValidityOver { end: until });
            }
            Ok(vec![CredentialEvent::Verified(Box::new(Verified {
                credential: application.credential,
                applicant: (&application.applicant).into(),
                from: command.now,
                until,
                remind_at: remind_at(application, until).max(command.now),
                professional_scopes: professional_scopes(application),
                concluded_by: (&command.actor).into(),
                reasons: command.reasons,
                mismatch_explanation: mismatch_explanation.clone(),
                predecessor: application.predecessor,
            }))])
        }
    }
}

fn refuse(application: &Application, command: ConcludeVerification) -> Decision {
    if let Stage::AwaitingSupplement { due } = application.stage {
        return Err(Refusal::SupplementRunning { due_at: due.at });
    }
    // A refusal, too, says what was looked at.
    if application.checks.is_none() {
        return Err(Refusal::ChecksNotRun);
    }
    if command.reasons.trim().is_empty() {
        return Err(Refusal::ReasonsMissing);
    }
    Ok(vec![CredentialEvent::Refused {
        credential: application.credential,
        account: application.applicant.account.clone(),
        reasons: command.reasons,
        by: (&command.actor).into(),
        at: command.now,
    }])
}

/// Whoever filed an application, and whoever acts for the applicant's institution, has an interest in how it ends.
/// An institution's office acts as the agency `institution-{id}`.
pub(super) fn conflicted(application: &Application, actor: &Actor) -> bool {
    let filed_it = application.filed_by == Signatory::from(actor);
    let of_the_institution = actor.agency.as_str() == format!("institution-{}", application.applicant.institution);
    filed_it || of_the_institution
}

fn evidence(application: &Application) -> Result<(), Refusal> {
    let failed = application.checks.as_ref().map(|checks| checks.failed());
    match (&application.stage, failed) {
        (Stage::AwaitingSupplement { .. }, failed) => {
            Err(Refusal::EvidenceIncomplete { failed: failed.unwrap_or_default(), supplement_awaited: true })
        }
        (_, None) => Err(Refusal::ChecksNotRun),
        (_, Some(failed)) if failed.is_empty() => Ok(()),
        (_, Some(failed)) => Err(Refusal::EvidenceIncomplete { failed, supplement_awaited: false }),
    }
}

/// S1 §4: the practice of physicians and nurses must be compared with the official registry.
fn registries(
    application: &Application,
    rules: &CertificateRules,
    explanation: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    let registered = application
        .certificates
        .iter()
        .filter(|certificate| rules.of(certificate.kind).is_some_and(|rule| rule.in_registry));
    let words: Vec<_> = registered
        .map(|certificate| (certificate.kind, word_on(&application.lookups, certificate.kind, now)))
        .collect();
    let missing: Vec<_> = words.iter().filter(|(_, word)| *word == Word::Missing).map(|(kind, _)| *kind).collect();
    if !missing.is_empty() {
        return Err(Refusal::LookupMissing { missing });
    }
    for (certificate, word) in words {
        match word {
            Word::Stale => return Err(Refusal::StaleResult { certificate }),
            Word::NotFound => return Err(Refusal::NotInRegistry { certificate }),
            Word::Differs if explanation.trim().is_empty() => return Err(Refusal::MismatchUnexplained { certificate }),
            Word::Differs | Word::Confirms | Word::Missing => {}
        }
    }
    Ok(())
}

/// The longest that a verification may last: a year, and no longer than any certificate that it rests on.
fn limit(application: &Application, rules: &CertificateRules, now: Timestamp) -> Result<Timestamp, Refusal> {
    // A term of validity is not moved to a working day.
    let last_day =
        shanghai_date(now).checked_add_months(Months::new(VERIFICATION_MONTHS_MAX)).ok_or(Refusal::BeyondCalendar)?;
    let year = end_of_day(last_day).map_err(|_| Refusal::BeyondCalendar)?;
    application.certificates.iter().try_fold(year, |limit, certificate| {
        let end = certificate.end(rules.of(certificate.kind)).map_err(|_| Refusal::BeyondCalendar)?;
        Ok(end.map_or(limit, |end| limit.min(end)))
    })
}

fn remind_at(application: &Application, until: Timestamp) -> Timestamp {
    let days = match application.applicant.profession {
        Some(SubCategory::Nurse) => REMINDER_NURSE_DAYS,
        _ => REMINDER_DAYS,
    };
    until - TimeDelta::days(days)
}

/// The professional scopes that its certificates grant, each once.
pub(crate) fn professional_scopes(application: &Application) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for certificate in &application.certificates {
        if !certificate.professional_scope.is_empty() && !scopes.contains(&certificate.professional_scope) {
            scopes.push(certificate.professional_scope.clone());
        }
    }
    scopes
}

pub(super) fn remind(application: &Application, now: Timestamp) -> Decision {
    let verification = verified(application)?;
    if verification.ending == Ending::Near {
        return Err(Refusal::AlreadyReminded);
    }
    if now < verification.remind_at {
        return Err(Refusal::NotDue { due: verification.remind_at });
    }
    Ok(vec![CredentialEvent::Expiring {
        credential: application.credential,
        account: application.applicant.account.clone(),
        until: verification.until,
    }])
}

pub(super) fn expire(application: &Application, now: Timestamp) -> Decision {
    let verification = verified(application)?;
    if now < verification.until {
        return Err(Refusal::NotDue { due: verification.until });
    }
    Ok(vec![CredentialEvent::Expired {
        credential: application.credential,
        account: application.applicant.account.clone(),
        at: verification.until,
    }])
}

pub(super) fn revoke(application: &Application, reasons: String, actor: &Actor, now: Timestamp) -> Decision {
    verified(application)?;
    // The second officer's conclusion revokes it; one officer alone must not get ahead of it.
    if let Fraud::Reported(_) = application.fraud {
        return Err(Refusal::FraudOutstanding);
    }
    Ok(vec![revoked(application, reasons, actor, now)])
}

pub(super) fn revoked(application: &Application, reasons: String, actor: &Actor, now: Timestamp) -> CredentialEvent {
    CredentialEvent::Revoked {
        credential: application.credential,
        account: application.applicant.account.clone(),
        reasons,
        by: actor.into(),
        at: now,
    }
}
