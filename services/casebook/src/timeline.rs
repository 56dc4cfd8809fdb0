//! A case as an officer reads it: what happened, when, by whom, and on what basis, in Chinese or in English.
//!
//! It is made of the stored events alone. An event that this build has no words for is shown by its type, never left out.

mod words;

use std::fmt::Write as _;

use casebook_policy::{Measure, PolicySet, Undoing};
use casebook_proto::common::v1::HistoryEntry;
use casebook_proto::moment;
use chrono::{DateTime, Utc};
use serde_json::Value;

use words::{FieldKind, FieldWords};

/// The most characters of a text that are shown in a line.
const TEXT_CHARS_MAX: usize = 120;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    Zh,
    En,
}

impl Language {
    fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    fn pick(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// The time line of these events. Times are those of Asia/Shanghai.
pub fn render(entries: &[HistoryEntry], policy: &PolicySet, language: Language) -> String {
    let mut out = String::new();
    for entry in entries {
        line(&mut out, entry, policy, language);
    }
    out
}

fn line(out: &mut String, entry: &HistoryEntry, policy: &PolicySet, language: Language) {
    let name = entry.event_type.rsplit('.').next().unwrap_or(&entry.event_type);
    // A read is recorded beside the history, it is not part of it.
    if name == "AccessRecorded" {
        return;
    }
    let at = entry
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.at.as_ref())
        .and_then(moment)
        .map(shanghai)
        .unwrap_or_default();
    let json = serde_json::from_str::<Value>(&entry.json).unwrap_or_default();
    let counters = json.get("countersOrderId").is_some();
    // A counter-order names the measure that it takes back.
    let event = words::event(if name == "OrderIssued" && counters { words::COUNTER_ORDER } else { name });
    let title = event.map_or(name, |event| language.pick(event.zh, event.en));
    let who = entry
        .metadata
        .as_ref()
        .map(|metadata| format!("{} · {}", metadata.agency, metadata.officer))
        .unwrap_or_default();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{at}  {title}  〔{who}〕");
    for field in event.map_or(&[][..], |event| event.fields) {
        let Some(words) = words::field(field) else { continue };
        if let Some(shown) = json.get(*field).and_then(|value| shown(value, words, policy, language)) {
            let _ = writeln!(
                out,
                "                    {}{}{shown}",
                language.pick(words.zh, words.en),
                language.pick("：", ": ")
            );
        }
    }
}

fn shanghai(at: DateTime<Utc>) -> String {
    at.with_timezone(&casebook_kernel::calendar::shanghai()).format("%Y-%m-%d %H:%M").to_string()
}

/// A field's value in words; none where there is nothing to say.
fn shown(value: &Value, words: &FieldWords, policy: &PolicySet, language: Language) -> Option<String> {
    let code = language.code();
    let pack = &policy.pack;
    let text = value.as_str().unwrap_or_default();
    let shown = match words.kind {
        FieldKind::Text => shorten(text),
        FieldKind::Choice => {
            words::choice(text).map_or_else(|| text.to_owned(), |(zh, en)| language.pick(zh, en).to_owned())
        }
        FieldKind::Violation => {
            pack.violation(text).map_or_else(|| text.to_owned(), |v| v.name.in_lang(code).to_owned())
        }
        FieldKind::Measure => measure_name(text, policy, language),
        FieldKind::Platform => pack.platform(text).map_or_else(|| text.to_owned(), |p| p.name.in_lang(code).to_owned()),
        FieldKind::Agency => pack
            .agencies()
            .find(|a| a.id.as_str() == text)
            .map_or_else(|| text.to_owned(), |a| a.name.in_lang(code).to_owned()),
        FieldKind::Bases => list(value, |basis| {
            let id = basis.as_str()?;
            Some(pack.legal_basis(id).map_or_else(|| id.to_owned(), |basis| basis.citation(code)))
        }),
        FieldKind::Measures => list(value, |measure| measure_words(measure, policy, language)),
        FieldKind::Undoings => list(value, |undoing| measure_words(undoing.get("measure")?, policy, language)),
        FieldKind::Irreversible => list(value, |lost| {
            let measure = measure_words(lost.get("measure")?, policy, language)?;
            Some(format!("{measure}{}{}", language.pick("——补救：", " - remedy: "), lost.get("remedy")?.as_str()?))
        }),
        FieldKind::Hits => list(value, |hit| {
            let id = hit.get("ruleId")?.as_str()?;
            let rule =
                policy.screening.rule(id).map_or_else(|| id.to_owned(), |rule| rule.name.in_lang(code).to_owned());
            let quote = hit
                .get("spans")
                .and_then(|spans| spans.get(0))
                .and_then(|span| span.get("quote"))
                .and_then(Value::as_str);
            Some(quote.map_or_else(|| rule.clone(), |quote| format!("{rule}「{}」", shorten(quote))))
        }),
        FieldKind::Quote => shorten(value.get("quote").and_then(Value::as_str).unwrap_or_default()),
        FieldKind::Time => text.parse::<DateTime<Utc>>().map(shanghai).unwrap_or_default(),
        FieldKind::Number => value.as_u64().map(|number| number.to_string()).unwrap_or_default(),
        FieldKind::Flag => {
            value.as_bool().filter(|set| *set).map(|_| language.pick("是", "yes").to_owned()).unwrap_or_default()
        }
        FieldKind::Texts => list(value, |text| text.as_str().map(shorten)),
    };
    (!shown.is_empty()).then_some(shown)
}

fn list(value: &Value, each: impl Fn(&Value) -> Option<String>) -> String {
    value.as_array().map(|values| values.iter().filter_map(each).collect::<Vec<_>>().join("；")).unwrap_or_default()
}

/// Also of what restores: the pack names a counter-measure beside the measure that it lifts.
fn measure_name(id: &str, policy: &PolicySet, language: Language) -> String {
    let lifting = |measure: &Measure| match &measure.undoing {
        Undoing::Reversible { counter, name } if counter == id => Some(name.clone()),
        Undoing::Reversible { .. } | Undoing::Irreversible { .. } => None,
    };
    let name = policy.pack.measure(id).map(|measure| measure.name.clone());
    let name = name.or_else(|| policy.pack.measures().find_map(lifting));
    name.map_or_else(|| id.to_owned(), |name| name.in_lang(language.code()).to_owned())
}

/// `禁言 7天（微博 u1001）`.
fn measure_words(measure: &Value, policy: &PolicySet, language: Language) -> Option<String> {
    let mut words = measure_name(measure.get("measure")?.as_str()?, policy, language);
    let number = |name: &str| measure.get(name).and_then(Value::as_u64).filter(|number| *number > 0);
    if let Some(days) = number("days") {
        let _ = write!(words, " {days}{}", language.pick("天", " days"));
    }
    if let Some(points) = number("points") {
        let _ = write!(words, " {points}{}", language.pick("分", " points"));
    }
    if let Some(account) = measure.get("account") {
        let platform = account.get("platform").and_then(Value::as_str).unwrap_or_default();
        let platform = policy.pack.platform(platform).map_or(platform, |p| p.name.in_lang(language.code()));
        let uid = account.get("platformUid").and_then(Value::as_str).unwrap_or_default();
        let _ = write!(words, "（{platform} {uid}）");
    }
    Some(words)
}

fn shorten(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    }
}
