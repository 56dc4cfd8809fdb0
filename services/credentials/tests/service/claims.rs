//! One certificate has one holder; one holder may have several accounts.

use casebook_proto::credentials::v1::*;
use tonic::Code;

use crate::harness::*;

fn other(house: &House, uid: &str, holder: &str) -> FileCredentialRequest {
    FileCredentialRequest { platform_uid: uid.to_owned(), holder_reference: holder.to_owned(), ..house.application() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_another_holder_is_refused_and_the_same_holders_is_not() {
    let house = House::open().await;
    let first = house.file(house.application()).await;
    let stolen = house.platform().file_credential(other(&house, "dy-2", "holder-2")).await;
    assert_eq!(reason(stolen), (Code::AlreadyExists, "CERTIFICATE_ALREADY_CLAIMED".to_owned()));
    // One doctor with two accounts.
    let second = house.file(other(&house, "dy-3", "holder-1")).await;
    assert_ne!(first.credential_id, second.credential_id);

    // An application that came to nothing keeps no number from its true holder.
    house.check(&first.credential_id).await;
    let refusal = house.conclusion(&first.credential_id, VerificationOutcome::Refused);
    house.verifier().conclude_verification(refusal).await.expect("refused");
    house.file(other(&house, "dy-2", "holder-2")).await;
    house.assert_rows_match().await;
}

/// A refused attempt leaves no claim behind: what it brought besides the stolen number is free for its holder.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_attempt_claims_nothing() {
    let house = House::open().await;
    house.file(house.application()).await;
    let mut mixed = other(&house, "dy-2", "holder-2");
    mixed.certificates[0].number = "202099000000000000002002".to_owned();
    let refused = house.platform().file_credential(mixed).await;
    assert_eq!(reason(refused), (Code::AlreadyExists, "CERTIFICATE_ALREADY_CLAIMED".to_owned()));
    let mut rightful = other(&house, "dy-4", "holder-4");
    rightful.certificates[0].number = "202099000000000000002002".to_owned();
    rightful.certificates[1].number = "999000000002002".to_owned();
    house.file(rightful).await;
    // Nor does one that only asks whether it would do.
    let asked = FileCredentialRequest { validate_only: true, ..other(&house, "dy-5", "holder-5") };
    let mut numbers = asked.clone();
    numbers.certificates[0].number = "202099000000000000005005".to_owned();
    numbers.certificates[1].number = "999000000005005".to_owned();
    house.platform().file_credential(numbers.clone()).await.expect("would do");
    let taken = FileCredentialRequest {
        request_id: house.request_id(),
        validate_only: false,
        holder_reference: "holder-6".to_owned(),
        ..numbers
    };
    house.file(taken).await;
}
