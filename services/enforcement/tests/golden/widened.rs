//! Events as they are written since fields were added to them, with those fields set.

use casebook_enforcement::domain::case::{Author, CaseChange, CaseEvent, Served};
use casebook_enforcement::domain::ids::counter_order_id;
use casebook_enforcement::domain::lead::{LeadChange, LeadEvent};
use casebook_enforcement::domain::order::{OrderChange, OrderEvent};
use casebook_policy::Instrument;

use crate::events::{self, account, case_id, decision, mute, officer, order_id};

pub fn leads() -> Vec<LeadEvent> {
    let mut opened = events::leads().remove(0);
    if let LeadChange::Opened(signal) = &mut opened.change {
        signal.raised_by = ["o-21", "o-22"].map(officer).into();
    }
    vec![opened]
}

pub fn cases() -> Vec<CaseEvent> {
    events::cases()
        .into_iter()
        .filter_map(|event| widened(event.change))
        .map(|change| CaseEvent { case_id: case_id(), change })
        .collect()
}

/// None for what nothing was added to.
fn widened(change: CaseChange) -> Option<CaseChange> {
    let mut change = change;
    match &mut change {
        CaseChange::Opened(opening) => {
            opening.screened_by = Some(officer("o-20"));
            opening.raised_by = ["o-21", "o-22"].map(officer).into();
        }
        CaseChange::NoticeServed(notice) => notice.instrument = Some(Instrument::ContentDemand),
        CaseChange::StatementRecorded(statement) => {
            statement.account = Some(account());
            statement.author = Author::Subject;
        }
        CaseChange::StatementWaived(waiver) => {
            waiver.account = Some(account());
            waiver.sha256 = Some("f".repeat(64));
        }
        CaseChange::OrderSettled { end, revision, .. } => {
            end.over = true;
            *revision = Some(4);
        }
        CaseChange::AppealFiled(appeal) => {
            appeal.account = Some(account());
            appeal.sha256 = Some("9".repeat(64));
            appeal.author = Author::Subject;
        }
        CaseChange::AppealDecided { recorded_by, .. } => *recorded_by = Some(officer("o-19")),
        CaseChange::ReversalIssued(reversal) => {
            reversal.voided = vec![mute(3).order_id(decision(0))];
            reversal.served = vec![Served { order_id: order_id(), measure: mute(3), days_served: 4 }];
        }
        CaseChange::Closed(closure) => closure.unlifted_reasons = Some("平台已停止运营".to_owned()),
        _ => return None,
    }
    Some(change)
}

pub fn orders() -> Vec<OrderEvent> {
    let served = || Some(Box::new(mute(3)));
    let reversal = Some(decision(1));
    let reasons = "处置过重".to_owned();
    [
        OrderChange::Countered { counter: counter_order_id(order_id()), reversal, served: served(), reasons },
        OrderChange::Voided { reversal, served: served() },
    ]
    .map(|change| OrderEvent { order_id: order_id(), change })
    .to_vec()
}
