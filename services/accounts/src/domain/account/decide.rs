//! The rules of declaring, approving, filing and closing an account.

use casebook_kernel::ids::{CaseId, OrderId};
use casebook_kernel::{Actor, Timestamp};
use casebook_policy::AccountLevel;

use super::command::{AccountCommand, Amendment, ApprovalChain, Declare, Quota};
use super::event::{AccountEvent, Amended, Happened};
use super::observe;
use super::refusal::AccountRefusal;
use super::state::{Account, AccountState, Approval, ApprovalStep, Declaration, Filing, Phase, Signature};
use super::{CLOSURES_MAX, restrict};
use crate::domain::authority::{acts_for, is_office, is_operator, supervises};
use crate::domain::form::{self, SubjectKind};

type Outcome = Result<Happened, AccountRefusal>;

pub(super) fn decide(state: &AccountState, command: AccountCommand) -> Result<AccountEvent, AccountRefusal> {
    if let AccountCommand::Declare(declare) = command {
        let declaration = declare_account(state, *declare)?;
        return Ok(AccountEvent {
            account_id: declaration.account_id(),
            happened: Happened::Declared(Box::new(declaration)),
        });
    }
    let account = state.account().ok_or(AccountRefusal::NothingDeclared)?;
    let happened = of_declared(account, command)?;
    Ok(AccountEvent { account_id: account.declaration.account_id(), happened })
}

fn of_declared(account: &Account, command: AccountCommand) -> Outcome {
    match command {
        AccountCommand::Declare(_) => Err(AccountRefusal::HandleAlreadyDeclared),
        AccountCommand::Submit { actor, chain, now } => submit(account, &actor, chain, now),
        AccountCommand::Withdraw { actor, reason, now } => withdraw(account, &actor, reason, now),
        AccountCommand::Sign { actor, step, opinion, now } => sign(account, actor, step, opinion, now),
        AccountCommand::Return { actor, reasons, now } => send_back(account, actor, reasons, now),
        AccountCommand::File { actor, filing_number, now } => file(account, actor, filing_number, now),
        AccountCommand::Amend { actor, amendment, now } => amend(account, &actor, *amendment, now),
        AccountCommand::ChangeHandle { observer, new_handle, institution_names, observed_at } => {
            observe::handle(account, &observer, new_handle, &institution_names, observed_at)
        }
        AccountCommand::CountFollowers { observer, followers, head_account_followers, observed_at } => {
            observe::followers(account, &observer, followers, head_account_followers, observed_at)
        }
        AccountCommand::Restrict(restriction) => restrict::restrict(account, *restriction),
        AccountCommand::LiftRestriction { authority, restriction_id, reasons, now } => {
            restrict::lift(account, &authority, restriction_id, reasons, now)
        }
        AccountCommand::Close { actor, reasons, now } => close(account, &actor, reasons, now),
        AccountCommand::Deregister { actor, reasons, now } => deregister(account, &actor, reasons, now),
        AccountCommand::CloseByOrder { order_id, case_id, reasons, executed_at } => {
            close_by_order(account, order_id, case_id, reasons, executed_at)
        }
        AccountCommand::UndoClosure { order_id, counter_order_id, undone_at } => {
            reopen(account, order_id, counter_order_id, undone_at)
        }
    }
}

fn declare_account(state: &AccountState, declare: Declare) -> Result<Declaration, AccountRefusal> {
    match state.account().map(|account| &account.phase) {
        Some(Phase::Closed { .. }) => return Err(AccountRefusal::AccountIsClosed),
        Some(phase) if !phase.is_given_up() => return Err(AccountRefusal::HandleAlreadyDeclared),
        Some(_) | None => {}
    }
    let (actor, uid) = (&declare.actor, declare.platform_uid.as_str());
    // A member of staff may declare the account in their own name; the institution's is its office's to declare.
    let own = declare.level == AccountLevel::Staff && is_operator(actor, declare.platform.as_str(), uid);
    if !own && !acts_for(actor, declare.institution_id, declare.institution_region) {
        return Err(AccountRefusal::ActsForAnother);
    }
    if !declare.commitment_accepted {
        return Err(AccountRefusal::CommitmentMissing);
    }
    let region = declare.region.unwrap_or(declare.institution_region);
    // Otherwise an institution could choose the agency that answers for it.
    if !region.contains(declare.institution_region) && !declare.institution_region.contains(region) {
        return Err(AccountRefusal::RegionElsewhere);
    }
    form::check(declare.level, declare.subject_kind, &declare.details)?;
    if declare.subject_kind == SubjectKind::Personal && form::uses_name(&declare.handle, &declare.institution_names) {
        return Err(AccountRefusal::InstitutionNameMisused);
    }
    let quota_exception = match (declare.level, declare.quota) {
        // Departments and staff may have accounts of their own: art. 6 asks for approval, not for a number.
        (AccountLevel::Department | AccountLevel::Staff, _) | (AccountLevel::Institution, Quota::First) => None,
        (AccountLevel::Institution, Quota::Exception(exception)) => Some(exception),
        (AccountLevel::Institution, Quota::Exhausted) => {
            return Err(AccountRefusal::QuotaExceeded { platform: declare.platform });
        }
    };
    Ok(Declaration {
        institution_id: declare.institution_id,
        platform: declare.platform,
        platform_uid: declare.platform_uid,
        handle: declare.handle,
        level: declare.level,
        subject_kind: declare.subject_kind,
        region,
        details: declare.details,
        applicant: declare.actor.officer,
        quota_exception,
        declared_at: declare.now,
    })
}

fn check_acts_for(account: &Account, actor: &Actor) -> Result<(), AccountRefusal> {
    let declaration = &account.declaration;
    if acts_for(actor, declaration.institution_id, declaration.region) {
        Ok(())
    } else {
        Err(AccountRefusal::ActsForAnother)
    }
}

/// Who applies: whoever may act for the institution, and the operator of an account in their own name.
fn check_applies(account: &Account, actor: &Actor) -> Result<(), AccountRefusal> {
    let declaration = &account.declaration;
    let platform = declaration.platform.as_str();
    if declaration.level == AccountLevel::Staff && is_operator(actor, platform, &declaration.platform_uid) {
        return Ok(());
    }
    check_acts_for(account, actor)
}

fn submit(account: &Account, actor: &Actor, chain: ApprovalChain, now: Timestamp) -> Outcome {
    check_applies(account, actor)?;
    let Phase::Draft { .. } = account.phase else { return Err(AccountRefusal::NotADraft) };
    // The handle may have changed since it was declared.
    if account.institution_name_misused {
        return Err(AccountRefusal::InstitutionNameMisused);
    }
    Ok(Happened::Submitted {
        steps: chain.of(account.declaration.level),
        submitted_by: actor.officer.clone(),
        submitted_at: now,
    })
}

fn withdraw(account: &Account, actor: &Actor, reason: String, now: Timestamp) -> Outcome {
    check_applies(account, actor)?;
    match account.phase {
        Phase::Draft { .. } | Phase::InApproval(_) | Phase::Approved(_) => {
            Ok(Happened::Withdrawn { reason, withdrawn_at: now })
        }
        Phase::Filed(_) | Phase::Restricted { .. } => Err(AccountRefusal::AlreadyFiled),
        Phase::Closed { .. } => Err(AccountRefusal::AccountIsClosed),
        Phase::Deregistered { .. } | Phase::Withdrawn { .. } => Err(AccountRefusal::NothingDeclared),
    }
}

fn sign(account: &Account, actor: Actor, step: ApprovalStep, opinion: String, now: Timestamp) -> Outcome {
    let declaration = &account.declaration;
    // An agency may declare for an institution, but the boxes of its form are its own to sign.
    if !is_office(&actor, declaration.institution_id) {
        return Err(AccountRefusal::ActsForAnother);
    }
    let Phase::InApproval(approval) = &account.phase else { return Err(AccountRefusal::NotInApproval) };
    let expected = approval.next_step().ok_or(AccountRefusal::NotInApproval)?;
    if step != expected {
        return Err(AccountRefusal::StepOutOfOrder { expected });
    }
    let signer = actor.officer;
    let applies = [Some(&declaration.applicant), Some(&approval.submitted_by), declaration.details.operator.as_ref()];
    if applies.contains(&Some(&signer)) {
        return Err(AccountRefusal::SignerIsApplicant);
    }
    // The boxes of the form are as many offices (R16): one person cannot be all of them.
    if approval.signatures.iter().any(|signature| signature.signer == signer) {
        return Err(AccountRefusal::SignerSignedBefore);
    }
    Ok(Happened::StepSigned(Signature { step, signer, opinion, signed_at: now }))
}

fn send_back(account: &Account, actor: Actor, reasons: String, now: Timestamp) -> Outcome {
    check_acts_for(account, &actor)?;
    match account.phase {
        Phase::InApproval(_) | Phase::Approved(_) => {
            Ok(Happened::Returned { returned_by: actor.officer, reasons, returned_at: now })
        }
        Phase::Draft { .. }
        | Phase::Filed(_)
        | Phase::Restricted { .. }
        | Phase::Closed { .. }
        | Phase::Deregistered { .. }
        | Phase::Withdrawn { .. } => Err(AccountRefusal::NotInApproval),
    }
}

fn file(account: &Account, actor: Actor, filing_number: String, now: Timestamp) -> Outcome {
    let declaration = &account.declaration;
    if !supervises(&actor, declaration.region) {
        return Err(AccountRefusal::NotSupervisingAgency);
    }
    match &account.phase {
        Phase::Approved(_) => Ok(Happened::Filed {
            institution_id: declaration.institution_id,
            filing: Filing { agency: actor.agency, filing_number, filed_at: now },
        }),
        Phase::Draft { .. } | Phase::InApproval(_) => Err(AccountRefusal::ApprovalIncomplete),
        Phase::Filed(_) | Phase::Restricted { .. } => Err(AccountRefusal::AlreadyFiled),
        Phase::Closed { .. } => Err(AccountRefusal::AccountIsClosed),
        Phase::Deregistered { .. } | Phase::Withdrawn { .. } => Err(AccountRefusal::NothingDeclared),
    }
}

fn amend(account: &Account, actor: &Actor, amendment: Amendment, now: Timestamp) -> Outcome {
    check_acts_for(account, actor)?;
    let before = &account.declaration;
    let (level, subject_kind, details) = amendment.applied_to(before);
    let mut changed: Vec<&'static str> = before.details.fields_that_differ(&details);
    changed.extend((level != before.level).then_some("level"));
    changed.extend((subject_kind != before.subject_kind).then_some("subject_kind"));
    if changed.is_empty() {
        return Err(AccountRefusal::NothingChanged);
    }
    match account.phase {
        // An institution's own account holds a place of its own on the platform: a change of level would slip by it.
        Phase::Draft { .. } => {
            if level != before.level
                && (level == AccountLevel::Institution || before.level == AccountLevel::Institution)
            {
                return Err(AccountRefusal::RedeclarationRequired { field: "level" });
            }
        }
        Phase::InApproval(_) | Phase::Approved(_) => return Err(AccountRefusal::ApprovalInProgress),
        Phase::Filed(_) | Phase::Restricted { .. } => {
            if let Some(field) = changed.iter().copied().find(|field| is_what_was_approved(before.level, field)) {
                return Err(AccountRefusal::RedeclarationRequired { field });
            }
        }
        Phase::Closed { .. } => return Err(AccountRefusal::AccountIsClosed),
        Phase::Deregistered { .. } | Phase::Withdrawn { .. } => return Err(AccountRefusal::NothingDeclared),
    }
    form::check(level, subject_kind, &details)?;
    let changed_fields = changed.into_iter().map(str::to_owned).collect();
    Ok(Happened::Amended(Box::new(Amended { changed_fields, level, subject_kind, details, amended_at: now })))
}

/// Who runs the account is what the four signatures were given for; who answers for it and tends it may change.
fn is_what_was_approved(level: AccountLevel, field: &str) -> bool {
    match field {
        "level" | "subject_kind" => true,
        "operator" => level == AccountLevel::Staff,
        "department" => level == AccountLevel::Department,
        _ => false,
    }
}

fn close(account: &Account, actor: &Actor, reasons: String, now: Timestamp) -> Outcome {
    check_acts_for(account, actor)?;
    match account.phase {
        Phase::Filed(_) | Phase::Restricted { .. } => Ok(Happened::Closed { reasons, order: None, closed_at: now }),
        Phase::Closed { .. } => Err(AccountRefusal::AccountIsClosed),
        Phase::Draft { .. }
        | Phase::InApproval(_)
        | Phase::Approved(_)
        | Phase::Deregistered { .. }
        | Phase::Withdrawn { .. } => Err(AccountRefusal::NotFiled),
    }
}

fn deregister(account: &Account, actor: &Actor, reasons: String, now: Timestamp) -> Outcome {
    check_acts_for(account, actor)?;
    match account.phase {
        Phase::Filed(_) | Phase::Restricted { .. } => Ok(Happened::Deregistered { reasons, deregistered_at: now }),
        Phase::Closed { .. } => Err(AccountRefusal::AccountIsClosed),
        Phase::Draft { .. }
        | Phase::InApproval(_)
        | Phase::Approved(_)
        | Phase::Deregistered { .. }
        | Phase::Withdrawn { .. } => Err(AccountRefusal::NotFiled),
    }
}

fn close_by_order(
    account: &Account,
    order_id: OrderId,
    case_id: CaseId,
    reasons: String,
    executed_at: Timestamp,
) -> Outcome {
    match &account.phase {
        Phase::Closed { closures, .. } if closures.iter().any(|one| one.is_by(order_id)) => {
            Err(AccountRefusal::ClosedByThisOrder)
        }
        Phase::Closed { closures, .. } if closures.len() >= CLOSURES_MAX => Err(AccountRefusal::TooManyClosures),
        // A platform may close what the institution has given up or not yet filed: the account is the same.
        _ => Ok(Happened::Closed { reasons, order: Some((order_id, case_id)), closed_at: executed_at }),
    }
}

fn reopen(account: &Account, order_id: OrderId, counter_order_id: Option<OrderId>, undone_at: Timestamp) -> Outcome {
    match &account.phase {
        Phase::Closed { closures, .. } if closures.iter().any(|one| one.is_by(order_id)) => {
            Ok(Happened::Reopened { order_id, counter_order_id, reopened_at: undone_at })
        }
        _ => Err(AccountRefusal::NotClosedByThisOrder),
    }
}

/// The approval that `signature` would complete or further.
pub(super) fn signed(mut approval: Approval, signature: Signature) -> Phase {
    approval.signatures.push(signature);
    if approval.next_step().is_none() { Phase::Approved(approval) } else { Phase::InApproval(approval) }
}
