//! Codes on cards: drawn at random, and so about nobody.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error as _, Unexpected};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::clock::Random;

/// Base 32 of Douglas Crockford (crockford.com/base32.html): no I, L, O and U.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Nine random characters of 5 bits, and one that checks them.
const LENGTH: usize = 10;
const GROUP: usize = 4;

/// A card: 45 random bits and a check character, printed as `7KQ2-M9XD-45`.
///
/// Written by hand it is read with capital or small letters, with or without spaces and hyphens, O as 0, I and L as
/// 1. The check refuses every card with one wrong character and every one with two characters exchanged.
#[derive(Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, example = "7KQ2-M9XD-45")]
pub struct Card([u8; LENGTH]);

/// The text is no card, or a character of it is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no card, or a character of it is wrong")]
pub struct NotACard;

impl Card {
    /// A new card.
    pub fn random(random: &Random) -> Self {
        let drawn = Zeroizing::new(random.bytes::<LENGTH>());
        let mut symbols = drawn.map(|byte| byte & 31);
        if let Some((check, others)) = symbols.split_last_mut() {
            *check = times_x(remainder(others));
        }
        Self(symbols)
    }

    pub(super) fn canonical(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        text.push_str("card 1|");
        text.extend(self.characters());
        text
    }

    fn characters(&self) -> impl Iterator<Item = char> {
        self.0.iter().filter_map(|symbol| SYMBOLS.get(usize::from(*symbol))).map(|symbol| char::from(*symbol))
    }
}

/// What a card leaves: nought where it is right.
///
/// The characters are elements of the field of 32 elements, each is multiplied by another power of x, and the sum
/// is nought. A wrong character changes the sum, for no power is nought; two exchanged ones do, for no two powers
/// are equal (x has order 31). It is the argument of ISBN-10 (ISO 2108:1992), which weights by 10 to 1 modulo 11,
/// in the field that base 32 lives in, as the checksum of Bech32 (BIP 173) does.
fn remainder(symbols: &[u8]) -> u8 {
    symbols.iter().fold(0, |sum, symbol| times_x(sum) ^ symbol)
}

/// Multiplies by x modulo x⁵ + x² + 1.
fn times_x(element: u8) -> u8 {
    let shifted = element << 1;
    if shifted & 0b10_0000 == 0 { shifted } else { shifted ^ 0b10_0101 }
}

fn symbol(character: char) -> Option<u8> {
    let meant = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let at = SYMBOLS.iter().position(|known| char::from(*known) == meant)?;
    u8::try_from(at).ok()
}

impl FromStr for Card {
    type Err = NotACard;

    fn from_str(text: &str) -> Result<Self, NotACard> {
        let written = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'));
        let symbols: Option<Vec<u8>> = written.map(symbol).collect();
        let symbols: [u8; LENGTH] = symbols.and_then(|symbols| symbols.try_into().ok()).ok_or(NotACard)?;
        if remainder(&symbols) == 0 { Ok(Self(symbols)) } else { Err(NotACard) }
    }
}

/// As it is printed, in groups.
impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, character) in self.characters().enumerate() {
            if position > 0 && position % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

// Whoever has the code has the card.
impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card(…)")
    }
}

impl Serialize for Card {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Card {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        // The error names what was expected and repeats nothing.
        text.parse().map_err(|NotACard| D::Error::invalid_value(Unexpected::Other("text"), &"the code of a card"))
    }
}
