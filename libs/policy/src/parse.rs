//! TOML texts to checked entries that still know their place.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};
use toml::Spanned;

use crate::error::PackError;
use crate::text::Text;

/// The most bytes one file of a pack may have.
pub(crate) const FILE_BYTES_MAX: usize = 1 << 20;

/// One file of a policy folder: its name, for errors, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    pub name: Cow<'static, str>,
    pub text: Cow<'static, str>,
}

impl PolicyFile {
    pub fn new(name: impl Into<Cow<'static, str>>, text: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Reads the whole file as one `T`; what does not fit is refused where it stands.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, PackError> {
        if self.text.len() > FILE_BYTES_MAX {
            return Err(self.refuse(0, format!("a file has at most {FILE_BYTES_MAX} bytes")));
        }
        toml::from_str(&self.text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            self.refuse(offset, error.message().to_owned())
        })
    }

    /// The refusal of what stands at a byte of the file.
    pub(crate) fn refuse(&self, offset: usize, reason: impl Into<String>) -> PackError {
        let before = self.text.as_bytes().iter().take(offset);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        PackError { file: self.name.to_string(), line, reason: reason.into() }
    }
}

/// An entry and the place it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a, T> {
    file: &'a PolicyFile,
    offset: usize,
    pub value: T,
}

impl<'a, T> Entry<'a, T> {
    pub fn new(file: &'a PolicyFile, spanned: Spanned<T>) -> Self {
        Self { file, offset: spanned.span().start, value: spanned.into_inner() }
    }

    /// Refuses the entry at the line on which it starts.
    pub fn refuse(&self, reason: impl Into<String>) -> PackError {
        self.file.refuse(self.offset, reason)
    }

    /// Refuses the entry at the line on which it first says `word`.
    pub fn refuse_word(&self, word: &str, reason: impl Into<String>) -> PackError {
        let quoted = format!("\"{word}\"");
        let within = self.file.text.get(self.offset..).and_then(|rest| rest.find(&quoted));
        self.file.refuse(self.offset + within.unwrap_or(0), reason)
    }

    /// Refuses an empty text: a notice would quote it.
    pub fn check_text(&self, field: &str, text: &Text) -> Result<(), PackError> {
        if text.zh.trim().is_empty() || text.en.trim().is_empty() {
            return Err(self.refuse(format!("`{field}` needs a Chinese and an English text")));
        }
        Ok(())
    }
}

/// Adds the entries of one section of one file.
pub(crate) fn entries<'a, T>(file: &'a PolicyFile, section: Vec<Spanned<T>>, into: &mut Vec<Entry<'a, T>>) {
    into.extend(section.into_iter().map(|spanned| Entry::new(file, spanned)));
}

/// For serde: a value that reads itself from a text.
pub(crate) fn from_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// For serde: a list of such values.
pub(crate) fn many_from_text<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    Vec::<String>::deserialize(deserializer)?.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}
