//! 补正: asked for once, in one complete list, and answered in time.

use casebook_credentials::domain::certificate::Certificate;
use casebook_credentials::domain::checks::CheckKind;
use casebook_credentials::domain::credential::{
    Credential, CredentialCommand, CredentialEvent, CredentialRefusal, FileCredential, Stage,
};
use casebook_credentials::domain::due::Due;
use casebook_credentials::domain::registry::LookupOutcome;
use casebook_kernel::Timestamp;
use casebook_kernel::certificate::CertificateType;
use casebook_testkit::Given;

use crate::support::*;

fn due() -> Due {
    Due { at: at("2026-03-16T16:00:00Z"), provisional: false }
}

fn ask(wanted: &[CertificateType]) -> CredentialCommand {
    CredentialCommand::RequestSupplement {
        wanted: wanted.to_vec(),
        reasons: "缺少医师执业证书".to_owned(),
        due: due(),
        now: now(),
    }
}

fn answer(certificates: Vec<Certificate>, now: Timestamp) -> CredentialCommand {
    CredentialCommand::SubmitSupplement { certificates, claimed_by_others: Vec::new(), rules: rules(), now }
}

/// Without a licence, and with a proof of employment that nobody signed.
fn lacking() -> Given<Credential> {
    let mut certificates = certificates();
    certificates.retain(|certificate| certificate.kind != PhysicianPractice);
    certificates[1].issuing_department.clear();
    nothing().after(file(FileCredential { certificates, ..application() }))
}

fn asked() -> Given<Credential> {
    lacking().after(run_checks()).after(ask(&[PhysicianPractice, EmploymentProof]))
}

#[test]
fn a_complete_list_is_asked_for_with_a_due_time() {
    lacking().after(run_checks()).when(ask(&[PhysicianPractice, EmploymentProof])).then([
        CredentialEvent::SupplementRequested {
            wanted: vec![PhysicianPractice, EmploymentProof],
            reasons: "缺少医师执业证书".to_owned(),
            due: due(),
            at: now(),
        },
    ]);
}

#[test]
fn nothing_is_asked_for_before_the_checks_have_run() {
    lacking().when(ask(&[PhysicianPractice])).refused(CredentialRefusal::ChecksNotRun);
}

#[test]
fn the_list_names_everything_the_checks_object_to() {
    lacking()
        .after(run_checks())
        .when(ask(&[PhysicianPractice]))
        .refused(CredentialRefusal::SupplementListIncomplete { omitted: vec![EmploymentProof] });
}

#[test]
fn one_asks_only_once() {
    asked().when(ask(&[PhysicianPractice, EmploymentProof])).refused(CredentialRefusal::SupplementAlreadyRequested);
    let answered = asked().after(answer(vec![certificate(PhysicianPractice)], now())).after(run_checks());
    answered.when(ask(&[EmploymentProof])).refused(CredentialRefusal::SupplementAlreadyRequested);
    verified().when(ask(&[EmploymentProof])).refused(CredentialRefusal::AlreadyConcluded);
}

/// R26: while papers are awaited, nothing is checked or verified on those there are, and nothing refused.
#[test]
fn while_it_is_awaited_nothing_is_checked_or_concluded() {
    let failed = vec![CheckKind::CompleteSet, CheckKind::SigningDepartment];
    let awaited = CredentialRefusal::EvidenceIncomplete { failed, supplement_awaited: true };
    asked().when(run_checks()).refused(awaited.clone());
    asked().when(conclude(verify())).refused(awaited);
    let refusal = casebook_credentials::domain::credential::ConcludeVerification {
        verdict: casebook_credentials::domain::credential::Verdict::Refused,
        reasons: "材料不全".to_owned(),
        ..verify()
    };
    asked().when(conclude(refusal)).refused(CredentialRefusal::SupplementRunning { due_at: due().at });
}

/// The answer replaces what it brings, and the checks run anew.
#[test]
fn an_answer_leads_back_to_the_checks() {
    let given = asked().after(answer(vec![certificate(PhysicianPractice), certificate(EmploymentProof)], now()));
    given.clone().when(conclude(verify())).refused(CredentialRefusal::ChecksNotRun);
    let events = events(given.after(run_checks()).after(record(lookup(LookupOutcome::Match))), conclude(verify()));
    assert!(matches!(events.as_slice(), [CredentialEvent::Verified(_)]));
}

/// R27: a registry's word was on the paper that has been replaced.
#[test]
fn an_answer_unsays_what_a_registry_said_of_the_replaced_certificate() {
    let given = ready().after(ask(&[])).after(answer(vec![certificate(PhysicianPractice)], now())).after(run_checks());
    given.when(conclude(verify())).refused(CredentialRefusal::LookupMissing { missing: vec![PhysicianPractice] });
}

#[test]
fn an_answer_obeys_the_rules_of_an_application() {
    let two = vec![certificate(PhysicianPractice), certificate(PhysicianPractice)];
    asked().when(answer(two, now())).refused(CredentialRefusal::CertificateRepeated { certificate: PhysicianPractice });
    asked()
        .when(answer(vec![certificate(NursePractice)], now()))
        .refused(CredentialRefusal::TypeNotInSet { certificate: NursePractice });
    let claimed = CredentialCommand::SubmitSupplement {
        certificates: vec![certificate(PhysicianPractice)],
        claimed_by_others: vec![PhysicianPractice],
        rules: rules(),
        now: now(),
    };
    asked().when(claimed).refused(CredentialRefusal::CertificateAlreadyClaimed { certificate: PhysicianPractice });
}

#[test]
fn what_was_not_asked_for_is_not_taken() {
    let answer = || answer(vec![certificate(PhysicianPractice)], now());
    filed().when(answer()).refused(CredentialRefusal::SupplementNotRequested);
    verified().when(answer()).refused(CredentialRefusal::AlreadyConcluded);
}

/// The last day counts whole; its exclusive end is too late.
#[test]
fn an_answer_comes_in_time() {
    let certificates = || vec![certificate(PhysicianPractice), certificate(EmploymentProof)];
    asked()
        .when(answer(certificates(), due().at))
        .refused(CredentialRefusal::SupplementWindowClosed { due_at: due().at });
    let last_moment = due().at - chrono::TimeDelta::microseconds(1);
    assert_eq!(events(asked(), answer(certificates(), last_moment)).len(), 1);
}

#[test]
fn an_unanswered_request_lapses_and_the_application_can_be_refused() {
    let lapse = |due, now| CredentialCommand::LapseSupplement { due, now };
    asked().when(lapse(due(), due().at)).then([CredentialEvent::SupplementLapsed { due_at: due().at, at: due().at }]);
    let state = asked().after(lapse(due(), due().at)).state();
    assert_eq!(state.application().map(|application| &application.stage), Some(&Stage::Checked));
    asked().when(lapse(due(), now())).refused(CredentialRefusal::SupplementDueUnchanged);
    filed().when(lapse(due(), due().at)).refused(CredentialRefusal::SupplementNotRequested);
}

/// domain.md, edge cases of time: the calendar of a year is not published yet, so its deadlines are provisional.
#[test]
fn a_due_time_that_nobody_can_know_yet_takes_no_right_away() {
    let provisional = Due { provisional: true, ..due() };
    let moved = Due { at: due().at + chrono::TimeDelta::days(1), provisional: true };
    asked()
        .when(CredentialCommand::LapseSupplement { due: provisional, now: due().at })
        .then([CredentialEvent::SupplementDueMoved { due: moved, at: due().at }]);
}
