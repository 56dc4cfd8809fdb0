//! What is asked of one case: the dossier across all services, as of any moment; heads; differences; raw events.

use casebook_audit::domain::chain::Tip;
use casebook_audit::readmodel::leaf_of;
use casebook_eventlog::Filter;
use casebook_proto::audit::v1::audit_service_server::AuditService as _;
use casebook_proto::audit::v1::{
    DiffCaseRequest, GetCaseHeadRequest, GetChainHeadRequest, GetDossierRequest, GetDossierResponse,
    GetRawEventRequest, NotedHead, NotedHeadOutcome, VerifyRangeRequest,
};
use casebook_proto::timestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::support::{Running, auditor, call, case_officer, id, intruder, moment, position, reseal, stream};

const CASE: u128 = 6;
const CORRELATION: u128 = 1;

/// A report at 09:00 Shanghai time leads to a case at 10:00 and an order at 11:00; another case runs in between.
async fn given_a_case() -> Running {
    let running = Running::new().await;
    running.append(&stream("report", 1), CORRELATION, "hotline", r#"{"reportId":"1"}"#).await;
    running.append(&stream("report", 4), 4, "hotline", r#"{"reportId":"4"}"#).await;
    running.clock.turn_to("2026-03-02T02:00:00Z");
    running.append(&stream("lead", 5), CORRELATION, "cac-310000", r#"{"leadId":"5"}"#).await;
    running.open(CASE, CORRELATION, "cac-310000").await;
    running.append(&stream("case", CASE), CORRELATION, "cac-310000", r#"{"decided":"mute"}"#).await;
    running.open(8, 4, "wjw-110000").await;
    running.clock.turn_to("2026-03-02T03:00:00Z");
    running.append(&stream("order", 7), CORRELATION, "cac-310000", r#"{"days":7}"#).await;
    running.append(&stream("order", 7), CORRELATION, "platform-douyin", r#"{"executed":true}"#).await;
    running
}

fn dossier_of(case: u128) -> GetDossierRequest {
    GetDossierRequest { case_id: id(case).to_string(), ..GetDossierRequest::default() }
}

async fn dossier(running: &Running, request: GetDossierRequest) -> Result<GetDossierResponse, Status> {
    running.audit.get_dossier(call(&auditor(), request)).await.map(tonic::Response::into_inner)
}

fn positions(dossier: &GetDossierResponse) -> Vec<u64> {
    dossier.entries.iter().map(|entry| entry.position).collect()
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

#[tokio::test]
async fn a_dossier_holds_the_case_across_all_services_in_the_order_of_the_log() {
    let running = given_a_case().await;
    let dossier = dossier(&running, dossier_of(CASE)).await.unwrap();
    assert_eq!(positions(&dossier), [1, 3, 4, 5, 7, 8]);
    let streams: Vec<_> =
        dossier.streams.iter().map(|of| (of.stream.clone(), of.events, of.first_position, of.last_position)).collect();
    assert_eq!(
        streams,
        [("report", 1, 1, 1, 1), ("lead", 5, 1, 3, 3), ("case", CASE, 2, 4, 5), ("order", 7, 2, 7, 8)]
            .map(|(category, number, events, first, last)| (stream(category, number).to_string(), events, first, last))
    );
    assert_eq!(dossier.stream_count, 4);
    assert_eq!(dossier.entries[4].json, r#"{"days":7}"#);
    assert_eq!(dossier.entries[4].event_type, "casebook.test.v1.orderHappened");
    assert_eq!(dossier.entries[5].metadata.as_ref().unwrap().agency, "platform-douyin");
    assert!(dossier.altered_positions.is_empty());
    assert_eq!(dossier.next_page_token, "");
}

#[tokio::test]
async fn a_dossier_shows_the_case_as_of_any_time_and_any_position() {
    let running = given_a_case().await;
    let at = |time: &str| GetDossierRequest { as_of_time: Some(timestamp(moment(time))), ..dossier_of(CASE) };
    let to = |position| GetDossierRequest { as_of_position: position, ..dossier_of(CASE) };
    for (request, expected) in [
        (at("2026-03-02T01:00:00Z"), &[1][..]),
        (at("2026-03-02T01:59:59.999999Z"), &[1]),
        (at("2026-03-02T02:00:00Z"), &[1, 3, 4, 5]),
        (at("2026-03-02T03:00:00Z"), &[1, 3, 4, 5, 7, 8]),
        (to(1), &[1]),
        (to(2), &[1]),
        (to(4), &[1, 3, 4]),
        (to(6), &[1, 3, 4, 5]),
        (to(7), &[1, 3, 4, 5, 7]),
    ] {
        let then = dossier(&running, request.clone()).await.unwrap();
        assert_eq!(positions(&then), expected, "{request:?}");
        let head = then.head.unwrap();
        assert_eq!((head.events, head.position), (expected.len() as u64, expected[expected.len() - 1]), "{request:?}");
        assert_eq!(then.chain_head.unwrap().position, head.position);
        // The position that a dossier names gives the same dossier.
        let again = dossier(&running, to(then.as_of_position)).await.unwrap();
        assert_eq!(positions(&again), expected);
    }
    let before_anything = dossier(&running, at("2026-03-02T00:59:59Z")).await.unwrap_err();
    assert_eq!((before_anything.code(), reason(&before_anything)), (Code::NotFound, "CASE_NOT_FOUND".into()));
    let beyond = dossier(&running, to(1_000_000)).await.unwrap_err();
    assert_eq!((beyond.code(), reason(&beyond)), (Code::OutOfRange, "POSITION_BEYOND_HEAD".into()));
    let both = GetDossierRequest { as_of_position: 3, ..at("2026-03-02T02:00:00Z") };
    assert_eq!(dossier(&running, both).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn the_pages_of_a_dossier_show_one_moment() {
    let running = given_a_case().await;
    let first = dossier(&running, GetDossierRequest { page_size: 4, ..dossier_of(CASE) }).await.unwrap();
    assert_eq!(positions(&first), [1, 3, 4, 5]);
    running.append(&stream("order", 7), CORRELATION, "cac-310000", r#"{"closed":true}"#).await;
    let next = GetDossierRequest { page_size: 4, page_token: first.next_page_token, ..dossier_of(CASE) };
    let second = dossier(&running, next).await.unwrap();
    assert_eq!(positions(&second), [7, 8]);
    assert_eq!((second.next_page_token.as_str(), second.head), ("", first.head));
    assert_eq!(dossier(&running, dossier_of(CASE)).await.unwrap().entries.len(), 7);
}

#[tokio::test]
async fn a_page_of_large_events_ends_early_and_loses_none() {
    let running = Running::new().await;
    let large = format!(r#"{{"text":"{}"}}"#, "文".repeat(100_000));
    for _ in 0..10 {
        running.append(&stream("case", CASE), CORRELATION, "cac-310000", &large).await;
    }
    let mut token = String::new();
    let mut seen = Vec::new();
    loop {
        let page = dossier(&running, GetDossierRequest { page_token: token, ..dossier_of(CASE) }).await.unwrap();
        assert!(page.entries.len() <= 4, "{}", page.entries.len());
        seen.extend(positions(&page));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, (1..=10).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_case_head_counts_the_case_and_chains_its_leaves_alone() {
    let running = given_a_case().await;
    let mut tip = Tip::of_case(id(CORRELATION));
    let events = running.log().read_all(position(0), &Filter::all(), 100).await.unwrap().events;
    let of_case = [1, 3, 4, 5, 7, 8];
    for (index, expected) in of_case.iter().enumerate() {
        tip = tip.link(leaf_of(&events[expected - 1]));
        let request = GetCaseHeadRequest {
            case_id: id(CASE).to_string(),
            as_of_position: *expected as u64,
            ..Default::default()
        };
        let reply = running.audit.get_case_head(call(&auditor(), request)).await.unwrap().into_inner();
        let head = reply.head.unwrap();
        assert_eq!((head.events, head.position), (index as u64 + 1, *expected as u64));
        assert_eq!(head.chain_sha256, tip.hash.to_string());
        assert_eq!(head.correlation, id(CORRELATION).to_string());
    }
}

#[tokio::test]
async fn a_difference_is_what_happened_in_the_case_between_two_positions() {
    let running = given_a_case().await;
    let diff = async |from_position, to_position| {
        let request =
            DiffCaseRequest { case_id: id(CASE).to_string(), from_position, to_position, ..DiffCaseRequest::default() };
        running.audit.diff_case(call(&auditor(), request)).await.map(tonic::Response::into_inner)
    };
    let between = diff(3, 7).await.unwrap();
    assert_eq!(between.entries.iter().map(|entry| entry.position).collect::<Vec<_>>(), [4, 5, 7]);
    assert_eq!((between.from_head.unwrap().events, between.to_head.unwrap().events), (2, 5));
    assert!(diff(5, 6).await.unwrap().entries.is_empty());
    let all = diff(0, 0).await.unwrap();
    assert_eq!((all.entries.len(), all.from_head.unwrap().events), (6, 0));
    assert_eq!(diff(7, 3).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(diff(3, 1_000).await.unwrap_err().code(), Code::OutOfRange);
}

/// X10, X11: two agencies have a case each from one item, on the report that a third took in. Each sees its own and what led to
/// it; the third sees neither; nobody but the third is told the reporter.
#[tokio::test]
async fn what_else_came_of_a_report_is_not_in_the_dossier() {
    let running = Running::new().await;
    let report = r#"{"reasons":"自称根治","reporterRef":"r-7"}"#;
    let filed = "casebook.review.v1.ReportFiled";
    running.append_as(&stream("report", 1), CORRELATION, "hotline-310000", filed, report).await;
    for (case, agency) in [(6, "cac-310000"), (8, "wjw-310000")] {
        running.append(&stream("lead", case), CORRELATION, "casebook", "{}").await;
        running.open(case, CORRELATION, agency).await;
        let order = format!(r#"{{"caseId":"{}"}}"#, id(case));
        running.append(&stream("order", case), CORRELATION, agency, &order).await;
    }
    running.settle().await;
    let see = async |agency: &str, case| running.audit.get_dossier(call(&case_officer(agency), dossier_of(case))).await;
    for (agency, case, expected) in [("cac-310000", 6, [1, 2, 3, 4]), ("wjw-310000", 8, [1, 5, 6, 7])] {
        let seen = see(agency, case).await.unwrap().into_inner();
        assert_eq!(positions(&seen), expected);
        let streams: Vec<_> = seen.streams.iter().map(|of| of.stream.clone()).collect();
        let own = [stream("report", 1), stream("lead", case), stream("case", case), stream("order", case)];
        assert_eq!(streams, own.map(|stream| stream.to_string()));
        assert_eq!((seen.stream_count, seen.altered_positions.len()), (4, 0));
        assert_eq!(seen.entries[0].json, r#"{"reasons":"自称根治"}"#, "X10");
    }
    for (agency, case) in [("hotline-310000", 6), ("hotline-310000", 8), ("wjw-310000", 6), ("cac-310000", 8)] {
        assert_eq!(see(agency, case).await.unwrap_err().code(), Code::NotFound, "{agency} {case}");
    }
    let raw = async |agency: &str, position| {
        running.audit.get_raw_event(call(&case_officer(agency), GetRawEventRequest { position })).await.is_ok()
    };
    assert!(raw("cac-310000", 4).await);
    for (agency, position) in [("cac-310000", 1), ("cac-310000", 6), ("cac-310000", 7), ("hotline-310000", 4)] {
        assert!(!raw(agency, position).await, "{agency} {position}");
    }
    assert_eq!(dossier(&running, dossier_of(6)).await.unwrap().entries.len(), 7, "an auditor sees all of the matter");
    // An offer is a reason to look, and one that was declined is none.
    let transfer = async |what: &str, json: &str| {
        let event_type = format!("casebook.enforcement.v1.{what}");
        running.append_as(&stream("case", 6), CORRELATION, "cac-310000", &event_type, json).await;
    };
    transfer("TransferOffered", r#"{"toAgency":"tcm-310000"}"#).await;
    assert!(see("tcm-310000", 6).await.is_ok());
    transfer("TransferDeclined", "{}").await;
    assert_eq!(see("tcm-310000", 6).await.unwrap_err().code(), Code::NotFound);
}

/// X11: a case of fraud shows what was reported and concluded of it, and nothing else that is about the holder; and what nobody has
/// listed is not shown.
#[tokio::test]
async fn a_dossier_shows_of_a_credential_the_fraud_alone() {
    let running = Running::new().await;
    let credential = stream("credential", 1);
    for what in ["CredentialFiled", "ChecksRun", "FraudReported", "BadgeSuspended", "FraudConcluded"] {
        let event_type = format!("casebook.credentials.v1.{what}");
        running.append_as(&credential, CORRELATION, "wjw-330000", &event_type, r#"{"holder":"h-1"}"#).await;
    }
    running.append(&stream("recertification", 2), CORRELATION, "wjw-330000", "{}").await;
    running.append(&stream("claim", 3), CORRELATION, "wjw-330000", "{}").await;
    running.append(&stream("unheard", 4), CORRELATION, "wjw-330000", "{}").await;
    let other = stream("credential", 9);
    let filed = "casebook.credentials.v1.CredentialFiled";
    running.append_as(&other, CORRELATION, "wjw-330000", filed, "{}").await;
    running.append(&stream("lead", CASE), CORRELATION, "casebook", "{}").await;
    running.open(CASE, CORRELATION, "cac-310000").await;
    for open in ["item", "account"] {
        running.append(&stream(open, 5), CORRELATION, "casebook", "{}").await;
    }
    running.settle().await;
    let see = |request| running.audit.get_dossier(call(&case_officer("cac-310000"), request));
    let seen = see(dossier_of(CASE)).await.unwrap().into_inner();
    assert_eq!(positions(&seen), [3, 5, 10, 11, 12, 13]);
    let streams: Vec<_> =
        seen.streams.iter().map(|of| (of.stream.clone(), of.events, of.first_position, of.last_position)).collect();
    assert_eq!(streams[0], (credential.to_string(), 2, 3, 5), "no more is told of it than is shown");
    assert_eq!((streams.len(), seen.stream_count), (5, 5));
    let then = see(GetDossierRequest { as_of_position: 4, ..dossier_of(CASE) }).await.unwrap().into_inner();
    assert_eq!((then.streams[0].events, positions(&then)), (1, vec![3]));
    let between = DiffCaseRequest { case_id: id(CASE).to_string(), ..Default::default() };
    let between = running.audit.diff_case(call(&case_officer("cac-310000"), between)).await.unwrap().into_inner();
    assert_eq!(between.entries, seen.entries);
    let mut raw = Vec::new();
    for position in 1..=13 {
        let asked = call(&case_officer("cac-310000"), GetRawEventRequest { position });
        if running.audit.get_raw_event(asked).await.is_ok() {
            raw.push(position);
        }
    }
    assert_eq!(raw, positions(&seen));
    assert_eq!(dossier(&running, dossier_of(CASE)).await.unwrap().entries.len(), 13, "an auditor sees all of it");
    // Somebody alters what is hidden: that it is altered is for those who may see it.
    let altered = "UPDATE events SET data = CAST('{}' AS BLOB) WHERE position IN (1, 5)";
    let log = intruder(&running.place);
    log.execute(altered, []).unwrap();
    reseal(&log);
    let seen = see(dossier_of(CASE)).await.unwrap().into_inner();
    assert_eq!(seen.altered_positions, [5]);
}

/// X: an auditor sees all; an agency its own cases; of others it does not even learn that they exist.
#[tokio::test]
async fn a_case_officer_sees_the_cases_of_their_agency_and_no_other() {
    let running = given_a_case().await;
    let see = async |agency: &str, case| running.audit.get_dossier(call(&case_officer(agency), dossier_of(case))).await;
    assert!(see("cac-310000", CASE).await.is_ok());
    assert!(see("wjw-110000", 8).await.is_ok());
    for (agency, case) in [("wjw-110000", CASE), ("cac-310000", 8), ("cac-310000", 99)] {
        let refused = see(agency, case).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused)), (Code::NotFound, "CASE_NOT_FOUND".into()), "{agency} {case}");
    }
    // Having asked does not make an agency one that took part.
    assert_eq!(see("wjw-110000", CASE).await.unwrap_err().code(), Code::NotFound);
    let head = GetCaseHeadRequest { case_id: id(CASE).to_string(), ..Default::default() };
    let refused = running.audit.get_case_head(call(&case_officer("wjw-110000"), head)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let diff = DiffCaseRequest { case_id: id(CASE).to_string(), ..Default::default() };
    let refused = running.audit.diff_case(call(&case_officer("wjw-110000"), diff)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let raw = async |agency: &str, position| {
        running.audit.get_raw_event(call(&case_officer(agency), GetRawEventRequest { position })).await
    };
    assert!(raw("cac-310000", 4).await.is_ok());
    assert_eq!(raw("wjw-110000", 4).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_raw_event_is_what_the_log_stores_byte_for_byte() {
    let running = Running::new().await;
    // Canonical or not: nothing is parsed and written again on the way.
    let stored = "{ \"b\" : 1.0 , \"a\":\"\\u4e2d\" }\n";
    running.append(&stream("case", CASE), CORRELATION, "cac-310000", stored).await;
    let raw = async |position| running.audit.get_raw_event(call(&auditor(), GetRawEventRequest { position })).await;
    let event = raw(1).await.unwrap().into_inner();
    let log = running.log().read_all(position(0), &Filter::all(), 1).await.unwrap().events.remove(0);
    assert_eq!((event.data.as_slice(), event.metadata.as_slice()), (stored.as_bytes(), &*log.metadata));
    assert_eq!((event.stream, event.revision, event.event_id), (log.stream.to_string(), 0, log.id.to_string()));
    assert_eq!(event.leaf_sha256, leaf_of(&log).to_string());
    assert_eq!(event.leaf_sha256, event.kept_leaf_sha256);
    assert_eq!(event.kept_chain_sha256, Tip::GENESIS.link(leaf_of(&log)).hash.to_string());
    for absent in [1_000, u64::MAX] {
        assert_eq!(raw(absent).await.unwrap_err().code(), Code::NotFound, "{absent}");
    }
    assert_eq!(raw(0).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn an_altered_event_is_marked_in_the_dossier_and_found_by_verification() {
    let place = given_a_case().await.stop().await;
    let log = intruder(&place);
    log.execute_batch(r#"UPDATE events SET data = CAST('{"days":1}' AS BLOB) WHERE position = 7"#).unwrap();
    reseal(&log);
    drop(log);
    let running = Running::at(place).await;
    let dossier = dossier(&running, dossier_of(CASE)).await.unwrap();
    assert_eq!(dossier.altered_positions, [7]);
    let raw =
        running.audit.get_raw_event(call(&auditor(), GetRawEventRequest { position: 7 })).await.unwrap().into_inner();
    assert_ne!(raw.leaf_sha256, raw.kept_leaf_sha256);
    let verified =
        running.audit.verify_range(call(&auditor(), VerifyRangeRequest::default())).await.unwrap().into_inner();
    let difference = verified.first_difference.unwrap();
    assert_eq!((difference.position, difference.stream), (7, stream("order", 7).to_string()));
    assert_eq!((verified.through_position, verified.events), (6, 6));
}

#[tokio::test]
async fn a_head_that_was_written_down_is_confirmed_later() {
    let running = given_a_case().await;
    let head = async |at_least_position| {
        let request = GetChainHeadRequest { at_least_position };
        running.audit.get_chain_head(call(&auditor(), request)).await.map(|reply| reply.into_inner().head.unwrap())
    };
    let noted = head(8).await.unwrap();
    assert_eq!((noted.position, noted.events), (8, 8));
    assert_eq!(head(9).await.unwrap_err().code(), Code::OutOfRange);
    running.append(&stream("case", CASE), CORRELATION, "cac-310000", "{}").await;

    let verify = async |from_position, to_position, position, chain_sha256: &str| {
        let noted_head = Some(NotedHead { position, chain_sha256: chain_sha256.to_owned() });
        let request = VerifyRangeRequest { from_position, to_position, noted_head };
        running.audit.verify_range(call(&auditor(), request)).await.map(tonic::Response::into_inner)
    };
    let confirmed = verify(0, 0, 8, &noted.chain_sha256).await.unwrap();
    assert_eq!((confirmed.noted_head(), confirmed.first_difference.as_ref()), (NotedHeadOutcome::Confirmed, None));
    assert_eq!((confirmed.from_position, confirmed.through_position, confirmed.events), (1, 9, 9));
    assert_eq!(confirmed.chain_sha256, head(9).await.unwrap().chain_sha256);
    let contradicted = verify(0, 0, 7, &noted.chain_sha256).await.unwrap();
    assert_eq!(contradicted.noted_head(), NotedHeadOutcome::Contradicted);
    let beyond = verify(0, 0, 500, &noted.chain_sha256).await.unwrap();
    assert_eq!(beyond.noted_head(), NotedHeadOutcome::Contradicted);

    for (from, to, position) in [(9, 0, 8), (0, 7, 8)] {
        assert_eq!(verify(from, to, position, &noted.chain_sha256).await.unwrap_err().code(), Code::InvalidArgument);
    }
    assert_eq!(verify(0, 0, 8, "not a hash").await.unwrap_err().code(), Code::InvalidArgument);
    let range = async |from_position, to_position| {
        let request = VerifyRangeRequest { from_position, to_position, noted_head: None };
        running.audit.verify_range(call(&auditor(), request)).await.map(tonic::Response::into_inner)
    };
    assert_eq!(range(5, 2).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(range(0, 10).await.unwrap_err().code(), Code::OutOfRange);
    assert_eq!(range(10, 0).await.unwrap_err().code(), Code::OutOfRange);
}

#[tokio::test]
async fn the_chain_of_an_empty_log_is_its_beginning() {
    let running = Running::new().await;
    let head = running
        .audit
        .get_chain_head(call(&auditor(), GetChainHeadRequest::default()))
        .await
        .unwrap()
        .into_inner()
        .head
        .unwrap();
    assert_eq!((head.position, head.events, head.chain_sha256, head.recorded_at), (0, 0, "0".repeat(64), None));
    let verified =
        running.audit.verify_range(call(&auditor(), VerifyRangeRequest::default())).await.unwrap().into_inner();
    assert_eq!((verified.events, verified.first_difference), (0, None));
}
