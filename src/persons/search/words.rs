//! Names cut into words, in the forms in which words are compared.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A word of a name. Its tone stands apart from its letters, so that *Hòa* and *Hoà* are one word.
#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Word {
    /// Lower case, without any mark, đ as d.
    pub(super) folded: Box<str>,
    /// Lower case with the marks that make other letters (ă, ê, ơ, đ), without the tone.
    letters: Box<str>,
    /// The tone, when one is written.
    tone: Option<char>,
}

/// How a word of a name fits a word that was typed, from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Not at all.
    None,
    /// It begins so.
    Begins,
    /// It begins so, with the marks as typed.
    BeginsMarked,
    /// It is the word but for marks.
    Whole,
    /// It is the word with its marks.
    Exact,
}

impl Word {
    /// Whether any mark was written.
    pub(super) fn is_marked(&self) -> bool {
        self.tone.is_some() || self.letters != self.folded
    }

    /// Bytes of the texts.
    pub(super) fn bytes(&self) -> usize {
        self.folded.len() + self.letters.len()
    }

    /// How this word of a name fits `typed`, which may be the beginning of a word when it is `last`.
    pub(super) fn fits(&self, typed: &Word, last: bool) -> Fit {
        if self.folded == typed.folded {
            return if self == typed { Fit::Exact } else { Fit::Whole };
        }
        if !last || !self.folded.starts_with(&*typed.folded) {
            return Fit::None;
        }
        let same_tone = typed.tone.is_none() || typed.tone == self.tone;
        if same_tone && self.letters.starts_with(&*typed.letters) { Fit::BeginsMarked } else { Fit::Begins }
    }
}

/// The words of a text, in order. Whatever is neither letter nor digit parts words: *H'Hen* is two.
pub(super) fn words(text: &str) -> Vec<Word> {
    let plain: String = text.to_lowercase().nfd().collect();
    // Letters such as U+02BC are apostrophes in the names of the highlands.
    let part = |c: char| !(c.is_alphanumeric() || is_combining_mark(c)) || matches!(c, '\u{2b0}'..='\u{2ff}');
    plain.split(part).map(word).filter(|word| !word.folded.is_empty()).collect()
}

fn word(decomposed: &str) -> Word {
    let is_tone = |c: char| matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}');
    let folded: String =
        decomposed.chars().filter(|c| !is_combining_mark(*c)).map(|c| if c == 'đ' { 'd' } else { c }).collect();
    let letters: String = decomposed.chars().filter(|c| !is_tone(*c)).nfc().collect();
    let tone = decomposed.chars().rfind(|c| is_tone(*c));
    Word { folded: folded.into(), letters: letters.into(), tone }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Word {
        words(text).pop().expect("a word")
    }

    #[test]
    fn either_tone_placement_and_either_normal_form_give_the_same_word() {
        for spelling in ["Hòa", "Hoà", "HÒA", "ho\u{300}a", "hoa\u{300}"] {
            assert_eq!(only(spelling), only("hòa"), "{spelling}");
        }
        assert_eq!(only("Thúy"), only("Thuý"));
        assert_eq!(only("Khuê\u{309}"), only("Khuể"));
        assert_eq!(only("e\u{302}\u{323}"), only("e\u{323}\u{302}"));
    }

    #[test]
    fn marks_and_the_bar_of_d_part_words_that_fold_alike() {
        assert_eq!(only("Đặng").folded, only("dang").folded);
        for (typed, name, fit) in [
            ("dang", "Đặng", Fit::Whole),
            ("Đặng", "Đặng", Fit::Exact),
            ("Đang", "Đặng", Fit::Whole),
            ("hươ", "Hương", Fit::BeginsMarked),
            ("huo", "Hương", Fit::Begins),
            ("hướ", "Hường", Fit::Begins),
            ("hưo", "Hung", Fit::None),
        ] {
            assert_eq!(only(name).fits(&only(typed), true), fit, "{typed} {name}");
        }
        assert_eq!(only("Hương").fits(&only("huo"), false), Fit::None);
        assert!(only("Đô").is_marked() && only("Tú").is_marked() && !only("Lan").is_marked());
    }

    #[test]
    fn signs_between_letters_part_words() {
        let folded = |text: &str| words(text).into_iter().map(|word| word.folded.into_string()).collect::<Vec<_>>();
        assert_eq!(folded("H'Hen  Niê"), ["h", "hen", "nie"]);
        assert_eq!(folded("Y\u{2bc}Bhăm – Êban, "), ["y", "bham", "eban"]);
        assert_eq!(folded(" \u{300} - "), Vec::<String>::new());
    }
}
