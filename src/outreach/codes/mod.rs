//! Contact codes: how somebody who gives no name is known again.
//!
//! A code is made on the worker's phone from what the person is willing to say ([`SaidCode`]), or drawn at random
//! and printed on a card ([`Card`]). What is stored is a [`CodeMac`]: the same in every group and every centre that
//! share the programme key, and of no use without it. The code itself is kept nowhere.
//!
//! Whoever says something else the next time, a year that was unknown before or another place among the siblings,
//! makes another code and counts as another person; whoever was given a tie digit must say it again.

mod card;
mod mac;
#[cfg(test)]
mod population;
#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Write as _};

use chrono::{Datelike as _, NaiveDate};
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

pub use card::{Card, NotACard};
pub use mac::CodeMac;

use crate::error::{PlainForm, Rule};
use crate::text::fold;
use crate::vault::ServerKey;

/// Letters taken of a given name: the fewest with which at most 2 in 1,000 persons share a code both in the country
/// at large and among the women of a large city, whose names are fewer; three do for the country alone (decision 32).
pub const LETTERS: usize = 4;

/// Rules that a code breaks, each with the field within the code.
pub type Broken = Vec<(&'static str, Rule)>;

/// What a person says of herself or himself, as on the identity paper. What is not known or not said is left out.
/// Needed are the own letters, month and year of birth, and two of these: the day of birth, the mother's letters,
/// the place among the siblings. Less is too little to tell people apart: then a card is given.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaidCode {
    /// The first four letters of the own given name (tên), or all of a shorter one; with or without marks, without
    /// spaces and hyphens; never of the family name.
    #[schema(min_length = 1, max_length = 4, example = "Phươ")]
    pub own_letters: String,
    /// The same of the mother's given name.
    #[schema(min_length = 1, max_length = 4, example = "Hoa")]
    pub mother_letters: Option<String>,
    /// Day of birth.
    #[schema(minimum = 1, maximum = 31)]
    pub day: Option<u8>,
    /// Month of birth.
    #[schema(minimum = 1, maximum = 12)]
    pub month: Option<u8>,
    /// Year of birth.
    #[schema(minimum = 1900)]
    pub year: Option<u16>,
    /// Place among the mother's children, by birth, 1 to 20.
    #[schema(minimum = 1, maximum = 20)]
    pub place: Option<u8>,
    /// Tells apart persons who say the same. The first has none; who comes later and was not met before is given
    /// the lowest digit that is free, and says it each time.
    #[schema(minimum = 1, maximum = 9)]
    pub tie: Option<u8>,
}

// What was said is not for logs.
impl fmt::Debug for SaidCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaidCode(…)")
    }
}

/// A code by which somebody is known who gives no name.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactCode {
    /// Made from what the person says.
    Said(SaidCode),
    /// On a card that the person carries.
    Card(Card),
}

impl ContactCode {
    /// What is stored of this code, under the programme key.
    ///
    /// # Errors
    /// The rules the code breaks, by field (`said.month`); `said` alone where it is too little to tell people apart.
    pub fn keyed(&self, key: &ServerKey, today: NaiveDate) -> Result<CodeMac, Broken> {
        self.canonical(today).map(|text| CodeMac::of(key, &text))
    }

    /// The one text of this code. Its first word differs between the kinds, and no part can hold a separator.
    fn canonical(&self, today: NaiveDate) -> Result<Zeroizing<String>, Broken> {
        match self {
            Self::Said(said) => said.canonical(today),
            Self::Card(card) => Ok(card.canonical()),
        }
    }
}

impl SaidCode {
    fn canonical(&self, today: NaiveDate) -> Result<Zeroizing<String>, Broken> {
        let mut broken = self.numbers_broken(today);
        let own = letters(&self.own_letters).map_err(|rule| broken.push(("said.own_letters", rule)));
        let mother = self.mother_letters.as_deref().map(letters).transpose();
        let mother = mother.map_err(|rule| broken.push(("said.mother_letters", rule)));
        if broken.is_empty() && !self.tells_apart() {
            broken.push(("said", Rule::TooLittle));
        }
        match (own, mother) {
            (Ok(own), Ok(mother)) if broken.is_empty() => {
                Ok(self.text(&own, mother.as_ref().map(|text| text.as_str())))
            }
            _ => Err(broken),
        }
    }

    fn text(&self, own: &str, mother: Option<&str>) -> Zeroizing<String> {
        // Long enough never to move, so that no copy is left behind.
        let mut text = Zeroizing::new(String::with_capacity(64));
        // Writing to a string cannot fail.
        let _never = write!(
            text,
            "said 1|{own}|{}|{}|{}|{}|{}|{}",
            Known(mother),
            Known(self.year),
            Known(self.month),
            Known(self.day),
            Known(self.place),
            Known(self.tie)
        );
        text
    }

    fn numbers_broken(&self, today: NaiveDate) -> Broken {
        let day = self.day.map(i64::from);
        [
            ("said.day", day, 1, self.days_of_month()),
            ("said.month", self.month.map(i64::from), 1, 12),
            ("said.year", self.year.map(i64::from), 1900, i64::from(today.year())),
            ("said.place", self.place.map(i64::from), 1, 20),
            ("said.tie", self.tie.map(i64::from), 1, 9),
        ]
        .into_iter()
        .filter(|(_, value, min, max)| value.is_some_and(|value| !(*min..=*max).contains(&value)))
        .map(|(field, _, min, max)| (field, Rule::Range { min, max }))
        .collect()
    }

    /// Days of the month of birth; 31 while it is not known.
    fn days_of_month(&self) -> i64 {
        let year = self.year.map(i32::from);
        let first = self.month.and_then(|month| NaiveDate::from_ymd_opt(year.unwrap_or(2000), u32::from(month), 1));
        first.map_or(31, |first| i64::from(first.num_days_in_month()))
    }

    /// Whether two persons who say this are likely to be one.
    fn tells_apart(&self) -> bool {
        let known = [self.day.is_some(), self.mother_letters.is_some(), self.place.is_some()];
        self.year.is_some() && self.month.is_some() && known.into_iter().filter(|known| *known).count() >= 2
    }
}

/// Letters of a name in the one form in which they enter a code.
fn letters(text: &str) -> Result<Zeroizing<String>, Rule> {
    let folded = Zeroizing::new(fold(text));
    let count = folded.chars().count();
    if count == 0 || count > LETTERS {
        return Err(Rule::Length { min: 1, max: u64::try_from(LETTERS).unwrap_or(u64::MAX) });
    }
    if !folded.chars().all(|letter| letter.is_ascii_lowercase()) {
        return Err(Rule::Format(PlainForm::NameLetters.into()));
    }
    Ok(folded)
}

/// A part of a code, or the sign that it is not known.
struct Known<T>(Option<T>);

impl<T: Display> Display for Known<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(part) => part.fmt(f),
            None => f.write_str("-"),
        }
    }
}
