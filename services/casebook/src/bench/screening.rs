//! Text screened per second, next to the bare matcher on the same text and terms.

use std::path::Path;
use std::time::{Duration, Instant};

use casebook_review::domain::screening::{Passage, Screener};
use casebook_review::domain::standing::Certification;
use daachorse::CharwiseDoubleArrayAhoCorasick;
use serde::Serialize;

use crate::matter;

const SAMPLE: &str = include_str!("../../samples/reports.jsonl");

#[derive(Debug, Serialize)]
pub struct Screened {
    pub terms: usize,
    pub texts: usize,
    pub bytes: usize,
    /// Rules met, in one pass over all texts.
    pub hits: usize,
    /// The whole screening, explanations included; a megabyte is 1,000,000 bytes of UTF-8.
    pub mb_per_s: f64,
    /// daachorse alone, overlapping, its matches counted.
    pub matcher_mb_per_s: f64,
    pub ratio_to_matcher: f64,
}

/// Screens the sample's posts, or the paragraphs of `text`, again and again for `span`.
pub fn run(text: Option<&Path>, span: Duration) -> Result<Screened, Box<dyn std::error::Error>> {
    let texts = match text {
        Some(path) => std::fs::read_to_string(path)?.lines().map(str::to_owned).collect(),
        None => sample()?,
    };
    let policy = casebook_policy::shipped()?;
    let screener = Screener::compile(&policy.screening)?;
    let matcher: CharwiseDoubleArrayAhoCorasick<u32> =
        CharwiseDoubleArrayAhoCorasick::new(screener.spellings()).map_err(|error| error.to_string())?;
    let bytes: usize = texts.iter().map(String::len).sum();

    let screen = |text: &String| {
        let passage = Passage { text, labels: &[], links: &[], certification: Certification::Uncertified };
        screener.screen(&passage).hits.len()
    };
    let hits = texts.iter().map(screen).sum();
    // Turn by turn, so that both meet the same machine.
    let (mut screening, mut matching, mut rounds) = (Duration::ZERO, Duration::ZERO, 0u32);
    while screening < span {
        let begun = Instant::now();
        std::hint::black_box(texts.iter().map(screen).sum::<usize>());
        screening += begun.elapsed();
        let begun = Instant::now();
        std::hint::black_box(texts.iter().map(|text| matcher.find_overlapping_iter(text).count()).sum::<usize>());
        matching += begun.elapsed();
        rounds += 1;
    }
    let megabytes = bytes as f64 * f64::from(rounds) / 1e6;
    let (mb_per_s, matcher_mb_per_s) = (megabytes / screening.as_secs_f64(), megabytes / matching.as_secs_f64());
    Ok(Screened {
        terms: screener.spellings().len(),
        texts: texts.len(),
        bytes,
        hits,
        mb_per_s,
        matcher_mb_per_s,
        ratio_to_matcher: mb_per_s / matcher_mb_per_s,
    })
}

fn sample() -> Result<Vec<String>, matter::Unreadable> {
    // Bytes in memory are always read.
    let lines = matter::read(SAMPLE.as_bytes()).flatten();
    lines.map(|(_, line)| line.map(|matter| matter.item.text)).collect()
}
