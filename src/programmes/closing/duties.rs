//! Which reports are to be given, and by which day: what plans ask for, and the periods of official returns.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate, TimeDelta};

use crate::admin_units::{AdminUnit, AdminUnits, COUNTRY, Level};
use crate::programmes::periods::{Calendar, ReportPeriod};
use crate::programmes::plans::Plans;
use crate::programmes::returns::ReturnCatalogue;

/// What tells which reports are to be given.
#[derive(Debug, Clone, Copy)]
pub struct DutyBooks<'a> {
    /// Units.
    pub units: &'a AdminUnits,
    /// Plans.
    pub plans: &'a Plans,
    /// For which periods official returns are filed.
    pub returns: &'a ReturnCatalogue,
    /// Day on which months of the closing calendar end.
    pub closing_day: u32,
}

/// Who asks for a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AskedBy {
    /// Plans of a unit: its units of a level report, and those above them check and close.
    Plans {
        /// The unit that the plans are for.
        scope_unit: String,
        /// Level of the units that report.
        reported_by: Level,
    },
    /// The official return: provinces close, and file.
    Return,
}

/// A period that is over, and is to be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Calendar.
    pub calendar: Calendar,
    /// Period.
    pub period: ReportPeriod,
    /// Its last day: who was there on it is to report.
    pub last_day: NaiveDate,
    /// Who asks.
    pub asked_by: AskedBy,
    /// Day by which a unit submits its report.
    pub report_by: NaiveDate,
    /// Day by which reports are checked, and the period closed and published.
    pub close_by: NaiveDate,
    /// Day by which an official return is filed.
    pub file_by: NaiveDate,
}

/// The periods that ended since `from` and before `today`. What several plans ask of the same units is asked once, by
/// the earliest of their days.
pub fn duties(books: DutyBooks<'_>, from: NaiveDate, today: NaiveDate) -> Vec<Duty> {
    let asked = of_plans(books).chain(of_returns(books, from, today));
    let mut found: BTreeMap<(NaiveDate, Calendar, ReportPeriod, AskedBy), Duty> = BTreeMap::new();
    for duty in asked.filter(|duty| (from..today).contains(&duty.last_day)) {
        let key = (duty.last_day, duty.calendar, duty.period, duty.asked_by.clone());
        let known = found.entry(key).or_insert_with(|| duty.clone());
        known.report_by = known.report_by.min(duty.report_by);
        known.close_by = known.close_by.min(duty.close_by);
    }
    found.into_values().collect()
}

fn after(day: NaiveDate, days: u16) -> NaiveDate {
    day.checked_add_signed(TimeDelta::days(i64::from(days))).unwrap_or(NaiveDate::MAX)
}

fn of_plans(books: DutyBooks<'_>) -> impl Iterator<Item = Duty> {
    books.plans.all().flat_map(move |plan| {
        plan.reported_periods().map(move |period| {
            let (_, last_day) = period.days(plan.calendar, books.closing_day);
            let asked_by = AskedBy::Plans { scope_unit: plan.scope_unit.clone(), reported_by: plan.reported_by };
            let (report_by, close_by) = (after(last_day, plan.days_to_report()), after(last_day, plan.grace_days));
            Duty { calendar: plan.calendar, period, last_day, asked_by, report_by, close_by, file_by: close_by }
        })
    })
}

fn of_returns(books: DutyBooks<'_>, from: NaiveDate, today: NaiveDate) -> impl Iterator<Item = Duty> {
    let DutyBooks { returns, closing_day, .. } = books;
    let years = from.year()..=today.year() + 1;
    let periods = years
        .flat_map(|year| returns.period_kinds.iter().flat_map(move |kind| ReportPeriod::of_year(year).parts(*kind)));
    periods.map(move |period| {
        let (_, last_day) = period.days(returns.calendar, closing_day);
        let (close_by, file_by) = (after(last_day, returns.close_days), after(last_day, returns.file_days));
        let asked_by = AskedBy::Return;
        Duty { calendar: returns.calendar, period, last_day, asked_by, report_by: close_by, close_by, file_by }
    })
}

impl Duty {
    /// The units within `area` that are to report, on the map of the last day.
    pub fn reporters<'a>(&self, units: &'a AdminUnits, area: &str) -> Vec<&'a AdminUnit> {
        let AskedBy::Plans { scope_unit, reported_by } = &self.asked_by else { return Vec::new() };
        let is_asked = |unit: &&AdminUnit| self.is_within(units, unit, scope_unit);
        units.units_on(*reported_by, area, self.last_day).into_iter().filter(is_asked).collect()
    }

    /// Whether a unit closes this period: the unit that a plan is for, if it is no commune, and every province in it.
    pub fn is_closed_by(&self, units: &AdminUnits, unit: &AdminUnit) -> bool {
        let is_province = unit.level == Level::Province;
        unit.is_valid_on(self.last_day)
            && match &self.asked_by {
                AskedBy::Return => is_province,
                AskedBy::Plans { scope_unit, .. } => {
                    let is_own = *scope_unit == unit.code && unit.level != Level::Commune;
                    is_own || is_province && self.is_within(units, unit, scope_unit)
                }
            }
    }

    /// Whether a unit lay in another on the last day.
    fn is_within(&self, units: &AdminUnits, unit: &AdminUnit, above: &str) -> bool {
        let mut lineage = std::iter::successors(Some(unit), |at| units.parent_on(&at.code, self.last_day));
        lineage.any(|at| at.code == above)
    }

    /// Whether units of this level report it themselves.
    pub fn is_reported_by(&self, level: Level) -> bool {
        matches!(&self.asked_by, AskedBy::Plans { reported_by, .. } if *reported_by == level)
    }
}

/// The areas on the map of a day that a unit's officer answers for: the unit itself; for a province of today those that
/// went into it, if they were there then.
pub fn areas_on<'a>(units: &'a AdminUnits, own: &str, day: NaiveDate, today: NaiveDate) -> Vec<&'a AdminUnit> {
    let Some(unit) = units.get(own) else { return Vec::new() };
    if unit.level != Level::Province {
        return Some(unit).filter(|unit| unit.is_valid_on(day)).into_iter().collect();
    }
    let of_today = |code: &str| units.province_on(code, today).map(|province| province.code.as_str());
    let is_own = |province: &&AdminUnit| of_today(&province.code) == of_today(own);
    units.units_on(Level::Province, COUNTRY, day).into_iter().filter(is_own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programmes::plans::Books;
    use crate::programmes::registers::catalogue::RegisterCatalogue;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn with_books(test: impl Fn(DutyBooks<'_>)) {
        let units = AdminUnits::shipped().expect("units");
        let registers = RegisterCatalogue::shipped().expect("registers");
        let plans = Plans::shipped(Books { units: &units, registers: &registers }, false).expect("plans");
        let returns = ReturnCatalogue::shipped().expect("returns");
        test(DutyBooks { units: &units, plans: &plans, returns: &returns, closing_day: 14 });
    }

    fn told(duty: &Duty) -> (String, String, String, String) {
        let [report, close, file] = [duty.report_by, duty.close_by, duty.file_by].map(|day| day.to_string());
        (duty.period.to_string(), report, close, file)
    }

    fn row(row: [&str; 4]) -> (String, String, String, String) {
        let [period, report, close, file] = row.map(str::to_owned);
        (period, report, close, file)
    }

    #[test]
    fn what_ended_is_asked_for_once_by_the_days_of_plans_and_returns() {
        with_books(|books| {
            let found = duties(books, day("2025-06-01"), day("2026-01-01"));
            assert_eq!(
                found.iter().map(told).collect::<Vec<_>>(),
                [
                    row(["2025-H1", "2025-06-29", "2025-06-29", "2025-07-14"]),
                    row(["2025-H2", "2025-12-29", "2025-12-29", "2026-01-13"]),
                    row(["2025", "2025-12-29", "2025-12-29", "2026-01-13"]),
                    row(["2025", "2026-01-30", "2026-02-14", "2026-02-14"]),
                ],
                "two plans of the country ask for the year 2025"
            );
            let on_its_last_day = duties(books, day("2025-12-20"), day("2025-12-31"));
            assert_eq!(on_its_last_day, [], "a period is over on the day after its last");
        });
    }

    #[test]
    fn who_was_there_on_the_last_day_reports_and_the_province_that_it_became_answers() {
        with_books(|books| {
            let of_year = |year: &str| {
                let last_day = day(&format!("{year}-12-31"));
                let found = duties(books, last_day, day("2026-06-01"));
                found.into_iter().find(|duty| duty.last_day == last_day).expect("the year")
            };
            let today = day("2026-03-01");
            let codes = |areas: &[&AdminUnit]| areas.iter().map(|unit| unit.code.clone()).collect::<Vec<_>>();
            let of_province = |year: &str| codes(&areas_on(books.units, "G34-P37", of_year(year).last_day, today));
            assert_eq!(of_province("2024"), ["G63-P35", "G63-P36", "G63-P37"]);
            assert_eq!(of_province("2025"), ["G34-P37"]);
            let reporters = |year: &str, area: &str| of_year(year).reporters(books.units, area).len();
            assert_eq!((reporters("2024", "G34-P37"), reporters("2025", "G63-P37")), (0, 0));
            assert!(reporters("2024", "G63-P37") > 100 && reporters("2025", "G34-P37") > 100);
            assert_eq!((reporters("2024", "G63-C23535"), reporters("2025", "G63-C23535")), (1, 0));
            let closes = |code: &str| of_year("2025").is_closed_by(books.units, books.units.get(code).expect("a unit"));
            assert!(closes("VN") && closes("G34-P37") && !closes("G63-P37"));
        });
    }
}
