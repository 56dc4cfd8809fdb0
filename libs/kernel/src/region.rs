//! Regions by their GB/T 2260 code: two digits of province, two of city, two of county.

use std::fmt;
use std::str::FromStr;

/// An administrative region, or the whole country (`000000`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(u32);

impl Region {
    /// The whole country: what a national agency answers for.
    pub const NATIONAL: Self = Self(0);

    /// The code as rows and messages carry it.
    pub fn code(self) -> String {
        self.to_string()
    }

    /// The region that encloses this one: county, city, province, country. The country has none.
    pub fn parent(self) -> Option<Self> {
        match self.0 {
            0 => None,
            code if code % 10_000 == 0 => Some(Self::NATIONAL),
            code if code % 100 == 0 => Some(Self(code / 10_000 * 10_000)),
            code => Some(Self(code / 100 * 100)),
        }
    }

    /// Whether an agency of this region answers for `other` (属地管理, R80).
    pub fn contains(self, other: Self) -> bool {
        let mut region = Some(other);
        while let Some(inner) = region {
            if inner == self {
                return true;
            }
            region = inner.parent();
        }
        false
    }

    /// What the codes begin with that an agency of this region answers for.
    pub fn prefix(self) -> String {
        let code = self.code();
        let digits = match self.0 {
            0 => 0,
            number if number % 10_000 == 0 => 2,
            number if number % 100 == 0 => 4,
            _ => 6,
        };
        code.chars().take(digits).collect()
    }

    /// The first and the last code that an agency of this region answers for: a range for rows that hold codes as text.
    pub fn codes(self) -> (String, String) {
        let within = match self.0 {
            0 => 999_999,
            code if code % 10_000 == 0 => code + 9_999,
            code if code % 100 == 0 => code + 99,
            code => code,
        };
        (self.code(), Self(within).code())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl FromStr for Region {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let not_a_code =
            || format!("`{text}` is not a region code: six digits of GB/T 2260, or 000000 for the country");
        if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(not_a_code());
        }
        let code: u32 = text.parse().map_err(|_| not_a_code())?;
        // 000000 is the country; any other code starts with a province, and a county lies in a city.
        let in_a_city = code.is_multiple_of(100) || !(code / 100).is_multiple_of(100);
        if code == 0 || (code >= 110_000 && in_a_city) { Ok(Self(code)) } else { Err(not_a_code()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(code: &str) -> Region {
        code.parse().expect(code)
    }

    #[test]
    fn a_province_contains_its_cities_and_counties_and_no_other() {
        assert!(region("330000").contains(region("330602")));
        assert!(region("330600").contains(region("330602")));
        assert!(Region::NATIONAL.contains(region("330602")));
        assert!(!region("330600").contains(region("330102")));
        assert!(!region("330602").contains(region("330600")));
        assert!(!region("310000").contains(Region::NATIONAL));
    }

    /// A query by codes finds what the rule finds.
    #[test]
    fn the_codes_of_a_region_are_those_that_it_contains() {
        let some = ["000000", "110000", "310000", "310100", "310115", "330000", "330600", "330602", "330681", "659900"];
        for outer in some.map(region) {
            let (first, last) = outer.codes();
            for inner in some.map(region) {
                let code = inner.code();
                assert_eq!(first <= code && code <= last, outer.contains(inner), "{outer} {inner}");
                assert_eq!(code.starts_with(&outer.prefix()), outer.contains(inner), "{outer} {inner}");
            }
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in ["", "31", "3100000", "31000a", "000001", "099999", "310001"] {
            assert!(text.parse::<Region>().is_err(), "{text}");
        }
    }
}
