//! What the service refuses, by which code and reason, with nothing written.

use casebook_execution::Clock as _;
use casebook_proto::enforcement::v1 as pb;
use casebook_proto::enforcement::v1::enforcement_service_server::EnforcementService as _;
use casebook_proto::timestamp;
use chrono::TimeDelta;
use tonic::Code;

use crate::house::{
    House, accept, by, confirm, evidence, health, measure, officer, open, propose, refused, request_id, reviewer,
    violated, waive,
};

/// domain.md section 0: the ladder is no penalty; nothing is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ladder_is_refused_as_a_penalty() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let measures = [measure("u-1", "MUTED", 7)];
    let case_id = house.told("u-1", "V-05", &measures).await;
    house.officers.waive_statement(by(officer("a"), waive(&case_id))).await.unwrap();
    let before = house.head().await;
    let penalty = pb::ProposeDecisionRequest {
        instrument: pb::Instrument::AdministrativePenalty.into(),
        legal_bases: vec!["S1-8".into(), "AD-58".into()],
        ..propose(&case_id, &measures)
    };
    let answer = refused(house.officers.propose_decision(by(officer("a"), penalty)).await);
    assert_eq!(answer, (Code::FailedPrecondition, "BASIS_CANNOT_SET_PENALTY".into()));
    // S1 is of July 2025; what was done before is not judged by it.
    assert_eq!(house.head().await, before);
    house.close().await;
}

/// X14, 行政处罚法 art. 37: an act of 2020 rests on what was in force in 2020.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_act_rests_on_the_rules_of_its_day() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let lead = pb::OpenLeadRequest {
        request_id: request_id(),
        source: pb::LeadSource::PlatformVerdict.into(),
        account: Some(crate::house::account("weibo", "u-2020")),
        violation: "FALSE-INFO-PLATFORM".into(),
        reasons: "被举报人言论构成“发布不实信息”".into(),
        published_at: Some(timestamp(crate::house::time("2020-03-01T14:30:00Z"))),
        region: "310000".into(),
        ..Default::default()
    };
    let lead_id = house.officers.open_lead(by(officer("a"), lead)).await.unwrap().into_inner().lead.unwrap().lead_id;
    house.officers.accept_lead(by(officer("a"), accept(&lead_id))).await.unwrap();
    let case_id =
        house.officers.open_case(by(officer("a"), open(&lead_id))).await.unwrap().into_inner().case.unwrap().case_id;
    let credit = pb::MeasureChoice { points: 10, ..measure("u-2020", "CREDIT_DEDUCTED", 0) };
    let verdict = [credit, measure("u-2020", "MUTED", 15), measure("u-2020", "FOLLOW_BANNED", 15)];
    let by_s1 = house.officers.serve_notice(by(officer("a"), house.notice(&case_id, &verdict))).await;
    assert_eq!(refused(by_s1), (Code::FailedPrecondition, "BASIS_NOT_IN_FORCE".into()));
    let by_weibo = pb::ServeNoticeRequest { legal_bases: vec!["WEIBO-19".into()], ..house.notice(&case_id, &verdict) };
    house.officers.serve_notice(by(officer("a"), by_weibo)).await.unwrap();
    house.officers.add_evidence(by(officer("a"), evidence(&case_id, "verdict"))).await.unwrap();
    house.officers.waive_statement(by(officer("a"), waive(&case_id))).await.unwrap();
    let request = pb::ProposeDecisionRequest { legal_bases: vec!["WEIBO-19".into()], ..propose(&case_id, &verdict) };
    let proposed = house.officers.propose_decision(by(officer("a"), request)).await.unwrap().into_inner().case.unwrap();
    assert_eq!(proposed.decision.unwrap().measures.len(), 3);
    house.close().await;
}

/// Four eyes, jurisdiction, and the order of the procedure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_procedure_cannot_be_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let measures = [measure("u-1", "MUTED", 7)];
    let (lead_id, _) = house.refer("u-1", "V-05", "视频").await;
    assert_eq!(refused(house.officers.open_case(by(officer("a"), open(&lead_id))).await).1, "LEAD_NOT_ACCEPTED");
    house.officers.accept_lead(by(officer("a"), accept(&lead_id))).await.unwrap();
    let alone = pb::OpenCaseRequest { officers: vec!["a".into(), "a".into()], ..open(&lead_id) };
    assert_eq!(
        refused(house.officers.open_case(by(officer("a"), alone)).await),
        (Code::InvalidArgument, "TOO_FEW_OFFICERS".into())
    );
    let case_id =
        house.officers.open_case(by(officer("a"), open(&lead_id))).await.unwrap().into_inner().case.unwrap().case_id;
    let untold = house.officers.propose_decision(by(officer("a"), propose(&case_id, &measures))).await;
    assert_eq!(refused(untold).1, "NOT_SERVED");
    house.officers.serve_notice(by(officer("a"), house.notice(&case_id, &measures))).await.unwrap();
    let no_evidence = house.officers.propose_decision(by(officer("a"), propose(&case_id, &measures))).await;
    assert_eq!(refused(no_evidence).1, "EVIDENCE_MISSING");
    house.officers.add_evidence(by(officer("a"), evidence(&case_id, "1"))).await.unwrap();
    assert_eq!(
        refused(house.officers.add_evidence(by(officer("a"), evidence(&case_id, "1"))).await).1,
        "EVIDENCE_ALREADY_HELD"
    );
    let unheard = house.officers.propose_decision(by(officer("a"), propose(&case_id, &measures))).await;
    assert_eq!(refused(unheard).1, "NOT_HEARD");
    house.officers.waive_statement(by(officer("a"), waive(&case_id))).await.unwrap();
    let heavier = [measure("u-1", "ACCOUNT_CLOSED", 0)];
    let heavier = house.officers.propose_decision(by(officer("a"), propose(&case_id, &heavier))).await;
    assert_eq!(refused(heavier).1, "HEAVIER_AFTER_DEFENCE");
    let elsewhere = house.officers.propose_decision(by(health("h"), propose(&case_id, &measures))).await;
    assert_eq!(refused(elsewhere), (Code::PermissionDenied, "NOT_HOLDING_AGENCY".into()));
    let proposed =
        house.officers.propose_decision(by(officer("a"), propose(&case_id, &measures))).await.unwrap().into_inner();
    let decision_id = proposed.case.unwrap().decision.unwrap().decision_id;
    let own = house.officers.confirm_decision(by(officer("a"), confirm(&case_id, &decision_id))).await;
    assert_eq!(refused(own), (Code::PermissionDenied, "SAME_OFFICER".into()));
    house.officers.confirm_decision(by(officer("b"), confirm(&case_id, &decision_id))).await.unwrap();
    let filed =
        house.officers.file_appeal(by(officer("a"), crate::house::file_appeal(&case_id))).await.unwrap().into_inner();
    let decide = pb::DecideAppealRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        appeal_id: filed.case.unwrap().appeals[0].appeal_id.clone(),
        outcome: pb::AppealOutcome::Rejected.into(),
        reasons: "维持".into(),
        ..Default::default()
    };
    assert_eq!(
        refused(house.officers.decide_appeal(by(reviewer("b"), decide)).await),
        (Code::PermissionDenied, "SAME_OFFICER".into())
    );
    house.verify().await;
    house.close().await;
}

/// Bad input names its fields; a repeated request has one effect; an old etag and a mere check have none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_names_its_field_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let case_id = house.told("u-1", "V-05", &[measure("u-1", "MUTED", 7)]).await;
    let before = house.head().await;
    let strange = [
        (measure("u-1", "FLOGGED", 7), "measures[0].measure"),
        (measure("u-1", "MUTED", 0), "measures[0].days"),
        (measure("u-1", "ACCOUNT_CLOSED", 7), "measures[0].days"),
        (crate::house::on("friendster", "u-1", "MUTED", 7), "measures[0].account.platform"),
    ];
    for (choice, field) in strange {
        let answer = house.officers.serve_notice(by(officer("a"), house.notice(&case_id, &[choice]))).await;
        assert_eq!(violated(answer), [field]);
    }
    let other = pb::ServeNoticeRequest {
        legal_bases: vec!["S9-99".into()],
        ..house.notice(&case_id, &[measure("u-1", "MUTED", 7)])
    };
    assert_eq!(violated(house.officers.serve_notice(by(officer("a"), other)).await), ["legal_bases[0]"]);
    let future = pb::ServeNoticeRequest {
        served_at: Some(timestamp(crate::house::time(crate::house::START) + TimeDelta::days(1))),
        ..house.notice(&case_id, &[measure("u-1", "MUTED", 7)])
    };
    assert_eq!(violated(house.officers.serve_notice(by(officer("a"), future)).await), ["served_at"]);
    let order_by = pb::ListCasesRequest { order_by: "colour".into(), ..Default::default() };
    let recorded = house.officers.list_cases(by(officer("a"), order_by)).await;
    assert_eq!(violated(recorded), ["order_by"]);
    let missing = pb::GetCaseRequest { case_id: request_id(), ..Default::default() };
    assert_eq!(
        refused(house.officers.get_case(by(officer("a"), missing)).await),
        (Code::NotFound, "CASE_NOT_FOUND".into())
    );

    let stale = pb::AddEvidenceRequest { etag: "0".into(), ..evidence(&case_id, "2") };
    assert_eq!(refused(house.officers.add_evidence(by(officer("a"), stale)).await).1, "STALE_ETAG");
    let check = pb::AddEvidenceRequest { validate_only: true, ..evidence(&case_id, "2") };
    let checked = house.officers.add_evidence(by(officer("a"), check)).await.unwrap().into_inner();
    assert_eq!(checked.case.unwrap().evidence.len(), 2);
    assert_eq!(house.case(&case_id).await.evidence.len(), 1, "a check writes nothing");
    let request = evidence(&case_id, "2");
    let first = house.officers.add_evidence(by(officer("a"), request.clone())).await.unwrap().into_inner();
    let second = house.officers.add_evidence(by(officer("a"), request.clone())).await.unwrap().into_inner();
    assert_eq!(first.position, second.position);
    let reused = pb::AddEvidenceRequest { description: "别的".into(), ..request };
    assert_eq!(
        refused(house.officers.add_evidence(by(officer("a"), reused)).await),
        (Code::AlreadyExists, "REQUEST_ID_REUSED".into())
    );
    // Reads are written down, and nothing else was but one piece of evidence.
    let history = pb::ListCaseHistoryRequest { case_id: case_id.clone(), ..Default::default() };
    let entries = house.officers.list_case_history(by(officer("a"), history)).await.unwrap().into_inner().entries;
    assert_eq!(entries.iter().filter(|entry| entry.position > before).count(), 1);
    house.verify().await;
    house.close().await;
}

/// X07, X09: a window for an appeal that runs from service cannot be over before anybody knows of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn service_is_not_dated_back() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let measures = [measure("u-1", "MUTED", 7)];
    let case_id = house.told("u-1", "V-05", &measures).await;
    house.officers.waive_statement(by(officer("a"), waive(&case_id))).await.unwrap();
    let proposed = house.officers.propose_decision(by(officer("a"), propose(&case_id, &measures))).await.unwrap();
    let decision_id = proposed.into_inner().case.unwrap().decision.unwrap().decision_id;
    house.officers.confirm_decision(by(officer("b"), confirm(&case_id, &decision_id))).await.unwrap();
    let decided_at = house.clock.now();
    let served =
        |served_at| pb::RecordServiceRequest { served_at: Some(timestamp(served_at)), ..house.service(&case_id) };
    let early = house.officers.record_service(by(officer("a"), served(decided_at - TimeDelta::hours(1)))).await;
    assert_eq!(refused(early), (Code::InvalidArgument, "SERVED_BEFORE_DECISION".into()));
    house.clock.turn_by(TimeDelta::days(30));
    let long_ago = house.officers.record_service(by(officer("a"), served(decided_at))).await;
    assert_eq!(refused(long_ago), (Code::InvalidArgument, "SERVED_TOO_LONG_AGO".into()));
    assert!(house.case(&case_id).await.decision.unwrap().served_at.is_none(), "nothing came of it");
    house.officers.record_service(by(officer("a"), house.service(&case_id))).await.unwrap();
    house.close().await;
}
