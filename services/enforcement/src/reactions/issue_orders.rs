//! A decision becomes one order for each measure on each account; a reversal takes them back.

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::Aggregate as _;
use casebook_execution::reaction::{Reaction, Undone};
use casebook_kernel::AgencyId;
use casebook_kernel::ids::{CaseId, OrderId};
use casebook_policy::{DeadlineName, Instrument, LegalBasisId};

use super::Reacting;
use crate::domain::case::{
    Case, CaseChange, DecisionIssued, Irreversible, OrderEnd, OrderEndOutcome, OrderReport, Reversal, Served, Undoing,
};
use crate::domain::ids::DecisionId;
use crate::domain::measure::Measure;
use crate::domain::order::{OrderCommand, OrderRefusal, OrderTerms};

/// The events that this reaction follows.
const DECIDED: &str = "casebook.enforcement.v1.DecisionIssued";
const REVERSED: &str = "casebook.enforcement.v1.ReversalIssued";

#[derive(Debug)]
pub struct IssueOrders(pub Reacting);

/// What the orders of one decision or reversal share.
struct Ruled<'a> {
    case_id: CaseId,
    decision_id: DecisionId,
    instrument: Instrument,
    legal_bases: &'a [LegalBasisId],
    reasons: &'a str,
    agency: &'a AgencyId,
}

#[async_trait]
impl Reaction for IssueOrders {
    fn name(&self) -> &'static str {
        "enforcement.issue_orders"
    }

    fn filter(&self) -> Filter {
        Filter::categories([Case::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        if ![DECIDED, REVERSED].contains(&&*event.event_type) {
            return Ok(());
        }
        let decided = Case::decode(&event.event_type, &event.data)?;
        match &decided.change {
            CaseChange::DecisionIssued(issued) => self.decided(event, decided.case_id, issued).await,
            CaseChange::ReversalIssued(reversal) => self.reversed(event, decided.case_id, reversal).await,
            _ => Ok(()),
        }
    }
}

impl IssueOrders {
    async fn decided(&self, event: &RecordedEvent, case_id: CaseId, issued: &DecisionIssued) -> Result<(), Undone> {
        let ruled = Ruled {
            case_id,
            decision_id: issued.decision_id,
            instrument: issued.instrument,
            legal_bases: &issued.legal_bases,
            reasons: &issued.reasons,
            agency: &issued.agency,
        };
        for measure in &issued.measures {
            self.issue(event, &ruled, measure.order_id(issued.decision_id), measure).await?;
        }
        Ok(())
    }

    async fn reversed(&self, event: &RecordedEvent, case_id: CaseId, reversal: &Reversal) -> Result<(), Undone> {
        for undoing in &reversal.undoings {
            self.undo(event, case_id, reversal, undoing).await?;
        }
        let irreversible = reversal.irreversible.iter().map(|Irreversible { order_id, .. }| order_id);
        for order_id in irreversible.chain(&reversal.voided) {
            let context = self.0.context(event, &format!("void {order_id}"))?;
            self.0.order(&context, *order_id, undo_command(&self.0, reversal, *order_id)).await?;
        }
        // What an appeal leaves of a measure that nothing is left of to lift.
        let lifted = |order_id| reversal.undoings.iter().any(|undoing| undoing.order_id == order_id);
        for Served { order_id, .. } in reversal.served.iter().filter(|served| !lifted(served.order_id)) {
            let context = self.0.context(event, &format!("ease {order_id}"))?;
            self.0.order(&context, *order_id, undo_command(&self.0, reversal, *order_id)).await?;
        }
        let ruled = Ruled {
            case_id,
            decision_id: reversal.reversal_id,
            instrument: reversal.instrument,
            legal_bases: &reversal.legal_bases,
            reasons: &reversal.reasons,
            agency: &reversal.agency,
        };
        for replacement in &reversal.replacements {
            self.issue(event, &ruled, replacement.order_id, &replacement.measure).await?;
        }
        Ok(())
    }

    async fn issue(
        &self,
        event: &RecordedEvent,
        ruled: &Ruled<'_>,
        order_id: OrderId,
        measure: &Measure,
    ) -> Result<(), Undone> {
        let context = self.0.context(event, &format!("issue {order_id}"))?;
        // The facts of the case do not change: the present state tells them as well as that of the decision.
        let case = self.0.cases.load(ruled.case_id.uuid()).await?;
        let Some(file) = case.state.file() else {
            return Err(Undone::never(format!("the case {} decided and is not there", ruled.case_id)));
        };
        let due_at = self.0.terms.end(DeadlineName::OrderReceipt, context.now).map_err(Undone::never)?;
        let escalate_at = self.0.terms.end(DeadlineName::OrderReceipt, due_at).map_err(Undone::never)?;
        let terms = OrderTerms {
            order_id,
            case_id: ruled.case_id,
            decision_id: ruled.decision_id,
            measure: measure.clone(),
            instrument: ruled.instrument,
            violation: file.opening.violation.clone(),
            legal_bases: ruled.legal_bases.to_vec(),
            reasons: ruled.reasons.to_owned(),
            agency: ruled.agency.clone(),
            region: file.opening.region,
            issued_at: context.now,
            due_at,
            escalate_at,
            counters: None,
        };
        self.0.order(&context, order_id, OrderCommand::Issue(Box::new(terms))).await.map(|_| ())
    }

    /// What follows from it, the order's own events tell (`FollowOrders`); where none came, the case is told here.
    async fn undo(
        &self,
        event: &RecordedEvent,
        case_id: CaseId,
        reversal: &Reversal,
        undoing: &Undoing,
    ) -> Result<(), Undone> {
        let Undoing { order_id, counter_order_id, .. } = undoing;
        let context = self.0.context(event, &format!("undo {order_id}"))?;
        match self.0.order(&context, *order_id, undo_command(&self.0, reversal, *order_id)).await? {
            // The decision's orders are issued by this very reaction, but maybe not yet: events of one stream come in
            // order, and a decision precedes its reversal, so this cannot be unless the log was tampered with.
            Some(OrderRefusal::UnknownOrder) => Err(Undone::NotNow(format!("the order {order_id} is not issued yet"))),
            Some(OrderRefusal::NothingInForce) => {
                let end = OrderEnd::without_effect(OrderEndOutcome::NotNeeded);
                let context = self.0.context(event, &format!("spare {counter_order_id}"))?;
                self.0
                    .settle(&context, case_id, OrderReport { order_id: *counter_order_id, end, revision: None })
                    .await
                    .map(|_| ())
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn undo_command(reacting: &Reacting, reversal: &Reversal, order_id: OrderId) -> OrderCommand {
    let served = reversal.served.iter().find(|served| served.order_id == order_id);
    OrderCommand::Undo {
        reversal: Some(reversal.reversal_id),
        served: served.map(|served| Box::new(served.measure.clone())),
        reasons: reversal.reasons.clone(),
        by: reacting.reactor.system.officer.clone(),
    }
}
