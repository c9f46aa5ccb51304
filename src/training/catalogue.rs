//! What `config/training.toml` says: words for trades, levels, reasons and jobs, and the
//! dated tariff of training aid. It is checked whole at start.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;

use super::model::{AidGroup, CourseLevel, JobKind};
use super::status::StopReason;
use super::tariff::Tariff;
use crate::text::Words;

/// What is configured about a level of training.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelRule {
    /// Vietnamese name.
    pub vi: String,
    /// English name.
    pub en: String,
    /// Days a course of this level may last, the first and the last counted.
    pub most_days: i64,
    /// Whether training aid is due for such a course.
    pub aid: bool,
}

/// The configuration of vocational training.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingCatalogue {
    /// Trades by code.
    pub trades: BTreeMap<String, Words>,
    /// Levels.
    pub levels: BTreeMap<CourseLevel, LevelRule>,
    /// Reasons to stop a course.
    pub stop_reasons: BTreeMap<StopReason, Words>,
    /// Kinds of work.
    pub jobs: BTreeMap<JobKind, Words>,
    /// Groups to whom training aid is due.
    pub aid_groups: BTreeMap<AidGroup, Words>,
    /// Tariffs of training aid, oldest first.
    pub tariffs: Vec<Tariff>,
}

/// `config/training.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrainingConfigError {
    /// It is not of the described form.
    #[error("config/training.toml: {0}")]
    Form(#[from] toml::de::Error),
    /// It does not describe every word, or something it describes cannot be.
    #[error("config/training.toml says nothing usable about {0}")]
    Missing(String),
}

impl TrainingCatalogue {
    /// Reads the configuration shipped with the program.
    ///
    /// # Errors
    /// When it is not of the described form, leaves a word out, or its tariffs are out of order.
    pub fn shipped() -> Result<Self, TrainingConfigError> {
        Self::parse(include_str!("../../config/training.toml"))
    }

    fn parse(text: &str) -> Result<Self, TrainingConfigError> {
        let catalogue: Self = toml::from_str(text)?;
        match catalogue.fault() {
            Some(fault) => Err(TrainingConfigError::Missing(fault)),
            None => Ok(catalogue),
        }
    }

    /// The first thing that is missing or cannot be.
    fn fault(&self) -> Option<String> {
        let level = CourseLevel::ALL.iter().find(|word| self.levels.get(word).is_none_or(|rule| rule.most_days < 1));
        let reason = StopReason::ALL.iter().find(|word| !self.stop_reasons.contains_key(word));
        let job = JobKind::ALL.iter().find(|word| !self.jobs.contains_key(word));
        let group = AidGroup::ALL.iter().find(|word| !self.aid_groups.contains_key(word));
        let tariff = self.tariffs.iter().find_map(Tariff::fault);
        let disorder = !self.tariffs.is_sorted_by(|earlier, later| earlier.from < later.from);
        level
            .map(ToString::to_string)
            .or(reason.map(ToString::to_string))
            .or(job.map(ToString::to_string))
            .or(group.map(ToString::to_string))
            .or(tariff)
            .or(disorder.then(|| "the order of tariffs".to_owned()))
            .or(self.trades.is_empty().then(|| "trades".to_owned()))
    }

    /// Whether training aid is due at this level.
    pub fn gives_aid(&self, level: CourseLevel) -> bool {
        self.levels.get(&level).is_some_and(|rule| rule.aid)
    }

    /// Days a course of this level may last.
    pub fn most_days(&self, level: CourseLevel) -> i64 {
        self.levels.get(&level).map_or(0, |rule| rule.most_days)
    }

    /// The tariff in force on this day.
    pub fn tariff_on(&self, day: NaiveDate) -> Option<&Tariff> {
        self.tariffs.iter().rev().find(|tariff| tariff.from <= day)
    }
}

#[cfg(test)]
mod tests {
    use super::TrainingCatalogue;

    const SHIPPED: &str = include_str!("../../config/training.toml");

    fn day(text: &str) -> chrono::NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn the_shipped_configuration_is_whole() {
        let catalogue = TrainingCatalogue::shipped().expect("the catalogue");
        assert!(catalogue.trades.len() >= 20);
        assert!(catalogue.trades.values().all(|words| !words.vi.is_empty() && !words.en.is_empty()));
    }

    #[test]
    fn a_configuration_that_leaves_a_word_or_a_ceiling_out_is_refused() {
        for missing in ["found_work = ", "cooperative = ", "near_poor = { vi", "near_poor = 2_500_000", "primary = "] {
            let lines: Vec<&str> = SHIPPED.lines().filter(|line| !line.starts_with(missing)).collect();
            assert!(lines.len() < SHIPPED.lines().count(), "{missing} stands in the file");
            assert!(TrainingCatalogue::parse(&lines.join("\n")).is_err(), "{missing} may not be left out");
        }
    }

    #[test]
    fn the_tariff_is_chosen_by_the_day_and_none_is_made_up_before_the_first() {
        let catalogue = TrainingCatalogue::shipped().expect("the catalogue");
        assert!(catalogue.tariff_on(day("2015-12-31")).is_none());
        let first = catalogue.tariff_on(day("2016-01-01")).expect("a tariff");
        assert_eq!(first.basis, "Quyết định 46/2015/QĐ-TTg");
    }

    #[test]
    fn two_tariffs_of_one_day_are_refused() {
        let (_, tariff) = SHIPPED.split_once("[[tariffs]]").expect("a tariff");
        assert!(TrainingCatalogue::parse(&format!("{SHIPPED}\n[[tariffs]]{tariff}")).is_err());
    }
}
