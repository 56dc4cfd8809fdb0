//! From an application to a verification, with the registry behind its port (R20-R27).

use casebook_proto::common::v1::Role;
use casebook_proto::credentials::v1::*;
use tonic::Code;

use crate::harness::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_physician_is_checked_looked_up_and_verified() {
    let house = House::open().await;
    let filed = house.file(house.application()).await;
    assert_eq!(filed.state(), CredentialState::Filed);
    assert_eq!(filed.certificates[1].number_last_four, "1001");

    let conclusion = house.conclusion(&filed.credential_id, VerificationOutcome::Verified);
    let unchecked = house.verifier().conclude_verification(conclusion).await;
    assert_eq!(reason(unchecked), (Code::FailedPrecondition, "CHECKS_NOT_RUN".to_owned()));

    let checked = house.check(&filed.credential_id).await;
    assert!(checked.checks.iter().all(|check| check.outcome() == CheckOutcome::Passed), "{:?}", checked.checks);
    let conclusion = house.conclusion(&filed.credential_id, VerificationOutcome::Verified);
    let unasked = house.verifier().conclude_verification(conclusion).await;
    assert_eq!(reason(unasked), (Code::FailedPrecondition, "LOOKUP_MISSING".to_owned()));

    let verified = house.conclude(&filed.credential_id).await;
    assert_eq!(verified.state(), CredentialState::Verified);
    assert_eq!(verified.lookups.len(), 2);
    assert!(verified.lookups.iter().all(|lookup| lookup.source == "registry-file" && lookup.looked_up_at.is_some()));
    // The proof of employment is good for twelve months and ends first.
    assert_eq!(verified.valid_until, proto(at("2027-02-01T16:00:00Z")));
    house.assert_rows_match().await;
}

/// R27: a registry that is down is not a certificate that is not found.
#[tokio::test(flavor = "multi_thread")]
async fn the_registry_answers_match_mismatch_not_found_and_nothing() {
    let house = House::open().await;
    let id = house.file(house.application()).await.credential_id;
    let practice = CertificateType::PhysicianPractice;
    assert_eq!(house.look_up(&id, practice).await.outcome(), LookupOutcome::Match);

    let elsewhere = LISTED.replace("越州市中医院", "越州市第一医院").replace("2021-06-01", "2020-01-01");
    std::fs::write(&house.registry, elsewhere).expect("replaced");
    let mismatch = house.look_up(&id, practice).await;
    assert_eq!(mismatch.outcome(), LookupOutcome::Mismatch);
    assert_eq!(mismatch.mismatching().collect::<Vec<_>>(), [RegistryField::Institution, RegistryField::ValidFrom]);

    std::fs::write(&house.registry, "").expect("emptied");
    assert_eq!(house.look_up(&id, practice).await.outcome(), LookupOutcome::NotFound);

    std::fs::remove_file(&house.registry).expect("gone");
    assert_eq!(house.look_up(&id, practice).await.outcome(), LookupOutcome::Unavailable);
    std::fs::write(&house.registry, "{\"number\":\"999000000001001\"}\n").expect("broken");
    assert_eq!(house.look_up(&id, practice).await.outcome(), LookupOutcome::Unavailable);
    // What it said before it fell silent still stands; that it was silent is in the log.
    let lookups = house.get(&id).await.lookups;
    assert_eq!(lookups.iter().map(RegistryLookup::outcome).collect::<Vec<_>>(), [LookupOutcome::NotFound]);
    let asked = house.events().await.iter().filter(|event| event.event_type.ends_with("RegistryLookedUp")).count();
    assert_eq!(asked, 5);
    house.assert_rows_match().await;
}

/// R27: an officer records what the public query page of a registry said.
#[tokio::test(flavor = "multi_thread")]
async fn an_officer_records_what_a_registry_without_an_interface_says() {
    let house = House::open().await;
    let id = house.file(house.application()).await.credential_id;
    let request = |outcome: LookupOutcome, mismatching: Vec<i32>| RecordRegistryLookupRequest {
        request_id: house.request_id(),
        credential_id: id.clone(),
        certificate_type: CertificateType::PhysicianPractice as i32,
        source: "nhc-query".to_owned(),
        looked_up_at: proto(at("2026-03-01T02:00:00Z")),
        outcome: outcome as i32,
        mismatching,
        ..RecordRegistryLookupRequest::default()
    };
    let mut verifier = house.verifier();
    let recorded = verifier.record_registry_lookup(request(LookupOutcome::Match, Vec::new())).await.expect("recorded");
    assert_eq!(recorded.into_inner().credential.expect("a credential").lookups.len(), 1);
    let fieldless = verifier.record_registry_lookup(request(LookupOutcome::Mismatch, Vec::new()));
    assert_eq!(fields(fieldless.await), ["mismatching"]);
    let status = vec![RegistryField::Status as i32];
    let contradictory = verifier.record_registry_lookup(request(LookupOutcome::NotFound, status));
    assert_eq!(fields(contradictory.await), ["mismatching"]);
    let old = RecordRegistryLookupRequest {
        looked_up_at: proto(at("2026-01-01T00:00:00Z")),
        ..request(LookupOutcome::Match, Vec::new())
    };
    assert_eq!(
        reason(verifier.record_registry_lookup(old).await),
        (Code::FailedPrecondition, "STALE_RESULT".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supplement_is_asked_for_once_and_answered() {
    let house = House::open().await;
    let mut application = house.application();
    application.certificates.remove(1);
    let id = house.file(application).await.credential_id;
    let checked = house.check(&id).await;
    assert_eq!(checked.checks[0].outcome(), CheckOutcome::Failed);
    let ask = || RequestSupplementRequest {
        request_id: house.request_id(),
        credential_id: id.clone(),
        wanted: vec![CertificateType::PhysicianPractice as i32],
        reasons: "缺少医师执业证书".to_owned(),
        ..RequestSupplementRequest::default()
    };
    let asked = house.verifier().request_supplement(ask()).await.expect("asked").into_inner().credential.expect("it");
    assert_eq!(asked.state(), CredentialState::SupplementRequested);
    assert!(asked.supplement_due_at.is_some());
    let again = house.verifier().request_supplement(ask()).await;
    assert_eq!(reason(again), (Code::FailedPrecondition, "SUPPLEMENT_ALREADY_REQUESTED".to_owned()));
    let answer = SubmitSupplementRequest {
        request_id: house.request_id(),
        credential_id: id.clone(),
        certificates: vec![certificate(CertificateType::PhysicianPractice, PRACTICE)],
        ..SubmitSupplementRequest::default()
    };
    house.platform().submit_supplement(answer).await.expect("answered");
    assert_eq!(house.conclude(&id).await.state(), CredentialState::Verified);
    house.assert_rows_match().await;
}

/// An unanswered request lapses by itself, and the application can then be refused.
#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_supplement_lapses() {
    let house = House::open().await;
    let mut application = house.application();
    application.certificates.remove(1);
    let id = house.file(application).await.credential_id;
    house.check(&id).await;
    let ask = RequestSupplementRequest {
        request_id: house.request_id(),
        credential_id: id.clone(),
        wanted: vec![CertificateType::PhysicianPractice as i32],
        reasons: "缺少医师执业证书".to_owned(),
        ..RequestSupplementRequest::default()
    };
    let asked = house.verifier().request_supplement(ask).await.expect("asked").into_inner().credential.expect("it");
    house.clock.turn_to(casebook_proto::moment(&asked.supplement_due_at.expect("due")).expect("a time"));
    house.until_state(&id, CredentialState::Checked).await;
    let refusal = house.conclusion(&id, VerificationOutcome::Refused);
    let refused = house.verifier().conclude_verification(refusal).await.expect("refused").into_inner();
    assert_eq!(refused.credential.expect("it").state(), CredentialState::Refused);
}

/// R28: two officers, one step.
#[tokio::test(flavor = "multi_thread")]
async fn fraud_is_reported_by_one_officer_and_concluded_by_another() {
    let house = House::open().await;
    let id = house.verify(house.application()).await.credential_id;
    let report = ReportFraudRequest {
        request_id: house.request_id(),
        credential_id: id.clone(),
        certificate_types: vec![CertificateType::PhysicianPractice as i32],
        reasons: "印章与发证机关存样不符".to_owned(),
        evidence_sha256: vec!["a".repeat(64)],
        suspend_badge: true,
        ..ReportFraudRequest::default()
    };
    house.verifier().report_fraud(report).await.expect("reported");
    assert_eq!(house.badge("dy-1").await.state(), BadgeState::Suspended);
    let conclusion = || ConcludeFraudRequest {
        request_id: house.request_id(),
        credential_id: id.clone(),
        outcome: FraudOutcome::Confirmed as i32,
        reasons: "经发证机关函复".to_owned(),
        ..ConcludeFraudRequest::default()
    };
    let same = house.verifier().conclude_fraud(conclusion()).await;
    assert_eq!(reason(same), (Code::PermissionDenied, "SAME_OFFICER".to_owned()));
    let concluded = house.second_verifier().conclude_fraud(conclusion()).await.expect("concluded").into_inner();
    let credential = concluded.credential.expect("it");
    assert_eq!((credential.state(), credential.fraud()), (CredentialState::Revoked, FraudState::Confirmed));
    assert_eq!(house.badge("dy-1").await.state(), BadgeState::Revoked);
    house.assert_rows_match().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_filed_it_or_belongs_to_the_institution_does_not_conclude() {
    let house = House::open().await;
    let id = house.file(house.application()).await.credential_id;
    house.check(&id).await;
    for (agency, officer) in [("health-330600".to_owned(), "desk"), (format!("institution-{INSTITUTION}"), "office")] {
        let mut client = house.client(&agency, officer, &[Role::Verifier]);
        let outcome = client.conclude_verification(house.conclusion(&id, VerificationOutcome::Refused)).await;
        assert_eq!(reason(outcome), (Code::PermissionDenied, "REVIEWER_CONFLICT".to_owned()), "{agency}");
    }
}
