//! Reads the `rule` and `access` options and writes the Rust that enforces them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value,
};

pub type Failure = Box<dyn std::error::Error>;

/// The whole generated file.
pub fn generate(pool: &DescriptorPool) -> Result<String, Failure> {
    let mut out = String::new();
    for message in messages_of_requests(pool) {
        check_impl(&mut out, &message)?;
        if is_write(&message) {
            write_impl(&mut out, &message)?;
        }
    }
    access_matrix(&mut out, pool)?;
    Ok(out)
}

/// Requests of Casebook's own services, and what they are made of.
fn messages_of_requests(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    let mut waiting: Vec<MessageDescriptor> = pool
        .services()
        .flat_map(|service| service.methods().map(|method| method.input()).collect::<Vec<_>>())
        .collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(message) = waiting.pop() {
        if !message.full_name().starts_with("casebook.") || !seen.insert(message.full_name().to_owned()) {
            continue;
        }
        waiting.extend(message.fields().filter_map(|field| match field.kind() {
            Kind::Message(inner) => Some(inner),
            _ => None,
        }));
        found.push(message);
    }
    found.sort_by(|a, b| a.full_name().cmp(b.full_name()));
    found
}

/// `casebook.review.v1.FileReportRequest` -> `crate::review::v1::FileReportRequest`.
fn rust_path(full_name: &str) -> String {
    full_name.replacen("casebook.", "crate::", 1).replace('.', "::")
}

struct Rule {
    required: bool,
    max_chars: u32,
    max_items: u32,
    format: i32,
    max: u64,
    past: bool,
}

fn rule_of(pool: &DescriptorPool, field: &FieldDescriptor) -> Option<Rule> {
    let extension = pool.get_extension_by_name("casebook.common.v1.rule")?;
    let options = field.options();
    if !options.has_extension(&extension) {
        return None;
    }
    let value = options.get_extension(&extension);
    let message = value.as_message()?;
    Some(Rule {
        required: flag(message, "required"),
        max_chars: number(message, "max_chars"),
        max_items: number(message, "max_items"),
        format: message.get_field_by_name("format").and_then(|v| v.as_enum_number()).unwrap_or(0),
        max: message.get_field_by_name("max").and_then(|v| v.as_u64()).unwrap_or(0),
        past: flag(message, "past"),
    })
}

fn flag(message: &DynamicMessage, name: &str) -> bool {
    message.get_field_by_name(name).and_then(|v| v.as_bool()).unwrap_or(false)
}

fn number(message: &DynamicMessage, name: &str) -> u32 {
    message.get_field_by_name(name).and_then(|v| v.as_u32()).unwrap_or(0)
}

fn check_impl(out: &mut String, message: &MessageDescriptor) -> Result<(), Failure> {
    let mut body = String::new();
    for field in message.fields() {
        if field.containing_oneof().is_some() && !field.field_descriptor_proto().proto3_optional() {
            return Err(format!(
                "{}: a request has no oneof: two fields say the same and can be checked",
                field.full_name()
            )
            .into());
        }
        if field.is_map() {
            return Err(
                format!("{}: a request has no map: its encoding is not one of a kind", field.full_name()).into()
            );
        }
        body.push_str(&field_check(message.parent_pool(), &field)?);
    }
    writeln!(
        out,
        "impl crate::check::Check for {} {{\n    #[allow(unused_variables)]\n    fn check(&self, at: &crate::check::Path<'_>, now: crate::check::Now, found: &mut crate::check::Violations) {{\n{body}    }}\n}}",
        rust_path(message.full_name())
    )?;
    Ok(())
}

fn field_check(pool: &DescriptorPool, field: &FieldDescriptor) -> Result<String, Failure> {
    let name = field.name();
    let rule = rule_of(pool, field);
    let list = field.cardinality() == Cardinality::Repeated;
    let unbounded_text = matches!(field.kind(), Kind::String | Kind::Bytes)
        && rule.as_ref().is_none_or(|rule| rule.max_chars == 0 && rule.format == 0);
    if unbounded_text {
        return Err(format!(
            "{}: a string or bytes field of a request needs a rule with max_chars or format",
            field.full_name()
        )
        .into());
    }
    if list && rule.as_ref().is_none_or(|rule| rule.max_items == 0) {
        return Err(format!("{}: a repeated field of a request needs a rule with max_items", field.full_name()).into());
    }
    let rule = rule.unwrap_or(Rule { required: false, max_chars: 0, max_items: 0, format: 0, max: 0, past: false });
    let mut code = String::new();
    if list {
        writeln!(
            code,
            "        crate::check::items(self.{name}.len(), {}, {}, &at.field({name:?}), found);",
            rule.required, rule.max_items
        )?;
        let each = value_check(field, &rule, "value", true)?;
        if !each.is_empty() {
            writeln!(
                code,
                "        for (index, value) in self.{name}.iter().enumerate() {{ let at = at.element({name:?}, index); {each} }}"
            )?;
        }
    } else if matches!(field.kind(), Kind::Message(_)) || field.field_descriptor_proto().proto3_optional() {
        let each = value_check(field, &rule, "value", false)?;
        writeln!(
            code,
            "        match &self.{name} {{ Some(value) => {{ let at = at.field({name:?}); {each} }} None => crate::check::presence({}, &at.field({name:?}), found) }}",
            rule.required
        )?;
    } else {
        let each = value_check(field, &rule, "value", false)?;
        if !each.is_empty() {
            writeln!(code, "        {{ let value = &self.{name}; let at = at.field({name:?}); {each} }}")?;
        }
    }
    Ok(code)
}

/// The check of one value, where `value` is a reference to it and `at` its path.
fn value_check(field: &FieldDescriptor, rule: &Rule, value: &str, element: bool) -> Result<String, Failure> {
    // An element of a list is always required: an empty string in a list says nothing.
    let required = rule.required || element;
    Ok(match field.kind() {
        Kind::String => {
            format!("crate::check::text({value}, {required}, {}, {}, &at, found);", rule.max_chars, rule.format)
        }
        Kind::Bytes => format!("crate::check::bytes({value}.len(), {required}, {}, &at, found);", rule.max_chars),
        Kind::Enum(kind) => format!(
            "crate::check::choice({}::try_from(*{value}).is_ok(), *{value}, {required}, &at, found);",
            rust_path(kind.full_name())
        ),
        Kind::Message(inner) => match inner.full_name() {
            "google.protobuf.Timestamp" => format!("crate::check::time({value}, {}, now, &at, found);", rule.past),
            name if name.starts_with("casebook.") => format!("crate::check::Check::check({value}, &at, now, found);"),
            name => return Err(format!("{}: a request holds no {name}", field.full_name()).into()),
        },
        Kind::Uint32 | Kind::Uint64 if required || rule.max > 0 => {
            // A list's numbers may be zero; a required number may not.
            let required = rule.required && !element;
            format!("crate::check::number(u64::from(*{value}), {required}, {}, &at, found);", rule.max)
        }
        _ => String::new(),
    })
}

fn is_write(message: &MessageDescriptor) -> bool {
    message.get_field_by_name("request_id").is_some() && message.name().ends_with("Request")
}

fn write_impl(out: &mut String, message: &MessageDescriptor) -> Result<(), Failure> {
    let has = |name: &str| message.get_field_by_name(name).is_some();
    if !has("validate_only") {
        return Err(format!("{}: a write carries validate_only", message.full_name()).into());
    }
    let etag = if has("etag") { "&self.etag" } else { "\"\"" };
    writeln!(
        out,
        "impl crate::check::WriteRequest for {} {{\n    const NAME: &'static str = {:?};\n    fn request_id(&self) -> &str {{ &self.request_id }}\n    fn etag(&self) -> &str {{ {etag} }}\n    fn validate_only(&self) -> bool {{ self.validate_only }}\n    fn clear_request_id(&mut self) {{ self.request_id.clear(); }}\n}}",
        rust_path(message.full_name()),
        message.full_name(),
    )?;
    Ok(())
}

fn access_matrix(out: &mut String, pool: &DescriptorPool) -> Result<(), Failure> {
    let extension = pool.get_extension_by_name("casebook.common.v1.access").ok_or("rules.proto defines `access`")?;
    writeln!(
        out,
        "/// Every method of Casebook and who may call it.\npub const ACCESS_MATRIX: &[crate::access::MethodAccess] = &["
    )?;
    for service in pool.services().filter(|service| service.full_name().starts_with("casebook.")) {
        for method in service.methods() {
            let options = method.options();
            if !options.has_extension(&extension) {
                return Err(format!("{}: a method says who may call it", method.full_name()).into());
            }
            let value = options.get_extension(&extension);
            let rule = value.as_message().ok_or("`access` is a message")?;
            let roles = roles(rule)?;
            if roles.is_empty() {
                return Err(format!("{}: a method that nobody may call", method.full_name()).into());
            }
            writeln!(
                out,
                "    crate::access::MethodAccess {{ path: \"/{}/{}\", any_of: &[{}], recorded: {}, writes: {} }},",
                service.full_name(),
                method.name(),
                roles.join(", "),
                flag(rule, "recorded"),
                is_write(&method.input()),
            )?;
        }
    }
    writeln!(out, "];")?;
    Ok(())
}

fn roles(rule: &DynamicMessage) -> Result<Vec<String>, Failure> {
    let value = rule.get_field_by_name("any_of").ok_or("`any_of` is a field")?;
    let Value::List(numbers) = value.as_ref() else { return Err("`any_of` is a list".into()) };
    let role = rule
        .descriptor()
        .parent_pool()
        .get_enum_by_name("casebook.common.v1.Role")
        .ok_or("rules.proto defines Role")?;
    numbers
        .iter()
        .map(|number| {
            let number = number.as_enum_number().ok_or("a role is an enum value")?;
            let value = role.get_value(number).ok_or("a role is one of Role")?;
            // ROLE_CASE_OFFICER -> CaseOfficer, as prost names it.
            let name: String = value
                .name()
                .trim_start_matches("ROLE_")
                .split('_')
                .map(|word| word[..1].to_owned() + &word[1..].to_lowercase())
                .collect();
            Ok(format!("crate::common::v1::Role::{name}"))
        })
        .collect()
}
