//! R35, X11: a certificate's number is nowhere, and nobody sees more than is theirs.

use casebook_kernel::ids::AccountId;
use casebook_proto::common::v1::Role;
use casebook_proto::credentials::v1::*;
use tonic::Code;

use crate::harness::*;

/// Everything that is on disk, as bytes.
fn bytes_of(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(bytes_of(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).expect("file")));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_is_in_the_log_in_rows_or_in_a_reply() {
    let house = House::open().await;
    let credential = house.verify(house.application()).await;
    house.rest().await;
    let holds = |bytes: &[u8], number: &str| bytes.windows(number.len()).any(|window| window == number.as_bytes());
    let folder = house.registry.parent().expect("folder").to_owned();
    let mut looked_at = 0;
    for (path, bytes) in bytes_of(&folder).into_iter().filter(|(path, _)| *path != house.registry) {
        looked_at += 1;
        for number in [QUALIFICATION, PRACTICE] {
            assert!(!holds(&bytes, number), "{} holds a certificate's number", path.display());
        }
    }
    assert!(looked_at >= 3, "log, rows and keys are files");
    let hash = house.foundation.claims.keyed_hash("certificate-number", &["physician_practice", PRACTICE]);
    assert!(!format!("{credential:?}").contains(&hash), "a reply holds no hash either");
    assert!(!format!("{:?}", house.badge("dy-1").await).contains(&hash));
}

/// What one may not see does not exist.
#[tokio::test(flavor = "multi_thread")]
async fn institutions_and_platforms_see_their_own() {
    let house = House::open().await;
    let id = house.file(house.application()).await.credential_id;
    let get = || GetCredentialRequest { credential_id: id.clone(), ..GetCredentialRequest::default() };
    let own = format!("institution-{INSTITUTION}");
    let other = "institution-00000000-0000-4000-8000-000000000002";
    for (agency, role, sees) in [
        (own.as_str(), Role::Institution, true),
        (other, Role::Institution, false),
        ("platform-douyin", Role::Platform, true),
        ("platform-weibo", Role::Platform, false),
    ] {
        let outcome = house.client(agency, "desk", &[role]).get_credential(get()).await;
        if sees {
            outcome.expect(agency);
        } else {
            assert_eq!(reason(outcome), (Code::NotFound, "CREDENTIAL_UNKNOWN".to_owned()), "{agency}");
        }
    }
    let foreign = house.client(other, "desk", &[Role::Institution]).file_credential(house.application()).await;
    assert_eq!(fields(foreign), ["institution_id"]);
    let foreign = house.client("platform-weibo", "desk", &[Role::Platform]).file_credential(house.application()).await;
    assert_eq!(fields(foreign), ["platform"]);
    // An operator answers for their own application and no other.
    let supplement = SubmitSupplementRequest {
        request_id: house.request_id(),
        credential_id: id.clone(),
        certificates: certificates(),
        ..SubmitSupplementRequest::default()
    };
    for stranger in [format!("subject-{}", AccountId::of("douyin", "another"))] {
        let client = || house.client(&stranger, "operator-7", &[Role::Subject]);
        let outcome = client().submit_supplement(supplement.clone()).await;
        assert_eq!(reason(outcome), (Code::NotFound, "CREDENTIAL_UNKNOWN".to_owned()), "{stranger}");
        let outcome = client().file_credential(house.application()).await;
        assert_eq!(fields(outcome), ["platform_uid"], "{stranger}");
        let renewal = RenewCredentialRequest {
            request_id: house.request_id(),
            predecessor_id: id.clone(),
            certificates: certificates(),
            consent: house.application().consent,
            ..RenewCredentialRequest::default()
        };
        let outcome = client().renew_credential(renewal).await;
        assert_eq!(reason(outcome), (Code::NotFound, "CREDENTIAL_UNKNOWN".to_owned()), "{stranger}");
    }
    // Whoever runs the account answers for it, also where the institution filed the application.
    let application = house.application();
    let own = AccountId::of(&application.platform, &application.platform_uid);
    let mut operator = house.client(&format!("subject-{own}"), "operator-7", &[Role::Subject]);
    let outcome = operator.submit_supplement(supplement).await;
    assert_eq!(reason(outcome), (Code::FailedPrecondition, "SUPPLEMENT_NOT_REQUESTED".to_owned()));
}

/// An operator answers for the account and is told what became of its answer: what the examination found, and that fraud
/// was reported, stays with the verifiers.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_not_told_how_the_examination_stands() {
    let house = House::open().await;
    let mut application = house.application();
    application.certificates.remove(1);
    let own = AccountId::of(&application.platform, &application.platform_uid);
    let id = house.file(application).await.credential_id;
    house.check(&id).await;
    house.look_up(&id, CertificateType::PhysicianQualification).await;
    let ask = RequestSupplementRequest {
        request_id: house.request_id(),
        credential_id: id.clone(),
        wanted: vec![CertificateType::PhysicianPractice as i32],
        reasons: "缺少医师执业证书".to_owned(),
        ..RequestSupplementRequest::default()
    };
    house.verifier().request_supplement(ask).await.expect("asked");
    let report = ReportFraudRequest {
        request_id: house.request_id(),
        credential_id: id.clone(),
        certificate_types: vec![CertificateType::PhysicianQualification as i32],
        reasons: "印章与发证机关存样不符".to_owned(),
        evidence_sha256: vec!["a".repeat(64)],
        ..ReportFraudRequest::default()
    };
    house.verifier().report_fraud(report).await.expect("reported");
    let supplement = SubmitSupplementRequest {
        request_id: house.request_id(),
        credential_id: id.clone(),
        certificates: vec![certificate(CertificateType::PhysicianPractice, PRACTICE)],
        ..SubmitSupplementRequest::default()
    };
    let mut operator = house.client(&format!("subject-{own}"), "operator-7", &[Role::Subject]);
    let told = operator.submit_supplement(supplement).await.expect("answered").into_inner().credential.expect("it");
    let full = house.get(&id).await;
    assert!(!full.lookups.is_empty() && full.fraud() == FraudState::Reported, "{full:?}");
    let fraud = FraudState::Unspecified.into();
    assert_eq!(told, Credential { checks: vec![], lookups: vec![], fraud, ..full });
}

/// R80: a verifier acts on what lies in the agency's region; of the rest there is nothing, one by one and in lists.
#[tokio::test(flavor = "multi_thread")]
async fn verifiers_act_in_their_region() {
    let house = House::open().await;
    let id = house.file(house.application()).await.credential_id;
    house.assert_rows_match().await;
    for (agency, region, sees) in [
        ("health-330000", "330000", true),
        ("health-330600", "330600", true),
        ("health-330700", "330700", false),
        ("health-650000", "650000", false),
    ] {
        let mut verifier = house.client_in(agency, "verifier-x", region, &[Role::Verifier]);
        let get = GetCredentialRequest { credential_id: id.clone(), ..GetCredentialRequest::default() };
        let outcome = verifier.get_credential(get).await;
        let listed = verifier.list_credentials(ListCredentialsRequest::default()).await.expect("listed").into_inner();
        assert_eq!(listed.credentials.len(), usize::from(sees), "{agency}");
        if sees {
            outcome.expect(agency);
            continue;
        }
        let unknown = (Code::NotFound, "CREDENTIAL_UNKNOWN".to_owned());
        assert_eq!(reason(outcome), unknown, "{agency}");
        let revoke = RevokeCredentialRequest {
            request_id: house.request_id(),
            credential_id: id.clone(),
            reasons: "存疑".to_owned(),
            ..RevokeCredentialRequest::default()
        };
        assert_eq!(reason(verifier.revoke_credential(revoke).await), unknown, "{agency}");
    }
}

/// A read of a credential is itself in the log.
#[tokio::test(flavor = "multi_thread")]
async fn reads_are_recorded() {
    let house = House::open().await;
    let id = house.file(house.application()).await.credential_id;
    house.get(&id).await;
    let read =
        house.events().await.into_iter().find(|event| event.event_type.ends_with("AccessRecorded")).expect("recorded");
    let json = String::from_utf8_lossy(&read.data).into_owned();
    assert!(
        json.contains("\"/casebook.credentials.v1.CredentialsService/GetCredential\"") && json.contains(&id),
        "{json}"
    );
}
