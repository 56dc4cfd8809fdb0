//! Reports on their way in: a line of JSON each, in our own form or as a platform publishes its verdicts.

mod verdict;

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use casebook_kernel::Timestamp;
use serde::Deserialize;

/// The longest line that is read.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// The most lines of one file.
pub const LINES_MAX: usize = 1_000_000;

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Unreadable {
    /// The line's number, from 1.
    pub line: usize,
    pub reason: String,
}

/// One reported post, and what officers and platforms make of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matter {
    pub reported_at: Timestamp,
    pub channel: Channel,
    /// The region where it was reported, as a code of GB/T 2260.
    pub region: String,
    /// Why the reporter thinks it wrong.
    pub reasons: String,
    pub account: Account,
    /// The same operator's accounts on other platforms, to which a decision extends.
    #[serde(default)]
    pub also_on: Vec<Account>,
    pub item: Item,
    /// What the reviewers conclude. Without it, what the screening shows decides.
    #[serde(default)]
    pub review: Option<Review>,
    /// What the subject says when told; without it, the subject waives.
    #[serde(default)]
    pub statement: Option<String>,
    /// What is decided. Without it, what the ladder recommends.
    #[serde(default)]
    pub measures: Vec<Measure>,
    /// Why that departs from what the ladder recommends.
    #[serde(default)]
    pub departure_reason: String,
    /// How platforms answer, by platform; without one, they execute.
    #[serde(default)]
    pub receipts: BTreeMap<String, Receipt>,
    #[serde(default)]
    pub appeal: Option<Appeal>,
}

/// Through which channel a report came in (R78).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Channel {
    #[serde(rename = "12345")]
    Hotline12345,
    #[serde(rename = "12377")]
    Centre12377,
    #[serde(rename = "12315")]
    Hotline12315,
    #[serde(rename = "platform")]
    Platform,
    #[serde(rename = "monitoring")]
    Monitoring,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub platform: String,
    pub platform_uid: String,
    #[serde(default)]
    pub handle: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub platform_item_id: String,
    pub text: String,
    pub published_at: Timestamp,
    #[serde(default)]
    pub labels: Vec<String>,
    #[serde(default)]
    pub links: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Review {
    Found {
        violation: String,
        /// What in the text shows it, word for word.
        quote: String,
        reasons: String,
        /// Without them, those of the violation in the policy pack.
        #[serde(default)]
        legal_bases: Vec<String>,
    },
    /// The report is taken, and nothing wrong is found.
    Cleared { explanation: String },
    /// The report is not taken at all.
    Declined { reason: DeclineReason, explanation: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    OutOfScope,
    EvidenceMissing,
    Abusive,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    pub measure: String,
    #[serde(default)]
    pub days: u32,
    #[serde(default)]
    pub points: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    pub outcome: ReceiptOutcome,
    /// Why not, or not wholly: a `ReceiptCause` without its prefix.
    #[serde(default)]
    pub cause: String,
    #[serde(default)]
    pub detail: String,
    /// How long the platform keeps us waiting.
    #[serde(default)]
    pub after_hours: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptOutcome {
    Executed,
    Partly,
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    /// Days after the decision was served.
    pub after_days: u32,
    pub grounds: String,
    pub outcome: AppealOutcome,
    pub reasons: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppealOutcome {
    Upheld,
    Rejected,
}

/// A line by its number, from 1.
pub type Line = (usize, Result<Matter, Unreadable>);

/// Reads lines one by one: a line that cannot be read does not keep the others out, and no more than one is held.
pub fn read<R: BufRead>(source: R) -> Lines<R> {
    Lines { source, line: 0, over: false }
}

/// The lines of a file that say something.
pub struct Lines<R> {
    source: R,
    line: usize,
    over: bool,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            match self.next_line() {
                Ok(Some(bytes)) if bytes.trim_ascii().is_empty() => {}
                Ok(Some(bytes)) => return Some(Ok(self.named(parse(&bytes)))),
                Ok(None) => return None,
                Err(Cut::Line(reason)) => return Some(Ok(self.named(Err(reason)))),
                Err(Cut::File(error)) => {
                    self.over = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// Why a line is not there whole.
enum Cut {
    Line(String),
    File(io::Error),
}

impl From<io::Error> for Cut {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl<R: BufRead> Lines<R> {
    fn named(&self, matter: Result<Matter, String>) -> Line {
        (self.line, matter.map_err(|reason| Unreadable { line: self.line, reason }))
    }

    /// The bytes of the next line; none behind the last.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, Cut> {
        let mut bytes = Vec::new();
        let read = io::Read::take(&mut self.source, LINE_BYTES_MAX + 1).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            self.over = true;
            return Ok(None);
        }
        self.line += 1;
        if self.line > LINES_MAX {
            self.over = true;
            return Err(Cut::Line(format!("a file holds at most {LINES_MAX} lines")));
        }
        if read as u64 > LINE_BYTES_MAX {
            // The rest of an endless line is passed over, a piece at a time.
            skip_line(&mut self.source)?;
            return Err(Cut::Line(format!("is longer than {LINE_BYTES_MAX} bytes")));
        }
        Ok(Some(bytes))
    }
}

fn skip_line(source: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = source.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(buffer.len(), |end| end + 1);
        source.consume(length);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// One line, in whichever of the two forms.
fn parse(bytes: &[u8]) -> Result<Matter, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("is not UTF-8: {error}"))?;
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
    if value.get("analysis").is_some() {
        let verdict: verdict::Verdict =
            serde_json::from_value(value).map_err(|error| format!("as a published verdict: {error}"))?;
        verdict.into_matter()
    } else {
        serde_json::from_value(value).map_err(|error| format!("as a report: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"reported_at":"2026-03-02T09:00:00+08:00","channel":"12345","region":"310000","reasons":"夸大疗效",
        "account":{"platform":"douyin","platform_uid":"u1","handle":"h"},
        "item":{"platform_item_id":"p1","text":"根治糖尿病","published_at":"2026-03-01T09:00:00+08:00"}}"#;

    fn all(file: &str) -> Vec<Result<Matter, Unreadable>> {
        read(file.as_bytes()).map(|line| line.unwrap().1).collect()
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_the_rest_goes_on() {
        let report = REPORT.replace('\n', " ");
        let file = format!("{report}\nnot json\n\n{{\"reported_at\":1}}\n{report}\n");
        let lines = all(&file);
        let readable: Vec<bool> = lines.iter().map(Result::is_ok).collect();
        assert_eq!(readable, [true, false, false, true]);
        assert_eq!(lines[1].as_ref().unwrap_err().line, 2);
        assert_eq!(lines[2].as_ref().unwrap_err().line, 4);
    }

    #[test]
    fn a_misspelt_field_is_refused_by_its_name() {
        let line = REPORT.replace("\"reasons\"", "\"reason\"").replace('\n', " ");
        let refusal = all(&line).remove(0).unwrap_err();
        assert!(refusal.reason.contains("reason"), "{refusal}");
    }

    #[test]
    fn an_endless_line_is_refused_and_the_next_is_read() {
        let long = "x".repeat(usize::try_from(LINE_BYTES_MAX).unwrap() + 7);
        let file = format!("{long}\n{}\n", REPORT.replace('\n', " "));
        let lines = all(&file);
        assert!(lines[0].is_err());
        assert!(lines[1].is_ok(), "{:?}", lines[1]);
    }
}
