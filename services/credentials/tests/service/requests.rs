//! One request id has one effect; a stale etag, a bad field and an unknown thing are told apart; lists page.

use casebook_proto::common::v1::Role;
use casebook_proto::credentials::v1::*;
use tonic::Code;

use crate::harness::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_its_first_outcome_and_other_content_is_refused() {
    let house = House::open().await;
    let application = house.application();
    let first = house.file(application.clone()).await;
    house.check(&first.credential_id).await;
    let again = house.file(application.clone()).await;
    assert_eq!(first, again, "the first outcome, whatever has happened since");
    let other = FileCredentialRequest { department: "骨伤科".to_owned(), ..application };
    let refused = house.client("health-330600", "desk", &[Role::Verifier]).file_credential(other).await;
    assert_eq!(reason(refused), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));

    let lookup = LookUpRegistryRequest {
        request_id: house.request_id(),
        credential_id: first.credential_id.clone(),
        certificate_type: CertificateType::PhysicianPractice as i32,
        ..LookUpRegistryRequest::default()
    };
    let one = house.verifier().look_up_registry(lookup.clone()).await.expect("looked up").into_inner();
    std::fs::write(&house.registry, "").expect("emptied");
    let two = house.verifier().look_up_registry(lookup).await.expect("looked up").into_inner();
    assert_eq!(one, two);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_etag_is_refused_and_validation_writes_nothing() {
    let house = House::open().await;
    let id = house.file(house.application()).await.credential_id;
    let run = |etag: &str, validate_only| RunChecksRequest {
        request_id: house.request_id(),
        etag: etag.to_owned(),
        validate_only,
        credential_id: id.clone(),
        ..RunChecksRequest::default()
    };
    let stale = house.verifier().run_checks(run("7", false)).await;
    assert_eq!(reason(stale), (Code::FailedPrecondition, "STALE_ETAG".to_owned()));
    let before = house.events().await.len();
    let shown =
        house.verifier().run_checks(run("0", true)).await.expect("would do").into_inner().credential.expect("it");
    assert_eq!(shown.state(), CredentialState::Checked);
    house
        .platform()
        .file_credential(FileCredentialRequest { validate_only: true, ..house.application() })
        .await
        .expect("ok");
    assert_eq!(house.events().await.len(), before);
    house.verifier().run_checks(run("0", false)).await.expect("checked");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_fields_are_named_and_nothing_is_written() {
    let house = House::open().await;
    let mut platform = house.platform();
    let with = |change: &dyn Fn(&mut FileCredentialRequest)| {
        let mut request = house.application();
        change(&mut request);
        request
    };
    let cases: Vec<(FileCredentialRequest, &str)> = vec![
        (with(&|request| request.platform = "myspace".to_owned()), "platform"),
        (with(&|request| request.category = 0), "category"),
        (with(&|request| request.category = 99), "category"),
        (with(&|request| request.profession = 0), "profession"),
        (with(&|request| request.institution_id = "7".to_owned()), "institution_id"),
        (with(&|request| request.region = "999".to_owned()), "region"),
        (with(&|request| request.department = "  ".to_owned()), "department"),
        (with(&|request| request.institution_name = "院".repeat(101)), "institution_name"),
        (with(&|request| request.certificates.clear()), "certificates"),
        (with(&|request| request.certificates[0].number = "1".repeat(65)), "certificates[0].number"),
        (with(&|request| request.certificates[0].valid_from = "2026-02-30".to_owned()), "certificates[0].valid_from"),
        (with(&|request| request.certificates[0].valid_until = "2020-01-01".to_owned()), "certificates.valid_until"),
        (with(&|request| request.certificates[0].certificate_type = 3), "certificates"),
        (with(&|request| request.display.as_mut().expect("it").mcn_name = "某某".to_owned()), "display.mcn_name"),
    ];
    for (request, field) in cases {
        assert_eq!(fields(platform.file_credential(request.clone()).await), [field], "{request:?}");
    }
    let future = proto(at("2026-03-02T03:00:00Z"));
    let late = with(&|request| request.consent.as_mut().expect("it").given_at = future);
    assert_eq!(fields(platform.file_credential(late).await), ["consent.given_at"]);
    let unasked = with(&|request| request.consent = None);
    assert_eq!(
        reason(platform.file_credential(unasked).await),
        (Code::FailedPrecondition, "CONSENT_MISSING".to_owned())
    );
    assert_eq!(house.events().await.len(), 0, "nothing is written, and nothing claimed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found() {
    let house = House::open().await;
    let credential_id = house.request_id();
    let get = GetCredentialRequest { credential_id: credential_id.clone(), ..GetCredentialRequest::default() };
    let unknown = (Code::NotFound, "CREDENTIAL_UNKNOWN".to_owned());
    assert_eq!(reason(house.verifier().get_credential(get).await), unknown);
    let check = RunChecksRequest { request_id: house.request_id(), credential_id, ..RunChecksRequest::default() };
    assert_eq!(reason(house.verifier().run_checks(check).await), unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_shown_as_it_was() {
    let house = House::open().await;
    let filed = house.file(house.application()).await;
    let before = casebook_execution::Clock::now(&*house.clock);
    house.clock.turn_by(chrono::TimeDelta::hours(1));
    house.conclude(&filed.credential_id).await;
    let get = |as_of_time, as_of_position| GetCredentialRequest {
        credential_id: filed.credential_id.clone(),
        as_of_time,
        as_of_position,
    };
    let then = house.verifier().get_credential(get(proto(before), 0)).await.expect("then").into_inner().credential;
    assert_eq!(then, Some(filed.clone()));
    let both = house.verifier().get_credential(get(proto(before), 1)).await;
    assert_eq!(fields(both), ["as_of_position"]);
    let history = ListCredentialHistoryRequest {
        credential_id: filed.credential_id.clone(),
        page_size: 2,
        page_token: String::new(),
    };
    let page = house.verifier().list_credential_history(history.clone()).await.expect("history").into_inner();
    assert_eq!(
        (page.entries.len(), page.entries[0].event_type.as_str()),
        (2, "casebook.credentials.v1.CredentialFiled")
    );
    let next = ListCredentialHistoryRequest { page_token: page.next_page_token, page_size: 100, ..history };
    let rest = house.verifier().list_credential_history(next).await.expect("history").into_inner();
    assert_eq!((rest.entries.len(), rest.next_page_token.as_str()), (3, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_filter_sort_and_page() {
    let house = House::open().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let uid = format!("dy-{number}");
        ids.push(house.file(FileCredentialRequest { platform_uid: uid, ..house.application() }).await.credential_id);
    }
    house.check(&ids[2]).await;
    house.rest().await;
    let mut verifier = house.verifier();
    let mut token = String::new();
    let mut seen = Vec::new();
    loop {
        let request = ListCredentialsRequest {
            page_size: 2,
            page_token: token,
            institution_id: INSTITUTION.to_owned(),
            order_by: "create_time desc".to_owned(),
            ..ListCredentialsRequest::default()
        };
        let page = verifier.list_credentials(request).await.expect("listed").into_inner();
        seen.extend(page.credentials.into_iter().map(|credential| credential.credential_id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    ids.reverse();
    assert_eq!(seen, ids);
    let checked =
        ListCredentialsRequest { states: vec![CredentialState::Checked as i32], ..ListCredentialsRequest::default() };
    let found = verifier.list_credentials(checked).await.expect("listed").into_inner().credentials;
    assert_eq!(found.iter().map(|credential| &credential.credential_id).collect::<Vec<_>>(), [&ids[2]]);
    let account = ListCredentialsRequest { account_id: found[0].account_id.clone(), ..Default::default() };
    assert_eq!(verifier.list_credentials(account).await.expect("listed").into_inner().credentials.len(), 1);
    let unordered = ListCredentialsRequest { order_by: "holder".to_owned(), ..Default::default() };
    assert_eq!(fields(verifier.list_credentials(unordered).await), ["order_by"]);
    let forged = ListCredentialsRequest { page_token: "bm90YXRva2Vu".to_owned(), ..Default::default() };
    assert_eq!(fields(verifier.list_credentials(forged).await), ["page_token"]);
}
