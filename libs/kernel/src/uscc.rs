//! The unified social credit code (统一社会信用代码) by GB 32100-2015, which names an institution.
//!
//! Eighteen characters: who registered it (1), what it is (1), where (6 digits of GB/T 2260), the
//! organisation code of GB 11714 (9), and a check character. Some codes that were issued early fail the
//! check, so a wrong check character is a warning and the shape alone decides.

/// The characters a code may have. I, O, S, V and Z are left out because they look like digits.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// The weight of each of the first 17 characters: powers of 3 modulo 31.
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// The number of characters of a code.
pub const USCC_CHARS: usize = 18;

/// A text that has the shape of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsccCheck {
    Valid,
    /// The check character should be `expected`: most likely a typing error, sometimes a legacy code.
    WrongCheckCharacter {
        expected: char,
        found: char,
    },
}

/// Why a text cannot be a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsccError {
    #[error("a unified social credit code has {USCC_CHARS} characters, not {found}")]
    Length { found: usize },
    /// Positions are counted from one.
    #[error("`{found}` at position {position} is not allowed: digits and capital letters without I, O, S, V, Z")]
    Character { position: usize, found: char },
    #[error("positions 3 to 8 are a region code of six digits, not `{found}` at position {position}")]
    Region { position: usize, found: char },
}

/// Checks the shape of a code and says whether its check character is right.
pub fn check(text: &str) -> Result<UsccCheck, UsccError> {
    let chars = text.chars().count();
    if chars != USCC_CHARS {
        return Err(UsccError::Length { found: chars });
    }
    let mut sum = 0;
    let mut last = 0;
    for (index, found) in text.chars().enumerate() {
        let position = index + 1;
        let value = ALPHABET
            .iter()
            .position(|letter| char::from(*letter) == found)
            .ok_or(UsccError::Character { position, found })?;
        if (2..8).contains(&index) && !found.is_ascii_digit() {
            return Err(UsccError::Region { position, found });
        }
        match WEIGHTS.get(index) {
            Some(weight) => sum += value * weight,
            None => last = value,
        }
    }
    let expected = (ALPHABET.len() - sum % ALPHABET.len()) % ALPHABET.len();
    if expected == last {
        Ok(UsccCheck::Valid)
    } else {
        let letter = |value: usize| char::from(ALPHABET[value]);
        Ok(UsccCheck::WrongCheckCharacter { expected: letter(expected), found: letter(last) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_standard_is_valid() {
        assert_eq!(check("91350100M000100Y43"), Ok(UsccCheck::Valid));
    }

    #[test]
    fn a_wrong_check_character_is_a_warning_that_names_the_right_one() {
        assert_eq!(check("91350100M000100Y44"), Ok(UsccCheck::WrongCheckCharacter { expected: '3', found: '4' }));
    }

    #[test]
    fn what_has_not_the_shape_is_refused() {
        assert_eq!(check(""), Err(UsccError::Length { found: 0 }));
        assert_eq!(check("91350100M000100Y4"), Err(UsccError::Length { found: 17 }));
        assert_eq!(check("91350100M000100Y433"), Err(UsccError::Length { found: 19 }));
        assert_eq!(check("91350100M000100Y4３"), Err(UsccError::Character { position: 18, found: '３' }));
        assert_eq!(check("91350100m000100Y43"), Err(UsccError::Character { position: 9, found: 'm' }));
        for left_out in ['I', 'O', 'S', 'V', 'Z'] {
            let code = format!("91350100{left_out}000100Y43");
            assert_eq!(check(&code), Err(UsccError::Character { position: 9, found: left_out }));
        }
        assert_eq!(check("9135010AM000100Y43"), Err(UsccError::Region { position: 8, found: 'A' }));
    }

    proptest! {
        /// The check finds any single wrong character: 31 is prime and no weight is a multiple of it.
        #[test]
        fn one_wrong_character_is_always_noticed(position in 0usize..18, value in 0usize..31) {
            let mut code = b"91350100M000100Y43".to_vec();
            let wrong = ALPHABET[value];
            prop_assume!(code[position] != wrong);
            code[position] = wrong;
            let code = String::from_utf8(code).expect("ascii");
            prop_assert_ne!(check(&code), Ok(UsccCheck::Valid));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,24}") {
            let _ = check(&text);
        }
    }
}
