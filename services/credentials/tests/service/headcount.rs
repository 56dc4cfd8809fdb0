//! R29: departments with clearly more verified people than is normal.

use casebook_proto::credentials::v1::*;
use tonic::Code;

use crate::harness::*;

async fn set(house: &House, normal: u32) -> Result<SetNormalHeadcountResponse, tonic::Status> {
    let request = SetNormalHeadcountRequest {
        request_id: house.request_id(),
        institution_id: INSTITUTION.to_owned(),
        department: "针灸科".to_owned(),
        normal,
        margin_percent: 0,
        ..SetNormalHeadcountRequest::default()
    };
    house.verifier().set_normal_headcount(request).await.map(tonic::Response::into_inner)
}

async fn anomalies(house: &House) -> Vec<DepartmentHeadcount> {
    house.rest().await;
    let listed = house.verifier().list_headcount_anomalies(ListHeadcountAnomaliesRequest::default()).await;
    listed.expect("listed").into_inner().anomalies
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_counted_and_not_accounts() {
    let house = House::open().await;
    set(&house, 1).await.expect("set");
    // One doctor with two accounts is one.
    house.verify(house.application()).await;
    let same = FileCredentialRequest { platform_uid: "dy-2".to_owned(), ..house.application() };
    house.verify(same).await;
    assert_eq!(anomalies(&house).await, []);

    let more = concat!(
        r#"{"certificate_type":"physician_qualification","number":"202099000000000000003003"}"#,
        "\n",
        r#"{"certificate_type":"physician_practice","number":"999000000003003"}"#,
        "\n"
    );
    std::fs::write(&house.registry, format!("{LISTED}{more}")).expect("registry");
    let mut other = house.application();
    other.platform_uid = "dy-3".to_owned();
    other.holder_reference = "holder-3".to_owned();
    other.certificates[0].number = "202099000000000000003003".to_owned();
    other.certificates[1].number = "999000000003003".to_owned();
    house.verify(other).await;
    let found = anomalies(&house).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].department.as_str(), found[0].normal, found[0].verified), ("针灸科", 1, 2));

    set(&house, 2).await.expect("set");
    assert_eq!(anomalies(&house).await, []);
    assert_eq!(reason(set(&house, 2).await), (Code::FailedPrecondition, "HEADCOUNT_UNCHANGED".to_owned()));
    let get = GetNormalHeadcountRequest {
        institution_id: INSTITUTION.to_owned(),
        department: "针灸科".to_owned(),
        ..GetNormalHeadcountRequest::default()
    };
    let norm = house.verifier().get_normal_headcount(get.clone()).await.expect("set").into_inner().headcount;
    assert_eq!(norm.map(|norm| (norm.normal, norm.etag)), Some((2, "1".to_owned())));
    let unset = GetNormalHeadcountRequest { department: "骨伤科".to_owned(), ..get };
    let unknown = reason(house.verifier().get_normal_headcount(unset).await);
    assert_eq!(unknown, (Code::NotFound, "HEADCOUNT_UNKNOWN".to_owned()));
    house.assert_rows_match().await;
}
