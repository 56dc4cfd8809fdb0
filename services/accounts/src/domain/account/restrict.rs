//! The rules of restricting what an account may publish (R30, R32, R33).

use casebook_kernel::Timestamp;
use uuid::Uuid;

use super::RESTRICTIONS_MAX;
use super::command::Restrict;
use super::event::Happened;
use super::refusal::AccountRefusal;
use super::state::{Account, Phase, Restriction};
use crate::domain::authority::Authority;

pub(super) fn restrict(account: &Account, restriction: Restrict) -> Result<Happened, AccountRefusal> {
    if !restriction.authority.covers(account.declaration.region) {
        return Err(AccountRefusal::NotSupervisingAgency);
    }
    if restriction.legal_bases.is_empty() {
        return Err(AccountRefusal::NoBasis);
    }
    // Whoever misses the two months is restricted until certified, which is theirs to bring about (R32). An officer's
    // restriction is interim: nobody stays restricted because an office forgets.
    if restriction.until.is_none() && matches!(restriction.authority, Authority::Agency(_)) {
        return Err(AccountRefusal::NoExpiry);
    }
    let held = match &account.phase {
        Phase::Filed(_) => &[][..],
        Phase::Restricted { restrictions, .. } => restrictions,
        Phase::Closed { .. } => return Err(AccountRefusal::AccountIsClosed),
        Phase::Draft { .. }
        | Phase::InApproval(_)
        | Phase::Approved(_)
        | Phase::Deregistered { .. }
        | Phase::Withdrawn { .. } => return Err(AccountRefusal::NotFiled),
    };
    let same = |one: &Restriction| one.cause == restriction.cause && one.reference == restriction.reference;
    if held.iter().any(same) {
        return Err(AccountRefusal::AlreadyRestricted);
    }
    if held.len() >= RESTRICTIONS_MAX {
        return Err(AccountRefusal::TooManyRestrictions);
    }
    Ok(Happened::Restricted(Restriction {
        restriction_id: restriction.restriction_id,
        cause: restriction.cause,
        legal_bases: restriction.legal_bases,
        reasons: restriction.reasons,
        reference: restriction.reference,
        restricted_at: restriction.now,
        until: restriction.until,
    }))
}

pub(super) fn lift(
    account: &Account,
    authority: &Authority,
    restriction_id: Uuid,
    reasons: String,
    now: Timestamp,
) -> Result<Happened, AccountRefusal> {
    if !authority.covers(account.declaration.region) {
        return Err(AccountRefusal::NotSupervisingAgency);
    }
    match &account.phase {
        // What happened before a restriction is no ground to lift it.
        Phase::Restricted { restrictions, .. }
            if restrictions.iter().any(|one| one.restriction_id == restriction_id && one.restricted_at <= now) =>
        {
            Ok(Happened::RestrictionLifted { restriction_id, reasons, lifted_at: now })
        }
        _ => Err(AccountRefusal::NoBasis),
    }
}
