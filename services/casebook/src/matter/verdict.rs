//! A reported post with a platform's published verdict. The verdict's own words name the measures:
//! 「扣除信用积分5分，禁言7天，禁被关注7天」 (X14).

use casebook_policy::measures::{CREDIT_DEDUCTED, FOLLOW_BANNED, MUTED, MUTED_PERMANENTLY};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::{Account, Channel, Item, Matter, Measure, Review};

/// What a platform publishes of a case; what is not needed is not read.
#[derive(Debug, Deserialize)]
pub struct Verdict {
    id: String,
    /// When it was posted, in Asia/Shanghai: `2020-03-01 22:30`.
    date: String,
    user_id: String,
    text: String,
    analysis: String,
}

const PLATFORM: &str = "weibo";
/// The violation that all of these verdicts name: 发布不实信息.
const VIOLATION: &str = "FALSE-INFO-PLATFORM";
/// The verdicts name no place; the platform's own seat is in Beijing.
const REGION: &str = "110000";
/// The most characters of a text that a finding quotes.
const QUOTE_CHARS_MAX: usize = 60;

impl Verdict {
    pub fn into_matter(self) -> Result<Matter, String> {
        let published_at = shanghai(&self.date)?;
        if self.id.is_empty() || self.user_id.is_empty() {
            return Err("id and user_id must not be empty".into());
        }
        let text = printable(&self.text);
        let quote = quote(&text).ok_or("text must not be empty")?;
        let measures = measures(&self.analysis)?;
        let basis = basis(&self.analysis)?;
        let account = Account { platform: PLATFORM.into(), platform_uid: self.user_id, handle: String::new() };
        let reasons = printable(&self.analysis);
        Ok(Matter {
            reported_at: published_at + TimeDelta::days(1),
            channel: Channel::Platform,
            region: REGION.into(),
            reasons: "用户举报：发布不实信息".into(),
            account,
            also_on: Vec::new(),
            item: Item { platform_item_id: self.id, text, published_at, labels: Vec::new(), links: Vec::new() },
            review: Some(Review::Found {
                violation: VIOLATION.into(),
                quote,
                reasons: reasons.clone(),
                legal_bases: vec![basis.into()],
            }),
            statement: None,
            measures,
            // What the platform itself decided need not be what our ladder recommends.
            departure_reason: format!("平台已公布的处理结果：{reasons}"),
            receipts: Default::default(),
            appeal: None,
        })
    }
}

fn shanghai(date: &str) -> Result<DateTime<Utc>, String> {
    NaiveDateTime::parse_from_str(date, "%Y-%m-%d %H:%M")
        .ok()
        .and_then(|local| local.and_local_timezone(casebook_kernel::calendar::shanghai()).single())
        .map(|local| local.to_utc())
        .ok_or_else(|| format!("date: `{date}` is not a time as YYYY-MM-DD HH:MM"))
}

/// Requests hold no control characters but line feed and tab.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t').collect()
}

/// The beginning of the text, to its first sentence's end.
fn quote(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text
        .char_indices()
        .take(QUOTE_CHARS_MAX)
        .find(|(_, c)| matches!(c, '。' | '！' | '？' | '\n'))
        .map(|(at, _)| at);
    let quote: String = match end {
        Some(at) if at > 0 => text[..at].to_owned(),
        _ => text.chars().take(QUOTE_CHARS_MAX).collect(),
    };
    Some(quote).filter(|quote| !quote.is_empty())
}

/// The rule that the verdict names.
fn basis(analysis: &str) -> Result<&'static str, String> {
    let reports = analysis.contains("微博举报投诉操作细则");
    let complaints = analysis.contains("微博投诉操作细则");
    match (reports, complaints, analysis.contains("第19条"), analysis.contains("第24条")) {
        (true, _, true, false) => Ok("WEIBO-19"),
        (true, _, false, true) => Ok("WEIBO-24"),
        (false, true, true, false) => Ok("WEIBO-OLD-19"),
        (false, true, false, true) => Ok("WEIBO-OLD-24"),
        _ => Err("analysis: names no article of the platform's rules that is known here".into()),
    }
}

/// The measures behind 「处理如下」.
fn measures(analysis: &str) -> Result<Vec<Measure>, String> {
    let (_, ruling) = analysis.split_once("处理如下").ok_or("analysis: does not say what was decided (处理如下)")?;
    let ruling = ruling.split("上述处理").next().unwrap_or(ruling);
    let mut measures = Vec::new();
    for clause in
        ruling.split(['，', '。', '、', ',', '.', '：', ':', '；']).map(str::trim).filter(|clause| !clause.is_empty())
    {
        measures.extend(clause_measures(clause)?);
    }
    if measures.is_empty() { Err("analysis: names no measure".into()) } else { Ok(measures) }
}

fn clause_measures(clause: &str) -> Result<Vec<Measure>, String> {
    let unknown = || format!("analysis: `{clause}` is no measure that is known here");
    let number = || {
        let digits: String = clause.chars().filter(char::is_ascii_digit).collect();
        digits.parse::<u32>().map_err(|_| unknown())
    };
    let measure = |measure: &str, days, points| Measure { measure: measure.into(), days, points };
    if clause.contains("永久禁言") {
        return Ok(vec![measure(MUTED_PERMANENTLY, 0, 0)]);
    }
    if clause.contains("信用积分") {
        return Ok(vec![measure(CREDIT_DEDUCTED, 0, number()?)]);
    }
    // 「禁言禁被关注7天」 names two measures in one clause.
    let (mut found, days) = (Vec::new(), number()?);
    if clause.contains("禁言") {
        found.push(measure(MUTED, days, 0));
    }
    if clause.contains("禁被关注") {
        found.push(measure(FOLLOW_BANNED, days, 0));
    }
    if found.is_empty() { Err(unknown()) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(ruling: &str) -> Vec<(String, u32, u32)> {
        let analysis = format!("经查。对被举报人处理如下：{ruling}上述处理在公布后60分钟内生效。");
        measures(&analysis).unwrap().into_iter().map(|m| (m.measure, m.days, m.points)).collect()
    }

    #[test]
    fn the_words_of_a_verdict_are_its_measures_x14() {
        assert_eq!(named("扣除信用积分2分。"), [(CREDIT_DEDUCTED.into(), 0, 2)]);
        let three = [(CREDIT_DEDUCTED.into(), 0, 5), (MUTED.into(), 7, 0), (FOLLOW_BANNED.into(), 7, 0)];
        for ruling in [
            "扣除信用积分5分，禁言7天，禁被关注7天。",
            "扣除信用积分5分、禁言7天、禁被关注7天。",
            "扣除信用积分5分，账号禁言7天 ，禁被关注7天。",
            "扣除信用积分5分，禁言禁被关注7天。",
        ] {
            assert_eq!(named(ruling), three, "{ruling}");
        }
        assert_eq!(named("永久禁言。"), [(MUTED_PERMANENTLY.into(), 0, 0)]);
    }

    #[test]
    fn a_measure_that_nobody_knows_is_not_left_out_in_silence() {
        assert!(measures("处理如下：扣除信用积分5分，没收手机3天。").unwrap_err().contains("没收手机"));
        assert!(measures("处理如下：。").is_err());
        assert!(measures("经查属实。").is_err());
    }

    #[test]
    fn every_published_verdict_of_the_shared_material_is_read() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../shared/data/reported_posts_with_verdicts.jsonl");
        let Ok(file) = std::fs::File::open(&path) else {
            eprintln!("NOT RUN: {} is absent", path.display());
            return;
        };
        let lines = super::super::read(std::io::BufReader::new(file)).map(|line| line.unwrap().1);
        let lines: Vec<_> = lines.collect();
        let unread: Vec<_> = lines.iter().filter_map(|line| line.as_ref().err()).collect();
        assert!(unread.is_empty(), "{unread:?}");
        assert!(lines.len() > 100);
    }
}
