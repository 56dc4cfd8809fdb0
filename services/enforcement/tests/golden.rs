//! Every shape of an event that was ever released decodes for ever, to what it has always meant.
//!
//! `CASEBOOK_WRITE_GOLDEN=1 cargo test -p casebook-enforcement --test golden` writes the files that are missing; a
//! file that is there is never written again.

#[path = "golden/events.rs"]
mod events;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use casebook_enforcement::codec::EVENT_TYPES;
use casebook_enforcement::domain::case::Case;
use casebook_enforcement::domain::lead::Lead;
use casebook_enforcement::domain::order::Order;
use casebook_execution::Aggregate;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// `casebook.enforcement.v1.OrderIssued` -> `order_issued.v1.json`; `v2` is a shape that fields were added to later.
fn file_name(event_type: &str, shape: &str) -> String {
    let name = event_type.rsplit('.').next().unwrap_or(event_type);
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    format!("{snake}.{shape}.json")
}

/// Holds one event against its file, both ways. Says which type it was.
fn holds<A: Aggregate>(event: &A::Event, shape: &str) -> String {
    let stored = A::encode(event);
    let path = folder().join(file_name(stored.event_type, shape));
    if !path.exists() && std::env::var_os("CASEBOOK_WRITE_GOLDEN").is_some() {
        fs::write(&path, &stored.json).expect("write a golden file");
    }
    let golden = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let decoded = A::decode(stored.event_type, &golden).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(&decoded, event, "{}", path.display());
    let (golden, written) = (String::from_utf8_lossy(&golden), String::from_utf8_lossy(&stored.json));
    assert_eq!(golden, written, "today's form of {}", stored.event_type);
    stored.event_type.to_owned()
}

#[test]
fn every_event_type_has_golden_bytes_that_mean_what_they_meant() {
    let held: BTreeSet<String> = events::leads()
        .iter()
        .map(|event| holds::<Lead>(event, "v1"))
        .chain(events::cases().iter().map(|event| holds::<Case>(event, "v1")))
        .chain(events::orders().iter().map(|event| holds::<Order>(event, "v1")))
        .collect();
    let released: BTreeSet<String> = EVENT_TYPES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(held, released, "an event type without golden bytes");
    let widened: BTreeSet<String> = events::leads_v2()
        .iter()
        .map(|event| holds::<Lead>(event, "v2"))
        .chain(events::cases_v2().iter().map(|event| holds::<Case>(event, "v2")))
        .collect();
    let kept: BTreeSet<String> = released
        .iter()
        .map(|event_type| file_name(event_type, "v1"))
        .chain(widened.iter().map(|event_type| file_name(event_type, "v2")))
        .collect();
    let files = fs::read_dir(folder()).expect("the golden folder");
    for file in files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()) {
        assert!(file == "events.rs" || kept.contains(&file), "{file} belongs to no event type");
    }
}

/// Every message of the events file is an event that the codec writes: none is forgotten.
#[test]
fn every_message_of_the_contract_is_a_stored_event() {
    let text = include_str!("../../../proto/casebook/enforcement/v1/enforcement_events.proto");
    let declared: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("message ")?.strip_suffix(" {"))
        .map(|name| format!("casebook.enforcement.v1.{name}"))
        .collect();
    assert_eq!(declared, EVENT_TYPES.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn what_is_no_event_is_an_error_that_names_its_type_and_field() {
    for (event_type, json) in [
        ("casebook.enforcement.v1.OrderTeleported", "{}"),
        ("casebook.enforcement.v1.OrderDelivered", "{"),
        ("casebook.enforcement.v1.OrderDelivered", r#"{"orderId":"00000000-0000-0000-0000-000000000009"}"#),
        ("casebook.enforcement.v1.OrderDelivered", r#"{"orderId":"9","deliveredAt":"2026-03-01T00:00:00Z"}"#),
    ] {
        let error = Order::decode(event_type, json.as_bytes()).expect_err(json);
        assert_eq!(error.event_type, event_type);
    }
    let error = Order::decode(
        "casebook.enforcement.v1.OrderDelivered",
        br#"{"orderId":"00000000-0000-0000-0000-000000000009"}"#,
    )
    .expect_err("no time");
    assert!(error.reason.contains("delivered_at"), "{error}");
}
