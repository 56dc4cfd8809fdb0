//! What the registry makes of other services' events: receipts of platforms, missed re-certifications.

use casebook_proto::accounts::v1 as pb;
use casebook_proto::accounts::v1::accounts_service_server::AccountsService as _;
use casebook_proto::credentials::v1 as credentials;
use casebook_proto::enforcement::v1 as enforcement;
use casebook_proto::timestamp;
use tonic::Code;
use uuid::Uuid;

use crate::house::{House, by, declaration, own_declaration, platform, refused};
use crate::people::{at, case, order};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn closing(number: u128, measure: &str, counters: Option<u128>) -> enforcement::OrderIssued {
    enforcement::OrderIssued {
        order_id: order(number).to_string(),
        case_id: case().to_string(),
        platform: "weibo".into(),
        platform_uid: "uid-h".into(),
        measure: measure.into(),
        reasons: "屡次违规".into(),
        counters_order_id: counters.map(|number| order(number).to_string()).unwrap_or_default(),
        ..Default::default()
    }
}

fn executed(number: u128, day: u32, until: Option<u32>) -> enforcement::ReceiptRecorded {
    enforcement::ReceiptRecorded {
        order_id: order(number).to_string(),
        outcome: enforcement::ReceiptOutcome::Executed.into(),
        executed_at: Some(timestamp(at(day))),
        in_force: true,
        effective_from: Some(timestamp(at(day))),
        measure_until: until.map(|day| timestamp(at(day))),
        ..Default::default()
    }
}

/// R92: an executed closure closes the declared account, its counter-order opens it again; a restart in between
/// changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_close_and_reopen_the_account() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    house.file(own_declaration("uid-h")).await;
    house.issue(closing(1, "ACCOUNT_CLOSED", None)).await;
    house.rest().await;
    assert_eq!(house.account("weibo", "uid-h").await.state(), pb::AccountState::Filed, "an order is not its execution");
    house.receive(executed(1, 3, None)).await;
    house.rest().await;
    let closed = house.account("weibo", "uid-h").await;
    assert_eq!(closed.state(), pb::AccountState::Closed);
    assert_eq!(closed.closure.unwrap().order_id, order(1).to_string());
    assert_eq!(house.measures("uid-h").await.measures.len(), 1);
    house.close().await;

    let house = House::open(folder.path()).await;
    assert_eq!(house.account("weibo", "uid-h").await.state(), pb::AccountState::Closed);
    house.issue(closing(2, "ACCOUNT_CLOSED", Some(1))).await;
    house.receive(executed(2, 4, None)).await;
    house.rest().await;
    assert_eq!(house.account("weibo", "uid-h").await.state(), pb::AccountState::Filed);
    assert!(house.measures("uid-h").await.measures.is_empty());
    house.verify().await;
    house.close().await;
}

/// Rows and the places that reactions have reached are derived: when they are lost every event is met again, and
/// nothing follows twice. A closure that was undone stays undone (R92).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn meeting_every_event_again_changes_nothing() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    house.file(own_declaration("uid-h")).await;
    house.issue(closing(1, "ACCOUNT_CLOSED", None)).await;
    house.receive(executed(1, 3, None)).await;
    house.rest().await;
    assert_eq!(house.account("weibo", "uid-h").await.state(), pb::AccountState::Closed);
    house.issue(closing(2, "ACCOUNT_CLOSED", Some(1))).await;
    house.receive(executed(2, 4, None)).await;
    house.rest().await;
    assert_eq!(house.account("weibo", "uid-h").await.state(), pb::AccountState::Filed);
    let head = house.head().await;
    house.close().await;

    std::fs::remove_dir_all(folder.path().join("rows")).unwrap();
    let house = House::open(folder.path()).await;
    house.rest().await;
    assert_eq!(house.account("weibo", "uid-h").await.state(), pb::AccountState::Filed);
    assert_eq!(house.account_events_behind(head).await, [""; 0]);
    house.close().await;
}

/// R92: an answer about an account that nobody had declared by then closes nothing that is declared later, however often
/// the event is met. The measure itself is in force and shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_before_the_declaration_does_not_close_it() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    house.issue(closing(1, "ACCOUNT_CLOSED", None)).await;
    house.receive(executed(1, 3, None)).await;
    house.rest().await;
    house.file(own_declaration("uid-h")).await;
    house.rest().await;
    let head = house.head().await;
    house.close().await;

    std::fs::remove_dir_all(folder.path().join("rows")).unwrap();
    let house = House::open(folder.path()).await;
    house.rest().await;
    assert_eq!(house.account_events_behind(head).await, [""; 0]);
    assert_eq!(house.account("weibo", "uid-h").await.state(), pb::AccountState::Filed);
    assert_eq!(house.measures("uid-h").await.measures.len(), 1);
    house.close().await;
}

/// R92: an irreversible measure whose order was void before it was carried out is not shown as in force.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_void_order_that_cannot_be_undone_is_not_in_force() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.issue(closing(1, "FOLLOWERS_CLEARED", None)).await;
    let voided = enforcement::OrderVoided { order_id: order(1).to_string(), ..Default::default() };
    let stream = casebook_eventlog::StreamName::of("order", order(1).uuid());
    house.append(stream, "casebook.enforcement.v1.OrderVoided", &voided).await;
    house.receive(executed(1, 3, None)).await;
    assert!(house.measures("uid-h").await.measures.is_empty());
    house.verify().await;
    house.close().await;
}

/// X09: a closure that its platform carries out after the counter-order closes the account, until it is lifted anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closure_behind_its_counter_order_closes_until_it_is_lifted_anew() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    house.file(own_declaration("uid-h")).await;
    house.issue(closing(1, "ACCOUNT_CLOSED", None)).await;
    let countered = enforcement::OrderCountered {
        order_id: order(1).to_string(),
        counter_order_id: order(2).to_string(),
        ..Default::default()
    };
    let stream = casebook_eventlog::StreamName::of("order", order(1).uuid());
    house.append(stream, "casebook.enforcement.v1.OrderCountered", &countered).await;
    house.issue(closing(2, "ACCOUNT_RESTORED", Some(1))).await;
    house.receive(executed(2, 4, None)).await;
    house.receive(executed(1, 5, None)).await;
    house.rest().await;
    assert_eq!(house.account("weibo", "uid-h").await.state(), pb::AccountState::Closed);
    assert_eq!(house.measures("uid-h").await.measures.len(), 1);
    house.receive(executed(2, 6, None)).await;
    house.rest().await;
    assert_eq!(house.account("weibo", "uid-h").await.state(), pb::AccountState::Filed);
    assert!(house.measures("uid-h").await.measures.is_empty());
    house.verify().await;
    house.close().await;
}

/// A platform that corrects its answer to a refusal has not closed the account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrected_receipt_reopens_the_account() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    house.file(own_declaration("uid-h")).await;
    house.issue(closing(1, "ACCOUNT_CLOSED", None)).await;
    house.receive(executed(1, 3, None)).await;
    house.rest().await;
    let corrected = enforcement::ReceiptRecorded {
        outcome: enforcement::ReceiptOutcome::Refused.into(),
        in_force: false,
        effective_from: None,
        corrects: true,
        ..executed(1, 3, None)
    };
    house.receive(corrected).await;
    house.rest().await;
    assert_eq!(house.account("weibo", "uid-h").await.state(), pb::AccountState::Filed);
    house.close().await;
}

/// R92: the measures on an account that nobody declared are known too; mutes overlap, and end by themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measures_are_listed_for_any_account() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.clock.turn_to(at(5));
    for (number, until) in [(1, 10), (2, 18)] {
        house.issue(closing(number, "MUTED", None)).await;
        house.receive(executed(number, 3, Some(until))).await;
    }
    let now = house.measures("uid-h").await;
    assert_eq!(
        now.measures.iter().map(|one| one.order_id.clone()).collect::<Vec<_>>(),
        [order(1).to_string(), order(2).to_string()]
    );
    assert_eq!(now.muted_until, Some(timestamp(at(18))));
    house.clock.turn_to(at(12));
    assert_eq!(house.measures("uid-h").await.measures.len(), 1);
    house.clock.turn_to(at(18));
    let over = house.measures("uid-h").await;
    assert_eq!((over.measures.len(), over.muted_until), (0, None));
    let request =
        pb::ListMeasuresInForceRequest { platform: "weibo".into(), platform_uid: "uid-h".into(), at_least_position: 0 };
    let answer = house.api.list_measures_in_force(by(platform("douyin"), request)).await;
    assert_eq!(refused(answer), (Code::NotFound, "NOTHING_DECLARED".to_owned()), "as of an account elsewhere");
    house.verify().await;
    house.close().await;
}

/// R32, R33: a missed re-certification restricts the account until it is certified.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missed_recertification_restricts_until_it_is_made_up_for() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    house.file(declaration("uid-1")).await;
    let stream = || casebook_eventlog::StreamName::of("recertification", Uuid::from_u128(5));
    let lapsed = credentials::RecertificationLapsed {
        platform: "douyin".into(),
        platform_uid: "uid-1".into(),
        ..Default::default()
    };
    house.append(stream(), "casebook.credentials.v1.RecertificationLapsed", &lapsed).await;
    house.rest().await;
    let restricted = house.account("douyin", "uid-1").await;
    assert_eq!(restricted.state(), pb::AccountState::Restricted);
    assert_eq!(restricted.restrictions[0].legal_bases, ["S1-5"]);
    let fulfilled = credentials::RecertificationFulfilled {
        platform: "douyin".into(),
        platform_uid: "uid-1".into(),
        ..Default::default()
    };
    house.append(stream(), "casebook.credentials.v1.RecertificationFulfilled", &fulfilled).await;
    house.rest().await;
    assert_eq!(house.account("douyin", "uid-1").await.state(), pb::AccountState::Filed);
    house.close().await;
}

/// R32: met again, an old certification says nothing about two months that were missed after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_certification_does_not_lift_a_newer_restriction() {
    let folder = folder();
    let house = House::open(folder.path()).await;
    house.register().await;
    house.file(declaration("uid-1")).await;
    let (platform, platform_uid) = ("douyin".to_owned(), "uid-1".to_owned());
    let lapsed = credentials::RecertificationLapsed {
        platform: platform.clone(),
        platform_uid: platform_uid.clone(),
        ..Default::default()
    };
    let fulfilled = credentials::RecertificationFulfilled { platform, platform_uid, ..Default::default() };
    let stream = || casebook_eventlog::StreamName::of("recertification", Uuid::from_u128(5));
    house.append(stream(), "casebook.credentials.v1.RecertificationLapsed", &lapsed).await;
    house.rest().await;
    house.clock.turn_to(at(5));
    house.append(stream(), "casebook.credentials.v1.RecertificationFulfilled", &fulfilled).await;
    house.rest().await;
    assert_eq!(house.account("douyin", "uid-1").await.state(), pb::AccountState::Filed);
    house.clock.turn_to(at(9));
    house.append(stream(), "casebook.credentials.v1.RecertificationLapsed", &lapsed).await;
    house.rest().await;
    let head = house.head().await;
    house.close().await;

    std::fs::remove_dir_all(folder.path().join("rows")).unwrap();
    let house = House::open(folder.path()).await;
    house.rest().await;
    assert_eq!(house.account("douyin", "uid-1").await.state(), pb::AccountState::Restricted);
    assert_eq!(house.account_events_behind(head).await, [""; 0]);
    house.close().await;
}
