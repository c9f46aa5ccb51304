//! How alike two names are, whoever typed them.

use super::index::year_of;
use super::words::{Word, words};
use crate::persons::model::Birth;

/// How alike two names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alike {
    /// Not at all.
    Not,
    /// The given name and most of the other words are the same.
    Near,
    /// The same words, but for marks and order.
    Same,
}

/// How alike two names are, marks and order aside.
pub fn likeness_of(one: &str, other: &str) -> Alike {
    let (one, other) = (words(one), words(other));
    let folded = |words: &[Word]| -> Vec<Box<str>> { words.iter().map(|word| word.folded.clone()).collect() };
    alike(&folded(&one), &folded(&other))
}

/// How alike two lists of words are; the last is the given name.
pub(super) fn alike<W: PartialEq>(one: &[W], other: &[W]) -> Alike {
    let mut free: Vec<&W> = other.iter().collect();
    let mut shared = 0;
    for word in one {
        if let Some(place) = free.iter().position(|there| *there == word) {
            free.swap_remove(place);
            shared += 1;
        }
    }
    let longer = one.len().max(other.len());
    let given = |of: &[W], within: &[W]| of.last().is_some_and(|given| within.contains(given));
    if shared == longer && longer > 0 {
        Alike::Same
    } else if shared > 1 && 3 * shared >= 2 * longer && given(one, other) && given(other, one) {
        Alike::Near
    } else {
        Alike::Not
    }
}

/// By what others who may be the same person are looked for.
pub struct Likeness {
    /// Folded words of each name and alias.
    pub(super) names: Vec<Vec<Box<str>>>,
    /// Year of birth, 0 when unknown.
    pub(super) year: u16,
    /// Plain telephone number.
    pub(super) phone: Option<String>,
}

impl std::fmt::Debug for Likeness {
    // Nothing of a person stands in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Likeness(…)")
    }
}

impl Likeness {
    /// Of a person with these names.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>, birth: Birth, phone: Option<&str>) -> Self {
        let folded = |name| words(name).into_iter().map(|word| word.folded).collect();
        Self { names: names.map(folded).collect(), year: year_of(birth), phone: phone.and_then(plain_number) }
    }
}

/// The digits of a telephone number, +84 as 0; none when there are too few to tell anybody.
pub fn plain_number(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let digits = match digits.strip_prefix("84") {
        Some(rest) if number.trim_start().starts_with('+') => format!("0{rest}"),
        _ => digits,
    };
    (digits.len() >= 6).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_alike_by_their_words_and_near_with_the_same_given_name() {
        for (one, other, expected) in [
            ("Nguyễn Thị Lan", "lan nguyen thi", Alike::Same),
            ("Nguyễn Thị Lan", "Nguyễn Thị Thu Lan", Alike::Near),
            ("Nguyễn Thị Lan", "Nguyễn Thị Huệ", Alike::Not),
            ("Nguyễn Thị Lan", "Lan", Alike::Not),
            ("Páo", "pao", Alike::Same),
            ("", "", Alike::Not),
        ] {
            assert_eq!(likeness_of(one, other), expected, "{one} {other}");
            assert_eq!(likeness_of(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_telephone_number_is_its_digits_and_home_is_0() {
        assert_eq!(plain_number("+84 912-345-678"), plain_number("0912 345 678"));
        assert_eq!(plain_number("8412 345"), Some("8412345".to_owned()));
        assert_eq!(plain_number("113"), None);
    }
}
