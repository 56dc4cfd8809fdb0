//! What can be asked of one case, in any order and by anybody: much of it is refused.

use casebook_kernel::AgencyKind;
use casebook_proto::common::v1::Role;
use casebook_proto::enforcement::v1::{self as pb, AppealOutcome, CaseOutcome, ReceiptCause, ReceiptOutcome};
use chrono::TimeDelta;
use proptest::prelude::*;
use tonic::{Code, Status};

use crate::journeys::docket::{Docket, mute, receipt, report};
use crate::journeys::people::{appeal_officer, officer, officer_of};
use crate::journeys::request_id;

/// Officers who may confirm or hear: the first two conduct the case.
const OFFICERS: [&str; 3] = ["officer-1", "officer-2", "officer-9"];

#[derive(Debug, Clone, Copy)]
pub enum Move {
    /// The digit that its hash repeats.
    AddEvidence(u8),
    /// A mute of so many days is announced.
    Tell(u32),
    Hear,
    Waive,
    /// A mute of so many days is proposed.
    Propose(u32),
    /// By which of the officers.
    Confirm(usize),
    Reject,
    Serve,
    Answer(ReceiptOutcome),
    Cancel,
    MarkUndeliverable,
    FileAppeal,
    /// By which of the officers, and what becomes of it; upheld in part leaves one day.
    Judge(usize, AppealOutcome),
    Close(CaseOutcome),
    Reopen,
    Offer,
    AcceptTransfer,
    DeclineTransfer,
    /// So many hours pass.
    Wait(i64),
}

/// Anything at any time.
fn any_move() -> impl Strategy<Value = Move> {
    let outcome =
        prop_oneof![Just(AppealOutcome::Upheld), Just(AppealOutcome::UpheldInPart), Just(AppealOutcome::Rejected)];
    let answer =
        prop_oneof![Just(ReceiptOutcome::Executed), Just(ReceiptOutcome::Partly), Just(ReceiptOutcome::Refused)];
    let end = prop_oneof![Just(CaseOutcome::MeasuresTaken), Just(CaseOutcome::NotEstablished)];
    prop_oneof![
        (0..10_u8).prop_map(Move::AddEvidence),
        (1..30_u32).prop_map(Move::Tell),
        Just(Move::Hear),
        Just(Move::Waive),
        (1..30_u32).prop_map(Move::Propose),
        (0..OFFICERS.len()).prop_map(Move::Confirm),
        Just(Move::Reject),
        Just(Move::Serve),
        answer.prop_map(Move::Answer),
        Just(Move::Cancel),
        Just(Move::MarkUndeliverable),
        Just(Move::FileAppeal),
        (0..OFFICERS.len(), outcome).prop_map(|(by, outcome)| Move::Judge(by, outcome)),
        end.prop_map(Move::Close),
        Just(Move::Reopen),
        Just(Move::Offer),
        Just(Move::AcceptTransfer),
        Just(Move::DeclineTransfer),
        (1..40_i64).prop_map(Move::Wait),
    ]
}

/// The way that a case usually goes, with steps left out and anything thrown in: deep enough to meet every stage.
pub fn moves() -> impl Strategy<Value = Vec<Move>> {
    let usual = [
        Move::AddEvidence(10),
        Move::Tell(15),
        Move::Waive,
        Move::Propose(7),
        Move::Confirm(1),
        Move::Serve,
        Move::Answer(ReceiptOutcome::Executed),
        Move::FileAppeal,
        Move::Judge(2, AppealOutcome::UpheldInPart),
        Move::Close(CaseOutcome::MeasuresTaken),
    ];
    let taken = prop::collection::vec(prop::bool::weighted(0.9), usual.len());
    let thrown_in = prop::collection::vec(prop::option::weighted(0.7, any_move()), usual.len());
    (taken, thrown_in).prop_map(move |(taken, thrown_in)| {
        let step = |((usual, taken), thrown_in): ((Move, bool), Option<Move>)| [taken.then_some(usual), thrown_in];
        usual.into_iter().zip(taken).zip(thrown_in).flat_map(step).flatten().collect()
    })
}

impl Move {
    /// Whether it was accepted. Whatever is not accepted must be refused as something that a caller can understand.
    pub async fn make(self, docket: &Docket<'_>) -> bool {
        match self.ask(docket).await {
            Ok(()) => true,
            Err(status) => {
                let understood = [
                    Code::FailedPrecondition,
                    Code::AlreadyExists,
                    Code::PermissionDenied,
                    Code::InvalidArgument,
                    Code::NotFound,
                ];
                assert!(understood.contains(&status.code()), "{self:?}: {status:?}");
                false
            }
        }
    }

    async fn ask(self, docket: &Docket<'_>) -> Result<(), Status> {
        match self {
            Self::AddEvidence(_) | Self::Tell(_) | Self::Hear | Self::Waive | Self::Serve => self.inform(docket).await,
            Self::Propose(_) | Self::Confirm(_) | Self::Reject => self.decide(docket).await,
            Self::Answer(_) | Self::Cancel | Self::MarkUndeliverable => self.carry_out(docket).await,
            Self::FileAppeal | Self::Judge(..) | Self::Close(_) | Self::Reopen => self.end(docket).await,
            Self::Offer | Self::AcceptTransfer | Self::DeclineTransfer => self.hand_over(docket).await,
            Self::Wait(hours) => {
                docket.journey.world.clock.turn_by(TimeDelta::hours(hours));
                Ok(())
            }
        }
    }

    async fn inform(self, docket: &Docket<'_>) -> Result<(), Status> {
        let mut enforcement = docket.desk("officer-1").enforcement();
        let case_id = docket.case_id.clone();
        match self {
            Self::AddEvidence(digit) => {
                let request = docket.evidence(&format!("{digit:x}"));
                enforcement.add_evidence(request).await.map(drop)
            }
            Self::Tell(days) => {
                enforcement.serve_notice(docket.notice(&[mute(&docket.accounts[0], days)])).await.map(drop)
            }
            Self::Hear => {
                let (summary, account) = ("请求从轻".into(), docket.accounts.first().cloned());
                let request = pb::RecordStatementRequest {
                    request_id: request_id(),
                    case_id,
                    summary,
                    account,
                    ..Default::default()
                };
                enforcement.record_statement(request).await.map(drop)
            }
            Self::Waive => enforcement.waive_statement(docket.waiver()).await.map(drop),
            _ => enforcement.record_service(docket.service()).await.map(drop),
        }
    }

    async fn decide(self, docket: &Docket<'_>) -> Result<(), Status> {
        if let Self::Propose(days) = self {
            let proposal = docket.proposal(&[mute(&docket.accounts[0], days)]);
            return docket.desk("officer-1").enforcement().propose_decision(proposal).await.map(drop);
        }
        let Some(decision) = docket.case().await.decision else { return Err(Status::not_found("no decision")) };
        let (case_id, decision_id) = (docket.case_id.clone(), decision.decision_id);
        if let Self::Confirm(by) = self {
            let request =
                pb::ConfirmDecisionRequest { request_id: request_id(), case_id, decision_id, ..Default::default() };
            let desk = docket.journey.desk(officer(OFFICERS[by]));
            return desk.enforcement().confirm_decision(request).await.map(drop);
        }
        let reasons = "再议".into();
        let request =
            pb::RejectProposalRequest { request_id: request_id(), case_id, decision_id, reasons, ..Default::default() };
        docket.desk("officer-2").enforcement().reject_proposal(request).await.map(drop)
    }

    /// The last order of the case is answered or taken back.
    async fn carry_out(self, docket: &Docket<'_>) -> Result<(), Status> {
        let case = docket.case().await;
        let waiting = case.orders.iter().rev().find(|track| track.outcome() == pb::OrderOutcome::Unspecified);
        let Some(track) = waiting.or(case.orders.last()) else { return Err(Status::not_found("no order")) };
        let order = docket.order_by_id(&track.order_id).await;
        let order_id = order.order_id.clone();
        let mut enforcement = docket.desk("officer-1").enforcement();
        match self {
            Self::Answer(outcome) => {
                let cause = if outcome == ReceiptOutcome::Executed {
                    ReceiptCause::Unspecified
                } else {
                    ReceiptCause::TechnicalFault
                };
                report(docket.journey, &order, receipt(&order, outcome, cause, docket.now())).await.map(drop)
            }
            Self::Cancel => {
                let request = pb::CancelOrderRequest {
                    request_id: request_id(),
                    order_id,
                    reasons: "有误".into(),
                    ..Default::default()
                };
                enforcement.cancel_order(request).await.map(drop)
            }
            _ => {
                let reasons = "平台停止运营".into();
                let request = pb::MarkOrderUndeliverableRequest {
                    request_id: request_id(),
                    order_id,
                    reasons,
                    ..Default::default()
                };
                enforcement.mark_order_undeliverable(request).await.map(drop)
            }
        }
    }

    async fn end(self, docket: &Docket<'_>) -> Result<(), Status> {
        let mut enforcement = docket.desk("officer-1").enforcement();
        match self {
            Self::FileAppeal => enforcement.file_appeal(docket.appeal()).await.map(drop),
            Self::Judge(by, outcome) => {
                let case = docket.case().await;
                let Some(appeal) = case.appeals.last() else { return Err(Status::not_found("no appeal")) };
                let mut request = docket.judgement(&appeal.appeal_id, outcome);
                if outcome == AppealOutcome::UpheldInPart {
                    request.remaining = vec![mute(&docket.accounts[0], 1)];
                }
                let desk = docket.journey.desk(appeal_officer(OFFICERS[by]));
                desk.enforcement().decide_appeal(request).await.map(drop)
            }
            Self::Close(outcome) => enforcement.close_case(docket.closing(outcome)).await.map(drop),
            _ => {
                let (case_id, reasons) = (docket.case_id.clone(), "发现新的证据".into());
                let request =
                    pb::ReopenCaseRequest { request_id: request_id(), case_id, reasons, ..Default::default() };
                docket.journey.desk(appeal_officer("officer-9")).enforcement().reopen_case(request).await.map(drop)
            }
        }
    }

    async fn hand_over(self, docket: &Docket<'_>) -> Result<(), Status> {
        let health =
            docket.journey.desk(officer_of("health-330000", AgencyKind::Health, "officer-h", Role::CaseOfficer));
        let case_id = docket.case_id.clone();
        match self {
            Self::Offer => {
                let (to_agency, reasons) = ("health-330000".into(), "涉及诊疗活动".into());
                let request = pb::OfferTransferRequest {
                    request_id: request_id(),
                    case_id,
                    to_agency,
                    reasons,
                    ..Default::default()
                };
                docket.desk("officer-1").enforcement().offer_transfer(request).await.map(drop)
            }
            Self::AcceptTransfer => {
                let officers = vec!["officer-h".into(), "officer-i".into()];
                let request =
                    pb::AcceptTransferRequest { request_id: request_id(), case_id, officers, ..Default::default() };
                health.enforcement().accept_transfer(request).await.map(drop)
            }
            _ => {
                let reasons = "不属本机关职责".into();
                let request =
                    pb::DeclineTransferRequest { request_id: request_id(), case_id, reasons, ..Default::default() };
                health.enforcement().decline_transfer(request).await.map(drop)
            }
        }
    }
}
