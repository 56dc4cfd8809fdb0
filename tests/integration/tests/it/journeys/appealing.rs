//! What can be said against a decision, and what becomes of it.

use casebook_proto::enforcement::v1::{self as pb, AppealOutcome, CaseStage, OrderOutcome, OrderState};
use casebook_proto::{moment, timestamp};
use chrono::TimeDelta;

use super::docket::{Docket, account, denied, execute, measure, mute, not_now, refused};
use super::people::{appeal_officer, officer_of};
use super::{Journey, people, request_id};

pub const CALLS: &[&str] = &[
    "EnforcementService/AcceptLead",
    "EnforcementService/AddEvidence",
    "EnforcementService/CloseCase",
    "EnforcementService/ConfirmDecision",
    "EnforcementService/DecideAppeal",
    "EnforcementService/FileAppeal",
    "EnforcementService/GetCase",
    "EnforcementService/GetOrder",
    "EnforcementService/ListOrderHistory",
    "EnforcementService/OpenCase",
    "EnforcementService/OpenLead",
    "EnforcementService/ProposeDecision",
    "EnforcementService/RecordExternalOutcome",
    "EnforcementService/RecordService",
    "EnforcementService/ServeNotice",
    "EnforcementService/WaiveStatement",
    "EnforcementService/WithdrawAppeal",
    "PlatformService/ReportReceipt",
];

const SERIOUS: &str = "V-01";

/// R96, X07, X09 and domain.md section 3: appeals and reversals.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appeals_are_decided() {
    let journey = Journey::begin().await;
    a_participant_does_not_hear_the_appeal(&journey).await;
    an_upheld_appeal_lifts_what_was_done(&journey).await;
    what_is_upheld_in_part_leaves_less(&journey).await;
    cleared_followers_do_not_come_back(&journey).await;
    an_order_not_handed_over_is_taken_back(&journey).await;
    a_court_decides_elsewhere_and_it_counts_here(&journey).await;
    a_mute_ends_during_the_appeal(&journey).await;
    the_window_closes(&journey).await;
    journey.end(CALLS).await;
}

/// By an officer who had no hand in the case, and never for the worse.
async fn a_participant_does_not_hear_the_appeal(journey: &Journey) {
    let at = account("weibo", "a-rejected");
    let docket = Docket::decide(journey, SERIOUS, &[mute(&at, 15)]).await;
    execute(journey, &docket.order("weibo", "MUTED").await).await;
    let elsewhere = pb::FileAppealRequest { kind: pb::AppealKind::Reconsideration.into(), ..docket.appeal() };
    assert_eq!(refused(docket.desk("officer-1").enforcement().file_appeal(elsewhere).await).1, "HEARD_ELSEWHERE");
    let appeal_id = docket.file_appeal().await;
    for participant in ["officer-1", "officer-2"] {
        let desk = journey.desk(appeal_officer(participant));
        let judged = desk.enforcement().decide_appeal(docket.judgement(&appeal_id, AppealOutcome::Rejected)).await;
        assert_eq!(refused(judged), denied("SAME_OFFICER"), "{participant} took part");
    }
    let stranger = officer_of(
        "cac-330600",
        casebook_kernel::AgencyKind::Cyberspace,
        "officer-9",
        casebook_proto::common::v1::Role::AppealOfficer,
    );
    let judged =
        journey.desk(stranger).enforcement().decide_appeal(docket.judgement(&appeal_id, AppealOutcome::Rejected)).await;
    assert_eq!(refused(judged), denied("NOT_HOLDING_AGENCY"));
    let worse = pb::DecideAppealRequest {
        remaining: vec![mute(&at, 30)],
        ..docket.judgement(&appeal_id, AppealOutcome::UpheldInPart)
    };
    let hearing = journey.desk(appeal_officer("officer-9"));
    assert_eq!(refused(hearing.enforcement().decide_appeal(worse).await), not_now("OUTCOME_WORSE"));
    let case = docket.judge(docket.judgement(&appeal_id, AppealOutcome::Rejected)).await;
    assert_eq!((case.stage(), case.reversals.len()), (CaseStage::Decided, 0), "the decision stands");
    assert_eq!(
        (case.appeals[0].outcome(), case.appeals[0].decided_by.as_str()),
        (AppealOutcome::Rejected, "officer-9")
    );
    let again = docket.desk("officer-1").enforcement().file_appeal(docket.appeal()).await;
    assert_eq!(refused(again).1, "ALREADY_REVIEWED");
    assert_eq!(docket.close(pb::CaseOutcome::MeasuresTaken).await.stage(), CaseStage::Closed);
}

/// A reversal edits nothing: it issues counter-orders, and the case waits for their receipts.
async fn an_upheld_appeal_lifts_what_was_done(journey: &Journey) {
    let at = account("weibo", "a-upheld");
    let docket = Docket::decide(journey, SERIOUS, &[mute(&at, 15)]).await;
    let order = docket.order("weibo", "MUTED").await;
    execute(journey, &order).await;
    journey.world.at_rest().await;
    let subject = journey.desk(people::subject("weibo", "a-upheld"));
    // An officer files by the subject's document alone, and takes nothing back without it.
    let unproven = pb::FileAppealRequest { sha256: String::new(), ..docket.appeal() };
    assert_eq!(refused(docket.desk("officer-1").enforcement().file_appeal(unproven).await).1, "APPEAL_UNPROVEN");
    let withdrawal = pb::WithdrawAppealRequest {
        request_id: request_id(),
        case_id: docket.case_id.clone(),
        appeal_id: docket.file_appeal().await,
        reasons: "另行提出理由".into(),
        ..Default::default()
    };
    let by_officer = pb::WithdrawAppealRequest { request_id: request_id(), ..withdrawal.clone() };
    assert_eq!(refused(docket.desk("officer-1").enforcement().withdraw_appeal(by_officer).await).1, "APPEAL_UNPROVEN");
    let withdrawn = subject.enforcement().withdraw_appeal(withdrawal).await.expect("withdrawn").into_inner();
    assert!(withdrawn.case.is_some_and(|case| case.appeals.iter().all(|appeal| appeal.withdrawn)));
    // The subject's own is filed with the grounds that it wants.
    let filed = subject.enforcement().file_appeal(docket.appeal()).await.expect("filed by the subject").into_inner();
    let appeal_id = filed.case.and_then(|mut case| case.appeals.pop()).expect("the appeal").appeal_id;
    let case = docket.judge(docket.judgement(&appeal_id, AppealOutcome::Upheld)).await;
    let reversal = case.reversals.first().expect("a reversal");
    assert_eq!(Some(&reversal.voids_decision_id), case.decision.as_ref().map(|decision| &decision.decision_id));
    let countered = docket.order_by_id(&order.order_id).await;
    assert_eq!(countered.state(), OrderState::Countered);
    let counter = docket.order_by_id(&reversal.undoings[0].counter_order_id).await;
    assert_eq!(counter.counters_order_id, order.order_id);
    let waiting =
        docket.desk("officer-1").enforcement().close_case(docket.closing(pb::CaseOutcome::NotEstablished)).await;
    assert_eq!(refused(waiting), not_now("ORDERS_UNRECEIPTED"));
    execute(journey, &counter).await;
    assert_eq!(docket.track(&counter.order_id).await.outcome(), OrderOutcome::Executed);
    assert_eq!(docket.close(pb::CaseOutcome::NotEstablished).await.stage(), CaseStage::Closed);
    let history = pb::ListOrderHistoryRequest { order_id: order.order_id, ..Default::default() };
    let entries =
        docket.desk("officer-1").enforcement().list_order_history(history).await.expect("a history").into_inner();
    let types: Vec<_> = entries.entries.iter().filter_map(|entry| entry.event_type.rsplit('.').next()).collect();
    assert_eq!(types, ["OrderIssued", "ReceiptRecorded", "OrderCountered"]);
}

/// A mute of 15 days becomes one of 7, and days begun count as served.
async fn what_is_upheld_in_part_leaves_less(journey: &Journey) {
    let at = account("weibo", "a-part");
    let docket = Docket::decide(journey, SERIOUS, &[mute(&at, 15)]).await;
    execute(journey, &docket.order("weibo", "MUTED").await).await;
    journey.world.at_rest().await;
    journey.world.clock.turn_by(TimeDelta::days(2));
    let appeal_id = docket.file_appeal().await;
    let part =
        |remaining| pb::DecideAppealRequest { remaining, ..docket.judgement(&appeal_id, AppealOutcome::UpheldInPart) };
    let hearing = journey.desk(appeal_officer("officer-9"));
    assert_eq!(refused(hearing.enforcement().decide_appeal(part(vec![])).await).1, "REMAINDER_MISSING");
    assert_eq!(
        refused(hearing.enforcement().decide_appeal(part(vec![mute(&at, 15)])).await),
        not_now("NOTHING_LIGHTENED")
    );
    let case = docket.judge(part(vec![mute(&at, 7)])).await;
    let replacement = case.reversals[0].replacements.first().expect("a lighter mute");
    assert_eq!((replacement.days_served, replacement.measure.as_ref().map(|measure| measure.days)), (2, Some(5)));
    let lighter = docket.order_by_id(&replacement.order_id).await;
    assert_eq!((lighter.state(), lighter.measure.map(|measure| measure.days)), (OrderState::Issued, Some(5)));
}

/// It is said so, and answered with a remedy, not pretended; what can be lifted is lifted.
async fn cleared_followers_do_not_come_back(journey: &Journey) {
    let at = account("weibo", "a-followers");
    let docket = Docket::decide(journey, SERIOUS, &[measure(&at, "FOLLOWERS_CLEARED"), mute(&at, 7)]).await;
    for name in ["FOLLOWERS_CLEARED", "MUTED"] {
        execute(journey, &docket.order("weibo", name).await).await;
    }
    let cleared = docket.order("weibo", "FOLLOWERS_CLEARED").await;
    let appeal_id = docket.file_appeal().await;
    let case = docket.judge(docket.judgement(&appeal_id, AppealOutcome::Upheld)).await;
    let reversal = &case.reversals[0];
    assert_eq!((reversal.undoings.len(), reversal.irreversible.len()), (1, 1));
    let lost = &reversal.irreversible[0];
    assert!(lost.irreversible && lost.remedy.contains("无法恢复"), "{lost:?}");
    assert_eq!(lost.order_id, cleared.order_id);
    let cleared = docket.order_by_id(&cleared.order_id).await;
    assert!(cleared.voided && cleared.countered_by_order_id.is_empty(), "void, and nothing lifts it");
}

/// The platform never had it: it is taken back, and no counter-order is needed.
async fn an_order_not_handed_over_is_taken_back(journey: &Journey) {
    let docket = Docket::decide(journey, SERIOUS, &[mute(&account("weibo", "a-early"), 7)]).await;
    let order = docket.order("weibo", "MUTED").await;
    let appeal_id = docket.file_appeal().await;
    let case = docket.judge(docket.judgement(&appeal_id, AppealOutcome::Upheld)).await;
    assert_eq!(docket.order_by_id(&order.order_id).await.state(), OrderState::Cancelled);
    assert_eq!(docket.track(&order.order_id).await.outcome(), OrderOutcome::Cancelled);
    let counter = &case.reversals[0].undoings[0].counter_order_id;
    assert_eq!(docket.track(counter).await.outcome(), OrderOutcome::NotNeeded);
    assert_eq!(docket.close(pb::CaseOutcome::NotEstablished).await.stage(), CaseStage::Closed);
}

/// 行政复议, 行政诉讼: recorded with body and document, and taking effect like an internal review.
async fn a_court_decides_elsewhere_and_it_counts_here(journey: &Journey) {
    let docket = Docket::decide(journey, SERIOUS, &[mute(&account("weibo", "a-court"), 15)]).await;
    let order = docket.order("weibo", "MUTED").await;
    execute(journey, &order).await;
    journey.world.at_rest().await;
    let outcome = |kind: pb::AppealKind, decided_at| pb::RecordExternalOutcomeRequest {
        request_id: request_id(),
        case_id: docket.case_id.clone(),
        kind: kind.into(),
        outcome: AppealOutcome::Upheld.into(),
        reasons: "原处置明显不当".into(),
        body: "浙江省人民政府".into(),
        document_number: "浙政复〔2026〕12号".into(),
        decided_at: Some(timestamp(decided_at)),
        ..Default::default()
    };
    let desk = docket.desk("officer-1");
    let here = outcome(pb::AppealKind::InternalReview, docket.now());
    assert_eq!(refused(desk.enforcement().record_external_outcome(here).await).1, "HEARD_HERE");
    let before = outcome(pb::AppealKind::Reconsideration, docket.now() - TimeDelta::days(1));
    assert_eq!(refused(desk.enforcement().record_external_outcome(before).await).1, "DECIDED_BEFORE_DECISION");
    let recorded =
        desk.enforcement().record_external_outcome(outcome(pb::AppealKind::Reconsideration, docket.now())).await;
    let case = recorded.expect("recorded").into_inner().case.expect("the case");
    assert_eq!((case.appeals[0].document_number.as_str(), case.reversals.len()), ("浙政复〔2026〕12号", 1));
    journey.world.at_rest().await;
    assert_eq!(docket.order_by_id(&order.order_id).await.state(), OrderState::Countered);
    let nothing = outcome(pb::AppealKind::Litigation, docket.now());
    assert_eq!(refused(desk.enforcement().record_external_outcome(nothing).await), not_now("NOTHING_IN_FORCE"));
}

/// The end of a measure is no end of the right to be told that it was wrong: the order is void, and not held against
/// the account later.
async fn a_mute_ends_during_the_appeal(journey: &Journey) {
    let docket = Docket::decide(journey, SERIOUS, &[mute(&account("weibo", "a-ended"), 3)]).await;
    let order = docket.order("weibo", "MUTED").await;
    execute(journey, &order).await;
    let appeal_id = docket.file_appeal().await;
    journey.world.at_rest().await;
    journey.world.clock.turn_by(TimeDelta::days(4));
    docket.until_order(&order.order_id, |order| order.state() == OrderState::Ended).await;
    assert_eq!(docket.case().await.stage(), CaseStage::UnderAppeal, "the appeal goes on");
    docket.judge(docket.judgement(&appeal_id, AppealOutcome::Upheld)).await;
    let order = docket.order_by_id(&order.order_id).await;
    assert_eq!((order.state(), order.voided), (OrderState::Ended, true));
    let case = docket.case().await;
    let counter =
        case.orders.iter().find(|track| !track.counters_order_id.is_empty()).expect("what would have lifted it");
    assert_eq!(counter.outcome(), OrderOutcome::NotNeeded);
    assert_eq!(docket.close(pb::CaseOutcome::NotEstablished).await.stage(), CaseStage::Closed);
}

/// It runs from service, and to its last moment.
async fn the_window_closes(journey: &Journey) {
    let docket = Docket::decide(journey, SERIOUS, &[mute(&account("weibo", "a-window"), 7)]).await;
    execute(journey, &docket.order("weibo", "MUTED").await).await;
    let until = docket.case().await.decision.and_then(|decision| decision.appeal_until);
    journey.world.clock.turn_to(until.as_ref().and_then(moment).expect("an end"));
    let late = docket.desk("officer-1").enforcement().file_appeal(docket.appeal()).await;
    assert_eq!(refused(late), not_now("APPEAL_WINDOW_CLOSED"));
}
