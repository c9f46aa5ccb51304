//! What a worker tells of a session and of a contact, and the rules it keeps.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::model::{AgeBand, ContactRow, ReferralOffer, Screening, Seen, SessionRow, SupplyRow};
use crate::admin_units::AdminUnits;
use crate::db::types::Instant;
use crate::error::{AppError, FieldError, PlainForm, Rule};
use crate::http::extract::plain_text;
use crate::outreach::OutreachCatalogue;
use crate::outreach::codes::CodeMac;
use crate::persons::model::{ClientCategory, Sex};
use crate::services::ServiceType;
use crate::text::tidy;

/// Workers a group may number.
const WORKERS: std::ops::RangeInclusive<i32> = 1..=200;
/// Pieces of one commodity that one session may hand out.
const PIECES: std::ops::RangeInclusive<i32> = 1..=100_000;
/// A day that lies longer before its arrival is doubted.
const OLD_DAYS: i64 = 400;
/// Seconds by which a clock may be wrong before the days it tells are doubted.
const CLOCK_TOLERANCE: i64 = 24 * 3600;

/// What is told of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionFields {
    /// Day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    pub held_on: NaiveDate,
    /// Commune.
    #[validate(length(max = 20))]
    pub unit_code: String,
    /// Code of the kind of place.
    #[validate(length(max = 40))]
    pub venue: String,
    /// Workers, by the number each has in the group (1 to 200).
    #[validate(length(min = 1, max = 20), custom(function = workers))]
    pub workers: Vec<i32>,
    /// Codes of what was talked about.
    #[serde(default)]
    #[validate(length(max = 30))]
    pub topics: Vec<String>,
    /// Pieces handed out, by code of the commodity (1 to 100,000 of each).
    #[serde(default)]
    #[validate(length(max = 30), custom(function = pieces))]
    pub supplies: BTreeMap<String, i32>,
    /// A short note; it is sealed. No names, no addresses: what is not written cannot be taken.
    #[serde(default)]
    #[validate(length(max = 280), custom(function = plain_text))]
    pub note: Option<String>,
}

/// What is told of somebody met. `C` is the contact code: as said on the way in, keyed as kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactFields<C> {
    /// Worker, by the number in the group (1 to 200).
    #[validate(range(min = 1, max = 200))]
    pub worker: i32,
    /// Contact code; none of somebody who gives none.
    pub code: Option<C>,
    /// Why the programme meets the person, as far as the worker knows.
    #[serde(default)]
    pub category: Option<ClientCategory>,
    /// Sex.
    pub sex: Sex,
    /// Age.
    pub age_band: AgeBand,
    /// Met before in the year or not.
    #[serde(default = "seen_unknown")]
    pub seen: Seen,
    /// Codes of what was talked about.
    #[serde(default)]
    #[validate(length(max = 30))]
    pub topics: Vec<String>,
    /// Services the person needs and may have.
    #[serde(default)]
    #[validate(length(max = 30))]
    pub needs: Vec<ServiceType>,
    /// Screening for violence.
    #[serde(default = "not_asked")]
    pub violence: Screening,
    /// Screening for trafficking.
    #[serde(default = "not_asked")]
    pub trafficking: Screening,
    /// Screening for a child in need of protection.
    #[serde(default = "not_asked")]
    pub child: Screening,
    /// Offer to see a service.
    #[serde(default = "not_offered")]
    pub referral: ReferralOffer,
    /// Whether the person agrees to be asked again.
    #[serde(default)]
    pub follow_up_agreed: bool,
    /// A short note; it is sealed. No names, no addresses: what is not written cannot be taken.
    #[serde(default)]
    #[validate(length(max = 280), custom(function = plain_text))]
    pub note: Option<String>,
}

/// A contact whose code is keyed, in hexadecimal.
pub type KeptContact = ContactFields<String>;

fn seen_unknown() -> Seen {
    Seen::Unknown
}

fn not_asked() -> Screening {
    Screening::NotAsked
}

fn not_offered() -> ReferralOffer {
    ReferralOffer::NotOffered
}

fn workers(workers: &[i32]) -> Result<(), ValidationError> {
    all_within(workers.iter(), &WORKERS)
}

fn pieces(supplies: &BTreeMap<String, i32>) -> Result<(), ValidationError> {
    all_within(supplies.values(), &PIECES)
}

fn all_within<'a>(
    mut numbers: impl Iterator<Item = &'a i32>,
    range: &std::ops::RangeInclusive<i32>,
) -> Result<(), ValidationError> {
    if numbers.all(|number| range.contains(number)) {
        return Ok(());
    }
    let mut error = ValidationError::new("range");
    error.add_param("min".into(), range.start());
    error.add_param("max".into(), range.end());
    Err(error)
}

/// What the fields are compared with.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    /// Communes.
    pub units: &'a AdminUnits,
    /// Codes.
    pub catalogue: &'a OutreachCatalogue,
}

/// Whether a day that was told cannot be right: it lies ahead, or more than 400 days before its arrival, or the clock
/// that told it was a day wrong.
pub fn is_doubtful(held_on: NaiveDate, received_at: Instant, clock_ahead_seconds: i64) -> bool {
    let received_on = received_at.civil_date();
    let age = received_on.signed_duration_since(held_on).num_days();
    !(0..=OLD_DAYS).contains(&age) || clock_ahead_seconds.abs() > CLOCK_TOLERANCE
}

fn in_order<T: Ord>(mut words: Vec<T>) -> Vec<T> {
    words.sort();
    words.dedup();
    words
}

fn tidy_note(note: Option<String>) -> Option<String> {
    note.map(|note| tidy(&note)).filter(|note| !note.is_empty())
}

fn unknown_codes(field: &str, codes: &[String], known: impl Fn(&str) -> bool) -> Option<FieldError> {
    let stranger = codes.iter().any(|code| !known(code));
    stranger.then(|| FieldError::new(field, Rule::Format(PlainForm::OutreachWord.into())))
}

impl SessionFields {
    /// Sets in their order, each word once; the note composed.
    #[must_use]
    pub fn tidied(self) -> Self {
        Self { workers: in_order(self.workers), topics: in_order(self.topics), note: tidy_note(self.note), ..self }
    }

    /// Fields that break rules which need facts. A doubtful day is kept as told, so the commune is then looked for on
    /// the day of arrival.
    pub fn faults(&self, books: Books<'_>, received_at: Instant, doubtful: bool) -> Vec<FieldError> {
        let day = if doubtful { received_at.civil_date() } else { self.held_on };
        let unit = (!books.units.is_valid_on(&self.unit_code, day))
            .then(|| FieldError::new("unit_code", Rule::UnitNotValidOn));
        let catalogue = books.catalogue;
        let commodities: Vec<String> = self.supplies.keys().cloned().collect();
        let venue = std::slice::from_ref(&self.venue);
        unit.into_iter()
            .chain(unknown_codes("venue", venue, |code| catalogue.venues.contains_key(code)))
            .chain(unknown_codes("topics", &self.topics, |code| catalogue.topics.contains_key(code)))
            .chain(unknown_codes("supplies", &commodities, |code| catalogue.commodities.contains_key(code)))
            .collect()
    }

    /// What was stored of a session.
    ///
    /// # Errors
    /// When a stored set holds something else than words of it.
    pub fn of_row(row: &SessionRow, supplies: &[SupplyRow], note: Option<String>) -> Result<Self, AppError> {
        Ok(Self {
            held_on: row.held_on,
            unit_code: row.unit_code.clone(),
            venue: row.venue.clone(),
            workers: words(&row.workers)?,
            topics: words(&row.topics)?,
            supplies: supplies.iter().map(|supply| (supply.commodity.clone(), supply.quantity)).collect(),
            note,
        })
    }

    /// Writes them into a row, but for the note, which is sealed apart.
    pub fn write_to(&self, row: &mut SessionRow) {
        row.held_on = self.held_on;
        row.unit_code.clone_from(&self.unit_code);
        row.venue.clone_from(&self.venue);
        row.workers = joined(&self.workers);
        row.topics = joined(&self.topics);
    }
}

impl<C> ContactFields<C> {
    /// Sets in their order, each word once; the note composed.
    #[must_use]
    pub fn tidied(self) -> Self {
        Self { topics: in_order(self.topics), needs: in_order(self.needs), note: tidy_note(self.note), ..self }
    }

    /// Fields that break rules which need facts.
    pub fn faults(&self, books: Books<'_>) -> Vec<FieldError> {
        unknown_codes("topics", &self.topics, |code| books.catalogue.topics.contains_key(code)).into_iter().collect()
    }
}

impl KeptContact {
    /// What was stored of a contact.
    ///
    /// # Errors
    /// When a stored set holds something else than words of it.
    pub fn of_row(row: &ContactRow, note: Option<String>) -> Result<Self, AppError> {
        Ok(Self {
            worker: row.worker,
            code: row.code_mac.map(|mac| mac.hex()),
            category: row.category,
            sex: row.sex,
            age_band: row.age_band,
            seen: row.seen,
            topics: words(&row.topics)?,
            needs: words(&row.needs)?,
            violence: row.violence,
            trafficking: row.trafficking,
            child: row.child,
            referral: row.referral,
            follow_up_agreed: row.follow_up_agreed,
            note,
        })
    }

    /// Writes them into a row, but for the note, which is sealed apart.
    ///
    /// # Errors
    /// When the code is none in hexadecimal.
    pub fn write_to(&self, row: &mut ContactRow) -> Result<(), AppError> {
        row.worker = self.worker;
        row.code_mac = self.code.as_deref().map(kept_code).transpose()?;
        row.category = self.category;
        row.sex = self.sex;
        row.age_band = self.age_band;
        row.seen = self.seen;
        row.topics = joined(&self.topics);
        row.needs = joined(&self.needs);
        row.violence = self.violence;
        row.trafficking = self.trafficking;
        row.child = self.child;
        row.referral = self.referral;
        row.follow_up_agreed = self.follow_up_agreed;
        Ok(())
    }
}

fn kept_code(text: &str) -> Result<CodeMac, AppError> {
    CodeMac::of_hex(text).ok_or_else(|| AppError::internal("a keyed code is not hexadecimal"))
}

fn joined<T: Display>(words: &[T]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// The words of a stored set.
///
/// # Errors
/// When one is none of the set.
pub fn words<T: FromStr>(stored: &str) -> Result<Vec<T>, AppError> {
    let word = |word: &str| word.parse().map_err(|_| AppError::internal("a stored set holds an unknown word"));
    stored.split(',').filter(|word| !word.is_empty()).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::new(text.parse().expect("a moment"))
    }

    #[test]
    fn a_day_is_doubted_that_lies_ahead_or_long_ago_or_comes_from_a_wrong_clock() {
        let received = at("2026-11-28T01:00:00Z");
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        for (held_on, clock, doubtful) in [
            ("2026-11-28", 0, false),
            ("2026-11-29", 0, true),
            ("2025-10-24", 0, false),
            ("2025-10-23", 0, true),
            ("2026-11-27", -86_400, false),
            ("2026-11-27", -86_401, true),
        ] {
            assert_eq!(is_doubtful(day(held_on), received, clock), doubtful, "{held_on} {clock}");
        }
    }

    #[test]
    fn a_set_is_stored_in_order_and_read_back_as_it_was() {
        let set = in_order(vec![12, 3, 3, 1]);
        assert_eq!(joined(&set), "1,3,12");
        assert_eq!(words::<i32>("1,3,12").expect("numbers"), set);
        assert_eq!(words::<i32>("").expect("none"), Vec::<i32>::new());
        assert!(words::<i32>("1,x").is_err());
    }
}
