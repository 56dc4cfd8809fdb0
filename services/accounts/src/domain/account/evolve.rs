//! What an account is after an event. An event that does not fit leaves it as it is.

use super::FORMER_HANDLES_MAX;
use super::decide::signed;
use super::event::{AccountEvent, Amended, Happened};
use super::state::{Account, AccountState, Approval, Closure, Declaration, Phase, Record};

pub(super) fn evolve(state: AccountState, event: &AccountEvent) -> AccountState {
    match (state, &event.happened) {
        (AccountState::Absent, Happened::Declared(declaration)) => {
            AccountState::Declared(Box::new(declared(declaration, None)))
        }
        (AccountState::Absent, _) => AccountState::Absent,
        (AccountState::Declared(account), Happened::Declared(declaration)) => {
            AccountState::Declared(Box::new(declared(declaration, Some(*account))))
        }
        (AccountState::Declared(mut account), happened) => {
            after(&mut account, happened);
            AccountState::Declared(account)
        }
    }
}

/// A new declaration starts anew; what was observed of the account stays true.
fn declared(declaration: &Declaration, before: Option<Account>) -> Account {
    let (followers, mut former_handles, old_handle) = match before {
        Some(account) => (account.followers, account.former_handles, Some(account.declaration.handle)),
        None => (None, Vec::new(), None),
    };
    if let Some(old_handle) = old_handle.filter(|old| *old != declaration.handle) {
        remember_handle(&mut former_handles, old_handle);
    }
    Account {
        declaration: declaration.clone(),
        phase: Phase::Draft { return_reasons: String::new() },
        followers,
        handle_observed_at: declaration.declared_at,
        institution_name_misused: false,
        former_handles,
    }
}

fn remember_handle(former_handles: &mut Vec<String>, handle: String) {
    former_handles.insert(0, handle);
    former_handles.truncate(FORMER_HANDLES_MAX);
}

fn after(account: &mut Account, happened: &Happened) {
    match happened {
        Happened::Amended(amended) => amend(&mut account.declaration, amended),
        Happened::HandleChanged { old_handle, new_handle, observed_at, institution_name_misused } => {
            remember_handle(&mut account.former_handles, old_handle.clone());
            account.declaration.handle.clone_from(new_handle);
            account.handle_observed_at = *observed_at;
            account.institution_name_misused = *institution_name_misused;
        }
        Happened::FollowersObserved(count) => account.followers = Some(*count),
        _ => {
            let before = std::mem::replace(&mut account.phase, Phase::Draft { return_reasons: String::new() });
            account.phase = moved(before, happened);
        }
    }
}

fn amend(declaration: &mut Declaration, amended: &Amended) {
    declaration.level = amended.level;
    declaration.subject_kind = amended.subject_kind;
    declaration.details = amended.details.clone();
}

fn moved(phase: Phase, happened: &Happened) -> Phase {
    match (phase, happened) {
        (Phase::Draft { .. }, Happened::Submitted { steps, submitted_by, submitted_at }) => {
            let approval = Approval {
                submitted_by: submitted_by.clone(),
                submitted_at: *submitted_at,
                steps: steps.clone(),
                signatures: Vec::new(),
            };
            if steps.is_empty() { Phase::Approved(approval) } else { Phase::InApproval(approval) }
        }
        (Phase::InApproval(approval), Happened::StepSigned(signature)) => signed(approval, signature.clone()),
        (Phase::InApproval(_) | Phase::Approved(_), Happened::Returned { reasons, .. }) => {
            Phase::Draft { return_reasons: reasons.clone() }
        }
        (Phase::Draft { .. } | Phase::InApproval(_) | Phase::Approved(_), Happened::Withdrawn { reason, .. }) => {
            Phase::Withdrawn { reason: reason.clone() }
        }
        (Phase::Approved(approval), Happened::Filed { filing, .. }) => {
            Phase::Filed(Record { approval, filing: filing.clone() })
        }
        (Phase::Filed(record), Happened::Restricted(restriction)) => {
            Phase::Restricted { record, restrictions: vec![restriction.clone()] }
        }
        (Phase::Restricted { record, mut restrictions }, Happened::Restricted(restriction)) => {
            restrictions.push(restriction.clone());
            Phase::Restricted { record, restrictions }
        }
        (Phase::Restricted { record, mut restrictions }, Happened::RestrictionLifted { restriction_id, .. }) => {
            restrictions.retain(|one| one.restriction_id != *restriction_id);
            if restrictions.is_empty() { Phase::Filed(record) } else { Phase::Restricted { record, restrictions } }
        }
        (Phase::Filed(_) | Phase::Restricted { .. }, Happened::Deregistered { reasons, .. }) => {
            Phase::Deregistered { reasons: reasons.clone() }
        }
        (phase, Happened::Closed { reasons, order, closed_at }) => {
            closed(phase, Closure { reasons: reasons.clone(), order: *order, closed_at: *closed_at })
        }
        (Phase::Closed { mut closures, before }, Happened::Reopened { order_id, .. }) => {
            closures.retain(|one| !one.is_by(*order_id));
            if closures.is_empty() { *before } else { Phase::Closed { closures, before } }
        }
        (phase, _) => phase,
    }
}

fn closed(phase: Phase, closure: Closure) -> Phase {
    match phase {
        Phase::Closed { mut closures, before } => {
            closures.push(closure);
            Phase::Closed { closures, before }
        }
        open => Phase::Closed { closures: vec![closure], before: Box::new(open) },
    }
}
