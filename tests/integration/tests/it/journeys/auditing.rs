//! Audit: a case across all services, as of any moment, and proof that the log says what it said.

use casebook_proto::accounts::v1::ListMeasuresInForceRequest;
use casebook_proto::audit::v1::{self as pb, NotedHeadOutcome};

use super::docket::{Docket, account, execute, mute};
use super::{Desk, Journey, people};

pub const CALLS: &[&str] = &[
    "AccountsService/ListMeasuresInForce",
    "AuditService/DiffCase",
    "AuditService/GetCaseHead",
    "AuditService/GetChainHead",
    "AuditService/GetDossier",
    "AuditService/GetRawEvent",
    "AuditService/ListAccessLog",
    "AuditService/VerifyRange",
    "EnforcementService/AcceptLead",
    "EnforcementService/AddEvidence",
    "EnforcementService/ConfirmDecision",
    "EnforcementService/GetCase",
    "EnforcementService/GetOrder",
    "EnforcementService/OpenCase",
    "EnforcementService/OpenLead",
    "EnforcementService/ProposeDecision",
    "EnforcementService/RecordService",
    "EnforcementService/ServeNotice",
    "EnforcementService/WaiveStatement",
    "PlatformService/ReportReceipt",
];

/// Promise 6, R94: an auditor follows one case through everything that belongs to it, then and now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_follows_a_case() {
    let journey = Journey::begin().await;
    let muted = account("weibo", "u-audit");
    let docket = Docket::decide(&journey, "DIVERSION", &[mute(&muted, 7)]).await;
    let before = journey.world.at_rest().await.0;
    let order = docket.order("weibo", "MUTED").await;
    execute(&journey, &order).await;
    let auditor = journey.desk(people::auditor());
    let position = journey.world.at_rest().await.0;

    let in_force = ListMeasuresInForceRequest {
        platform: "weibo".into(),
        platform_uid: "u-audit".into(),
        at_least_position: position,
    };
    let in_force = auditor.accounts().list_measures_in_force(in_force).await.expect("listed").into_inner();
    assert_eq!(in_force.measures.len(), 1, "the receipt reached the accounts service");

    dossier_then_and_now(&auditor, &docket, before).await;
    chain_holds(&auditor, position).await;
    readers_are_known(&journey, &auditor, &docket).await;
    journey.end(CALLS).await;
}

/// The dossier of an earlier moment is what it was; what came since is the difference.
async fn dossier_then_and_now(auditor: &Desk, docket: &Docket<'_>, before: u64) {
    let dossier = async |as_of_position| {
        let request = pb::GetDossierRequest {
            case_id: docket.case_id.clone(),
            as_of_position,
            page_size: 1_000,
            ..Default::default()
        };
        let dossier = auditor.audit().get_dossier(request).await.expect("a dossier").into_inner();
        assert!(dossier.altered_positions.is_empty() && dossier.next_page_token.is_empty());
        dossier
    };
    let (then, now) = (dossier(before).await, dossier(0).await);
    let categories = |dossier: &pb::GetDossierResponse| {
        let category = |stream: &pb::DossierStream| stream.stream.split('-').next().unwrap_or_default().to_owned();
        dossier.streams.iter().map(category).collect::<Vec<_>>()
    };
    assert_eq!(categories(&then), ["lead", "case", "order"], "all that shares the case's correlation");
    assert_eq!(now.entries[..then.entries.len()], then.entries, "the past does not change");
    assert!(now.entries.iter().any(|entry| entry.event_type == "casebook.enforcement.v1.ReceiptRecorded"));

    let case_id = docket.case_id.clone();
    let head = pb::GetCaseHeadRequest { case_id: case_id.clone(), as_of_position: before, ..Default::default() };
    let head = auditor.audit().get_case_head(head).await.expect("a head").into_inner().head;
    assert_eq!(head, then.head);
    let diff = pb::DiffCaseRequest { case_id, from_position: before, page_size: 1_000, ..Default::default() };
    let diff = auditor.audit().diff_case(diff).await.expect("a difference").into_inner();
    assert_eq!((diff.from_head, diff.to_head), (then.head, now.head));
    assert_eq!(diff.entries, now.entries[then.entries.len()..]);

    let last = now.entries.last().expect("an entry");
    let raw = pb::GetRawEventRequest { position: last.position };
    let raw = auditor.audit().get_raw_event(raw).await.expect("an event").into_inner();
    assert_eq!(raw.data, last.json.as_bytes(), "the stored bytes, and no re-encoding of them");
    assert_eq!(raw.leaf_sha256, raw.kept_leaf_sha256);
}

/// Everything up to the head agrees with the chain, and with a head that was noted outside.
async fn chain_holds(auditor: &Desk, position: u64) {
    let head = pb::GetChainHeadRequest { at_least_position: position };
    let head = auditor.audit().get_chain_head(head).await.expect("a head").into_inner().head.expect("a head");
    let noted = pb::NotedHead { position: head.position, chain_sha256: head.chain_sha256.clone() };
    let range = pb::VerifyRangeRequest { to_position: head.position, noted_head: Some(noted), ..Default::default() };
    let verified = auditor.audit().verify_range(range).await.expect("verified").into_inner();
    assert_eq!(verified.first_difference, None);
    assert_eq!((verified.events, verified.chain_sha256), (head.events, head.chain_sha256));
    let other = pb::NotedHead { position: head.position, chain_sha256: "0".repeat(64) };
    let range = pb::VerifyRangeRequest { to_position: head.position, noted_head: Some(other), ..Default::default() };
    let contradicted = auditor.audit().verify_range(range).await.expect("verified").into_inner();
    assert_eq!(contradicted.noted_head(), NotedHeadOutcome::Contradicted);
}

/// Whoever read the case stands in the list, and so does the auditor who asks.
async fn readers_are_known(journey: &Journey, auditor: &Desk, docket: &Docket<'_>) {
    docket.case().await;
    let at_least_position = journey.world.at_rest().await.0;
    let request = pb::ListAccessLogRequest {
        case_id: docket.case_id.clone(),
        page_size: 1_000,
        at_least_position,
        ..Default::default()
    };
    let entries = auditor.audit().list_access_log(request).await.expect("listed").into_inner().entries;
    let read_by = |officer: &str, method: &str| {
        entries.iter().any(|entry| entry.officer == officer && entry.method.ends_with(&format!("/{method}")))
    };
    assert!(read_by("officer-1", "GetCase"), "{entries:?}");
    assert!(read_by("auditor-1", "GetDossier"), "{entries:?}");
}
