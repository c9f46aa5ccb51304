//! Days in plan files: dates of TOML itself, or the same between quotes, as in every other file and in JSON.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use toml::value::Datetime;

/// Reads a day.
pub(super) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    deserializer.deserialize_any(Day)
}

/// Reads a day that may be absent.
pub(super) fn optional_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    deserializer.deserialize_option(OptionalDay)
}

struct Day;

impl<'de> Visitor<'de> for Day {
    type Value = NaiveDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a day from 1900 to 2200, as 2025-12-31")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NaiveDate, E> {
        let day = text.parse().ok().filter(|day: &NaiveDate| day.to_string() == text);
        day.filter(|day| (1900..=2200).contains(&day.year()))
            .ok_or_else(|| E::custom("a day from 1900 to 2200, as 2025-12-31"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NaiveDate, A::Error> {
        let written = Datetime::deserialize(MapAccessDeserializer::new(map))?;
        self.visit_str(&written.to_string())
    }
}

struct OptionalDay;

impl<'de> Visitor<'de> for OptionalDay {
    type Value = Option<NaiveDate>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Day.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        day(deserializer).map(Some)
    }
}
