//! The stored form of a norm's events.

use casebook_execution::{Aggregate, DecodeError, Stored};
use casebook_proto::credentials::v1 as pb;

use super::values::{at, id, time};
use super::{PACKAGE, Reading, message, read};
use crate::domain::headcount::{Headcount, HeadcountEvent as Event, Norm};

impl Aggregate for Headcount {
    const CATEGORY: &'static str = "headcount";

    fn encode(event: &Event) -> Stored {
        let Event::Set { norm, at } = event;
        message!(NormalHeadcountSet {
            institution_id: norm.institution.to_string(),
            department: norm.department.clone(),
            normal: norm.normal,
            margin_percent: norm.margin_percent,
            set_at: time(*at),
        })
    }

    fn decode(event_type: &str, json: &[u8]) -> Result<Event, DecodeError> {
        match event_type.strip_prefix(PACKAGE) {
            Some("NormalHeadcountSet") => read(event_type, json, set),
            _ => Err(DecodeError::new(event_type, "it is none of a norm's")),
        }
    }
}

fn set(message: pb::NormalHeadcountSet) -> Reading<Event> {
    Ok(Event::Set {
        norm: Norm {
            institution: id("institution_id", &message.institution_id)?,
            department: message.department,
            normal: message.normal,
            margin_percent: message.margin_percent,
        },
        at: at("set_at", message.set_at)?,
    })
}
