//! What a thing is called, in the language of the law and in English.

use serde::Deserialize;

/// A name or a sentence in Chinese and in English.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub zh: String,
    pub en: String,
}

impl Text {
    /// The text in `lang`: English for `en`, otherwise Chinese.
    pub fn in_lang(&self, lang: &str) -> &str {
        if lang == "en" { &self.en } else { &self.zh }
    }
}
