//! What is kept of where persons stand must be what a full recount says.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use hoanhap::db::types::Instant;
use hoanhap::programmes::standings::{self, Stand, Tally};
use hoanhap::programmes::{CaseMeasure, Period, Standing, outcomes_of_country_unscoped};

use super::TestApp;

impl TestApp {
    /// The measures of persons that the plans name, each once.
    pub fn person_measures(&self) -> Vec<CaseMeasure> {
        let mut measures = BTreeMap::new();
        for plan in self.state().plans.now().all() {
            for cases in plan.indicators.iter().filter_map(|indicator| indicator.measured.cases.as_ref()) {
                measures.insert(standings::MeasureKey::of(cases), cases.clone());
            }
        }
        measures.into_values().collect()
    }

    /// Asserts that a year of a measure reads as it is recounted, whoever is due.
    #[track_caller]
    pub fn assert_standings(&self, measure: &CaseMeasure, year: i32, today: NaiveDate, told: &str) {
        let services = &self.state().services;
        let (read, tally, counted) = self
            .state()
            .db
            .read_now(|conn| {
                let read = standings::read(conn, services, measure, year, today)?;
                let tally = standings::tally(conn, services, measure, year, today)?;
                let period = Period::of_year(year, today).expect("a year that has begun");
                Ok((read, tally, outcomes_of_country_unscoped(conn, services, measure, period)?))
            })
            .expect("counted");
        let counted: Vec<Stand> = counted.into_iter().map(Stand::from).collect();
        assert_eq!(read, counted, "{} {year} {told}", measure.measure);
        assert_eq!(tally, tallied(&counted), "{} {year} {told}", measure.measure);
    }

    /// Asserts that nothing differs once everybody who is due was counted anew.
    #[track_caller]
    pub fn assert_settled(&self, now: Instant, told: &str) {
        let (db, keeper) = (&self.state().db, self.state().keeper());
        standings::settle(db, &keeper, now).unwrap_or_else(|error| panic!("{told}: {error}"));
        assert_eq!(self.number("select count(*) as n from standings_due"), 0, "{told}");
        let differences = standings::compare(db, &keeper, now).expect("compared");
        assert!(differences.is_empty(), "{told}: {differences:?}");
    }

    /// Asserts both of the years around today.
    #[track_caller]
    pub fn assert_standings_follow(&self) {
        let today = self.today();
        for measure in self.person_measures() {
            for year in [today.year() - 1, today.year()] {
                self.assert_standings(&measure, year, today, "after the story");
            }
        }
        self.assert_settled(self.clock.now(), "after the story");
    }
}

fn tallied(stands: &[Stand]) -> BTreeMap<String, Tally> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for stand in stands {
        let tally = tallies.entry(stand.unit.clone()).or_default();
        match stand.standing {
            Standing::Served => tally.served += 1,
            Standing::NotServed => tally.not_served += 1,
            Standing::Refused => tally.refused += 1,
            Standing::NotInNeed => tally.not_in_need += 1,
            Standing::NotAssessed => tally.not_assessed += 1,
        }
        tally.assessed += u64::from(stand.assessed);
    }
    tallies
}
