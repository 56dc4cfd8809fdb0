//! R34-R38, X12, X13: what the public sees, and how it ends.

use casebook_proto::common::v1::Role;
use casebook_proto::credentials::v1::*;
use tonic::Code;

use crate::harness::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_public_sees_the_badge_and_nothing_else() {
    let house = House::open().await;
    assert_eq!(house.badge("dy-1").await.state(), BadgeState::NotVerified);
    let id = house.verify(house.application()).await.credential_id;
    let badge = house.badge("dy-1").await;
    assert_eq!(badge.state(), BadgeState::Verified);
    assert_eq!(badge.certificate_names, ["医师资格证书", "医师执业证书", "医疗机构在职证明"]);
    assert_eq!((badge.institution_name.as_str(), badge.department.as_str()), ("越州市中医院", "针灸科"));
    assert_eq!(badge.employment_status(), EmploymentStatus::Employed);
    assert_eq!(badge.mcn_affiliation(), McnAffiliation::None);
    assert!(badge.complete && badge.verified_since.is_some(), "{badge:?}");

    let request = GetCredentialRequest { credential_id: id.clone(), ..GetCredentialRequest::default() };
    let refused = reason(house.portal().get_credential(request).await);
    assert_eq!(refused, (Code::PermissionDenied, "GRANT_MISSING".to_owned()));

    // R34: the doctor leaves; the badge says so.
    let amend = AmendDisplayRequest {
        request_id: house.request_id(),
        credential_id: id,
        display: Some(DisplayInput {
            employment_status: EmploymentStatus::Departed as i32,
            mcn_affiliation: McnAffiliation::Signed as i32,
            mcn_name: "某某文化传媒".to_owned(),
            background: String::new(),
        }),
        ..AmendDisplayRequest::default()
    };
    house.platform().amend_display(amend).await.expect("amended");
    let badge = house.badge("dy-1").await;
    assert_eq!(badge.employment_status(), EmploymentStatus::Departed);
    assert_eq!(badge.mcn_name, "某某文化传媒");
    assert_eq!(badge.missing().collect::<Vec<_>>(), [DisplayField::Background]);
    house.assert_rows_match().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_badge_is_suspended_restored_and_revoked() {
    let house = House::open().await;
    let credential_id = house.verify(house.application()).await.credential_id;
    let (reasons, mut verifier) = ("进一步核验".to_owned(), house.verifier());
    let suspend = SuspendBadgeRequest {
        request_id: house.request_id(),
        credential_id: credential_id.clone(),
        reasons: reasons.clone(),
        ..SuspendBadgeRequest::default()
    };
    verifier.suspend_badge(suspend).await.expect("suspended");
    let badge = house.badge("dy-1").await;
    assert_eq!((badge.state(), badge.certificate_names.len()), (BadgeState::Suspended, 0));
    let restore = RestoreBadgeRequest {
        request_id: house.request_id(),
        credential_id: credential_id.clone(),
        reasons: reasons.clone(),
        ..RestoreBadgeRequest::default()
    };
    verifier.restore_badge(restore).await.expect("restored");
    assert_eq!(house.badge("dy-1").await.state(), BadgeState::Verified);
    let revoke =
        RevokeCredentialRequest { request_id: house.request_id(), credential_id, reasons, ..Default::default() };
    verifier.revoke_credential(revoke).await.expect("revoked");
    assert_eq!(house.badge("dy-1").await.state(), BadgeState::Revoked);
}

/// X12, X13: reminder, end and renewal, by durable timers on a clock that is turned.
#[tokio::test(flavor = "multi_thread")]
async fn a_verification_reminds_expires_and_is_renewed() {
    let house = House::open().await;
    let old = house.verify(house.application()).await;
    let end = casebook_proto::moment(&old.valid_until.expect("an end")).expect("a time");
    house.rest().await;
    house.clock.turn_to(end - chrono::TimeDelta::days(30));
    house.until_state(&old.credential_id, CredentialState::Expiring).await;
    house.clock.turn_to(end);
    // Even before its timer has run nobody is told that it is valid.
    assert_eq!(house.badge("dy-1").await.state(), BadgeState::Expired);
    house.until_state(&old.credential_id, CredentialState::Expired).await;

    let mut certificates = certificates();
    certificates[2].valid_from = "2027-01-15".to_owned();
    let renewal = RenewCredentialRequest {
        request_id: house.request_id(),
        predecessor_id: old.credential_id.clone(),
        certificates,
        consent: Some(house.consent()),
        validate_only: false,
    };
    let mut desk = house.client("health-330600", "desk", &[Role::Verifier]);
    let new = desk.renew_credential(renewal).await.expect("filed").into_inner().credential.expect("it");
    assert_eq!(new.predecessor_id, old.credential_id);
    house.conclude(&new.credential_id).await;
    let old = house.until_state(&old.credential_id, CredentialState::Superseded).await;
    assert_eq!(old.successor_id, new.credential_id);
    assert_eq!(house.badge("dy-1").await.state(), BadgeState::Verified);
    let expired = house.events().await.iter().filter(|event| event.event_type.ends_with("CredentialExpired")).count();
    assert_eq!(expired, 1, "a timer fires once");
    house.assert_rows_match().await;
}
