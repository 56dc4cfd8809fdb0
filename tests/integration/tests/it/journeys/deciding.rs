//! How a case comes to its decision: leads, notice, hearing, two officers, the ladder, and what a decision may rest on.

use casebook_kernel::AgencyKind;
use casebook_proto::common::v1::Role;
use casebook_proto::enforcement::v1::{self as pb, CaseStage, LeadState};
use casebook_proto::{moment, timestamp};
use chrono::TimeDelta;
use tonic::Code;

use super::docket::{Docket, account, denied, execute, lead_on, measure, mute, not_now, refused};
use super::people::{AGENCY, appeal_officer, officer, officer_of};
use super::{Journey, people, request_id};

pub const CALLS: &[&str] = &[
    "EnforcementService/AcceptLead",
    "EnforcementService/AddEvidence",
    "EnforcementService/CloseCase",
    "EnforcementService/ConfirmDecision",
    "EnforcementService/DeclineLead",
    "EnforcementService/GetCase",
    "EnforcementService/GetLead",
    "EnforcementService/GetOrder",
    "EnforcementService/ListCaseHistory",
    "EnforcementService/ListCases",
    "EnforcementService/ListLeadHistory",
    "EnforcementService/ListLeads",
    "EnforcementService/OpenCase",
    "EnforcementService/OpenLead",
    "EnforcementService/ProposeDecision",
    "EnforcementService/RecommendMeasures",
    "EnforcementService/RecordService",
    "EnforcementService/RecordStatement",
    "EnforcementService/RejectProposal",
    "EnforcementService/ReopenCase",
    "EnforcementService/ServeNotice",
    "EnforcementService/WaiveStatement",
    "PlatformService/ReportReceipt",
];

/// R87: its ladder starts at rung 3, the revocation of monetisation.
const SERIOUS: &str = "V-01";

/// 行政处罚法 art. 9, 16, 38, 42, 44, 45, 57, 62 as the platform-measure track borrows its fairness from them; R91-R93.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn officers_decide_cases() {
    let journey = Journey::begin().await;
    leads_are_taken_up_or_declined(&journey).await;
    a_case_is_opened_by_who_is_competent(&journey).await;
    nothing_is_decided_before_the_subject_was_heard(&journey).await;
    two_officers_decide(&journey).await;
    the_ladder_is_no_penalty(&journey).await;
    nothing_heavier_follows_from_a_defence(&journey).await;
    no_platform_is_asked_for_what_it_cannot_do(&journey).await;
    the_ladder_climbs_and_a_departure_says_why(&journey).await;
    what_cannot_be_undone_is_confirmed_twice(&journey).await;
    a_case_without_facts_is_closed_and_opened_again(&journey).await;
    journey.end(CALLS).await;
}

/// A lead has no effect until somebody takes it up; two leads on one text are one matter.
async fn leads_are_taken_up_or_declined(journey: &Journey) {
    let at = account("weibo", "d-lead");
    let desk = journey.desk(officer("officer-1"));
    let mut enforcement = desk.enforcement();
    let of_text = || pb::OpenLeadRequest { item_sha256: "1".repeat(64), ..lead_on(journey, &at, SERIOUS) };
    let mut leads = Vec::new();
    for _ in 0..2 {
        let lead = enforcement.open_lead(of_text()).await.expect("a lead").into_inner().lead.expect("a lead");
        assert_eq!(lead.state(), LeadState::Received);
        leads.push(lead);
    }
    let accept = |lead: &pb::Lead| pb::AcceptLeadRequest {
        request_id: request_id(),
        lead_id: lead.lead_id.clone(),
        reasons: "线索清楚".into(),
        ..Default::default()
    };
    let far = journey.desk(far_officer());
    let unknown = (Code::NotFound, "LEAD_NOT_FOUND".to_owned());
    assert_eq!(
        refused(far.enforcement().accept_lead(accept(&leads[0])).await),
        unknown,
        "not there for another province"
    );
    enforcement.accept_lead(accept(&leads[0])).await.expect("taken up");
    let duplicate = (Code::AlreadyExists, "DUPLICATE_OF".to_owned());
    assert_eq!(refused(enforcement.accept_lead(accept(&leads[1])).await), duplicate);
    let decline = pb::DeclineLeadRequest {
        request_id: request_id(),
        lead_id: leads[1].lead_id.clone(),
        reasons: "与已受理线索重复".into(),
        duplicate_of: leads[0].lead_id.clone(),
        ..Default::default()
    };
    let declined = enforcement.decline_lead(decline).await.expect("declined").into_inner();
    let get = pb::GetLeadRequest { lead_id: leads[1].lead_id.clone(), ..Default::default() };
    let seen = enforcement.get_lead(get).await.expect("there").into_inner().lead.expect("the lead");
    assert_eq!((seen.state(), &seen.duplicate_of), (LeadState::Declined, &leads[0].lead_id));
    let list = pb::ListLeadsRequest {
        platform: at.platform.clone(),
        platform_uid: at.platform_uid.clone(),
        state: LeadState::Declined.into(),
        at_least_position: declined.position,
        ..Default::default()
    };
    assert_eq!(enforcement.list_leads(list).await.expect("listed").into_inner().leads, [seen]);
    let history = pb::ListLeadHistoryRequest { lead_id: leads[1].lead_id.clone(), ..Default::default() };
    let history = enforcement.list_lead_history(history).await.expect("a history").into_inner().entries;
    let types: Vec<_> = history.iter().filter_map(|entry| entry.event_type.rsplit('.').next()).collect();
    assert_eq!(types, ["LeadOpened", "LeadDeclined"]);
}

/// Somebody of another province.
fn far_officer() -> casebook_authz::Principal {
    let mut far = officer_of("cac-310000", AgencyKind::Cyberspace, "officer-1", Role::CaseOfficer);
    far.actor.region = "310000".parse().expect("a region");
    far
}

/// R93: by the violation and the region; 行政处罚法 art. 42: by two officers.
async fn a_case_is_opened_by_who_is_competent(journey: &Journey) {
    let at = account("weibo", "d-open");
    let desk = journey.desk(officer("officer-1"));
    let mut enforcement = desk.enforcement();
    let lead = enforcement.open_lead(lead_on(journey, &at, "AD-DRUG")).await.expect("a lead").into_inner().lead;
    let lead_id = lead.expect("a lead").lead_id;
    let open = |officers: &[&str]| pb::OpenCaseRequest {
        request_id: request_id(),
        lead_id: lead_id.clone(),
        instrument: pb::Instrument::PlatformMeasureRequest.into(),
        officers: officers.iter().map(ToString::to_string).collect(),
        ..Default::default()
    };
    assert_eq!(refused(enforcement.open_case(open(&["officer-1", "officer-2"])).await), not_now("LEAD_NOT_ACCEPTED"));
    let accept = pb::AcceptLeadRequest {
        request_id: request_id(),
        lead_id: lead_id.clone(),
        reasons: "受理".into(),
        ..Default::default()
    };
    enforcement.accept_lead(accept).await.expect("taken up");
    assert_eq!(refused(enforcement.open_case(open(&["officer-1"])).await).1, "TOO_FEW_OFFICERS");
    assert_eq!(refused(enforcement.open_case(open(&["officer-1", "officer-1"])).await).1, "TOO_FEW_OFFICERS");
    // 广告 is for the market regulators and the cyberspace offices: for others the lead is not there.
    let health = journey.desk(officer_of("health-330000", AgencyKind::Health, "officer-h", Role::CaseOfficer));
    let unknown = (Code::NotFound, "LEAD_NOT_FOUND".to_owned());
    assert_eq!(refused(health.enforcement().open_case(open(&["officer-h", "officer-i"])).await), unknown);
    let beyond = pb::OpenCaseRequest { region: "310000".into(), ..open(&["officer-1", "officer-2"]) };
    assert_eq!(refused(enforcement.open_case(beyond).await).1, "REGION_OUTSIDE_LEAD");
    let market = journey.desk(officer_of("market-330000", AgencyKind::Market, "officer-m", Role::CaseOfficer));
    let by_market = market.enforcement().open_case(open(&["officer-m", "officer-n"])).await;
    assert_eq!(refused(by_market), denied("LEAD_WITH_ANOTHER_AGENCY"));
    let opened = enforcement.open_case(open(&["officer-1", "officer-2"])).await.expect("a case").into_inner();
    assert_eq!(opened.case.map(|case| case.agency).as_deref(), Some(AGENCY));
    assert_eq!(refused(enforcement.open_case(open(&["officer-1", "officer-2"])).await).1, "CASE_ALREADY_OPENED");
}

/// 行政处罚法 art. 44, 62: told first, then heard, or given the time for it.
async fn nothing_is_decided_before_the_subject_was_heard(journey: &Journey) {
    let at = account("weibo", "d-heard");
    let measures = [measure(&at, "MONETISATION_REVOKED")];
    let docket = Docket::open(journey, SERIOUS, std::slice::from_ref(&at)).await;
    let mut enforcement = docket.desk("officer-1").enforcement();
    assert_eq!(refused(enforcement.propose_decision(docket.proposal(&measures)).await), not_now("NOT_SERVED"));
    let told = docket.tell(&measures).await;
    assert_eq!(told.stage(), CaseStage::Told);
    assert_eq!(refused(enforcement.propose_decision(docket.proposal(&measures)).await), not_now("NOT_HEARD"));
    let statement = pb::RecordStatementRequest {
        request_id: request_id(),
        case_id: docket.case_id.clone(),
        summary: "已经删除，请求从轻".into(),
        ..Default::default()
    };
    let stranger = journey.desk(people::subject("weibo", "d-open"));
    let unknown = (Code::NotFound, "CASE_NOT_FOUND".to_owned());
    assert_eq!(refused(stranger.enforcement().record_statement(statement.clone()).await), unknown, "not its case");
    let subject = journey.desk(people::subject("weibo", "d-heard"));
    let heard =
        subject.enforcement().record_statement(statement).await.expect("heard").into_inner().case.expect("the case");
    assert_eq!((heard.stage(), heard.statements.len(), heard.statements[0].late), (CaseStage::Heard, 1, false));
    let proposed = docket.propose(docket.proposal(&measures)).await.decision.expect("a proposal");
    assert_eq!(proposed.statement_id, heard.statements[0].statement_id, "what was said is weighed");

    // Who says nothing has the whole window, and no more than it.
    let silent = Docket::open(journey, SERIOUS, &[account("weibo", "d-silent")]).await;
    let measures = [measure(&silent.accounts[0], "MONETISATION_REVOKED")];
    let notice = silent.tell(&measures).await.notice.expect("a notice");
    let answer_until = notice.answer_until.as_ref().and_then(moment).expect("an end");
    journey.world.clock.turn_to(answer_until - TimeDelta::microseconds(1));
    let mut enforcement = silent.desk("officer-1").enforcement();
    assert_eq!(refused(enforcement.propose_decision(silent.proposal(&measures)).await), not_now("NOT_HEARD"));
    journey.world.clock.turn_to(answer_until);
    silent.propose(silent.proposal(&measures)).await;
}

/// Four eyes: one officer cannot satisfy both roles; a proposal may be sent back; nobody decides twice.
async fn two_officers_decide(journey: &Journey) {
    let at = account("weibo", "d-eyes");
    let measures = [measure(&at, "MONETISATION_REVOKED")];
    let docket = Docket::open(journey, SERIOUS, &[at]).await;
    docket.tell(&measures).await;
    docket.waive().await;
    let proposed = docket.propose(docket.proposal(&measures)).await;
    let first_proposal = proposed.decision.expect("a proposal").decision_id;
    let (first, second) = (docket.desk("officer-1"), docket.desk("officer-2"));
    let confirmation = docket.confirmation().await;
    assert_eq!(refused(first.enforcement().confirm_decision(confirmation).await), denied("SAME_OFFICER"));
    let reject = pb::RejectProposalRequest {
        request_id: request_id(),
        case_id: docket.case_id.clone(),
        decision_id: first_proposal.clone(),
        reasons: "理由不充分".into(),
        ..Default::default()
    };
    let back = second.enforcement().reject_proposal(reject).await.expect("sent back").into_inner().case;
    assert_eq!(back.expect("the case").stage(), CaseStage::Heard);
    docket.propose(docket.proposal(&measures)).await;
    let confirmation = docket.confirmation().await;
    let stale =
        pb::ConfirmDecisionRequest { decision_id: first_proposal, request_id: request_id(), ..confirmation.clone() };
    assert_eq!(refused(second.enforcement().confirm_decision(stale).await), not_now("NO_SUCH_PROPOSAL"));
    let colleague = journey.desk(officer_of("cac-330600", AgencyKind::Cyberspace, "officer-2", Role::CaseOfficer));
    assert_eq!(
        refused(colleague.enforcement().confirm_decision(confirmation.clone()).await),
        denied("NOT_HOLDING_AGENCY")
    );
    let decided = second.enforcement().confirm_decision(confirmation).await.expect("confirmed").into_inner();
    let decision = decided.case.expect("the case").decision.expect("the decision");
    assert_eq!((decision.proposer.as_str(), decision.confirmer.as_str()), ("officer-1", "officer-2"));
    assert!(!decision.redress.is_empty() && decision.served_at.is_none(), "{decision:?}");
    let served = docket.serve().await.decision.expect("the decision");
    let served_at = served.served_at.as_ref().and_then(moment).expect("a time");
    let appeal_until = served.appeal_until.as_ref().and_then(moment).expect("a time");
    assert!(appeal_until > served_at + TimeDelta::days(15), "the day of service is not counted");

    let history = pb::ListCaseHistoryRequest { case_id: docket.case_id.clone(), ..Default::default() };
    let entries = first.enforcement().list_case_history(history).await.expect("a history").into_inner().entries;
    let revisions: Vec<u64> = entries.iter().map(|entry| entry.revision).collect();
    assert_eq!(revisions, (0..entries.len() as u64).collect::<Vec<_>>(), "no event is left out");
    let issued = entries.iter().find(|entry| entry.event_type.ends_with(".DecisionIssued")).expect("the decision");
    assert_eq!(issued.metadata.as_ref().map(|it| it.officer.as_str()), Some("officer-2"));
    let list = pb::ListCasesRequest {
        lead_id: docket.lead_id.clone(),
        at_least_position: decided.position,
        ..Default::default()
    };
    let listed = first.enforcement().list_cases(list).await.expect("listed").into_inner().cases;
    assert_eq!(listed.iter().map(|case| &case.case_id).collect::<Vec<_>>(), [&docket.case_id]);
}

/// domain.md section 0: S1 is a normative document and sets no penalty (行政处罚法 art. 16, 38).
async fn the_ladder_is_no_penalty(journey: &Journey) {
    let at = account("weibo", "d-penalty");
    let measures = [mute(&at, 15)];
    let docket = Docket::open(journey, SERIOUS, std::slice::from_ref(&at)).await;
    docket.tell(&measures).await;
    docket.waive().await;
    let mut enforcement = docket.desk("officer-1").enforcement();
    let penalty = |measures: &[pb::MeasureChoice]| pb::ProposeDecisionRequest {
        instrument: pb::Instrument::AdministrativePenalty.into(),
        ..docket.proposal(measures)
    };
    assert_eq!(refused(enforcement.propose_decision(penalty(&measures)).await), not_now("BASIS_CANNOT_SET_PENALTY"));
    let fine = penalty(&[measure(&at, "FINE")]);
    assert_eq!(refused(enforcement.propose_decision(fine).await), not_now("BASIS_CANNOT_SET_PENALTY"));
    let foreign = pb::ProposeDecisionRequest { legal_bases: vec!["PENALTY-9".into()], ..docket.proposal(&measures) };
    assert_eq!(refused(enforcement.propose_decision(foreign).await), not_now("BASIS_CANNOT_CARRY"));
    assert_eq!(docket.case().await.stage(), CaseStage::Heard, "nothing was proposed");
}

/// domain.md, Orders: a website has no followers to clear: nobody is told that they would be.
async fn no_platform_is_asked_for_what_it_cannot_do(journey: &Journey) {
    let at = account("website", "d-site");
    let docket = Docket::open(journey, SERIOUS, std::slice::from_ref(&at)).await;
    let told = docket.notice(&[measure(&at, "FOLLOWERS_CLEARED")]);
    let refusal = docket.desk("officer-1").enforcement().serve_notice(told).await;
    assert_eq!(refused(refusal), not_now("MEASURE_UNSUPPORTED"));
}

/// 行政处罚法 art. 45: a defence does not make it worse; more evidence may.
async fn nothing_heavier_follows_from_a_defence(journey: &Journey) {
    let at = account("weibo", "d-heavier");
    let docket = Docket::open(journey, SERIOUS, std::slice::from_ref(&at)).await;
    let (told, heavier) = ([mute(&at, 7)], [mute(&at, 30)]);
    docket.tell(&told).await;
    let desk = docket.desk("officer-1");
    let statement = pb::RecordStatementRequest {
        request_id: request_id(),
        case_id: docket.case_id.clone(),
        summary: "不是本人发布".into(),
        sha256: "7".repeat(64),
        stated_at: Some(timestamp(docket.now())),
        ..Default::default()
    };
    desk.enforcement().record_statement(statement).await.expect("heard");
    let worse = not_now("HEAVIER_AFTER_DEFENCE");
    assert_eq!(refused(desk.enforcement().propose_decision(docket.proposal(&heavier)).await), worse);
    assert_eq!(refused(desk.enforcement().serve_notice(docket.notice(&heavier)).await), worse);
    docket.add_evidence("b").await;
    let again = docket.tell(&heavier).await;
    assert_eq!(again.stage(), CaseStage::Told, "told of more, the subject may answer anew");
}

/// R92: the ladder recommends by violation and history; S1 §8 climbs from rung to rung.
async fn the_ladder_climbs_and_a_departure_says_why(journey: &Journey) {
    let at = account("weibo", "d-ladder");
    let recommend = |at_least_position| pb::RecommendMeasuresRequest {
        account: Some(at.clone()),
        violation: SERIOUS.into(),
        at_least_position,
    };
    let desk = journey.desk(officer("officer-1"));
    let first = desk.enforcement().recommend_measures(recommend(0)).await.expect("recommended").into_inner();
    let first_step = first.recommendation.expect("a recommendation");
    assert_eq!((first_step.rung, first_step.measure.as_str(), first_step.earlier_rung), (3, "MONETISATION_REVOKED", 0));
    assert!(first.history.is_empty());

    let measures = [mute(&at, 15)];
    let docket = Docket::open(journey, SERIOUS, std::slice::from_ref(&at)).await;
    docket.tell(&[mute(&at, 15), measure(&at, "MONETISATION_REVOKED")]).await;
    docket.waive().await;
    let silent = pb::ProposeDecisionRequest { departure_reason: String::new(), ..docket.proposal(&measures) };
    assert_eq!(refused(desk.enforcement().propose_decision(silent).await), not_now("STEP_SKIPPED_WITHOUT_REASON"));
    let milder = pb::ProposeDecisionRequest {
        departure_reason: String::new(),
        ..docket.proposal(&[measure(&at, "INTERACTIONS_REMOVED")])
    };
    assert_eq!(
        refused(desk.enforcement().propose_decision(milder).await),
        not_now("STEP_SKIPPED_WITHOUT_REASON"),
        "down as well"
    );

    let followed = Docket::decide(journey, SERIOUS, &[measure(&at, "MONETISATION_REVOKED")]).await;
    let order = followed.order("weibo", "MONETISATION_REVOKED").await;
    execute(journey, &order).await;
    let next = desk.enforcement().recommend_measures(recommend(journey.world.at_rest().await.0)).await;
    let next = next.expect("recommended").into_inner();
    let step = next.recommendation.expect("a recommendation");
    assert_eq!((step.rung, step.measure.as_str(), step.days, step.earlier_rung), (4, "MUTED", 15, 3));
    assert_eq!(next.history.iter().map(|order| &order.order_id).collect::<Vec<_>>(), [&order.order_id]);
}

/// domain.md section 3: followers are not recoverable: both officers say that they know.
async fn what_cannot_be_undone_is_confirmed_twice(journey: &Journey) {
    let at = account("weibo", "d-irreversible");
    let measures = [measure(&at, "FOLLOWERS_CLEARED")];
    let docket = Docket::open(journey, SERIOUS, &[at]).await;
    docket.tell(&measures).await;
    docket.waive().await;
    let unaware = pb::ProposeDecisionRequest { irreversible_confirmed: false, ..docket.proposal(&measures) };
    let not_confirmed = not_now("IRREVERSIBLE_NOT_CONFIRMED");
    assert_eq!(refused(docket.desk("officer-1").enforcement().propose_decision(unaware).await), not_confirmed);
    docket.propose(docket.proposal(&measures)).await;
    let confirmation = docket.confirmation().await;
    let unaware =
        pb::ConfirmDecisionRequest { irreversible_confirmed: false, request_id: request_id(), ..confirmation };
    assert_eq!(refused(docket.desk("officer-2").enforcement().confirm_decision(unaware).await), not_confirmed);
    assert_eq!(docket.confirm().await.stage(), CaseStage::Decided);
}

/// What ends without a decision ends with a word that fits; only somebody else's grant opens it again.
async fn a_case_without_facts_is_closed_and_opened_again(journey: &Journey) {
    let docket = Docket::open(journey, SERIOUS, &[account("weibo", "d-closed")]).await;
    let desk = docket.desk("officer-1");
    let unfit = desk.enforcement().close_case(docket.closing(pb::CaseOutcome::MeasuresTaken)).await;
    assert_eq!(refused(unfit).1, "OUTCOME_DOES_NOT_FIT", "no measure was taken");
    assert_eq!(docket.close(pb::CaseOutcome::NotEstablished).await.stage(), CaseStage::Closed);
    let reopen = pb::ReopenCaseRequest {
        request_id: request_id(),
        case_id: docket.case_id.clone(),
        reasons: "发现新的证据".into(),
        ..Default::default()
    };
    assert_eq!(refused(desk.enforcement().reopen_case(reopen.clone()).await), denied("GRANT_MISSING"));
    let opened =
        journey.desk(appeal_officer("officer-9")).enforcement().reopen_case(reopen).await.expect("opened again");
    assert_eq!(opened.into_inner().case.expect("the case").stage(), CaseStage::Investigating);
}
