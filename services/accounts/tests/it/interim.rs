//! What is done while something is looked into, over a real log and with a clock that the test turns.

use casebook_proto::accounts::v1 as pb;
use casebook_proto::accounts::v1::accounts_service_server::AccountsService as _;

use crate::house::{House, auditor, by, declaration, id_of_request, registrar};
use crate::people::at;

/// S1 §4-5: what nobody lifts ends after two months, by the calendar, and not a moment earlier.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restriction_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    house.register().await;
    let account = house.file(declaration("uid-1")).await;
    let restrict = pb::RestrictPublishingRequest {
        request_id: id_of_request(),
        account_id: account.account_id.clone(),
        cause: pb::RestrictionCause::Reverification.into(),
        legal_bases: vec!["S1-4".into()],
        reasons: "证件存疑".into(),
        ..Default::default()
    };
    let reply = house.api.restrict_publishing(by(registrar(), restrict)).await.unwrap().into_inner();
    let until = reply.account.unwrap().restrictions[0].until.as_ref().and_then(casebook_proto::moment).unwrap();
    assert!(until > at(1) + chrono::TimeDelta::days(58), "{until}");
    let state = async || {
        let get = pb::GetAccountRequest { account_id: account.account_id.clone(), ..Default::default() };
        house.api.get_account(by(auditor(), get)).await.unwrap().into_inner().account.unwrap().state()
    };
    house.rest().await;
    house.clock.turn_to(until - chrono::TimeDelta::seconds(1));
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(state().await, pb::AccountState::Restricted, "never early");
    house.clock.turn_to(until);
    for _ in 0..100 {
        if state().await == pb::AccountState::Filed {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(state().await, pb::AccountState::Filed);
    house.verify().await;
    house.close().await;
}
