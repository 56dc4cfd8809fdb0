//! Whatever is asked, in whatever order: what is stored is what happened, and what is folded from it is what was lived.

#[path = "domain/support.rs"]
#[allow(dead_code)]
mod support;

use casebook_credentials::domain::applicant::{Display, Employment};
use casebook_credentials::domain::badge::{Badge, BadgeState};
use casebook_credentials::domain::credential::{
    ConcludeFraud, ConcludeVerification, Credential, CredentialCommand, CredentialState, FraudOutcome, ReportFraud,
    Stage, Verdict,
};
use casebook_credentials::domain::due::Due;
use casebook_credentials::domain::registry::{Lookup, LookupOutcome, RegistryField};
use casebook_execution::Aggregate;
use casebook_kernel::{Decider as _, Timestamp};
use chrono::TimeDelta;
use proptest::prelude::*;
use support::*;

/// One thing that somebody asks, so many hours after what was asked before.
fn command(choice: u8, now: Timestamp) -> CredentialCommand {
    let reasons = "理由".to_owned();
    let lookup = |outcome| Lookup { looked_up_at: now, ..lookup(outcome) };
    let conclude = |verdict, actor| {
        CredentialCommand::Conclude(Box::new(ConcludeVerification {
            verdict,
            reasons: "理由".to_owned(),
            rules: rules(),
            actor,
            now,
        }))
    };
    let verified = Verdict::Verified { last_day: None, mismatch_explanation: "更名".to_owned() };
    let fraud = |outcome| {
        CredentialCommand::ConcludeFraud(Box::new(ConcludeFraud {
            outcome,
            reasons: "理由".to_owned(),
            actor: second(),
            now,
        }))
    };
    match choice % 17 {
        0 => file(application()),
        1 | 2 => CredentialCommand::RunChecks { rules: rules(), case_by_case: None, now },
        3 => CredentialCommand::RequestSupplement {
            wanted: vec![PhysicianPractice],
            reasons,
            due: Due { at: now + TimeDelta::days(10), provisional: choice > 128 },
            now,
        },
        4 => CredentialCommand::SubmitSupplement {
            certificates: vec![certificate(PhysicianPractice)],
            claimed_by_others: Vec::new(),
            rules: rules(),
            now,
        },
        5 => CredentialCommand::LapseSupplement { due: Due { at: now, provisional: choice > 128 }, now },
        6 | 7 => CredentialCommand::RecordLookup { lookup: lookup(LookupOutcome::Match), now },
        8 => {
            let outcome = LookupOutcome::Mismatch(vec![RegistryField::Institution]);
            CredentialCommand::RecordLookup { lookup: lookup(outcome), now }
        }
        9 => conclude(verified, verifier()),
        10 => conclude(if choice > 200 { Verdict::Refused } else { verified }, second()),
        11 => CredentialCommand::Expire { now: now + TimeDelta::days(if choice > 128 { 400 } else { 0 }) },
        12 => CredentialCommand::RemindOfExpiry { now: now + TimeDelta::days(if choice > 128 { 340 } else { 0 }) },
        13 if choice > 192 => CredentialCommand::SuspendBadge { reasons, until: now + TimeDelta::days(2), now },
        13 if choice > 128 => CredentialCommand::EndSuspension { reasons, now },
        13 => CredentialCommand::RestoreBadge { reasons, now },
        14 => {
            CredentialCommand::AmendDisplay { display: Display { employment: Employment::Retired, ..display() }, now }
        }
        15 => CredentialCommand::ReportFraud(Box::new(ReportFraud {
            certificates: vec![PhysicianPractice],
            reasons,
            evidence_sha256: Vec::new(),
            suspend_until: (choice > 128).then(|| now + TimeDelta::days(2)),
            actor: verifier(),
            now,
        })),
        _ if choice > 128 => fraud(FraudOutcome::Confirmed),
        _ => fraud(FraudOutcome::Unfounded),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Promise 4: state after a restart at every step equals live state.
    #[test]
    fn a_restart_at_any_step_changes_nothing(asked in prop::collection::vec((any::<u8>(), 0_i64..48), 1..60)) {
        let mut live = CredentialState::default();
        let mut stored = Vec::new();
        let mut moment = now();
        for (choice, hours) in std::iter::once((0, 0)).chain(asked) {
            moment += TimeDelta::hours(hours);
            let before = live.clone();
            match Credential::decide(&live, command(choice, moment)) {
                Ok(events) => {
                    prop_assert!(!events.is_empty(), "what is granted happens");
                    for event in &events {
                        live = Credential::evolve(live, event);
                    }
                    stored.extend(events.iter().map(Credential::encode));
                }
                Err(_) => prop_assert_eq!(&live, &before),
            }
            let mut replayed = CredentialState::default();
            for event in &stored {
                let event = Credential::decode(event.event_type, &event.json).expect("what was stored is read");
                replayed = Credential::evolve(replayed, &event);
            }
            prop_assert_eq!(&replayed, &live);
            holds(&live, moment)?;
        }
    }
}

/// What is true of every credential, however it came to be.
fn holds(state: &CredentialState, now: Timestamp) -> Result<(), TestCaseError> {
    let Some(application) = state.application() else { return Ok(()) };
    if let Stage::Verified(verification) = &application.stage {
        prop_assert!(verification.from < verification.until, "a verification lasts");
        prop_assert!(verification.remind_at <= verification.until);
        let checks = application.checks.as_ref().map(|checks| checks.failed());
        prop_assert_eq!(checks, Some(Vec::new()), "R26: nobody is verified on papers that fail a check");
    }
    let badge = Badge::of(application, now);
    let shown = badge.state == BadgeState::Verified;
    prop_assert_eq!(badge.content.is_some(), shown, "R36: only what is verified and in force is shown");
    prop_assert!(!shown || matches!(&application.stage, Stage::Verified(verification) if now < verification.until));
    Ok(())
}
