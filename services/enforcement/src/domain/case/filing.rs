//! Filing an appeal (申请复核), taking it back, and what happens when nobody decides it.

use casebook_kernel::{Actor, Timestamp};

use super::APPEALS_EACH_MAX;
use super::command::FileAppeal;
use super::event::CaseChange;
use super::hearing::{author, own_case, speaks_for};
use super::refusal::CaseRefusal;
use super::state::{Appeal, AppealKind, CaseFile, Withdrawal};
use crate::domain::ids::AppealId;

/// Filed within its window, which runs from the service of the decision; without service it has not begun, and
/// where its end is not known yet, it has not closed. Each account that the decision meets has a review of its own: nobody
/// uses up another one's.
pub(super) fn file_appeal(file: &CaseFile, filing: FileAppeal) -> Result<Vec<CaseChange>, CaseRefusal> {
    let FileAppeal { by, account, kind, grounds, sha256, window_until, decide_until, now } = filing;
    let account = speaks_for(file, &by, account)?;
    if kind != AppealKind::InternalReview {
        return Err(CaseRefusal::HeardElsewhere);
    }
    let ruling = file.ruling().ok_or(CaseRefusal::NotDecided)?;
    let reviews =
        || file.pending_appeals().iter().chain(&ruling.appeals).filter(|appeal| appeal.is_review_for(&account));
    if file.pending_appeals().iter().any(|appeal| appeal.is_review_for(&account)) {
        return Err(CaseRefusal::AppealPending);
    }
    if reviews().any(|appeal| !appeal.withdrawn) {
        return Err(CaseRefusal::AlreadyReviewed);
    }
    let author = author(&by);
    // What officers file and take back never leaves the subject without an appeal.
    if reviews().filter(|appeal| appeal.author == author).count() >= APPEALS_EACH_MAX {
        return Err(CaseRefusal::TooManyAppeals);
    }
    if !ruling.standing.values().any(|measure| measure.account == account) {
        return Err(CaseRefusal::NothingInForce);
    }
    if !author.proves(sha256.as_deref()) {
        return Err(CaseRefusal::AppealUnproven);
    }
    let service = ruling.decision.service.as_ref();
    let window =
        service.and_then(|service| if service.provisional { window_until } else { Some(service.appeal_until) });
    if let Some(until) = window.filter(|until| now >= *until) {
        return Err(CaseRefusal::AppealWindowClosed { until });
    }
    Ok(vec![CaseChange::AppealFiled(Box::new(Appeal {
        appeal_id: AppealId::nth(file.opening.case_id, file.appeals),
        kind,
        decision_id: ruling.decision.proposal.decision_id,
        grounds,
        filed: Some((by.officer, now)),
        decide_until,
        account: Some(account),
        author,
        sha256,
        withdrawn: false,
        overdue: false,
        verdict: None,
    }))])
}

/// The subject's appeal is the subject's to take back, not an officer's: nothing was reviewed, and it may appeal anew.
pub(super) fn withdraw_appeal(
    file: &CaseFile,
    by: Actor,
    appeal_id: AppealId,
    reasons: String,
    sha256: Option<String>,
    now: Timestamp,
) -> Result<Vec<CaseChange>, CaseRefusal> {
    own_case(file, &by)?;
    let pending = file.pending_appeals().iter().find(|appeal| appeal.appeal_id == appeal_id);
    let appeal = pending.ok_or(CaseRefusal::NoSuchAppeal)?;
    match appeal.account.clone() {
        Some(account) => speaks_for(file, &by, Some(account)).map(|_| ())?,
        // From when one appeal was everybody's: nobody takes it back for the others.
        None if file.opening.accounts.len() > 1 => return Err(CaseRefusal::NotOwnAccount),
        None => {}
    }
    if !author(&by).proves(sha256.as_deref()) {
        return Err(CaseRefusal::AppealUnproven);
    }
    let withdrawal = Withdrawal { reasons, sha256, by: by.officer, at: now };
    Ok(vec![CaseChange::AppealWithdrawn { appeal_id, withdrawal }])
}

/// Silence rejects nothing: the superior is called upon, and the appeal waits on.
pub(super) fn mark_overdue(file: &CaseFile, now: Timestamp) -> Result<Vec<CaseChange>, CaseRefusal> {
    let waiting = || file.pending_appeals().iter().filter(|appeal| !appeal.overdue);
    let overdue: Vec<_> = waiting()
        .filter_map(|appeal| {
            let due_at = appeal.decide_until.filter(|due| *due <= now)?;
            Some(CaseChange::AppealOverdue { appeal_id: appeal.appeal_id, due_at })
        })
        .collect();
    match waiting().filter_map(|appeal| appeal.decide_until).min() {
        _ if !overdue.is_empty() => Ok(overdue),
        Some(due) => Err(CaseRefusal::NotYetDue { due }),
        None => Err(CaseRefusal::NoSuchAppeal),
    }
}
