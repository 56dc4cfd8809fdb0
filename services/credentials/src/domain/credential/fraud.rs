//! Certificates that seem forged or not the holder's (R28): one officer reports, a second concludes.

use super::command::{ConcludeFraud, FraudOutcome, ReportFraud};
use super::conclude::{conflicted, revoked};
use super::decide::Decision;
use super::event::{CredentialEvent, FraudConcluded, FraudReported};
use super::refusal::CredentialRefusal as Refusal;
use super::state::{Application, Badge, Fraud, Stage};
use crate::domain::applicant::Signatory;

pub(super) fn report_fraud(application: &Application, command: ReportFraud) -> Decision {
    match application.fraud {
        Fraud::Reported(_) => return Err(Refusal::FraudOutstanding),
        Fraud::Confirmed { .. } => return Err(Refusal::FraudAlreadyConfirmed),
        // New evidence may show what earlier evidence did not.
        Fraud::NeverReported | Fraud::Unfounded { .. } => {}
    }
    if let Some(absent) = command.certificates.iter().find(|kind| !application.has(**kind)) {
        return Err(Refusal::CertificateAbsent { certificate: *absent });
    }
    let account = application.applicant.account.id;
    let mut events = vec![CredentialEvent::FraudReported(FraudReported {
        credential: application.credential,
        account,
        certificates: command.certificates,
        reasons: command.reasons.clone(),
        evidence_sha256: command.evidence_sha256,
        by: (&command.actor).into(),
        at: command.now,
    })];
    if let Stage::Verified(verification) = &application.stage
        && let Some(until) = command.suspend_until
        && verification.badge == Badge::Shown
    {
        let (reasons, until) = (command.reasons, Some(until));
        events.push(CredentialEvent::BadgeSuspended { account, reasons, until, at: command.now });
    }
    Ok(events)
}

pub(super) fn conclude_fraud(application: &Application, command: ConcludeFraud) -> Decision {
    let Fraud::Reported(report) = &application.fraud else {
        return Err(Refusal::FraudNotReported);
    };
    // Two officers must differ: one approval cannot satisfy both roles.
    if report.by == Signatory::from(&command.actor) {
        return Err(Refusal::SameOfficer);
    }
    if conflicted(application, &command.actor) {
        return Err(Refusal::ReviewerConflict);
    }
    let concluded = CredentialEvent::FraudConcluded(Box::new(FraudConcluded {
        credential: application.credential,
        account: application.applicant.account.clone(),
        institution: application.applicant.institution,
        region: application.applicant.region,
        outcome: command.outcome,
        reasons: command.reasons.clone(),
        certificates: report.certificates.clone(),
        evidence_sha256: report.evidence_sha256.clone(),
        reported_by: report.by.clone(),
        concluded_by: (&command.actor).into(),
        at: command.now,
    }));
    let consequence = match command.outcome {
        FraudOutcome::Unfounded => None,
        FraudOutcome::Confirmed => consequence(application, command),
    };
    Ok(std::iter::once(concluded).chain(consequence).collect())
}

/// What confirmed fraud does: a verification that is or was in force is revoked, an application is refused.
fn consequence(application: &Application, command: ConcludeFraud) -> Option<CredentialEvent> {
    match application.stage {
        Stage::Filed | Stage::Checked | Stage::AwaitingSupplement { .. } => Some(CredentialEvent::Refused {
            credential: application.credential,
            account: application.applicant.account.clone(),
            reasons: command.reasons,
            by: (&command.actor).into(),
            at: command.now,
        }),
        Stage::Verified(_) | Stage::Expired(_) => {
            Some(revoked(application, command.reasons, &command.actor, command.now))
        }
        Stage::Refused { .. } | Stage::Revoked { .. } | Stage::Superseded { .. } => None,
    }
}
