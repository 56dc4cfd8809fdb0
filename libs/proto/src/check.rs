//! What the generated field checks are made of. A request is checked whole: every field that breaks its rule
//! is named at once.

use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use crate::common::v1::Format;

/// How far ahead of ours the clock of a caller may be.
pub const CLOCK_SKEW_MAX: TimeDelta = TimeDelta::minutes(5);
const TOKEN_CHARS_MAX: usize = 64;
const ETAG_CHARS_MAX: usize = 20;
const PAGE_TOKEN_CHARS_MAX: usize = 512;
/// More violations than this are not listed: the caller has enough to mend.
const VIOLATIONS_MAX: usize = 32;

pub type Now = DateTime<Utc>;

/// One field that breaks its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's path in the request: `evidence[2].sha256`.
    pub field: String,
    pub description: String,
}

#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    pub fn add(&mut self, at: &Path<'_>, description: impl Into<String>) {
        if self.0.len() < VIOLATIONS_MAX {
            self.0.push(Violation { field: at.to_string(), description: description.into() });
        }
    }

    pub fn into_result(self) -> Result<(), Vec<Violation>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

/// Where a field stands in a request; written out only when it breaks its rule.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    name: &'a str,
    index: Option<usize>,
}

impl<'a> Path<'a> {
    pub const ROOT: Path<'static> = Path { parent: None, name: "", index: None };

    pub fn field(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), name, index: None }
    }

    pub fn element(&'a self, name: &'a str, index: usize) -> Path<'a> {
        Path { parent: Some(self), name, index: Some(index) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent.filter(|parent| !parent.name.is_empty()) {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.name)?;
        self.index.map_or(Ok(()), |index| write!(f, "[{index}]"))
    }
}

/// A message whose fields have rules.
pub trait Check {
    fn check(&self, at: &Path<'_>, now: Now, found: &mut Violations);

    /// Every violated field, or nothing.
    fn violations(&self, now: Now) -> Result<(), Vec<Violation>> {
        let mut found = Violations::default();
        self.check(&Path::ROOT, now, &mut found);
        found.into_result()
    }
}

/// A request that changes something.
pub trait WriteRequest: Check + prost::Message + Clone {
    /// The message's full name: part of what makes two requests the same.
    const NAME: &'static str;
    fn request_id(&self) -> &str;
    /// The revision that the caller last saw; empty: whatever it is.
    fn etag(&self) -> &str;
    fn validate_only(&self) -> bool;
    /// Leaves the content alone.
    fn clear_request_id(&mut self);
}

pub fn presence(required: bool, at: &Path<'_>, found: &mut Violations) {
    if required {
        found.add(at, "is required");
    }
}

pub fn items(count: usize, required: bool, max: usize, at: &Path<'_>, found: &mut Violations) {
    if count > max {
        found.add(at, format!("has {count} elements; at most {max} are allowed"));
    } else if count == 0 {
        presence(required, at, found);
    }
}

pub fn bytes(count: usize, required: bool, max: usize, at: &Path<'_>, found: &mut Violations) {
    if count > max {
        found.add(at, format!("has {count} bytes; at most {max} are allowed"));
    } else if count == 0 {
        presence(required, at, found);
    }
}

pub fn number(value: u64, required: bool, max: u64, at: &Path<'_>, found: &mut Violations) {
    if value == 0 {
        presence(required, at, found);
    } else if max > 0 && value > max {
        found.add(at, format!("is {value}; at most {max} is allowed"));
    }
}

pub fn choice(known: bool, value: i32, required: bool, at: &Path<'_>, found: &mut Violations) {
    if !known {
        found.add(at, format!("is {value}, which is none of the enum's values"));
    } else if value == 0 {
        presence(required, at, found);
    }
}

pub fn time(value: &crate::Timestamp, past: bool, now: Now, at: &Path<'_>, found: &mut Violations) {
    match crate::moment(value) {
        None => found.add(at, "is not a time"),
        Some(moment) if past && moment > now + CLOCK_SKEW_MAX => found.add(at, "lies in the future"),
        Some(_) => {}
    }
}

pub fn text(value: &str, required: bool, max_chars: usize, format: i32, at: &Path<'_>, found: &mut Violations) {
    let format = Format::try_from(format).unwrap_or(Format::Unspecified);
    if value.is_empty() || (required && is_blank(value)) {
        return presence(required, at, found);
    }
    let max_chars = limit(format, max_chars);
    // Bytes bound characters from above: only a text that may be too long is counted.
    if value.len() > max_chars && value.chars().count() > max_chars {
        return found.add(at, format!("has {} characters; at most {max_chars} are allowed", value.chars().count()));
    }
    if let Some(reason) = misform(value, format) {
        found.add(at, reason);
    }
}

/// The most characters a string of this form may have: the form's own limit or, for free text, the rule's.
pub fn limit(format: Format, max_chars: usize) -> usize {
    match format {
        Format::Unspecified => max_chars,
        Format::Uuid => 36,
        Format::Region => 6,
        Format::Token => TOKEN_CHARS_MAX,
        Format::Date => 10,
        Format::Sha256 => 64,
        Format::Etag => ETAG_CHARS_MAX,
        Format::PageToken => PAGE_TOKEN_CHARS_MAX,
    }
}

/// Whether a text shows nothing: a reason that nobody can read is none.
fn is_blank(value: &str) -> bool {
    value.chars().all(|c| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'))
}

/// Why a text is not of the form it should be.
fn misform(value: &str, format: Format) -> Option<&'static str> {
    let all = |allowed: fn(u8) -> bool| value.bytes().all(allowed);
    match format {
        Format::Unspecified => {
            value.chars().any(|c| c.is_control() && c != '\n' && c != '\t').then_some("holds a control character")
        }
        Format::Uuid => (!Uuid::try_parse(value).is_ok_and(|id| id.hyphenated().to_string() == value))
            .then_some("is not a lower-case hyphenated UUID"),
        Format::Region => (value.len() != 6 || !all(|b| b.is_ascii_digit()))
            .then_some("is not a region code: six digits of GB/T 2260, or 000000 for the country"),
        Format::Token => (!all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b)))
            .then_some("holds something else than letters, digits or `-_.:`"),
        Format::Date => (value.len() != 10 || NaiveDate::parse_from_str(value, "%Y-%m-%d").is_err())
            .then_some("is not a day as YYYY-MM-DD"),
        Format::Sha256 => (value.len() != 64 || !all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
            .then_some("is not a SHA-256 as 64 lower-case hexadecimal digits"),
        Format::Etag => value.parse::<u64>().is_err().then_some("is not an etag as a reply gave it"),
        Format::PageToken => (!all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)))
            .then_some("is not a page token as a reply gave it"),
    }
}
