//! The stored form of an account's events.

use casebook_execution::{Aggregate, DecodeError, Stored};
use casebook_kernel::ids::AccountId;
use casebook_proto::accounts::v1 as pb;

use super::values::{
    at, cause, cause_number, details, details_message, level, level_number, some_text, step, step_number, subject,
    subject_number, text, time, uuid,
};
use super::{PACKAGE, Reading, Unreadable, read, stored};
use crate::domain::account::{
    AccountEvent, AccountRegistry, Amended, Declaration, Filing, FollowerCount, Happened, Restriction, Signature,
};

impl Aggregate for AccountRegistry {
    const CATEGORY: &'static str = AccountId::CATEGORY;

    fn encode(event: &AccountEvent) -> Stored {
        encode(event.account_id.to_string(), &event.happened)
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<AccountEvent, DecodeError> {
        match event_type.strip_prefix(PACKAGE) {
            Some("AccountDeclared") => read(event_type, json, declared),
            Some("AccountAmended") => read(event_type, json, amended),
            Some("DeclarationSubmitted") => read(event_type, json, submitted),
            Some("ApprovalStepSigned") => read(event_type, json, step_signed),
            Some("DeclarationReturned") => read(event_type, json, returned),
            Some("DeclarationWithdrawn") => read(event_type, json, withdrawn),
            Some("AccountFiled") => read(event_type, json, filed),
            Some("HandleChanged") => read(event_type, json, handle_changed),
            Some("FollowersObserved") => read(event_type, json, followers_observed),
            Some("AccountRestricted") => read(event_type, json, restricted),
            Some("RestrictionLifted") => read(event_type, json, restriction_lifted),
            Some("AccountClosed") => read(event_type, json, closed),
            Some("AccountReopened") => read(event_type, json, reopened),
            Some("AccountDeregistered") => read(event_type, json, deregistered),
            _ => Err(DecodeError::new(event_type, "it is none of an account's")),
        }
    }
}

/// The stored event: `message!(AccountClosed { reasons })` names its type once.
macro_rules! message {
    ($name:ident { $($field:tt)* }) => {
        stored(concat!("casebook.accounts.v1.", stringify!($name)), &pb::$name { $($field)* })
    };
}

/// One arm an event, and no arm for the rest: a new event does not compile before it has a stored form.
fn encode(account_id: String, happened: &Happened) -> Stored {
    match happened {
        Happened::Declared(declaration) => {
            stored("casebook.accounts.v1.AccountDeclared", &declared_message(account_id, declaration))
        }
        Happened::Amended(amended) => message!(AccountAmended {
            account_id,
            changed_fields: amended.changed_fields.clone(),
            level: level_number(amended.level),
            subject_kind: subject_number(amended.subject_kind),
            details: Some(details_message(&amended.details)),
            amended_at: time(amended.amended_at),
        }),
        Happened::Submitted { steps, submitted_by, submitted_at } => message!(DeclarationSubmitted {
            account_id,
            steps: steps.iter().copied().map(step_number).collect(),
            submitted_by: submitted_by.to_string(),
            submitted_at: time(*submitted_at),
        }),
        Happened::StepSigned(signature) => message!(ApprovalStepSigned {
            account_id,
            step: step_number(signature.step),
            signer: signature.signer.to_string(),
            opinion: signature.opinion.clone(),
            signed_at: time(signature.signed_at),
        }),
        Happened::Returned { returned_by, reasons, returned_at } => message!(DeclarationReturned {
            account_id,
            returned_by: returned_by.to_string(),
            reasons: reasons.clone(),
            returned_at: time(*returned_at),
        }),
        Happened::Withdrawn { reason, withdrawn_at } => {
            message!(DeclarationWithdrawn { account_id, reason: reason.clone(), withdrawn_at: time(*withdrawn_at) })
        }
        Happened::Filed { institution_id, filing } => message!(AccountFiled {
            account_id,
            institution_id: institution_id.to_string(),
            agency: filing.agency.to_string(),
            filing_number: filing.filing_number.clone(),
            filed_at: time(filing.filed_at),
        }),
        Happened::HandleChanged { old_handle, new_handle, observed_at, institution_name_misused } => {
            message!(HandleChanged {
                account_id,
                old_handle: old_handle.clone(),
                new_handle: new_handle.clone(),
                observed_at: time(*observed_at),
                institution_name_misused: *institution_name_misused,
            })
        }
        Happened::FollowersObserved(count) => message!(FollowersObserved {
            account_id,
            followers: count.followers,
            observed_at: time(count.observed_at),
            head_account: count.head_account,
        }),
        Happened::Restricted(restriction) => message!(AccountRestricted {
            account_id,
            restriction_id: restriction.restriction_id.to_string(),
            cause: cause_number(restriction.cause),
            legal_bases: restriction.legal_bases.iter().map(ToString::to_string).collect(),
            reasons: restriction.reasons.clone(),
            reference: restriction.reference.clone(),
            restricted_at: time(restriction.restricted_at),
            until: restriction.until.and_then(time),
        }),
        Happened::RestrictionLifted { restriction_id, reasons, lifted_at } => message!(RestrictionLifted {
            account_id,
            restriction_id: restriction_id.to_string(),
            reasons: reasons.clone(),
            lifted_at: time(*lifted_at),
        }),
        Happened::Closed { reasons, order, closed_at } => message!(AccountClosed {
            account_id,
            reasons: reasons.clone(),
            order_id: order.map(|(order_id, _)| order_id.to_string()).unwrap_or_default(),
            case_id: order.map(|(_, case_id)| case_id.to_string()).unwrap_or_default(),
            closed_at: time(*closed_at),
        }),
        Happened::Reopened { order_id, counter_order_id, reopened_at } => message!(AccountReopened {
            account_id,
            order_id: order_id.to_string(),
            counter_order_id: counter_order_id.map(|id| id.to_string()).unwrap_or_default(),
            reopened_at: time(*reopened_at),
        }),
        Happened::Deregistered { reasons, deregistered_at } => message!(AccountDeregistered {
            account_id,
            reasons: reasons.clone(),
            deregistered_at: time(*deregistered_at),
        }),
    }
}

fn declared_message(account_id: String, declaration: &Declaration) -> pb::AccountDeclared {
    pb::AccountDeclared {
        account_id,
        institution_id: declaration.institution_id.to_string(),
        platform: declaration.platform.to_string(),
        platform_uid: declaration.platform_uid.clone(),
        handle: declaration.handle.clone(),
        level: level_number(declaration.level),
        subject_kind: subject_number(declaration.subject_kind),
        region: declaration.region.code(),
        details: Some(details_message(&declaration.details)),
        applicant: declaration.applicant.to_string(),
        quota_exception_id: declaration.quota_exception.map(|id| id.to_string()).unwrap_or_default(),
        declared_at: time(declaration.declared_at),
    }
}

fn event(account_id: &str, happened: Happened) -> Reading<AccountEvent> {
    Ok(AccountEvent { account_id: text("account_id", account_id)?, happened })
}

fn given<T>(field: &'static str, value: Option<T>) -> Reading<T> {
    value.ok_or_else(|| Unreadable::new(field, "is not given"))
}

fn declared(message: pb::AccountDeclared) -> Reading<AccountEvent> {
    let declaration = Declaration {
        institution_id: text("institution_id", &message.institution_id)?,
        platform: text("platform", &message.platform)?,
        platform_uid: message.platform_uid,
        handle: message.handle,
        level: level("level", message.level)?,
        subject_kind: subject("subject_kind", message.subject_kind)?,
        region: text("region", &message.region)?,
        details: details(given("details", message.details)?)?,
        applicant: text("applicant", &message.applicant)?,
        quota_exception: some_text("quota_exception_id", &message.quota_exception_id)?,
        declared_at: at("declared_at", message.declared_at)?,
    };
    event(&message.account_id, Happened::Declared(Box::new(declaration)))
}

fn amended(message: pb::AccountAmended) -> Reading<AccountEvent> {
    let amended = Amended {
        changed_fields: message.changed_fields,
        level: level("level", message.level)?,
        subject_kind: subject("subject_kind", message.subject_kind)?,
        details: details(given("details", message.details)?)?,
        amended_at: at("amended_at", message.amended_at)?,
    };
    event(&message.account_id, Happened::Amended(Box::new(amended)))
}

fn submitted(message: pb::DeclarationSubmitted) -> Reading<AccountEvent> {
    let steps = message.steps.iter().map(|number| step("steps", *number)).collect::<Reading<_>>()?;
    let happened = Happened::Submitted {
        steps,
        submitted_by: text("submitted_by", &message.submitted_by)?,
        submitted_at: at("submitted_at", message.submitted_at)?,
    };
    event(&message.account_id, happened)
}

fn step_signed(message: pb::ApprovalStepSigned) -> Reading<AccountEvent> {
    let signature = Signature {
        step: step("step", message.step)?,
        signer: text("signer", &message.signer)?,
        opinion: message.opinion,
        signed_at: at("signed_at", message.signed_at)?,
    };
    event(&message.account_id, Happened::StepSigned(signature))
}

fn returned(message: pb::DeclarationReturned) -> Reading<AccountEvent> {
    let happened = Happened::Returned {
        returned_by: text("returned_by", &message.returned_by)?,
        reasons: message.reasons,
        returned_at: at("returned_at", message.returned_at)?,
    };
    event(&message.account_id, happened)
}

fn withdrawn(message: pb::DeclarationWithdrawn) -> Reading<AccountEvent> {
    let withdrawn_at = at("withdrawn_at", message.withdrawn_at)?;
    event(&message.account_id, Happened::Withdrawn { reason: message.reason, withdrawn_at })
}

fn filed(message: pb::AccountFiled) -> Reading<AccountEvent> {
    let filing = Filing {
        agency: text("agency", &message.agency)?,
        filing_number: message.filing_number,
        filed_at: at("filed_at", message.filed_at)?,
    };
    let institution_id = text("institution_id", &message.institution_id)?;
    event(&message.account_id, Happened::Filed { institution_id, filing })
}

fn handle_changed(message: pb::HandleChanged) -> Reading<AccountEvent> {
    let happened = Happened::HandleChanged {
        old_handle: message.old_handle,
        new_handle: message.new_handle,
        observed_at: at("observed_at", message.observed_at)?,
        institution_name_misused: message.institution_name_misused,
    };
    event(&message.account_id, happened)
}

fn followers_observed(message: pb::FollowersObserved) -> Reading<AccountEvent> {
    let count = FollowerCount {
        followers: message.followers,
        observed_at: at("observed_at", message.observed_at)?,
        head_account: message.head_account,
    };
    event(&message.account_id, Happened::FollowersObserved(count))
}

fn restricted(message: pb::AccountRestricted) -> Reading<AccountEvent> {
    let restriction = Restriction {
        restriction_id: uuid("restriction_id", &message.restriction_id)?,
        cause: cause("cause", message.cause)?,
        legal_bases: message.legal_bases.iter().map(|id| text("legal_bases", id)).collect::<Reading<_>>()?,
        reasons: message.reasons,
        reference: message.reference,
        restricted_at: at("restricted_at", message.restricted_at)?,
        until: message.until.map(|until| at("until", Some(until))).transpose()?,
    };
    event(&message.account_id, Happened::Restricted(restriction))
}

fn restriction_lifted(message: pb::RestrictionLifted) -> Reading<AccountEvent> {
    let happened = Happened::RestrictionLifted {
        restriction_id: uuid("restriction_id", &message.restriction_id)?,
        reasons: message.reasons,
        lifted_at: at("lifted_at", message.lifted_at)?,
    };
    event(&message.account_id, happened)
}

fn closed(message: pb::AccountClosed) -> Reading<AccountEvent> {
    let order_id = some_text("order_id", &message.order_id)?;
    let case_id = some_text("case_id", &message.case_id)?;
    let happened = Happened::Closed {
        reasons: message.reasons,
        order: order_id.zip(case_id),
        closed_at: at("closed_at", message.closed_at)?,
    };
    event(&message.account_id, happened)
}

fn reopened(message: pb::AccountReopened) -> Reading<AccountEvent> {
    let happened = Happened::Reopened {
        order_id: text("order_id", &message.order_id)?,
        counter_order_id: some_text("counter_order_id", &message.counter_order_id)?,
        reopened_at: at("reopened_at", message.reopened_at)?,
    };
    event(&message.account_id, happened)
}

fn deregistered(message: pb::AccountDeregistered) -> Reading<AccountEvent> {
    let deregistered_at = at("deregistered_at", message.deregistered_at)?;
    event(&message.account_id, Happened::Deregistered { reasons: message.reasons, deregistered_at })
}
