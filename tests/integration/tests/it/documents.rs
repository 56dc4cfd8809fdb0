//! `docs/api.md` and `docs/access-matrix.md` are rendered from the descriptor set. `cargo xtask docs` writes them; this test
//! fails where the committed ones say something else.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use casebook_proto::common::v1::{Format, Role};
use prost_reflect::{Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ServiceDescriptor};

use crate::contract::{self, Commented as _, Rpc, Rule};
use crate::workspace;

/// Set to anything: the documents are written instead of compared.
const WRITE: &str = "CASEBOOK_WRITE_DOCUMENTS";

#[test]
fn the_api_document_is_what_the_protos_say() {
    check("docs/api.md", &api());
}

#[test]
fn the_access_matrix_document_is_what_the_protos_say() {
    check("docs/access-matrix.md", &access_matrix());
}

/// The document tells the limit of every field that has one.
#[test]
fn every_limit_of_a_request_is_in_the_api_document() {
    let document = api();
    for rpc in contract::rpcs() {
        for field in rpc.request().fields() {
            let row = field_row(&field, true);
            assert!(document.contains(&row), "{} is not in docs/api.md", field.full_name());
            let limited = field.is_list() || matches!(field.kind(), Kind::String | Kind::Bytes);
            assert!(!limited || row.chars().any(|c| c.is_ascii_digit()), "{} tells no limit: {row}", field.full_name());
        }
    }
}

#[track_caller]
fn check(path: &str, expected: &str) {
    let file = workspace::root().join(path);
    if std::env::var_os(WRITE).is_some() {
        fs::write(&file, expected).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let differing = expected.lines().zip(committed.lines().chain(std::iter::repeat(""))).position(|(a, b)| a != b);
    assert!(
        committed == expected,
        "{path} is not what the protos say, from line {} on; `cargo xtask docs` writes it anew",
        differing.unwrap_or_else(|| expected.lines().count()) + 1
    );
}

fn api() -> String {
    let mut out = String::from(
        "# The API\n\nWritten by `cargo xtask docs` from `proto/`; to change it, change the comments and rules there.\n\n\
         Every call carries a token (`authorization: Bearer …`); who may call what stands beside each method and, as a table, in \
         [access-matrix.md](access-matrix.md).\nText is counted in characters (Unicode scalar values) and holds no control character \
         but line feed and tab. A field that breaks its rule is refused with\n`INVALID_ARGUMENT` and a `BadRequest` that names every such \
         field; a rule of the domain that says no is `FAILED_PRECONDITION`, `ALREADY_EXISTS`,\n`NOT_FOUND` or `PERMISSION_DENIED` with an \
         `ErrorInfo` (domain `casebook`) whose reason is the refusal's name. In both cases nothing is written.\n\n## Fields that mean the \
         same everywhere\n\n| field | meaning |\n|---|---|\n",
    );
    let mut told = BTreeSet::new();
    for rpc in contract::rpcs() {
        let (request, response) = (rpc.request(), rpc.response());
        let resources: Vec<MessageDescriptor> = response.fields().filter_map(|field| message_of(&field)).collect();
        let of_resources = resources.iter().flat_map(MessageDescriptor::fields);
        for field in request.fields().chain(response.fields()).chain(of_resources) {
            if let Some(meaning) =
                contract::envelope_meaning(field.name()).filter(|_| told.insert(field.name().to_owned()))
            {
                row(&mut out, &[&code(field.name()), meaning]);
            }
        }
    }
    for service in contract::services() {
        service_section(&mut out, &service);
    }
    out
}

fn service_section(out: &mut String, service: &ServiceDescriptor) {
    let _ = writeln!(out, "\n## {}\n\n{}", service.full_name(), sentence(&service.comment()));
    let mut messages = Vec::new();
    for rpc in contract::rpcs_of(service) {
        rpc_section(out, &rpc);
        let own = |it: &MessageDescriptor| {
            it.full_name() != rpc.request().full_name() && it.full_name() != rpc.response().full_name()
        };
        for message in reachable(&rpc).into_iter().filter(own) {
            if !messages.contains(&message) {
                messages.push(message);
            }
        }
    }
    let mut enums: Vec<EnumDescriptor> = Vec::new();
    let exchanged = contract::rpcs_of(service).into_iter().flat_map(|rpc| [rpc.request(), rpc.response()]);
    for field in exchanged.chain(messages.iter().cloned()).flat_map(|it| it.fields().collect::<Vec<_>>()) {
        if let Kind::Enum(kind) = field.kind()
            && !enums.contains(&kind)
        {
            enums.push(kind);
        }
    }
    let requests = request_parts(service);
    for message in messages {
        let _ = writeln!(out, "\n### Message {}\n\n{}\n", code(message.name()), sentence(&message.comment()));
        fields_table(out, &message, requests.contains(message.full_name()));
    }
    for kind in enums {
        let _ = writeln!(
            out,
            "\n### Enum {}\n\n{}\n\n| value | meaning |\n|---|---|",
            code(kind.name()),
            sentence(&kind.comment())
        );
        for value in kind.values().filter(|value| value.number() != 0) {
            row(out, &[&code(value.name()), &value.comment()]);
        }
    }
}

fn rpc_section(out: &mut String, rpc: &Rpc) {
    let roles = rpc.access.any_of.iter().map(|role| code(&role.token_name())).collect::<Vec<_>>().join(", ");
    let recorded = if rpc.access.recorded { " Each call is itself recorded." } else { "" };
    let replies = if rpc.method.is_server_streaming() { "A stream of replies:" } else { "Reply:" };
    let _ = writeln!(
        out,
        "\n### {}\n\n{}\n\nMay call it: {roles}.{recorded}\n",
        rpc.name(),
        sentence(&rpc.method.comment())
    );
    fields_table(out, &rpc.request(), true);
    let _ = writeln!(out, "\n{replies}\n");
    fields_table(out, &rpc.response(), false);
}

fn fields_table(out: &mut String, message: &MessageDescriptor, request: bool) {
    if message.fields().len() == 0 {
        out.push_str("Nothing.\n");
        return;
    }
    out.push_str(if request {
        "| field | type | rule | meaning |\n|---|---|---|---|\n"
    } else {
        "| field | type | meaning |\n|---|---|---|\n"
    });
    for field in message.fields() {
        out.push_str(&field_row(&field, request));
    }
}

fn field_row(field: &FieldDescriptor, request: bool) -> String {
    let comment = field.comment();
    let meaning =
        if comment.is_empty() { contract::envelope_meaning(field.name()).unwrap_or("").to_owned() } else { comment };
    let mut out = String::new();
    if request {
        let rule = rule_in_words(field, contract::rule(field));
        row(&mut out, &[&code(field.name()), &type_in_words(field), &rule, &meaning]);
    } else {
        row(&mut out, &[&code(field.name()), &type_in_words(field), &meaning]);
    }
    out
}

fn type_in_words(field: &FieldDescriptor) -> String {
    let one = match field.kind() {
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => "time".to_owned(),
        Kind::Message(message) => code(message.name()),
        Kind::Enum(kind) => code(kind.name()),
        Kind::String => "string".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    };
    if field.cardinality() == Cardinality::Repeated { format!("list of {one}") } else { one }
}

fn rule_in_words(field: &FieldDescriptor, rule: Rule) -> String {
    let mut parts = Vec::new();
    if rule.required {
        parts.push("required".to_owned());
    }
    if field.is_list() {
        parts.push(format!("at most {} elements", rule.items_max));
    }
    match (rule.format, field.kind()) {
        (Format::Unspecified, Kind::String) => parts.push(format!("at most {} characters", rule.chars_max)),
        (Format::Unspecified, Kind::Bytes) => parts.push(format!("at most {} bytes", rule.chars_max)),
        (Format::Unspecified, _) => {}
        (Format::Uuid, _) => parts.push("UUID, 36 lower-case characters with hyphens".into()),
        (Format::Region, _) => parts.push("GB/T 2260 code, 6 digits".into()),
        (Format::Token, _) => parts.push("token: 1 to 64 letters, digits or `-_.:`".into()),
        (Format::Date, _) => parts.push("day, YYYY-MM-DD (10 characters)".into()),
        (Format::Sha256, _) => parts.push("SHA-256, 64 lower-case hexadecimal digits".into()),
        (Format::Etag, _) => parts.push("etag as a reply gave it, at most 20 digits".into()),
        (Format::PageToken, _) => parts.push("page token as a reply gave it, at most 512 characters".into()),
    }
    if rule.max > 0 {
        parts.push(format!("at most {}", rule.max));
    }
    if rule.past {
        parts.push("not in the future".into());
    }
    parts.join("; ")
}

/// Every message of Casebook's that a request or reply of this method is made of, in reading order.
fn reachable(rpc: &Rpc) -> Vec<MessageDescriptor> {
    let mut found: Vec<MessageDescriptor> = Vec::new();
    let mut waiting = vec![rpc.response(), rpc.request()];
    while let Some(message) = waiting.pop() {
        if message.full_name().starts_with("casebook.") && !found.contains(&message) {
            waiting
                .extend(message.fields().filter_map(|field| message_of(&field)).collect::<Vec<_>>().into_iter().rev());
            found.push(message);
        }
    }
    found
}

/// The full names of all messages that stand in requests of this service: their fields have rules.
fn request_parts(service: &ServiceDescriptor) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<MessageDescriptor> = service.methods().map(|method| method.input()).collect();
    while let Some(message) = waiting.pop() {
        if found.insert(message.full_name().to_owned()) {
            waiting.extend(message.fields().filter_map(|field| message_of(&field)));
        }
    }
    found
}

fn message_of(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(message) => Some(message),
        _ => None,
    }
}

fn access_matrix() -> String {
    let named = |role: &Role| contract::rpcs().iter().any(|rpc| rpc.access.any_of.contains(role));
    let roles: Vec<Role> = (1..).map_while(|number| Role::try_from(number).ok()).filter(named).collect();
    let mut out = String::from(
        "# Who may call what\n\nWritten by `cargo xtask docs` from the `access` option beside each method in `proto/`. ● any one of the \
         marked roles is enough.\n\"recorded\": each call is itself written down. Without a token nothing answers but \
         `grpc.health.v1.Health`; any token may use reflection.\n",
    );
    for service in contract::services() {
        let _ = writeln!(out, "\n## {}\n", service.full_name());
        let header: Vec<String> = roles.iter().map(|role| role.token_name()).collect();
        let mut columns = vec!["method", "kind"];
        columns.extend(header.iter().map(String::as_str));
        row(&mut out, &columns);
        let _ = writeln!(out, "|---|---|{}", ":-:|".repeat(roles.len()));
        for rpc in contract::rpcs_of(&service) {
            let kind = match (rpc.access.writes, rpc.access.recorded) {
                (true, _) => "write",
                (false, true) => "read, recorded",
                (false, false) => "read",
            };
            let mut cells = vec![rpc.name(), kind];
            cells.extend(roles.iter().map(|role| if rpc.access.any_of.contains(role) { "●" } else { "" }));
            row(&mut out, &cells);
        }
    }
    out
}

fn row(out: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

fn code(name: &str) -> String {
    format!("`{name}`")
}

fn sentence(comment: &str) -> &str {
    comment.trim()
}
