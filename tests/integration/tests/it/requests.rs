//! Requests made from their rules: one that obeys all of them, and every one that breaks exactly one.

use casebook_kernel::Timestamp;
use casebook_proto::common::v1::Format;
use chrono::TimeDelta;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value,
};
use uuid::Uuid;

use crate::contract::{self, Rule};

/// How deep messages may be nested in a request.
const DEPTH_MAX: usize = 8;
/// A number that no enum of ours has.
const UNKNOWN_CHOICE: i32 = 9_999;

/// A request that breaks one rule.
pub struct Broken {
    /// The path of the field whose rule it breaks: `evidence[0].sha256`.
    pub field: String,
    /// What is wrong with it.
    pub what: &'static str,
    pub request: DynamicMessage,
}

/// A request whose every field is there and obeys its rule. Whether it makes sense is another question.
pub fn obedient(message: &MessageDescriptor, now: Timestamp) -> DynamicMessage {
    filled(message, now, 0)
}

/// Every way to break one rule of a request, in any field of any depth.
pub fn broken(message: &MessageDescriptor, now: Timestamp) -> Vec<Broken> {
    let base = obedient(message, now);
    let mut found = Vec::new();
    breaks(&base, "", now, 0, &mut |field, what, request| found.push(Broken { field, what, request }));
    found
}

fn filled(message: &MessageDescriptor, now: Timestamp, depth: usize) -> DynamicMessage {
    assert!(depth < DEPTH_MAX, "{} is nested too deep", message.full_name());
    let mut request = DynamicMessage::new(message.clone());
    for field in message.fields() {
        if let Some(one) = value(&field, now, depth) {
            request.set_field(&field, if field.is_list() { Value::List(vec![one]) } else { one });
        }
    }
    request
}

/// A value that obeys the rule of a field; none where absence is the only one that is known to (a token that a reply gives).
fn value(field: &FieldDescriptor, now: Timestamp, depth: usize) -> Option<Value> {
    let rule = contract::rule(field);
    Some(match field.kind() {
        Kind::String => Value::String(match rule.format {
            Format::Unspecified => "文".into(),
            Format::Uuid => Uuid::new_v5(&Uuid::NAMESPACE_OID, field.full_name().as_bytes()).to_string(),
            Format::Region => "310000".into(),
            Format::Token => "douyin".into(),
            Format::Date => "2026-03-02".into(),
            Format::Sha256 => "0f".repeat(32),
            Format::Etag | Format::PageToken => return None,
        }),
        Kind::Bytes => Value::Bytes(vec![1].into()),
        Kind::Bool => Value::Bool(false),
        Kind::Enum(kind) => Value::EnumNumber(first_choice(&kind)),
        Kind::Message(message) if is_time(&message) => time(&message, now - TimeDelta::days(1)),
        Kind::Message(message) => Value::Message(filled(&message, now, depth + 1)),
        number => number_value(&number, 1)?,
    })
}

fn first_choice(kind: &EnumDescriptor) -> i32 {
    kind.values().map(|value| value.number()).find(|number| *number != 0).unwrap_or(0)
}

fn is_time(message: &MessageDescriptor) -> bool {
    message.full_name() == "google.protobuf.Timestamp"
}

fn time(message: &MessageDescriptor, at: Timestamp) -> Value {
    let mut time = DynamicMessage::new(message.clone());
    time.set_field_by_name("seconds", Value::I64(at.timestamp()));
    Value::Message(time)
}

fn number_value(kind: &Kind, number: u64) -> Option<Value> {
    Some(match kind {
        Kind::Uint32 | Kind::Fixed32 => Value::U32(u32::try_from(number).ok()?),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(i32::try_from(number).ok()?),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(i64::try_from(number).ok()?),
        Kind::Float => Value::F32(1.0),
        Kind::Double => Value::F64(1.0),
        _ => return None,
    })
}

/// Gives every message that differs from `base` in one broken rule, its path beginning with `at`.
fn breaks(
    base: &DynamicMessage,
    at: &str,
    now: Timestamp,
    depth: usize,
    give: &mut dyn FnMut(String, &'static str, DynamicMessage),
) {
    for field in base.descriptor().fields() {
        let rule = contract::rule(&field);
        let path = format!("{at}{}", field.name());
        if rule.required {
            let mut request = base.clone();
            request.clear_field(&field);
            give(path.clone(), "nothing", request);
        }
        let mut with = |path: &str, what, value| {
            let mut request = base.clone();
            request.set_field(&field, value);
            give(path.to_owned(), what, request);
        };
        if field.is_list() {
            let element = format!("{path}[0]");
            for (what, value) in wrong_values(&field, rule, now) {
                with(&element, what, Value::List(vec![value]));
            }
            if matches!(field.kind(), Kind::String | Kind::Bytes) {
                with(&element, "an element that is empty", empty(&field));
            }
            let one = value(&field, now, depth).expect("no list of tokens that a reply gives");
            with(&path, "one element too many", Value::List(vec![one; rule.items_max + 1]));
        } else {
            for (what, value) in wrong_values(&field, rule, now) {
                with(&path, what, value);
            }
        }
        inside(base, &field, &path, now, depth, give);
    }
}

/// The rules of the messages that a field holds.
fn inside(
    base: &DynamicMessage,
    field: &FieldDescriptor,
    path: &str,
    now: Timestamp,
    depth: usize,
    give: &mut dyn FnMut(String, &'static str, DynamicMessage),
) {
    let Kind::Message(message) = field.kind() else { return };
    if is_time(&message) {
        return;
    }
    assert!(depth < DEPTH_MAX, "{path} is nested too deep");
    let at = if field.is_list() { format!("{path}[0].") } else { format!("{path}.") };
    breaks(&filled(&message, now, depth + 1), &at, now, depth + 1, &mut |path, what, inner| {
        let value = Value::Message(inner);
        let mut request = base.clone();
        request.set_field(field, if field.is_list() { Value::List(vec![value]) } else { value });
        give(path, what, request);
    });
}

fn empty(field: &FieldDescriptor) -> Value {
    let nothing =
        if field.kind() == Kind::String { Value::String(String::new()) } else { Value::Bytes(Vec::new().into()) };
    Value::List(vec![nothing])
}

/// Every kind of value that breaks the rule of a field, save that it is absent.
fn wrong_values(field: &FieldDescriptor, rule: Rule, now: Timestamp) -> Vec<(&'static str, Value)> {
    match field.kind() {
        Kind::String => wrong_texts(rule).into_iter().map(|(what, text)| (what, Value::String(text))).collect(),
        Kind::Bytes => vec![("one byte too many", Value::Bytes(vec![1; rule.chars_max + 1].into()))],
        Kind::Enum(_) => vec![("an enum number that is unknown", Value::EnumNumber(UNKNOWN_CHOICE))],
        Kind::Message(message) if is_time(&message) => wrong_times(&message, rule, now),
        kind if rule.max > 0 => {
            number_value(&kind, rule.max + 1).map(|value| ("a number too large", value)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn wrong_times(message: &MessageDescriptor, rule: Rule, now: Timestamp) -> Vec<(&'static str, Value)> {
    let mut no_time = DynamicMessage::new(message.clone());
    no_time.set_field_by_name("nanos", Value::I32(-1));
    let mut wrong = vec![("a time that is none", Value::Message(no_time))];
    if rule.past {
        wrong.push(("a time in the future", time(message, now + TimeDelta::hours(1))));
    }
    wrong
}

fn wrong_texts(rule: Rule) -> Vec<(&'static str, String)> {
    let mut wrong = match rule.format {
        // Characters of three bytes each: the limit counts characters.
        Format::Unspecified => {
            let mut wrong = vec![
                ("one character too many", "文".repeat(rule.chars_max + 1)),
                ("a control character", "\u{7}".into()),
                ("a line that goes back", "\r".into()),
            ];
            if rule.required {
                wrong.push(("nothing but white space", " \u{3000}\u{200b}\n".into()));
            }
            return wrong;
        }
        Format::Uuid => vec![
            ("no UUID", "case-1".to_owned()),
            ("a UUID in upper case", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11".into()),
            ("a UUID without hyphens", "a0eebc999c0b4ef8bb6d6bb9bd380a11".into()),
        ],
        Format::Region => {
            vec![("a region of five digits", "31000".to_owned()), ("a region with a letter", "31000a".into())]
        }
        Format::Token => vec![("a token with a space", "dou yin".to_owned()), ("a token in Chinese", "抖音".into())],
        Format::Date => vec![
            ("a day that no calendar has", "2026-02-30".to_owned()),
            ("a day in another order", "02.03.2026".into()),
        ],
        Format::Sha256 => vec![("a hash in upper case", "0F".repeat(32)), ("a hash too short", "0f".repeat(31))],
        Format::Etag => vec![("no etag", "W1".to_owned()), ("a negative etag", "-1".into())],
        Format::PageToken => vec![("no page token", "page 2".to_owned())],
    };
    wrong.push(("one character too many", "0".repeat(rule.chars_max + 1)));
    wrong
}
