//! What callers see of a lead, a case and an order: a pure function of the folded state.

mod case;
mod order;
mod subject;

use casebook_execution::Head;
use casebook_proto::enforcement::v1;
use casebook_proto::timestamp;

pub use case::{case_resource, stage};
pub use order::{order_resource, order_state, platform_order};
pub use subject::{Act, case_for_subject};

use crate::codec::parts::{account_message, text_or_empty, texts, wire};
use crate::codec::words::Word as _;
use crate::domain::lead::{LeadState, case_id_of};

/// What every resource says of its place in the log.
struct Marks {
    etag: String,
    create_time: Option<casebook_proto::Timestamp>,
    update_time: Option<casebook_proto::Timestamp>,
}

fn marks(head: &Head) -> Marks {
    Marks {
        etag: head.revision.to_string(),
        create_time: Some(timestamp(head.first_at)),
        update_time: Some(timestamp(head.last_at)),
    }
}

/// The state's word in messages and rows.
pub fn lead_state(state: &LeadState) -> v1::LeadState {
    match state {
        LeadState::Absent => v1::LeadState::Unspecified,
        LeadState::Received(_) => v1::LeadState::Received,
        LeadState::Accepted(..) => v1::LeadState::Accepted,
        LeadState::Declined(..) => v1::LeadState::Declined,
    }
}

/// A lead as callers see it; none where there is none.
pub fn lead_resource(state: &LeadState, head: &Head) -> Option<v1::Lead> {
    let file = state.file()?;
    let (screening, duplicate_of) = match state {
        LeadState::Absent | LeadState::Received(_) => (None, None),
        LeadState::Accepted(_, screening) => (Some(screening), None),
        LeadState::Declined(_, screening, duplicate_of) => (Some(screening), *duplicate_of),
    };
    let signal = &file.signal;
    let Marks { etag, create_time, update_time } = marks(head);
    Some(v1::Lead {
        lead_id: file.lead_id.to_string(),
        state: lead_state(state).into(),
        source: signal.source.write(),
        account: Some(account_message(&signal.account)),
        account_id: signal.account.account_id().to_string(),
        violation: signal.violation.to_string(),
        reasons: signal.reasons.clone(),
        quoted_span: signal.quoted_span.clone(),
        item_id: text_or_empty(signal.item_id),
        item_sha256: signal.item_sha256.clone().unwrap_or_default(),
        published_at: wire(signal.published_at),
        report_ids: texts(&signal.report_ids),
        finding_id: text_or_empty(signal.finding_id),
        region: signal.region.to_string(),
        legal_bases: texts(&signal.legal_bases),
        screened_by: text_or_empty(screening.map(|screening| &screening.officer)),
        screening_reasons: screening.map(|screening| screening.reasons.clone()).unwrap_or_default(),
        duplicate_of: text_or_empty(duplicate_of),
        case_id: case_id_of(file.lead_id).to_string(),
        raised_by: texts(&signal.raised_by),
        correlation: head.correlation.to_string(),
        etag,
        create_time,
        update_time,
    })
}
