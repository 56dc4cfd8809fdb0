//! How a case goes from one agency to another: offered, then declined, lapsed or accepted (行政处罚法 art. 25).

use casebook_authz::Principal;
use casebook_kernel::AgencyKind;
use casebook_proto::common::v1::Role;
use casebook_proto::enforcement::v1::{self as pb, TransferState};
use casebook_proto::moment;

use super::docket::{Docket, account, denied, measure, not_now, refused};
use super::people::{AGENCY, officer_of};
use super::{Journey, request_id};

pub const CALLS: &[&str] = &[
    "EnforcementService/AcceptLead",
    "EnforcementService/AcceptTransfer",
    "EnforcementService/AddEvidence",
    "EnforcementService/DeclineTransfer",
    "EnforcementService/GetCase",
    "EnforcementService/OfferTransfer",
    "EnforcementService/OpenCase",
    "EnforcementService/OpenLead",
    "EnforcementService/ProposeDecision",
    "EnforcementService/ServeNotice",
    "EnforcementService/WaiveStatement",
];

fn health() -> Principal {
    officer_of("health-330000", AgencyKind::Health, "officer-h", Role::CaseOfficer)
}

fn tcm() -> Principal {
    officer_of("tcm-330000", AgencyKind::Tcm, "officer-t", Role::CaseOfficer)
}

fn offer(docket: &Docket<'_>, to_agency: &str) -> pb::OfferTransferRequest {
    pb::OfferTransferRequest {
        request_id: request_id(),
        case_id: docket.case_id.clone(),
        to_agency: to_agency.into(),
        reasons: "主要涉及诊疗活动".into(),
        ..Default::default()
    }
}

fn accept(docket: &Docket<'_>, officers: &[&str]) -> pb::AcceptTransferRequest {
    pb::AcceptTransferRequest {
        request_id: request_id(),
        case_id: docket.case_id.clone(),
        officers: officers.iter().map(ToString::to_string).collect(),
        ..Default::default()
    }
}

fn decline(docket: &Docket<'_>) -> pb::DeclineTransferRequest {
    pb::DeclineTransferRequest {
        request_id: request_id(),
        case_id: docket.case_id.clone(),
        reasons: "不属本机关职责".into(),
        ..Default::default()
    }
}

/// R93, X10 (7 working days) and domain.md section 3: the evidence and every running clock go along, and a case does
/// not go round in circles.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_handed_over() {
    let journey = Journey::begin().await;
    let at = account("weibo", "t-1");
    let measures = [measure(&at, "MONETISATION_REVOKED")];
    let docket = Docket::open(&journey, "V-01", &[at]).await;
    let told = docket.tell(&measures).await;
    let ours = docket.desk("officer-1");
    let (health, tcm) = (journey.desk(health()), journey.desk(tcm()));

    // To itself, to nobody, and while nothing is on offer.
    assert_eq!(refused(ours.enforcement().offer_transfer(offer(&docket, AGENCY)).await).1, "SELF_TRANSFER");
    assert!(ours.enforcement().offer_transfer(offer(&docket, "nobody-330000")).await.is_err());
    let nothing = health.enforcement().accept_transfer(accept(&docket, &["officer-h", "officer-i"])).await;
    assert_eq!(refused(nothing), not_now("TRANSFER_NOT_OFFERED"));

    let offered =
        ours.enforcement().offer_transfer(offer(&docket, "health-330000")).await.expect("offered").into_inner();
    let transfer = offered.case.expect("the case").transfers.pop().expect("the offer");
    assert_eq!((transfer.state(), transfer.evidence_ids.len()), (TransferState::Offered, 1));
    let notice = told.notice.expect("a notice");
    let clocks: Vec<_> = transfer.clocks.iter().map(|clock| (clock.name.as_str(), clock.due_at.as_ref())).collect();
    assert_eq!(clocks, [("answer_until", notice.answer_until.as_ref())], "the subject's time runs on");

    // Nothing is decided meanwhile, but evidence still comes in; only who was asked answers.
    let early = ours.enforcement().propose_decision(docket.proposal(&measures)).await;
    assert_eq!(refused(early), not_now("TRANSFER_PENDING"));
    docket.add_evidence("c").await;
    assert_eq!(refused(tcm.enforcement().decline_transfer(decline(&docket)).await), denied("NOT_ADDRESSEE"));
    let declined = health.enforcement().decline_transfer(decline(&docket)).await.expect("declined").into_inner();
    let transfer = declined.case.expect("the case").transfers.pop().expect("the offer");
    assert_eq!((transfer.state(), transfer.decline_reasons.as_str()), (TransferState::Declined, "不属本机关职责"));

    // Nobody answers: it lapses on the day, by itself, and the case stays where it is.
    let offered =
        ours.enforcement().offer_transfer(offer(&docket, "health-330000")).await.expect("offered").into_inner();
    let transfer = offered.case.expect("the case").transfers.pop().expect("the offer");
    journey.world.at_rest().await;
    journey.world.clock.turn_to(transfer.lapse_at.as_ref().and_then(moment).expect("an end"));
    let late = health.enforcement().accept_transfer(accept(&docket, &["officer-h", "officer-i"])).await;
    assert!(["TRANSFER_LAPSED", "TRANSFER_NOT_OFFERED"].contains(&refused(late).1.as_str()));
    let lapsed = docket.until_case(|case| case.transfers[1].state() == TransferState::Lapsed).await;
    assert_eq!(lapsed.agency, AGENCY);

    // Accepted: by two officers, who go on with what they were given.
    ours.enforcement().offer_transfer(offer(&docket, "tcm-330000")).await.expect("offered");
    assert_eq!(refused(tcm.enforcement().accept_transfer(accept(&docket, &["officer-t"])).await).1, "TOO_FEW_OFFICERS");
    let taken =
        tcm.enforcement().accept_transfer(accept(&docket, &["officer-t", "officer-u"])).await.expect("accepted");
    let taken = taken.into_inner().case.expect("the case");
    assert_eq!((taken.agency.as_str(), taken.evidence.len()), ("tcm-330000", 2));
    let gone = ours.enforcement().propose_decision(docket.proposal(&measures)).await;
    assert_eq!(refused(gone), denied("NOT_HOLDING_AGENCY"));
    assert_eq!(refused(tcm.enforcement().offer_transfer(offer(&docket, AGENCY)).await), not_now("TRANSFER_LOOP"));
    // The subject's window has run out meanwhile: the new holder may propose.
    let waive = pb::WaiveStatementRequest {
        request_id: request_id(),
        case_id: docket.case_id.clone(),
        reasons: "当事人未作答".into(),
        sha256: "f".repeat(64),
        ..Default::default()
    };
    tcm.enforcement().waive_statement(waive).await.expect("waived");
    tcm.enforcement().propose_decision(docket.proposal(&measures)).await.expect("proposed");
    journey.end(CALLS).await;
}
