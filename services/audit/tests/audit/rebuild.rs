//! Rows are made from the log and from nothing else.

use casebook_audit::projections;
use casebook_audit::readmodel::{Kept, KeptEvent, Migrator, ReadFilter, RecordedRead, VerifyReads, list_reads};
use casebook_audit::verify::VerifyChain;
use casebook_proto::audit::v1::GetDossierRequest;
use casebook_proto::audit::v1::audit_service_server::AuditService as _;
use casebook_readmodel::{ReadModel, VerifyView as _};

use crate::support::{Place, Running, auditor, call, id, intruder_in_chain, project, stream};

/// Many cases in turn, events of one stream in many batches, and some reads.
async fn given_a_log() -> Place {
    let running = Running::new().await;
    for round in 0..5_u128 {
        for number in 0..40_u128 {
            running.append_all(&stream("case", number), number % 7, "cac-310000", &["{}", "{}"]).await;
        }
        let request = GetDossierRequest { case_id: id(round).to_string(), ..GetDossierRequest::default() };
        running.audit.get_dossier(call(&auditor(), request)).await.unwrap();
    }
    running.stop().await
}

async fn rows(model: &ReadModel) -> (Vec<KeptEvent>, Vec<RecordedRead>) {
    let kept = Kept(model).after(0, 10_000).await.unwrap();
    let (reads, rest) =
        list_reads(model, &ReadFilter::default(), casebook_eventlog::Position(u64::MAX >> 1), 1000, "").await.unwrap();
    assert!(rest.is_empty());
    (kept, reads)
}

#[tokio::test]
async fn a_rebuilt_read_model_has_the_same_rows() {
    let place = given_a_log().await;
    let (log, model) = (place.read_log(), place.read_model().await);
    let live = rows(&model).await;
    assert_eq!((live.0.len(), live.1.len()), (405, 5));
    model.rebuild::<Migrator>().await.unwrap();
    assert!(rows(&model).await.0.is_empty());
    project(log.clone(), model.clone()).await;
    assert_eq!(rows(&model).await, live);
    for view in [VerifyChain.verify(&log, &model).await.unwrap(), VerifyReads.verify(&log, &model).await.unwrap()] {
        assert_eq!(view.mismatches, 0, "{view:?}");
    }
}

#[tokio::test]
async fn a_projection_that_starts_again_in_the_middle_goes_on_with_every_chain() {
    let place = given_a_log().await;
    let live = rows(&*place.read_model().await).await;
    let running = Running::at(place).await;
    running.append(&stream("case", 3), 3, "cac-310000", "{}").await;
    let place = running.stop().await;
    let (log, model) = (place.read_log(), place.read_model().await);
    let grown = rows(&model).await;
    assert_eq!(&grown.0[..live.0.len()], &live.0[..]);
    let before = live.0.iter().rfind(|row| row.correlation == id(3).as_bytes()).unwrap();
    assert_eq!(grown.0.last().unwrap().case_events, before.case_events + 1);
    assert_eq!(VerifyChain.verify(&log, &model).await.unwrap().mismatches, 0);
}

#[tokio::test]
async fn a_read_that_was_taken_out_of_the_list_or_put_into_it_is_found() {
    let place = given_a_log().await;
    for sql in [
        "DELETE FROM reads WHERE position = (SELECT min(position) FROM reads)",
        "DELETE FROM reads WHERE position = (SELECT max(position) FROM reads)",
        "UPDATE reads SET resource = 'case-other' WHERE position = (SELECT max(position) FROM reads)",
        "INSERT INTO reads SELECT 100000, agency, officer, method, resource, recorded_us FROM reads LIMIT 1",
    ] {
        let copy = place.copy();
        intruder_in_chain(&copy).execute_batch(sql).unwrap();
        let report = VerifyReads.verify(&copy.read_log(), &*copy.read_model().await).await.unwrap();
        assert_eq!(report.mismatches, 1, "{sql}");
    }
}

/// An event whose metadata nobody can read must not stop the chain: it is there to hold whatever the log holds.
#[tokio::test]
async fn an_event_without_readable_metadata_is_chained_like_any_other() {
    use casebook_eventlog::{Expected, NewEvent};
    let running = Running::new().await;
    let odd = |number, metadata: &'static [u8]| NewEvent {
        id: id(number),
        event_type: "casebook.test.v1.Odd".into(),
        data: vec![0xff, 0x00].into(),
        metadata: metadata.into(),
    };
    running
        .log()
        .append(&stream("access", 1), Expected::Any, vec![odd(1, b""), odd(2, b"{}"), odd(3, &[0xff])])
        .await
        .unwrap();
    running.settle().await;
    let (kept, reads) = rows(&running.model).await;
    assert_eq!(kept.iter().map(|row| row.case_events).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(reads.iter().map(|read| read.resource.as_str()).collect::<Vec<_>>(), ["", "", ""]);
    assert_eq!(VerifyChain.verify(&running.log(), &running.model).await.unwrap().mismatches, 0);
    assert_eq!(projections().len(), 2);
}
