//! The rules from filing to the end of a verification. Conclusions and fraud have files of their own.

use casebook_kernel::Timestamp;
use casebook_kernel::certificate::CertificateType;
use casebook_kernel::ids::CredentialId;

use super::command::{CaseByCase, CredentialCommand, FileCredential, PredecessorStanding};
use super::conclude::{conclude, expire, remind, revoke};
use super::event::{CredentialEvent, Filed};
use super::fraud::{conclude_fraud, report_fraud};
use super::refusal::CredentialRefusal as Refusal;
use super::state::{Application, Badge, CredentialState, Fraud, Stage, Supplement, Verification};
use crate::domain::applicant::{Consent, Display};
use crate::domain::certificate::{Certificate, CertificateRules, merge, repeated};
use crate::domain::checks::{self, Checks};
use crate::domain::due::{Due, Elapsed};
use crate::domain::registry::{Lookup, is_stale};

pub(super) type Decision = Result<Vec<CredentialEvent>, Refusal>;

pub(super) fn decide(state: &CredentialState, command: CredentialCommand) -> Decision {
    let application = match (state, command) {
        (CredentialState::Absent, CredentialCommand::File(command)) => return file(*command),
        (CredentialState::Filed(_), CredentialCommand::File(_)) => return Err(Refusal::AlreadyFiled),
        (CredentialState::Absent, _) => return Err(Refusal::CredentialUnknown),
        (CredentialState::Filed(application), command) => (application, command),
    };
    match application {
        (application, CredentialCommand::RunChecks { rules, case_by_case, now }) => {
            run_checks(application, &rules, case_by_case, now)
        }
        (application, CredentialCommand::RequestSupplement { wanted, reasons, due, now }) => {
            request_supplement(application, wanted, reasons, due, now)
        }
        (application, CredentialCommand::SubmitSupplement { certificates, claimed_by_others, rules, now }) => {
            submit_supplement(application, certificates, &claimed_by_others, &rules, now)
        }
        (application, CredentialCommand::LapseSupplement { due, now }) => lapse_supplement(application, due, now),
        (application, CredentialCommand::RecordLookup { lookup, now }) => record_lookup(application, lookup, now),
        (application, CredentialCommand::Conclude(command)) => conclude(application, *command),
        (application, CredentialCommand::RemindOfExpiry { now }) => remind(application, now),
        (application, CredentialCommand::Expire { now }) => expire(application, now),
        (application, CredentialCommand::Revoke { reasons, actor, now }) => revoke(application, reasons, &actor, now),
        (application, CredentialCommand::Supersede { successor, now }) => supersede(application, successor, now),
        (application, CredentialCommand::SuspendBadge { reasons, until, now }) => {
            suspend_badge(application, reasons, until, now)
        }
        (application, CredentialCommand::EndSuspension { reasons, now }) => end_suspension(application, reasons, now),
        (application, CredentialCommand::RestoreBadge { reasons, now }) => restore_badge(application, reasons, now),
        (application, CredentialCommand::AmendDisplay { display, now }) => amend_display(application, display, now),
        (application, CredentialCommand::ReportFraud(command)) => report_fraud(application, *command),
        (application, CredentialCommand::ConcludeFraud(command)) => conclude_fraud(application, *command),
        // Answered above for every state.
        (_, CredentialCommand::File(_)) => Err(Refusal::AlreadyFiled),
    }
}

fn file(command: FileCredential) -> Decision {
    if let Some(predecessor) = command.predecessor {
        match predecessor.standing {
            PredecessorStanding::Renewable => {}
            PredecessorStanding::Revoked => return Err(Refusal::PredecessorRevoked),
            PredecessorStanding::NotVerified => return Err(Refusal::PredecessorNotVerified),
        }
    }
    let consent = consent(command.consent)?;
    let rules = command.rules.ok_or(Refusal::CategoryMismatch)?;
    admit(&command.certificates, &rules, &command.claimed_by_others)?;
    Ok(vec![CredentialEvent::Filed(Box::new(Filed {
        credential: command.credential,
        applicant: command.applicant,
        certificates: command.certificates,
        consent,
        display: command.display,
        filed_by: command.filed_by,
        predecessor: command.predecessor.map(|predecessor| predecessor.id),
        at: command.now,
    }))])
}

/// Consent is to every purpose, and to a text that can be shown (X11).
fn consent(consent: Option<Consent>) -> Result<Consent, Refusal> {
    let missing = Consent::missing(consent.as_ref());
    match consent {
        Some(consent) if missing.is_empty() => Ok(consent),
        _ => Err(Refusal::ConsentMissing { missing }),
    }
}

fn admit(
    certificates: &[Certificate],
    rules: &CertificateRules,
    claimed_by_others: &[CertificateType],
) -> Result<(), Refusal> {
    if let Some(unneeded) = certificates.iter().find(|certificate| !rules.admits(certificate.kind)) {
        return Err(Refusal::TypeNotInSet { certificate: unneeded.kind });
    }
    if let Some(certificate) = repeated(certificates) {
        return Err(Refusal::CertificateRepeated { certificate });
    }
    match claimed_by_others.first() {
        Some(certificate) => Err(Refusal::CertificateAlreadyClaimed { certificate: *certificate }),
        None => Ok(()),
    }
}

fn run_checks(
    application: &Application,
    rules: &CertificateRules,
    case_by_case: Option<CaseByCase>,
    now: Timestamp,
) -> Decision {
    open(application)?;
    if let Stage::AwaitingSupplement { .. } = application.stage {
        let failed = application.checks.as_ref().map(Checks::failed).unwrap_or_default();
        return Err(Refusal::EvidenceIncomplete { failed, supplement_awaited: true });
    }
    let (required, required_reason) = requirement(application, rules, case_by_case)?;
    let results = checks::run(&application.applicant, &application.certificates, &required, rules, now);
    Ok(vec![CredentialEvent::ChecksRun(Checks { results, required, required_reason, run_at: now })])
}

/// What is asked of the applicant: the pack's set, or with a reason what the reviewer adds to it (R25).
fn requirement(
    application: &Application,
    rules: &CertificateRules,
    case_by_case: Option<CaseByCase>,
) -> Result<(Vec<CertificateType>, String), Refusal> {
    match (case_by_case, &application.checks) {
        (None, _) if !rules.case_by_case => Ok((rules.required.clone(), String::new())),
        (Some(_), _) if !rules.case_by_case => Err(Refusal::RequirementFixed),
        // What was recorded for an earlier run holds for the next.
        (None, Some(checks)) => Ok((checks.required.clone(), checks.required_reason.clone())),
        (None, None) => Err(Refusal::RequirementNotRecorded),
        (Some(case), _) => {
            let mut required = rules.required.clone();
            required.extend(case.required.into_iter().filter(|kind| !rules.required.contains(kind)));
            // A researcher's proof of employment may be all that is wanted; that, too, is said and has a reason.
            if required.is_empty() || case.reason.trim().is_empty() {
                return Err(Refusal::RequirementNotRecorded);
            }
            Ok((required, case.reason))
        }
    }
}

/// The verification has not been concluded.
pub(super) fn open(application: &Application) -> Result<(), Refusal> {
    if application.is_open() { Ok(()) } else { Err(Refusal::AlreadyConcluded) }
}

fn request_supplement(
    application: &Application,
    wanted: Vec<CertificateType>,
    reasons: String,
    due: Due,
    now: Timestamp,
) -> Decision {
    open(application)?;
    if application.supplement != Supplement::NotAsked {
        return Err(Refusal::SupplementAlreadyRequested);
    }
    let checks = application.checks.as_ref().ok_or(Refusal::ChecksNotRun)?;
    let omitted: Vec<_> = checks.objected().into_iter().filter(|kind| !wanted.contains(kind)).collect();
    if !omitted.is_empty() {
        return Err(Refusal::SupplementListIncomplete { omitted });
    }
    Ok(vec![CredentialEvent::SupplementRequested { wanted, reasons, due, at: now }])
}

fn submit_supplement(
    application: &Application,
    certificates: Vec<Certificate>,
    claimed_by_others: &[CertificateType],
    rules: &CertificateRules,
    now: Timestamp,
) -> Decision {
    let Stage::AwaitingSupplement { due } = application.stage else {
        return Err(match application.stage {
            Stage::Filed | Stage::Checked => Refusal::SupplementNotRequested,
            _ => Refusal::AlreadyConcluded,
        });
    };
    // A provisional time may still move, and is held against nobody.
    if due.elapsed(now) == Elapsed::Over {
        return Err(Refusal::SupplementWindowClosed { due_at: due.at });
    }
    admit(&certificates, rules, claimed_by_others)?;
    if let Some(certificate) = repeated(&merge(&application.certificates, &certificates)) {
        return Err(Refusal::CertificateRepeated { certificate });
    }
    Ok(vec![CredentialEvent::SupplementSubmitted { certificates, at: now }])
}

fn lapse_supplement(application: &Application, due: Due, now: Timestamp) -> Decision {
    let Stage::AwaitingSupplement { due: known } = application.stage else {
        return Err(Refusal::SupplementNotRequested);
    };
    match due.elapsed(now) {
        Elapsed::Over => Ok(vec![CredentialEvent::SupplementLapsed { due_at: due.at, at: now }]),
        Elapsed::Later(due) if due != known => Ok(vec![CredentialEvent::SupplementDueMoved { due, at: now }]),
        Elapsed::Later(_) => Err(Refusal::SupplementDueUnchanged),
    }
}

fn record_lookup(application: &Application, lookup: Lookup, now: Timestamp) -> Decision {
    open(application)?;
    if !application.has(lookup.certificate) {
        return Err(Refusal::CertificateAbsent { certificate: lookup.certificate });
    }
    if is_stale(&application.lookups, &lookup, now) {
        return Err(Refusal::StaleResult { certificate: lookup.certificate });
    }
    Ok(vec![CredentialEvent::RegistryLookedUp(lookup)])
}

fn supersede(application: &Application, successor: CredentialId, now: Timestamp) -> Decision {
    match application.stage {
        Stage::Verified(_) | Stage::Expired(_) => Ok(vec![CredentialEvent::Superseded {
            credential: application.credential,
            account: application.applicant.account.id,
            successor,
            at: now,
        }]),
        Stage::Revoked { .. } => Err(Refusal::AlreadyRevoked),
        Stage::Filed
        | Stage::Checked
        | Stage::AwaitingSupplement { .. }
        | Stage::Refused { .. }
        | Stage::Superseded { .. } => Err(Refusal::NotVerified),
    }
}

pub(super) fn verified(application: &Application) -> Result<&Verification, Refusal> {
    match &application.stage {
        Stage::Verified(verification) => Ok(verification),
        Stage::Revoked { .. } => Err(Refusal::AlreadyRevoked),
        Stage::Filed
        | Stage::Checked
        | Stage::AwaitingSupplement { .. }
        | Stage::Expired(_)
        | Stage::Refused { .. }
        | Stage::Superseded { .. } => Err(Refusal::NotVerified),
    }
}

fn suspend_badge(application: &Application, reasons: String, until: Timestamp, now: Timestamp) -> Decision {
    match verified(application)?.badge {
        Badge::Shown => {
            let (account, until) = (application.applicant.account.id, Some(until));
            Ok(vec![CredentialEvent::BadgeSuspended { account, reasons, until, at: now }])
        }
        Badge::Suspended { .. } => Err(Refusal::BadgeAlreadySuspended),
    }
}

/// What is done while something is looked into has an end (S1 §4-5), whether or not anybody has come to a conclusion.
fn end_suspension(application: &Application, reasons: String, now: Timestamp) -> Decision {
    match &verified(application)?.badge {
        Badge::Suspended { until: Some(until), .. } if *until <= now => {
            let account = application.applicant.account.id;
            Ok(vec![CredentialEvent::BadgeRestored { account, reasons, at: now }])
        }
        Badge::Suspended { .. } => Err(Refusal::SuspensionNotOver),
        Badge::Shown => Err(Refusal::BadgeNotSuspended),
    }
}

fn restore_badge(application: &Application, reasons: String, now: Timestamp) -> Decision {
    if let Badge::Shown = verified(application)?.badge {
        return Err(Refusal::BadgeNotSuspended);
    }
    if let Fraud::Reported(_) = application.fraud {
        return Err(Refusal::FraudOutstanding);
    }
    Ok(vec![CredentialEvent::BadgeRestored { account: application.applicant.account.id, reasons, at: now }])
}

fn amend_display(application: &Application, display: Display, now: Timestamp) -> Decision {
    match application.stage {
        Stage::Refused { .. } | Stage::Revoked { .. } | Stage::Superseded { .. } => Err(Refusal::NotDisplayable),
        Stage::Filed | Stage::Checked | Stage::AwaitingSupplement { .. } | Stage::Verified(_) | Stage::Expired(_) => {
            if application.display == display {
                return Err(Refusal::DisplayUnchanged);
            }
            Ok(vec![CredentialEvent::DisplayAmended { display, at: now }])
        }
    }
}
