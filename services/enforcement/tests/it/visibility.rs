//! Who may know of a lead, a case, an order: one by one, in lists, in histories; and what a refusal tells.

use casebook_authz::Principal;
use casebook_kernel::AgencyKind;
use casebook_kernel::ids::AccountId;
use casebook_proto::common::v1::Role;
use casebook_proto::enforcement::v1 as pb;
use casebook_proto::enforcement::v1::enforcement_service_server::EnforcementService as _;
use tonic::Code;

use crate::house::{
    House, accept, account, auditor, by, confirm, evidence, file_appeal, health, measure, officer, on, open,
    operator_of, principal, propose, refused, request_id, reviewer, waive,
};

fn agency(id: &str, kind: AgencyKind) -> Principal {
    let region = id.rsplit_once('-').unwrap().1;
    principal(id, "x", Some(kind), region, Role::CaseOfficer)
}

/// What a caller finds: by id, in the history, in the list. The three agree, or the test fails.
async fn finds(house: &House, who: &Principal, ids: [&str; 3]) -> [bool; 3] {
    let [lead_id, case_id, order_id] = ids.map(str::to_owned);
    let at_least_position = house.head().await;
    /// Whether a read finds something; where it does not, it says no more than that there is nothing.
    macro_rules! found {
        ($method:ident, $request:expr, $reason:literal) => {
            match house.officers.$method(by(who.clone(), $request)).await {
                Ok(_) => true,
                refusal => {
                    assert_eq!(refused(refusal), (Code::NotFound, $reason.to_owned()));
                    false
                }
            }
        };
    }
    macro_rules! listed {
        ($method:ident, $request:ident, $field:ident, $id:ident) => {{
            let request = pb::$request { at_least_position, ..Default::default() };
            let listed = house.officers.$method(by(who.clone(), request)).await.unwrap().into_inner().$field;
            listed.iter().any(|one| one.$id == $id)
        }};
    }
    let one = [
        found!(get_lead, pb::GetLeadRequest { lead_id: lead_id.clone(), ..Default::default() }, "LEAD_NOT_FOUND"),
        found!(get_case, pb::GetCaseRequest { case_id: case_id.clone(), ..Default::default() }, "CASE_NOT_FOUND"),
        found!(get_order, pb::GetOrderRequest { order_id: order_id.clone(), ..Default::default() }, "ORDER_NOT_FOUND"),
    ];
    let history = [
        found!(
            list_lead_history,
            pb::ListLeadHistoryRequest { lead_id: lead_id.clone(), ..Default::default() },
            "LEAD_NOT_FOUND"
        ),
        found!(
            list_case_history,
            pb::ListCaseHistoryRequest { case_id: case_id.clone(), ..Default::default() },
            "CASE_NOT_FOUND"
        ),
        found!(
            list_order_history,
            pb::ListOrderHistoryRequest { order_id: order_id.clone(), ..Default::default() },
            "ORDER_NOT_FOUND"
        ),
    ];
    let lists = [
        listed!(list_leads, ListLeadsRequest, leads, lead_id),
        listed!(list_cases, ListCasesRequest, cases, case_id),
        listed!(list_orders, ListOrdersRequest, orders, order_id),
    ];
    assert_eq!((one, history), (lists, lists), "rows and the log agree on what {:?} sees", who.actor);
    one
}

/// R80, R93: superiors and agencies of the place see what they are competent for, parties see their own, nobody else
/// sees anything, and nobody is told that there is something.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_what_concerns_them() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    // In Pudong (310115); V-05 is for cyberspace, health and TCM, AD-DRUG for market and cyberspace.
    let case = house.decided("u-1", "V-05", &[measure("u-1", "MUTED", 7)]).await;
    let ids = [case.lead_id.as_str(), case.case_id.as_str(), case.orders[0].order_id.as_str()];
    let no_kind = principal("cac-310000", "x", None, "310000", Role::CaseOfficer);
    let stranger = principal("office-000000", "x", None, "000000", Role::AppealOfficer);
    let everything = [true; 3];
    let nothing = [false; 3];
    for (who, sees) in [
        (auditor(), everything),
        (officer("z"), everything),
        (reviewer("d"), everything),
        // Its own agency, whatever else the token leaves out.
        (no_kind, everything),
        (health("h"), everything),
        (agency("cac-000000", AgencyKind::Cyberspace), everything),
        (agency("tcm-310000", AgencyKind::Tcm), everything),
        (agency("health-310115", AgencyKind::Health), everything),
        (agency("cac-310104", AgencyKind::Cyberspace), nothing),
        (agency("cac-330000", AgencyKind::Cyberspace), nothing),
        (agency("market-310000", AgencyKind::Market), nothing),
        (agency("market-000000", AgencyKind::Market), nothing),
        (stranger, nothing),
    ] {
        assert_eq!(finds(&house, &who, ids).await, sees, "{:?}", who.actor);
    }

    // Offered the case, an agency elsewhere may look at it and its orders, and still may when it has declined.
    let far = agency("market-330000", AgencyKind::Market);
    assert_eq!(finds(&house, &far, ids).await, nothing);
    let offer = pb::OfferTransferRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        to_agency: "market-330000".into(),
        reasons: "商业营销".into(),
        ..Default::default()
    };
    house.officers.offer_transfer(by(officer("a"), offer)).await.unwrap();
    assert_eq!(finds(&house, &far, ids).await, [false, true, true]);
    // Also as it was before: who may know is a matter of now.
    let before =
        pb::GetCaseRequest { case_id: case.case_id.clone(), as_of_time: case.create_time, ..Default::default() };
    house.officers.get_case(by(far.clone(), before)).await.unwrap();
    let decline = pb::DeclineTransferRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        reasons: "不属本部门".into(),
        ..Default::default()
    };
    house.officers.decline_transfer(by(far.clone(), decline)).await.unwrap();
    assert_eq!(finds(&house, &far, ids).await, [false, true, true]);
    house.verify().await;
    house.close().await;
}

/// A page's token is its caller's: another sight is another list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_paged_within_a_sight() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    for (uid, violation) in [("u-1", "V-05"), ("u-2", "AD-DRUG"), ("u-3", "V-05"), ("u-4", "AD-DRUG"), ("u-5", "V-05")]
    {
        house.refer(uid, violation, &format!("{uid} 视频")).await;
    }
    let at_least_position = house.head().await;
    let page = |page_token: &str| pb::ListLeadsRequest {
        page_size: 2,
        page_token: page_token.to_owned(),
        at_least_position,
        ..Default::default()
    };
    let first = house.officers.list_leads(by(health("h"), page(""))).await.unwrap().into_inner();
    let second = house.officers.list_leads(by(health("h"), page(&first.next_page_token))).await.unwrap().into_inner();
    let uids: Vec<_> = first.leads.iter().chain(&second.leads).map(|lead| lead.account.clone().unwrap()).collect();
    assert_eq!(uids, ["u-1", "u-3", "u-5"].map(|uid| account("weibo", uid)));
    assert!(second.next_page_token.is_empty());
    let others = house.officers.list_leads(by(auditor(), page(&first.next_page_token))).await;
    assert_eq!(crate::house::violated(others), ["page_token"]);
    house.close().await;
}

/// Whoever may not know of it is not refused by who holds it or who should answer: there is nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_tells_nothing_to_who_may_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let measures = [measure("u-1", "MUTED", 7)];
    let case = house.decided("u-1", "V-05", &measures).await;
    let (lead_id, _) = house.refer("u-9", "V-05", "另一条视频").await;
    let (id, order_id) = (case.case_id.as_str(), case.orders[0].order_id.clone());
    let before = house.head().await;
    let market = || agency("market-310000", AgencyKind::Market);
    let no_case = (Code::NotFound, "CASE_NOT_FOUND".to_owned());
    let house = &house;
    macro_rules! refusal {
        ($method:ident, $request:expr) => {
            refused(house.officers.$method(by(market(), $request)).await)
        };
    }
    assert_eq!(refusal!(add_evidence, evidence(id, "x")), no_case);
    assert_eq!(refusal!(serve_notice, house.notice(id, &measures)), no_case);
    assert_eq!(refusal!(waive_statement, waive(id)), no_case);
    assert_eq!(refusal!(propose_decision, propose(id, &measures)), no_case);
    assert_eq!(refusal!(confirm_decision, confirm(id, &request_id())), no_case);
    assert_eq!(refusal!(file_appeal, file_appeal(id)), no_case);
    let accept_transfer = pb::AcceptTransferRequest {
        request_id: request_id(),
        case_id: id.into(),
        officers: vec!["x".into(), "y".into()],
        ..Default::default()
    };
    assert_eq!(refusal!(accept_transfer, accept_transfer), no_case);
    let cancel =
        pb::CancelOrderRequest { request_id: request_id(), order_id, reasons: "x".into(), ..Default::default() };
    assert_eq!(refusal!(cancel_order, cancel), (Code::NotFound, "ORDER_NOT_FOUND".to_owned()));
    let no_lead = (Code::NotFound, "LEAD_NOT_FOUND".to_owned());
    assert_eq!(refusal!(accept_lead, accept(&lead_id)), no_lead);
    assert_eq!(refusal!(open_case, open(&lead_id)), no_lead);
    let far = agency("cac-330000", AgencyKind::Cyberspace);
    assert_eq!(refused(house.officers.accept_lead(by(far, accept(&lead_id))).await), no_lead);
    // A lead that the caller may not know of is no lead to be a duplicate of.
    let (own, _) = house.refer("u-8", "AD-DRUG", "推广药品").await;
    let decline = pb::DeclineLeadRequest {
        request_id: request_id(),
        lead_id: own,
        reasons: "重复".into(),
        duplicate_of: lead_id,
        ..Default::default()
    };
    let answer = house.officers.decline_lead(by(market(), decline)).await;
    assert_eq!(crate::house::violated(answer), ["duplicate_of"]);
    // Who may know of it, and does not hold it, is told so.
    let other = house.officers.add_evidence(by(health("h"), evidence(id, "y"))).await;
    assert_eq!(refused(other), (Code::PermissionDenied, "NOT_HOLDING_AGENCY".to_owned()));
    let now = house.case(id).await;
    assert_eq!((now.etag, now.evidence.len()), (case.etag, 1), "nothing came of it after {before}");
}

/// R92, R93: the ladder counts what others decided, and does not show it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recommendation_shows_what_the_agency_may_know() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let first = house.recommended("u-1", "V-05").await;
    let case = house.decided("u-1", "V-05", &[measure("u-1", &first.measure, first.days)]).await;
    house.execute(&case.orders[0].order_id).await;
    let at_least_position = house.head().await;
    let request = |violation: &str| pb::RecommendMeasuresRequest {
        account: Some(account("weibo", "u-1")),
        violation: violation.into(),
        at_least_position,
    };
    let near = house.officers.recommend_measures(by(officer("z"), request("V-05"))).await.unwrap().into_inner();
    let far = agency("cac-330000", AgencyKind::Cyberspace);
    let far = house.officers.recommend_measures(by(far, request("V-05"))).await.unwrap().into_inner();
    assert_eq!((near.history.len(), far.history.len()), (1, 0));
    assert_eq!(near.recommendation, far.recommendation);
    assert_eq!(far.recommendation.unwrap().earlier_rung, first.rung);
    let market = agency("market-310000", AgencyKind::Market);
    let refusal = house.officers.recommend_measures(by(market, request("V-05"))).await;
    assert_eq!(refused(refusal), (Code::PermissionDenied, "NO_JURISDICTION".to_owned()));
    house.close().await;
}

/// 行政处罚法 art. 45: the subject answers and appeals by its own token; the case of somebody else does not exist for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_acts_in_cases_about_its_account() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let measures = [measure("u-1", "MUTED", 7)];
    let case_id = house.told("u-1", "V-05", &measures).await;
    let state = || pb::RecordStatementRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        summary: "视频系转载".into(),
        ..Default::default()
    };
    let unbound = principal("subject-1", "operator-1", None, "310000", Role::Subject);
    let posing = principal("cac-310000", "operator-1", Some(AgencyKind::Cyberspace), "310000", Role::Subject);
    let no_case = (Code::NotFound, "CASE_NOT_FOUND".to_owned());
    for other in [operator_of("weibo", "u-2"), operator_of("douyin", "u-1"), unbound, posing] {
        assert_eq!(refused(house.officers.record_statement(by(other.clone(), state())).await), no_case);
        assert_eq!(refused(house.officers.waive_statement(by(other.clone(), waive(&case_id))).await), no_case);
        assert_eq!(refused(house.officers.file_appeal(by(other, file_appeal(&case_id))).await), no_case);
    }
    let own = operator_of("weibo", "u-1");
    assert_eq!(own.subject(), Some(AccountId::of("weibo", "u-1")));
    let heard = house.officers.record_statement(by(own.clone(), state())).await.unwrap().into_inner().case.unwrap();
    assert_eq!((heard.stage(), heard.statements.len()), (pb::CaseStage::Heard, 1));
    let proposed =
        house.officers.propose_decision(by(officer("a"), propose(&case_id, &measures))).await.unwrap().into_inner();
    let decision_id = proposed.case.unwrap().decision.unwrap().decision_id;
    house.officers.confirm_decision(by(officer("b"), confirm(&case_id, &decision_id))).await.unwrap();
    let other = house.officers.file_appeal(by(operator_of("weibo", "u-2"), file_appeal(&case_id))).await;
    assert_eq!(refused(other), no_case);
    let filed = house.officers.file_appeal(by(own, file_appeal(&case_id))).await.unwrap().into_inner();
    assert_eq!(filed.case.unwrap().stage(), pb::CaseStage::UnderAppeal);
    house.verify().await;
    house.close().await;
}

/// What remains of a case for the operator of `own`, before its act: all that it was told, and nothing else.
fn told_to(own: &pb::AccountRef, full: &pb::Case) -> pb::Case {
    let own_measures = |measures: &[pb::Measure]| -> Vec<pb::Measure> {
        let own = measures.iter().filter(|measure| measure.account.as_ref() == Some(own)).cloned();
        own.map(|measure| pb::Measure { order_id: String::new(), ..measure }).collect()
    };
    let notice = full.notice.clone().map(|notice| pb::Notice {
        measures: own_measures(&notice.measures),
        served_by: String::new(),
        ..notice
    });
    let served = full.decision.clone().filter(|decision| decision.served_at.is_some());
    let decision = served.map(|decision| pb::Decision {
        measures: own_measures(&decision.measures),
        proposer: String::new(),
        confirmer: String::new(),
        recommended: vec![],
        departure_reason: String::new(),
        statement_id: String::new(),
        proposed_at: None,
        ..decision
    });
    pb::Case {
        case_id: full.case_id.clone(),
        stage: full.stage,
        instrument: full.instrument,
        accounts: vec![own.clone()],
        violation: full.violation.clone(),
        agency: full.agency.clone(),
        notice,
        decision,
        etag: full.etag.clone(),
        update_time: full.update_time,
        ..Default::default()
    }
}

/// 行政处罚法 art. 44, 45, 61: a subject is told what it was served and what was taken down of its own act. Officers,
/// evidence, proposals, orders, transfers, what others said and their accounts are not in its replies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_is_told_of_its_own_act_and_of_what_it_was_served() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let measures = [measure("u-1", "MUTED", 7), on("douyin", "d-1", "MUTED", 7)];
    let case_id = house.told("u-1", "V-05", &measures).await;
    let (own, other) = (operator_of("weibo", "u-1"), operator_of("douyin", "d-1"));
    let state = |summary: &str| pb::RecordStatementRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        summary: summary.into(),
        ..Default::default()
    };
    house.officers.waive_statement(by(other, pb::WaiveStatementRequest { ..waive(&case_id) })).await.unwrap();
    let elsewhere = operator_of("douyin", "d-1");
    house.officers.record_statement(by(elsewhere, state("与本账号无关"))).await.unwrap();
    let request = state("视频系转载");
    let reply = house.officers.record_statement(by(own.clone(), request.clone())).await.unwrap().into_inner();
    let full = house.case(&case_id).await;
    assert_eq!(full.statements.len(), 2);
    let expected = pb::Case { statements: full.statements[1..].to_vec(), ..told_to(&account("weibo", "u-1"), &full) };
    assert_eq!(reply.case, Some(expected.clone()));

    // A proposal waits and a decision is not served: neither is told when the request comes again.
    let proposed = house.officers.propose_decision(by(officer("a"), propose(&case_id, &measures))).await.unwrap();
    let decision_id = proposed.into_inner().case.unwrap().decision.unwrap().decision_id;
    house.officers.confirm_decision(by(officer("b"), confirm(&case_id, &decision_id))).await.unwrap();
    let again = house.officers.record_statement(by(own.clone(), request)).await.unwrap().into_inner();
    assert_eq!((again.case, again.position), (Some(expected), reply.position));
    let rehearsed = pb::FileAppealRequest { validate_only: true, ..file_appeal(&case_id) };
    let rehearsed = house.officers.file_appeal(by(own.clone(), rehearsed)).await.unwrap().into_inner().case.unwrap();
    assert_eq!((rehearsed.stage(), rehearsed.decision), (pb::CaseStage::UnderAppeal, None));

    house.officers.record_service(by(officer("a"), house.service(&case_id))).await.unwrap();
    let filed = house.officers.file_appeal(by(own, file_appeal(&case_id))).await.unwrap().into_inner().case.unwrap();
    house.rest().await;
    let full = house.case(&case_id).await;
    let appeal = pb::Appeal { filed_by: String::new(), ..full.appeals[0].clone() };
    let told = told_to(&account("weibo", "u-1"), &full);
    assert!(
        told.decision.as_ref().is_some_and(|decision| decision.appeal_until.is_some() && decision.measures.len() == 1)
    );
    assert_eq!(
        filed,
        pb::Case { appeals: vec![appeal], etag: filed.etag.clone(), update_time: filed.update_time, ..told }
    );
    house.close().await;
}

/// The same for a waiver; an officer who writes one down sees the case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_that_waives_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let case_id = house.told("u-1", "V-05", &[measure("u-1", "MUTED", 7)]).await;
    let waived = house.officers.waive_statement(by(operator_of("weibo", "u-1"), waive(&case_id))).await.unwrap();
    let full = house.case(&case_id).await;
    let expected = pb::Case { statement_waived: true, ..told_to(&account("weibo", "u-1"), &full) };
    assert_eq!(waived.into_inner().case, Some(expected));
    let case_id = house.told("u-2", "V-05", &[measure("u-2", "MUTED", 7)]).await;
    let waived = house.officers.waive_statement(by(officer("a"), waive(&case_id))).await.unwrap();
    assert_eq!(waived.into_inner().case, Some(house.case(&case_id).await));
    house.close().await;
}
