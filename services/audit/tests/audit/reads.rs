//! Who read what: every read of a case is in the log before it is answered, also the reads of the list itself.

use casebook_proto::audit::v1::audit_service_server::AuditService as _;
use casebook_proto::audit::v1::{
    AccessEntry, GetCaseHeadRequest, GetChainHeadRequest, GetDossierRequest, GetRawEventRequest, ListAccessLogRequest,
};
use casebook_proto::timestamp;
use tonic::{Code, Status};

use crate::support::{Running, auditor, call, case_officer, id, moment, stream};

const CASE: u128 = 6;

async fn given_reads() -> Running {
    let running = Running::new().await;
    running.append(&stream("report", 1), 1, "hotline", "{}").await;
    running.open(CASE, 1, "cac-310000").await;
    running.open(8, 8, "wjw-110000").await;
    let officer = case_officer("cac-310000");
    let dossier = |case| GetDossierRequest { case_id: id(case).to_string(), ..GetDossierRequest::default() };
    running.audit.get_dossier(call(&officer, dossier(CASE))).await.unwrap();
    running.audit.get_dossier(call(&officer, dossier(8))).await.unwrap_err();
    running.clock.turn_to("2026-03-02T05:00:00Z");
    let head = GetCaseHeadRequest { case_id: id(8).to_string(), ..Default::default() };
    running.audit.get_case_head(call(&auditor(), head)).await.unwrap();
    running.audit.get_raw_event(call(&auditor(), GetRawEventRequest { position: 1 })).await.unwrap();
    // Shows nothing of any case and is not recorded.
    running.audit.get_chain_head(call(&auditor(), GetChainHeadRequest::default())).await.unwrap();
    running
}

async fn list(running: &Running, request: ListAccessLogRequest) -> Result<(Vec<AccessEntry>, String), Status> {
    let at_least_position = running.log().head().await.unwrap().0;
    let request = ListAccessLogRequest { at_least_position, ..request };
    let reply = running.audit.list_access_log(call(&auditor(), request)).await?.into_inner();
    Ok((reply.entries, reply.next_page_token))
}

async fn resources(running: &Running, request: ListAccessLogRequest) -> Vec<String> {
    let (entries, _) = list(running, request).await.unwrap();
    entries.into_iter().map(|entry| entry.resource).collect()
}

fn no_filter() -> ListAccessLogRequest {
    ListAccessLogRequest::default()
}

#[tokio::test]
async fn every_read_of_a_case_is_listed_also_one_that_was_refused() {
    let running = given_reads().await;
    let (entries, _) = list(&running, no_filter()).await.unwrap();
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| {
            (entry.agency.as_str(), entry.method.rsplit('/').next().unwrap_or_default(), entry.resource.clone())
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("cac-310000", "GetDossier", stream("case", CASE).to_string()),
            ("cac-310000", "GetDossier", stream("case", 8).to_string()),
            ("audit-office", "GetCaseHead", stream("case", 8).to_string()),
            ("audit-office", "GetRawEvent", stream("report", 1).to_string()),
        ]
    );
    assert_eq!(entries[0].officer, "cac-310000.officer-7");
    assert_eq!(entries[0].recorded_at, Some(timestamp(moment("2026-03-02T01:00:00Z"))));
}

#[tokio::test]
async fn reading_the_list_is_listed_with_what_it_was_filtered_by() {
    let running = given_reads().await;
    let by_agency = ListAccessLogRequest { agency: "cac-310000".into(), ..no_filter() };
    list(&running, by_agency).await.unwrap();
    let reads_of_reads =
        ListAccessLogRequest { method: "/casebook.audit.v1.AuditService/ListAccessLog".into(), ..no_filter() };
    assert_eq!(resources(&running, reads_of_reads).await, ["access-log agency=cac-310000"]);
}

#[tokio::test]
async fn reads_are_found_by_agency_officer_case_resource_method_and_time() {
    let running = given_reads().await;
    let case = stream("case", CASE).to_string();
    let other = stream("case", 8).to_string();
    let report = stream("report", 1).to_string();
    let filters = [
        (ListAccessLogRequest { agency: "cac-310000".into(), ..no_filter() }, vec![&case, &other]),
        (
            ListAccessLogRequest { officer: "audit-office.officer-7".into(), resource: report.clone(), ..no_filter() },
            vec![&report],
        ),
        // By any of the case's streams: the report is one of them.
        (ListAccessLogRequest { case_id: id(CASE).to_string(), ..no_filter() }, vec![&case, &report]),
        (ListAccessLogRequest { case_id: id(8).to_string(), ..no_filter() }, vec![&other, &other]),
        (ListAccessLogRequest { case_id: id(99).to_string(), ..no_filter() }, vec![]),
        (ListAccessLogRequest { resource: other.clone(), agency: "audit-office".into(), ..no_filter() }, vec![&other]),
        (
            ListAccessLogRequest { method: "/casebook.audit.v1.AuditService/GetRawEvent".into(), ..no_filter() },
            vec![&report],
        ),
        (
            ListAccessLogRequest { to_time: Some(timestamp(moment("2026-03-02T05:00:00Z"))), ..no_filter() },
            vec![&case, &other],
        ),
    ];
    for (request, expected) in filters {
        assert_eq!(resources(&running, request.clone()).await.iter().collect::<Vec<_>>(), expected, "{request:?}");
    }
    let since = ListAccessLogRequest {
        from_time: Some(timestamp(moment("2026-03-02T05:00:00Z"))),
        page_size: 2,
        ..no_filter()
    };
    assert_eq!(resources(&running, since).await, [other, report]);
}

#[tokio::test]
async fn the_list_is_paged_both_ways_and_a_token_is_good_for_its_filters_only() {
    let running = given_reads().await;
    for (order_by, expected) in [("position", [4_u64, 5, 6, 7]), ("position desc", [7, 6, 5, 4])] {
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let request = ListAccessLogRequest {
                order_by: order_by.into(),
                page_size: 1,
                page_token: token,
                to_time: Some(timestamp(moment("2026-03-02T05:00:00.000001Z"))),
                method: String::new(),
                ..no_filter()
            };
            let (entries, next) = list(&running, request).await.unwrap();
            seen.extend(
                entries
                    .into_iter()
                    .filter(|entry| !entry.method.ends_with("ListAccessLog"))
                    .map(|entry| entry.position),
            );
            token = next;
            if token.is_empty() || seen.len() == 4 {
                break;
            }
        }
        assert_eq!(seen, expected, "{order_by}");
    }
    let (_, token) = list(&running, ListAccessLogRequest { page_size: 1, ..no_filter() }).await.unwrap();
    let other_filter = ListAccessLogRequest { page_token: token, agency: "cac-310000".into(), ..no_filter() };
    assert_eq!(list(&running, other_filter).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused_by_name() {
    let running = given_reads().await;
    let refused = [
        ("order_by", ListAccessLogRequest { order_by: "officer".into(), ..no_filter() }),
        ("page_token", ListAccessLogRequest { page_token: "nonsense".into(), ..no_filter() }),
        ("case_id", ListAccessLogRequest { case_id: "CASE-1".into(), ..no_filter() }),
        ("resource", ListAccessLogRequest { resource: "x".repeat(129), ..no_filter() }),
        ("page_size", ListAccessLogRequest { page_size: 1001, ..no_filter() }),
        (
            "to_time",
            ListAccessLogRequest {
                from_time: Some(timestamp(moment("2026-03-02T05:00:00Z"))),
                to_time: Some(timestamp(moment("2026-03-02T04:00:00Z"))),
                ..no_filter()
            },
        ),
    ];
    for (field, request) in refused {
        let status = list(&running, request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{field}");
        assert!(status.message().starts_with(field), "{field}: {}", status.message());
    }
}
