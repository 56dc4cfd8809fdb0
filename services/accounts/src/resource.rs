//! States as callers see them.

use casebook_execution::Head;
use casebook_kernel::Timestamp;
use casebook_proto::accounts::v1 as pb;

use crate::codec::values::{
    cause_number, details_message, grade_number, kind_number, level_number, step_number, subject_number, time,
    warning_message,
};
use crate::domain::account::{Account, Approval, Closure, Filing, Phase, Restriction, Signature};
use crate::domain::authority::office_of;
use crate::domain::census::Figures;
use crate::domain::institution::{QuotaException, Registered};
use crate::domain::measure::{MeasureOrder, ReceiptOutcome};

/// An institution and where it stands in the log.
pub fn institution(registered: &Registered, head: &Head) -> pb::Institution {
    let registration = &registered.registration;
    pb::Institution {
        institution_id: registered.institution_id.to_string(),
        etag: head.revision.to_string(),
        create_time: time(head.first_at),
        update_time: time(head.last_at),
        uscc: registration.uscc.clone(),
        uscc_warning: registration.uscc_warning.as_ref().map(warning_message),
        kind: kind_number(registration.kind),
        grade: registration.grade.map_or(0, grade_number),
        name: registration.name.clone(),
        aliases: registration.aliases.clone(),
        region: registration.region.code(),
        office: office_of(registered.institution_id),
        quota_exceptions: registered.quota_exceptions.iter().map(quota_exception).collect(),
    }
}

fn quota_exception(exception: &QuotaException) -> pb::QuotaException {
    pb::QuotaException {
        exception_id: exception.exception_id.to_string(),
        platform: exception.platform.to_string(),
        reason: exception.reason.clone(),
        agency: exception.agency.to_string(),
        granted_at: time(exception.granted_at),
        expires_at: time(exception.expires_at),
    }
}

/// An account and where it stands in the log.
pub fn account(account: &Account, head: &Head) -> pb::Account {
    let declaration = &account.declaration;
    // A closed account still shows what it was closed upon.
    let standing = match &account.phase {
        Phase::Closed { before, .. } => before,
        phase => phase,
    };
    let approval = approval_of(standing);
    pb::Account {
        account_id: declaration.account_id().to_string(),
        etag: head.revision.to_string(),
        create_time: time(head.first_at),
        update_time: time(head.last_at),
        institution_id: declaration.institution_id.to_string(),
        platform: declaration.platform.to_string(),
        platform_uid: declaration.platform_uid.clone(),
        handle: declaration.handle.clone(),
        level: level_number(declaration.level),
        subject_kind: subject_number(declaration.subject_kind),
        region: declaration.region.code(),
        details: Some(details_message(&declaration.details)),
        state: state(&account.phase).into(),
        applicant: declaration.applicant.to_string(),
        quota_exception_id: declaration.quota_exception.map(|id| id.to_string()).unwrap_or_default(),
        commitment_accepted_at: time(declaration.declared_at),
        signatures: approval.map(|approval| approval.signatures.iter().map(signature).collect()).unwrap_or_default(),
        next_step: next_step(&account.phase),
        return_reasons: return_reasons(&account.phase),
        filing: standing.record().map(|record| filing(&record.filing)),
        restrictions: restrictions(standing),
        closure: closure(&account.phase),
        followers: account.followers.map_or(0, |count| count.followers),
        followers_observed_at: account.followers.and_then(|count| time(count.observed_at)),
        head_account: account.followers.is_some_and(|count| count.head_account),
        institution_name_misused: account.institution_name_misused,
        former_handles: account.former_handles.clone(),
    }
}

/// Where an account stands, in the words of the protocol.
pub fn state(phase: &Phase) -> pb::AccountState {
    match phase {
        Phase::Draft { .. } => pb::AccountState::Draft,
        Phase::InApproval(_) => pb::AccountState::InApproval,
        Phase::Approved(_) => pb::AccountState::Approved,
        Phase::Filed(_) => pb::AccountState::Filed,
        Phase::Restricted { .. } => pb::AccountState::Restricted,
        Phase::Closed { .. } => pb::AccountState::Closed,
        Phase::Deregistered { .. } => pb::AccountState::Deregistered,
        Phase::Withdrawn { .. } => pb::AccountState::Withdrawn,
    }
}

fn approval_of(phase: &Phase) -> Option<&Approval> {
    match phase {
        Phase::InApproval(approval) | Phase::Approved(approval) => Some(approval),
        Phase::Filed(record) | Phase::Restricted { record, .. } => Some(&record.approval),
        Phase::Draft { .. } | Phase::Closed { .. } | Phase::Deregistered { .. } | Phase::Withdrawn { .. } => None,
    }
}

fn next_step(phase: &Phase) -> i32 {
    match phase {
        Phase::InApproval(approval) => approval.next_step().map_or(0, step_number),
        _ => 0,
    }
}

fn return_reasons(phase: &Phase) -> String {
    match phase {
        Phase::Draft { return_reasons } => return_reasons.clone(),
        _ => String::new(),
    }
}

fn restrictions(phase: &Phase) -> Vec<pb::Restriction> {
    match phase {
        Phase::Restricted { restrictions, .. } => restrictions.iter().map(restriction).collect(),
        _ => Vec::new(),
    }
}

fn closure(phase: &Phase) -> Option<pb::Closure> {
    match phase {
        Phase::Closed { closures, .. } => closures.last().map(closure_message),
        _ => None,
    }
}

fn signature(signature: &Signature) -> pb::ApprovalSignature {
    pb::ApprovalSignature {
        step: step_number(signature.step),
        signer: signature.signer.to_string(),
        opinion: signature.opinion.clone(),
        signed_at: time(signature.signed_at),
    }
}

fn filing(filing: &Filing) -> pb::Filing {
    pb::Filing {
        agency: filing.agency.to_string(),
        filing_number: filing.filing_number.clone(),
        filed_at: time(filing.filed_at),
    }
}

fn restriction(restriction: &Restriction) -> pb::Restriction {
    pb::Restriction {
        restriction_id: restriction.restriction_id.to_string(),
        cause: cause_number(restriction.cause),
        legal_bases: restriction.legal_bases.iter().map(ToString::to_string).collect(),
        reasons: restriction.reasons.clone(),
        reference: restriction.reference.clone(),
        restricted_at: time(restriction.restricted_at),
        until: restriction.until.and_then(time),
    }
}

fn closure_message(closure: &Closure) -> pb::Closure {
    pb::Closure {
        reasons: closure.reasons.clone(),
        order_id: closure.order.map(|(order_id, _)| order_id.to_string()).unwrap_or_default(),
        case_id: closure.order.map(|(_, case_id)| case_id.to_string()).unwrap_or_default(),
        closed_at: time(closure.closed_at),
    }
}

/// A measure that holds.
pub fn measure(order: &MeasureOrder) -> pb::MeasureInForce {
    let receipt = order.receipt.as_ref();
    pb::MeasureInForce {
        measure: order.measure.clone(),
        since: order.effective_from().and_then(time),
        until: receipt.and_then(|receipt| receipt.until).and_then(time),
        order_id: order.order_id.to_string(),
        case_id: order.case_id.to_string(),
        executed_at: receipt.and_then(|receipt| receipt.executed_at).and_then(time),
        partly: receipt.is_some_and(|receipt| receipt.outcome == ReceiptOutcome::Partly),
    }
}

/// Figures and the last event that they count.
pub fn figures(figures: &Figures, position: u64, counted_at: Option<Timestamp>) -> pb::Figures {
    pb::Figures {
        as_of_position: position,
        as_of_time: counted_at.and_then(time),
        accounts_filed: figures.accounts_filed,
        institutions_covered: figures.institutions_covered,
        personal_accounts: figures.personal_accounts,
        personal_share_basis_points: figures.personal_share_basis_points(),
        head_accounts: figures.head_accounts,
        by_platform: figures
            .by_platform
            .iter()
            .map(|(platform, accounts)| pb::PlatformCount { platform: platform.to_string(), accounts: *accounts })
            .collect(),
        by_level: figures
            .by_level
            .iter()
            .map(|(level, accounts)| pb::LevelCount { level: level_number(*level), accounts: *accounts })
            .collect(),
        accounts_pending: figures.accounts_pending,
        accounts_restricted: figures.accounts_restricted,
        accounts_closed: figures.accounts_closed,
        institutions_registered: figures.institutions_registered,
        obligated_institutions: figures.obligated_institutions,
        obligations_met: figures.obligations_met,
    }
}
