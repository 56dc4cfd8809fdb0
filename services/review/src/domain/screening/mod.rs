//! Holds a text against the rule pack and says which rules it meets, where, and on what legal basis.
//!
//! A hit is a reason to look and never a finding. The text is read once: one automaton over all terms of the pack
//! gives every term's hits, overlapping ones too, because a term of one rule must not hide a term of another. Spelling
//! tricks are undone on the way (see [`fold`]), and every span still quotes the text as it was published.

mod compile;
mod evaluate;
mod fold;
mod scan;
mod shapes;

use std::ops::Range;

pub use compile::{CompileError, Screener, TERM_CHARS_MAX};

use super::standing::Certification;

/// The most rules that one screening lists.
pub const HITS_MAX: usize = 64;
/// The most stretches of text that one hit lists, and the most that are kept for one class of terms.
pub const SPANS_MAX: usize = 16;

/// A stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// In bytes of UTF-8, end exclusive.
    pub bytes: Range<u32>,
    /// In Unicode scalar values, end exclusive.
    pub chars: Range<u32>,
    /// The text of the stretch, as it was published.
    pub quote: String,
    /// The class of terms or shapes that it belongs to; none where an officer marked it.
    pub class: Option<String>,
}

impl Span {
    /// The first place at or behind `char_start` where `text` reads `quote`; with `char_start` given, that place alone.
    pub fn find(text: &str, quote: &str, char_start: Option<u32>) -> Option<Self> {
        if quote.is_empty() {
            return None;
        }
        let byte_start = match char_start {
            None => text.find(quote)?,
            Some(chars) => {
                let (byte_start, _) = text.char_indices().nth(usize::try_from(chars).ok()?)?;
                text[byte_start..].starts_with(quote).then_some(byte_start)?
            }
        };
        let char_start = offset(text[..byte_start].chars().count());
        Some(Self {
            bytes: offset(byte_start)..offset(byte_start + quote.len()),
            chars: char_start..char_start + offset(quote.chars().count()),
            quote: quote.to_owned(),
            class: None,
        })
    }
}

/// Offsets are 32 bits wide; [`Screener::screen`] reads no further than they reach.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// What is screened.
#[derive(Debug, Clone, Copy)]
pub struct Passage<'a> {
    pub text: &'a str,
    /// The source labels shown (R39-R43).
    pub labels: &'a [String],
    /// Links shown beside the text.
    pub links: &'a [String],
    /// At the moment of publication (R33).
    pub certification: Certification,
}

/// A rule that the passage meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub rule: String,
    pub violation: String,
    pub legal_bases: Vec<String>,
    /// In order of where they start.
    pub spans: Vec<Span>,
    /// The label that the rule requires and the passage lacks.
    pub missing_label: Option<String>,
    /// Links beside the text that meet the rule.
    pub links: Vec<String>,
}

/// What the rule pack says of a passage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Screening {
    /// In the order of the pack.
    pub hits: Vec<Hit>,
    /// More rules were met or more stretches found than are listed.
    pub truncated: bool,
}

#[cfg(test)]
mod tests;
