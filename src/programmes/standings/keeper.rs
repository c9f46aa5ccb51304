//! Which measures are kept, of which years, and by which rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};

use crate::persons::ClientCategory;
use crate::programmes::indicators::Period;
use crate::programmes::plans::{CaseMeasure, Measure, Plans, ServiceSelection};
use crate::programmes::rules::selected;
use crate::services::Services;

/// Raised whenever `programmes/indicators.rs` or `facts.rs` count otherwise: what was kept is then counted anew.
const RULES: u32 = 1;

/// What standings are about: all that decides who counts, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MeasureKey {
    /// What is counted.
    pub measure: Measure,
    /// Persons it is about.
    pub category: ClientCategory,
    /// Service types it looks at.
    pub services: ServiceSelection,
}

impl MeasureKey {
    /// That of an indicator.
    pub fn of(indicator: &CaseMeasure) -> Self {
        let CaseMeasure { measure, category, services, .. } = *indicator;
        Self { measure, category, services }
    }

    /// An indicator of this key.
    pub(super) fn indicator(self) -> CaseMeasure {
        let Self { measure, category, services } = self;
        CaseMeasure { measure, category, services, released: false }
    }
}

impl fmt::Display for MeasureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.measure, self.category, self.services)
    }
}

/// The text is no key of this version of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no key of a measure")]
pub struct NoKey;

impl FromStr for MeasureKey {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let mut words = text.split('/');
        let (Some(measure), Some(category), Some(services), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(NoKey);
        };
        Ok(Self {
            measure: measure.parse().map_err(|_| NoKey)?,
            category: category.parse().map_err(|_| NoKey)?,
            services: services.parse().map_err(|_| NoKey)?,
        })
    }
}

/// A measure in a calendar year.
pub(super) type KeyYear = (MeasureKey, i32);

/// What is kept, and with what it is counted.
#[derive(Debug, Clone)]
pub struct Keeper {
    pub(super) services: Arc<Services>,
    /// Measures of all plans, each from its earliest year.
    measures: BTreeMap<MeasureKey, i32>,
}

impl Keeper {
    /// For the measures of these plans.
    pub fn of(plans: &Plans, services: Arc<Services>) -> Self {
        let mut measures = BTreeMap::new();
        for plan in plans.all() {
            for cases in plan.indicators.iter().filter_map(|indicator| indicator.measured.cases.as_ref()) {
                let first = measures.entry(MeasureKey::of(cases)).or_insert(plan.first_year);
                *first = plan.first_year.min(*first);
            }
        }
        Self { services, measures }
    }

    /// What is to be kept: up to the coming year, so that nobody waits for it on its first day.
    pub(super) fn wanted(&self, today: NaiveDate) -> BTreeSet<KeyYear> {
        let years = |first: i32| first..=today.year().saturating_add(1);
        self.measures.iter().flat_map(|(key, first)| years(*first).map(|year| (*key, year))).collect()
    }
}

/// By which rules, and of which service types, a key is counted by this version of the program.
pub(super) fn counted_as(services: &Services, key: MeasureKey) -> String {
    let words: Vec<&str> =
        selected(services, &key.indicator()).into_iter().map(crate::services::ServiceType::as_str).collect();
    format!("{RULES} {}", words.join(" "))
}

/// The year cut off today; of a year to come its first day, on which everything that is known now stands.
pub(super) fn period(year: i32, today: NaiveDate) -> Option<Period> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
    Some(Period::of_year(year, today).unwrap_or(Period { start: first, end: first }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_what_is_none_does_not() {
        let key = MeasureKey {
            measure: Measure::RegimesReceived,
            category: ClientCategory::IdentifiedVictim,
            services: ServiceSelection::Regimes,
        };
        assert_eq!(key.to_string().parse(), Ok(key));
        for text in ["", "a/b/c", &format!("{key}/all"), "support_used_by_those_in_need_and_eligible/at_risk"] {
            assert_eq!(text.parse::<MeasureKey>(), Err(NoKey), "{text}");
        }
    }

    #[test]
    fn a_year_to_come_is_looked_at_on_its_first_day() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let of = |year, today| period(year, day(today)).map(|period| (period.start, period.end));
        assert_eq!(of(2025, "2026-02-03"), Some((day("2025-01-01"), day("2025-12-31"))));
        assert_eq!(of(2026, "2026-02-03"), Some((day("2026-01-01"), day("2026-02-03"))));
        assert_eq!(of(2027, "2026-02-03"), Some((day("2027-01-01"), day("2027-01-01"))));
    }
}
