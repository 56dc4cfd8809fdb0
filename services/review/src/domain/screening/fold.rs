//! Undoes the spelling by which a term is hidden from a search and not from a reader.

/// How a character counts when terms are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folded {
    Keep(char),
    /// Not to be seen: zero-width characters, variation selectors.
    Invisible,
    /// Counts only where it does not merely separate two ideographs, as in 微 信 or 根*治.
    Separator(char),
}

/// The most separators in a row that still count as spelling: more is layout.
pub const SEPARATORS_MAX: usize = 2;

/// Full-width letters and digits become half-width, capital letters small.
#[inline(always)]
pub fn fold(c: char) -> Folded {
    if is_ideograph(c) {
        return Folded::Keep(c);
    }
    match c {
        'a'..='z' | '0'..='9' => Folded::Keep(c),
        'A'..='Z' => Folded::Keep(c.to_ascii_lowercase()),
        ' ' | '*' | '.' | '-' | '_' | '|' | '~' | '+' | '/' | '\u{00B7}' | '\u{3000}' | '丨' | '＊' | '．' | '－'
        | '｜' | '～' | '•' | '・' => Folded::Separator(c),
        '０'..='９' | 'ａ'..='ｚ' => Folded::Keep(half_width(c)),
        'Ａ'..='Ｚ' => Folded::Keep(half_width(c).to_ascii_lowercase()),
        '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{00AD}' => {
            Folded::Invisible
        }
        _ => Folded::Keep(c),
    }
}

/// The full-width forms stand 0xFEE0 above the ASCII ones.
pub fn half_width(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

#[inline(always)]
pub fn is_ideograph(c: char) -> bool {
    // 丨 lies among the ideographs and is used as a stroke between them.
    ('\u{4E00}'..='\u{9FFF}').contains(&c) && c != '丨'
}

/// A term as the automaton holds it: folded as a text is.
pub fn fold_term(term: &str) -> String {
    let mut folded = String::with_capacity(term.len());
    let mut held = Vec::new();
    for c in term.chars() {
        match fold(c) {
            Folded::Invisible => {}
            Folded::Separator(separator) => held.push(separator),
            Folded::Keep(kept) => {
                let spelling = held.len() <= SEPARATORS_MAX
                    && is_ideograph(kept)
                    && folded.chars().next_back().is_some_and(is_ideograph);
                if !spelling {
                    folded.extend(held.iter());
                }
                held.clear();
                folded.push(kept);
            }
        }
    }
    folded.extend(held);
    folded
}

/// Words and how they are written to hide them. They are spellings of the pack's terms, not terms of their own, so they
/// are no matter of policy. Words that mean something else as well (卫星) are left out.
const DISGUISES: &[(&str, &[&str])] = &[
    ("微信", &["薇信", "徽信", "溦信", "薇❤", "微❤", "v信", "威❤", "vx", "wx"]),
    ("加微", &["加薇", "加v", "➕v", "+v", "➕微", "➕薇"]),
    ("电话", &["電話", "电話"]),
    ("淘宝", &["掏宝", "某宝", "tb店"]),
    ("私信", &["思信", "私❤", "司信"]),
];

/// Other spellings of a folded term, without itself.
pub fn disguises(folded: &str) -> impl Iterator<Item = String> {
    DISGUISES.iter().filter(|(word, _)| folded.contains(word)).flat_map(move |(word, spellings)| {
        spellings.iter().map(move |spelling| folded.replacen(word, &fold_term(spelling), 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_and_invisible_characters_do_not_tell_terms_apart() {
        assert_eq!(fold_term("ＶＸ号１２３"), "vx号123");
        assert_eq!(fold_term("微\u{200B}信\u{FE0F}"), "微信");
        assert_eq!(fold_term("根 治"), "根治");
        assert_eq!(fold_term("根*.治"), "根治");
        assert_eq!(fold_term("根 * 治"), "根 * 治");
    }

    #[test]
    fn separators_between_letters_stay() {
        assert_eq!(fold_term("IV X"), "iv x");
        assert_eq!(fold_term("www.a"), "www.a");
        assert_eq!(fold_term("加 V"), "加 v");
    }

    #[test]
    fn a_disguised_word_is_another_spelling_of_the_same_term() {
        let spellings: Vec<_> = disguises("加微信").collect();
        assert!(spellings.contains(&"加薇❤".to_owned()), "{spellings:?}");
        assert!(spellings.contains(&"加vx".to_owned()));
        assert!(disguises("量血压").next().is_none());
    }
}
