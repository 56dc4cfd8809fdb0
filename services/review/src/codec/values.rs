//! The values that events and replies are made of.

use std::str::FromStr;

pub(crate) use casebook_execution::codec::{some_text, text};
use casebook_kernel::Timestamp;
use casebook_proto::Timestamp as ProtoTimestamp;
use casebook_proto::review::v1 as proto;
use casebook_proto::{moment, timestamp};

use super::{Reading, Unreadable};
use crate::domain::capture::{Content, Snapshot};
use crate::domain::finding::OfficerReference;
use crate::domain::item::ItemSource;
use crate::domain::report::{Channel, DeclineReason};
use crate::domain::screening::{Hit, Screening, Span};
use crate::domain::standing::{AccountFacts, AccountStanding, Certification};

pub(crate) fn each<T: FromStr<Err: std::fmt::Display>>(field: &'static str, texts: &[String]) -> Reading<Vec<T>> {
    texts.iter().map(|one| text(field, one)).collect()
}

pub(crate) fn text_of(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}

pub(crate) fn text_from(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

pub(crate) fn strings<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

pub(crate) fn string_or_empty<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map(ToString::to_string).unwrap_or_default()
}

pub(crate) fn time(field: &'static str, time: Option<ProtoTimestamp>) -> Reading<Timestamp> {
    optional_time(field, time)?.ok_or_else(|| Unreadable::new(field, "is missing"))
}

pub(crate) fn optional_time(field: &'static str, time: Option<ProtoTimestamp>) -> Reading<Option<Timestamp>> {
    time.map(|time| moment(&time).ok_or_else(|| Unreadable::new(field, "is not a time"))).transpose()
}

pub(crate) fn time_of(time: Timestamp) -> Option<ProtoTimestamp> {
    Some(timestamp(time))
}

/// Pairs the values of a domain enum with those of its message, both ways and without a gap.
macro_rules! paired {
    ($to:ident, $from:ident: $domain:ty = $proto:ident, $field:literal { $($value:ident $(as $other:ident)?),* $(,)? }) => {
        pub(crate) fn $to(value: $domain) -> proto::$proto {
            match value {
                $(<$domain>::$value => paired!(@ $proto $value $($other)?),)*
            }
        }

        pub(crate) fn $from(number: i32) -> Reading<$domain> {
            match proto::$proto::try_from(number) {
                $(Ok(paired!(@ $proto $value $($other)?)) => Ok(<$domain>::$value),)*
                Ok(proto::$proto::Unspecified) | Err(_) => {
                    Err(Unreadable::new($field, format!("{number} is none of its values")))
                }
            }
        }
    };
    (@ $proto:ident $value:ident $other:ident) => { proto::$proto::$other };
    (@ $proto:ident $value:ident) => { proto::$proto::$value };
}

paired!(channel_of, channel: Channel = Channel, "channel" {
    Hotline12345, Centre12377, Hotline12315, Platform, Monitoring, Counter, Letter, WebForm, Transfer, Institution,
});
paired!(decline_reason_of, decline_reason: DeclineReason = DeclineReason, "reason" {
    OutOfJurisdiction, OutOfScope, EvidenceMissing, ConcludedBefore, Abusive,
});
paired!(standing_of, standing: AccountStanding = AccountStanding, "account_standing" {
    Unknown, Declared, Filed, Restricted, Closed,
});
paired!(certification_of, certification: Certification = Certification, "certification" { Certified, Uncertified });
paired!(source_of, source: ItemSource = ItemSource, "source" { Report, Platform, Monitoring });

pub(crate) fn officer_of(officer: &OfficerReference) -> Option<proto::OfficerReference> {
    Some(proto::OfficerReference { agency: officer.agency.to_string(), officer: officer.officer.to_string() })
}

pub(crate) fn officer(field: &'static str, officer: Option<proto::OfficerReference>) -> Reading<OfficerReference> {
    let officer = officer.ok_or_else(|| Unreadable::new(field, "is missing"))?;
    Ok(OfficerReference { agency: text(field, &officer.agency)?, officer: text(field, &officer.officer)? })
}

pub(crate) fn content_of(content: &Content) -> proto::Content {
    match content {
        Content::Captured(_) => proto::Content::Captured,
        Content::Deleted => proto::Content::Deleted,
    }
}

pub(crate) fn content(number: i32, text: String, labels: Vec<String>, links: Vec<String>) -> Reading<Content> {
    match proto::Content::try_from(number) {
        Ok(proto::Content::Captured) => Ok(Content::Captured(Snapshot { text, labels, links })),
        Ok(proto::Content::Deleted) => Ok(Content::Deleted),
        Ok(proto::Content::Unspecified) | Err(_) => {
            Err(Unreadable::new("content", format!("{number} is none of its values")))
        }
    }
}

pub(crate) fn span_of(span: &Span) -> proto::Span {
    proto::Span {
        byte_start: span.bytes.start,
        byte_end: span.bytes.end,
        char_start: span.chars.start,
        char_end: span.chars.end,
        quote: span.quote.clone(),
        class_id: text_of(&span.class),
    }
}

pub(crate) fn span(span: proto::Span) -> Span {
    Span {
        bytes: span.byte_start..span.byte_end,
        chars: span.char_start..span.char_end,
        quote: span.quote,
        class: text_from(span.class_id),
    }
}

pub(crate) fn hit_of(hit: &Hit) -> proto::Hit {
    proto::Hit {
        rule_id: hit.rule.clone(),
        violation: hit.violation.clone(),
        legal_bases: hit.legal_bases.clone(),
        spans: hit.spans.iter().map(span_of).collect(),
        missing_label: text_of(&hit.missing_label),
        links: hit.links.clone(),
    }
}

pub(crate) fn screening(hits: Vec<proto::Hit>, truncated: bool) -> Screening {
    let hits = hits
        .into_iter()
        .map(|hit| Hit {
            rule: hit.rule_id,
            violation: hit.violation,
            legal_bases: hit.legal_bases,
            spans: hit.spans.into_iter().map(span).collect(),
            missing_label: text_from(hit.missing_label),
            links: hit.links,
        })
        .collect();
    Screening { hits, truncated }
}

pub(crate) fn account_facts(account_standing: i32, certified: i32) -> Reading<AccountFacts> {
    Ok(AccountFacts { standing: standing(account_standing)?, certification: certification(certified)? })
}
