//! The stored form of a notice's events.

use casebook_execution::{Aggregate, DecodeError, Stored};
use casebook_proto::credentials::v1 as pb;

use super::values::{account, at, id, time};
use super::{PACKAGE, Reading, message, read};
use crate::domain::due::Due;
use crate::domain::recertification::{Notice, Recertification, RecertificationEvent as Event};

impl Aggregate for Recertification {
    const CATEGORY: &'static str = "recertification";

    fn encode(event: &Event) -> Stored {
        match event {
            Event::NoticeIssued { notice, due, remind_at, at } => message!(RecertificationNoticeIssued {
                account_id: notice.account.id.to_string(),
                platform: notice.account.platform.clone(),
                platform_uid: notice.account.platform_uid.clone(),
                served_at: time(notice.served_at),
                service_proof_sha256: notice.service_proof_sha256.clone(),
                due_at: time(due.at),
                due_provisional: due.provisional,
                remind_at: time(*remind_at),
                issued_at: time(*at),
            }),
            Event::DueMoved { account, due, at } => message!(RecertificationDueMoved {
                account_id: account.id.to_string(),
                platform: account.platform.clone(),
                platform_uid: account.platform_uid.clone(),
                due_at: time(due.at),
                due_provisional: due.provisional,
                moved_at: time(*at),
            }),
            Event::Reminded { account, due_at, at } => message!(RecertificationReminded {
                account_id: account.id.to_string(),
                platform: account.platform.clone(),
                platform_uid: account.platform_uid.clone(),
                due_at: time(*due_at),
                reminded_at: time(*at),
            }),
            Event::Lapsed { account, due_at, at } => message!(RecertificationLapsed {
                account_id: account.id.to_string(),
                platform: account.platform.clone(),
                platform_uid: account.platform_uid.clone(),
                due_at: time(*due_at),
                lapsed_at: time(*at),
            }),
            Event::Fulfilled { account, credential, at, late } => message!(RecertificationFulfilled {
                account_id: account.id.to_string(),
                platform: account.platform.clone(),
                platform_uid: account.platform_uid.clone(),
                credential_id: credential.to_string(),
                fulfilled_at: time(*at),
                late: *late,
            }),
        }
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<Event, DecodeError> {
        match event_type.strip_prefix(PACKAGE) {
            Some("RecertificationNoticeIssued") => read(event_type, json, issued),
            Some("RecertificationDueMoved") => read(event_type, json, moved),
            Some("RecertificationReminded") => read(event_type, json, reminded),
            Some("RecertificationLapsed") => read(event_type, json, lapsed),
            Some("RecertificationFulfilled") => read(event_type, json, fulfilled),
            _ => Err(DecodeError::new(event_type, "it is none of a notice's")),
        }
    }
}

fn issued(message: pb::RecertificationNoticeIssued) -> Reading<Event> {
    Ok(Event::NoticeIssued {
        notice: Notice {
            account: account(message.platform, message.platform_uid),
            served_at: at("served_at", message.served_at)?,
            service_proof_sha256: message.service_proof_sha256,
        },
        due: Due { at: at("due_at", message.due_at)?, provisional: message.due_provisional },
        remind_at: at("remind_at", message.remind_at)?,
        at: at("issued_at", message.issued_at)?,
    })
}

fn moved(message: pb::RecertificationDueMoved) -> Reading<Event> {
    Ok(Event::DueMoved {
        account: account(message.platform, message.platform_uid),
        due: Due { at: at("due_at", message.due_at)?, provisional: message.due_provisional },
        at: at("moved_at", message.moved_at)?,
    })
}

fn reminded(message: pb::RecertificationReminded) -> Reading<Event> {
    Ok(Event::Reminded {
        account: account(message.platform, message.platform_uid),
        due_at: at("due_at", message.due_at)?,
        at: at("reminded_at", message.reminded_at)?,
    })
}

fn lapsed(message: pb::RecertificationLapsed) -> Reading<Event> {
    Ok(Event::Lapsed {
        account: account(message.platform, message.platform_uid),
        due_at: at("due_at", message.due_at)?,
        at: at("lapsed_at", message.lapsed_at)?,
    })
}

fn fulfilled(message: pb::RecertificationFulfilled) -> Reading<Event> {
    Ok(Event::Fulfilled {
        account: account(message.platform, message.platform_uid),
        credential: id("credential_id", &message.credential_id)?,
        at: at("fulfilled_at", message.fulfilled_at)?,
        late: message.late,
    })
}
