//! Whether a name is the one that was typed, and how well it fits.

use super::words::{Fit, Word, words};
use crate::error::{AppError, FitsWith, Rule};

/// Words that are compared at the most; further ones are not looked at.
const MOST_WORDS: usize = 10;
/// Words of a name that are compared at the most, a bit each.
const MOST_PLACES: usize = 32;

/// What was typed.
#[derive(Clone)]
pub struct Query {
    words: Vec<Word>,
    year: Option<u16>,
}

impl std::fmt::Debug for Query {
    // A name stands in no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Query").field("words", &self.words.len()).finish_non_exhaustive()
    }
}

/// How well a person fits a query; more is better. Of two that fit alike the id decides, so that the order is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Score(u32);

impl Query {
    /// Reads what was typed. A number of four digits from 1900 to 2100 is a year of birth.
    ///
    /// # Errors
    /// A field error when no word of a name is left.
    pub fn read(text: &str, birth_year: Option<u16>) -> Result<Self, AppError> {
        let mut year = birth_year;
        let mut name = Vec::new();
        for word in words(text) {
            match year_of(&word.folded) {
                Some(typed) if year.is_none() || year == Some(typed) => year = Some(typed),
                Some(_) => return Err(AppError::field("birth_year", Rule::MustFit(FitsWith::OneYear))),
                None => name.push(word),
            }
        }
        name.truncate(MOST_WORDS);
        if !name.iter().any(|word| word.folded.chars().any(char::is_alphabetic)) {
            return Err(AppError::field("name", Rule::Letter));
        }
        Ok(Self { words: name, year })
    }

    /// The typed words with whether the word may be the beginning of a longer one.
    pub(super) fn words(&self) -> impl Iterator<Item = (&Word, bool)> {
        let last = self.words.len().saturating_sub(1);
        self.words.iter().enumerate().map(move |(place, word)| (word, place == last))
    }

    /// Whether somebody born in `year` (0 when unknown) may be meant: whose year is unknown is, and comes last.
    pub(super) fn admits(&self, year: u16) -> bool {
        year == 0 || self.year.is_none_or(|asked| asked == year)
    }

    /// How the best of somebody's names fits. `names` gives the words of each name as what `fit` takes; the first
    /// is the name proper when `named`, the others are aliases.
    pub(super) fn best<W: Copy>(
        &self,
        names: impl Iterator<Item = (bool, impl AsRef<[W]>)>,
        year: u16,
        fit: impl Fn(usize, W) -> Fit,
    ) -> Option<(Score, usize)> {
        if !self.admits(year) {
            return None;
        }
        let scored = names.enumerate().filter_map(|(number, (proper, name))| {
            let score = self.score(name.as_ref(), proper, year, &fit)?;
            Some((score, number))
        });
        // The first of equals: the name before its aliases.
        scored.max_by_key(|(score, number)| (*score, std::cmp::Reverse(*number)))
    }

    /// Every typed word must have a word of the name to itself.
    fn score<W: Copy>(&self, name: &[W], proper: bool, year: u16, fit: &impl Fn(usize, W) -> Fit) -> Option<Score> {
        let name = name.get(..MOST_PLACES).unwrap_or(name);
        let mut taken = 0_u32;
        let (mut begins, mut marked, mut in_order) = (false, 0_u32, true);
        for (number, word) in self.words.iter().enumerate() {
            let (fit, place) = free_place(name, taken, |there| fit(number, there))?;
            taken |= 1 << place;
            in_order &= place == number;
            begins |= matches!(fit, Fit::Begins | Fit::BeginsMarked);
            marked += u32::from(word.is_marked() && matches!(fit, Fit::Exact | Fit::BeginsMarked));
        }
        let whole_name = !begins && self.words.len() == name.len();
        let tier = match (begins, whole_name) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2,
        };
        let in_order = u32::from(whole_name && in_order);
        let given = u32::from(name.len().checked_sub(1).is_some_and(|last| taken & (1 << last) != 0));
        let known_year = u32::from(self.year.is_some() && year != 0);
        let short = 31_u32.saturating_sub(u32::try_from(name.len()).unwrap_or(31));
        let mut score = known_year;
        for (part, bits) in [(tier, 2), (marked, 4), (in_order, 1), (given, 1), (u32::from(proper), 1), (short, 5)] {
            score = (score << bits) | part;
        }
        Some(Score(score))
    }
}

/// The free place that fits best, the first of equals.
fn free_place<W: Copy>(name: &[W], taken: u32, fit: impl Fn(W) -> Fit) -> Option<(Fit, usize)> {
    let mut best = None;
    for (place, word) in name.iter().enumerate().filter(|(place, _)| taken & (1 << place) == 0) {
        let fit = fit(*word);
        if fit > best.map_or(Fit::None, |(fit, _)| fit) {
            best = Some((fit, place));
        }
    }
    best
}

fn year_of(word: &str) -> Option<u16> {
    let digits = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|year| digits && (1900..=2100).contains(year))
}

/// How a person with these names, in the open, fits; and which of the names does.
pub(super) fn fit_of(query: &Query, names: &[(bool, &str)], year: u16) -> Option<(Score, usize)> {
    let typed: Vec<(&Word, bool)> = query.words().collect();
    let cut: Vec<(bool, Vec<Word>)> = names.iter().map(|(proper, name)| (*proper, words(name))).collect();
    let names = cut.iter().map(|(proper, words)| (*proper, words.iter().collect::<Vec<&Word>>()));
    query.best(names, year, |number, word| typed.get(number).map_or(Fit::None, |(typed, last)| word.fits(typed, *last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(typed: &str, names: &[&'static str]) -> Vec<&'static str> {
        let query = Query::read(typed, None).expect("a query");
        let mut found: Vec<_> =
            names.iter().filter_map(|name| Some((fit_of(&query, &[(true, name)], 0)?.0, *name))).collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn a_full_name_stands_before_whole_words_and_those_before_beginnings() {
        let names = ["Hoàng Lan Anh", "Lan Anh", "Anh Lan", "Lan Ánh Thị", "Nguyễn Lan Anhh"];
        assert_eq!(
            ranked("lan anh", &names),
            ["Lan Anh", "Anh Lan", "Hoàng Lan Anh", "Lan Ánh Thị", "Nguyễn Lan Anhh"]
        );
    }

    #[test]
    fn typed_marks_prefer_the_name_that_has_them_and_exclude_none() {
        assert_eq!(ranked("hòa", &["Lê Thị Hoa", "Lê Thị Hoà", "Lê Thị Hóa"])[0], "Lê Thị Hoà");
        assert_eq!(ranked("hoa hòa", &["Hòa Hoa", "Hoa Hòa", "Hoa Hoa"]), ["Hoa Hòa", "Hòa Hoa", "Hoa Hoa"]);
        assert_eq!(ranked("lê hươ", &["Lê Thị Huống", "Lê Thị Hương"]), ["Lê Thị Hương", "Lê Thị Huống"]);
    }

    #[test]
    fn the_given_name_stands_before_the_same_word_elsewhere() {
        assert_eq!(ranked("mai", &["Mai Thị Lan", "Lê Thị Mai"]), ["Lê Thị Mai", "Mai Thị Lan"]);
        assert_eq!(ranked("tha", &["Thạch Sa Rây", "Lê Thắm"]), ["Lê Thắm", "Thạch Sa Rây"]);
    }

    #[test]
    fn each_typed_word_needs_a_word_of_its_own_and_only_the_last_may_be_cut_short() {
        assert_eq!(ranked("thi thi", &["Lê Thị Lan", "Thị Thị"]), ["Thị Thị"]);
        assert_eq!(ranked("lan ng", &["Nguyễn Thị Lan"]), ["Nguyễn Thị Lan"]);
        assert!(ranked("ng lan", &["Nguyễn Thị Lan"]).is_empty());
    }

    #[test]
    fn the_year_of_birth_may_stand_among_the_words_or_beside_them() {
        let query = Query::read("lan 1990", None).expect("a query");
        assert!(query.admits(1990) && query.admits(0) && !query.admits(1991));
        let score = |year| fit_of(&query, &[(true, "Lê Thị Lan")], year).map(|(score, _)| score);
        assert!(score(1990) > score(0) && score(0).is_some() && score(1989).is_none());
        assert!(Query::read("lan 1990", Some(1991)).is_err());
        for nothing in ["1990", " - ", "\u{301}", "12"] {
            assert!(Query::read(nothing, None).is_err(), "{nothing:?}");
        }
    }

    #[test]
    fn the_alias_that_fits_is_told() {
        let query = Query::read("be ba", None).expect("a query");
        let names = [(true, "Nguyễn Thị Lan"), (false, "Tí"), (false, "Bé Ba")];
        assert_eq!(fit_of(&query, &names, 0).map(|(_, number)| number), Some(2));
    }
}
